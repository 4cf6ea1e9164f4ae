"""Network interfaces of their own, which outlive the machine that they are attached to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import missing, tags, waiting
from confkube_sandbox.providers.aws.answers import listed, texts
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform import unsimulated

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Context, Properties

_NOT_FOUND = "InvalidNetworkInterfaceID.NotFound"
_MODIFY = "ModifyNetworkInterfaceAttribute"


class NetworkInterface(Tagged, token="aws:ec2/networkInterface:NetworkInterface"):
    """``aws.ec2.NetworkInterface``; a machine takes it as its primary one."""

    noun: ClassVar = "EC2 Network Interface"
    supported: ClassVar = frozenset(
        {"description", "privateIps", "region", "securityGroups", "sourceDestCheck", "subnetId", "tags"}
    )
    defaults: ClassVar = {"sourceDestCheck": True}
    # terraform-provider-aws internal/service/ec2/vpc_network_interface.go at 01c08000ddb1 checks the form of no input
    # that is simulated here: a wrong address is refused by AWS.
    needs: ClassVar = {
        "description": _MODIFY,
        "privateIps": "AssignPrivateIpAddresses",
        "securityGroups": _MODIFY,
        "sourceDestCheck": _MODIFY,
    }
    constants: ClassVar = {
        "ipv4PrefixCount": 0,
        "ipv4Prefixes": [],
        "ipv6AddressCount": 0,
        "ipv6AddressListEnabled": False,
        "ipv6AddressLists": [],
        "ipv6Addresses": [],
        "ipv6PrefixCount": 0,
        "ipv6Prefixes": [],
        "outpostArn": "",
        "privateIpListEnabled": False,
    }
    computed = frozenset(
        {
            "arn",
            "interfaceType",
            "macAddress",
            "ownerId",
            "privateDnsName",
            "privateIp",
            "privateIpLists",
            "privateIps",
            "privateIpsCount",
            "region",
            "securityGroups",
            "tagsAll",
        }
    )
    seconds: ClassVar = (300, 300, 300)
    gone: ClassVar = frozenset({_NOT_FOUND})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """Switching the check off takes a call of its own after the creation."""
        if inputs.get("sourceDestCheck") is False and _MODIFY in missing.OPERATIONS:
            reason = unsimulated.wording(_MODIFY, "switches the check of a new interface off")
            return [CheckFailure(property="sourceDestCheck", reason=reason)]
        return []

    def unchangeable_(self, old: Properties, new: Properties) -> list[CheckFailure]:
        """Nothing has to change in place where a new primary address replaces the interface."""
        primary = next(iter(texts(old, "privateIps")), None)
        replaced = primary is not None and bool(texts(new, "privateIps")) and primary not in texts(new, "privateIps")
        return [] if replaced else super().unchangeable_(old, new)

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """Further addresses are counted and listed."""
        found = super().changed(old, new)
        return (
            found | {"privateIpLists", "privateIpsCount"} if old.get("privateIps") != new.get("privateIps") else found
        )

    def forced(self, new: Properties, outputs: Properties, ctx: Context) -> frozenset[str]:  # noqa: ARG002
        """An interface keeps its primary address for life; the others come and go (CustomizeDiff of the same file)."""
        wanted, primary = texts(new, "privateIps"), outputs.get("privateIp")
        return frozenset({"privateIps"} if wanted and primary and primary not in wanted else ())

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
        every = every or [found.get("PrivateIpAddress")]
        return {
            "arn": aws.arn("ec2", f"network-interface/{id_}"),
            "description": found.get("Description") or "",
            "interfaceType": found.get("InterfaceType"),
            "macAddress": found.get("MacAddress"),
            "ownerId": found.get("OwnerId") or aws.account,
            "privateDnsName": found.get("PrivateDnsName") or "",
            "privateIp": found.get("PrivateIpAddress"),
            "privateIpLists": every,
            "privateIps": every,
            "privateIpsCount": len(every) - 1,
            "securityGroups": sorted(group["GroupId"] for group in listed(found, "Groups")),
            "sourceDestCheck": bool(found.get("SourceDestCheck", True)),
            "subnetId": found.get("SubnetId"),
            **tags.outputs(found.get("TagSet")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Set what can be changed while it is attached."""
        if "privateIps" in to.keys and to.new.get("privateIps"):
            self._readdress(aws, to)
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

    def _readdress(self, aws: Connection, to: Change) -> None:
        before, after = set(texts(to.live, "privateIps")), set(texts(to.new, "privateIps"))
        for operation, addresses in (
            ("UnassignPrivateIpAddresses", sorted(before - after)),
            ("AssignPrivateIpAddresses", sorted(after - before)),
        ):
            if addresses:
                aws.api.call("ec2", operation, NetworkInterfaceId=to.id, PrivateIpAddresses=addresses)

    def _set(self, aws: Connection, id_: str, **attribute: Any) -> None:  # noqa: ANN401
        aws.api.call("ec2", _MODIFY, NetworkInterfaceId=id_, **attribute)

    def _found(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        mine = [{"Name": "network-interface-id", "Values": [id_]}]
        return one(aws, "DescribeNetworkInterfaces", "NetworkInterfaces", Filters=mine)

    def _state(self, aws: Connection, id_: str) -> str | None:
        found = self._found(aws, id_)
        return str(found["Status"]) if found else None
