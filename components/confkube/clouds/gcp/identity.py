"""What a machine itself may do: a service account without any role, and the one secret that it may read."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp.labels import description, labels, short_name
from confkube.clouds.gcp.settings import GcpSettings
from confkube.platform import Labels, MachineSpec, Secret

_READER = "roles/secretmanager.secretAccessor"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What Google advises: rights are in roles, and scopes only ever narrow them.
Source: https://cloud.google.com/compute/docs/access/service-accounts#scopes_best_practice, 2026-11-25."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a machine may do, and what must exist before it starts to do it."""

    account: gcp.serviceaccount.Account
    ready: tuple[pulumi.Resource, ...] = ()

    @property
    def block(self) -> dict[str, Any]:
        """The ``service_account`` of an instance or a template."""
        return {"email": self.account.email, "scopes": [_SCOPE]}


def service_account(
    name: str, labels: Labels, settings: GcpSettings, opts: pulumi.ResourceOptions
) -> gcp.serviceaccount.Account:
    """Make a service account without any role."""
    return gcp.serviceaccount.Account(
        f"{name}-identity",
        account_id=short_name(labels, name),
        display_name=name,
        description=description(labels),
        project=settings.project,
        opts=opts,
    )


def secret_id(name: str) -> str:
    """A secret's name as Secret Manager takes it; ``fetch-secret`` does the same."""
    return name.replace("/", "-")


def create(name: str, spec: MachineSpec, settings: GcpSettings, opts: pulumi.ResourceOptions) -> Identity:
    """Make the machine's service account, and its secret where it has one.

    Every machine has an account of its own, also one without rights: the metadata service signs an identity, by which
    SPIRE knows the instance, only for a machine that has one. To verify such identities the trust server needs no
    right either.
    """
    account = service_account(name, spec.labels, settings, opts)
    if spec.secret is None:
        return Identity(account=account)
    entry = _store(name, spec, spec.secret, settings, opts)
    version = gcp.secretmanager.SecretVersion(
        f"{name}-secret", secret=entry.id, secret_data=pulumi.Output.secret(spec.secret.value), opts=opts
    )
    reader = gcp.secretmanager.SecretIamMember(
        f"{name}-secret",
        secret_id=entry.secret_id,
        role=_READER,
        member=account.email.apply(lambda email: f"serviceAccount:{email}"),
        project=settings.project,
        # Secret Manager may not know an account yet that is seconds old; the machine waits for this anyway.
        # https://github.com/GoogleCloudPlatform/magic-modules/pull/10813, 2026-11-27
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[*spec.after])),
    )
    return Identity(account=account, ready=(version, reader))


def _store(
    name: str, spec: MachineSpec, secret: Secret, settings: GcpSettings, opts: pulumi.ResourceOptions
) -> gcp.secretmanager.Secret:
    return gcp.secretmanager.Secret(
        f"{name}-secret",
        secret_id=pulumi.Output.from_input(secret.name).apply(secret_id),
        replication={"user_managed": {"replicas": [{"location": settings.region}]}},
        deletion_protection=False,
        labels=labels(spec.labels),
        project=settings.project,
        opts=opts,
    )
