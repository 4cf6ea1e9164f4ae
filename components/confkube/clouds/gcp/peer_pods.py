"""What cloud-api-adaptor is and may do here: a service account with a key, and Resource Manager tags for its pod VMs.

What it calls was read in https://github.com/confidential-containers/cloud-api-adaptor src/cloud-providers/gcp at
fbdde756 (2026-08-21, version 0.22.0) on 2026-11-27. Its entry point insists on a key.
"""

import base64
from collections.abc import Callable, Mapping

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp import adaptor_rights
from confkube.clouds.gcp.confidential import pod_vm_settings
from confkube.clouds.gcp.identity import service_account
from confkube.clouds.gcp.images import parts
from confkube.clouds.gcp.labels import description
from confkube.clouds.gcp.settings import GcpSettings
from confkube.component import refusing
from confkube.errors import Refusal
from confkube.platform import Labels, PeerPodAccess, PeerPodSpec

VXLAN_PORT = 9000
"""Not 4789, which the network of the nodes may use."""

_TAGGED = ("confkube-cluster", "confkube-proof")
"""Ownership by which pod VMs are found. The others can change, and a tag that is bound cannot."""


def create(name: str, spec: PeerPodSpec, settings: GcpSettings, opts: pulumi.ResourceOptions) -> PeerPodAccess:
    """Make the identity, its rights and the tags.

    Raises:
        Refusal: Several TEEs, or an image that the identity could not read.
    """
    if len(spec.pod_vms) != 1:
        raise Refusal(f"{name}: gcp starts pod VMs with one TEE, not {len(spec.pod_vms)}; give one")
    (pods,) = spec.pod_vms
    told = pod_vm_settings(pods)
    if isinstance(pods.image.image_id, str):
        _image(pods.image.image_id, settings)
    image = pulumi.Output.from_input(pods.image.image_id).apply(refusing(lambda address: _image(address, settings)))
    account = service_account(name, spec.labels, settings, opts)
    tags = _tags(name, spec.labels, settings, opts)
    granted = adaptor_rights.grant(
        name, spec, adaptor_rights.Identity(account=account, image=image, tags=tags), settings, opts
    )
    key = gcp.serviceaccount.Key(f"{name}-identity", service_account_id=account.name, opts=opts)
    return PeerPodAccess(
        provider="gcp",
        settings={
            **told,
            "GCP_PROJECT_ID": settings.project,
            "GCP_ZONE": settings.zone,
            "GCP_NETWORK": spec.network_id,
            "GCP_SUBNETWORK": spec.subnet_id,
            "GCP_MACHINE_TYPE": pods.machine_types[0],
            "GCP_INSTANCE_TYPES": ",".join(pods.machine_types),
            "PODVM_IMAGE_NAME": image,
            "ROOT_VOLUME_SIZE": str(spec.disk_gib),
            "TAGS": _known(spec.labels, _written),
            "USE_PUBLIC_IP": "false",
            "VXLAN_PORT": str(VXLAN_PORT),
        },
        credentials={"GCP_CREDENTIALS": pulumi.Output.secret(key.private_key).apply(_decoded)},
        chart_values={},
        charts=(),
        issuer=None,
        ready=(account, key, *tags, *granted),
    )


def tag_key(label: str, known: Mapping[str, str]) -> str:
    """The short name of the tag for an ownership label: short names are one in a project, so it names the cluster."""
    return f"{label}-{known['confkube-cluster']}"


def _tags(
    name: str, given: Labels, settings: GcpSettings, opts: pulumi.ResourceOptions
) -> tuple[gcp.tags.TagValue, ...]:
    """Tags that exist before any pod VM: cloud-api-adaptor looks for them and starts nothing when one is missing."""
    made: list[gcp.tags.TagValue] = []
    for label in _TAGGED:
        own = f"{name}-{label.removeprefix('confkube-')}"
        key = gcp.tags.TagKey(
            own,
            parent=f"projects/{settings.project}",
            short_name=_known(given, lambda known, label=label: tag_key(label, known)),
            description=description(given),
            opts=opts,
        )
        value = gcp.tags.TagValue(
            own,
            parent=key.id,
            short_name=_known(given, lambda known, label=label: known[label]),
            description=description(given),
            opts=opts,
        )
        made.append(value)
    return tuple(made)


def _known(given: Labels, use: Callable[[Mapping[str, str]], str]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(given).apply(use)  # pyright: ignore[reportArgumentType]


def _written(known: Mapping[str, str]) -> str:
    return ",".join(f"{tag_key(label, known)}={known[label]}" for label in _TAGGED)


def _image(address: str, settings: GcpSettings) -> str:
    project, image = parts(address)
    if project != settings.project:
        raise Refusal(
            f"image {image} belongs to project {project}, where cloud-api-adaptor's identity may read nothing; "
            f"copy it into {settings.project} with: gcloud compute images create"
        )
    return f"projects/{project}/global/images/{image}"


def _decoded(private_key: str) -> str:
    """The credentials file, which comes in base64."""
    return base64.b64decode(private_key).decode()
