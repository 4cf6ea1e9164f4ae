"""Published pod VM images that cannot carry confidential pods (``pod_images.toml``)."""

import datetime as dt
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

from confkube.errors import Refusal
from confkube.facts.reading import read_toml, unique
from confkube.facts.words import NO_TEE

POD_IMAGES_FILE = "pod_images.toml"


@dataclass(frozen=True, kw_only=True)
class PublishedPodImage:
    """Images that somebody else published under names of one form, and what they lack."""

    cloud: str
    pattern: str
    """Shell-style, against the whole name."""
    why: str
    source: str
    checked: dt.date


@cache
def published_pod_images() -> tuple[PublishedPodImage, ...]:
    """Return the packaged table, in its order."""
    return parse_pod_images()


def parse_pod_images(text: str | None = None) -> tuple[PublishedPodImage, ...]:
    """Read and check a table of published pod VM images.

    Raises:
        FactsError: A row is incomplete, written twice, or uses an unknown key.
    """
    top = read_toml(POD_IMAGES_FILE, text)
    found: list[PublishedPodImage] = []
    seen: set[object] = set()
    for row in top.rows("published-pod-image"):
        image = PublishedPodImage(
            cloud=row.text("cloud"),
            pattern=row.text("pattern"),
            why=row.text("why"),
            source=row.source(),
            checked=row.date("checked"),
        )
        row.done()
        unique(row.where, seen, (image.cloud, image.pattern))
        found.append(image)
    top.done()
    return tuple(found)


def refuse_without_attester(cloud: str, name: str, tee: str) -> None:
    """Refuse a published pod VM image where confidential pods are wanted and its publisher left that out.

    Args:
        cloud: Cloud name.
        name: Name (or identifier, where the cloud has no names) of the image, as the cloud knows it.
        tee: The word of the TEE; ``none`` refuses nothing.

    Raises:
        Refusal: Naming the image, what it lacks, and where that was read.
    """
    if tee == NO_TEE:
        return
    for image in published_pod_images():
        if image.cloud == cloud and fnmatchcase(name, image.pattern):
            raise Refusal(
                f"pod VM image {name!r} cannot carry confidential pods ({tee}): {image.why} ({image.source}, "
                f"read {image.checked.isoformat()}); build one with TEE_PLATFORM set and give its disk or identifier"
            )
