"""Single machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import instance_changes, instance_state, launch, machine_rules, tags, waiting
from confkube_sandbox.providers.aws.answers import first, listed, part
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties


class Instance(Resource, token="aws:ec2/instance:Instance"):
    """``aws.ec2.Instance``."""

    noun: ClassVar = "EC2 Instance"
    supported: ClassVar = frozenset(
        {
            "ami",
            "associatePublicIpAddress",
            "availabilityZone",
            "cpuOptions",
            "creditSpecification",
            "disableApiStop",
            "disableApiTermination",
            "ebsBlockDevices",
            "ebsOptimized",
            "enclaveOptions",
            "forceDestroy",
            "getPasswordData",
            "hibernation",
            "iamInstanceProfile",
            "instanceInitiatedShutdownBehavior",
            "instanceMarketOptions",
            "instanceType",
            "keyName",
            "launchTemplate",
            "maintenanceOptions",
            "metadataOptions",
            "monitoring",
            "placementGroup",
            "primaryNetworkInterface",
            "privateDnsNameOptions",
            "privateIp",
            "region",
            "rootBlockDevice",
            "secondaryPrivateIps",
            "sourceDestCheck",
            "subnetId",
            "tags",
            "tenancy",
            "userData",
            "userDataBase64",
            "userDataReplaceOnChange",
            "volumeTags",
            "vpcSecurityGroupIds",
        }
    )
    defaults: ClassVar = {
        "forceDestroy": False,
        "getPasswordData": False,
        "sourceDestCheck": True,
        "userDataReplaceOnChange": False,
    }
    rules: ClassVar = machine_rules.INSTANCE
    conflicts: ClassVar = machine_rules.INSTANCE_CONFLICTS
    needs: ClassVar = instance_changes.NEEDS
    constants: ClassVar = {
        "capacityReservationSpecification": {"capacityReservationPreference": "open"},
        "ephemeralBlockDevices": [],
        "hostId": "",
        "ipv6AddressCount": 0,
        "ipv6Addresses": [],
        "networkInterfaces": [],
        "placementGroupId": "",
        "placementPartitionNumber": 0,
        "secondaryNetworkInterfaces": [],
        "securityGroups": [],
        "spotInstanceRequestId": "",
    }
    computed = frozenset(
        {
            "ami",
            "arn",
            "associatePublicIpAddress",
            "availabilityZone",
            "cpuOptions",
            "disableApiStop",
            "disableApiTermination",
            "ebsBlockDevices",
            "ebsOptimized",
            "enclaveOptions",
            "instanceInitiatedShutdownBehavior",
            "instanceLifecycle",
            "instanceState",
            "instanceType",
            "keyName",
            "maintenanceOptions",
            "metadataOptions",
            "monitoring",
            "outpostArn",
            "passwordData",
            "placementGroup",
            "primaryNetworkInterface",
            "primaryNetworkInterfaceId",
            "privateDns",
            "privateDnsNameOptions",
            "privateIp",
            "publicDns",
            "publicIp",
            "region",
            "rootBlockDevice",
            "secondaryPrivateIps",
            "subnetId",
            "tagsAll",
            "tenancy",
            "vpcSecurityGroupIds",
        }
    )
    seconds: ClassVar = (600, 600, 1200)
    gone: ClassVar = frozenset({"InvalidInstanceID.NotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """Image and type must come from somewhere."""
        failures: list[CheckFailure] = []
        if inputs.get("launchTemplate") is None:
            for key, name in (("ami", "ami"), ("instanceType", "instance_type")):
                if inputs.get(key) is None:
                    reason = f'Missing required argument. "{name}": one of `{name},launch_template` must be specified'
                    failures.append(CheckFailure(property=key, reason=reason))
        return failures

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """A stop and start gives the machine another public address."""
        found = set(super().changed(old, new))
        if any(old.get(key) != new.get(key) for key in instance_changes.STOPPING):
            found |= {"publicIp", "publicDns", "instanceState"}
        return frozenset(found)

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call RunInstances; a profile made a moment ago may not be known yet."""
        parameters = launch.request(aws, inputs)

        def once() -> dict[str, Any] | None:
            try:
                return aws.api.call("ec2", "RunInstances", **parameters)
            except ApiError as error:
                early = (
                    "Invalid IAM Instance Profile" in error.message or "has no associated IAM Roles" in error.message
                )
                if error.code == "InvalidParameterValue" and early and len(refusals) < _PATIENCE:
                    refusals.append(error)
                    return None
                raise

        refusals: list[ApiError] = []
        answer = waiting.until(aws, "the instance profile to be known", once)
        return str((first(answer, "Instances") or {})["InstanceId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait until it runs, then set what RunInstances does not take."""
        self._running(aws, id_)
        if not inputs.get("sourceDestCheck", True):
            aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, SourceDestCheck={"Value": False})
        instance = self._instance(aws, id_) or {}
        root = part(inputs, "rootBlockDevice").get("tags")
        for entry in [
            {"deviceName": instance.get("RootDeviceName"), "tags": root},
            *(listed(inputs, "ebsBlockDevices")),
        ]:
            volume = instance_changes.volume_id(instance, entry.get("deviceName"))
            if entry.get("tags") and volume:
                tags.update_ec2(aws, volume, {}, entry)

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Describe the instance, its primary interface, its volumes and its attributes."""
        instance = self._instance(aws, id_)
        if instance is None or instance["State"]["Name"] == "terminated":
            return None
        known = inputs or outputs
        return {
            "arn": aws.arn("ec2", f"instance/{id_}"),
            **instance_state.everything(aws, instance, known),
            **{
                key: known[key]
                for key in ("userDataReplaceOnChange", "forceDestroy", "getPasswordData")
                if key in known
            },
            **tags.outputs(instance.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Change in place, stopping the machine only for what needs it."""
        instance = self._instance(aws, to.id) or {}
        instance_changes.apply(aws, instance, to)
        for key in sorted(to.keys & instance_changes.STOPPING):
            instance_changes.stop(aws, to.id, lambda: self._state(aws, to.id))
            instance_changes.modify_stopped(aws, to.id, key, to.new)
            aws.api.call("ec2", "StartInstances", InstanceIds=[to.id])
            self._running(aws, to.id)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Terminate and wait."""
        if outputs.get("forceDestroy") and outputs.get("disableApiTermination"):
            aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, DisableApiTermination={"Value": False})
        aws.api.call("ec2", "TerminateInstances", InstanceIds=[id_])
        waiting.until(
            aws,
            "state to become 'terminated'",
            lambda: True if waiting.found(self.gone, lambda: self._state(aws, id_)) in (None, "terminated") else None,
        )

    def _running(self, aws: Connection, id_: str) -> None:
        def probe() -> bool | None:
            instance = waiting.found(self.gone, lambda: self._instance(aws, id_))
            name = instance["State"]["Name"] if instance else "pending"
            if name not in ("pending", "running", "stopped", "stopping"):
                why = part(instance, "StateReason").get("Message") or "no reason given"
                raise CloudError(
                    f"unexpected state '{name}', wanted target 'running'. last error: {why}", "UnexpectedState"
                )
            return True if name == "running" else None

        waiting.until(aws, "state to become 'running'", probe)

    def _state(self, aws: Connection, id_: str) -> str | None:
        instance = self._instance(aws, id_)
        return str(instance["State"]["Name"]) if instance else None

    def _instance(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        reservation = one(aws, "DescribeInstances", "Reservations", InstanceIds=[id_])
        return first(reservation, "Instances") if reservation else None


# A profile that stays unknown is a mistake in the program, not a delay.
_PATIENCE = 20
