"""Rules of VPCs, subnets and internet gateways."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import SEEN, SUBNET_SIZES, VPC_QUOTAS, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


@rule(
    "ec2",
    "CreateVpc",
    name="ec2.vpc-quota",
    source="https://github.com/terraform-aws-modules/terraform-aws-vpc/issues/429",
    date=SEEN,
    evidence=READ,
)
def vpc_quota(call: Call) -> None:
    """An account has a number of VPCs in each region, the default one included."""
    if len(call.ec2.vpcs) >= call.settings.quotas["vpcs"]:
        raise ApiError("VpcLimitExceeded", "The maximum number of VPCs has been reached.")


@rule(
    "ec2",
    "DeleteVpc",
    name="ec2.vpc-in-use",
    source="https://github.com/gruntwork-io/cloud-nuke/issues/345",
    date=SEEN,
    evidence=READ,
)
def vpc_in_use(call: Call) -> None:
    """A VPC goes only when nothing but its own default parts is left in it."""
    vpc = call.params["VpcId"]
    gateways = any(each.vpc and each.vpc.id == vpc for each in call.ec2.internet_gateways.values())
    groups = any(each.vpc_id == vpc and each.name != "default" for each in call.groups())
    interfaces = any(each.vpc_id == vpc for each in call.ec2.enis.values())
    if gateways or groups or interfaces:
        raise ApiError("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted.")


@rule("ec2", "CreateSubnet", name="ec2.subnet-size", source=SUBNET_SIZES, date=WRITTEN, evidence=RECALLED)
def subnet_size(call: Call) -> None:
    """A subnet has a prefix between /16 and /28."""
    text = call.params.get("CidrBlock", "")
    try:
        block = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return
    if not 16 <= block.prefixlen <= 28:
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")


@rule("ec2", "CreateSubnet", name="ec2.subnet-quota", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def subnet_quota(call: Call) -> None:
    """A VPC holds a limited number of subnets."""
    there = sum(each.vpc_id == call.params["VpcId"] for each in call.subnets())
    if there >= call.settings.quotas["subnets-per-vpc"]:
        raise ApiError("SubnetLimitExceeded", "The maximum number of subnets has been reached.")


@rule(
    "ec2",
    "DeleteSubnet",
    name="ec2.subnet-in-use",
    source="https://github.com/aws/aws-cdk/issues/14456",
    date=SEEN,
    evidence=READ,
)
def subnet_in_use(call: Call) -> None:
    """A subnet goes only when no network interface is left in it."""
    subnet = call.params["SubnetId"]
    if any(each.subnet.id == subnet for each in call.ec2.enis.values()):
        raise ApiError("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")


@rule(
    "ec2",
    "CreateInternetGateway",
    name="ec2.internet-gateway-quota",
    source=VPC_QUOTAS,
    date=WRITTEN,
    evidence=RECALLED,
)
def gateway_quota(call: Call) -> None:
    """An account has a number of internet gateways in each region."""
    if len(call.ec2.internet_gateways) >= call.settings.quotas["internet-gateways"]:
        raise ApiError("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")


@rule(
    "ec2",
    "AttachInternetGateway",
    name="ec2.second-internet-gateway",
    source="https://github.com/binlab/terraform-aws-vault-ha-raft/issues/54",
    date=SEEN,
    evidence=READ,
)
def second_gateway(call: Call) -> None:
    """A VPC has one internet gateway, and an internet gateway one VPC.

    The words for the second: https://github.com/berlioz-the/berlioz/issues/1.
    """
    vpc, name = call.params["VpcId"], call.params["InternetGatewayId"]
    own = call.ec2.internet_gateways.get(name)
    if own is not None and own.vpc:
        raise ApiError("Resource.AlreadyAssociated", f"resource {name} is already attached to network {own.vpc.id}")
    for each in call.ec2.internet_gateways.values():
        if each.vpc and each.vpc.id == vpc:
            raise ApiError("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached")


@rule(
    "ec2",
    "DetachInternetGateway",
    name="ec2.internet-gateway-in-use",
    source="https://github.com/prabhatsharma/kubernetes-the-hard-way-aws/issues/16",
    date=SEEN,
    evidence=READ,
)
def gateway_in_use(call: Call) -> None:
    """An internet gateway stays while addresses of its VPC are public."""
    vpc = call.params["VpcId"]
    if any(each.vpc_id == vpc and each.public_ip for each in call.ec2.enis.values()):
        text = f"Network {vpc} has some mapped public address(es)."
        rest = "Please unmap those public address(es) before detaching the gateway."
        raise ApiError("DependencyViolation", f"{text} {rest}")
