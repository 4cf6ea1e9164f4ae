"""NAT of a Cloud Router: an entry in the router's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links, naming, operations
from confkube_sandbox.providers.gcp.answers import parts, words
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.gcp.locks import lock
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.rules.values import optional_one_of, rfc1035_name
from confkube_sandbox.providers.gcp.translate import Translator
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_MODEL = "RouterNat"
_DEFAULTS = {
    "icmpIdleTimeoutSec": 30,
    "tcpEstablishedIdleTimeoutSec": 1200,
    "tcpTimeWaitTimeoutSec": 120,
    "tcpTransitoryIdleTimeoutSec": 30,
    "udpIdleTimeoutSec": 30,
}
_FIXED = ("endpointTypes", "name", "type")
_CHANGEABLE = (
    *_DEFAULTS,
    "autoNetworkTier",
    "enableDynamicPortAllocation",
    "enableEndpointIndependentMapping",
    "logConfig",
    "maxPortsPerVm",
    "minPortsPerVm",
    "natIpAllocateOption",
    "natIps",
    "sourceSubnetworkIpRangesToNat",
    "subnetworks",
)


class RouterNat(Resource, token="gcp:compute/routerNat:RouterNat"):
    """``gcp.compute.RouterNat``; services/compute/resource_compute_router_nat.go."""

    title: ClassVar = "ComputeRouterNat"
    template: ClassVar = "{project}/{region}/{router}/{name}"
    supported: ClassVar = frozenset({*_CHANGEABLE, *_FIXED, "deletionPolicy", "project", "region", "router"})
    defaults: ClassVar = {**_DEFAULTS, "type": "PUBLIC"}
    name: ClassVar = naming.LOWER
    rules: ClassVar = {
        "name": rfc1035_name(2, 63),
        "sourceSubnetworkIpRangesToNat": one_of(
            "ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES", "LIST_OF_SUBNETWORKS"
        ),
        "natIpAllocateOption": optional_one_of("MANUAL_ONLY", "AUTO_ONLY"),
        "autoNetworkTier": optional_one_of("PREMIUM", "STANDARD"),
        "type": optional_one_of("PUBLIC", "PRIVATE"),
        "logConfig.filter": one_of("ERRORS_ONLY", "TRANSLATIONS_ONLY", "ALL"),
    }
    same: ClassVar = {
        "router": links.same,
        "region": links.same,
        "natIps[*]": links.same,
        "subnetworks[*].name": links.same,
    }
    sets: ClassVar = frozenset({"natIps", "subnetworks"})
    watched: ClassVar = frozenset({"logConfig", "maxPortsPerVm", "subnetworks"})
    computed = frozenset(
        {
            "autoNetworkTier",
            "enableDynamicPortAllocation",
            "enableEndpointIndependentMapping",
            "endpointTypes",
            "minPortsPerVm",
            "natIps",
            "region",
        }
    )

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Add the entry to its router."""
        router = links.name_of(inputs["router"])
        with lock(f"router/{gcp.region}/{router}"):
            nats = self._nats(gcp, router)
            if any(each["name"] == inputs["name"] for each in nats):
                found = next(each for each in nats if each["name"] == inputs["name"])
                raise CloudError(f"Unable to create RouterNat, existing object already found: {found}")
            self._set(gcp, router, [*nats, self._body(gcp, inputs)], "Error creating RouterNat: ", "Creating")
        return Made(id=self.template.format(project=gcp.project, region=gcp.region, router=router, name=inputs["name"]))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:  # noqa: ARG002
        """Look for the entry in its router."""
        place = self.place(id_)
        answer = self._entry(gcp.at(place), place, id_)
        if answer is None:
            return None
        found = Translator(gcp.world.api.schemas("compute")).outputs(_MODEL, answer)
        texts = ("autoNetworkTier", "natIpAllocateOption", "sourceSubnetworkIpRangesToNat", "type")
        return {
            **{key: found.get(key) or "" for key in texts},
            **{key: found.get(key) or standard for key, standard in _DEFAULTS.items()},
            "enableDynamicPortAllocation": bool(found.get("enableDynamicPortAllocation")),
            "enableEndpointIndependentMapping": bool(found.get("enableEndpointIndependentMapping")),
            "endpointTypes": found.get("endpointTypes") or [],
            "logConfig": found.get("logConfig"),
            "maxPortsPerVm": found.get("maxPortsPerVm") or 0,
            "minPortsPerVm": found.get("minPortsPerVm") or 0,
            "name": found["name"],
            "natIps": found.get("natIps") or [],
            "project": place["project"],
            "region": place["region"],
            "router": place["router"],
            "subnetworks": found.get("subnetworks") or [],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Replace the entry in its router."""
        if not to.any(*_CHANGEABLE):
            return
        place, refused = self.place(to.id), f'Error updating RouterNat "{to.id}": '
        with lock(f"router/{place['region']}/{place['router']}"):
            nats = self._nats(gcp, place["router"])
            old = next((each for each in nats if each["name"] == place["name"]), None)
            if old is None:
                raise CloudError(f'Unable to update RouterNat "{to.id}" - not found in list')
            # What this resource does not manage stays as it is.
            body = {key: value for key, value in old.items() if key not in _CHANGEABLE} | self._body(gcp, to.new)
            nats[nats.index(old)] = body | {key: old[key] for key in _FIXED if key in old}
            self._set(gcp, place["router"], nats, refused, "Updating")

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Take the entry out of its router; one that is gone, or whose router is, is a success."""
        place = self.place(id_)
        with lock(f"router/{place['region']}/{place['router']}"):
            try:
                nats = self._listed(gcp, place["router"])
            except ApiError as error:
                if error.status == 404:
                    return
                raise CloudError(f"Error when reading or editing RouterNat: {error}") from None
            staying = [each for each in nats if each["name"] != place["name"]]
            if len(staying) < len(nats):
                self._set(gcp, place["router"], staying, "Error when reading or editing RouterNat: ", "Deleting")

    def _body(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        own = {key: inputs.get(key) for key in (*_CHANGEABLE, *_FIXED)}
        own["natIps"] = [links.full(gcp, "addresses", each, "region") for each in words(inputs, "natIps")]
        own["subnetworks"] = [
            {**each, "name": links.full(gcp, "subnetworks", each["name"], "region")}
            for each in parts(inputs, "subnetworks")
        ]
        return Translator(gcp.world.api.schemas("compute")).body(_MODEL, own)

    def _entry(self, gcp: Connection, place: Properties, id_: str) -> dict[str, Any] | None:
        try:
            nats = self._listed(gcp, place["router"])
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f'Error when reading or editing {self.title} "{id_}": {error}') from None
        return next((each for each in nats if each["name"] == place["name"]), None)

    def _listed(self, gcp: Connection, router: str) -> list[dict[str, Any]]:
        answer = gcp.compute("routers.get", region=gcp.region, router=router)
        return parts(answer, "nats")

    def _nats(self, gcp: Connection, router: str) -> list[dict[str, Any]]:
        try:
            return self._listed(gcp, router)
        except ApiError as error:
            raise CloudError(str(error), error.reason) from None

    def _set(self, gcp: Connection, router: str, nats: list[dict[str, Any]], refused: str, doing: str) -> None:
        try:
            operation = gcp.compute("routers.patch", region=gcp.region, router=router, body={"nats": nats})
        except ApiError as error:
            raise CloudError(f"{refused}{error}", error.reason) from None
        try:
            operations.wait(gcp, operation, f"{doing} RouterNat")
        except (OperationError, CloudError) as error:
            waiting = "Error waiting to create RouterNat: " if doing == "Creating" else ""
            raise CloudError(f"{waiting}{error}") from None
