"""Rules of Microsoft.Compute on images and on accelerated networking of confidential sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources, spec
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call


_SEEN = "2026-11-27"


@rule("compute", spec.WRITES, name="compute.image-exists", source=sources.IMAGE, date=sources.SEEN, evidence=READ)
def image_exists(call: Call) -> None:
    """A marketplace image exists."""
    found = spec.of(call)
    if found.reference.get("publisher") and found.image is None:
        text = (
            f"The platform image '{found.urn}' is not available. Verify that all fields in the storage profile are "
            "correct. For more details about storage profile information, please refer to https://aka.ms/storageprofile"
        )
        raise ArmError("PlatformImageNotFound", text, 404, target="imageReference")


@rule("compute", spec.WRITES, name="compute.gallery-image", source=sources.GALLERY_IMAGE, date=_SEEN, evidence=READ)
def gallery_image(call: Call) -> None:
    """A version of a gallery's image exists in the region."""
    found = spec.of(call)
    given = found.reference.get("id") or found.reference.get("communityGalleryImageId")
    if given and found.image is None and not (call.existing and _same_image(call, str(given))):
        text = (
            f'"The gallery image {given} is not available in {call.location} region. Please contact image owner to '
            'replicate to this region, or change your requested region."'
        )
        raise ArmError("GalleryImageNotFound", text, 404, target="imageReference")


def _same_image(call: Call, image: str) -> bool:
    """Whether a machine has the image already, which may be gone since."""
    path = "storageProfile.imageReference"
    place = f"properties.virtualMachineProfile.{path}" if call.kind.type == links.SET else f"properties.{path}"
    held = ids.part(call.existing.given, place) if call.existing else {}
    return image in {held.get("id"), held.get("communityGalleryImageId")}


@rule("compute", spec.WRITES, name="compute.image-disk-controller", source=sources.NVME, date=_SEEN, evidence=READ)
def image_disk_controller(call: Call) -> None:
    """A size whose disks are behind NVMe starts from images that can do that."""
    found = spec.of(call)
    if found.size is not None and found.size.nvme and found.image is not None and not found.image.nvme:
        text = (
            f"The VM size '{found.size.name}' cannot boot with OS image or disk. Please check that disk controller "
            "types supported by the OS image or disk is one of the supported disk controller types for the VM size "
            f"'{found.size.name}'. Please query sku api at https://aka.ms/azure-compute-skus  to determine supported "
            "disk controller types for the VM size."
        )
        raise ArmError("InvalidParameter", text, target="vmSize")


@rule(
    "compute", spec.WRITES, name="compute.image-generation", source=sources.GENERATION, date=sources.SEEN, evidence=READ
)
def image_generation(call: Call) -> None:
    """A confidential size starts images of generation 2 alone (the text was read in public code)."""
    found = spec.of(call)
    if found.size is not None and found.size.tee and found.image is not None and found.image.generation == "V1":
        text = (
            f"The selected VM size '{found.size.name}' cannot boot Hypervisor Generation '1'. If this was a Create "
            "operation please check that the Hypervisor Generation of the Image matches the Hypervisor Generation of "
            "the selected VM Size. If this was an Update operation please select a Hypervisor Generation '1' VM Size. "
            "For more information, see https://aka.ms/azuregen2vm"
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.WRITES,
    name="compute.image-confidential",
    source=sources.CVM_FAQ,
    date=sources.SEEN,
    evidence=RECALLED,
)
def image_confidential(call: Call) -> None:
    """A confidential machine starts from an image that is made for it."""
    found = spec.of(call)
    if found.confidential and found.image is not None and not found.image.confidential:
        text = (
            "Use of ConfidentialVM setting is not supported for the provided image. Please select Confidential VM "
            "Supported OS Image."
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute", spec.WRITES, name="compute.image-trusted", source=sources.TRUSTED_IMAGE, date=sources.SEEN, evidence=READ
)
def image_trusted(call: Call) -> None:
    """Trusted launch starts from an image that supports it."""
    found = spec.of(call)
    if found.security_type == "TrustedLaunch" and found.image is not None and not found.image.trusted:
        text = (
            "Use of TrustedLaunch setting is not supported for the provided image. Please select Trusted Launch "
            "Supported Gen2 OS Image. For more information, see https://aka.ms/TrustedLaunch-FAQ."
        )
        raise ArmError("BadRequest", text)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.accelerated-networking",
    source=sources.ACCELERATED,
    date=sources.SEEN,
    evidence=READ,
)
def accelerated_networking(call: Call) -> None:
    """Sizes with SEV-SNP have no accelerated networking (which sizes have it is told by their pages)."""
    found = spec.of(call)
    if found.size is None or found.size.accelerated:
        return
    for each in links.interfaces(call.body):
        card = call.memory.get(each)
        if card is not None and card.at("properties.enableAcceleratedNetworking"):
            text = (
                f"Virtual Machine size {found.size.name} is not in the allowed list of VM sizes for accelerated "
                f"networking to be enabled on Network Interface {call.id}."
            )
            raise ArmError("VMSizeIsNotPermittedToEnableAcceleratedNetworking", text)


@rule(
    "compute",
    spec.SETS,
    name="compute.accelerated-networking-set",
    source=sources.ACCELERATED_SET,
    date=sources.SEEN,
    evidence=READ,
)
def accelerated_networking_set(call: Call) -> None:
    """Scale sets of such sizes have no accelerated networking either."""
    found = spec.of(call)
    cards = links.set_interfaces(call.body)
    if found.size is None or found.size.accelerated:
        return
    if any(ids.at(each, "properties.enableAcceleratedNetworking") for each in cards):
        text = (
            f"Virtual machine at index 0 of VM scale set {call.id} has size {found.size.name}, which is not compatible "
            "with enabling accelerated networking in the network profile on the scale set."
        )
        raise ArmError("VMSizeIsNotPermittedToEnableAcceleratedNetworkingForVmss", text)
