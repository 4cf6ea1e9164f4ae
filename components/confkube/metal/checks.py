"""Whether hosts are ready: a script that only reads, run on each of them, and what its findings mean."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from confkube.errors import Refusal
from confkube.metal.hosts import Host, Hosts
from confkube.metal.remote import Reached, reaching

_SCRIPT = Path(__file__).with_name("host") / "readiness.sh"
_TAKEN = 'script=$(cat) && exec </dev/null && eval "$script"'
"""Takes the whole script first: a program in it that reads its standard input would swallow the rest."""
_SECONDS = 120
_OWNER = "owner"
_WHILE_FREE = ("vacant", "ports")
"""Checks that a host of the cluster itself fails rightly."""
_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found on a host.

    Attributes:
        check: Its name.
        ok: Whether the host passes; None where it cannot be told.
        found: What is there.
        fix: What to do.
        source: Where that is said.
    """

    check: str
    ok: bool | None
    found: str
    fix: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What all checks found on a host.

    Attributes:
        host: The host.
        role: ``control-plane`` or ``worker``.
        owner: The cluster that it belongs to; empty for none.
        findings: In order.
        unreached: Why nothing is known of it; empty where it answered.
    """

    host: Host
    role: str
    owner: str = ""
    findings: tuple[Finding, ...] = ()
    unreached: str = ""

    def problems(self, cluster: str) -> list[str]:
        """What keeps the host from being one of ``cluster``, each with what to do."""
        if self.unreached:
            return [self.unreached.removeprefix(f"host {self.host.name}: ")]
        if self.owner and self.owner != cluster:
            return [f"it belongs to the cluster {self.owner}; destroy that one first"]
        ours = bool(self.owner)
        return [
            f"{each.check}: {each.found or 'nothing'}: {each.fix} ({each.source})"
            for each in self.findings
            if each.ok is False and not (ours and each.check in _WHILE_FREE)
        ]


def look(block: Hosts) -> list[Readiness]:
    """Run the checks on all hosts at once; in the order of the block.

    Raises:
        Refusal: This computer lacks what it takes to reach any of them.
    """

    def one(reached: Reached) -> Readiness:
        return _look_at(reached, _role(reached.host, block))

    with reaching(block.hosts, block.ssh_config) as hosts, ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(one, hosts))


def require(block: Hosts, cluster: str) -> list[Readiness]:
    """Run the checks on all hosts.

    Raises:
        Refusal: One of them is not ready; names every host with all that it lacks.
    """
    found = look(block)
    bad = [(each, each.problems(cluster)) for each in found]
    lacking = [f"{each.host.name} ({len(problems)}): {'; '.join(problems)}" for each, problems in bad if problems]
    twice = _same_names(found)
    if twice:
        lacking.append(twice)
    if lacking:
        raise Refusal(
            f"{len(lacking)} of {len(found)} hosts are not ready, and nothing was changed: {' | '.join(lacking)}"
        )
    return found


def _same_names(found: Sequence[Readiness]) -> str:
    """Nodes are named after their hosts."""
    names: dict[str, str] = {}
    for each in found:
        own = next((row.found for row in each.findings if row.check == "hostname"), "")
        if own and own in names:
            return f"{each.host.name}: its host name {own} is also that of {names[own]}; give each one of its own"
        names[own] = each.host.name
    return ""


def _role(host: Host, block: Hosts) -> str:
    return "control-plane" if host is block.control else "worker"


def _look_at(one: Reached, role: str) -> Readiness:
    # A control plane runs no confidential pods, whatever its host could do.
    tee = "none" if role == "control-plane" else one.host.tee_name
    try:
        done = one.run(["sh", "-c", _TAKEN, "sh", role, tee], _SCRIPT.read_bytes(), timeout=_SECONDS)
        rows = [_finding(line) for line in done.output.splitlines() if line.startswith("{")]
    except Refusal as refusal:
        return Readiness(host=one.host, role=role, unreached=str(refusal))
    if done.code or not rows or rows[0].check != _OWNER:
        last = (done.errors.splitlines() or ["nothing"])[-1]
        return Readiness(
            host=one.host, role=role, unreached=f"the checks did not run to their end; the last word: {last}"
        )
    return Readiness(host=one.host, role=role, owner=rows[0].found, findings=tuple(rows[1:]))


def _finding(line: str) -> Finding:
    try:
        row = cast("dict[str, object]", json.loads(line))
        ok = row["ok"]
        return Finding(
            check=str(row["check"]),
            ok=ok if isinstance(ok, bool) else None,
            found=str(row["found"]),
            fix=str(row["fix"]),
            source=str(row["source"]),
        )
    except (ValueError, KeyError) as error:
        raise Refusal(f"the checks said what nobody understands ({error})") from None
