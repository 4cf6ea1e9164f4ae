"""What a stack says of its trust server: its outputs, read with the user's own ``pulumi``."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from confkube.errors import Refusal
from confkube.trust.words import told

_NOT_UP = "bring the stack up first with: pulumi up"


@dataclass(frozen=True, kw_only=True)
class TrustStack:
    """A stack's trust server.

    Attributes:
        world: Where the stack's machines are: ``cloud``, ``lab`` or ``sandbox``.
        endpoint: ``address:port`` of the SPIRE server.
        trust_domain: The SPIFFE trust domain.
        root_certificate: PEM certificate of the offline root.
        external: Whether others run the server; then there is no key, no tunnel and nothing to enrol.
        tunnel: Command that leads from this computer to the server's door; may be empty.
        root_key: PEM private key of the offline root; empty when secrets were not asked for.
    """

    world: str
    endpoint: str
    trust_domain: str
    root_certificate: str
    external: bool
    tunnel: str
    root_key: str = field(default="", repr=False)


def read(name: str | None, *, secrets: bool) -> TrustStack:
    """Ask Pulumi for the outputs of a stack.

    Args:
        name: The stack; without it the one that is selected.
        secrets: Whether the root's private key is needed.

    Raises:
        Refusal: There is no such stack, it is not up, or it is none of confkube's.
    """
    outputs = _outputs(name, secrets=secrets)
    world, trust = outputs.get("world"), outputs.get("trust")
    if not isinstance(world, str) or not isinstance(trust, dict):
        raise Refusal(f"the stack has no outputs world and trust, which every stack of confkube has; {_NOT_UP}")
    known = cast("Mapping[str, Any]", trust)
    wrong = [key for key in ("endpoint", "trust_domain", "root_certificate", "state") if not _is_text(known.get(key))]
    if wrong:
        raise Refusal(f"the stack's output trust lacks {', '.join(wrong)}; {_NOT_UP}")
    return TrustStack(
        world=world,
        endpoint=known["endpoint"],
        trust_domain=known["trust_domain"],
        root_certificate=known["root_certificate"],
        external=known["state"] == "external",
        tunnel=str(known.get("enrolment") or ""),
        root_key=str(outputs.get("trust_root_key") or "") if secrets else "",
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _outputs(name: str | None, *, secrets: bool) -> Mapping[str, Any]:
    command = ["pulumi", "--non-interactive", "stack", "output", "--json"]
    command += ["--show-secrets"] if secrets else []
    command += ["--stack", name] if name else []
    try:
        done = subprocess.run(  # noqa: S603  the user's own pulumi, and a name that it checks itself
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise Refusal("pulumi is not on PATH; the stack's outputs are read with it, so install it first") from None
    except OSError as error:
        raise Refusal(f"pulumi cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise Refusal(f"pulumi cannot tell the stack's outputs: {_reason(done.stderr)}")
    # What it printed holds secrets: it is never shown, not even when it cannot be read.
    try:
        outputs: object = json.loads(done.stdout)
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise Refusal("pulumi stack output --json printed no JSON object; is another program called pulumi on PATH?")
    return cast("Mapping[str, Any]", outputs)


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return told((errors or lines[-1:] or [""])[0]) or "it does not say why"
