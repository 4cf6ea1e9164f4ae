"""The resource types that images of one's own are made of."""

from __future__ import annotations

from confkube_sandbox.daemon.azure.kind import COMPUTE_VERSIONS, GALLERY_VERSIONS, Kind, Names

_COMPUTE = "azure.mgmt.compute"
_ALL = frozenset({"PUT", "GET", "PATCH", "DELETE"})
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, and for galleries what the
# portal says: https://github.com/MicrosoftDocs/azure-docs/pull/128302.
_GALLERY_NAMES = Names(pattern=r"[A-Za-z0-9]([A-Za-z0-9._]*[A-Za-z0-9])?")
_IMAGE_NAMES = Names(pattern=r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION_NAMES = Names(pattern=r"\d{1,10}\.\d{1,10}\.\d{1,10}", least=5, most=32)

# Durations are ordinary experience; the service documents none of them.
IMAGE_KINDS: tuple[Kind, ...] = (
    Kind(
        type="Microsoft.Compute/images",
        operations="Images",
        versions=COMPUTE_VERSIONS,
        package=_COMPUTE,
        model="Image",
        patch="ImageUpdate",
        label="image",
        names=Names(pattern=r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?"),
        create=30,
        delete=10,
        methods=_ALL,
    ),
    Kind(
        type="Microsoft.Compute/galleries",
        operations="Galleries",
        versions=GALLERY_VERSIONS,
        package=_COMPUTE,
        model="Gallery",
        patch="GalleryUpdate",
        label="gallery",
        names=_GALLERY_NAMES,
        create=5,
        delete=10,
        methods=_ALL,
    ),
    Kind(
        type="Microsoft.Compute/galleries/images",
        operations="GalleryImages",
        versions=GALLERY_VERSIONS,
        package=_COMPUTE,
        model="GalleryImage",
        patch="GalleryImageUpdate",
        label="gallery-image",
        names=_IMAGE_NAMES,
        create=5,
        delete=10,
        methods=_ALL,
        listed=frozenset({"parent"}),
    ),
    Kind(
        type="Microsoft.Compute/galleries/images/versions",
        operations="GalleryImageVersions",
        versions=GALLERY_VERSIONS,
        package=_COMPUTE,
        model="GalleryImageVersion",
        patch="GalleryImageVersionUpdate",
        label="gallery-image-version",
        names=_VERSION_NAMES,
        create=300,
        delete=30,
        methods=_ALL,
        listed=frozenset({"parent"}),
    ),
)
