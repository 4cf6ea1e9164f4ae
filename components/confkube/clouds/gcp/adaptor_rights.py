"""The fewest rights with which cloud-api-adaptor can start, tag and remove pod VMs."""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp.labels import description
from confkube.clouds.gcp.settings import GcpSettings
from confkube.platform import PeerPodSpec

_POD_VMS = (
    "compute.disks.create",
    "compute.images.get",
    "compute.images.useReadOnly",
    "compute.instances.create",
    "compute.instances.delete",
    "compute.instances.get",
    "compute.instances.setMetadata",
    "compute.subnetworks.use",
)
"""What starting and removing a machine is checked for. A service account, a public address, labels and network tags
would need more, so a pod VM cannot have them. What is checked, and by which name, an audit log shows:
https://gist.github.com/anjijava16/5067c70001bb0929a20d4669d9c1a072, 2026-11-27; the whole list is to be checked at
https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert, since nothing here met the real cloud."""

_LOOKUPS = (
    "compute.instances.createTagBinding",
    "compute.machineTypes.get",
    "compute.zoneOperations.get",
    "resourcemanager.tagKeys.list",
    "resourcemanager.tagValues.list",
)
"""What has no name that a condition could look at, or, for the binding, is not known to have one: a binding is asked of
Resource Manager by the machine's number. A project's role may have the last two: a published one has them
(https://github.com/rad-security/terraform-google-rad-security-connect, 2026-11-27)."""

_TAG_USER = "roles/resourcemanager.tagUser"
"""https://cloud.google.com/iam/docs/service-accounts-tags: on the tag value; on the resource createTagBinding."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who gets the rights, and on what."""

    account: gcp.serviceaccount.Account
    image: pulumi.Output[str]
    tags: tuple[gcp.tags.TagValue, ...]


def grant(
    name: str, spec: PeerPodSpec, who: Identity, settings: GcpSettings, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Resource, ...]:
    """Make two roles and bind them as closely as Google Cloud can."""
    member = who.account.email.apply(lambda email: f"serviceAccount:{email}")
    pod_vms = _role(f"{name}-pod-vms", "pod_vms", _POD_VMS, spec, settings, opts)
    lookups = _role(f"{name}-lookups", "lookups", _LOOKUPS, spec, settings, opts)
    named = gcp.projects.IAMMember(
        f"{name}-pod-vms",
        project=settings.project,
        role=pod_vms.name,
        member=member,
        condition={
            "title": "pod VMs",
            "description": "Machines and disks by the name that cloud-api-adaptor gives them, and one image",
            "expression": who.image.apply(lambda image: condition(settings.project, settings.zone, image)),
        },
        opts=opts,
    )
    # Conditions know nothing of subnetworks, so the one above is false for them; they have policies of their own.
    subnet = gcp.compute.SubnetworkIAMMember(
        f"{name}-pod-vms",
        subnetwork=spec.subnet_id,
        region=settings.region,
        project=settings.project,
        role=pod_vms.name,
        member=member,
        opts=opts,
    )
    everywhere = gcp.projects.IAMMember(
        f"{name}-lookups", project=settings.project, role=lookups.name, member=member, opts=opts
    )
    users = [
        gcp.tags.TagValueIamMember(f"{name}-tag-{number}", tag_value=tag.id, role=_TAG_USER, member=member, opts=opts)
        for number, tag in enumerate(who.tags, 1)
    ]
    return (named, subnet, everywhere, *users)


def condition(project: str, zone: str, image: str) -> str:
    """What the rights on pod VMs are bound to, in Common Expression Language.

    Of what is used here, instances, disks and images have a type and a name for conditions, the rest has neither:
    https://cloud.google.com/iam/docs/conditions-attribute-reference, 2026-11-27.
    """
    place = f"projects/{project}/zones/{zone}"
    return " || ".join(
        f"(resource.type == 'compute.googleapis.com/{kind}' && {test})"
        for kind, test in (
            ("Instance", f"resource.name.startsWith('{place}/instances/podvm-')"),
            ("Disk", f"resource.name.startsWith('{place}/disks/podvm-')"),
            ("Image", f"resource.name == '{image}'"),
        )
    )


def _role(  # noqa: PLR0913, PLR0917 - said once, by position, just above
    name: str,
    word: str,
    permissions: tuple[str, ...],
    spec: PeerPodSpec,
    settings: GcpSettings,
    opts: pulumi.ResourceOptions,
) -> gcp.projects.IAMCustomRole:
    """A role of the project; the id of a deleted one is not free for weeks, and each incarnation of a cluster is new.

    https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role, 2026-11-27.
    """
    cluster = pulumi.Output.from_input(spec.cluster_id)
    return gcp.projects.IAMCustomRole(
        name,
        role_id=cluster.apply(lambda known: f"confkube_{word}_{known.replace('-', '_')}"),
        title=name,
        description=description(spec.labels),
        permissions=list(permissions),
        stage="GA",
        project=settings.project,
        opts=opts,
    )
