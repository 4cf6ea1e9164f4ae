"""Launch templates: every change of what to launch is a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import machine_rules, tags, translate, waiting
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform import naming

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_GONE = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException")
# Inputs that make up the data of a version.
_DATA = frozenset(
    {
        "blockDeviceMappings",
        "capacityReservationSpecification",
        "cpuOptions",
        "creditSpecification",
        "disableApiStop",
        "disableApiTermination",
        "ebsOptimized",
        "enclaveOptions",
        "hibernationOptions",
        "iamInstanceProfile",
        "imageId",
        "instanceInitiatedShutdownBehavior",
        "instanceMarketOptions",
        "instanceType",
        "keyName",
        "maintenanceOptions",
        "metadataOptions",
        "monitoring",
        "networkInterfaces",
        "placement",
        "privateDnsNameOptions",
        "securityGroupNames",
        "tagSpecifications",
        "userData",
        "vpcSecurityGroupIds",
    }
)


class LaunchTemplate(Tagged, token="aws:ec2/launchTemplate:LaunchTemplate"):
    """``aws.ec2.LaunchTemplate``."""

    noun: ClassVar = "EC2 Launch Template"
    supported: ClassVar = _DATA | {
        "defaultVersion",
        "description",
        "name",
        "namePrefix",
        "region",
        "tags",
        "updateDefaultVersion",
    }
    computed = frozenset({"arn", "defaultVersion", "latestVersion", "name", "region", "tagsAll"})
    longest_name: ClassVar = 128
    rules: ClassVar = machine_rules.TEMPLATE
    conflicts: ClassVar = machine_rules.TEMPLATE_CONFLICTS
    gone: ClassVar = frozenset(_GONE)

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """A new version has a number that is known only afterwards."""
        found = set(super().changed(old, new))
        if any(old.get(key) != new.get(key) for key in _DATA | {"description"}):
            found |= {"latestVersion"} | ({"defaultVersion"} if new.get("updateDefaultVersion") else set())
        return frozenset(found)

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateLaunchTemplate."""
        answer = aws.api.call(
            "ec2",
            "CreateLaunchTemplate",
            LaunchTemplateName=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
            LaunchTemplateData=self._data(aws, inputs),
            VersionDescription=inputs.get("description"),
            TagSpecifications=tags.specification("launch-template", inputs),
        )
        return str(answer["LaunchTemplate"]["LaunchTemplateId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(
            aws, "launch template to be found", lambda: waiting.found(_GONE, lambda: self._template(aws, id_))
        )

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the template and the data of its newest version."""
        template = self._template(aws, id_)
        if template is None:
            return None
        latest = int(template["LatestVersionNumber"])
        version = one(
            aws,
            "DescribeLaunchTemplateVersions",
            "LaunchTemplateVersions",
            LaunchTemplateId=id_,
            Versions=[str(latest)],
        )
        if version is None:
            raise CloudError(
                f"launch template {id_} has no version {latest}", "InvalidLaunchTemplateId.VersionNotFound"
            )
        data = translate.from_aws({key: inputs[key] for key in _DATA & inputs.keys()}, version["LaunchTemplateData"])
        return {
            "arn": aws.arn("ec2", f"launch-template/{id_}"),
            "name": template["LaunchTemplateName"],
            "defaultVersion": int(template["DefaultVersionNumber"]),
            "latestVersion": latest,
            "description": version.get("VersionDescription"),
            # What a version says nothing about is absent, and must be seen as such.
            **{key: data.get(key) for key in _DATA & inputs.keys()},
            **tags.outputs(template.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Make a new version, and move the default if asked to."""
        latest = int(to.live["latestVersion"])
        if to.keys & (_DATA | {"description"}):
            answer = aws.api.call(
                "ec2",
                "CreateLaunchTemplateVersion",
                LaunchTemplateId=to.id,
                LaunchTemplateData=self._data(aws, to.new),
                VersionDescription=to.new.get("description"),
            )
            latest = int(answer["LaunchTemplateVersion"]["VersionNumber"])
        wanted = latest if to.new.get("updateDefaultVersion") else to.new.get("defaultVersion")
        if wanted is not None and int(wanted) != int(to.live["defaultVersion"]):
            aws.api.call("ec2", "ModifyLaunchTemplate", LaunchTemplateId=to.id, DefaultVersion=str(wanted))
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteLaunchTemplate."""
        aws.api.call("ec2", "DeleteLaunchTemplate", LaunchTemplateId=id_)

    def _data(self, aws: Connection, inputs: Properties) -> dict[str, Any]:
        shape = aws.api.input_shape("ec2", "CreateLaunchTemplate").members["LaunchTemplateData"]
        given = {key: inputs[key] for key in _DATA if inputs.get(key) is not None}
        return translate.request(shape, given)

    def _template(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return one(aws, "DescribeLaunchTemplates", "LaunchTemplates", LaunchTemplateIds=[id_])
