"""Policies by which Trustee releases resources; their rule is ``data.policy.allow``, and their input an EAR token.

Source: kbs/src/api_server.rs of github.com/confidential-containers/trustee at v0.21.0 (258ea4ac), read 2026-11-27.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path
from string import Template

from confkube.errors import Refusal

_FOLDER = Path(__file__).parent / "policies"
_RULE = re.compile(r"^[ \t]*(default[ \t]+)?allow\b", re.MULTILINE)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+policy[ \t]*(#.*)?$", re.MULTILINE)
_CLAIM = re.compile(r"(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})")


def affirming() -> str:
    """Return the policy that wants nothing but an affirming token: initdata is not looked at."""
    return _text("affirming")


def nothing() -> str:
    """Return the policy that releases nothing."""
    return _text("nothing")


def bound(claims: Collection[str]) -> str:
    """Return the policy that wants an affirming token, and one of these values of the claim ``init_data``.

    Args:
        claims: ``initdata.claim`` of each document that a machine may have been started with.

    Raises:
        Refusal: There is none, or one is not the hexadecimal content of a field of evidence.
    """
    if not claims:
        raise Refusal("resource policy: no initdata is wanted; name at least one, or take the policy affirming")
    wanted = sorted({checked_claim("resource policy", each) for each in claims})
    return Template(_text("affirming_bound")).substitute(wanted=json.dumps(wanted))


def checked_claim(what: str, claim: str) -> str:
    """Refuse what cannot be the claim ``init_data``, and the field of a machine that was given no initdata.

    Raises:
        Refusal: It is malformed, or all zeros.
    """
    if not _CLAIM.fullmatch(claim):
        raise Refusal(
            f"{what}: {claim!r} is no content of HOST_DATA, MRCONFIGID or PCR 8; write 64, 96 or 128 lower-case hex "
            "digits"
        )
    if not claim.strip("0"):
        raise Refusal(f"{what}: {claim!r} is what the field holds when nothing was bound to it; it proves nothing")
    return claim


def checked(text: str) -> str:
    """Refuse a policy of a user's that Trustee would never match.

    Raises:
        Refusal: It is not in package policy, or has no rule allow.
    """
    if not _PACKAGE.search(text):
        raise Refusal("resource policy: it is not in package policy; Trustee asks for data.policy.allow")
    if not _RULE.search(text):
        raise Refusal(
            "resource policy: it has no rule allow; Trustee asks for data.policy.allow, and a rule with another name, "
            "such as allowed, never matches"
        )
    return text


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.rego").read_text(encoding="ascii")
