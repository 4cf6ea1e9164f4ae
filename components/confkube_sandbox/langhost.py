"""Our own Python language host, for machines where the official ``pulumi-language-python`` is absent.

The engine starts it as ``pulumi-language-python [flags] ENGINE_ADDRESS``, reads a port from its first line of output,
and then asks it to run the user's program (protocol: pulumi/proto/language.proto). Unlike the official host it never
installs dependencies and runs the program inside its own process, so it is started by the Python the program needs.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from types import FrameType

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi import log
from pulumi.automation._server import LanguageServer
from pulumi.runtime import reset_options, set_all_config
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from confkube.errors import Refusal
from confkube_sandbox.parent import exit_with_parent
from confkube_sandbox.plugin_process import PluginProcess, plugin_command, plugin_environment
from confkube_sandbox.program import Program

_BYTES = 400 * 1024 * 1024  # what the engine itself allows (sdk/go/common/util/rpcutil)
_OPTIONS = [("grpc.max_send_message_length", _BYTES), ("grpc.max_receive_message_length", _BYTES)]

# The names of the methods are the protocol's.
# ruff: noqa: N802, ARG002


class LanguageHost(LanguageServer):
    """Serves one engine: its program, and the plugins that are folders of Python code."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(program=lambda: None)
        self._engine_address = engine_address
        self._plugins: set[PluginProcess] = set()
        self._lock = threading.Lock()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn where the engine listens, when it did not say so on the command line."""
        self._engine_address = self._engine_address or request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Our version is that of the SDK we run programs with."""
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: the program runs in the environment that this host was installed from."""
        yield from ()

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List what is installed, for ``pulumi about``."""
        installed = sorted({(found.name, found.version) for found in metadata.distributions()})
        entries = [language_pb2.DependencyInfo(name=name, version=version) for name, version in installed]
        return language_pb2.GetProgramDependenciesResponse(dependencies=entries)

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the user's program to its end. ``bail`` tells the engine that the user has read the reason already."""
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        reset_options(
            project=request.project,
            stack=request.stack,
            root_directory=request.info.root_directory,
            parallel=request.parallel,
            engine_address=self._engine_address,
            monitor_address=request.monitor_address,
            preview=request.dryRun,
            organization=request.organization or "organization",
        )
        set_all_config(dict(request.config), list(request.configSecretKeys))
        program = Program(
            folder=Path(request.info.program_directory),
            entry_point=request.info.entry_point,
            arguments=list(request.args),
        )
        failure = program.run(request.parallel)
        sys.stdout.flush()
        sys.stderr.flush()
        if failure:
            log.error(failure)
        return language_pb2.RunResponse(bail=failure is not None)

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a plugin folder, streaming what it prints; its end is the stream's end."""
        options = json_format.MessageToDict(request.info.options)
        try:
            command = plugin_command(Path(request.info.program_directory), request.kind, options, request.args)
            plugin = PluginProcess(command, request.pwd, plugin_environment(request.env))
        except (Refusal, OSError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        with self._lock:
            self._plugins.add(plugin)
        context.add_callback(plugin.stop)
        for stream, chunk in plugin.chunks():
            if stream == "stdout":
                yield language_pb2.RunPluginResponse(stdout=chunk)
            else:
                yield language_pb2.RunPluginResponse(stderr=chunk)
        yield language_pb2.RunPluginResponse(exitcode=plugin.exit_code)
        with self._lock:
            self._plugins.discard(plugin)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Stop the plugins; the engine ends this process itself."""
        self.stop_plugins()
        return Empty()

    def stop_plugins(self) -> None:
        """End every plugin that still runs."""
        with self._lock:
            running = list(self._plugins)
        for plugin in running:
            plugin.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the engine says stop or is gone."""
    parser = argparse.ArgumentParser(prog="pulumi-language-python")
    parser.add_argument("engine_address", nargs="?", default="")
    known, _ = parser.parse_known_args(arguments)

    host = LanguageHost(known.engine_address)
    exit_with_parent(host.stop_plugins)
    server = grpc.server(ThreadPoolExecutor(max_workers=32), options=_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    def stop(_number: int, _frame: FrameType | None) -> None:
        host.stop_plugins()
        server.stop(grace=None)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A program that the user interrupted may sit in a thread that nothing can end; the engine waits for this process.
    os._exit(status)
