"""Stack files survive the engine's own writes, and keep the user's."""

import json
from pathlib import Path

import pytest

from confkube_sandbox.home import SandboxHome
from confkube_sandbox.stackfiles import preserved, stack_names

AUTHORED = '# why\nconfig:\n  confkube:model: "cvm-nodes"   # trailing\n'
BY_ENGINE = '# why\nconfig:\n  confkube:model: "cvm-nodes" # trailing\nencryptionsalt: v1:abc:v1:def:ghi==\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "stacks" / "config").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks/config\n")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> SandboxHome:
    prepared = SandboxHome(tmp_path / "sandbox")
    prepared.prepare()
    return prepared


def stack_file(project: Path, name: str = "dev") -> Path:
    return project / "stacks" / "config" / f"Pulumi.{name}.yaml"


def test_salt_and_formatting_are_undone(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)
    stack_file(project).chmod(0o644)
    with preserved(home, project):
        stack_file(project).write_text(BY_ENGINE)
    assert stack_file(project).read_text() == AUTHORED
    assert stack_file(project).stat().st_mode & 0o777 == 0o644


def test_untouched_files_are_not_rewritten(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)
    before = stack_file(project).stat()
    with preserved(home, project):
        pass
    assert stack_file(project).stat().st_mtime_ns == before.st_mtime_ns
    assert stack_file(project).stat().st_ino == before.st_ino


def test_what_the_user_set_stays_without_the_salt(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)
    with preserved(home, project):
        stack_file(project).write_text(BY_ENGINE.replace("cvm-nodes", "coco-metal"))
    assert "coco-metal" in stack_file(project).read_text()
    assert "encryptionsalt" not in stack_file(project).read_text()


def test_a_secret_keeps_the_salt_it_needs(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)
    with_secret = BY_ENGINE + "# end\n" + "x: [{secure: v1:abc}]\n"
    with preserved(home, project):
        stack_file(project).write_text(with_secret)
    assert stack_file(project).read_text() == with_secret


def test_the_users_own_salt_stays(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(BY_ENGINE)
    with preserved(home, project):
        stack_file(project).write_text(BY_ENGINE + "\n")
    assert "encryptionsalt" in stack_file(project).read_text()


def test_a_file_made_for_the_salt_alone_goes(home: SandboxHome, project: Path) -> None:
    with preserved(home, project):
        stack_file(project).write_text("encryptionsalt: v1:abc:v1:def:ghi==\n")
    assert not stack_file(project).exists()


def test_a_removed_file_stays_removed(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)
    with preserved(home, project):
        stack_file(project).unlink()
    assert not stack_file(project).exists()


def test_the_next_run_undoes_what_a_killed_one_left(home: SandboxHome, project: Path) -> None:
    records = home.root / "stackfiles"
    records.mkdir()
    gone = 2**22 + 1  # above the kernel's largest process id
    record = {"folder": str(stack_file(project).parent), "files": {str(stack_file(project)): AUTHORED}}
    (records / f"{gone}.json").write_text(json.dumps(record))
    stack_file(project).write_text(BY_ENGINE)
    with preserved(home, project):
        assert stack_file(project).read_text() == AUTHORED
    assert list(records.iterdir()) == []


def test_files_are_restored_when_the_block_fails(home: SandboxHome, project: Path) -> None:
    stack_file(project).write_text(AUTHORED)

    def interrupted() -> None:
        with preserved(home, project):
            stack_file(project).write_text(BY_ENGINE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stack_file(project).read_text() == AUTHORED


def test_without_a_project_there_is_nothing_to_do(home: SandboxHome) -> None:
    with preserved(home, None):
        pass
    assert not (home.root / "stackfiles").exists()


def test_stack_names(project: Path) -> None:
    stack_file(project, "b").write_text("")
    stack_file(project, "a-1").write_text("")
    assert stack_names(project) == ["a-1", "b"]
