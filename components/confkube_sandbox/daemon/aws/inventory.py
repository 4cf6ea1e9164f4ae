"""What is alive in an account, as ids: the measure of whether a teardown left anything behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import moto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.cloud import Found


def resources(account: str | None = None) -> list[Found]:
    """List (account, kind, id) of everything that lives, without what an empty account has by itself.

    Terminated instances and deleted NAT gateways are not alive; a default VPC with its parts and stock images do not
    count.
    """
    found: list[Found] = []
    for (service, owner, region), held in moto.world().items():
        if account in (None, owner):
            pairs = {"ec2": _ec2, "autoscaling": _groups, "iam": _iam, "secretsmanager": _secrets}[service](held)
            found += [(owner, kind, f"{region}/{name}") for kind, name in pairs]
    return sorted(found)


def _ec2(held: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    default = {vpc.id for vpc in held.vpcs.values() if vpc.is_default}
    snapshots_of_images = {image.ebs_snapshot.id for image in held.amis.values()}
    for reservation in held.reservations.values():
        yield from (("instance", each.id) for each in reservation.instances if each.state != "terminated")
    yield from (("vpc", each.id) for each in held.vpcs.values() if each.id not in default)
    for zone in held.subnets.values():
        yield from (
            ("subnet", each.id) for each in zone.values() if each.vpc_id not in default or not each.default_for_az
        )
    for vpc, groups in held.groups.items():
        yield from (
            ("security-group", each.id) for each in groups.values() if vpc is not None and each.name != "default"
        )
    for table in held.route_tables.values():
        if not table.main_association_id:
            yield "route-table", table.id
    for gateway in held.internet_gateways.values():
        if gateway.vpc is None or gateway.vpc.id not in default:
            yield "internet-gateway", gateway.id
    yield from (
        ("nat-gateway", each.id) for each in held.nat_gateways.values() if each.state not in {"deleted", "failed"}
    )
    yield from (("address", each.allocation_id) for each in held.addresses)
    yield from (("network-interface", each.id) for each in held.enis.values())
    yield from (("volume", each.id) for each in held.volumes.values())
    yield from (("snapshot", each.id) for each in held.snapshots.values() if each.id not in snapshots_of_images)
    yield from (("image", each.id) for each in held.amis.values() if each.owner_id == held.account_id)
    yield from (("launch-template", each.id) for each in held.launch_templates.values())


def _groups(held: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    yield from (("auto-scaling-group", name) for name in held.autoscaling_groups)


def _iam(held: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    yield from (("role", each.name) for each in held.roles.values())
    yield from (("instance-profile", name) for name in held.instance_profiles)
    yield from (("user", name) for name in held.users)
    yield from (("access-key", name) for name in held.access_keys)
    own = f":{held.account_id}:"
    yield from (("policy", arn) for arn in held.managed_policies if own in arn)


def _secrets(held: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    yield from (("secret", each.name) for each in held.secrets.values() if not each.is_deleted())
