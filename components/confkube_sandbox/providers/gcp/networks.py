"""Networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import naming, operations
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.rules.values import gce_name, optional_one_of
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_ROUTING = ("routingMode", "bgpBestPathSelectionMode", "bgpAlwaysCompareMed", "bgpInterRegionCost")
_BODY = (
    "autoCreateSubnetworks",
    "description",
    "enableUlaInternalIpv6",
    "internalIpv6Range",
    "mtu",
    "name",
    "networkFirewallPolicyEnforcementOrder",
)
_ORDER = "networkFirewallPolicyEnforcementOrder"


class Network(Compute, token="gcp:compute/network:Network"):
    """``gcp.compute.Network``; services/compute/resource_compute_network.go."""

    noun: ClassVar = "Network"
    title: ClassVar = "ComputeNetwork"
    collection: ClassVar = "networks"
    parameter: ClassVar = "network"
    model: ClassVar = "Network"
    template: ClassVar = "projects/{project}/global/networks/{name}"
    supported: ClassVar = frozenset(
        {*_BODY, *_ROUTING, "deleteBgpAlwaysCompareMed", "deleteDefaultRoutesOnCreate", "deletionPolicy", "project"}
    )
    defaults: ClassVar = {
        "autoCreateSubnetworks": True,
        "deleteBgpAlwaysCompareMed": False,
        "deleteDefaultRoutesOnCreate": False,
        _ORDER: "AFTER_CLASSIC_FIREWALL",
    }
    name: ClassVar = naming.LOWER
    rules: ClassVar = {
        "name": gce_name,
        _ORDER: optional_one_of("BEFORE_CLASSIC_FIREWALL", "AFTER_CLASSIC_FIREWALL"),
        "bgpBestPathSelectionMode": optional_one_of("LEGACY", "STANDARD"),
        "bgpInterRegionCost": optional_one_of("DEFAULT", "ADD_COST_TO_MED"),
        "routingMode": optional_one_of("REGIONAL", "GLOBAL"),
    }
    watched: ClassVar = frozenset({"description", "enableUlaInternalIpv6"})
    computed = frozenset({"gatewayIpv4", "networkId", "numericId", "selfLink", "internalIpv6Range", "mtu", *_ROUTING})

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse to set and to delete a setting at once; the real provider says so when it makes the network."""
        if inputs.get("deleteBgpAlwaysCompareMed") is True and inputs.get("bgpAlwaysCompareMed") is True:
            reason = "Cannot set BgpAlwaysCompareMed to true while DeleteBgpAlwaysCompareMed is also true"
            return [CheckFailure(property="bgpAlwaysCompareMed", reason=reason)]
        return []

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the network; the routes that come with it are deleted where the program wants that."""
        made = super().create_(gcp, inputs)
        if not inputs.get("deleteDefaultRoutesOnCreate"):
            return made
        return Made(id=made.id, then=lambda: self._delete_default_routes(gcp, made.id))

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new network."""
        own = {key: inputs.get(key) for key in _BODY}
        return self.translator(gcp).body(self.model, {**own, "routingConfig": _routing(inputs)})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:
        """Return the outputs."""
        found = self.translator(gcp).outputs(self.model, answer)
        routing = part(found, "routingConfig")
        flags = {key: inputs.get(key, state.get(key, False)) for key in self.defaults if key.startswith("delete")}
        return {
            **flags,
            **{key: found.get(key) for key in ("autoCreateSubnetworks", "mtu", "name", "selfLink", _ORDER)},
            **{key: found.get(key) or "" for key in ("description", "internalIpv6Range")},
            "enableUlaInternalIpv6": bool(found.get("enableUlaInternalIpv6")),
            "gatewayIpv4": answer.get("gatewayIPv4") or "",
            "networkId": answer["id"],
            "numericId": answer["id"],
            "routingMode": routing.get("routingMode") or "",
            "bgpBestPathSelectionMode": routing.get("bgpBestPathSelectionMode") or "",
            "bgpAlwaysCompareMed": bool(routing.get("bgpAlwaysCompareMed")),
            "bgpInterRegionCost": routing.get("bgpInterRegionCost") or "",
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch what differs, in the groups of the real provider."""
        if to.any(*_ROUTING, "deleteBgpAlwaysCompareMed", _ORDER):
            body = {"routingConfig": _routing(to.new), _ORDER: to.new.get(_ORDER)}
            self.edit(gcp, to, "patch", body={key: value for key, value in body.items() if value})
        for key in ("enableUlaInternalIpv6", "mtu"):
            if key in to.keys and to.new.get(key):
                self.edit(gcp, to, "patch", body={key: to.new[key]})

    def _delete_default_routes(self, gcp: Connection, id_: str) -> None:
        network = self.get(gcp, id_)
        if network is None:
            raise CloudError(f"Error finding network in proj: {id_}")
        found = gcp.compute("routes.list", filter=f'(network="{network["selfLink"]}") AND (destRange="0.0.0.0/0")')
        for route in parts(found, "items"):
            try:
                operation = gcp.compute("routes.delete", route=route["name"])
            except ApiError as error:
                raise CloudError(f"Error deleting route: {error}") from None
            operations.wait(gcp, operation, "Deleting Route")


def _routing(inputs: Properties) -> dict[str, Any] | None:
    found = {key: inputs[key] for key in _ROUTING if inputs.get(key)}
    if inputs.get("bgpAlwaysCompareMed") is False:
        found["bgpAlwaysCompareMed"] = False
    return found or None
