"""Blobs: the real provider writes them by hand, through the address of their account.

After provider/pkg/resources/customresources/custom_storage_azidentity.go of github.com/pulumi/pulumi-azure-native at
0e7c8eefcfa8, read on 2026-11-27: it asks for the account's keys and signs with the first one. Assets of a text alone
are simulated, and block blobs; files are read by the engine's host, which this process may not be on.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import AzureError, HttpResponseError

from confkube_sandbox.access import azure as access
from confkube_sandbox.providers.azure_native import naming
from confkube_sandbox.providers.azure_native.api import ArmError
from confkube_sandbox.providers.azure_native.checks import failures
from confkube_sandbox.providers.azure_native.connection import connect
from confkube_sandbox.providers.azure_native.paths import parsed
from confkube_sandbox.providers.azure_native.resource import Resource
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure, Created, Read

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.azure_native.connection import Connection
    from confkube_sandbox.providers.handler import Context, Properties

_PLACE = ("resourceGroupName", "accountName", "containerName", "blobName")
_HOST = "blob.core.windows.net"
_NOT_FOUND = 404


class Blob(Resource):
    """A block blob."""

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Fill in name and type; a blob has no version of an API."""
        filled = naming.named(self.kind, inputs, old, ctx)
        filled = {"type": "Block"} | filled
        found = failures(self.kind, filled)
        source = cast("object", filled.get("source"))
        if isinstance(source, dict) and "text" not in source:
            reason = "the sandbox simulates blobs of a StringAsset alone"
            found.append(CheckFailure(property="source", reason=reason))
        if filled["type"] != "Block":
            found.append(CheckFailure(property="type", reason="the sandbox simulates block blobs alone"))
        return filled, found

    def promised(self, inputs: Properties) -> Properties:
        """Where it is and what it is called are known before it is there."""
        found = super().promised(inputs)
        found.pop("azureApiVersion", None)
        return found

    def promised_change(self, old: Properties, new: Properties, outputs: Properties) -> Properties:  # noqa: ARG002
        """Name and address stay."""
        kept = {key: outputs[key] for key in ("name", "url", "contentMd5") if key in outputs}
        return self.promised(new) | kept

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Write it, over what may be there, as the real provider does."""
        azure = connect(ctx)
        id_ = self.id_of(azure, inputs)
        source = cast("dict[str, Any]", inputs.get("source") or {})
        text = str(source.get("text", ""))
        settings = _content_settings(inputs)
        self._do(
            azure,
            inputs,
            lambda blob: blob.upload_blob(
                text.encode(), overwrite=True, metadata=inputs.get("metadata"), content_settings=settings
            ),
        )
        found = self._look(azure, inputs)
        if found is None:
            raise CloudError("newly created blob is not found")
        return Created(id=id_, outputs=found)

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:  # noqa: ARG002
        """Look at it; what it was written from cannot be read."""
        place = {key: value for key, value in parsed(id_, self.kind.path).items() if key in _PLACE}
        found = self._look(connect(ctx), place)
        if found is None:
            return None
        return Read(inputs=inputs or place | {"type": found["type"]}, outputs=found)

    def update(
        self,
        id_: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,  # noqa: ARG002
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Change its type and metadata."""
        azure = connect(ctx)
        self._do(azure, new_inputs, lambda blob: blob.set_http_headers(_content_settings(new_inputs)))
        if new_inputs.get("metadata"):
            self._do(azure, new_inputs, lambda blob: blob.set_blob_metadata(new_inputs["metadata"]))
        found = self._look(azure, new_inputs)
        if found is None:
            raise CloudError("newly created blob is not found")
        return found

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:  # noqa: ARG002
        """Remove it; one whose account has gone is gone too."""
        place = parsed(id_, self.kind.path)
        try:
            self._do(connect(ctx), place, lambda blob: blob.delete_blob(delete_snapshots="include"))
        except CloudError as error:
            if error.code != str(_NOT_FOUND):
                raise

    def _look(self, azure: Connection, place: Properties) -> Properties | None:
        try:
            seen = self._do(azure, place, lambda blob: blob.get_blob_properties())
        except CloudError as error:
            if error.code == str(_NOT_FOUND):
                return None
            raise
        account, container, name = (str(place[key]) for key in _PLACE[1:])
        return {
            **{key: place[key] for key in _PLACE},
            "name": name,
            "contentMd5": base64.b64encode(bytes(seen.content_settings.content_md5 or b"")).decode(),
            "contentType": seen.content_settings.content_type,
            "metadata": dict(seen.metadata),
            "type": str(seen.blob_type.value).removesuffix("Blob"),
            "url": f"https://{account}.{_HOST}/{container}/{name}",
            "accessTier": seen.blob_tier,
        }

    def _do(self, azure: Connection, place: Properties, work: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        account = self.kind.path.partition("/blobServices")[0].replace("{subscriptionId}", azure.subscription)
        for key in _PLACE[:2]:
            account = account.replace(f"{{{key}}}", str(place[key]))
        try:
            answer = azure.api.post(f"{account}/listKeys", self.kind.version)
            key = cast("list[dict[str, Any]]", answer["keys"])[0]["value"]
            names = [str(place[each]) for each in _PLACE[1:]]
            return work(access.blob(azure.api.access, names[0], key, *names[1:]))
        except ArmError as error:
            raise CloudError(str(error), str(error.status)) from None
        except HttpResponseError as error:
            raise CloudError(str(error.message), str(error.status_code)) from None
        except AzureError as error:
            raise CloudError(str(error.message)) from None


def _content_settings(inputs: Properties) -> Any:  # noqa: ANN401
    from azure.storage.blob import ContentSettings  # noqa: PLC0415  (few programs have blobs)

    return ContentSettings(content_type=inputs.get("contentType") or "application/octet-stream")
