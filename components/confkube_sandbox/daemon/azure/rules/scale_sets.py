"""Rules of Microsoft.Compute on scale sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import references, sources, spec
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call


@rule("compute", spec.SETS, name="compute.set-network", source=sources.REFERENCE, date=sources.SEEN, evidence=READ)
def set_network(call: Call) -> None:
    """Subnets and security groups of a scale set exist in its region."""
    for card in links.set_interfaces(call.body):
        paths = ("properties.ipConfigurations[].properties.subnet", "properties.networkSecurityGroup")
        for path in paths:
            for given in links.references(card, path):
                owner = call.memory.get("/".join(given.split("/")[:9]))
                if call.memory.get(given) is None or owner is None or owner.location != call.location:
                    raise references.not_found(given, call.id)


@rule("compute", spec.SETS, name="compute.set-interfaces", source=sources.SET_API, date=sources.SEEN, evidence=RECALLED)
def set_interfaces(call: Call) -> None:
    """A scale set has network interfaces, exactly one of them primary, each with a subnet."""
    cards = links.set_interfaces(call.body)
    primary = [each for each in cards if ids.at(each, "properties.primary")]
    if not cards or len(primary) != 1:
        text = f"Virtual machine scale set {call.id} must have exactly one primary network interface configuration."
        raise ArmError("VmScaleSetMustHaveOnePrimaryNetworkInterface", text)
    for card in cards:
        found = ids.rows(card, "properties.ipConfigurations")
        if not found or not all(ids.at(each, "properties.subnet.id") for each in found):
            text = f"Network interface configuration {card.get('name')} of scale set {call.id} must reference a subnet."
            raise ArmError("InvalidParameter", text, target="networkProfile")


@rule(
    "compute", spec.SETS, name="compute.set-orchestration", source=sources.SET_API, date=sources.SEEN, evidence=RECALLED
)
def set_orchestration(call: Call) -> None:
    """Scale sets with flexible orchestration are not served."""
    if call.properties.get("orchestrationMode", "Uniform") != "Uniform":
        text = "The value 'Flexible' of parameter 'orchestrationMode' is not supported."
        raise ArmError("InvalidParameter", text, target="orchestrationMode")


@rule(
    "compute",
    spec.SETS,
    name="compute.set-upgrade-policy",
    source=sources.UPGRADE_POLICY,
    date=sources.SEEN,
    evidence=READ,
)
def set_upgrade_policy(call: Call) -> None:
    """A uniform scale set says how it is upgraded."""
    for missing in ("upgradePolicy", "upgradePolicy.mode"):
        if call.at(f"properties.{missing}") is None:
            text = f"Required parameter '{missing}' is missing (null)."
            raise ArmError("InvalidParameter", text, target=missing)


@rule("compute", spec.SETS, name="compute.set-capacity", source=sources.SET_API, date=sources.SEEN, evidence=RECALLED)
def set_capacity(call: Call) -> None:
    """A scale set has no more machines than its kind can hold."""
    wanted = call.at("sku.capacity")
    most = 100 if call.properties.get("singlePlacementGroup", True) else 1000
    if isinstance(wanted, int) and not 0 <= wanted <= most:
        text = f"The value of parameter 'sku.capacity' is invalid: {wanted}. The value must be between 0 and {most}."
        raise ArmError("InvalidParameter", text, target="sku.capacity")
