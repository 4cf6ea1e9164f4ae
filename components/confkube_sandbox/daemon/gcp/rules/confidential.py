"""Rules of confidential machines.

What can be combined is what Google's page on supported configurations says (last updated 2026-04-08, read on
2026-11-23), and the API's own description of the fields. The codes and most texts of the refusals are recalled.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.compute.building import machine_name, tee_of
from confkube_sandbox.daemon.gcp.compute.disks import DEFAULT_TYPE
from confkube_sandbox.daemon.gcp.compute.families import tee_zones
from confkube_sandbox.daemon.gcp.errors import bad_request, invalid
from confkube_sandbox.daemon.gcp.rules.machines import BOTH, size
from confkube_sandbox.daemon.gcp.rules.marks import machine
from confkube_sandbox.daemon.gcp.rules.quotas import exhausted
from confkube_sandbox.daemon.gcp.rules.sources import CVM, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.context import Call

_FACT_NAMES: Mapping[str, str] = MappingProxyType({"SEV_SNP": "snp", "TDX": "tdx"})
_PLATFORM: Mapping[str, str] = MappingProxyType({"SEV_SNP": "AMD Milan"})
_CAPABLE: Mapping[str, str] = MappingProxyType(
    {"SEV": "SEV_CAPABLE", "SEV_SNP": "SEV_SNP_CAPABLE", "TDX": "TDX_CAPABLE"}
)
_TITLE: Mapping[str, str] = MappingProxyType({"SEV": "AMD SEV", "SEV_SNP": "AMD SEV-SNP", "TDX": "Intel TDX"})


@rule(
    "compute",
    BOTH,
    name="compute.tee-contradiction",
    source="https://github.com/kubernetes-sigs/cluster-api-provider-gcp/issues/1402",
    date=SEEN,
    evidence=READ,
)
def contradiction(call: Call) -> None:
    """The old switch alone means SEV, and is refused for a type that has another technology.

    The source says that it is an error and does not show the text. A type that is named wins over the switch.
    """
    body, path = machine(call)
    config = body.get("confidentialInstanceConfig", {})
    kind = config.get("confidentialInstanceType", "")
    if kind == "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED":
        raise invalid(f"{path}.confidentialInstanceConfig.confidentialInstanceType", kind, "Do not use this value.")
    if config.get("enableConfidentialCompute") and not kind and not size(call).family.sev:
        text = f"Confidential Instance Config with AMD SEV is not supported for machine type {machine_name(body)}."
        raise invalid(f"{path}.confidentialInstanceConfig", body.get("confidentialInstanceConfig", {}), text)


@rule("compute", BOTH, name="compute.tee-type", source=CVM, date=WRITTEN, evidence=RECALLED)
def tee_type(call: Call) -> None:
    """SEV-SNP is for N2D, TDX for C3 standard and C4; the fact tables say which sizes."""
    body, path = machine(call)
    kind = tee_of(body)
    if not kind or kind == "SEV":
        return
    if _FACT_NAMES.get(kind) not in size(call).tees:
        title = _TITLE.get(kind, kind)
        text = f"Confidential Instance Config with {title} is not supported for machine type {machine_name(body)}."
        raise invalid(f"{path}.confidentialInstanceConfig.confidentialInstanceType", kind, text)


@rule(
    "compute",
    f"{BOTH} instances.setMinCpuPlatform",
    name="compute.tee-platform",
    source=CVM,
    date=WRITTEN,
    evidence=RECALLED,
)
def tee_platform(call: Call) -> None:
    """SEV-SNP needs AMD Milan by name; TDX on C4 needs Granite Rapids by name."""
    body, path = machine(call)
    kind = tee_of(body)
    wanted = _PLATFORM.get(kind)
    if kind == "TDX" and size(call).family.name == "c4":
        wanted = "Intel Granite Rapids"
    if wanted and body.get("minCpuPlatform") != wanted:
        text = f"{_TITLE[kind]} requires minimum CPU platform {wanted}."
        raise invalid(f"{path}.minCpuPlatform", body.get("minCpuPlatform", ""), text)


@rule(
    "compute",
    BOTH,
    name="compute.tee-maintenance",
    source="https://github.com/openshift/machine-api-operator/pull/1406",
    date=SEEN,
    evidence=RECALLED,
)
def tee_maintenance(call: Call) -> None:
    """A confidential machine is not moved, except for SEV on N2D; the default would be to move it."""
    body, path = machine(call)
    kind = tee_of(body)
    family = size(call).family.name
    given = body.get("scheduling", {})
    spot = given.get("preemptible") or given.get("provisioningModel") == "SPOT"
    action = given.get("onHostMaintenance", "TERMINATE" if spot else "MIGRATE")
    if kind and action != "TERMINATE" and not (kind == "SEV" and family == "n2d"):
        title = _TITLE.get(kind, kind)
        text = f"Instances with {title} do not support live migration; onHostMaintenance must be TERMINATE."
        raise invalid(f"{path}.scheduling.onHostMaintenance", action, text)


@rule(
    "compute",
    BOTH,
    name="compute.tee-image",
    source="https://github.com/os-autoinst/os-autoinst-distri-opensuse/pull/21997",
    date=SEEN,
    evidence=READ,
)
def tee_image(call: Call) -> None:
    """The image says that it can run in the technology."""
    body, path = machine(call)
    kind = tee_of(body)
    image = images.booted(call, body)
    if not kind or image is None:
        return
    wanted = _CAPABLE.get(kind, "")
    if wanted not in {each["type"] for each in image["guestOsFeatures"]}:
        text = f"Confidential Instance Config is only supported when using an {wanted} image."
        raise invalid(f"{path}.confidentialInstanceConfig", body.get("confidentialInstanceConfig", {}), text)


@rule("compute", BOTH, name="compute.shielded-image", source=CVM, date=WRITTEN, evidence=RECALLED)
def shielded_image(call: Call) -> None:
    """Shielded and confidential machines start from an image that boots by UEFI."""
    body, path = machine(call)
    image = images.booted(call, body)
    if image is None or any(each["type"] == "UEFI_COMPATIBLE" for each in image["guestOsFeatures"]):
        return
    if tee_of(body) or any(body.get("shieldedInstanceConfig", {}).values()):
        text = "Shielded VM Config can only be set when using a UEFI-compatible disk."
        raise invalid(f"{path}.shieldedInstanceConfig", {}, text)


@rule("compute", BOTH, name="compute.tee-disk", source=CVM, date=WRITTEN, evidence=RECALLED)
def tee_disk(call: Call) -> None:
    """TDX on C3 takes Balanced Persistent Disks alone."""
    body, _ = machine(call)
    if tee_of(body) != "TDX" or size(call).family.name != "c3":
        return
    for each in body.get("disks", []):
        kind = (each.get("initializeParams", {}).get("diskType") or DEFAULT_TYPE).rpartition("/")[2]
        if each.get("source") and call.operation == "instances.insert":
            kind = call.get(call.key_of(each["source"]))["type"].rpartition("/")[2]
        if kind != "pd-balanced":
            raise bad_request(f"[{kind}, TDX] features are not compatible for creating instance.")


@rule("compute", BOTH, name="compute.tee-placement", source=CVM, date=WRITTEN, evidence=RECALLED)
def tee_placement(call: Call) -> None:
    """There are no reservations for SEV-SNP and TDX, and no sole-tenant nodes for TDX."""
    body, path = machine(call)
    kind = tee_of(body)
    if kind not in _FACT_NAMES:
        return
    affinity = body.get("reservationAffinity", {}).get("consumeReservationType", "NO_RESERVATION")
    if affinity == "SPECIFIC_RESERVATION":
        text = f"Reservations are not supported for instances with {_TITLE[kind]}."
        raise invalid(f"{path}.reservationAffinity.consumeReservationType", affinity, text)
    if kind == "TDX" and body.get("scheduling", {}).get("nodeAffinities"):
        text = f"Sole-tenant nodes are not supported for instances with {_TITLE[kind]}."
        raise invalid(f"{path}.scheduling.nodeAffinities", {}, text)


@rule(
    "compute",
    "instances.insert",
    name="compute.tee-zone",
    source="https://github.com/kubernetes/k8s.io/issues/9834",
    date=SEEN,
    evidence=READ,
)
def tee_zone(call: Call) -> None:
    """A technology is offered in some zones. A zone without it looks like one that is sold out.

    The source shows the code and the text of a zone that is sold out; that a zone without the technology answers so is
    a report of one case (an N2D with SEV-SNP in us-east1-b).
    """
    fact = _FACT_NAMES.get(tee_of(call.body))
    if fact and call.place not in tee_zones(fact):
        raise exhausted(call, machine_name(call.body))
