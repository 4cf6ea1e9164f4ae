"""Rules of Microsoft.Network on what is in use and therefore stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call


@rule(
    "network",
    "VirtualNetworks_Delete Subnets_Delete VirtualNetworks_CreateOrUpdate",
    name="network.subnet-in-use",
    source=sources.SUBNET_USED,
    date=sources.SEEN,
    evidence=READ,
)
def subnet_in_use(call: Call) -> None:
    """A subnet with something in it is not deleted, neither alone nor with its network."""
    if call.existing is None:
        return
    going = [call.existing] if call.kind.type == links.SUBNET else call.memory.children(call.existing, links.SUBNET)
    if call.method in {"PUT", "PATCH"}:
        if "subnets" not in call.properties:
            return
        kept = {str(each.get("name", "")).lower() for each in call.properties["subnets"]}
        going = [each for each in going if each.name.lower() not in kept]
    for subnet in going:
        users = links.subnet_users(call.memory, subnet.id)
        if users:
            text = (
                f"Subnet {subnet.name} is in use by {users[0]} and cannot be deleted. In order to delete the subnet, "
                "delete all the resources within the subnet. See aka.ms/deletesubnet."
            )
            raise ArmError("InUseSubnetCannotBeDeleted", text)


@rule(
    "network",
    "NetworkSecurityGroups_Delete",
    name="network.security-group-in-use",
    source=sources.GROUP_IN_USE,
    date=sources.SEEN,
    evidence=READ,
)
def security_group_in_use(call: Call) -> None:
    """A security group that is applied to something is not deleted."""
    if call.existing is None:
        return
    subnets, cards = links.group_users(call.memory, call.existing.id)
    if subnets or cards:
        text = (
            f"Network security group {call.existing.id} cannot be deleted because it is in use by the following "
            f"resources: {', '.join([*subnets, *cards])}. In order to delete the Network security group, remove the "
            "association with the resource(s). To learn how to do this, see aka.ms/deletensg."
        )
        raise ArmError("InUseNetworkSecurityGroupCannotBeDeleted", text)


@rule(
    "network",
    "PublicIPAddresses_Delete",
    name="network.address-in-use",
    source=sources.ADDRESS_USED,
    date=sources.SEEN,
    evidence=READ,
)
def address_in_use(call: Call) -> None:
    """A public address that is allocated to something is not deleted."""
    user = links.address_user(call.memory, call.id)
    if call.existing is not None and user:
        text = (
            f"Public IP address {call.existing.id} can not be deleted since it is still allocated to resource {user}. "
            "In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn "
            "how to do this, see aka.ms/deletepublicip."
        )
        raise ArmError("PublicIPAddressCannotBeDeleted", text)


@rule(
    "network", "NatGateways_Delete", name="network.nat-in-use", source=sources.NAT, date=sources.SEEN, evidence=RECALLED
)
def nat_in_use(call: Call) -> None:
    """A NAT gateway that a subnet uses is not deleted."""
    users = links.nat_users(call.memory, call.id)
    if call.existing is not None and users:
        text = f"Nat gateway {call.existing.name} is in use by {', '.join(users)} and cannot be deleted."
        raise ArmError("InUseNatGatewayCannotBeDeleted", text)


@rule(
    "network",
    "NetworkInterfaces_Delete",
    name="network.interface-in-use",
    source=sources.NIC_USED,
    date=sources.SEEN,
    evidence=READ,
)
def interface_in_use(call: Call) -> None:
    """A network interface that is attached to a machine is not deleted."""
    machine = links.machine_of(call.memory, call.id)
    if call.existing is not None and machine is not None:
        text = (
            f"Network Interface {call.existing.id} is used by existing resource {machine.id}. In order to delete the "
            "network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic."
        )
        raise ArmError("NicInUse", text)


@rule(
    "network",
    "NetworkInterfaces_Delete",
    name="network.interface-reserved",
    source=sources.NIC_RESERVED,
    date=sources.SEEN,
    evidence=READ,
)
def interface_reserved(call: Call) -> None:
    """A machine that could not be made holds its interfaces for three minutes."""
    refuse_reserved(call, [call.id], "")


def refuse_reserved(call: Call, interfaces: list[str], machine: str) -> None:
    """Refuse interfaces that are reserved for another machine."""
    for each in interfaces:
        holder, until = call.memory.reserved.get(ids.key(each), ("", call.now))
        if holder and until > call.now and ids.key(holder) != ids.key(machine):
            text = (
                "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another "
                f"nic(s) or retry after 180 seconds. Reserved VM: {holder}"
            )
            raise ArmError("NicReservedForAnotherVm", text)
