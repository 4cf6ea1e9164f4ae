"""The operations that the simulated AWS serves. Everything else is refused with the service's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.errors import JSON, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW_LIST = "allow-list"

SERVED: Mapping[str, frozenset[str]] = {
    "ec2": frozenset(
        [
            "CreateVpc",
            "DeleteVpc",
            "DescribeVpcs",
            "DescribeVpcAttribute",
            "ModifyVpcAttribute",
            "CreateSubnet",
            "DeleteSubnet",
            "DescribeSubnets",
            "ModifySubnetAttribute",
            "CreateInternetGateway",
            "AttachInternetGateway",
            "DetachInternetGateway",
            "DeleteInternetGateway",
            "DescribeInternetGateways",
            "CreateRouteTable",
            "DeleteRouteTable",
            "DescribeRouteTables",
            "CreateRoute",
            "ReplaceRoute",
            "DeleteRoute",
            "AssociateRouteTable",
            "DisassociateRouteTable",
            "ReplaceRouteTableAssociation",
            "AllocateAddress",
            "ReleaseAddress",
            "DescribeAddresses",
            "DescribeAddressesAttribute",
            "AssociateAddress",
            "DisassociateAddress",
            "CreateNatGateway",
            "DeleteNatGateway",
            "DescribeNatGateways",
            "CreateSecurityGroup",
            "DeleteSecurityGroup",
            "DescribeSecurityGroups",
            "DescribeSecurityGroupRules",
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "ModifySecurityGroupRules",
            "UpdateSecurityGroupRuleDescriptionsIngress",
            "UpdateSecurityGroupRuleDescriptionsEgress",
            "RunInstances",
            "DescribeInstances",
            "DescribeInstanceStatus",
            "TerminateInstances",
            "StopInstances",
            "StartInstances",
            "RebootInstances",
            "DescribeInstanceAttribute",
            "ModifyInstanceAttribute",
            "ModifyInstanceMetadataOptions",
            "DescribeInstanceCreditSpecifications",
            "DescribeInstanceTypes",
            "DescribeInstanceTypeOfferings",
            "AssociateIamInstanceProfile",
            "DisassociateIamInstanceProfile",
            "DescribeIamInstanceProfileAssociations",
            "ReplaceIamInstanceProfileAssociation",
            "CreateLaunchTemplate",
            "CreateLaunchTemplateVersion",
            "ModifyLaunchTemplate",
            "DeleteLaunchTemplate",
            "DescribeLaunchTemplates",
            "DescribeLaunchTemplateVersions",
            "RegisterImage",
            "DeregisterImage",
            "DescribeImages",
            "CreateVolume",
            "DeleteVolume",
            "AttachVolume",
            "DetachVolume",
            "DescribeVolumes",
            "CreateSnapshot",
            "DeleteSnapshot",
            "DescribeSnapshots",
            "ImportSnapshot",
            "DescribeImportSnapshotTasks",
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "DescribeNetworkInterfaces",
            "AttachNetworkInterface",
            "ModifyNetworkInterfaceAttribute",
            "CreateTags",
            "DeleteTags",
            "DescribeTags",
            "DescribeNetworkAcls",
            "DescribeAvailabilityZones",
            "DescribeRegions",
            "DescribeAccountAttributes",
        ]
    ),
    "autoscaling": frozenset(
        [
            "CreateAutoScalingGroup",
            "UpdateAutoScalingGroup",
            "DeleteAutoScalingGroup",
            "DescribeAutoScalingGroups",
            "DescribeAutoScalingInstances",
            "DescribeScalingActivities",
            "SetDesiredCapacity",
            "SetInstanceProtection",
            "TerminateInstanceInAutoScalingGroup",
            "SuspendProcesses",
            "ResumeProcesses",
            "CreateOrUpdateTags",
            "DeleteTags",
            "DescribeTags",
        ]
    ),
    "iam": frozenset(
        [
            "CreateRole",
            "GetRole",
            "UpdateRole",
            "UpdateAssumeRolePolicy",
            "DeleteRole",
            "ListRoles",
            "TagRole",
            "UntagRole",
            "ListRoleTags",
            "PutRolePolicy",
            "GetRolePolicy",
            "DeleteRolePolicy",
            "ListRolePolicies",
            "ListAttachedRolePolicies",
            "AttachRolePolicy",
            "DetachRolePolicy",
            "CreateInstanceProfile",
            "GetInstanceProfile",
            "DeleteInstanceProfile",
            "AddRoleToInstanceProfile",
            "RemoveRoleFromInstanceProfile",
            "ListInstanceProfiles",
            "ListInstanceProfilesForRole",
            "TagInstanceProfile",
            "UntagInstanceProfile",
            "CreateUser",
            "GetUser",
            "DeleteUser",
            "ListUsers",
            "TagUser",
            "UntagUser",
            "ListUserTags",
            "PutUserPolicy",
            "GetUserPolicy",
            "DeleteUserPolicy",
            "ListUserPolicies",
            "AttachUserPolicy",
            "DetachUserPolicy",
            "ListAttachedUserPolicies",
            "CreateAccessKey",
            "UpdateAccessKey",
            "DeleteAccessKey",
            "ListAccessKeys",
            "GetAccessKeyLastUsed",
            "CreatePolicy",
            "GetPolicy",
            "DeletePolicy",
            "ListPolicies",
            "TagPolicy",
            "UntagPolicy",
            "CreatePolicyVersion",
            "GetPolicyVersion",
            "DeletePolicyVersion",
            "ListPolicyVersions",
            "SetDefaultPolicyVersion",
        ]
    ),
    "sts": frozenset({"GetCallerIdentity"}),
    "secretsmanager": frozenset(
        [
            "CreateSecret",
            "DescribeSecret",
            "UpdateSecret",
            "DeleteSecret",
            "RestoreSecret",
            "PutSecretValue",
            "GetSecretValue",
            "ListSecrets",
            "ListSecretVersionIds",
            "UpdateSecretVersionStage",
            "TagResource",
            "UntagResource",
            "GetResourcePolicy",
            "PutResourcePolicy",
            "DeleteResourcePolicy",
        ]
    ),
}
_READING = ("Describe", "Get", "List")


def require_served(service: str, operation: str, disabled: frozenset[str] = frozenset()) -> None:
    """Refuse an operation that is not simulated, as the service refuses one that it does not have."""
    if operation in SERVED[service] or (
        ALLOW_LIST in disabled and operation in shapes.service(service).operation_names
    ):
        return
    if shapes.PROTOCOLS[service] == JSON:
        raise ApiError("UnknownOperationException", "")
    version = shapes.service(service).api_version
    raise ApiError("InvalidAction", f"The action {operation} is not valid for this web service; version {version}.")


def changes_state(operation: str) -> bool:
    """Whether an operation can change the simulated cloud."""
    return not operation.startswith(_READING)
