"""Static addresses of a region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.gcp import links, naming, operations
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.rules.values import gce_name, optional_one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_TEXTS = ("address", "description", "ipVersion", "ipv6EndpointType", "networkTier", "purpose")


def _same_version(old: object, new: object) -> bool:
    """``EmptyOrDefaultStringSuppress("IPV4")``."""
    return (old or "IPV4") == (new or "IPV4")


class Address(Compute, token="gcp:compute/address:Address"):
    """``gcp.compute.Address``; services/compute/resource_compute_address.go."""

    noun: ClassVar = "Address"
    title: ClassVar = "ComputeAddress"
    collection: ClassVar = "addresses"
    parameter: ClassVar = "address"
    model: ClassVar = "Address"
    template: ClassVar = "projects/{project}/regions/{region}/addresses/{name}"
    supported: ClassVar = frozenset(
        {
            *_TEXTS,
            "addressType",
            "deletionPolicy",
            "labels",
            "name",
            "network",
            "prefixLength",
            "project",
            "region",
            "subnetwork",
        }
    )
    defaults: ClassVar = {"addressType": "EXTERNAL"}
    name: ClassVar = naming.ANY
    labelled: ClassVar = True
    rules: ClassVar = {
        "name": gce_name,
        "addressType": optional_one_of("INTERNAL", "EXTERNAL"),
        "ipVersion": optional_one_of("IPV4", "IPV6"),
        "ipv6EndpointType": optional_one_of("VM", "NETLB"),
        "networkTier": optional_one_of("PREMIUM", "STANDARD"),
    }
    same: ClassVar = {
        "network": links.same,
        "region": links.same,
        "subnetwork": links.same,
        "ipVersion": _same_version,
    }
    watched: ClassVar = frozenset({"description"})
    computed = frozenset(
        {
            "address",
            "addressId",
            "creationTimestamp",
            "labelFingerprint",
            "networkTier",
            "prefixLength",
            "purpose",
            "region",
            "selfLink",
            "subnetwork",
            "users",
        }
    )

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new address."""
        own = {key: inputs.get(key) for key in (*_TEXTS, "addressType", "name", "prefixLength")}
        network = links.full(gcp, "networks", inputs.get("network"))
        subnetwork = links.full(gcp, "subnetworks", inputs.get("subnetwork"), "region")
        body = self.translator(gcp).body(self.model, {**own, "network": network, "subnetwork": subnetwork})
        labels = inputs.get("effectiveLabels")
        return body | ({"labels": labels} if labels else {})

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:  # noqa: ARG002
        """Return the outputs."""
        found = self.translator(gcp).outputs(self.model, answer)
        texts = (*_TEXTS, "creationTimestamp", "labelFingerprint", "network", "selfLink", "subnetwork")
        return {
            **{key: found.get(key) or "" for key in texts},
            "addressId": int(answer["id"]),
            "addressType": found.get("addressType") or "EXTERNAL",
            "labels": answer.get("labels"),
            "name": found["name"],
            "prefixLength": found.get("prefixLength") or 0,
            "region": links.name_of(str(found["region"])),
            "users": found.get("users") or [],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Set the labels, with the fingerprint that the state has."""
        if "labels" not in to.keys and to.labels == to.state.get("effectiveLabels"):
            return
        place = {"region": self.place(to.id)["region"], "resource": self.place(to.id)["name"]}
        body = {"labels": to.labels, "labelFingerprint": to.state.get("labelFingerprint")}
        text = f'Error updating {self.noun} "{to.id}": '
        operation = self.started(text, lambda: gcp.compute("addresses.setLabels", body=body, **place))
        operations.wait(gcp, operation, "Updating Address")
