"""NAT gateways that take time and have an address of their subnet; interfaces without an empty association."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend

from confkube_sandbox.daemon.aws import context, states

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_create = NatGatewayBackend.create_nat_gateway
_interface: Any = NetworkInterface
_association: Any = _interface.association.fget


def install() -> None:
    """Repair NAT gateways and network interfaces."""
    _interface.association = property(_shown_association)
    address: Any = ElasticAddress
    address.instance_id = property(_instance_behind)
    EC2Backend.create_nat_gateway = _create_nat_gateway
    EC2Backend.delete_nat_gateway = _delete_nat_gateway


def _instance_behind(self: Any) -> str:  # noqa: ANN401
    """EC2 names the instance also where the address belongs to one of its interfaces."""
    instance = self.instance or (self.eni.instance if self.eni else None)
    return instance.id if instance else ""


def _shown_association(self: Any) -> dict[str, Any] | None:  # noqa: ANN401
    return _association(self) or None


def _create_nat_gateway(self: Any, *args: Any, **kwargs: Any) -> NatGateway:  # noqa: ANN401
    call = context.current()
    taken = _taken(call)
    if taken:
        kwargs["allocation_id"] = None
    gateway: Any = _create(self, *args, **kwargs)
    gateway.address_set[0].update(taken)
    interface = gateway._eni  # noqa: SLF001
    address = interface.subnet.get_available_subnet_ip(interface)
    interface.private_ip_address = address
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    interface.description = f"Interface for NAT Gateway {gateway.id}"
    interface.interface_type = "nat_gateway"
    interface.status = "in-use"
    interface.requester_managed = True
    gateway.private_ip = gateway.address_set[0]["privateIp"] = address
    gateway.state = "pending"
    gateway.failure_code = gateway.failure_message = None
    gateway.connectivity_type = call.params.get("ConnectivityType", "public")
    gateway.address_set[0].update({"isPrimary": True, "status": "succeeded"})
    gateway.fault = _fault(gateway, taken)
    states.schedule(call, gateway.id, "failed" if gateway.fault else "available", "nat-creation")
    return gateway


def _taken(call: Call) -> dict[str, str]:
    """Return the wanted address if somebody else uses it: EC2 accepts it, and the new gateway fails after a while.

    Source: https://github.com/hashicorp/terraform-provider-aws/issues/709 (2026-11-24).
    """
    allocation = call.params.get("AllocationId")
    for each in call.ec2.addresses:
        if allocation and each.allocation_id == allocation and each.association_id:
            return {"allocationId": allocation, "publicIp": each.public_ip}
    return {}


def _fault(gateway: Any, taken: dict[str, str]) -> tuple[str, str] | None:  # noqa: ANN401
    """Return code and text of what will keep a gateway from working.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html (2026-11-24).
    """
    if taken:
        text = f"Elastic IP address [{taken['allocationId']}] is already associated"
        return "Resource.AlreadyAssociated", text
    if not _has_gateway(gateway):
        return "Gateway.NotAttached", f"Network {gateway.vpc_id} has no Internet gateway attached"
    return None


def _has_gateway(gateway: Any) -> bool:  # noqa: ANN401
    if gateway.connectivity_type == "private":
        return True
    attached = gateway.ec2_backend.internet_gateways.values()
    return any(each.vpc and each.vpc.id == gateway.vpc_id for each in attached)


def _delete_nat_gateway(self: Any, nat_gateway_id: str) -> NatGateway:  # noqa: ANN401
    gateway = self.nat_gateways[nat_gateway_id]
    if gateway.state not in {"deleting", "deleted"}:
        gateway.state = "deleting"
        states.schedule(context.current(), nat_gateway_id, "deleted", "nat-deletion")
    return gateway
