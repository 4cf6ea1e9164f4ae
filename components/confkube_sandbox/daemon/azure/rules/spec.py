"""What a virtual machine and the machines of a scale set have in common, as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import sizes
from confkube_sandbox.daemon.azure.services import images, links, scale_sets

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.catalog.images import Image
    from confkube_sandbox.daemon.azure.catalog.sizes import Size
    from confkube_sandbox.daemon.azure.context import Call

WRITES = "VirtualMachines_CreateOrUpdate VirtualMachineScaleSets_CreateOrUpdate"
MACHINES = "VirtualMachines_CreateOrUpdate"
SETS = "VirtualMachineScaleSets_CreateOrUpdate"


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The machine, or each of the machines, that a request asks for."""

    profile: dict[str, Any]
    """Where the parts of the machine stand."""
    size_name: str
    count: int
    """How many more machines than before."""
    image: Image | None
    """The image, if it exists and is in the region."""

    @property
    def size(self) -> Size | None:
        """The size, if it exists."""
        return sizes.size(self.size_name)

    def at(self, path: str) -> Any:  # noqa: ANN401
        """Return what stands at a path of the profile."""
        return ids.at(self.profile, path)

    def rows(self, path: str) -> list[Any]:
        """Return the list at a path of the profile."""
        return ids.rows(self.profile, path)

    def part(self, path: str) -> dict[str, Any]:
        """Return the object at a path of the profile."""
        return ids.part(self.profile, path)

    @property
    def security_type(self) -> str:
        """``ConfidentialVM``, ``TrustedLaunch`` or nothing."""
        return str(self.at("securityProfile.securityType") or "")

    @property
    def encryption(self) -> str:
        """How the disk of a confidential machine is encrypted."""
        return str(self.at("storageProfile.osDisk.managedDisk.securityProfile.securityEncryptionType") or "")

    @property
    def confidential(self) -> bool:
        """Whether a confidential machine is asked for."""
        return self.security_type == "ConfidentialVM"

    @property
    def reference(self) -> dict[str, Any]:
        """The image reference."""
        return self.part("storageProfile.imageReference")

    @property
    def urn(self) -> str:
        """The marketplace image in the form that Azure quotes."""
        return ":".join(str(self.reference.get(each, "")) for each in ("publisher", "offer", "sku", "version"))


def of(call: Call) -> Spec:
    """Return what a request asks for."""
    profile = call.part("properties.virtualMachineProfile") if call.kind.type == links.SET else call.properties
    image = images.named(call.memory, ids.part(profile, "storageProfile.imageReference"), call.location)
    if call.kind.type == links.SET:
        held = len(scale_sets.instances(call.memory, call.existing)) if call.existing is not None else 0
        return Spec(
            profile=profile,
            image=image,
            size_name=str(call.at("sku.name") or ""),
            count=int(call.at("sku.capacity") or 0) - held,
        )
    return Spec(
        profile=profile,
        image=image,
        size_name=str(call.at("properties.hardwareProfile.vmSize") or ""),
        count=1 if call.existing is None else 0,
    )
