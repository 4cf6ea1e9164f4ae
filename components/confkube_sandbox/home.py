"""The sandbox home: the one directory that holds everything a sandbox keeps, and the environment that points at it."""

import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confkube_sandbox import accounts

HOME_VARIABLE = "CONFKUBE_SANDBOX_HOME"


@dataclass(frozen=True)
class SandboxHome:
    """The paths of one sandbox. Two homes are two unrelated simulated worlds."""

    root: Path

    @classmethod
    def locate(cls, environ: Mapping[str, str]) -> "SandboxHome":
        """Find the home: ``$CONFKUBE_SANDBOX_HOME``, else ``.confkube/sandbox`` beside the nearest Pulumi.yaml."""
        named = environ.get(HOME_VARIABLE, "")
        if named:
            return cls(Path(named).expanduser().absolute())
        here = Path.cwd()
        project = next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), here)
        return cls(project / ".confkube" / "sandbox")

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plugins and workspaces of the engine."""
        return self.root / "pulumi"

    @property
    def state(self) -> Path:
        """The file backend that keeps the stacks' state."""
        return self.root / "state"

    @property
    def bin(self) -> Path:
        """Programs put in front of PATH while the sandbox is active."""
        return self.root / "bin"

    @property
    def cloud(self) -> Path:
        """What the simulated clouds keep between two runs of the daemon."""
        return self.root / "cloud"

    @property
    def daemon_file(self) -> Path:
        """Address, token and process id of the running daemon (secret)."""
        return self.root / "daemon.json"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.root / "daemon.log"

    @property
    def aws_config(self) -> Path:
        """AWS_CONFIG_FILE: sends every AWS SDK to the daemon."""
        return self.root / "aws" / "config"

    @property
    def aws_credentials(self) -> Path:
        """AWS_SHARED_CREDENTIALS_FILE: the simulated account's key (secret)."""
        return self.root / "aws" / "credentials"

    @property
    def passphrase(self) -> Path:
        """The passphrase that encrypts secrets in the stacks' state (secret)."""
        return self.root / "passphrase"

    @property
    def clock(self) -> Path:
        """How far the sandbox's clock is ahead of the real one."""
        return self.root / "clock.json"

    def prepare(self) -> None:
        """Make the directories (0700) and the random passphrase (0600). Does nothing the second time."""
        for folder in (self.root, self.pulumi_home, self.state, self.bin, self.cloud, self.aws_config.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.passphrase.exists():
            _create_once(self.passphrase, secrets.token_urlsafe(32))

    def environment(self, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables that make a process run inside this sandbox.

        Args:
            inherited: Where PATH is taken from; this process's environment when left out.
        """
        path = (os.environ if inherited is None else inherited).get("PATH", os.defpath)
        others = [entry for entry in path.split(os.pathsep) if entry != str(self.bin)]
        # Last, so that nothing else changes: the lab's resources and tunnels run `confkube lab …`.
        ours = str(Path(sys.executable).parent)
        others += [ours] if ours not in others else []
        return {
            HOME_VARIABLE: str(self.root),
            "PATH": os.pathsep.join([str(self.bin), *others]),
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "PULUMI_CREDENTIAL_STORE": "plaintext",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            # The key that state is encrypted with is found from the state, so stack files need not hold its salt.
            "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
            "PULUMI_PARALLEL": "64",
            "AWS_CONFIG_FILE": str(self.aws_config),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.aws_credentials),
            "AWS_PROFILE": "default",
            "AWS_EC2_METADATA_DISABLED": "true",
            **accounts.variables(),
        }

    def misleading(self, inherited: Mapping[str, str]) -> list[str]:
        """Name the inherited variables that must be removed because they would lead out of the sandbox."""
        return sorted(name for name in inherited if accounts.is_misleading(name))

    def activate(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return ``inherited`` turned into a complete environment inside this sandbox."""
        gone = set(self.misleading(inherited))
        kept = {name: value for name, value in inherited.items() if name not in gone}
        return kept | self.environment(inherited)


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace ``path`` by ``text`` in one step; at no moment can others read it, as ``mkstemp`` gives 0600."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _create_once(path: Path, text: str) -> None:
    """Create ``path`` whole, or leave it alone: two starters must agree on the first one's content."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)
