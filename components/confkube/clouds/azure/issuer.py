"""Who vouches for tokens of the cluster's service accounts: two public documents that Entra ID reads."""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure import oidc
from confkube.clouds.azure.labels import tags
from confkube.clouds.azure.tenancy import Tenancy
from confkube.names import digest
from confkube.platform import PeerPodSpec

_CONTAINER = "oidc"


def account_name(cluster_id: str) -> str:
    """The storage account of a cluster, named after it: all of them share one name space, and have no dashes."""
    return f"ck{digest(cluster_id, 20)}"


def create(
    name: str, spec: PeerPodSpec, place: Tenancy, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], tuple[pulumi.Resource, ...]]:
    """Publish the issuer's documents; returns its address, which ends with a slash, and what it stands on.

    Everybody may read them, which is their purpose: they hold the public key and no secret. A storage account is what
    the documentation of self-managed clusters uses; a policy of the subscription may forbid public blobs.
    """
    account = azure.storage.StorageAccount(
        f"{name}-issuer",
        account_name=pulumi.Output.from_input(spec.cluster_id).apply(account_name),
        resource_group_name=place.group,
        location=place.location,
        kind=azure.storage.Kind.STORAGE_V2,
        sku=azure.storage.SkuArgs(name=azure.storage.SkuName.STANDARD_LRS),
        allow_blob_public_access=True,
        # azure-native writes blobs with the account's key, which it asks for.
        allow_shared_key_access=True,
        enable_https_traffic_only=True,
        minimum_tls_version=azure.storage.MinimumTlsVersion.TLS1_2,
        tags=tags(spec.labels),
        opts=opts,
    )
    container = azure.storage.BlobContainer(
        f"{name}-issuer",
        container_name=_CONTAINER,
        account_name=account.name,
        resource_group_name=place.group,
        public_access=azure.storage.PublicAccess.BLOB,
        opts=opts,
    )
    address = pulumi.Output.format("{0}{1}/", account.primary_endpoints.apply(_blob_endpoint), container.name)
    documents = {
        "discovery": (oidc.DISCOVERY, address.apply(oidc.discovery)),
        "keys": (oidc.KEYS, pulumi.Output.from_input(spec.token_key).apply(oidc.key_set)),
    }
    blobs = [
        azure.storage.Blob(
            f"{name}-issuer-{part}",
            blob_name=path,
            container_name=container.name,
            account_name=account.name,
            resource_group_name=place.group,
            content_type="application/json",
            type=azure.storage.BlobType.BLOCK,
            source=text.apply(pulumi.StringAsset),
            opts=opts,
        )
        for part, (path, text) in documents.items()
    ]
    return address, tuple(blobs)


def _blob_endpoint(endpoints: Any) -> str:  # noqa: ANN401 - an output of the fields of EndpointsResponse
    return endpoints.blob if hasattr(endpoints, "blob") else endpoints["blob"]
