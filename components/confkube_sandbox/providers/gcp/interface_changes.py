"""Changing the network interfaces of a living instance.

https://github.com/hashicorp/terraform-provider-google-beta services/compute/resource_compute_instance.go and
services/compute/compute_instance_network_interface_helpers.go at 93c65b2d60fe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links, machines
from confkube_sandbox.providers.gcp.answers import parts

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.gcp.instances import Instance
    from confkube_sandbox.providers.handler import Properties

Nic = dict[str, Any]

_PLACE = ("network", "subnetwork", "subnetworkProject")


def apply(instance: Instance, gcp: Connection, to: Change, live: dict[str, Any]) -> list[int]:
    """Change what can change while the instance runs; return the interfaces that must move while it is stopped."""
    if "networkInterfaces" not in to.keys:
        return []
    wanted = cast("list[Properties]", to.new["networkInterfaces"])
    found = cast("list[Nic]", live["networkInterfaces"])
    if len(wanted) != len(found):
        raise CloudError(f"Instance had unexpected number of network interfaces: {len(found)}")
    changed = [index for index in range(len(wanted)) if to.differs(f"networkInterfaces[{index}].accessConfigs")]
    if changed and live["status"] != "RUNNING":
        raise CloudError(
            'Error to update security policy because the current instance status must be "RUNNING". The security '
            "policy or some access config may have changed which requires the security policy to be re-applied"
        )
    moved: list[int] = []
    for index, nic in enumerate(found):
        path = f"networkInterfaces[{index}]"
        if any(_moves(to, f"{path}.{key}") for key in _PLACE):
            moved.append(index)
            continue
        if index in changed:
            _replace_access(instance, gcp, to, nic, wanted[index])
        _patch_rest(instance, gcp, to, index, wanted[index])
    return moved


def move(instance: Instance, gcp: Connection, to: Change, moved: list[int]) -> None:
    """Put interfaces into other networks while the instance is stopped."""
    for index in moved:
        wanted = cast("Properties", to.new["networkInterfaces"][index])
        nic = _fresh(instance, gcp, to, index)
        access = to.differs(f"networkInterfaces[{index}].accessConfigs")
        body = machines.interface(gcp, instance.translator(gcp), wanted)
        kept = {key: body[key] for key in ("network", "subnetwork", "aliasIpRanges") if key in body}
        if to.differs(f"networkInterfaces[{index}].networkIp") and "networkIP" in body:
            kept["networkIP"] = body["networkIP"]
        if access:
            _delete_access(instance, gcp, to, nic)
        _patch(instance, gcp, to, nic, kept | {"fingerprint": nic["fingerprint"]})
        if access:
            _add_access(instance, gcp, to, nic, wanted)


def _moves(to: Change, path: str) -> bool:
    if not to.differs(path):
        return False
    # What the cloud filled in stays when the program does not name it.
    one, other = to.at(to.old, path), to.at(to.new, path)
    return other is not None and not links.same(one, other)


def _replace_access(instance: Instance, gcp: Connection, to: Change, nic: Nic, wanted: Properties) -> None:
    # Deleted and made anew, as an interface has at most one.
    _delete_access(instance, gcp, to, nic)
    _add_access(instance, gcp, to, nic, wanted)


def _delete_access(instance: Instance, gcp: Connection, to: Change, nic: Nic) -> None:
    for each in parts(nic, "accessConfigs"):
        instance.run(
            gcp,
            "instances.deleteAccessConfig",
            f'error deleting old access_config "{each["name"]}": ',
            "old access_config to delete",
            **instance.target(to.id),
            accessConfig=each["name"],
            networkInterface=nic["name"],
        )


def _add_access(instance: Instance, gcp: Connection, to: Change, nic: Nic, wanted: Properties) -> None:
    for each in parts(wanted, "accessConfigs"):
        instance.run(
            gcp,
            "instances.addAccessConfig",
            'error adding new access_config "": ',
            "new access_config to add",
            **instance.target(to.id),
            networkInterface=nic["name"],
            body=machines.access_config(each),
        )


def _patch_rest(instance: Instance, gcp: Connection, to: Change, index: int, wanted: Properties) -> None:
    path = f"networkInterfaces[{index}]"
    if to.differs(f"{path}.aliasIpRanges"):
        ranges = parts(wanted, "aliasIpRanges")
        before = cast("list[Properties]", to.at(to.old, f"{path}.aliasIpRanges") or [])
        if before:
            # Ranges cannot come and go in one step: what stays first.
            nic = _fresh(instance, gcp, to, index)
            staying = [each for each in before if each in ranges]
            _patch(instance, gcp, to, nic, {"aliasIpRanges": staying, "fingerprint": nic["fingerprint"]})
        nic = _fresh(instance, gcp, to, index)
        _patch(instance, gcp, to, nic, {"aliasIpRanges": ranges, "fingerprint": nic["fingerprint"]})
    for key in ("stackType", "igmpQuery", "ipv6Address", "internalIpv6PrefixLength"):
        if to.differs(f"{path}.{key}") and wanted.get(key):
            nic = _fresh(instance, gcp, to, index)
            _patch(instance, gcp, to, nic, {key: wanted[key], "fingerprint": nic["fingerprint"]})


def _fresh(instance: Instance, gcp: Connection, to: Change, index: int) -> Nic:
    return cast("Nic", gcp.compute("instances.get", **instance.target(to.id))["networkInterfaces"][index])


def _patch(instance: Instance, gcp: Connection, to: Change, nic: Nic, body: dict[str, Any]) -> None:
    instance.run(
        gcp,
        "instances.updateNetworkInterface",
        "Error updating network interface: ",
        "network interface to update",
        **instance.target(to.id),
        networkInterface=nic["name"],
        body=body,
    )
