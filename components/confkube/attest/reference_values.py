"""Reference values: what the attestation service compares evidence with, each with a name, a value and an end.

Sources: rvps/src/{lib,reference_value}.rs, rvps/src/extractors/sample/mod.rs and
attestation-service/src/ear_token/ear_default_policy_cpu.rego of github.com/confidential-containers/trustee at v0.21.0
(258ea4ac), read 2026-11-27. Two things follow from them. A value that comes in by a ``sample`` message ends twelve
months later, whatever was meant; and v0.21.0 never looks at the end when it is asked for a value. So values are put
into the store with an end of their own, and are taken out of it when that has come.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from confkube.errors import Refusal

MESSAGE_VERSION = VALUE_VERSION = "0.1.0"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}")
Value = str | int | bool | tuple[str | int | bool, ...]


class Kind(Enum):
    """How the default policy compares a value."""

    LIST = "a list, one of which the evidence must have"
    ONE = "one value, which the evidence must have"


_BY_PLATFORM: Mapping[str, Mapping[str, Kind]] = {
    "snp": {
        "snp_launch_measurement": Kind.LIST,
        "snp_bootloader": Kind.LIST,
        "snp_microcode": Kind.LIST,
        "snp_snp_svn": Kind.LIST,
        "snp_tee_svn": Kind.LIST,
        "snp_smt_enabled": Kind.ONE,
        "snp_tsme_enabled": Kind.ONE,
        "snp_guest_abi_major": Kind.ONE,
        "snp_guest_abi_minor": Kind.ONE,
        "snp_single_socket": Kind.ONE,
        "snp_smt_allowed": Kind.ONE,
    },
    "tdx": {
        "mr_td": Kind.LIST,
        "rtmr_1": Kind.LIST,
        "rtmr_2": Kind.LIST,
        "xfam": Kind.LIST,
        "tdvfkernel": Kind.ONE,
        "tdvfkernelparams": Kind.ONE,
    },
    "az-snp-vtpm": dict.fromkeys(
        (
            "measurement",
            "snp_pcr11",
            "tcb_bootloader",
            "tcb_microcode",
            "tcb_snp",
            "tcb_tee",
            "smt_enabled",
            "tsme_enabled",
            "abi_major",
            "abi_minor",
            "single_socket",
            "smt_allowed",
        ),
        Kind.LIST,
    ),
    "az-tdx-vtpm": {"tdx_pcr11": Kind.LIST, "mr_td": Kind.LIST, "xfam": Kind.LIST},
}


def known(tee: str) -> Mapping[str, Kind]:
    """Return the names that the default policy of v0.21 asks for, of a TEE as it is called in evidence.

    Raises:
        LookupError: It is none of the TEEs recorded here.
    """
    return _BY_PLATFORM[tee]


@dataclass(frozen=True, kw_only=True)
class ReferenceValue:
    """A reference value.

    Attributes:
        name: Its name, by which a policy asks for it.
        value: One value, or a tuple of those that are accepted.
        expires: Its end; there is no default, because nobody would know of it.
    """

    name: str
    value: Value
    expires: datetime

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Refusal(f"reference value: {self.name!r} is not a name of letters, digits, dots, dashes, underscores")
        if self.expires.tzinfo is None:
            raise Refusal(f"reference value {self.name}: the end {self.expires.isoformat()} names no time zone")
        if self.value == ():
            raise Refusal(f"reference value {self.name}: the list is empty, so no evidence would ever match")
        kind = _kind(self.name)
        if kind is not None and (kind is Kind.LIST) != isinstance(self.value, tuple):
            raise Refusal(f"reference value {self.name}: the default policy wants {kind.value}; {self.value!r} is not")

    @property
    def end(self) -> str:
        """Its end as the store writes it; RVPS reads whole seconds of UTC alone."""
        return f"{self.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def stored(self) -> dict[str, object]:
        """Return it as RVPS keeps it, under its name in the namespace ``reference_value``."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"version": VALUE_VERSION, "name": self.name, "expiration": self.end, "value": value}


def of_words(name: str, words: tuple[str, ...], expires: str) -> ReferenceValue:
    """Make a reference value from what a user can write in a stack file.

    Args:
        name: Its name.
        words: The accepted values; where the default policy wants a single one, exactly one, such as ``true`` or ``3``.
        expires: Its end, RFC 3339 with a time zone.

    Raises:
        Refusal: The name, the number of values or the end cannot be.
    """
    try:
        end = datetime.fromisoformat(expires)
    except ValueError:
        raise Refusal(f"reference value {name}: {expires!r} is not a time; write 2027-06-30T00:00:00Z") from None
    if _kind(name) in (None, Kind.LIST):
        return ReferenceValue(name=name, value=words, expires=end)
    if len(words) != 1:
        raise Refusal(f"reference value {name}: {len(words)} values are given; the default policy wants exactly one")
    return ReferenceValue(name=name, value=_scalar(words[0]), expires=end)


def _scalar(word: str) -> bool | int | str:
    if word in ("true", "false"):
        return word == "true"
    return int(word) if word.isdecimal() else word


def _kind(name: str) -> Kind | None:
    found = {names[name] for names in _BY_PLATFORM.values() if name in names}
    return found.pop() if len(found) == 1 else None


def unique(values: Iterable[ReferenceValue]) -> None:
    """Refuse a name that is there twice: the second would silently replace the first.

    Raises:
        Refusal: One is.
    """
    seen: set[str] = set()
    for each in values:
        if each.name in seen:
            raise Refusal(f"reference value {each.name}: it is there twice; put both into one list")
        seen.add(each.name)


def store(values: Iterable[ReferenceValue]) -> str:
    """Return the values as one JSON document, from which a machine fills the store."""
    return json.dumps([each.stored() for each in values], indent=1, sort_keys=True) + "\n"


def message(values: Iterable[ReferenceValue]) -> str:
    """Return the message that hands values to a running RVPS, which sets their end to twelve months from then.

    That is all that its extractor ``sample`` can do: the ends of the values do not travel.
    """
    content = {each.name: each.stored()["value"] for each in values}
    payload = base64.b64encode(json.dumps(content, sort_keys=True).encode()).decode("ascii")
    return json.dumps({"version": MESSAGE_VERSION, "type": "sample", "payload": payload}, sort_keys=True)
