"""Network interfaces of their own, which outlive the machine that they are attached to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import listed, texts
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Tagged

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_NOT_FOUND = "InvalidNetworkInterfaceID.NotFound"


class NetworkInterface(Tagged, token="aws:ec2/networkInterface:NetworkInterface"):
    """``aws.ec2.NetworkInterface``; a machine takes it as its primary one."""

    noun: ClassVar = "EC2 Network Interface"
    supported: ClassVar = frozenset(
        {"description", "privateIps", "region", "securityGroups", "sourceDestCheck", "subnetId", "tags"}
    )
    defaults: ClassVar = {"sourceDestCheck": True}
    computed = frozenset(
        {
            "arn",
            "interfaceType",
            "macAddress",
            "ownerId",
            "privateDnsName",
            "privateIp",
            "privateIps",
            "privateIpsCount",
            "region",
            "securityGroups",
            "tagsAll",
        }
    )
    seconds: ClassVar = (300, 300, 300)
    gone: ClassVar = frozenset({_NOT_FOUND})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateNetworkInterface; the first address is the primary one."""
        addresses = [
            {"PrivateIpAddress": address, "Primary": number == 0}
            for number, address in enumerate(texts(inputs, "privateIps"))
        ]
        answer = aws.api.call(
            "ec2",
            "CreateNetworkInterface",
            SubnetId=inputs["subnetId"],
            Description=inputs.get("description"),
            Groups=inputs.get("securityGroups"),
            PrivateIpAddresses=addresses or None,
            TagSpecifications=tags.specification("network-interface", inputs),
        )
        return str(answer["NetworkInterface"]["NetworkInterfaceId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait until it can be used."""
        waiting.state(aws, "network interface", lambda: self._state(aws, id_), wanted="available", pending={"pending"})
        if not inputs.get("sourceDestCheck", True):
            self._set(aws, id_, SourceDestCheck={"Value": False})

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the interface."""
        found = self._found(aws, id_)
        if found is None:
            return None
        addresses = listed(found, "PrivateIpAddresses")
        every = [each["PrivateIpAddress"] for each in sorted(addresses, key=lambda each: not each.get("Primary"))]
        return {
            "arn": aws.arn("ec2", f"network-interface/{id_}"),
            "description": found.get("Description") or "",
            "interfaceType": found.get("InterfaceType"),
            "macAddress": found.get("MacAddress"),
            "ownerId": found.get("OwnerId") or aws.account,
            "privateDnsName": found.get("PrivateDnsName") or "",
            "privateIp": found.get("PrivateIpAddress"),
            "privateIps": every or [found.get("PrivateIpAddress")],
            "privateIpsCount": max(len(every) - 1, 0),
            "securityGroups": sorted(group["GroupId"] for group in listed(found, "Groups")),
            "sourceDestCheck": bool(found.get("SourceDestCheck", True)),
            "subnetId": found.get("SubnetId"),
            **tags.outputs(found.get("TagSet")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Set what can be changed while it is attached."""
        if "securityGroups" in to.keys:
            self._set(aws, to.id, Groups=to.new.get("securityGroups") or [])
        if "sourceDestCheck" in to.keys:
            self._set(aws, to.id, SourceDestCheck={"Value": bool(to.new.get("sourceDestCheck", True))})
        if "description" in to.keys:
            self._set(aws, to.id, Description={"Value": to.new.get("description") or ""})
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete it once its machine has let go."""
        remove(aws, lambda: aws.api.call("ec2", "DeleteNetworkInterface", NetworkInterfaceId=id_))

    def _set(self, aws: Connection, id_: str, **attribute: Any) -> None:  # noqa: ANN401
        aws.api.call("ec2", "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=id_, **attribute)

    def _found(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        mine = [{"Name": "network-interface-id", "Values": [id_]}]
        return one(aws, "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=mine)

    def _state(self, aws: Connection, id_: str) -> str | None:
        found = self._found(aws, id_)
        return str(found["Status"]) if found else None
