"""NAT gateways that take time and have an address of their subnet; interfaces without an empty association."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend

from confkube_sandbox.daemon.aws import context, states

_create = NatGatewayBackend.create_nat_gateway
_interface: Any = NetworkInterface
_association: Any = _interface.association.fget


def install() -> None:
    """Repair NAT gateways and network interfaces."""
    _interface.association = property(_shown_association)
    EC2Backend.create_nat_gateway = _create_nat_gateway
    EC2Backend.delete_nat_gateway = _delete_nat_gateway


def _shown_association(self: Any) -> dict[str, Any] | None:  # noqa: ANN401
    return _association(self) or None


def _create_nat_gateway(self: Any, *args: Any, **kwargs: Any) -> NatGateway:  # noqa: ANN401
    call = context.current()
    gateway: Any = _create(self, *args, **kwargs)
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
    states.schedule(call, gateway.id, "available" if _has_gateway(gateway) else "failed", "nat-creation")
    return gateway


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
