"""What others have published: a storage account with a disk in each subscription, and images that everybody may use."""

from __future__ import annotations

from confkube_sandbox.daemon.azure.catalog.images import CONFIDENTIAL, Image

ACCOUNT = "confkubesandbox"
"""A storage account that every subscription of the sandbox can read; nobody can make another one of this name."""
DISKS = frozenset({"images/podvm-az-cvm-vtpm.vhd"})
"""Its blobs, as CONTAINER/NAME: the disk of a pod VM in the form that upstream's recipe gives it for Azure."""

_COCO = "cococommunity-42d8482d-92cd-415b-b332-7648bd978eff"
_TERRAFORM = (
    "https://github.com/confidential-containers/cloud-api-adaptor/blob/fbdde756/src/cloud-api-adaptor/azure/ci-infra/"
    "release.tf"
)
_COMMUNITY = (("peerpod-podvm-ubuntu", "0.22.0"), ("peerpod-podvm-ubuntu-debug", "0.22.0"))


def community_image(image_id: str) -> Image | None:
    """Return an image of a community gallery by its id, ``/CommunityGalleries/G/Images/I/Versions/V``."""
    parts = image_id.strip("/").split("/")
    if len(parts) != 6 or parts[1] != _COCO or (parts[3], parts[5]) not in _COMMUNITY:
        return None
    return Image(
        publisher=_COCO,
        offer="coco-caa",
        sku=parts[3],
        version=parts[5],
        generation="V2",
        security=CONFIDENTIAL,
        source=_TERRAFORM,
        nvme=False,
    )
