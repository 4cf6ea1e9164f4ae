"""Cloud Routers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.gcp import links, naming
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.locks import lock
from confkube_sandbox.providers.gcp.rules.values import gce_name, optional_one_of, private_asn
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change, Made
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_BGP = ("asn", "advertiseMode", "advertisedGroups", "advertisedIpRanges", "identifierRange", "keepaliveInterval")


class Router(Compute, token="gcp:compute/router:Router"):
    """``gcp.compute.Router``; services/compute/resource_compute_router.go."""

    noun: ClassVar = "Router"
    title: ClassVar = "ComputeRouter"
    collection: ClassVar = "routers"
    parameter: ClassVar = "router"
    model: ClassVar = "Router"
    template: ClassVar = "projects/{project}/regions/{region}/routers/{name}"
    supported: ClassVar = frozenset(
        {"bgp", "deletionPolicy", "description", "encryptedInterconnectRouter", "name", "network", "project", "region"}
    )
    defaults: ClassVar = {"bgp.advertiseMode": "DEFAULT", "bgp.keepaliveInterval": 20}
    name: ClassVar = naming.LOWER
    rules: ClassVar = {
        "name": gce_name,
        "bgp.asn": private_asn,
        "bgp.advertiseMode": optional_one_of("DEFAULT", "CUSTOM"),
    }
    same: ClassVar = {"network": links.same, "region": links.same}
    sets: ClassVar = frozenset({"bgp.advertisedIpRanges"})
    watched: ClassVar = frozenset({"description"})
    computed = frozenset({"creationTimestamp", "region", "selfLink"})

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse what only the custom mode advertises."""
        bgp = inputs.get("bgp")
        if not isinstance(bgp, dict) or cast("dict[str, Any]", bgp).get("advertiseMode") != "DEFAULT":
            return []
        names = {"advertisedGroups": "advertised_groups", "advertisedIpRanges": "advertised_ip_ranges"}
        return [
            CheckFailure(
                property="",
                reason=f"Error in bgp: {name} cannot be specified when using advertise_mode DEFAULT",
            )
            for key, name in names.items()
            if cast("dict[str, Any]", bgp).get(key)
        ]

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the router, while nobody else changes it."""
        with lock(f"router/{gcp.region}/{inputs['name']}"):
            return super().create_(gcp, inputs)

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new router."""
        own = {key: inputs.get(key) for key in ("bgp", "description", "encryptedInterconnectRouter", "name")}
        network = links.full(gcp, "networks", inputs.get("network"))
        return self.translator(gcp).body(self.model, {**own, "network": network})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:  # noqa: ARG002
        """Return the outputs."""
        found = self.translator(gcp).outputs(self.model, answer)
        bgp = cast("dict[str, Any] | None", found.get("bgp"))
        return {
            **{key: found.get(key) or "" for key in ("creationTimestamp", "description", "network", "selfLink")},
            "bgp": {key: bgp.get(key) for key in _BGP} if bgp else None,
            "encryptedInterconnectRouter": bool(found.get("encryptedInterconnectRouter")),
            "name": found["name"],
            "region": links.name_of(str(found["region"])),
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch the router, while nobody else changes it."""
        if not to.any("bgp", "description"):
            return
        place = self.place(to.id)
        own = {key: to.new.get(key) for key in ("bgp", "description")}
        body = {"bgp": None, "description": "", **self.translator(gcp).body(self.model, own)}
        with lock(f"router/{place['region']}/{place['name']}"):
            self.edit(gcp, to, "patch", body=body)

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Delete the router, while nobody else changes it."""
        place = self.place(id_)
        with lock(f"router/{place['region']}/{place['name']}"):
            super().delete_(gcp, id_, outputs)
