"""Our language host under the real engine: programs, plugin folders, failures, and what is left after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from confkube_sandbox import plugins
from confkube_sandbox.engine import pulumi
from confkube_sandbox.home import SandboxHome
from confkube_sandbox.stackfiles import preserved

PROJECT = """\
name: tiny
runtime:
  name: python
  options: {toolchain: pip, virtualenv: .venv}
main: stacks
stackConfigDir: stacks/config
"""
PROGRAM = """\
import os
import sys

import pulumi

import sibling


class Thing(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("tiny:index:Thing", name)
        self.register_outputs({})


for name in (pulumi.Config().get_object("things") or ["a"]):
    Thing(name)
print("printed by the program")
sibling.act(pulumi.Config().get("act"))
pulumi.export("folder", os.getcwd())
pulumi.export("argv", sys.argv)
pulumi.export("names", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
pulumi.export("secret", pulumi.Output.secret("do-not-show"))
"""
SIBLING = """\
import time

import pulumi

from confkube.errors import Refusal


def act(what):
    if what == "refuse":
        raise Refusal("tee: 'sgx' is not known; choose one of snp, tdx")
    if what == "run-error":
        raise pulumi.RunError("a plain sentence")
    if what == "bug":
        raise KeyError("nope")
    if what == "bug-later":
        pulumi.Output.from_input(1).apply(lambda _: {}["later"])
    if what == "leave":
        raise SystemExit(3)
    if what == "wait":
        pulumi.log.info("waiting")
        time.sleep(60)
"""


@dataclass(frozen=True)
class Project:
    """A tiny project in a sandbox of its own."""

    folder: Path
    environment: dict[str, str]
    engine: Path

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(self.engine), *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, status: int | None = 0) -> str:
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=120)
        assert status is None or process.returncode == status, output
        return output

    def hosts(self) -> list[int]:
        """The language hosts that run for this sandbox."""
        return [process for process in map(int, _processes()) if _serves(process, self.environment["PULUMI_HOME"])]


def _processes() -> Iterator[str]:
    return (entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _serves(process: int, pulumi_home: str) -> bool:
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes()
        environment = Path(f"/proc/{process}/environ").read_bytes()
    except OSError:
        return False
    return b"confkube_sandbox.langhost" in command and pulumi_home.encode() in environment


@pytest.fixture
def project(tmp_path: Path) -> Project:
    home = SandboxHome(tmp_path / "sandbox")
    home.prepare()
    plugins.install(home)
    engine = pulumi.ensure(os.environ, home.bin)
    folder = tmp_path / "project"
    (folder / "stacks" / "config").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "stacks" / "__main__.py").write_text(PROGRAM)
    (folder / "stacks" / "sibling.py").write_text(SIBLING)
    (folder / "stacks" / "random.py").write_text("raise ImportError('a module of the program shadows the library')\n")
    made = Project(folder, home.activate(os.environ) | {"NO_COLOR": "1"}, engine.binary)
    if (engine.binary.resolve().parent / "pulumi-language-python").exists():
        pytest.skip("the official language host stands beside this engine and is preferred")
    made.run("stack", "init", "dev")
    return made


def outputs(project: Project) -> dict[str, object]:
    text = subprocess.run(
        [str(project.engine), "stack", "output", "--json", "-s", "dev"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return json.loads(text)


def errors(output: str) -> list[str]:
    """The diagnostics that the engine shows at the end, without its streaming copy of them."""
    end = output.split("Diagnostics:", 1)[-1]
    return [line.strip() for line in end.splitlines() if line.strip().startswith("error:")]


def test_life_of_a_stack(project: Project) -> None:
    preview = project.run("preview", "-s", "dev")
    assert "+ 2 to create" in preview
    assert "warning" not in preview
    up = project.run("up", "--yes", "-s", "dev")
    assert "+ 2 created" in up
    assert "printed by the program" in up
    assert "do-not-show" not in up
    assert outputs(project) == {
        "folder": str(project.folder / "stacks"),
        "argv": [str(project.folder / "stacks")],
        "names": ["organization", "tiny", "dev"],
        "secret": "[secret]",
    }
    assert "2 unchanged" in project.run("up", "--yes", "-s", "dev")
    project.run("config", "set-all", "-s", "dev", "--path", "--plaintext", "things[0]=b", "--plaintext", "things[1]=c")
    changed = project.run("up", "--yes", "-s", "dev")
    assert "+ 2 created" in changed
    assert "- 1 deleted" in changed
    project.run("refresh", "--yes", "-s", "dev")
    assert "- 3 deleted" in project.run("destroy", "--yes", "-s", "dev")
    assert project.hosts() == []


def test_stack_files_come_out_as_they_went_in(project: Project) -> None:
    """The salt that the engine writes is undone, and the state can be read without it all the same."""
    authored = "# a comment\nconfig:\n  tiny:things:   [x]\n"
    file = project.folder / "stacks" / "config" / "Pulumi.dev.yaml"
    home = SandboxHome(Path(project.environment["CONFKUBE_SANDBOX_HOME"]))
    file.write_text(authored)
    for operation in ("up", "up", "refresh", "destroy"):
        with preserved(home, project.folder):
            project.run(operation, "--yes", "-s", "dev")
            assert "encryptionsalt" in file.read_text()
        assert file.read_text() == authored
        if operation == "up":
            shown = project.run("stack", "output", "secret", "--show-secrets", "-s", "dev")
            assert shown.strip() == "do-not-show"


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("refuse", "error: tee: 'sgx' is not known; choose one of snp, tdx"),
        ("run-error", "error: a plain sentence"),
        ("leave", "error: the program left with exit status 3"),
    ],
)
def test_a_refusal_is_one_line(project: Project, act: str, said: str) -> None:
    project.run("config", "set", "act", act, "-s", "dev")
    output = project.run("preview", "-s", "dev", status=None)
    assert errors(output) == [said]
    assert "Traceback" not in output


@pytest.mark.parametrize(("act", "last"), [("bug", "KeyError: 'nope'"), ("bug-later", "KeyError: 'later'")])
def test_a_bug_shows_where_it_is_in_the_program(project: Project, act: str, last: str) -> None:
    project.run("config", "set", "act", act, "-s", "dev")
    output = project.run("preview", "-s", "dev", status=None)
    assert errors(output) == ["error: Program failed with an unhandled exception:"]
    assert last in output
    assert "sibling.py" in output
    assert "langhost.py" not in output


def test_host_ends_when_the_engine_is_killed(project: Project) -> None:
    project.run("config", "set", "act", "wait", "-s", "dev")
    process = project.start("up", "--yes", "-s", "dev")
    assert process.stdout is not None
    for line in process.stdout:
        if "waiting" in line:
            break
    assert len(project.hosts()) == 1
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while project.hosts() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert project.hosts() == []


def test_interrupt_ends_engine_and_host(project: Project) -> None:
    project.run("config", "set", "act", "wait", "-s", "dev")
    process = project.start("preview", "-s", "dev")
    assert process.stdout is not None
    for line in process.stdout:
        if "waiting" in line:
            break
    process.send_signal(signal.SIGINT)
    interrupted = time.monotonic()
    rest, _ = process.communicate(timeout=30)
    assert time.monotonic() - interrupted < 4, "the engine had to kill the host"
    assert process.returncode != 0
    assert "canceled" in rest
    assert project.hosts() == []


def test_official_host_on_path_is_preferred(project: Project, tmp_path: Path) -> None:
    official = tmp_path / "official" / "pulumi-language-python"
    official.parent.mkdir()
    official.write_text("#!/bin/sh\necho the official host was started >&2\nexit 1\n")
    official.chmod(0o755)
    project.environment["PATH"] = f"{official.parent}:{project.environment['PATH']}"
    assert "the official host was started" in project.run("preview", "-s", "dev", status=None)


def test_program_arguments_and_secret_config(project: Project) -> None:
    project.run("config", "set", "--secret", "token", "hidden-value", "-s", "dev")
    (project.folder / "stacks" / "__main__.py").write_text(
        "import pulumi\npulumi.export('length', pulumi.Config().require_secret('token').apply(len))\n"
        "pulumi.export('token', pulumi.Config().require_secret('token'))\n"
    )
    up = project.run("up", "--yes", "-s", "dev")
    assert "hidden-value" not in up
    assert outputs(project) == {"length": "[secret]", "token": "[secret]"}
    states = [path.read_text() for path in Path(project.environment["PULUMI_HOME"]).parent.rglob("*.json")]
    assert states
    assert not [text for text in states if "hidden-value" in text]


COMPONENT = """\
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class Args(TypedDict):
    size: pulumi.Input[int]


class Thing(pulumi.ComponentResource):
    size: pulumi.Output[int]

    def __init__(self, name: str, args: Args, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("folded:index:Thing", name, {}, opts)
        self.size = pulumi.Output.from_input(args["size"])
        self.register_outputs({"size": self.size})


component_provider_host(name="folded", components=[Thing])
"""


def test_a_plugin_folder_runs_through_the_host(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "folded"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("name: folded\nruntime: python\n")
    (folder / "__main__.py").write_text(COMPONENT)
    schema = subprocess.run(
        [str(project.engine), "package", "get-schema", str(folder)],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert schema.returncode == 0, schema.stderr
    assert "folded:index:Thing" in json.loads(schema.stdout)["resources"]
    assert project.hosts() == []


def test_a_folder_that_is_no_plugin_is_refused(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("name: empty\nruntime: python\n")
    output = project.run("package", "get-schema", str(folder), status=None)
    assert "not a Python plugin" in output
    assert "Traceback" not in output


def test_host_stands_alone_without_arguments() -> None:
    """Started by hand it prints its port and ends on SIGTERM."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-u", "-m", "confkube_sandbox.langhost"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert 0 < int(process.stdout.readline()) < 65536
    process.terminate()
    assert process.wait(timeout=10) == 0


def test_policy_packs_are_run_as_the_official_host_runs_them(tmp_path: Path) -> None:
    from confkube_sandbox.plugin_process import plugin_command

    command = plugin_command(tmp_path, "analyzer", {}, ["-v=3", "127.0.0.1:1234"])
    assert command[1:] == ["-u", "-m", "pulumi.policy", "127.0.0.1:1234", str(tmp_path)]
    own = tmp_path / "venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert plugin_command(tmp_path, "analyzer", {}, ["127.0.0.1:1234"])[0] == str(own)
