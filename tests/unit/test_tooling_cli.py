"""The command line: what it refuses is one line, what it runs behaves as if the user had run it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from confkube import cli

RUN = "import sys; from confkube_sandbox.run import run; sys.exit(run(sys.argv[1:], __import__('os').environ))"


def confkube(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    output = capsys.readouterr()
    return int(left.value.code or 0), output.out, output.err


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFKUBE_SANDBOX_HOME", str(tmp_path / "sandbox"))
    return tmp_path / "sandbox"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "choose one of lab, metal, sandbox, support, trust"),
        (["sandbox", "nonsense"], "choose one of clock, engine, env, exec, reset, status, stop"),
        (["sandbox", "clock", "--advance", "soon"], "'soon' is not a duration"),
        (["sandbox", "clock", "--advance", "1d", "--reset"], "exclude each other"),
        (["sandbox", "status", "--nonsense"], "--nonsense"),
        (["sandbox", "exec"], "COMMAND"),
    ],
)
def test_a_wrong_command_line_is_answered_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = confkube(arguments, capsys)
    assert status in {1, 2}
    assert out == ""
    assert said in err
    assert err.startswith("confkube: ")
    assert err.count("\n") == 1


def test_help_loads_no_subcommand(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.LazyCommand, "load", lambda _: pytest.fail("help loaded a subcommand"))
    status, out, _ = confkube(["--help"], capsys)
    assert status == 0
    assert all(name in out for name in cli.COMMANDS)


def test_a_missing_extra_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = cli.LazyCommand(target="nowhere:x", help="", extra="sandbox", needs=("json", "nowhere_to_be_found"))
    monkeypatch.setattr(cli, "COMMANDS", {"sandbox": lacking})
    status, _, err = confkube(["sandbox"], capsys)
    assert status == 1
    assert err == "confkube: this command needs nowhere_to_be_found; install it with: pip install 'confkube[sandbox]'\n"


def test_clock_moves_and_returns(capsys: pytest.CaptureFixture[str], own_home: Path) -> None:
    _, out, _ = confkube(["sandbox", "clock", "--advance", "365d"], capsys)
    assert "365 days" in out
    assert json.loads((own_home / "clock.json").read_text()) == {"offset_seconds": 365 * 86400}
    _, out, _ = confkube(["sandbox", "clock", "--reset"], capsys)
    assert "real time" in out


def test_status_says_that_it_is_a_simulation_and_starts_nothing(
    capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    status, out, _ = confkube(["sandbox", "status"], capsys)
    assert status == 0
    assert out.startswith("SIMULATION")
    status, out, _ = confkube(["sandbox", "status", "--json"], capsys)
    content = json.loads(out)
    assert content["simulation"] is True
    assert content["daemon"] is None
    assert not own_home.exists()


def start(*command: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_exit_status_is_the_commands() -> None:
    assert start("sh", "-c", "exit 7").wait() == 7
    assert start("sh", "-c", "kill -KILL $$").wait() == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_reaches_the_command_exactly_once(number: signal.Signals) -> None:
    code = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: print('signal', flush=True))\n"
        "print('ready', flush=True)\n"
        "end = time.monotonic() + 0.8\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
    )
    process = start(sys.executable, "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    os.kill(process.pid, number)
    assert process.stdout.read() == b"signal\n"
    assert process.wait() == 0


def test_a_command_that_is_not_there_is_refused() -> None:
    process = start("no-such-command-anywhere")
    _, err = process.communicate()
    assert b"'no-such-command-anywhere' cannot be run" in err


def test_plugins_end_with_their_engine(tmp_path: Path) -> None:
    """A process that watches its parent ends when the parent is killed, and runs its cleanup first."""
    mark = tmp_path / "cleaned"
    child = (
        "import time, pathlib; from confkube_sandbox.parent import exit_with_parent; "
        f"exit_with_parent(lambda: pathlib.Path({str(mark)!r}).touch()); print('up', flush=True); time.sleep(60)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.kill()
    process.wait()
    assert process.stdout.read() == b""  # ends only when the orphan has closed it too
    deadline = time.monotonic() + 5
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mark.exists()
