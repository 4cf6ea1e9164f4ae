"""``confkube trust``: enrols the trust server of a stack, and shows what is known of it."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import click

from confkube.errors import Refusal
from confkube.trust import certificates, enrolment, standing, tunnel
from confkube.trust.certificates import moment
from confkube.trust.door import Door
from confkube.trust.stack import TrustStack, read
from confkube_build.progress import Reporter

_LAB = "(lab: TEEs are emulated, nothing here is confidential)"
_NO_EVIDENCE = (
    "the trust server's machine shows no evidence yet, so nothing proves what holds the key; add --unverified to sign "
    "nevertheless: this will be printed from then on"
)
_F = TypeVar("_F", bound=Callable[..., Any])


def _common(command: _F) -> _F:
    """Give a command the options of both."""
    for option in (
        click.option("--timeout", "seconds", type=click.IntRange(min=1), default=300, show_default=True,
                     help="Seconds to wait for the trust server, which may still boot."),
        click.option("--url", metavar="URL", help="Where its door is, when a way to it is open: http://host:port."),
        click.option("--stack", "name", metavar="NAME", help="The stack; by default the one that Pulumi has selected."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group()
def trust() -> None:
    """Enrol the trust server of a stack, and show what is known of it.

    Run it where `pulumi stack output` works: in the folder of Pulumi.yaml.
    """


@trust.command()
@_common
@click.option("--unverified", is_flag=True, help="Sign although nothing proves what holds the key.")
@click.option("--days", type=click.IntRange(min=1, max=3650), default=365, show_default=True, help="How long it holds.")
def enroll(*, name: str | None, url: str | None, seconds: int, days: int, unverified: bool) -> None:
    """Sign the certificate that the trust server waits for; again before it ends, to renew it."""
    stack = read(name, secrets=unverified)
    with _in_its_world(stack):
        if stack.external:
            raise Refusal(f"the trust server {stack.endpoint} is external: those who run it enrol it")
        if not unverified:
            raise Refusal(_NO_EVIDENCE)
        root = certificates.root(stack.root_certificate, stack.root_key)
        with _door(stack, url, seconds) as door:
            end = enrolment.enrol(door, root, stack.trust_domain, timedelta(days=days), Reporter())
    _say(stack, f"enrolled until {moment(end)}; nothing was verified: no evidence shows what machine holds the key")


@trust.command()
@_common
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def status(*, name: str | None, url: str | None, seconds: int, as_json: bool) -> None:
    """Show whether the trust server is enrolled, until when, and what that proves."""
    stack = read(name, secrets=False)
    with _in_its_world(stack):
        if stack.external:
            found = standing.Standing(state=standing.EXTERNAL)
        else:
            with _door(stack, url, seconds) as door:
                found = standing.ask(door, stack.root_certificate, stack.trust_domain, Reporter())
    if as_json:
        click.echo(_as_json(stack, found))
    else:
        _say(stack, str(found))


@contextmanager
def _in_its_world(stack: TrustStack) -> Generator[None]:
    """Refuse where no machine exists, and say of the lab's that nothing is confidential, whatever else is said."""
    if stack.world == "sandbox":
        raise Refusal("this stack lives in the sandbox, where no machine boots: there is nothing to enrol")
    try:
        yield
    except Refusal as refusal:
        raise Refusal(_labelled(stack, str(refusal))) from None


@contextmanager
def _door(stack: TrustStack, url: str | None, seconds: float) -> Generator[Door]:
    if url is not None:
        yield Door(url, seconds)
        return
    with tunnel.opened(stack.tunnel) as way:
        yield Door(f"http://{tunnel.HOST}:{tunnel.PORT}", seconds, way.check)


def _labelled(stack: TrustStack, text: str) -> str:
    return f"{text} {_LAB}" if stack.world == "lab" else text


def _say(stack: TrustStack, text: str) -> None:
    click.echo(_labelled(stack, text))


def _as_json(stack: TrustStack, found: standing.Standing) -> str:
    content = {
        "state": found.state,
        "verified": found.verified,
        "not_after": moment(found.not_after) if found.not_after else None,
        "trust_domain": stack.trust_domain,
        "endpoint": stack.endpoint,
        "world": stack.world,
    }
    return json.dumps(content, indent=2)
