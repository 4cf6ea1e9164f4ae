"""Writes the page of what runs where: ``python -m confkube.facts.docs docs/support.md``."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from confkube.errors import Refusal
from confkube.facts.artifacts import versions
from confkube.facts.capabilities import capabilities
from confkube.facts.records import Artifact, Support
from confkube.facts.support import clouds, has_development_profile, models, supported
from confkube.facts.words import GUARDED, MEANING, NO_TEE, STATUSES, TEES

_SPECIAL = "\\`*_|<>[]"


def matrix(model: str | None = None, cloud: str | None = None, tee: str | None = None) -> tuple[Support, ...]:
    """Compute the support of every combination, or of those with the given words.

    Raises:
        Refusal: A given word is not known, or no combination asked for can be without a TEE.
    """
    wanted_models = (model,) if model else tuple(models())
    wanted_clouds = (cloud,) if cloud else clouds()
    found = tuple(
        supported(each, where, protection)
        for each in wanted_models
        for where in wanted_clouds
        for protection in _tees(each, where, tee)
    )
    if not found:
        profiles = ", ".join(f"{each.model} on {each.cloud}" for each in matrix(tee=NO_TEE))
        raise Refusal(f"tee: nothing asked for has a development profile without a TEE; choose one of {profiles}")
    return found


def _tees(model: str, cloud: str, wanted: str | None) -> tuple[str, ...]:
    profile = (NO_TEE,) if has_development_profile(model, cloud) else ()
    if wanted == NO_TEE:
        return profile
    return (wanted,) if wanted else (*TEES, *profile)


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# What runs where"
    yield ""
    yield "<!-- Made by `python -m confkube.facts.docs docs/support.md` from the tables beside it; do not edit. -->"
    yield ""
    yield "Computed from the capability table: what each deployment model needs, against what each cloud offers."
    yield "`confkube support` prints the same. A status other than `ga` is refused unless the stack allows it by name,"
    yield f"for example `allow: [{GUARDED[0]}]`; `unknown` and `absent` cannot be allowed."
    yield ""
    yield from _table(("Status", "Meaning"), ((f"`{status}`", MEANING[status]) for status in STATUSES))
    for model, needs in models().items():
        yield f"## {model}"
        yield ""
        yield f"{needs.title[0].upper()}{needs.title[1:]}."
        yield ""
        header = ("Cloud", "TEE", "Status", "Reason", "Read", "Source")
        yield from _table(header, (_support(found) for found in matrix(model)))
    yield "## TEEs that are not served"
    yield ""
    others = capabilities().other_tees.values()
    yield from _table(
        ("TEE", "Why not", "Read", "Source"),
        ((other.name, _plain(other.why), other.checked.isoformat(), _link(other.source)) for other in others),
    )
    yield "## Pinned downloads"
    yield ""
    yield "`published`: digest from the publisher's own index or file. `quoted`: repeated by third parties. Without a"
    yield "digest nothing is downloaded. For `git` the digest is the commit."
    yield ""
    header = ("Name", "Version", "Kind", "sha256", "Evidence", "Read", "Source")
    yield from _table(header, (_artifact(found) for found in versions().artifacts.values()))


def _support(found: Support) -> tuple[str, ...]:
    checked, link = found.checked.isoformat(), _link(found.source)
    return (found.cloud, found.tee, f"`{found.status}`", _plain(found.reason), checked, link)


def _artifact(found: Artifact) -> tuple[str, ...]:
    digest = f"`{found.digest}`" if found.digest else f"unknown: {_plain(found.why_unknown or '')}"
    checked, link = found.checked.isoformat(), _link(found.source)
    return (found.name, found.version, found.kind, digest, found.evidence or "", checked, link)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _plain(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)


def _link(address: str) -> str:
    return f"[{address.split('/')[2]}]({address})"


def main(arguments: list[str]) -> int:
    """Write the page to the named file, or to standard output."""
    if len(arguments) > 1:
        sys.stderr.write("usage: python -m confkube.facts.docs [FILE]\n")
        return 2
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
