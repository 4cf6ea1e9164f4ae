"""The provider protocol for resources and functions; any package of handlers plugs into it.

Protocol facts: https://github.com/pulumi/pulumi proto/pulumi/provider.proto and
sdk/go/common/resource/plugin/provider_plugin.go at v3.259.0 (2026-08).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from confkube_sandbox.providers import diff, schema, sdk
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.failures import guard
from confkube_sandbox.providers.process import Process, failure
from confkube_sandbox.providers.wire import plain, sealed, struct
from confkube_sandbox.providers.words import BRIDGE

if TYPE_CHECKING:
    import grpc

    from confkube_sandbox.providers.handler import Context, Properties, ResourceHandler
    from confkube_sandbox.providers.words import Words

_KINDS = {
    ("ADD", False): provider_pb2.PropertyDiff.ADD,
    ("ADD", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("UPDATE", False): provider_pb2.PropertyDiff.UPDATE,
    ("UPDATE", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
    ("DELETE", False): provider_pb2.PropertyDiff.DELETE,
    ("DELETE", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
}


class Provider(Process):
    """Serves the resources and functions of one package."""

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802
        """Refuse what the SDK's types or the handler refuse; return the inputs as they will be used."""

        def answer() -> provider_pb2.CheckResponse:
            handler = self._handler(request.urn, "Check")
            call = replace(self._call(request.urn), random_seed=request.randomSeed)
            shape = sdk.resource_shape(self._sdk, handler.token)
            given = plain(request.news)
            added = {key: given.pop(key) for key in handler.added & given.keys()}
            checked = schema.check(call.name, shape, given, handler.words)
            inputs, failures = checked.inputs, checked.failures
            if not failures:
                inputs, failures = handler.check(inputs | added, plain(request.olds), call)
            return provider_pb2.CheckResponse(inputs=struct(inputs), failures=[failure(f) for f in failures])

        return guard(context, answer)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802
        """Compare inputs by the facts."""

        def answer() -> provider_pb2.DiffResponse:
            handler = self._handler(request.urn, "Diff")
            old, new = plain(request.old_inputs), plain(request.news)
            found = diff.compare(handler.token, old, new, request.ignoreChanges)
            handler.settle(found, old, new, plain(request.olds))
            forced = handler.forced(_without_defaults(new), plain(request.olds), self._call(request.urn))
            found.force(forced - frozenset(request.ignoreChanges))
            some = provider_pb2.DiffResponse.DIFF_SOME
            return provider_pb2.DiffResponse(
                changes=some if found.changes else provider_pb2.DiffResponse.DIFF_NONE,
                replaces=found.replaces,
                diffs=sorted({change.path.split(".")[0].split("[")[0] for change in found.changes}),
                detailedDiff={
                    change.path: provider_pb2.PropertyDiff(
                        kind=_KINDS[change.kind, change.effect == "replace"], inputDiff=change.path not in forced
                    )
                    for change in found.changes
                },
                hasDetailedDiff=True,
                deleteBeforeReplace=found.delete_first,
            )

        return guard(context, answer)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:  # noqa: N802
        """Make the object; in a preview say which outputs are not known yet."""

        def answer() -> provider_pb2.CreateResponse:
            handler = self._handler(request.urn, "Create")
            inputs = _without_defaults(plain(request.properties))
            if request.preview:
                return provider_pb2.CreateResponse(properties=struct(handler.promised(inputs)))
            made = handler.create(inputs, self._call(request.urn, request.timeout))
            return provider_pb2.CreateResponse(id=made.id, properties=_result(handler, inputs, made.outputs))

        return guard(context, answer)

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:  # noqa: N802
        """Look at the living object; an empty answer means that it is gone."""

        def answer() -> provider_pb2.ReadResponse:
            handler = self._handler(request.urn, "Read")
            recorded = plain(request.inputs)
            call = self._call(request.urn, request.timeout)
            found = handler.read(request.id, _without_defaults(recorded), plain(request.properties), call)
            if found is None:
                return provider_pb2.ReadResponse()
            inputs = found.inputs | {key: value for key, value in recorded.items() if _is_note(key)}
            outputs = _result(handler, found.inputs, found.outputs)
            return provider_pb2.ReadResponse(
                id=request.id, inputs=struct(sealed(inputs, handler.secret_outputs)), properties=outputs
            )

        return guard(context, answer)

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:  # noqa: N802
        """Change the object in place; in a preview say which outputs will change."""

        def answer() -> provider_pb2.UpdateResponse:
            handler = self._handler(request.urn, "Update")
            old, new = _without_defaults(plain(request.old_inputs)), _without_defaults(plain(request.news))
            outputs = plain(request.olds)
            if request.preview:
                promised = handler.promised_change(old, new, outputs)
                return provider_pb2.UpdateResponse(properties=struct(sealed(promised, handler.secret_outputs)))
            call = replace(self._call(request.urn, request.timeout), ignored=frozenset(request.ignoreChanges))
            changed = handler.update(request.id, old, outputs, new, call)
            return provider_pb2.UpdateResponse(properties=_result(handler, new, changed))

        return guard(context, answer)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        """Remove the object."""

        def answer() -> empty_pb2.Empty:
            handler = self._handler(request.urn, "Delete")
            handler.delete(request.id, plain(request.properties), self._call(request.urn, request.timeout))
            return empty_pb2.Empty()

        return guard(context, answer)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802
        """Answer a function call."""

        def answer() -> provider_pb2.InvokeResponse:
            function = self._functions.get(request.tok)
            if function is None:
                raise CloudError(f"unrecognized data function (Invoke): {request.tok}")
            words = cast("Words", getattr(function, "words", BRIDGE))
            checked = schema.check("", sdk.function_shape(self._sdk, request.tok), plain(request.args), words)
            if checked.failures:
                return provider_pb2.InvokeResponse(failures=[failure(f) for f in checked.failures])
            result = struct(function.invoke(checked.inputs, self._context))
            return provider_pb2.InvokeResponse(**{"return": result})  # pyright: ignore[reportArgumentType]

        return guard(context, answer)

    # ---- parts

    def _handler(self, urn: str, call: str) -> ResourceHandler:
        token = urn.split("::")[2].rsplit("$", maxsplit=1)[-1]
        if token not in self._handlers:
            raise CloudError(f"unrecognized resource type ({call}): {token}")
        return self._handlers[token]

    def _call(self, urn: str, timeout: float = 0) -> Context:
        return replace(self._context, urn=urn, name=urn.rsplit("::", maxsplit=1)[-1], timeout=timeout or None)


def _result(handler: ResourceHandler, inputs: Properties, outputs: Properties) -> Any:  # noqa: ANN401
    return struct(sealed(inputs | outputs if handler.echoes else outputs, handler.secret_outputs))


def _without_defaults(inputs: Properties) -> Properties:
    return {key: value for key, value in inputs.items() if not _is_note(key)}


def _is_note(key: str) -> bool:
    """Whether Check wrote the entry for later calls, like ``__defaults``, and no program did."""
    return key.startswith("__")
