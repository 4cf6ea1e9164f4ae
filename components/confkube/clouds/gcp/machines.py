"""Single machines as instances, pools as zonal managed instance groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp import identity
from confkube.clouds.gcp.confidential import confidential_arguments, disk_type
from confkube.clouds.gcp.identity import Identity
from confkube.clouds.gcp.labels import description, labels
from confkube.clouds.gcp.settings import GcpSettings
from confkube.names import digest
from confkube.platform import Group, Machines, MachineSpec, Single

_USER_DATA = "user-data"
_KEPT = [f'metadata["{_USER_DATA}"]', "bootDisk.initializeParams.image"]
"""A single machine holds state (etcd, trust keys): a new image or boot text never replaces or restarts it."""
_SHIELD = {"enable_secure_boot": True, "enable_vtpm": True, "enable_integrity_monitoring": True}

_ONE_AT_A_TIME = pulumi.ResourceOptions(delete_before_replace=True)
"""A fixed address belongs to one machine: its successor cannot start beside it."""


@dataclass(frozen=True, kw_only=True)
class _Start:
    """All that a machine or a group starts from."""

    name: str
    spec: MachineSpec
    settings: GcpSettings
    labels: pulumi.Output[dict[str, str]]
    who: Identity
    opts: pulumi.ResourceOptions


def create(name: str, spec: MachineSpec, settings: GcpSettings, opts: pulumi.ResourceOptions) -> Machines:
    """Make one machine, or a scale group of equal ones."""
    who = identity.create(name, spec, settings, opts)
    after = pulumi.ResourceOptions(depends_on=[*spec.after, *who.ready])
    start = _Start(
        name=name,
        spec=spec,
        settings=settings,
        labels=labels(spec.labels),
        who=who,
        opts=pulumi.ResourceOptions.merge(opts, after),
    )
    return _single(start, spec.scale) if isinstance(spec.scale, Single) else _group(start, spec.scale)


def _common(start: _Start) -> dict[str, Any]:
    """What an instance and a template are told in the same words."""
    spec = start.spec
    return {
        "machine_type": spec.machine_type,
        "metadata": {
            _USER_DATA: spec.user_data,
            "block-project-ssh-keys": "true",
            "disable-legacy-endpoints": "true",
            "serial-port-enable": "false",
        },
        "service_account": start.who.block,
        "shielded_instance_config": _SHIELD,
        "tags": [spec.firewall_id],
        "labels": start.labels,
        "project": start.settings.project,
        **confidential_arguments(spec.isolation, spec.machine_type),
    }


def _interface(start: _Start) -> Any:  # noqa: ANN401 - instances and templates have classes of their own for the same
    return {"subnetwork": start.spec.subnet_id, "nic_type": "GVNIC"}


def _single(start: _Start, scale: Single) -> Machines:
    name, spec, settings = start.name, start.spec, start.settings
    interface = _interface(start) | {"network_ip": str(scale.private_ip)}
    public = _public_address(start) if scale.public else None
    if public:
        interface["access_configs"] = [{"nat_ip": public.address, "network_tier": "PREMIUM"}]
    instance = gcp.compute.Instance(
        name,
        boot_disk={
            "auto_delete": True,
            "initialize_params": {
                "image": spec.image.image_id,
                "size": spec.disk_gib,
                "type": disk_type(spec.machine_type),
                "labels": start.labels,
            },
        },
        network_interfaces=[interface],
        allow_stopping_for_update=True,
        zone=settings.zone,
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions.merge(start.opts, _ONE_AT_A_TIME),
            # The provider would take another TEE for an update, send nothing, and call it done.
            pulumi.ResourceOptions(ignore_changes=_KEPT, replace_on_changes=["confidentialInstanceConfig"]),
        ),
        **_common(start),
    )
    return Machines(
        group_id=instance.id,
        private_ip=pulumi.Output.from_input(str(scale.private_ip)),
        public_ip=public.address if public else None,
        boot_digest=instance.metadata.apply(_boot_digest),
        tunnel=pulumi.Output.format(
            "gcloud compute start-iap-tunnel {0} {1} --local-host-port=localhost:{1} --project={2} --zone={3}",
            instance.name,
            scale.tunnel_port,
            settings.project,
            settings.zone,
        ),
        resource=instance,
    )


def _boot_digest(metadata: Mapping[str, str] | None) -> str:
    return digest((metadata or {}).get(_USER_DATA, ""))


def _public_address(start: _Start) -> gcp.compute.Address:
    return gcp.compute.Address(
        f"{start.name}-address",
        address_type="EXTERNAL",
        network_tier="PREMIUM",
        labels=start.labels,
        region=start.settings.region,
        project=start.settings.project,
        opts=start.opts,
    )


def _group(start: _Start, scale: Group) -> Machines:
    name, settings = start.name, start.settings
    template = _template(start)
    group = gcp.compute.InstanceGroupManager(
        name,
        base_instance_name=name,
        versions=[{"instance_template": template.self_link_unique}],
        target_size=scale.count,
        description=description(start.spec.labels),
        # A running machine is never changed under its pods: new ones follow the new template, old ones stay.
        update_policy={
            "type": "OPPORTUNISTIC",
            "minimal_action": "REPLACE",
            "replacement_method": "SUBSTITUTE",
            "max_surge_fixed": 1,
            "max_unavailable_fixed": 0,
        },
        # Else a machine that failed would be made anew from the template that it was made from, which may be gone.
        instance_lifecycle_policy={"force_update_on_repair": "YES"},
        wait_for_instances=True,
        zone=settings.zone,
        project=settings.project,
        opts=pulumi.ResourceOptions.merge(
            start.opts,
            pulumi.ResourceOptions(
                custom_timeouts=pulumi.CustomTimeouts(create=_patience(scale), update=_patience(scale))
            ),
        ),
    )
    return Machines(
        group_id=group.id,
        private_ip=None,
        public_ip=None,
        boot_digest=template.metadata.apply(_boot_digest),
        tunnel=None,
        resource=group,
    )


def _patience(scale: Group) -> str:
    """The provider's fifteen minutes, and more for many machines; a confidential one can be slow to start."""
    return f"{15 + scale.count // 20}m"


def _template(start: _Start) -> gcp.compute.InstanceTemplate:
    spec = start.spec
    return gcp.compute.InstanceTemplate(
        start.name,
        disks=[
            {
                "boot": True,
                "auto_delete": True,
                "source_image": spec.image.image_id,
                "disk_size_gb": spec.disk_gib,
                "disk_type": disk_type(spec.machine_type),
                "labels": start.labels,
            }
        ],
        network_interfaces=[_interface(start)],
        region=start.settings.region,
        opts=start.opts,
        **_common(start),
    )
