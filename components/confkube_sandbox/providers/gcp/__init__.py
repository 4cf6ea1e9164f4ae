"""Google Cloud as pulumi-gcp poses it, done with the official client against the simulated cloud.

pulumi-gcp 10.2.0 is made from terraform-provider-google-beta. What it does was read in
hashicorp/terraform-provider-google-beta at 93c65b2d60fe (2026-08-21, version 7.45; paths in docstrings are below
google-beta/), pulumi/pulumi-gcp at ed6078aacc64 (2026-08-21) and pulumi/pulumi-terraform-bridge at 59de6c661df1
(2026-08-05). It speaks the API's beta version, this one v1, which the simulated cloud has. Calls go through
google-api-python-client: why is said in ``confkube_sandbox.access.gcp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.gcp.account_keys import Key
from confkube_sandbox.providers.gcp.accounts import Account
from confkube_sandbox.providers.gcp.addresses import Address
from confkube_sandbox.providers.gcp.connection import look
from confkube_sandbox.providers.gcp.custom_roles import IamCustomRole
from confkube_sandbox.providers.gcp.firewalls import Firewall
from confkube_sandbox.providers.gcp.instance_groups import InstanceGroupManager
from confkube_sandbox.providers.gcp.instance_templates import InstanceTemplate
from confkube_sandbox.providers.gcp.instances import Instance
from confkube_sandbox.providers.gcp.lookups import GetImage, GetProject
from confkube_sandbox.providers.gcp.networks import Network
from confkube_sandbox.providers.gcp.own_images import Image
from confkube_sandbox.providers.gcp.project_members import ProjectIamMember
from confkube_sandbox.providers.gcp.router_nats import RouterNat
from confkube_sandbox.providers.gcp.routers import Router
from confkube_sandbox.providers.gcp.secret_members import SecretIamMember
from confkube_sandbox.providers.gcp.secret_versions import SecretVersion
from confkube_sandbox.providers.gcp.secrets import Secret
from confkube_sandbox.providers.gcp.subnetwork_members import SubnetworkIamMember
from confkube_sandbox.providers.gcp.subnetworks import Subnetwork
from confkube_sandbox.providers.gcp.tag_members import TagValueIamMember
from confkube_sandbox.providers.gcp.tags import TagKey, TagValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

SDK = "pulumi_gcp"


def handlers() -> Iterable[ResourceHandler]:
    """All resource types."""
    return (
        Network(),
        Subnetwork(),
        Firewall(),
        Address(),
        Router(),
        RouterNat(),
        Instance(),
        InstanceTemplate(),
        InstanceGroupManager(),
        Account(),
        Secret(),
        SecretVersion(),
        SecretIamMember(),
        Image(),
        Key(),
        IamCustomRole(),
        ProjectIamMember(),
        SubnetworkIamMember(),
        TagKey(),
        TagValue(),
        TagValueIamMember(),
    )


def functions() -> Iterable[FunctionHandler]:
    """All functions."""
    return (GetImage(), GetProject())


def configure(config: Mapping[str, Any], home: SandboxHome) -> None:
    """Make sure that the simulated cloud runs before the first call needs it."""
    look(home, config)
