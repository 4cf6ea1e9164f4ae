"""An image of the user's own disk: in a gallery that says that confidential machines may start from it."""

import re
from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure import tenancy
from confkube.clouds.azure.labels import cluster_id, tags
from confkube.clouds.azure.settings import AzureSettings
from confkube.errors import Refusal
from confkube.names import digest
from confkube.platform import Image, ImageSpec

_ADDRESS = re.compile(r"https://[a-z0-9]{3,24}\.blob\.core\.windows\.net/[a-z0-9$-]{3,63}/[^/?#\s]+\.vhd")
"""A blob below a folder is refused by Azure itself: https://github.com/chagarw/MDPP/issues/22, 2026-11-27."""
_FEATURES = (("SecurityType", "ConfidentialVmSupported"), ("DiskControllerTypes", "SCSI, NVMe"))
"""Without the second one, sizes of the v6 series refuse the image: https://github.com/openshift/installer/pull/9232 and
https://github.com/confidential-containers/cloud-api-adaptor/pull/2582, 2026-11-27."""
_SERIES, _DIGITS = "1.0", 7
"""Each disk has a version of its own, since a version keeps its source; seven hexadecimal digits fit its 31 bits."""


class _Common(TypedDict):
    """What each of the resources is given."""

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    tags: pulumi.Input[Mapping[str, pulumi.Input[str]]]


def create(name: str, address: str, spec: ImageSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> Image:
    """Make a version in a gallery of the disk at ``https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.vhd``.

    Through a managed image, which takes the address of a blob in the same region and subscription; a version that is
    made of the blob directly also wants the resource id of its account. A gallery's image of this kind takes managed
    images and blobs, and no disks. Sources: https://github.com/edgelesssys/uplosi/blob/560c53a/azure/uploader.go and
    https://github.com/Azure/azure-rest-api-specs/pull/10466, 2026-11-27.

    Raises:
        Refusal: The address is another one.
    """
    refuse_address(name, address)
    labels = spec.labels or {}
    place = tenancy.create(name, settings, labels, opts, suffix=f"-{digest(name, 8)}")
    inside = place.options(opts)
    common = _Common(resource_group_name=place.group, location=place.location, tags=tags(labels))
    disk = azure.compute.Image(
        f"{name}-disk",
        image_name=f"{name}-{digest(address, 8)}",
        hyper_v_generation=azure.compute.HyperVGenerationTypes.V2,
        storage_profile={
            "os_disk": {
                "os_type": azure.compute.OperatingSystemTypes.LINUX,
                "os_state": azure.compute.OperatingSystemStateTypes.GENERALIZED,
                "blob_uri": address,
                "storage_account_type": azure.compute.StorageAccountTypes.STANDARD_LRS,
            }
        },
        opts=inside,
        **common,
    )
    gallery = azure.compute.Gallery(
        f"{name}-gallery",
        # Galleries have one name space in a subscription, and no dashes.
        gallery_name=cluster_id(labels).apply(lambda cluster: f"{cluster.replace('-', '_')}_{digest(name, 8)}"),
        description=f"made from {address}",
        opts=inside,
        **common,
    )
    image = azure.compute.GalleryImage(
        f"{name}-image",
        gallery_image_name=name,
        gallery_name=gallery.name,
        architecture=azure.compute.Architecture.X64,
        features=[{"name": feature, "value": value} for feature, value in _FEATURES],
        hyper_v_generation=azure.compute.HyperVGeneration.V2,
        identifier={"publisher": "confkube", "offer": "pod-vm", "sku": name},
        os_state=azure.compute.OperatingSystemStateTypes.GENERALIZED,
        os_type=azure.compute.OperatingSystemTypes.LINUX,
        opts=inside,
        **common,
    )
    version = azure.compute.GalleryImageVersion(
        name,
        gallery_image_version_name=f"{_SERIES}.{int(digest(address, _DIGITS), 16)}",
        gallery_image_name=image.name,
        gallery_name=gallery.name,
        storage_profile={"source": {"id": disk.id}},
        publishing_profile={
            "replica_count": 1,
            "storage_account_type": azure.compute.StorageAccountType.STANDARD_LRS,
            "target_regions": [{"name": place.location, "regional_replica_count": 1}],
        },
        opts=inside,
        **common,
    )
    return Image(image_id=version.id, root_device="unknown", resource=version)


def refuse_address(where: str, address: str) -> None:
    """Refuse what is not the address of a disk in a storage account.

    Raises:
        Refusal: It is not; the message shows the form.
    """
    if not _ADDRESS.fullmatch(address):
        raise Refusal(
            f"{where}: {address!r} is not a disk image here; write https://ACCOUNT.blob.core.windows.net/CONTAINER/"
            "NAME.vhd without a folder, query or signature"
        )
