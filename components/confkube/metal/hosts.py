"""The platform block of bare metal: which hosts there are, how to reach them, and who they are."""

import base64
import binascii
import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated

from confkube import names
from confkube.types import Tee

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_KEY_KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
_NAME_LENGTH = 40


def _name(name: str) -> None:
    names.checked_name(name, _NAME_LENGTH)


def _pool(name: str) -> None:
    names.checked_name(name, names.POOL_NAME_LENGTH)


def _address(text: str) -> None:
    try:
        found = IPv4Address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address; write the host's own, like 192.168.1.10") from None
    if found.is_loopback or found.is_multicast or found.is_unspecified or found.is_link_local:
        raise ValueError(f"{text} is no address at which other hosts reach this one; write its own")


def _user(user: str) -> None:
    if not _USER.fullmatch(user):
        raise ValueError(f"{user!r} is not a user name; write root, or a user who may use sudo without a password")


def _port(port: int) -> None:
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a port; write 1 to 65535")


def _path(path: str) -> None:
    if not path.startswith(("/", "~/")) or any(character in path for character in '\n"%'):
        raise ValueError(f'{path!r} is not a whole path; begin with / or ~/, without " and %')


def _host_key(text: str) -> None:
    if "PRIVATE KEY" in text:
        raise ValueError(
            "holds a private key; give the public one: ssh-keyscan prints it, the host's console proves it"
        )
    if not text.isprintable():
        raise ValueError("holds more than one line; give one public key")
    kind, _, content = text.partition(" ")
    content = content.partition(" ")[0]
    try:
        blob = base64.b64decode(content, validate=True)
    except binascii.Error:
        blob = b""
    length = int.from_bytes(blob[:4], "big")
    if kind not in _KEY_KINDS or blob[4 : 4 + length] != kind.encode():
        raise ValueError(
            f"{_short(text)} is not a host's public key; write it like /etc/ssh/ssh_host_ed25519_key.pub has it, "
            f"beginning with one of {', '.join(_KEY_KINDS)}"
        )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host of the user's."""

    name: Annotated[str, _name]
    address: Annotated[str, _address]
    user: Annotated[str, _user] = "root"
    port: Annotated[int, _port] = 22
    key_file: Annotated[str, _path] | None = None
    host_key: Annotated[str, _host_key]
    tee: Tee | None = None
    pool: Annotated[str, _pool] | None = None

    @property
    def public_key(self) -> str:
        """Its host key without a comment."""
        return " ".join(self.host_key.split(" ")[:2])

    @property
    def tee_name(self) -> str:
        """Its TEE in one word."""
        return self.tee.value if self.tee else "none"


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """All hosts of a cluster."""

    hosts: tuple[Host, ...]
    control_plane: str | None = None
    ssh_config: Annotated[str, _path] | None = None

    def __post_init__(self) -> None:
        if not self.hosts:
            raise ValueError("hosts: [] is empty; name the hosts that the cluster shall be on")
        for what in ("name", "address"):
            values = [getattr(host, what) for host in self.hosts]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice:
                raise ValueError(f"hosts: two of them have the {what} {twice}; each has one of its own")
        keys: dict[str, str] = {}
        for host in self.hosts:
            if (other := keys.setdefault(host.public_key, host.name)) != host.name:
                raise ValueError(f"hosts: two of them have the host key of {other}; each host makes one of its own")
        known = ", ".join(host.name for host in self.hosts)
        if self.control_plane is None and all(host.tee for host in self.hosts):
            raise ValueError(f"every host has a TEE; say which is for the control plane: control_plane, one of {known}")
        if self.control_plane is not None and self.control_plane not in {host.name for host in self.hosts}:
            raise ValueError(f"control_plane: {self.control_plane!r} is none of the hosts; choose one of {known}")

    @property
    def control(self) -> Host:
        """The host of the control plane: the named one, or the first without a TEE."""
        if self.control_plane is not None:
            return next(host for host in self.hosts if host.name == self.control_plane)
        return next(host for host in self.hosts if host.tee is None)

    @property
    def others(self) -> tuple[Host, ...]:
        """The hosts beside that of the control plane."""
        return tuple(host for host in self.hosts if host is not self.control)

    def having(self, tee: Tee | None) -> tuple[Host, ...]:
        """The hosts beside that of the control plane with a TEE, or without one."""
        return tuple(host for host in self.others if host.tee == tee)
