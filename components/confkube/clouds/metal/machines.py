"""Single machines and pools on given hosts: the cluster's own boot text, applied over SSH."""

from typing import Any

import pulumi

from confkube.clouds.metal.command import resource
from confkube.clouds.metal.confidential import hosts_for, refuse_cvm
from confkube.clouds.metal.settings import Host, Hosts
from confkube.errors import Refusal
from confkube.names import digest
from confkube.platform import Group, Machines, MachineSpec, Single

_KEPT = ["stdin"]
"""A single machine holds state: new boot text never reaches it. How its host is reached may change."""


def create(name: str, spec: MachineSpec, block: Hosts, opts: pulumi.ResourceOptions) -> Machines:
    """Make one host a machine, or some of them the machines of a pool."""
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(spec.after)))
    if isinstance(spec.scale, Single):
        return _single(name, spec, spec.scale, block, after)
    return _group(name, spec, spec.scale, block, after)


def _told(name: str, spec: MachineSpec) -> dict[str, Any]:
    return {
        "name": name,
        "cluster": pulumi.Output.from_input(spec.labels).apply(lambda known: known["confkube-cluster"]),
        "user_data": spec.user_data,
        "secret": {"name": spec.secret.name, "value": spec.secret.value} if spec.secret else None,
    }


def _single(name: str, spec: MachineSpec, scale: Single, block: Hosts, opts: pulumi.ResourceOptions) -> Machines:
    refuse_cvm(name, spec.isolation)
    host = _at(name, scale, block)
    made, answer = resource(
        name,
        _told(name, spec),
        block,
        [host],
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=_KEPT, delete_before_replace=True)),
    )
    return Machines(
        group_id=pulumi.Output.from_input(host.name),
        private_ip=pulumi.Output.from_input(host.address),
        public_ip=None,
        boot_digest=answer.apply(lambda known: str(known.get("boot_digest", ""))),
        tunnel=pulumi.Output.from_input(_tunnel(host, scale.tunnel_port, block.ssh_config)),
        resource=made,
    )


def _at(name: str, scale: Single, block: Hosts) -> Host:
    found = next((host for host in block.hosts if host.address == str(scale.private_ip)), None)
    if found is None:
        given = ", ".join(host.address for host in block.hosts)
        raise Refusal(f"{name}: no host has the address {scale.private_ip}; the hosts have {given}")
    return found


def _tunnel(host: Host, port: int, ssh_config: str | None) -> str:
    config = f" -F {ssh_config}" if ssh_config else ""
    key = f" -i {host.key_file}" if host.key_file else ""
    return f"ssh -N{config}{key} -p {host.port} -L {port}:{host.address}:{port} {host.user}@{host.address}"


def _group(name: str, spec: MachineSpec, scale: Group, block: Hosts, opts: pulumi.ResourceOptions) -> Machines:
    able = hosts_for(name, spec.isolation, block)
    if scale.count > len(able):
        raise Refusal(
            f"{name}: {scale.count} machines are more than the {len(able)} hosts that can be some of them, "
            f"{', '.join(host.name for host in able)}; choose fewer, or give more hosts"
        )
    made, _ = resource(name, _told(name, spec), block, able[: scale.count], opts)
    return Machines(
        group_id=pulumi.Output.from_input(name),
        private_ip=None,
        public_ip=None,
        boot_digest=pulumi.Output.unsecret(pulumi.Output.from_input(spec.user_data).apply(digest)),
        tunnel=None,
        resource=made,
    )
