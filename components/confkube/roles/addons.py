"""The charts that a cluster starts with, in order, with all that they are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from confkube import facts
from confkube.bootstrap import AddOn, Archive, Folder
from confkube.bootstrap.charts import CHART
from confkube.errors import Refusal, choose
from confkube.facts.volumes import volumes_of
from confkube.roles import chart_values

_GUESTS = frozenset({"coco-metal", "coco-nested", "coco-peer-pods"})
"""Models whose pods run in virtual machines of their own."""
_KATA = frozenset({"kata-deploy", "lab-runtime"})
_PRIVILEGED = frozenset({"cilium", "kata-deploy", "lab-network", "peerpods"})
"""Charts whose namespace the Pod Security baseline would not let them work in; drivers of volumes share Cilium's."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a cluster's charts depend on, besides model, cloud and range.

    Attributes:
        tees: TEEs of the pods that Kata starts on the hosts themselves; ``none`` for ordinary guests.
        before: Charts that the platform wants before the model's last one, by their names in the facts.
        chart_values: Chart -> values that are merged over confkube's own.
        volumes: Whether the driver of volumes is installed.
        labels: Labels of the cluster, for the volumes that the driver makes.
        region: Where the cluster is, for the driver of volumes.
        pins: Chart -> sha256 that the user has found out, for charts of which the facts have none.
        hosts_bring_kata: Whether the hosts get Kata from an archive of the user's, and so no chart installs it.
    """

    tees: frozenset[str] = frozenset()
    before: tuple[str, ...] = ()
    chart_values: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    volumes: bool = False
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    region: str = ""
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    hosts_bring_kata: bool = False


def addons_of(model: str, cloud: str, pods: IPv4Network, choices: Choices | None = None) -> tuple[AddOn, ...]:
    """The add-ons of a deployment model on a cloud, in the order of installation.

    Args:
        model: Word of the model.
        cloud: Name of the platform.
        pods: Range of the cluster's pods.
        choices: What else they depend on.

    Raises:
        Refusal: A chart's digest is not known, a chart is not known, or values do not go together.
    """
    wanted = choices or Choices()
    charts = _charts(model, cloud, wanted)
    known = [chart.name for chart in charts]
    for what, names in (("chart_values", wanted.chart_values), ("pins", wanted.pins)):
        for name in names:
            if name not in known:
                raise choose(f"{what}: chart", name, known)
    values = {
        name: chart_values.merged(_values(name, model, cloud, pods, wanted), wanted.chart_values.get(name, {}))
        for name in known
    }
    chart_values.check(values)
    return tuple(
        AddOn(
            name=chart.name,
            version=chart.version,
            content=_content(chart, wanted.pins),
            namespace=chart.namespace or "kube-system",
            privileged=chart.name in _PRIVILEGED,
            values=values[chart.name],
        )
        for chart in charts
    )


def _charts(model: str, cloud: str, wanted: Choices) -> tuple[facts.Artifact, ...]:
    listed = facts.addons(model, cloud)
    if wanted.hosts_bring_kata:
        listed = tuple(chart for chart in listed if chart.name not in _KATA)
    before = tuple(_chart(name) for name in wanted.before)
    drivers = (_chart(volumes_of(model, cloud).required().chart),) if wanted.volumes else ()
    ordered = (*listed[:-1], *before, *listed[-1:], *drivers)
    return tuple({chart.name: chart for chart in ordered}.values())


def _chart(name: str) -> facts.Artifact:
    found = facts.artifact(name)
    if found.namespace is None:
        raise Refusal(f"add-ons: {name!r} is no chart")
    return found


def _content(chart: facts.Artifact, pins: Mapping[str, str]) -> Archive | tuple[Folder, ...]:
    given = pins.get(chart.name)
    if given and chart.digest and given != chart.digest:
        raise Refusal(f"pins: {chart.name} {chart.version} is pinned already, to {chart.digest}")
    if chart.commit is None:
        return Archive(url=chart.url, sha256=given or chart.pinned())
    parts = (facts.artifact(name) for name in chart.parts)
    return (_folder(chart, CHART), *(_folder(part, part.name) for part in parts))


def _folder(chart: facts.Artifact, name: str) -> Folder:
    return Folder(url=chart.url, commit=chart.pinned(), path=chart.path or "", name=name)


def _values(chart: str, model: str, cloud: str, pods: IPv4Network, wanted: Choices) -> dict[str, object]:
    own: dict[str, Callable[[], dict[str, object]]] = {
        "cert-manager": chart_values.certificates,
        "cilium": lambda: chart_values.network(guests=model in _GUESTS),
        "kata-deploy": lambda: chart_values.kata(wanted.tees),
        "lab-network": lambda: {"pods": str(pods)},
        "lab-runtime": lambda: chart_values.classes(wanted.tees),
        "peerpods": chart_values.peerpods,
    }
    if chart in own:
        return own[chart]()
    driver = volumes_of(model, cloud).driver if wanted.volumes else None
    return chart_values.driver(driver, wanted.labels, wanted.region) if driver and driver.chart == chart else {}
