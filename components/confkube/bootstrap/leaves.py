"""Certificates that a trust server issues to its own services, under the intermediate that it was enrolled with."""

import ipaddress
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from confkube.bootstrap.files import BootFile, plain
from confkube.bootstrap.parts import ETC, scripts, units

FOLDER = "/var/lib/confkube/trust/leaves"
"""Where the certificates are; each in a folder of its own, with its key."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A certificate.

    Attributes:
        name: Its name on the machine.
        unit: The service that uses it, restarted when it is new.
        names: Names and addresses in it; without any it is for signing documents.
        owner: User that may read the key; empty for root alone.
    """

    name: str
    unit: str
    names: Sequence[str] = ()
    owner: str = ""

    @property
    def chain(self) -> str:
        """Path of the certificate, with the intermediate after it."""
        return f"{FOLDER}/{self.name}/chain.pem"

    @property
    def key(self) -> str:
        """Path of the private key."""
        return f"{FOLDER}/{self.name}/key.pem"

    @property
    def service(self) -> str:
        """The unit that issues it."""
        return f"confkube-trust-leaf@{self.name}.service"

    def settings(self) -> str:
        """Return what the script reads."""
        values = {
            "LEAF_NAMES": ",".join(map(_name, self.names)),
            "LEAF_USAGE": "extendedKeyUsage=serverAuth" if self.names else "",
            "LEAF_OWNER": self.owner or "root",
            "LEAF_UNIT": self.unit,
        }
        return "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())


def leaf_files(leaves: Sequence[Leaf]) -> list[BootFile]:
    """Return what issues these certificates, and renews them."""
    return [
        *(plain(f"{ETC}/leaves/{leaf.name}", leaf.settings()) for leaf in leaves),
        *scripts("trust-leaf.sh"),
        *units("confkube-trust-leaf@.service", "confkube-trust-leaf@.timer"),
    ]


def leaf_units(leaves: Sequence[Leaf]) -> list[str]:
    """Return the units that renew them; a service that needs one starts it itself."""
    return [f"confkube-trust-leaf@{leaf.name}.timer" for leaf in leaves]


def _name(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"
