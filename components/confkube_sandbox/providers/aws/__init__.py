"""AWS as pulumi-aws poses it, done with the official SDK against the simulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws.addressing import Eip, EipAssociation, NatGateway
from confkube_sandbox.providers.aws.amis import Ami
from confkube_sandbox.providers.aws.autoscaling import Group
from confkube_sandbox.providers.aws.connection import look
from confkube_sandbox.providers.aws.gateways import InternetGateway
from confkube_sandbox.providers.aws.iam import Role, RolePolicy
from confkube_sandbox.providers.aws.iam_keys import AccessKey
from confkube_sandbox.providers.aws.iam_policies import Policy, UserPolicyAttachment
from confkube_sandbox.providers.aws.iam_profiles import InstanceProfile
from confkube_sandbox.providers.aws.iam_users import User, UserPolicy
from confkube_sandbox.providers.aws.instances import Instance
from confkube_sandbox.providers.aws.interfaces import NetworkInterface
from confkube_sandbox.providers.aws.launch_templates import LaunchTemplate
from confkube_sandbox.providers.aws.lookups import GetAmi, GetCallerIdentity, GetRegion
from confkube_sandbox.providers.aws.network import Vpc
from confkube_sandbox.providers.aws.routing import Route, RouteTable, RouteTableAssociation
from confkube_sandbox.providers.aws.secret_versions import SecretVersion
from confkube_sandbox.providers.aws.secrets import Secret
from confkube_sandbox.providers.aws.security_groups import EgressRule, IngressRule, SecurityGroup
from confkube_sandbox.providers.aws.snapshot_imports import SnapshotImport
from confkube_sandbox.providers.aws.subnets import Subnet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

SDK = "pulumi_aws"


def handlers() -> Iterable[ResourceHandler]:
    """All resource types."""
    return (
        Vpc(),
        Subnet(),
        InternetGateway(),
        RouteTable(),
        Route(),
        RouteTableAssociation(),
        Eip(),
        EipAssociation(),
        NatGateway(),
        SecurityGroup(),
        IngressRule(),
        EgressRule(),
        NetworkInterface(),
        Instance(),
        LaunchTemplate(),
        Group(),
        Role(),
        RolePolicy(),
        InstanceProfile(),
        User(),
        UserPolicy(),
        Policy(),
        UserPolicyAttachment(),
        AccessKey(),
        SnapshotImport(),
        Ami(),
        Secret(),
        SecretVersion(),
    )


def functions() -> Iterable[FunctionHandler]:
    """All functions."""
    return (GetAmi(), GetCallerIdentity(), GetRegion())


def configure(config: Mapping[str, Any], home: SandboxHome) -> None:
    """Make sure that the simulated cloud runs before the first call needs it."""
    look(home, config)
