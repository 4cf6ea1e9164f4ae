"""Tags: the provider's default tags, the resource's own, and what AWS adds itself.

The provider's default tags are put into every resource's ``tags`` when inputs are checked, as pulumi-aws does since v6
(github.com/pulumi/pulumi-aws provider/tags.go), so later steps know one set of tags only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.aws.answers import part
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_RESERVED = "aws:"


def with_defaults(inputs: Properties, config: Mapping[str, Any]) -> Properties:
    """Add the default tags of the provider's configuration; the resource's own win."""
    defaults = cast("dict[str, str]", part(config, "defaultTags").get("tags") or {})
    own = inputs.get("tags")
    if not defaults or own == UNKNOWN:
        return inputs
    return inputs | {"tags": defaults | cast("dict[str, str]", own or {})}


def pairs(inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tags of a resource's inputs in the form most AWS calls take."""
    tags = cast("dict[str, str]", part(inputs, "tags"))
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def specification(kind: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Tags as an argument of an EC2 creation; None when there are none."""
    found = pairs(inputs)
    return [{"ResourceType": kind, "Tags": found}] if found else None


def outputs(live: Sequence[Mapping[str, str]] | None) -> dict[str, Any]:
    """Return the outputs ``tags`` and ``tagsAll`` for the tags found on an object."""
    everything = {tag["Key"]: tag["Value"] for tag in live or () if not tag["Key"].startswith(_RESERVED)}
    return {"tags": everything or None, "tagsAll": everything}


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[list[dict[str, str]], list[str]]:
    """Return the tags to set and the keys to remove to get from the ``tags`` of ``old`` to those of ``new``."""
    before = cast("dict[str, str]", part(old, "tags"))
    after = cast("dict[str, str]", part(new, "tags"))
    changed = [pair for pair in pairs(new) if before.get(pair["Key"]) != pair["Value"]]
    return changed, sorted(before.keys() - after.keys())


def update_ec2(aws: Connection, id_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Bring the tags of an EC2 object to what the inputs want."""
    changed, gone = difference(old, new)
    if gone:
        aws.api.call("ec2", "DeleteTags", Resources=[id_], Tags=[{"Key": key} for key in gone])
    if changed:
        aws.api.call("ec2", "CreateTags", Resources=[id_], Tags=changed)
