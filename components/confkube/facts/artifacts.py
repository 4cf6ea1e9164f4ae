"""Pinned downloads (``versions.toml``) and stock images (``images.toml``)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from confkube.errors import choose
from confkube.facts.reading import FactsError, Row, read_toml, unique
from confkube.facts.records import Artifact, StockImage
from confkube.facts.words import ARCHITECTURES, TEES

VERSIONS_FILE, IMAGES_FILE = "versions.toml", "images.toml"
GIT = "git"
KINDS = ("binary", "archive", "chart", GIT, "image")
EVIDENCE = ("published", "quoted")
MANAGERS = ("apt-get", "tdnf")
BOOT_MODES = ("uefi", "uefi-preferred", "unknown")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FOLDER = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_ADDRESS = re.compile(r"(https|oci)://[^\s/]+\.[^\s]+|[a-z0-9.-]+\.[a-z]+/[^\s]+:[^\s]+")


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The pinned downloads, and which charts each deployment model installs, in order.

    Attributes:
        artifacts: By name.
        addons: Charts of each model.
        substitutes: Cloud -> chart -> the chart that stands in for it there.
    """

    artifacts: Mapping[str, Artifact]
    addons: Mapping[str, tuple[str, ...]]
    substitutes: Mapping[str, Mapping[str, str]]


@cache
def versions() -> Versions:
    """Return the packaged table."""
    return parse_versions()


def parse_versions(text: str | None = None) -> Versions:
    """Read and check a table of pinned downloads.

    Raises:
        FactsError: A row is incomplete or written twice, a digest is malformed, has no evidence or is missing
            without a reason, or the add-on list names something that is no chart of its own.
    """
    top = read_toml(VERSIONS_FILE, text)
    artifacts: dict[str, Artifact] = {}
    seen: set[object] = set()
    for row in top.rows("artifact"):
        artifact = _artifact(row)
        unique(row.where, seen, artifact.name)
        artifacts[artifact.name] = artifact
    for artifact in artifacts.values():
        for part in artifact.parts:
            if part not in artifacts or artifacts[part].kind != GIT:
                raise FactsError(f"{VERSIONS_FILE}: {artifact.name}: its part {part!r} is no row of kind {GIT}")
    listing = Row(f"{VERSIONS_FILE} addons", top.table("addons"))
    charts = [artifact.name for artifact in artifacts.values() if artifact.namespace is not None]
    addons = {model: listing.words(model, charts) for model in listing}
    substitutes = _substitutes(Row(f"{VERSIONS_FILE} substitutes", top.table("substitutes")), charts)
    top.done()
    return Versions(artifacts=artifacts, addons=addons, substitutes=substitutes)


def _substitutes(listing: Row, charts: Collection[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for cloud in listing:
        row = Row(f"{listing.where} {cloud}", listing.table(cloud))
        found[cloud] = {chart: row.word(chart, charts) for chart in row}
    return found


def artifact(name: str) -> Artifact:
    """Return a pinned download.

    Raises:
        Refusal: No such artifact is recorded.
    """
    found = versions().artifacts
    if name not in found:
        raise choose("artifact", name, found)
    return found[name]


def addons(model: str | None = None, cloud: str | None = None) -> tuple[Artifact, ...]:
    """Return the charts that a deployment model installs, in order; without a model, the charts of all models.

    Args:
        model: Word of the model.
        cloud: Where, as some charts have a substitute on one cloud.

    Raises:
        Refusal: The model is not known.
    """
    lists = versions().addons
    if model is not None and model not in lists:
        raise choose("model", model, lists)
    wanted = [name for listed in lists.values() for name in listed] if model is None else lists[model]
    here: Mapping[str, str] = versions().substitutes.get(cloud, {}) if cloud else {}
    return tuple(versions().artifacts[here.get(name, name)] for name in dict.fromkeys(wanted))


@cache
def stock_images() -> tuple[StockImage, ...]:
    """Return the packaged stock images, in the order of the table."""
    return parse_images()


def parse_images(text: str | None = None) -> tuple[StockImage, ...]:
    """Read and check a table of stock images.

    Raises:
        FactsError: A row is incomplete, written twice, uses an unknown word, or leaves something open without saying.
    """
    top = read_toml(IMAGES_FILE, text)
    found: list[StockImage] = []
    seen: set[object] = set()
    for row in top.rows("image"):
        image = StockImage(
            cloud=row.text("cloud"),
            distribution=row.text("distribution"),
            name=row.text("name"),
            owner=row.text("owner"),
            architecture=row.word("architecture", ARCHITECTURES),
            boot_mode=row.word("boot_mode", BOOT_MODES),
            root_device=row.text("root_device"),
            package_manager=row.word("package_manager", MANAGERS) if row.has("package_manager") else MANAGERS[0],
            tees=frozenset(row.words("tees", TEES)),
            image_ids=_image_ids(row),
            unknown=row.optional_text("unknown"),
            source=row.source(),
            checked=row.date("checked"),
        )
        row.done()
        unique(row.where, seen, (image.cloud, image.distribution, bool(image.tees)))
        if "unknown" in (image.boot_mode, image.root_device) and image.unknown is None:
            raise row.wrong("what is unknown must be said in unknown")
        found.append(image)
    top.done()
    return tuple(found)


def stock_image(cloud: str, distribution: str = "ubuntu-24.04", *, confidential: bool = True) -> StockImage:
    """Return a distribution's image on a cloud.

    Args:
        cloud: Cloud name.
        distribution: Name and version of the distribution.
        confidential: For machines in a TEE; else the cloud's image for plain machines, where it has one of its own.

    Raises:
        Refusal: No such image of that distribution is recorded for the cloud.
    """
    here = [image for image in stock_images() if image.cloud == cloud]
    fitting = [image for image in here if image.distribution == distribution and (image.tees or not confidential)]
    if not fitting:
        raise choose(f"{cloud} stock image", distribution, {image.distribution for image in here})
    return min(fitting, key=lambda image: bool(image.tees)) if not confidential else fitting[0]


def _artifact(row: Row) -> Artifact:
    artifact = _read(row)
    row.done()
    if not _ADDRESS.fullmatch(artifact.url):
        raise row.wrong(f"url must be an https or oci address or an image name with its tag, not {artifact.url!r}")
    if artifact.version.removeprefix("v") not in artifact.url and artifact.kind not in ("chart", GIT):
        raise row.wrong(f"url does not name version {artifact.version}")
    if artifact.kind == GIT:
        _check_git(row, artifact)
    elif artifact.commit or artifact.path or artifact.parts:
        raise row.wrong(f"commit, path and parts are for kind {GIT}")
    elif (artifact.sha256 is None) == (artifact.why_unknown is None):
        raise row.wrong("give either sha256 or why_unknown")
    if artifact.sha256 is not None and not _SHA256.fullmatch(artifact.sha256):
        raise row.wrong(f"sha256 must be 64 lower-case hex digits, not {artifact.sha256!r}")
    if (artifact.evidence in EVIDENCE) != (artifact.digest is not None):
        raise row.wrong(f"a sha256, and only a sha256, needs evidence: {' or '.join(EVIDENCE)}")
    if artifact.kind != GIT and (artifact.kind == "chart") != (artifact.namespace is not None):
        raise row.wrong("charts, and only charts, name their namespace")
    return artifact


def _check_git(row: Row, artifact: Artifact) -> None:
    if not artifact.url.startswith("https://"):
        raise row.wrong(f"url must be an https address of a repository, not {artifact.url!r}")
    if artifact.sha256 is not None or artifact.why_unknown is not None:
        raise row.wrong(f"kind {GIT} has neither sha256 nor why_unknown: its digest is the commit")
    if not _COMMIT.fullmatch(artifact.commit or ""):
        raise row.wrong(f"commit must be 40 lower-case hex digits, not {artifact.commit!r}")
    if not _FOLDER.fullmatch(artifact.path or ""):
        raise row.wrong(f"path must be a folder inside the repository, not {artifact.path!r}")


def _read(row: Row) -> Artifact:
    return Artifact(
        name=row.text("name"),
        version=row.text("version"),
        kind=row.word("kind", KINDS),
        url=row.text("url"),
        sha256=row.optional_text("sha256"),
        evidence=row.optional_text("evidence"),
        why_unknown=row.optional_text("why_unknown"),
        namespace=row.optional_text("namespace"),
        source=row.source(),
        checked=row.date("checked"),
        commit=row.optional_text("commit"),
        path=row.optional_text("path"),
        parts=row.texts("parts"),
    )


def _image_ids(row: Row) -> dict[str, str]:
    ids = Row(f"{row.where} image_ids", row.table("image_ids"))
    return {region: ids.text(region) for region in ids}
