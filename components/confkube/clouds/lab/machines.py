"""Single machines and pools of the lab: systemd-nspawn containers that boot the cluster's own boot text."""

from typing import Any

import pulumi

from confkube.clouds.local_command import resource
from confkube.names import digest
from confkube.platform import Group, Machines, MachineSpec, Single

_KEPT = ["create", "stdin", "update"]
"""A single machine holds state: new boot text never replaces or restarts it."""


def create(name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
    """Make one machine, or a pool of equal ones."""
    after = pulumi.ResourceOptions(depends_on=list(spec.after))
    if isinstance(spec.scale, Single):
        return _single(name, spec, spec.scale, pulumi.ResourceOptions.merge(opts, after))
    return _group(name, spec, spec.scale, pulumi.ResourceOptions.merge(opts, after))


def _common(name: str, spec: MachineSpec) -> dict[str, Any]:
    subnet = pulumi.Output.from_input(spec.subnet_id)
    return {
        "name": name,
        "lab": subnet.apply(lambda known: known.partition("/")[0]),
        "tier": subnet.apply(lambda known: known.partition("/")[2]),
        "image": spec.image.image_id,
        "isolation": type(spec.isolation).__name__.lower(),
        "tee": str(getattr(getattr(spec.isolation, "tee", None), "value", "none")),
        "disk_gib": spec.disk_gib,
        "user_data": spec.user_data,
        "labels": spec.labels,
    }


def _single(name: str, spec: MachineSpec, scale: Single, opts: pulumi.ResourceOptions) -> Machines:
    secret = {"name": spec.secret.name, "value": spec.secret.value} if spec.secret else None
    made, answer = resource(
        name,
        ("lab machines-up", f"lab machines-down {name}"),
        {**_common(name, spec), "address": str(scale.private_ip), "secret": secret},
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=_KEPT, delete_before_replace=True)),
    )
    return Machines(
        group_id=answer.apply(lambda known: str(known.get("group_id", name))),
        private_ip=pulumi.Output.from_input(str(scale.private_ip)),
        public_ip=answer.apply(lambda known: str(known.get("loopback", ""))),
        boot_digest=answer.apply(lambda known: str(known.get("boot_digest", ""))),
        tunnel=pulumi.Output.from_input(f"confkube lab tunnel {name} {scale.tunnel_port}"),
        resource=made,
    )


def _group(name: str, spec: MachineSpec, scale: Group, opts: pulumi.ResourceOptions) -> Machines:
    made, answer = resource(
        name, ("lab machines-up", f"lab machines-down {name}"), {**_common(name, spec), "count": scale.count}, opts
    )
    return Machines(
        group_id=answer.apply(lambda known: str(known.get("group_id", name))),
        private_ip=None,
        public_ip=None,
        boot_digest=pulumi.Output.unsecret(pulumi.Output.from_input(spec.user_data).apply(digest)),
        tunnel=None,
        resource=made,
    )
