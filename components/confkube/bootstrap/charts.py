"""The charts that a control plane installs, and the two ways in which their content is pinned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from confkube.bootstrap import checks
from confkube.errors import Refusal

SYSTEM_NAMESPACE = "kube-system"
CHART = "."
"""Stands for the chart itself where a folder becomes a part of a chart."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file at an address, pinned by its digest.

    Attributes:
        url: ``https://`` address of the file, or ``oci://`` address of a chart without its version.
        sha256: Digest of the file, hex. For OCI it is the digest of the chart's content layer.
    """

    url: str
    sha256: str

    def __post_init__(self) -> None:
        checks.url("archive url", self.url, ("https", "oci"))
        checks.sha256(f"{self.url} sha256", self.sha256)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A folder of a git repository at one commit, whose id is a digest of all that is in it.

    Attributes:
        url: ``https://`` address of the repository.
        commit: Full id of the commit.
        path: The folder in the repository.
        name: Name among the charts inside the chart, or ``.`` for the chart itself.
    """

    url: str
    commit: str
    path: str
    name: str = CHART

    def __post_init__(self) -> None:
        checks.url("repository url", self.url, ("https",))
        checks.commit(f"{self.url} commit", self.commit)
        checks.folder(f"{self.url} path", self.path)
        if self.name != CHART:
            checks.dns_label("chart inside a chart", self.name)


@dataclass(frozen=True, kw_only=True)
class AddOn:
    """A Helm chart that the control plane installs, in the order of the list.

    Attributes:
        name: Name of the release.
        version: Version of the chart.
        content: The chart's archive, or its folder and those of the charts inside it, the chart itself first.
        namespace: Where it is installed; made when it is absent.
        privileged: Whether the namespace is exempt from the Pod Security baseline (network and storage drivers).
        values: Values of the chart, small: they travel in user data.
    """

    name: str
    version: str
    content: Archive | tuple[Folder, ...]
    namespace: str = SYSTEM_NAMESPACE
    privileged: bool = False
    values: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        checks.dns_label("add-on name", self.name)
        checks.word(f"add-on {self.name} version", self.version)
        checks.dns_label(f"add-on {self.name} namespace", self.namespace)
        checks.plain_data(f"add-on {self.name} values", self.values)
        names = [folder.name for folder in self.folders]
        if not isinstance(self.content, Archive) and (names[:1] != [CHART] or len(set(names)) != len(names)):
            raise Refusal(f"add-on {self.name}: its folders are not the chart and then each chart inside it once")

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The folders that the chart is put together from; empty for an archive."""
        return () if isinstance(self.content, Archive) else self.content

    @property
    def row(self) -> tuple[str, ...]:
        """Name, namespace, version, digest and address, as the control plane's list has them."""
        pinned = ("-", "git") if not isinstance(self.content, Archive) else (self.content.sha256, self.content.url)
        return (self.name, self.namespace, self.version, *pinned)
