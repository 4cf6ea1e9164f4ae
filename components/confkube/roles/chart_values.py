"""confkube's settings for the charts of a cluster, and those that would break one another."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import cast

import yaml

from confkube import facts
from confkube.errors import Refusal, choose
from confkube.facts.volumes import Driver

Values = Mapping[str, object]

CILIUM_PORT = 8472
"""Port of Cilium's overlay between the nodes (UDP)."""
VXLAN_PORT = 9000
"""Port of the tunnels between a worker and its pod machines (UDP)."""
SHIMS = {"snp": "qemu-snp", "tdx": "qemu-tdx", facts.NO_TEE: "qemu-coco-dev"}
"""Kata's shim for the TEE of the pods; each makes the runtime class ``kata-<shim>``."""
TEE_LABEL = "confkube.dev/tee"
"""Label of a node that names the TEE of the machine or of the guests that it can start."""

_LEAST = {
    # How many pod machines a node may start at once; the chart's own "limit" is read by none of its templates.
    "PEERPODS_LIMIT_PER_NODE": "10",
    "VXLAN_PORT": str(VXLAN_PORT),
}


@cache
def _file(name: str) -> Values:
    text = resources.files("confkube.roles").joinpath(f"values/{name}.yaml").read_text(encoding="utf-8")
    return cast("Values", yaml.safe_load(text))


def merged(under: Values, over: Values) -> dict[str, object]:
    """Merge two trees of values; what both have is taken from the second, and lists are not merged."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(cast("Values", below), cast("Values", value))
        else:
            result[key] = value
    return result


def network(*, guests: bool) -> dict[str, object]:
    """Values of the cluster's network, perhaps for pods in virtual machines."""
    return merged(_file("cilium"), _file("cilium-guests") if guests else {})


def certificates() -> dict[str, object]:
    """Values of cert-manager."""
    return dict(_file("cert-manager"))


def shims_of(tees: frozenset[str]) -> dict[str, str]:
    """TEE -> Kata's shim for it, in the order of preference.

    Raises:
        Refusal: There is no shim for a TEE, or no TEE at all.
    """
    for tee in sorted(tees - set(SHIMS)):
        raise choose("kata-deploy: TEE", tee, SHIMS)
    if not tees:
        raise Refusal(f"kata-deploy: no TEE of the hosts is given; choose among {', '.join(SHIMS)}")
    return {tee: shim for tee, shim in SHIMS.items() if tee in tees}


def kata(tees: frozenset[str]) -> dict[str, object]:
    """Values of Kata's chart, with the shims of these TEEs alone; the first of them is the default.

    Raises:
        Refusal: There is no shim for a TEE, or no TEE at all.
    """
    shims = shims_of(tees)
    enabled = {shim: {"enabled": True} | (_only_on(tee) if len(shims) > 1 else {}) for tee, shim in shims.items()}
    default = next(iter(shims.values()))
    return merged(
        _file("kata-deploy"), {"defaultShim": {"amd64": default}, "shims": enabled, "kubectlImage": _kubectl()}
    )


def classes(tees: frozenset[str]) -> dict[str, object]:
    """Values of the lab's substitute for Kata's chart: the same runtime classes, without what runs them.

    Raises:
        Refusal: There is no shim for a TEE, or no TEE at all.
    """
    return {"tees": [shim.removeprefix("qemu-") for shim in shims_of(tees).values()]}


def _only_on(tee: str) -> dict[str, object]:
    """Where hosts differ, a runtime class leads to those that can start its guests."""
    return {"runtimeClass": {"nodeSelector": {TEE_LABEL: tee}}}


def peerpods() -> dict[str, object]:
    """Values of cloud-api-adaptor's chart without those of the platform; images by tag, never the newest."""
    tag = facts.artifact("cloud-api-adaptor").version
    images = {
        "image": {"tag": tag},
        "resourceCtrl": {"image": {"tag": tag}},
        "webhook": {"image": {"tag": tag}},
        "kata-deploy": {"kubectlImage": _kubectl()},
    }
    return merged(_file("peerpods"), images)


def peerpods_on(provider: str, settings: Mapping[str, str], further: Values) -> dict[str, object]:
    """What a platform says of cloud-api-adaptor's chart, for ``Choices.chart_values``.

    Args:
        provider: Its name of the platform.
        settings: Its environment there, without secrets.
        further: Further values of the chart.
    """
    return merged(further, {"provider": provider, "providerConfigs": {provider: {**_LEAST, **settings}}})


def driver(found: Driver, labels: Mapping[str, str], region: str) -> dict[str, object]:
    """Values of a driver of volumes: its own, and the cluster's labels and region where it takes them.

    Raises:
        Refusal: It takes one of them, and there is none.
    """
    values = dict(found.values)
    for what, path, value in (("labels", found.labels, dict(labels)), ("region", found.region, region)):
        if path and not value:
            raise Refusal(f"{found.chart}: the cluster's {what} must be given, for {path}")
        if path:
            values = merged(values, _nested(path, value))
    return values


def _nested(path: str, value: object) -> dict[str, object]:
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _kubectl() -> dict[str, object]:
    return {"tag": facts.artifact("kata-kubectl").version}


def check(charts: Mapping[str, Values]) -> None:
    """Refuse values of a cluster's charts that would break one another, or give away a secret.

    Raises:
        Refusal: Naming the value.
    """
    if "peerpods" in charts:
        _check_peerpods(charts["peerpods"])
    network_values = charts.get("cilium", {})
    guests = {"peerpods", "kata-deploy"} & set(charts)
    if guests and network_values.get("kubeProxyReplacement") not in (None, False, "false"):
        raise Refusal("cilium: kubeProxyReplacement is for clusters whose pods share the nodes' kernel; keep it false")
    sockets = network_values.get("socketLB", {})
    if guests and _at(sockets, "enabled") and not _at(sockets, "hostNamespaceOnly"):
        raise Refusal("cilium: socketLB does not reach into guests; set socketLB.hostNamespaceOnly to true with it")
    own = str(network_values.get("tunnelPort") or CILIUM_PORT)
    adaptor = charts.get("peerpods", {})
    if own == _at(adaptor, "providerConfigs", str(adaptor.get("provider")), "VXLAN_PORT"):
        raise Refusal(f"peerpods: VXLAN_PORT {own} is the port of cilium's own overlay; use {VXLAN_PORT}")


def _check_peerpods(values: Values) -> None:
    if not isinstance(values.get("provider"), str) or not values.get("providerConfigs"):
        raise Refusal("peerpods: the platform does not say how cloud-api-adaptor is set up there (provider)")
    secrets = values.get("secrets")
    if secrets != _file("peerpods")["secrets"]:
        raise Refusal(f"peerpods: secrets must be {_file('peerpods')['secrets']}: peerpod-ctrl reads that name alone")
    if values.get("providerSecrets"):
        raise Refusal("peerpods: providerSecrets would stand in user data; they belong into the secret of the objects")
    for where in ("image", "resourceCtrl.image", "webhook.image", "kata-deploy.kubectlImage"):
        if _at(values, *where.split("."), "tag") in (None, "", "latest"):
            raise Refusal(f"peerpods: {where}.tag must pin a version, not {_at(values, *where.split('.'), 'tag')!r}")


def _at(values: object, *keys: str) -> object:
    for key in keys:
        values = cast("Values", values).get(key) if isinstance(values, Mapping) else None
    return values
