"""Subnetworks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.gcp import links, naming
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.rules.values import cidr, gce_name, optional_one_of
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import CheckFailure, Context, Properties

_BODY = (
    "description",
    "ipCidrRange",
    "ipv6AccessType",
    "name",
    "privateIpGoogleAccess",
    "privateIpv6GoogleAccess",
    "purpose",
    "resolveSubnetMask",
    "role",
    "secondaryIpRanges",
    "stackType",
)
_TOGETHER = ("privateIpv6GoogleAccess", "stackType", "ipv6AccessType")
_INTERVALS = tuple(f"INTERVAL_{each}" for each in ("5_SEC", "30_SEC", "1_MIN", "5_MIN", "10_MIN", "15_MIN"))
_MASKS = ("ARP_ALL_RANGES", "ARP_PRIMARY_RANGE", "ARP_BROADCAST_PRIMARY_RANGE")
_LOG = ("aggregationInterval", "flowSampling", "metadata", "filterExpr")


class Subnetwork(Compute, token="gcp:compute/subnetwork:Subnetwork"):
    """``gcp.compute.Subnetwork``; services/compute/resource_compute_subnetwork.go."""

    noun: ClassVar = "Subnetwork"
    title: ClassVar = "ComputeSubnetwork"
    collection: ClassVar = "subnetworks"
    parameter: ClassVar = "subnetwork"
    model: ClassVar = "Subnetwork"
    template: ClassVar = "projects/{project}/regions/{region}/subnetworks/{name}"
    supported: ClassVar = frozenset(
        {*_BODY, "deletionPolicy", "logConfig", "network", "project", "region", "sendSecondaryIpRangeIfEmpty"}
    )
    defaults: ClassVar = {
        "logConfig.aggregationInterval": _INTERVALS[0],
        "logConfig.filterExpr": "true",
        "logConfig.flowSampling": 0.5,
        "logConfig.metadata": "INCLUDE_ALL_METADATA",
    }
    name: ClassVar = naming.LOWER
    rules: ClassVar = {
        "name": gce_name,
        "ipCidrRange": cidr,
        "ipv6AccessType": optional_one_of("EXTERNAL", "INTERNAL"),
        "logConfig.aggregationInterval": optional_one_of(*_INTERVALS),
        "logConfig.metadata": optional_one_of("EXCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA", "CUSTOM_METADATA"),
        "resolveSubnetMask": optional_one_of(*_MASKS, "ARP_BROADCAST_PRIMARY_RANGE_WITH_LEARNING"),
        "role": optional_one_of("ACTIVE", "BACKUP"),
        "secondaryIpRanges.*.rangeName": gce_name,
        "secondaryIpRanges.*.ipCidrRange": cidr,
        "stackType": optional_one_of("IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY"),
    }
    some: ClassVar = (tuple(f"logConfig.{key}" for key in _LOG),)
    same: ClassVar = {"network": links.same, "region": links.same}
    sets: ClassVar = frozenset({"logConfig.metadataFields"})
    watched: ClassVar = frozenset({"description", "logConfig"})
    computed = frozenset(
        {
            "creationTimestamp",
            "fingerprint",
            "gatewayAddress",
            "ipCidrRange",
            "ipv6CidrRange",
            "ipv6GceEndpoint",
            "privateIpGoogleAccess",
            "privateIpv6GoogleAccess",
            "purpose",
            "region",
            "secondaryIpRanges",
            "selfLink",
            "stackType",
            "state",
            "subnetworkId",
        }
    )

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Take ranges that are left out for an empty list where the program says so."""
        filled, failures = super().check(inputs, old, ctx)
        if filled.get("sendSecondaryIpRangeIfEmpty") is True and old.get("secondaryIpRanges"):
            empty: Properties = {"secondaryIpRanges": []}
            filled = empty | filled
        return filled, failures

    def forced(self, new: Properties, outputs: Properties, ctx: Context) -> frozenset[str]:  # noqa: ARG002
        """A range can grow; one that does not contain the old one needs a new subnetwork (IsShrinkageIpCidr)."""
        before, after = outputs.get("ipCidrRange"), new.get("ipCidrRange")
        if not before or after in (None, UNKNOWN, before):
            return frozenset()
        try:
            grown = _network(before).subnet_of(_network(after))
        except (ValueError, TypeError):
            return frozenset()
        return frozenset() if grown else frozenset({"ipCidrRange"})

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new subnetwork."""
        own = {key: inputs.get(key) for key in _BODY}
        network = links.full(gcp, "networks", inputs["network"])
        body = self.translator(gcp).body(self.model, {**own, "network": network})
        return body | ({"logConfig": _log_config(inputs)} if inputs.get("logConfig") else {})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:
        """Return the outputs."""
        found = self.translator(gcp).outputs(self.model, answer)
        texts = (*_BODY, "creationTimestamp", "fingerprint", "gatewayAddress", "ipv6CidrRange", "ipv6GceEndpoint")
        kept = {key: state.get(key) for key in ("resolveSubnetMask",) if not found.get(key)}
        log = part(found, "logConfig")
        return {
            **{key: found.get(key) or "" for key in (*texts, "selfLink", "state", "network")},
            **kept,
            "logConfig": {key: log.get(key) for key in (*_LOG, "metadataFields")} if log.get("enable") else None,
            "privateIpGoogleAccess": bool(found.get("privateIpGoogleAccess")),
            "region": links.name_of(str(found["region"])),
            "secondaryIpRanges": found.get("secondaryIpRanges") or [],
            "sendSecondaryIpRangeIfEmpty": inputs.get("sendSecondaryIpRangeIfEmpty"),
            "subnetworkId": int(answer["id"]),
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Change what differs with the method that each property has."""
        if "ipCidrRange" in to.keys:
            self.edit(gcp, to, "expandIpCidrRange", body={"ipCidrRange": to.new["ipCidrRange"]})
        if "privateIpGoogleAccess" in to.keys:
            wanted = bool(to.new.get("privateIpGoogleAccess"))
            self.edit(gcp, to, "setPrivateIpGoogleAccess", body={"privateIpGoogleAccess": wanted})
        if to.any(*_TOGETHER):
            self._patch(gcp, to, {key: to.new.get(key) for key in _TOGETHER})
        if "logConfig" in to.keys:
            self._patch(gcp, to, {"logConfig": _log_config(to.new)})
        for key in ("purpose", "role"):
            if key in to.keys:
                self._patch(gcp, to, {key: to.new.get(key)})
        if "secondaryIpRanges" in to.keys:
            self._change_ranges(gcp, to)

    def _change_ranges(self, gcp: Connection, to: Change) -> None:
        before = parts(to.old, "secondaryIpRanges")
        after = parts(to.new, "secondaryIpRanges")
        # A range cannot be changed: what goes is removed first, so that its name and addresses are free.
        staying = [each for each in before if each in after]
        if len(staying) < len(before):
            self._patch(gcp, to, {"secondaryIpRanges": staying})
        if staying != after:
            self._patch(gcp, to, {"secondaryIpRanges": after})

    def _patch(self, gcp: Connection, to: Change, values: dict[str, Any]) -> None:
        live = self.get(gcp, to.id) or {}
        body = {key: value for key, value in values.items() if value not in (None, "")}
        self.edit(gcp, to, "patch", body={**body, "fingerprint": live.get("fingerprint")})


def _log_config(inputs: Properties) -> dict[str, Any]:
    log = cast("dict[str, Any] | None", inputs.get("logConfig"))
    if not log:
        return {"enable": False}
    return {"enable": True, **{key: log[key] for key in (*_LOG, "metadataFields") if log.get(key) is not None}}


def _network(text: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(text, strict=False)
