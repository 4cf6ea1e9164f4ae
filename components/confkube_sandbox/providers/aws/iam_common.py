"""What IAM objects have in common: names, documents, and slow propagation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

GONE = "NoSuchEntity"
# IAM is eventually consistent: a principal made a moment ago is "invalid" for a while.
_UNSETTLED = ("MalformedPolicyDocument", "InvalidParameterValue")


def document(text: object) -> str:
    """IAM's answer as JSON text; the SDK has decoded it already."""
    return text if isinstance(text, str) else json.dumps(text, separators=(",", ":"))


def ask(act: Callable[[], dict[str, Any]], key: str) -> dict[str, Any] | None:
    """Return a part of an answer, or None when the object does not exist."""
    try:
        return cast("dict[str, Any]", act()[key])
    except ApiError as error:
        if error.code == GONE:
            return None
        raise


def instant(value: datetime) -> str:
    """Write a time as the real provider does."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


class Named(Resource):
    """An IAM object that is identified by its name."""

    longest_name: ClassVar = 64
    conflicts: ClassVar = (("name", "namePrefix"),)
    gone: ClassVar = frozenset({GONE})
    kind: ClassVar[str]

    def change_tags(self, aws: Connection, id_: str, live_: Properties, new: Properties) -> None:
        """Bring tags up to date."""
        changed, gone = tags.difference(live_, new)
        name = {f"{self.kind}Name": id_}
        if gone:
            aws.api.call("iam", f"Untag{self.kind}", **name, TagKeys=gone)
        if changed:
            aws.api.call("iam", f"Tag{self.kind}", **name, Tags=changed)


def settled(aws: Connection, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Retry as long as IAM does not know a principal yet; other complaints about a document are final."""

    def once() -> dict[str, Any] | None:
        try:
            return act()
        except ApiError as error:
            if error.code in _UNSETTLED and "Invalid principal in policy" in error.message:
                return None
            raise

    return waiting.until(aws, "IAM to know the principal", once)
