"""The functions of azure-native."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.accounts import AZURE_CALLER, AZURE_TENANT
from confkube_sandbox.providers.azure_native.api import ArmError
from confkube_sandbox.providers.azure_native.connection import connect
from confkube_sandbox.providers.azure_native.kinds import KINDS
from confkube_sandbox.providers.azure_native.resource import Resource
from confkube_sandbox.providers.azure_native.words import WORDS
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import Function

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties


class GetClientConfig(Function, token="azure-native:authorization:getClientConfig"):
    """Who the provider is: what the token says, as in auth_getclientconfig.go at 1de7602df79a."""

    words = WORDS

    def invoke(self, args: Properties, ctx: Context) -> Properties:  # noqa: ARG002
        """Answer with the caller's ids."""
        return {
            "clientId": AZURE_CALLER,
            "objectId": AZURE_CALLER,
            "subscriptionId": connect(ctx).subscription,
            "tenantId": AZURE_TENANT,
        }


class GetResourceGroup(Function, token="azure-native:resources:getResourceGroup"):
    """A resource group that is there already; Invoke in provider.go at 006a62afe453."""

    words = WORDS

    def invoke(self, args: Properties, ctx: Context) -> Any:  # noqa: ANN401
        """Answer with the group, or fail where there is none."""
        if args.get("resourceGroupName") is None:
            raise CloudError(WORDS.missing("resourceGroupName"))
        group = Resource(next(kind for kind in KINDS if kind.type == "azure-native:resources:ResourceGroup"))
        azure = connect(ctx)
        id_ = group.id_of(azure, args)
        try:
            answer = azure.api.get(id_, group.kind.version)
        except ArmError as error:
            raise CloudError(f"request failed {id_}: {error}", error.code) from None
        return {"id": answer.get("id")} | group.outputs_of(answer)
