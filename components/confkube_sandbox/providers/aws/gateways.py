"""The way to the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import first, part
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Tagged

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties


class InternetGateway(Tagged, token="aws:ec2/internetGateway:InternetGateway"):
    """``aws.ec2.InternetGateway``."""

    noun: ClassVar = "EC2 Internet Gateway"
    supported: ClassVar = frozenset({"vpcId", "tags", "region"})
    computed = frozenset({"arn", "ownerId", "vpcId", "region", "tagsAll"})
    seconds: ClassVar = (1200, 1200, 1200)
    gone: ClassVar = frozenset({"InvalidInternetGatewayID.NotFound"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateInternetGateway."""
        answer = aws.api.call(
            "ec2", "CreateInternetGateway", TagSpecifications=tags.specification("internet-gateway", inputs)
        )
        return str(answer["InternetGateway"]["InternetGatewayId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Attach it."""
        if inputs.get("vpcId"):
            self._attach(aws, id_, inputs["vpcId"])

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the gateway and where it is attached."""
        gateway = one(aws, "DescribeInternetGateways", "InternetGateways", InternetGatewayIds=[id_])
        if gateway is None:
            return None
        attached = first(gateway, "Attachments") or {}
        return {
            "arn": aws.arn("ec2", f"internet-gateway/{id_}"),
            "vpcId": attached.get("VpcId"),
            "ownerId": gateway.get("OwnerId") or aws.account,
            **tags.outputs(gateway.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Move the attachment; set tags."""
        if "vpcId" in to.keys:
            self._detach(aws, to.id, to.live.get("vpcId"))
            if to.new.get("vpcId"):
                self._attach(aws, to.id, to.new["vpcId"])
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Detach, then delete."""
        found = self.describe_(aws, id_, {}, {})
        self._detach(aws, id_, (found or {}).get("vpcId"))
        remove(aws, lambda: aws.api.call("ec2", "DeleteInternetGateway", InternetGatewayId=id_))

    def _attach(self, aws: Connection, id_: str, vpc: str) -> None:
        lost = ("InvalidInternetGatewayID.NotFound",)
        waiting.retry(aws, lost, lambda: aws.api.call("ec2", "AttachInternetGateway", InternetGatewayId=id_, VpcId=vpc))

        def attached() -> str | None:
            return part({"it": waiting.found(self.gone, lambda: self.describe_(aws, id_, {}, {}))}, "it").get("vpcId")

        waiting.until(aws, "state to become 'available'", attached)

    def _detach(self, aws: Connection, id_: str, vpc: str | None) -> None:
        if vpc:
            # Addresses of instances that are still shutting down keep the attachment (DependencyViolation).
            remove(aws, lambda: aws.api.call("ec2", "DetachInternetGateway", InternetGatewayId=id_, VpcId=vpc))
