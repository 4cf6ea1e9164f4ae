"""Policy by which a pod's machine takes images: which signatures it wants; what is not listed is rejected.

Form: https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md with key paths of Trustee, as
image-rs/src/signature of github.com/confidential-containers/guest-components reads it (v0.21.0), read 2026-11-27.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from confkube.errors import Refusal, choose

_KEY = re.compile(r"kbs:///[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_SCOPE = re.compile(r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._/-]+)?(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})?")
_TYPES = ("insecureAcceptAnything", "reject", "sigstoreSigned", "signedBy")


def signed(keys: Mapping[str, str]) -> str:
    """Return the policy that takes images with a sigstore signature alone.

    Args:
        keys: Registry, repository or image -> resource of the public key, ``kbs:///repository/type/tag``.

    Raises:
        Refusal: There is none, or one is malformed.
    """
    if not keys:
        raise Refusal("image policy: no image would ever be taken; name a repository and its key")
    for scope, key in keys.items():
        if not _SCOPE.fullmatch(scope):
            raise Refusal(f"image policy: {scope!r} is not a registry, repository or image")
        if not _KEY.fullmatch(key):
            raise Refusal(f"image policy: the key {key!r} of {scope} is not of the form kbs:///repository/type/tag")
    docker = {scope: [{"type": "sigstoreSigned", "keyPath": key}] for scope, key in sorted(keys.items())}
    return json.dumps({"default": [{"type": "reject"}], "transports": {"docker": docker}})


def checked(text: str) -> str:
    """Refuse a policy that does not reject what it does not name.

    Raises:
        Refusal: It is malformed, or takes images without a signature.
    """
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise Refusal(f"image policy: this is no JSON: {error}") from None
    if not isinstance(found, dict) or "default" not in found:
        raise Refusal("image policy: it has no default; write one of type reject")
    policy = cast("dict[str, Any]", found)
    for key in policy:
        if key not in ("default", "transports"):
            raise choose("image policy key", key, ("default", "transports"))
    if _rules(policy["default"]) != ["reject"]:
        raise Refusal("image policy: its default is not the one rule of type reject, so unsigned images are taken")
    for scopes in cast("dict[str, dict[str, Any]]", policy.get("transports", {})).values():
        for scope, rules in scopes.items():
            if "insecureAcceptAnything" in _rules(rules):
                raise Refusal(f"image policy: {scope} is taken without a signature (insecureAcceptAnything)")
    return text


def _rules(rules: object) -> list[str]:
    if not isinstance(rules, list) or not rules:
        raise Refusal("image policy: a list of rules is empty, or is no list")
    types: list[str] = []
    for rule in cast("list[dict[str, object]]", rules):
        kind = str(rule.get("type"))
        if kind not in _TYPES:
            raise choose("image policy: type", kind, _TYPES)
        types.append(kind)
    return types
