"""The documents: links lead somewhere, commands exist, examples parse, nothing is of one computer or one index."""

import re
from pathlib import Path

import click
import pytest
import source_trees
import yaml

from confkube import models
from confkube.cli import COMMANDS
from confkube.facts.docs import matrix

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
CONSOLE = re.compile(r"^\$ (.+?)(?:\s+#.*)?$", re.MULTILINE)
LOCAL_PATH = re.compile(r"(?<![\w./-])/(work|root|tmp|home|Users)\b")
PACKAGE_INDEX = re.compile(r"pypi\.org|pythonhosted\.org|proxy\.golang\.org|registry\.npmjs\.org", re.IGNORECASE)
ADR_WORDS = 330

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(path, language):
    return [text for found, text in FENCE.findall(path.read_text()) if found == language]


def prose(path):
    return FENCE.sub("", path.read_text())


def commands(path):
    """What a reader would type: command lines of console blocks, and what stands between backticks."""
    typed = [line for text in blocks(path, "console") for line in CONSOLE.findall(text)]
    return typed + SPAN.findall(prose(path))


def anchor(heading):
    """The name that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def make_targets():
    return set(re.findall(r"^([a-z][a-z-]*):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def command_at(words):
    """The click command that leading words name, and the words it leaves."""
    command = COMMANDS[words[0]].load()
    rest = list(words[1:])
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        assert word in command.commands, f"{word}: choose one of {', '.join(command.commands)}"
        command = command.commands[word]
    return command, rest


def test_there_are_documents():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= {path.name for path in DOCUMENTS}
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License")


@every_document
def test_relative_links_resolve(path):
    for target in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if fragment:
            assert fragment in {anchor(heading) for heading in HEADING.findall(file.read_text())}, target


@every_document
def test_make_targets_exist(path):
    named = {target for typed in commands(path) for target in re.findall(r"(?:^|[;&|] *)make ([a-z][a-z-]*)", typed)}
    assert named <= make_targets(), named - make_targets()


@every_document
def test_confkube_commands_exist(path):
    for typed in commands(path):
        for tail in re.findall(r"(?:^|[\s/(])confkube ([a-z][^)\"`]*)", typed):
            line = tail.split(" -- ")[0]
            for alternative in line.split(" | ") if " | " in line else [line]:
                words = alternative.split()
                if alternative != line.split(" | ")[0]:
                    words = ["sandbox", *words]
                assert words[0] in COMMANDS, typed
                command, rest = command_at(words)
                options = {name for parameter in command.params for name in parameter.opts}
                assert {word for word in rest if word.startswith("--")} <= options, typed


@every_document
def test_no_local_path_and_no_package_index(path):
    text = path.read_text()
    assert not LOCAL_PATH.search(text), LOCAL_PATH.search(text)
    assert not PACKAGE_INDEX.search(text), PACKAGE_INDEX.search(text)


@every_document
def test_examples_parse(path):
    for text in blocks(path, "python"):
        source_trees.parse(text)
    for text in blocks(path, "yaml"):
        assert isinstance(yaml.safe_load(text), dict)


@every_document
def test_files_of_the_repository_exist(path):
    for span in SPAN.findall(prose(path)):
        if re.fullmatch(r"(components|tests|stacks|tools|docs|requirements)/[\w./-]+", span):
            assert (ROOT / span).exists(), span


def test_argument_examples_are_accepted():
    from confkube.models.checks import CHECKS

    found = [
        (path, document)
        for path in DOCUMENTS
        for text in blocks(path, "yaml")
        for document in [yaml.safe_load(text)]
        if "confkube:args" in document.get("config", document)
    ]
    assert found
    for path, document in found:
        config = document.get("config", document)
        CHECKS[config.get("confkube:model", "cvm-nodes")]("example", config["confkube:args"])
        assert path


def test_the_readme_names_every_model_that_can_be_brought_up():
    text = (ROOT / "README.md").read_text()
    assert all(f"`{word}`" in text for word in models.MODELS)


def test_the_readme_agrees_with_the_capability_table():
    rows = re.findall(r"^\| (\w+) \| ([a-z, ]+) \| `(\w+)` \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    told = {(cloud, tee): status for cloud, tees, status in rows for tee in tees.split(", ")}
    assert told
    known = {(each.cloud, each.tee): each.status for each in matrix("cvm-nodes", None, None)}
    assert told == {cell: known[cell] for cell in told}


def test_every_decision_is_listed_numbered_and_short():
    folder = ROOT / "docs" / "adr"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name[:4] for name in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text()
    for name in records:
        text = (folder / name).read_text()
        assert f"]({name})" in index
        assert HEADING.findall(text)[1:] == ["Context", "Decision", "Consequences"]
        assert len(text.split()) <= ADR_WORDS, name
