import hashlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from confkube_sandbox.providers import command as package
from confkube_sandbox.providers.command import process
from confkube_sandbox.providers.command.local import Command, Run
from confkube_sandbox.providers.errors import CloudError

COMMAND = Command()


def made(ctx, **inputs):
    return COMMAND.create(inputs, ctx).outputs


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _gone(pid):
    deadline = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _alive(pid)


def test_a_command_has_its_effect_and_its_results(ctx, tmp_path):
    created = COMMAND.create({"create": "echo made > it; echo out; echo err >&2", "dir": str(tmp_path)}, ctx)
    assert (tmp_path / "it").read_text() == "made\n"
    assert created.outputs["stdout"] == "out"
    assert created.outputs["stderr"] == "err"
    assert created.id.startswith("x")
    assert len(created.id) == 9


def test_only_one_final_newline_is_taken_away(ctx):
    assert made(ctx, create="printf 'a\\n\\n'")["stdout"] == "a\n"


def test_without_create_nothing_runs(ctx):
    assert made(ctx, delete="exit 1") == {"delete": "exit 1", "stdout": "", "stderr": ""}


def test_input_environment_directory_and_interpreter(ctx, tmp_path):
    made(ctx, create="cat > got; echo $WHO >> got", stdin="text\n", environment={"WHO": "me"}, dir=str(tmp_path))
    assert (tmp_path / "got").read_text() == "text\nme\n"
    assert made(ctx, create="print(6 * 7)", interpreter=[sys.executable, "-c"])["stdout"] == "42"
    assert made(ctx, create="echo shell", interpreter=[])["stdout"] == "shell"


def test_without_input_there_is_none(ctx):
    assert made(ctx, create="cat")["stdout"] == ""


def test_input_that_nobody_reads_is_no_failure(ctx):
    assert made(ctx, create="exec 0<&-; echo done", stdin="x" * 1_000_000)["stdout"] == "done"


def test_much_output_on_both_streams(ctx):
    script = "import sys; sys.stdout.write('o' * 300000); sys.stderr.write('e' * 300000)"
    outputs = made(ctx, create=script, interpreter=[sys.executable, "-c"])
    assert (len(outputs["stdout"]), len(outputs["stderr"])) == (300000, 300000)


def test_update_runs_update_with_the_previous_output(ctx):
    first = made(ctx, create="echo one; echo two >&2")
    new = {"create": "exit 9", "update": "echo $PULUMI_COMMAND_STDOUT+; echo $PULUMI_COMMAND_STDERR+ >&2"}
    second = COMMAND.update("id", {}, first, new, ctx)
    assert (second["stdout"], second["stderr"]) == ("one+", "two+")


def test_without_update_create_runs_again(ctx):
    first = made(ctx, create="echo one")
    assert COMMAND.update("id", {}, first, {"create": "echo $PULUMI_COMMAND_STDOUT two"}, ctx)["stdout"] == "one two"


def test_with_neither_the_results_stay(ctx):
    assert COMMAND.update("id", {}, {"stdout": "o", "stderr": "e"}, {"delete": "x"}, ctx)["stdout"] == "o"


def test_the_previous_output_can_be_left_out(ctx):
    first = made(ctx, create="echo one")
    new = {"create": "echo ${PULUMI_COMMAND_STDOUT-unset}", "addPreviousOutputInEnv": False}
    assert COMMAND.update("id", {}, first, new, ctx)["stdout"] == "unset"


def test_delete_runs_with_what_the_state_holds(ctx, tmp_path):
    recorded = made(ctx, create="echo name", delete="echo $PULUMI_COMMAND_STDOUT $A > gone", environment={"A": "b"})
    COMMAND.delete("id", recorded | {"dir": str(tmp_path)}, ctx)
    assert (tmp_path / "gone").read_text() == "name b\n"
    COMMAND.delete("id", {"stdout": "", "stderr": ""}, ctx)


def test_a_failed_delete_is_an_error(ctx):
    with pytest.raises(CloudError, match='exit status 3: running "exit 3":'):
        COMMAND.delete("id", {"delete": "exit 3", "stdout": "", "stderr": ""}, ctx)


def test_a_failure_shows_the_command_and_both_streams_in_their_order(ctx):
    script = "echo first; sleep 0.1; echo second >&2; exit 7"
    with pytest.raises(CloudError) as caught:
        made(ctx, create=script)
    assert caught.value.message == f'exit status 7: running "{script}":\nfirst\nsecond\n'


def test_a_failure_never_shows_input_or_environment(ctx):
    with pytest.raises(CloudError) as caught:
        made(ctx, create="cat > /dev/null; exit 1", stdin="hunter2", environment={"TOKEN": "s3cr3t"})
    assert "hunter2" not in caught.value.message
    assert "s3cr3t" not in caught.value.message


def test_secrets_are_not_in_the_arguments_of_the_process(ctx):
    shown = made(ctx, create="tr '\\0' ' ' < /proc/$$/cmdline", stdin="hunter2", environment={"TOKEN": "s3cr3t"})[
        "stdout"
    ]
    assert "hunter2" not in shown
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"dir": "/nowhere"}, "chdir /nowhere: no such file or directory"),
        ({"interpreter": ["no-such-program"]}, 'exec: "no-such-program": executable file not found in $PATH'),
        ({"interpreter": ["/no/such"]}, "fork/exec /no/such: no such file or directory"),
        ({"interpreter": ["/etc/passwd"]}, "fork/exec /etc/passwd: permission denied"),
        ({"environment": {"A": "\0"}}, "fork/exec /bin/sh: invalid argument"),
    ],
)
def test_what_cannot_be_started(inputs, words, ctx):
    with pytest.raises(CloudError) as caught:
        made(ctx, create="true", **inputs)
    assert caught.value.message == f'{words}: running "true":\n'


@pytest.mark.parametrize(
    ("text", "quoted"), [('a "b" \\', r'"a \"b\" \\"'), ("a\n\tb", r'"a\n\tb"'), ("é\x01\u200b", r'"é\x01\u200b"')]
)
def test_commands_are_quoted_as_go_does(text, quoted):
    assert process._quoted(text) == quoted


def test_a_timeout_kills_the_whole_group(ctx, tmp_path):
    script = f"sleep 300 & echo $! > {tmp_path}/child; wait"
    started = time.monotonic()
    with pytest.raises(CloudError, match=r"^signal: killed: running"):
        COMMAND.create({"create": script}, replace(ctx, timeout=0.5))
    assert time.monotonic() - started < 10
    assert _gone(int((tmp_path / "child").read_text()))


def test_cancelling_kills_what_runs_and_spares_what_comes_later(ctx, tmp_path):
    script = f"sleep 300 & echo $! > {tmp_path}/new; mv {tmp_path}/new {tmp_path}/child; wait"
    with ThreadPoolExecutor() as pool:
        running = pool.submit(COMMAND.create, {"create": script}, ctx)
        deadline = time.monotonic() + 20
        while not (tmp_path / "child").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        package.cancel()
        with pytest.raises(CloudError, match=r"^signal: killed: running"):
            running.result(timeout=20)
    assert _gone(int((tmp_path / "child").read_text()))
    assert made(ctx, create="echo later")["stdout"] == "later"


def test_a_command_within_its_time_is_left_alone(ctx):
    assert COMMAND.create({"create": "echo ok"}, replace(ctx, timeout=60)).outputs["stdout"] == "ok"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_command_outlives_its_provider(number, tmp_path):
    child = tmp_path / "child"
    code = (
        "from confkube_sandbox.providers.command.process import Job, run\n"
        f"run(Job(command='sleep 300 & echo $! > {child}.new; mv {child}.new {child}; wait'))\n"
    )
    provider = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    deadline = time.monotonic() + 20
    while not child.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(child.read_text())
    assert _alive(pid)
    provider.send_signal(number)
    provider.wait()
    assert _gone(pid)


def test_a_background_process_of_a_finished_command_goes_on(ctx):
    pid = int(made(ctx, create="sleep 300 > /dev/null 2>&1 & echo $!")["stdout"])
    assert _alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_assets_and_archives(ctx, tmp_path):
    outputs = made(
        ctx,
        create="mkdir -p a/b; echo 1 > a/one.js; echo 2 > a/b/two.js; echo 3 > a/secret.js; echo 4 > top.txt",
        dir=str(tmp_path),
        assetPaths=["a/**.js", "!**secret.*"],
        archivePaths=["*"],
    )
    assert set(outputs["assets"]) == {"a/one.js", "a/b/two.js"}
    one = outputs["assets"]["a/one.js"]
    assert one["path"] == str(tmp_path / "a/one.js")
    assert one["hash"] == hashlib.sha256(b"1\n").hexdigest()
    assert set(outputs["archive"]["assets"]) == {"top.txt"}
    assert len(outputs["archive"]["hash"]) == 64


def test_the_archive_is_the_same_for_the_same_files(ctx, tmp_path):
    inputs = {"create": "echo same > f", "dir": str(tmp_path), "archivePaths": ["**"]}
    assert made(ctx, **inputs)["archive"] == made(ctx, **inputs)["archive"]


def test_a_bad_glob_is_an_error(ctx, tmp_path):
    with pytest.raises(CloudError, match="unbalanced braces"):
        made(ctx, create="true", dir=str(tmp_path), assetPaths=["{a,b"])


def test_any_change_makes_all_results_unknown(ctx):
    assert COMMAND.changed({"create": "a"}, {"create": "b"}) == {"archive", "assets", "stderr", "stdout"}
    assert COMMAND.changed({"create": "a"}, {"create": "a"}) == frozenset()


def test_a_refresh_runs_nothing(ctx):
    outputs = {"create": "exit 1", "stdout": "o", "stderr": ""}
    assert COMMAND.read("id", {"create": "exit 1"}, outputs, ctx).outputs == outputs
    with pytest.raises(CloudError, match="cannot be imported"):
        COMMAND.read("id", {}, {}, ctx)


def test_the_function_runs_and_repeats_its_arguments(ctx):
    answer = Run().invoke({"command": "cat; echo $A", "stdin": "in ", "environment": {"A": "b"}}, ctx)
    assert answer == {
        "command": "cat; echo $A",
        "stdin": "in ",
        "environment": {"A": "b"},
        "stdout": "in b",
        "stderr": "",
    }
    with pytest.raises(CloudError, match="exit status 1"):
        Run().invoke({"command": "false"}, ctx)
