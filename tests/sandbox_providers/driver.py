"""A small engine: starts a provider process and calls it in the order and with the values the real engine uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from confkube_sandbox.providers.wire import UNKNOWN, plain, struct

if TYPE_CHECKING:
    from confkube_sandbox.home import SandboxHome

COMPONENTS = Path(__file__).parents[2] / "components"
SIGNATURE = "4dabf18193072939515e22adb298388d"
_SIZES = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


class Refused(Exception):  # noqa: N818
    """The engine would stop here."""

    def __init__(self, text: str, failures: list[str] | None = None) -> None:
        super().__init__(text)
        self.failures = failures or [text]


class Partial(Refused):
    """The engine would record the object with initErrors."""

    def __init__(self, detail: provider_pb2.ErrorResourceInitFailed) -> None:
        super().__init__("; ".join(detail.reasons))
        self.id = detail.id
        self.outputs = plain(detail.properties)
        self.inputs = plain(detail.inputs)


@dataclass
class Resource:
    """What the engine's state holds."""

    token: str
    name: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:pulumi:dev::test::{self.token}::{self.name}"


class Engine:
    """One provider process and the calls to it."""

    def __init__(self, package: str, home: SandboxHome, config: dict[str, Any] | None = None) -> None:
        self.process = start(package, home)
        port = int(self.process.stdout.readline())  # type: ignore[union-attr]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_SIZES)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
        self.stub.GetPluginInfo(empty_pb2.Empty())
        self.config = config or {}

    def configure(self) -> Engine:
        urn = "urn:pulumi:dev::test::pulumi:providers:aws::default"
        checked = self._call("CheckConfig", provider_pb2.CheckRequest(urn=urn, news=struct(self.config)))
        if checked.failures:
            raise Refused("; ".join(f.reason for f in checked.failures), [f.reason for f in checked.failures])
        self._call(
            "Configure", provider_pb2.ConfigureRequest(args=checked.inputs, acceptSecrets=True, sends_old_inputs=True)
        )
        return self

    def check(self, token: str, name: str, inputs: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        urn = Resource(token, name).urn
        request = provider_pb2.CheckRequest(
            urn=urn, olds=struct(old or {}), news=struct(inputs), randomSeed=b"seed" * 8, name=name, type=token
        )
        answer = self._call("Check", request)
        if answer.failures:
            raise Refused("; ".join(f.reason for f in answer.failures), [f.reason for f in answer.failures])
        return plain(answer.inputs)

    def preview(self, token: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        checked = self.check(token, name, inputs)
        request = provider_pb2.CreateRequest(urn=Resource(token, name).urn, properties=struct(checked), preview=True)
        return plain(self._call("Create", request).properties)

    def create(self, token: str, name: str, inputs: dict[str, Any], timeout: float = 0) -> Resource:
        checked = self.check(token, name, inputs)
        urn = Resource(token, name).urn
        answer = self._call("Create", provider_pb2.CreateRequest(urn=urn, properties=struct(checked), timeout=timeout))
        assert answer.id, "the engine refuses an empty id"
        return Resource(token, name, answer.id, checked, plain(answer.properties))

    def diff(
        self, known: Resource, inputs: dict[str, Any], ignore: list[str] | None = None
    ) -> provider_pb2.DiffResponse:
        checked = self.check(known.token, known.name, inputs, known.inputs)
        request = provider_pb2.DiffRequest(
            id=known.id,
            urn=known.urn,
            olds=struct(known.outputs),
            news=struct(checked),
            old_inputs=struct(known.inputs),
            ignoreChanges=ignore or [],
        )
        return self._call("Diff", request)

    def update(self, known: Resource, inputs: dict[str, Any], *, preview: bool = False) -> Resource:
        checked = self.check(known.token, known.name, inputs, known.inputs)
        request = provider_pb2.UpdateRequest(
            id=known.id,
            urn=known.urn,
            olds=struct(known.outputs),
            news=struct(checked),
            old_inputs=struct(known.inputs),
            preview=preview,
        )
        answer = self._call("Update", request)
        return Resource(known.token, known.name, known.id, checked, plain(answer.properties))

    def read(self, known: Resource) -> Resource | None:
        request = provider_pb2.ReadRequest(
            id=known.id, urn=known.urn, properties=struct(known.outputs), inputs=struct(known.inputs)
        )
        answer = self._call("Read", request)
        if not answer.id:
            return None
        return Resource(known.token, known.name, answer.id, plain(answer.inputs), plain(answer.properties))

    def delete(self, known: Resource, timeout: float = 0) -> None:
        request = provider_pb2.DeleteRequest(
            id=known.id,
            urn=known.urn,
            properties=struct(known.outputs),
            old_inputs=struct(known.inputs),
            timeout=timeout,
        )
        self._call("Delete", request)

    def invoke(self, token: str, args: dict[str, Any]) -> dict[str, Any]:
        answer = self._call("Invoke", provider_pb2.InvokeRequest(tok=token, args=struct(args)))
        if answer.failures:
            raise Refused("; ".join(f.reason for f in answer.failures))
        return plain(getattr(answer, "return"))

    def stop(self) -> int:
        self.stub.Cancel(empty_pb2.Empty())
        self.channel.close()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=10)

    def _call(self, name: str, request: Any) -> Any:
        try:
            return getattr(self.stub, name)(request, timeout=120)
        except grpc.RpcError as error:
            detail = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
            if detail:
                status = status_pb2.Status.FromString(detail)
                failed = provider_pb2.ErrorResourceInitFailed()
                assert status.details[0].Unpack(failed)
                raise Partial(failed) from None
            assert error.code() not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS), error.details()
            raise Refused(error.details() or "") from None


def environment(home: SandboxHome) -> dict[str, str]:
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "AWS_REGION")}
    return {**home.activate(outside), "PYTHONPATH": str(COMPONENTS)}


def start(package: str, home: SandboxHome) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "confkube_sandbox.providers", package, "--logtostderr", "-v=9", "127.0.0.1:1"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(home))


__all__ = ["SIGNATURE", "UNKNOWN", "Engine", "Partial", "Refused", "Resource", "environment", "start"]
