"""Checks of the values that go into boot text; each returns its value or refuses it in one line."""

import ipaddress
import json
import re
from collections.abc import Collection, Mapping

from confkube.errors import Refusal, choose

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DNS_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LABEL_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_PEM_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\n([A-Za-z0-9+/=\n]+)-----END \1-----\n?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FOLDER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_DEVICE = re.compile(r"/dev/[a-z0-9][a-z0-9_-]*(/[a-z0-9_-]+)*")
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_TOKEN = re.compile(r"[a-z0-9]{6}\.[a-z0-9]{16}")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_ADDRESS_TEXT = re.compile(r"[A-Za-z0-9._~:/?#@!$&()*+,;=%-]{1,1024}")

# https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/ (--node-labels), read 2026-11-24
_KUBELET_OWN = ("kubelet.kubernetes.io", "node.kubernetes.io")


def dns_label(what: str, value: str) -> str:
    """Refuse what is no lower-case DNS label (RFC 1123, 63 characters)."""
    if not _DNS_LABEL.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a name of 1 to 63 lower-case letters, digits and inner dashes")
    return value


def dns_name(what: str, value: str) -> str:
    """Refuse what is no lower-case DNS name (RFC 1123, 253 characters)."""
    if not _DNS_NAME.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a lower-case DNS name of at most 253 characters")
    return value


def trust_domain(what: str, value: str) -> str:
    """Refuse what is no SPIFFE trust domain name (SPIFFE-ID, section 2.1: at most 255 characters of a-z, 0-9, ._-)."""
    if not _TRUST_DOMAIN.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not 1 to 255 lower-case letters, digits, dots, dashes and underscores")
    return value


def address(what: str, value: str) -> str:
    """Refuse what is no IP address."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise Refusal(f"{what}: {value!r} is not an IP address such as 10.0.0.4") from None


def host(what: str, value: str) -> str:
    """Refuse what is neither an IP address nor a DNS name."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    if not _DNS_NAME.fullmatch(value) or re.fullmatch(r"[0-9.]+", value):
        raise Refusal(f"{what}: {value!r} is neither an IP address nor a lower-case DNS name")
    return value


def port(what: str, value: int) -> int:
    """Refuse what is no TCP port."""
    if not 1 <= value <= 65535:
        raise Refusal(f"{what}: {value} is not a port; choose one of 1 to 65535")
    return value


def endpoint(what: str, value: str) -> str:
    """Refuse what is not ``host:port``."""
    name, colon, number = value.rpartition(":")
    if not colon or not number.isascii() or not number.isdigit():
        raise Refusal(f"{what}: {value!r} is not of the form host:port, such as 10.0.0.4:6443")
    host(what, name.removeprefix("[").removesuffix("]"))
    port(what, int(number))
    return value


def cidr(what: str, value: str) -> str:
    """Refuse what is no network in CIDR form."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise Refusal(f"{what}: {value!r} is not a network such as 10.244.0.0/16 ({error})") from None


def one_of(what: str, value: str, good: Collection[str]) -> str:
    """Refuse what is outside a closed set."""
    if value not in good:
        raise choose(what, value, good)
    return value


def word(what: str, value: str) -> str:
    """Refuse what is not one plain word: it stands in a column of a list that shell scripts read."""
    if not _PLAIN_WORD.fullmatch(value):
        raise Refusal(
            f"{what}: {value!r} is not a plain word of letters, digits, dots, dashes, underscores and plus signs"
        )
    return value


def sha256(what: str, value: str) -> str:
    """Refuse what is not 64 lower-case hex digits."""
    if not _SHA256.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a sha256 of 64 lower-case hex digits")
    return value


def commit(what: str, value: str) -> str:
    """Refuse what is not the full id of a git commit; names and shortened ids may mean something else tomorrow."""
    if not _COMMIT.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a full commit id of 40 lower-case hex digits")
    return value


def folder(what: str, value: str) -> str:
    """Refuse what is not a folder inside a repository."""
    if not _FOLDER.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a folder such as deploy/charts/name")
    return value


def device(what: str, value: str) -> str:
    """Refuse what is not a device file."""
    if not _DEVICE.fullmatch(value):
        raise Refusal(f"{what}: {value!r} is not a device such as /dev/kvm")
    return value


def ca_hash(what: str, value: str) -> str:
    """Refuse what is not kubeadm's form of a public key's hash, ``sha256:`` and 64 hex digits."""
    if not value.startswith("sha256:") or not _SHA256.fullmatch(value[7:]):
        raise Refusal(f"{what}: {value!r} is not sha256: followed by 64 lower-case hex digits")
    return value


def token(what: str, value: str) -> str:
    """Refuse what is no bootstrap token, without showing it."""
    if not _TOKEN.fullmatch(value):
        raise Refusal(f"{what}: not of the form [a-z0-9]{{6}}.[a-z0-9]{{16}} (not shown, it is a secret)")
    return value


def url(what: str, value: str, schemes: Collection[str]) -> str:
    """Refuse an address of another scheme, or one that would not survive as one column of a list."""
    scheme, _, rest = value.partition("://")
    if not rest or not _ADDRESS_TEXT.fullmatch(value):
        raise Refusal(
            f"{what}: {value!r} is not an address; choose one of {', '.join(f'{s}://…' for s in sorted(schemes))}"
        )
    one_of(f"{what}: scheme of {value!r}", scheme, schemes)
    return value


def certificates(what: str, value: str) -> str:
    """Refuse what is not a text of PEM certificates alone; returns it with one newline at the end."""
    text = value.replace("\r\n", "\n").strip() + "\n"
    rest = _PEM_BLOCK.sub("", text)
    labels = [match.group(1) for match in _PEM_BLOCK.finditer(text)]
    if rest.strip() or not labels or set(labels) != {"CERTIFICATE"}:
        raise Refusal(f"{what}: must hold PEM certificates and nothing else (found {sorted(set(labels)) or 'no PEM'})")
    return text


def _qualified(what: str, key: str) -> tuple[str, str]:
    prefix, slash, name = key.rpartition("/")
    if slash:
        dns_name(f"{what} prefix", prefix)
    if not _LABEL_PART.fullmatch(name):
        raise Refusal(
            f"{what}: {key!r} is not a name of 1 to 63 letters, digits, dots, dashes, underscores, "
            "with an optional DNS prefix"
        )
    return prefix, name


def labels(what: str, values: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse node labels that a kubelet may not give itself, or that are malformed."""
    for key, value in values.items():
        prefix, _ = _qualified(f"{what} key", key)
        reserved = prefix.endswith(("kubernetes.io", "k8s.io")) and not prefix.endswith(_KUBELET_OWN)
        if reserved:
            raise Refusal(
                f"{what}: {key!r} is reserved, a kubelet may not set it; choose another prefix, such as example.org"
            )
        if value and not _LABEL_PART.fullmatch(value):
            raise Refusal(
                f"{what}: {value!r} of {key!r} is not empty or 1 to 63 letters, digits, dots, dashes, underscores"
            )
    return values


def taint(what: str, key: str, value: str) -> None:
    """Refuse a malformed taint."""
    _qualified(f"{what} key", key)
    if value and not _LABEL_PART.fullmatch(value):
        raise Refusal(
            f"{what}: {value!r} of {key!r} is not empty or 1 to 63 letters, digits, dots, dashes, underscores"
        )


def plain_data(what: str, value: object) -> None:
    """Refuse what JSON and YAML cannot both carry."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Refusal(f"{what}: not plain data of mappings, lists, texts, numbers and truth values ({error})") from None
