"""Marketplace images: those of ``confkube.facts``, and a few that wrong requests need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from confkube import facts

CONFIDENTIAL = "ConfidentialVmSupported"
TRUSTED = "TrustedLaunchSupported"
BOTH = "TrustedLaunchAndConfidentialVmSupported"


@dataclass(frozen=True, kw_only=True)
class Image:
    """A version of an image."""

    publisher: str
    offer: str
    sku: str
    version: str
    generation: str
    """Hyper-V generation: ``V1`` or ``V2``."""
    security: str
    """Feature ``SecurityType``; empty for none."""
    source: str
    size_gb: int = 30
    nvme: bool = True
    """Whether it starts from a disk behind an NVMe controller."""

    @property
    def confidential(self) -> bool:
        """Whether confidential machines can be made from it."""
        return self.security.lower() in {CONFIDENTIAL.lower(), BOTH.lower()}

    @property
    def trusted(self) -> bool:
        """Whether machines with trusted launch can be made from it."""
        return self.security.lower() in {TRUSTED.lower(), BOTH.lower()}


# "All Ubuntu images from Ubuntu 20.04 LTS forward support Trusted Launch on Hyper-V Gen2 SKUs" (read 2026-11-25). The
# SecurityType of the confidential SKUs is stated nowhere; they are held to be for confidential machines alone.
_UBUNTU = (
    "https://github.com/canonical/ubuntu-cloud-docs/blob/main/azure/azure-how-to/instances/launch-ubuntu-images.rst"
)
_FIND = "https://github.com/canonical/ubuntu-cloud-docs/blob/main/azure/azure-how-to/instances/find-ubuntu-images.rst"
_NOBLE = "24.04.202607310"
_JAMMY = "22.04.202607210"
_ROWS = (
    ("Canonical", "ubuntu-24_04-lts", "server-gen1", _NOBLE, "V1", "", _FIND),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", _JAMMY, "V2", TRUSTED, _UBUNTU),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts", _JAMMY, "V1", "", _FIND),
    ("Canonical", "0001-com-ubuntu-confidential-vm-jammy", "22_04-lts-cvm", _JAMMY, "V2", CONFIDENTIAL, _UBUNTU),
)


@cache
def images() -> tuple[Image, ...]:
    """Return every image that exists."""
    found = [
        Image(
            publisher=publisher,
            offer=offer,
            sku=sku,
            version=version,
            generation=generation,
            security=security,
            source=source,
        )
        for publisher, offer, sku, version, generation, security, source in _ROWS
    ]
    for stock in facts.stock_images():
        if stock.cloud == "azure":
            publisher, offer, sku, version = stock.name.split(":")
            security = CONFIDENTIAL if stock.tees else TRUSTED
            found.append(
                Image(
                    publisher=publisher,
                    offer=offer,
                    sku=sku,
                    version=version,
                    generation="V2",
                    security=security,
                    source=stock.source,
                )
            )
    return tuple(found)


def versions(publisher: str, offer: str, sku: str) -> list[Image]:
    """Return the versions of an image, oldest first."""
    wanted = (publisher.lower(), offer.lower(), sku.lower())
    found = [each for each in images() if (each.publisher.lower(), each.offer.lower(), each.sku.lower()) == wanted]
    return sorted(found, key=lambda each: [int(part) for part in each.version.split(".")])


def find(publisher: str, offer: str, sku: str, version: str) -> Image | None:
    """Return one version; ``latest`` is the newest."""
    known = versions(publisher, offer, sku)
    if version.lower() == "latest":
        return known[-1] if known else None
    return next((each for each in known if each.version == version), None)
