"""This computer behind the seam."""

import json
import os
import sys
from importlib import resources
from pathlib import Path

import pulumi
from pulumi_command import local

from confkube.attest import statements
from confkube.bootstrap import BootProfile
from confkube.clouds.lab import machines, network
from confkube.clouds.lab.settings import PLACE, LabSettings
from confkube.errors import Refusal
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

_OWN_GIB, _MACHINE_GIB = 1.0, 0.5
"""Memory that this computer keeps, and what a machine takes: a control plane more, a worker without pods less."""
_OWN_WATCHERS, _MACHINE_WATCHERS = 30, 14
"""inotify instances of this computer with a control plane's pods, and those of a machine; counted 2026-11-27."""
_USER_DATA = 16384
"""A disk takes any size; this is the least that a cloud takes, so that what fits here fits everywhere."""
_FOLDER = "/var/lib/confkube-lab"
"""Where a machine of the lab image keeps its identity."""


class LabPlatform:
    """The lab: one on this computer."""

    cloud = "lab"
    zone = PLACE
    region = PLACE

    def __init__(self, settings: object, where: str) -> None:
        parse(LabSettings, settings, where)
        self._where = where

    @property
    def place(self) -> dict[str, str]:
        """A lab is where it is."""
        return {"zone": PLACE}

    @property
    def limits(self) -> Limits:
        """What this computer carries: by memory, and by file watchers, which its kernel bounds for all at once."""
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        by_memory = max(0, int((gib - _OWN_GIB) / _MACHINE_GIB))
        watchers = _watchers()
        by_watchers = max(0, (watchers - _OWN_WATCHERS) // _MACHINE_WATCHERS)
        return Limits(
            user_data_bytes=_USER_DATA,
            network_prefix=(8, 28),
            machines=min(by_memory, by_watchers),
            machines_why=f"it has {gib:.1f} GiB of memory"
            if by_memory <= by_watchers
            else f"its kernel allows {watchers} watchers (raise that with: sysctl fs.inotify.max_user_instances=1024)",
            disk_gib=1024,
        )

    @property
    def boot(self) -> BootProfile:
        """How a machine here finds its metadata and its secret, and proves which one it is."""
        return BootProfile(
            provider="the lab",
            metadata_address="169.254.169.254",
            fetch_secret=resources.files("confkube.clouds.lab").joinpath("boot/fetch-secret.sh").read_text(),
            node_attestor_agent={
                "name": "x509pop",
                "data": {"private_key_path": f"{_FOLDER}/key.pem", "certificate_path": f"{_FOLDER}/certificate.pem"},
            },
            node_attestor_server={"name": "x509pop", "data": {"ca_bundle_path": f"{_FOLDER}/authority.pem"}},
            user_data_limit=_USER_DATA,
            compressed=True,  # as on the cloud whose bound it is
            attestation=f"{statements.EMULATED}; {statements.HELD_KEY}",
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Ask whether this computer can carry a lab, through the provider that would make it.

        Raises:
            Refusal: It cannot; says what is missing and what to do.
        """
        try:
            found = json.loads(local.run(command="confkube lab check --json", opts=opts).stdout)
            lacks, computer = str(found["reason"]), str(found["computer"])
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            raise Refusal(
                f"{self._where}: `confkube lab check` gives no answer ({error}); "
                "put the folder of confkube's virtual environment first on PATH"
            ) from None
        if lacks:
            raise Refusal(f"{self._where}: {lacks}")
        return Account(world="lab", account_id=computer)

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Make the namespaces and bridges of a cluster."""
        return network.create(name, spec, opts)

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """There is one image, whatever is asked for: the lab's own root, which carries what boot text installs."""
        del name, spec, opts
        return Image(image_id="confkube-lab", root_device="/dev/loop")

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make a machine or a pool."""
        return machines.create(name, spec, opts)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """There is none.

        Raises:
            Refusal: Always.
        """
        del name, spec, opts
        raise Refusal(f"{self._where}: the lab has no interface from which pod VMs could be asked for")


def _watchers() -> int:
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_instances").read_text())
    except (OSError, ValueError):
        return sys.maxsize  # no Linux: refused for that, when the account is asked
