"""Images: from what a program may write for one to an address, and whether two spellings mean the same.

https://github.com/hashicorp/terraform-provider-google-beta services/compute/image.go and
services/compute/resource_compute_disk.go at 93c65b2d60fe. The rules for families of Fedora, SUSE, COS and Windows are
not repeated here.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp.failures import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.gcp.connection import Connection

# A word in an image's name to the project that Google's images of that kind are in, in the order of the source.
_PROJECTS: Mapping[str, str] = MappingProxyType(
    {
        "centos": "centos-cloud",
        "fedora-coreos": "fedora-coreos-cloud",
        "coreos": "coreos-cloud",
        "debian": "debian-cloud",
        "opensuse": "opensuse-cloud",
        "rhel": "rhel-cloud",
        "rocky-linux": "rocky-linux-cloud",
        "sles": "suse-cloud",
        "ubuntu": "ubuntu-os-cloud",
        "windows": "windows-cloud",
        "windows-sql": "windows-sql-cloud",
    }
)
_NAME = r"[-_a-zA-Z0-9]*"
_PROJECT = r"(?:[-a-z0-9.]+:)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LINK = re.compile(
    rf"https://(?:www|compute)\.googleapis\.com/compute/[a-z0-9]+/projects/({_PROJECT})/global/images/({_NAME})"
)
_UBUNTU = re.compile(r"ubuntu-(minimal-)?([0-9]+)(?:.*(arm64|amd64))?.*")


def resolve(gcp: Connection, name: str) -> str:
    """Return the address of an image or a family, looking for it where the name alone does not say (ResolveImage).

    Raises:
        CloudError: There is none.
    """
    if _LINK.match(name):
        return name
    for pattern in (
        rf"projects/{_PROJECT}/global/images/(?:family/)?{_NAME}$",
        rf"^global/images/(?:family/)?{_NAME}$",
    ):
        found = re.search(pattern, name)
        if found is not None:
            return found[0]
    resolved = _looked_for(gcp, name)
    if resolved is None:
        raise CloudError(f"Error resolving image name '{name}': Could not find image or family {name}")
    return resolved


def same(old: object, new: object) -> bool:
    """Whether the image of a disk (a full address) is what the program writes (DiskImageDiffSuppress)."""
    found = _LINK.fullmatch(str(old))
    if found is None or not isinstance(new, str):
        return old == new
    project, image = found[1], found[2]
    for pattern, family in (
        (rf"projects/({_PROJECT})/global/images/family/({_NAME})$", True),
        (rf"projects/({_PROJECT})/global/images/({_NAME})$", False),
    ):
        full = re.search(pattern, new)
        if full is not None:
            name = full[2]
            return _same_project(project, full[1]) and (_in_family(image, name) if family else image == name)
    short = re.fullmatch(rf"(?:global/images/)?family/({_NAME})", new)
    if short is not None:
        return _in_family(image, short[1])
    short = re.fullmatch(rf"global/images/({_NAME})", new)
    if short is not None:
        return image == short[1]
    owner, _, name = new.rpartition("/")
    return (not owner or _same_project(project, owner)) and (image == name or _in_family(image, name))


def _same_project(project: str, named: str) -> bool:
    return project == _PROJECTS.get(named, named)


def _in_family(image: str, family: str) -> bool:
    """Whether an image's name is one of a family (diskImageFamilyEquals)."""
    if "-arm64" not in image and family.removesuffix("-amd64") in image:
        return family.endswith("-amd64") == ("-amd64" in image)
    if family.removesuffix("-arm64") in image:
        return family.endswith("-arm64") == ("-arm64" in image)
    parts = _UBUNTU.fullmatch(image)
    if parts is None:
        return False
    return family == f"ubuntu-{parts[1] or ''}{parts[2]}-lts" + (f"-{parts[3]}" if parts[3] else "")


def _looked_for(gcp: Connection, name: str) -> str | None:
    google = next((project for word, project in _PROJECTS.items() if word in name), "")
    family = re.fullmatch(rf"family/({_NAME})", name)
    if family is not None:
        return _first(gcp, [(gcp.project, "family/", family[1]), (google, "family/", family[1])])
    owned = re.fullmatch(rf"({_PROJECT})/({_NAME})", name)
    if owned is not None:
        return _first(gcp, [(owned[1], "", owned[2]), (owned[1], "family/", owned[2])])
    if not re.fullmatch(_NAME, name):
        return None
    places = [(gcp.project, "", name), (google, "", name), (gcp.project, "family/", name), (google, "family/", name)]
    return _first(gcp, places)


def _first(gcp: Connection, places: list[tuple[str, str, str]]) -> str | None:
    for project, kind, name in places:
        if project and _exists(gcp, project, kind, name):
            own = project == gcp.project and "/" not in name
            return f"{'' if own else f'projects/{project}/'}global/images/{kind}{name}"
    return None


def _exists(gcp: Connection, project: str, kind: str, name: str) -> bool:
    try:
        if kind:
            gcp.compute("images.getFromFamily", project=project, family=name)
        else:
            gcp.compute("images.get", project=project, image=name)
    except ApiError as error:
        if error.status == 404:
            return False
        what = "family" if kind else "image"
        raise CloudError(f"Error checking if {what} {name} exists: {error}", error.reason) from None
    return True
