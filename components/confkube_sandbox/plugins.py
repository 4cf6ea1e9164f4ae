"""Puts the sandbox's plugins where the engine looks for them: below PULUMI_HOME, at the versions the SDKs ask for."""

import importlib.util
import json
import shlex
import sys
from importlib import metadata
from pathlib import Path
from typing import cast

from confkube.errors import Refusal
from confkube_sandbox.home import SandboxHome, write_private

PACKAGES = ("aws", "azure-native", "command", "gcp", "random", "tls")
"""The provider packages that the sandbox simulates or stands in for."""


def install(home: SandboxHome) -> None:
    """Write the launchers of the providers and of the language host; those already right are left alone.

    The engine takes a provider only in exactly the version that the program's SDK asks for. It takes the language host
    from here only when there is no official one, neither on PATH nor beside the engine (getPluginInfoAndPath in
    sdk/go/common/workspace/plugins.go of pulumi v3.259.0), so ours never shadows it and causes no warning.
    """
    plugins = home.pulumi_home / "plugins"
    for package in PACKAGES:
        version = sdk_version(package)
        if version:
            launcher = plugins / f"resource-{package}-v{version}" / f"pulumi-resource-{package}"
            _write_launcher(launcher, ["confkube_sandbox.providers", package])
    host = plugins / f"language-python-v{metadata.version('pulumi')}" / "pulumi-language-python"
    _write_launcher(host, ["confkube_sandbox.langhost"])


def sdk_version(package: str) -> str | None:
    """The plugin version that the installed SDK of ``package`` asks for; nothing where the SDK is not installed.

    Reads the SDK's pulumi-plugin.json without importing the SDK, which can take seconds.

    Raises:
        Refusal: The SDK is there but does not say its version.
    """
    found = importlib.util.find_spec(f"pulumi_{package.replace('-', '_')}")
    if found is None or not found.submodule_search_locations:
        return None
    source = Path(found.submodule_search_locations[0]) / "pulumi-plugin.json"
    try:
        content = cast("object", json.loads(source.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise Refusal(f"pulumi-{package}: {source.name} cannot be read: {error}") from error
    version = cast("dict[str, object]", content).get("version") if isinstance(content, dict) else None
    if not isinstance(version, str) or not version:
        raise Refusal(f"pulumi-{package}: {source.name} names no version; reinstall pulumi-{package}")
    return version


def _write_launcher(path: Path, words: list[str]) -> None:
    # -P: the engine starts plugins in the program's directory, whose modules must not shadow ours.
    command = shlex.join([sys.executable, "-P", "-u", "-m", *words])
    text = f'#!/bin/sh\nexec {command} "$@"\n'
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, text, mode=0o700)
