"""Makes a sandbox ready for use: engine, plugins and daemon."""

from collections.abc import Mapping
from pathlib import Path

from confkube.errors import Refusal
from confkube_build.progress import Reporter
from confkube_sandbox import plugins
from confkube_sandbox.daemon.client import DaemonClient, DaemonUnreachableError, ensure_running
from confkube_sandbox.engine import pulumi
from confkube_sandbox.engine.pulumi import Engine
from confkube_sandbox.home import SandboxHome


def make_ready(home: SandboxHome, environ: Mapping[str, str], reporter: Reporter) -> Engine:
    """Prepare ``home`` and start its daemon; quick where all is there already.

    Raises:
        Refusal: No engine can be had, or the daemon does not start.
    """
    home.prepare()
    plugins.install(home)
    engine = pulumi.ensure(environ, home.bin, reporter)
    _link(home.bin / "pulumi", engine)
    daemon(home)
    return engine


def daemon(home: SandboxHome) -> DaemonClient:
    """Return the daemon of ``home``, started if need be.

    Raises:
        Refusal: It does not start, or does not answer.
    """
    try:
        return ensure_running(home, renew=True)
    except DaemonUnreachableError as error:
        raise Refusal(f"{error}; its log is {home.log}") from error


def _link(link: Path, engine: Engine) -> None:
    """Let PATH lead to ``engine``, unless it does so by itself."""
    if engine.origin == "PATH":
        link.unlink(missing_ok=True)
        return
    if link.is_symlink() and link.readlink() == engine.binary:
        return
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(engine.binary)
    temporary.replace(link)


def project_of(folder: Path) -> Path | None:
    """The folder of the nearest Pulumi.yaml from ``folder`` upward."""
    return next((parent for parent in (folder, *folder.parents) if (parent / "Pulumi.yaml").is_file()), None)
