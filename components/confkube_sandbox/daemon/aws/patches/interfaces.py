"""Interfaces beside an instance's first: changes of their attachment, and addresses found by their instance."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.elastic_network_interfaces import NetworkInterfaceBackend

from confkube_sandbox.daemon.aws import context

_modify = NetworkInterfaceBackend.modify_network_interface_attribute
_filter_value = ElasticAddress.get_filter_value


def install() -> None:
    """Repair changes of interfaces, and what addresses are found by."""
    backend: Any = NetworkInterfaceBackend
    backend.modify_network_interface_attribute = _modify_interface
    address: Any = ElasticAddress
    address.get_filter_value = _address_filter


def _modify_interface(self: Any, eni_id: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
    _modify(self, eni_id, *args, **kwargs)
    wanted: Any = context.current().params.get("Attachment", {}).get("DeleteOnTermination")
    if wanted is not None:
        self.enis[eni_id].delete_on_termination = wanted


def _address_filter(self: Any, filter_name: str, method_name: str | None = None) -> Any:  # noqa: ANN401
    """EC2 finds an address by its instance also where it belongs to one of the instance's interfaces.

    cloud-api-adaptor relies on it: deleteElasticIPforInstance in src/cloud-providers/aws/provider.go at v0.22.0.
    """
    if filter_name == "instance-id":
        return self.instance_id or None
    return _filter_value(self, filter_name, method_name)
