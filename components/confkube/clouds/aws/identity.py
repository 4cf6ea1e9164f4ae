"""What a machine itself may do: a role with the fewest rights, and the one secret it may read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from confkube.clouds.aws.labels import tags
from confkube.platform import MachineSpec, Permission, Secret

_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

_SESSION_ACTIONS = [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
]
"""The least that Session Manager needs; none of these actions can be bound to a resource.
Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html,
2026-11-23."""

_INSPECT_ACTIONS = ["ec2:DescribeInstances", "iam:GetInstanceProfile"]
"""What SPIRE's aws_iid attestor asks for.
Source: https://github.com/spiffe/spire/blob/v1.15.3/doc/plugin_server_nodeattestor_aws_iid.md, 2026-11-23."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a machine may do, and what must exist before it starts to do it."""

    profile: aws.iam.InstanceProfile | None = None
    ready: tuple[pulumi.Resource, ...] = ()


def create(name: str, spec: MachineSpec, region: str, opts: pulumi.ResourceOptions) -> Identity:
    """Make the machine's secret, role and instance profile; none of them when it needs no rights at all."""
    if not spec.permissions and spec.secret is None:
        return Identity()
    role = aws.iam.Role(
        f"{name}-identity", assume_role_policy=json.dumps(_ASSUME), tags=tags(spec.labels, name), opts=opts
    )
    stored = _store(name, spec.secret, spec, region, opts) if spec.secret else ()
    readable = pulumi.Output.all(*(entry.arn for entry in stored[:1]))
    policy = aws.iam.RolePolicy(
        f"{name}-identity",
        role=role.id,
        policy=readable.apply(lambda secret_arns: _policy(spec.permissions, secret_arns)),
        opts=opts,
    )
    profile = aws.iam.InstanceProfile(f"{name}-identity", role=role.name, tags=tags(spec.labels, name), opts=opts)
    return Identity(profile=profile, ready=(policy, *stored))


def _store(
    name: str, secret: Secret, spec: MachineSpec, region: str, opts: pulumi.ResourceOptions
) -> tuple[aws.secretsmanager.Secret, aws.secretsmanager.SecretVersion]:
    entry = aws.secretsmanager.Secret(
        f"{name}-secret",
        name=secret.name,
        description=f"what {name} needs to start; readable by its own role alone",
        recovery_window_in_days=0,
        region=region,
        tags=tags(spec.labels, name),
        opts=opts,
    )
    version = aws.secretsmanager.SecretVersion(
        f"{name}-secret",
        secret_id=entry.id,
        secret_string=pulumi.Output.secret(secret.value),
        region=region,
        opts=opts,
    )
    return entry, version


def _policy(permissions: Iterable[Permission], secret_arns: Iterable[str]) -> str:
    """The policy document: one statement for each permission, and one for each secret made with the machine."""
    granted = set(permissions)
    statements = [_allow("OwnSecret", ["secretsmanager:GetSecretValue"], arn) for arn in secret_arns]
    if Permission.INSPECT_MACHINES in granted:
        statements.append(_allow("InspectMachines", _INSPECT_ACTIONS, "*"))
    if Permission.TUNNEL in granted:
        statements.append(_allow("Session", _SESSION_ACTIONS, "*"))
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
