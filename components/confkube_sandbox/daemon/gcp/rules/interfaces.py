"""Rules of network interfaces: networks, addresses, drivers."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.compute.building import subnetwork_of
from confkube_sandbox.daemon.gcp.compute.instance_changes import interface
from confkube_sandbox.daemon.gcp.compute.placing import address_users, is_reserved, taken_in
from confkube_sandbox.daemon.gcp.errors import OperationError, bad_request, invalid
from confkube_sandbox.daemon.gcp.rules.machines import BOTH
from confkube_sandbox.daemon.gcp.rules.marks import machine
from confkube_sandbox.daemon.gcp.rules.sources import INSTANCES, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call


def _nics(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    body, path = machine(call)
    for index, each in enumerate(body.get("networkInterfaces", [])):
        yield f"{path}.networkInterfaces[{index}]", each


@rule(
    "compute",
    BOTH,
    name="compute.interface-count",
    source="https://github.com/googleapis/google-cloud-java/issues/915",
    date=SEEN,
    evidence=RECALLED,
)
def count(call: Call) -> None:
    """A machine has at least one interface."""
    if not list(_nics(call)):
        path = machine(call)[1]
        raise invalid(f"{path}.networkInterfaces", [], "At least one network interface is required.")


@rule(
    "compute",
    BOTH,
    name="compute.interface-references",
    source="https://github.com/hashicorp/terraform-provider-google/issues/2140",
    date=SEEN,
    evidence=READ,
)
def references(call: Call) -> None:
    """Network and subnetwork of an interface are there."""
    for path, nic in _nics(call):
        for name, collection in (("network", "networks"), ("subnetwork", "subnetworks")):
            if nic.get(name):
                call.refer(nic[name], collection, f"{path}.{name}")


@rule(
    "compute",
    BOTH,
    name="compute.interface-ready",
    source="https://github.com/GoogleCloudPlatform/gke-migration-to-containers/issues/63",
    date=SEEN,
    evidence=READ,
)
def ready(call: Call) -> None:
    """A subnetwork can be used once the operation that makes it has ended."""
    for _, nic in _nics(call):
        for name in ("network", "subnetwork"):
            if nic.get(name):
                call.require_ready(call.key_of(nic[name]))


@rule(
    "compute",
    BOTH,
    name="compute.interface-custom-mode",
    source="https://github.com/GoogleCloudDataproc/bdutil/issues/108",
    date=SEEN,
    evidence=READ,
)
def custom_mode(call: Call) -> None:
    """A network in custom mode does not say in which subnetwork a machine belongs."""
    for path, nic in _nics(call):
        if not nic.get("subnetwork"):
            if not nic.get("network"):
                raise invalid(path, {}, "At least one of network or subnetwork should be specified.")
            raise invalid(path, {}, "Subnetwork should be specified for custom subnetmode network")


@rule(
    "compute",
    BOTH,
    name="compute.interface-network",
    source="https://github.com/hashicorp/terraform-provider-google/issues/7895",
    date=SEEN,
    evidence=READ,
)
def same_network(call: Call) -> None:
    """A subnetwork that stands with a network belongs to it."""
    for _, nic in _nics(call):
        if not nic.get("network") or not nic.get("subnetwork"):
            continue
        key = call.key_of(nic["subnetwork"])
        if call.get(key)["network"] != call.normal(nic["network"]):
            short = addresses.short(call.project.id, key)
            raise bad_request(f'Subnetwork "{short}" is not valid for Network "{call.key_of(nic["network"]).name}".')


@rule("compute", "instances.insert", name="compute.interface-region", source=INSTANCES, date=WRITTEN, evidence=RECALLED)
def same_region(call: Call) -> None:
    """A subnetwork lies in the region of the machine."""
    region = addresses.region_of(call.place)
    for path, nic in _nics(call):
        if call.key_of(nic["subnetwork"]).place != region:
            why = f"Subnetwork must be in the same region ({region}) as the instance."
            raise invalid(f"{path}.subnetwork", nic["subnetwork"], why)


@rule(
    "compute",
    "instances.insert",
    name="compute.private-address",
    source="https://github.com/ansible/ansible/issues/51325",
    date=SEEN,
    evidence=READ,
)
def private_address(call: Call) -> None:
    """A chosen private address lies in the subnetwork.

    The source shows the sentence; which field it is said of is recalled, and so are the words for a reserved address.
    """
    for path, nic in _nics(call):
        text = nic.get("networkIP", "")
        if not text or addresses.parse(text):
            continue
        block = ipaddress.IPv4Network(call.get(subnetwork_of(call, nic))["ipCidrRange"])
        try:
            address = ipaddress.IPv4Address(text)
        except ValueError:
            raise invalid(f"{path}.networkIP", text, "Must be a valid IPV4 address.") from None
        if address not in block:
            raise invalid(f"{path}.networkIP", text, "Requested internal IP is outside the subnetwork CIDR range.")
        if is_reserved(block, address):
            raise invalid(f"{path}.networkIP", text, "Requested internal IP address is reserved by the subnetwork.")


@rule(
    "compute",
    "instances.insert",
    name="compute.private-address-in-use",
    source="https://github.com/F5Networks/f5-google-gdm-templates/issues/78",
    date=SEEN,
    evidence=READ,
)
def private_address_in_use(call: Call) -> None:
    """A private address is used once; the operation finds out. A reserved one is named by itself or by its number."""
    for _, nic in _nics(call):
        text = nic.get("networkIP", "")
        subnetwork = subnetwork_of(call, nic)
        found = addresses.parse(text) if text else None
        reserved = call.project.held.get(found[1]) if found else None
        wanted = str(reserved["address"]) if reserved else text
        if not wanted or wanted not in taken_in(call, subnetwork):
            continue
        own = [
            each
            for _, each in call.held("addresses")
            if each["address"] == wanted and each.get("subnetwork") == call.link(subnetwork)
        ]
        if not own or address_users(call, own[0]):
            text = f"IP '{wanted}' is already being used by another resource."
            raise OperationError("IP_IN_USE_BY_ANOTHER_RESOURCE", text)


@rule("compute", "instances.addAccessConfig instances.deleteAccessConfig", name="compute.interface-exists",
      source=INSTANCES, date=WRITTEN, evidence=RECALLED)  # fmt: skip
def interface_exists(call: Call) -> None:
    """The interface that gets or loses an address is there, and so is the address."""
    held = call.target("instances", "instance")[1]
    name = call.query.get("networkInterface", "")
    nics = [each for each in held["networkInterfaces"] if each["name"] == name]
    if not nics:
        raise invalid("networkInterface", name, f"The network interface '{name}' does not exist.")
    if call.operation == "instances.deleteAccessConfig":
        wanted = call.query.get("accessConfig", "")
        if wanted not in {each["name"] for each in nics[0].get("accessConfigs", [])}:
            text = f"Instance does not have an access config named '{wanted}' on network interface '{name}'."
            raise invalid("accessConfig", wanted, text)


@rule(
    "compute",
    "instances.insert instances.addAccessConfig",
    name="compute.access-config-count",
    source="https://github.com/terraform-google-modules/terraform-google-vm/pull/111",
    date=SEEN,
    evidence=READ,
)
def access_config_count(call: Call) -> None:
    """An interface has at most one public address.

    https://github.com/googleapis/google-cloud-java/issues/916 shows the words for a new machine.
    """
    if call.operation == "instances.addAccessConfig":
        held = call.target("instances", "instance")[1]
        if interface(held, call.query["networkInterface"]).get("accessConfigs"):
            raise bad_request("At most one access config currently supported.")
        return
    for path, nic in _nics(call):
        if len(nic.get("accessConfigs", [])) > 1:
            raise invalid(path, {}, "Multiple access configs are not supported.")


@rule(
    "compute",
    "instances.insert instances.addAccessConfig",
    name="compute.access-config-address",
    source="https://github.com/hashicorp/terraform-provider-google/issues/435",
    date=SEEN,
    evidence=READ,
)
def access_config_address(call: Call) -> None:
    """A chosen public address is one that is reserved in the region, and that nothing uses.

    The words for one in use are recalled.
    """
    region = addresses.region_of(call.place)
    given = [("resource", call.body)]
    if call.operation == "instances.insert":
        given = [
            (f"{path}.accessConfigs[{index}]", each)
            for path, nic in _nics(call)
            for index, each in enumerate(nic.get("accessConfigs", []))
        ]
    for path, each in given:
        wanted = each.get("natIP")
        if not wanted:
            continue
        found = [held for _, held in call.held("addresses", region) if held["address"] == wanted]
        if not found or found[0]["addressType"] != "EXTERNAL":
            why = f"The specified external IP address '{wanted}' was not found in region '{region}'."
            raise invalid(f"{path}.natIP", wanted, why)
        if address_users(call, found[0]):
            raise invalid(f"{path}.natIP", wanted, f"External IP address: {wanted} is already in-use.")


@rule("compute", "instances.insert", name="compute.gvnic-image", source=INSTANCES, date=WRITTEN, evidence=RECALLED)
def gvnic_image(call: Call) -> None:
    """GVNIC needs an image that says it has the driver; C3 and C4 have no other interface, and so have CVMs."""
    image = images.booted(call, call.body)
    if image is None or any(each["type"] == "GVNIC" for each in image["guestOsFeatures"]):
        return
    for path, nic in _nics(call):
        if nic.get("nicType") == "GVNIC":
            text = "The image does not have the GVNIC guest OS feature."
            raise invalid(f"{path}.nicType", "GVNIC", text)
