"""Given hosts behind the seam."""

import base64
import hashlib
from collections import Counter
from importlib import resources
from ipaddress import IPv4Address

import pulumi

from confkube.attest import statements
from confkube.bootstrap import BootProfile
from confkube.clouds.metal import images, machines, network
from confkube.clouds.metal.settings import PLACE, Hosts
from confkube.errors import Refusal
from confkube.names import CONTROL_PLANE, HOSTS
from confkube.parse import parse
from confkube.platform import (
    Account,
    Image,
    ImageSpec,
    Limits,
    Machines,
    MachineSpec,
    Network,
    NetworkSpec,
    PeerPodAccess,
    PeerPodSpec,
)

_USER_DATA = 1 << 20
"""Nothing bounds it; larger than this is a mistake."""
_IDENTITY = "/etc/confkube-identity"
"""Where the user places the certificate and the key by which a host's SPIRE agent proves who it is."""


class MetalPlatform:
    """Hosts that the user gives."""

    cloud = "metal"
    zone = PLACE
    region = PLACE

    def __init__(self, settings: object, where: str) -> None:
        self._block = parse(Hosts, settings, where)
        self._where = where

    @property
    def place(self) -> dict[str, str]:
        """A cluster is where its control plane is."""
        return {"zone": PLACE, "control_plane": self._block.control.address}

    @property
    def limits(self) -> Limits:
        """What the given hosts bound."""
        block = self._block
        given = Counter(host.tee_name for host in block.others)
        return Limits(
            user_data_bytes=_USER_DATA,
            network_prefix=(8, 28),
            group_machines=max(given.values(), default=0),
            machines=len(block.hosts),
            machines_why=f"its block names {len(block.hosts)}",
            firewalls=False,
            given_hosts=given,
            given_addresses={
                CONTROL_PLANE: (IPv4Address(block.control.address),),
                HOSTS: tuple(IPv4Address(host.address) for host in block.others),
            },
        )

    @property
    def boot(self) -> BootProfile:
        """How a host is told its secret, and how its SPIRE agent proves who it is."""
        return BootProfile(
            provider="bare metal",
            metadata_address="169.254.169.254",  # of rented hosts; elsewhere nothing answers there
            fetch_secret=resources.files("confkube.clouds.metal").joinpath("boot/fetch-secret.sh").read_text(),
            node_attestor_agent={
                "name": "x509pop",
                "data": {
                    "private_key_path": f"{_IDENTITY}/key.pem",
                    "certificate_path": f"{_IDENTITY}/certificate.pem",
                },
            },
            node_attestor_server={"name": "x509pop", "data": {"ca_bundle_path": f"{_IDENTITY}/authority.pem"}},
            user_data_limit=_USER_DATA,
            attestation=f"{statements.GIVEN_HOSTS}; {statements.HELD_KEY}",
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Nobody is paid: the account is the host key of the control plane, in the form of ``ssh-keygen -l``."""
        del opts
        blob = base64.b64decode(self._block.control.host_key.split(" ")[1])
        fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
        return Account(world="metal", account_id=f"SHA256:{fingerprint}")

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Check all hosts."""
        return network.create(name, spec, self._block, opts)

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Hosts bring their own."""
        del opts
        return images.find(name, spec, self._block)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """There is nobody to rent pod VMs from.

        Raises:
            Refusal: Always.
        """
        del spec, opts
        raise Refusal(f"{name}: {self._where} names hosts, and from hosts no pod VMs can be rented: use coco-metal")

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make a host a machine, or some of them a pool."""
        return machines.create(name, spec, self._block, opts)
