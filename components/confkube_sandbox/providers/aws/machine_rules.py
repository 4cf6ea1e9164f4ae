"""What the schemas of machines and launch templates demand of their inputs.

Read: github.com/hashicorp/terraform-provider-aws internal/service/ec2/ec2_instance.go at 0015dfcd06d5 and
ec2_launch_template.go at 025e4f81cab8. Younger inputs are recalled: ``primaryNetworkInterface``, ``amdSevSnp`` of
templates, ``nestedVirtualization``, ``httpProtocolIpv6`` of instances, the throughput of up to 2000 MiB/s. The shutdown
behavior of an instance is left to AWS by the version read; it is recalled to be checked by later ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.aws.rules.addresses import ipv4_address, network
from confkube_sandbox.providers.aws.rules.names import arn, template_id, template_name
from confkube_sandbox.providers.aws.rules.values import base64_user_data, flag_text, length
from confkube_sandbox.providers.terraform.validation import at_least, between, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.terraform.schema import Rule

USER_DATA_BYTES = 16384
_SWITCH = one_of("disabled", "enabled")
_VOLUME = one_of("standard", "io1", "io2", "gp2", "sc1", "st1", "gp3")
_SHUTDOWN = one_of("stop", "terminate")
_TENANCY = one_of("default", "dedicated", "host")
_COMMON: Mapping[str, Rule] = {
    "cpuOptions.amdSevSnp": one_of("enabled", "disabled"),
    "cpuOptions.nestedVirtualization": one_of("enabled", "disabled"),
    "creditSpecification.cpuCredits": one_of("standard", "unlimited"),
    "instanceInitiatedShutdownBehavior": _SHUTDOWN,
    "maintenanceOptions.autoRecovery": one_of("disabled", "default"),
    "metadataOptions.httpEndpoint": _SWITCH,
    "metadataOptions.httpProtocolIpv6": _SWITCH,
    "metadataOptions.httpPutResponseHopLimit": between(1, 64),
    "metadataOptions.httpTokens": one_of("optional", "required"),
    "metadataOptions.instanceMetadataTags": _SWITCH,
    "privateDnsNameOptions.hostnameType": one_of("ip-name", "resource-name"),
}
TEMPLATE_REFERENCE: Mapping[str, Rule] = {
    "launchTemplate.id": template_id,
    "launchTemplate.name": template_name,
    "launchTemplate.version": length(1, 255),
}
INSTANCE: Mapping[str, Rule] = {
    **_COMMON,
    **TEMPLATE_REFERENCE,
    "ebsBlockDevices.*.volumeType": _VOLUME,
    "privateIp": ipv4_address,
    "rootBlockDevice.volumeType": _VOLUME,
    "secondaryPrivateIps.*": ipv4_address,
    "tenancy": _TENANCY,
    "userData": length(0, USER_DATA_BYTES, "bytes"),
    "userDataBase64": base64_user_data,
}
INSTANCE_CONFLICTS = (
    ("userData", "userDataBase64"),
    ("primaryNetworkInterface", "associatePublicIpAddress"),
    ("primaryNetworkInterface", "privateIp"),
    ("primaryNetworkInterface", "secondaryPrivateIps"),
    ("primaryNetworkInterface", "subnetId"),
    ("primaryNetworkInterface", "vpcSecurityGroupIds"),
)
TEMPLATE: Mapping[str, Rule] = {
    **_COMMON,
    "blockDeviceMappings.*.ebs.deleteOnTermination": flag_text,
    "blockDeviceMappings.*.ebs.encrypted": flag_text,
    "blockDeviceMappings.*.ebs.kmsKeyId": arn,
    "blockDeviceMappings.*.ebs.throughput": between(125, 2000),
    "blockDeviceMappings.*.ebs.volumeType": _VOLUME,
    "capacityReservationSpecification.capacityReservationPreference": one_of(
        "capacity-reservations-only", "open", "none"
    ),
    "defaultVersion": at_least(1),
    "description": length(0, 255),
    "ebsOptimized": flag_text,
    "iamInstanceProfile.arn": arn,
    "instanceMarketOptions.marketType": one_of("spot", "capacity-block"),
    "name": template_name,
    "namePrefix": template_name,
    "networkInterfaces.*.associateCarrierIpAddress": flag_text,
    "networkInterfaces.*.associatePublicIpAddress": flag_text,
    "networkInterfaces.*.deleteOnTermination": flag_text,
    "networkInterfaces.*.ipv4Addresses.*": ipv4_address,
    "networkInterfaces.*.ipv4Prefixes.*": network(4),
    "networkInterfaces.*.ipv6Prefixes.*": network(6),
    "networkInterfaces.*.privateIpAddress": ipv4_address,
    "placement.tenancy": _TENANCY,
}
TEMPLATE_CONFLICTS = (
    ("defaultVersion", "updateDefaultVersion"),
    ("name", "namePrefix"),
    ("securityGroupNames", "vpcSecurityGroupIds"),
)
