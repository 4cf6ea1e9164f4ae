"""The provider protocol for the process as a whole: start, configuration, end."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from confkube_sandbox.providers import schema, sdk
from confkube_sandbox.providers.failures import guard
from confkube_sandbox.providers.handler import CheckFailure, Context
from confkube_sandbox.providers.wire import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import grpc

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import FunctionHandler, Properties, ResourceHandler

# Settings of every provider resource that the engine itself reads.
_ENGINE_SETTINGS = frozenset({"version", "pluginDownloadURL", "pluginChecksums", "__internal"})


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """What is served.

    Attributes:
        package: Pulumi's name, for example ``aws``.
        version: The version of the real provider that is simulated.
        sdk: The Python package with the input types.
        handlers: Resource types by token.
        functions: Functions by token.
        configure: Called with the provider's configuration before anything else; may refuse it.
    """

    package: str
    version: str
    sdk: str
    handlers: Mapping[str, ResourceHandler]
    functions: Mapping[str, FunctionHandler]
    configure: Callable[[Properties, SandboxHome], None] | None = None


class Process(provider_pb2_grpc.ResourceProviderServicer):
    """Answers for the process itself. Stateless but for the configuration that the engine sends once."""

    def __init__(self, plugin: Plugin, home: SandboxHome) -> None:
        self._plugin = plugin
        self._sdk = plugin.sdk
        self._handlers = plugin.handlers
        self._functions = plugin.functions
        self._context = Context(home=home, config={})

    def Handshake(self, request: object, context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:  # noqa: N802, ARG002
        """Accept neither secrets nor outputs: the engine then opens them and marks returned keys secret again."""
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: object, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802, ARG002
        """Serve an engine that did not start this process (PULUMI_DEBUG_PROVIDERS)."""
        return empty_pb2.Empty()

    def Cancel(self, request: object, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802, ARG002
        """Acknowledge; SIGINT follows."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: object, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802, ARG002
        """Name the version that is simulated."""
        return plugin_pb2.PluginInfo(version=self._plugin.version)

    def GetSchema(self, request: object, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:  # noqa: N802, ARG002
        """Name the package; the SDK carries the types."""
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": self._plugin.package, "version": self._plugin.version})
        )

    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse settings that the provider does not know, or of the wrong type."""

        def answer() -> provider_pb2.CheckResponse:
            given = {key: _decoded(value) for key, value in plain(request.news).items() if key not in _ENGINE_SETTINGS}
            checked = schema.check_settings(self._plugin.package, sdk.provider_shape(self._sdk), given)
            return provider_pb2.CheckResponse(inputs=request.news, failures=[failure(f) for f in checked])

        return guard(context, answer)

    def DiffConfig(self, request: object, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802, ARG002
        """Let the engine compare; a changed configuration never replaces resources."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Configure(  # noqa: N802
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Keep the configuration for all later calls."""

        def answer() -> provider_pb2.ConfigureResponse:
            config = {key: _decoded(value) for key, value in plain(request.args).items()}
            if self._plugin.configure is not None:
                self._plugin.configure(config, self._context.home)
            self._context = replace(self._context, config=config)
            return provider_pb2.ConfigureResponse(supportsPreview=True)

        return guard(context, answer)


def _decoded(value: object) -> object:
    """Configuration values other than texts arrive as JSON inside a text."""
    if not isinstance(value, str) or value[:1] not in ("{", "[", "t", "f"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def failure(found: CheckFailure) -> provider_pb2.CheckFailure:
    """Put a failure on the wire."""
    # Like the provider bridge, the path is part of the sentence: a property given apart changes how the CLI prints it.
    return provider_pb2.CheckFailure(reason=found.reason)
