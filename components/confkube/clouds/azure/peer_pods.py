"""The access of cloud-api-adaptor: an identity that tokens of the cluster become, without any secret."""

import itertools

import pulumi
import pulumi_azure_native as azure

from confkube.clouds import adaptor
from confkube.clouds.azure import adaptor_rights, issuer, tenancy
from confkube.clouds.azure.labels import tags
from confkube.clouds.azure.settings import AzureSettings
from confkube.clouds.azure.tenancy import Tenancy
from confkube.platform import PeerPodAccess, PeerPodSpec

AUDIENCE = "api://AzureADTokenExchange"
"""What Entra ID wants to be addressed as: https://learn.microsoft.com/entra/workload-id/workload-identity-federation,
2026-11-27."""
WEBHOOK = "workload-identity-webhook"
"""Puts a token, and where it is, into pods that ask for it by a label."""
_USE = {"azure.workload.identity/use": "true"}
_TUNNEL_PORT = "9000"
"""The pods' tunnel, beside the 4789 of the pod network; the tier of the pod VMs is open for it."""


def create(name: str, spec: PeerPodSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> PeerPodAccess:
    """Make the identity with its roles, and who vouches for the tokens that become it."""
    pods = _group_of_pods(name, spec, settings, opts)
    inside = pods.options(opts)
    identity = azure.managedidentity.UserAssignedIdentity(
        f"{name}-identity",
        resource_group_name=pods.group,
        location=pods.location,
        tags=tags(spec.labels),
        opts=inside,
    )
    address, documents = issuer.create(name, spec, pods, inside)
    credentials = _credentials(name, spec, identity, pods, address, inside)
    roles = adaptor_rights.create(name, spec, identity.principal_id, settings, pods, opts)
    return PeerPodAccess(
        provider="azure",
        settings=_settings(spec, settings, pods),
        credentials={
            "AZURE_CLIENT_ID": identity.client_id,
            "AZURE_TENANT_ID": settings.tenant,
            # Empty means: a token of the service account (src/cloud-providers/azure/client.go at fbdde756).
            "AZURE_CLIENT_SECRET": "",
        },
        chart_values={
            "daemonset": _identified(identity.client_id),
            "resourceCtrl": _identified(identity.client_id),
        },
        charts=(WEBHOOK,),
        values_of_charts={WEBHOOK: {"azureTenantID": settings.tenant}},
        issuer=address,
        ready=(*([pods.owned] if pods.owned else []), *documents, *credentials, *roles),
    )


def _group_of_pods(name: str, spec: PeerPodSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> Tenancy:
    """A group of the pod VMs' own, so that a role at it reaches no other machine, and its end is theirs.

    Its name comes with the subnet's id, so that the group goes before the subnet that its machines are in.
    """
    suffix = pulumi.Output.from_input(spec.subnet_id).apply(lambda _: "-pods")
    return tenancy.create(name, settings, spec.labels, opts, suffix=suffix)


def _credentials(  # noqa: PLR0913, PLR0917 - what each of them names
    name: str,
    spec: PeerPodSpec,
    identity: azure.managedidentity.UserAssignedIdentity,
    pods: Tenancy,
    address: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """One credential for each service account, made one after the other: Azure refuses two at once for an identity.

    Source: https://github.com/Azure/bicep-registry-modules/issues/1447, 2026-11-27.
    """
    made: list[pulumi.Resource] = []
    for account in spec.service_accounts:
        after = pulumi.ResourceOptions(depends_on=made[-1:])
        made.append(
            azure.managedidentity.FederatedIdentityCredential(
                f"{name}-{account}",
                federated_identity_credential_resource_name=account,
                resource_name_=identity.name,
                resource_group_name=pods.group,
                issuer=address,
                subject=f"system:serviceaccount:{spec.namespace}:{account}",
                audiences=[AUDIENCE],
                opts=pulumi.ResourceOptions.merge(opts, after),
            )
        )
    return made


def _settings(spec: PeerPodSpec, settings: AzureSettings, pods: Tenancy) -> dict[str, pulumi.Input[str]]:
    """The environment of cloud-api-adaptor, by the names of its chart.

    Source: src/cloud-api-adaptor/install/charts/peerpods/providers/azure.yaml at fbdde756, 2026-11-27.
    """
    sizes = list(dict.fromkeys(itertools.chain.from_iterable(each.machine_types for each in spec.pod_vms)))
    return {
        "AZURE_SUBSCRIPTION_ID": settings.subscription,
        "AZURE_REGION": settings.location,
        "AZURE_RESOURCE_GROUP": pods.group,
        "AZURE_SUBNET_ID": spec.subnet_id,
        # Named at the interface too: the one of the subnet alone would do, until somebody takes it away there.
        "AZURE_NSG_ID": spec.firewall_id,
        # One image serves both TEEs; a pod may name another one in an annotation.
        "AZURE_IMAGE_ID": spec.pod_vms[0].image.image_id,
        "AZURE_INSTANCE_SIZE": sizes[0],
        "AZURE_INSTANCE_SIZES": ",".join(sizes),
        "DISABLECVM": "false",
        # Images that upstream's recipe builds are not signed; what boots is measured by the vTPM instead.
        "ENABLE_SECURE_BOOT": "false",
        "ROOT_VOLUME_SIZE": str(spec.disk_gib),
        "SSH_USERNAME": "peerpod",
        "TAGS": adaptor.tags(spec.labels),
        "TUNNEL_TYPE": "vxlan",
        "USE_PUBLIC_IP": "false",
        "VXLAN_PORT": _TUNNEL_PORT,
    }


def _identified(client: pulumi.Output[str]) -> dict[str, object]:
    """Values of a chart whose pods get tokens of their service account for Azure."""
    return {
        "podLabels": _USE,
        "serviceAccount": {"annotations": {"azure.workload.identity/client-id": client}},
    }
