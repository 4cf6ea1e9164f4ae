"""``python -m confkube_sandbox.providers PACKAGE ENGINE_ADDR``: what the engine starts for each package it needs."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import logging
import os
import sys
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, cast

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from confkube_sandbox.home import SandboxHome
from confkube_sandbox.providers import lifetime
from confkube_sandbox.providers.process import Plugin
from confkube_sandbox.providers.server import Provider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkube_sandbox.providers.handler import Package

PACKAGES = ("aws", "azure-native", "command", "gcp", "random", "tls")

# The engine's own limit: sdk/go/common/util/rpcutil/serve.go.
_MESSAGE_BYTES = 400 * 1024 * 1024
# The engine runs up to PULUMI_PARALLEL steps and any number of invokes at once; a busy thread waits for the cloud.
_THREADS = 128


def build(package: str, home: SandboxHome) -> Provider:
    """Make the servicer of one package."""
    module = cast("Package", importlib.import_module(f"confkube_sandbox.providers.{package.replace('-', '_')}"))
    plugin = Plugin(
        package=package,
        version=_sdk_version(module.SDK),
        sdk=module.SDK,
        handlers={handler.token: handler for handler in module.handlers()},
        functions={function.token: function for function in module.functions()},
        configure=getattr(module, "configure", None),
    )
    return Provider(plugin, home)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the engine says stop or is gone. The first line on stdout is the port."""
    parser = argparse.ArgumentParser(prog="confkube_sandbox.providers")
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("engine", nargs="?", default="")
    # The engine adds flags of its own (--logtostderr, -v=N, --tracing).
    chosen, _ = parser.parse_known_args(arguments)
    done = lifetime.stop_event()
    lifetime.die_with_parent()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    sizes = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=_THREADS), options=sizes)
    provider = build(cast("str", chosen.package), SandboxHome.locate(os.environ))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    done.wait()
    server.stop(0.2).wait()
    # Calls still in flight must not keep the process: the engine has stopped listening.
    os._exit(0)


def _sdk_version(sdk: str) -> str:
    # Found without importing the SDK, which would execute thousands of modules.
    spec = importlib.util.find_spec(sdk)
    if spec is None or spec.origin is None:
        raise SystemExit(f"the Python package {sdk} is not installed; install confkube with the extra that brings it")
    text = Path(spec.origin).with_name("pulumi-plugin.json").read_text(encoding="utf-8")
    return str(json.loads(text)["version"])


if __name__ == "__main__":
    sys.exit(main())
