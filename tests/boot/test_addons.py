"""Charts out of git repositories: real git, real commits, real tampering; helm is a recorder that keeps its charts."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from boot import samples
from boot.machine import EXCHANGE, Machine

from confkube import bootstrap
from confkube.bootstrap import Folder

STEPS = ("install", "addons")
HOST = "https://git.example.org"
GIT = f"""
case " $* " in
    *" fetch "*)
        printf 'git fetch %s %s\\n' "$GIT_ALLOW_PROTOCOL" "$*" >>{EXCHANGE}/calls
        # A git, or something between, that brings another commit than it was asked for.
        [ ! -e {EXCHANGE}/instead ] || set -- "$@" "$(cat {EXCHANGE}/instead)"
        [ ! -e {EXCHANGE}/instead ] || set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" "${{10}}" "${{12}}" ;;
esac
GIT_ALLOW_PROTOCOL=file /usr/bin/git -c url.file://{EXCHANGE}/repositories/.insteadOf={HOST}/ "$@"
code=$?
# A fetch that failed leaves its other end for a moment, which holds what the test takes away then.
while grep -qsa upload-pack /proc/[0-9]*/cmdline; do /bin/sleep 0.1; done
exit $code
"""
HELM = f"""
printf 'helm %s\\n' "$*" >>{EXCHANGE}/calls
case $1 in
    version) echo v3.19.5 ;;
    upgrade)
        mkdir -p {EXCHANGE}/installed
        rm -rf {EXCHANGE}/installed/"$3"
        cp -a "$4" {EXCHANGE}/installed/"$3" ;;
esac
"""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A git repository that the machine reaches at ``HOST``."""

    folder: Path

    @property
    def url(self):
        return f"{HOST}/{self.folder.name}"

    def git(self, *command):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", self.folder, *identity, *command], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "m")
        return self.git("rev-parse", "HEAD")

    def object(self, name):
        """The file that holds what a name means."""
        digest = self.git("rev-parse", name)
        return self.folder / ".git" / "objects" / digest[:2] / digest[2:]


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    for name, body in (("git", GIT), ("helm", HELM)):
        found._program(tmp_path / "disk/usr/local/sbin" / name, body, record=False)
    return found


@pytest.fixture
def repository(machine):
    folder = machine.folder / "repositories" / "adaptor"
    folder.mkdir(parents=True)
    made = Repository(folder=folder)
    made.git("init", "--quiet", "--initial-branch", "main")
    return made


@pytest.fixture
def kata(machine):
    folder = machine.folder / "repositories" / "kata"
    folder.mkdir(parents=True)
    made = Repository(folder=folder)
    made.git("init", "--quiet", "--initial-branch", "main")
    return made


def write(machine, *folders, name="peerpods"):
    addon = samples.addon(name, version="0.4.0", content=folders, namespace="pods", values={"a": 1})
    machine.write(
        bootstrap.control_plane(samples.control_plane(software=machine.software(), addons=(samples.addon(), addon)))
    )
    # The other chart is there already; the control plane's start is not what these tests are about.
    listed = machine.path("/etc/confkube/addons/list")
    listed.write_text(listed.read_text().splitlines(keepends=True)[1])
    machine.path("/etc/kubernetes/admin.conf").parent.mkdir(parents=True, exist_ok=True)


def chart(machine, name="peerpods"):
    folder = machine.folder / "installed" / name
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_a_chart_is_put_together_from_the_pinned_commits(machine, repository, kata):
    pinned = repository.commit(
        {"deep/chart/Chart.yaml": "name: peerpods\n", "sub/Chart.yaml": "name: ctrl\n", "x": "y"}
    )
    repository.commit({"deep/chart/Chart.yaml": "name: moved\n"})
    other = kata.commit({"chart/Chart.yaml": "name: kata\n", "chart/charts/feature/Chart.yaml": "name: feature\n"})
    write(
        machine,
        Folder(url=repository.url, commit=pinned, path="deep/chart"),
        Folder(url=kata.url, commit=other, path="chart", name="kata"),
        Folder(url=repository.url, commit=pinned, path="sub", name="ctrl"),
    )
    result = machine.boot(*STEPS)
    assert result.returncode == 0, result.stderr
    assert chart(machine) == {
        "Chart.yaml": "name: peerpods\n",
        "charts/ctrl/Chart.yaml": "name: ctrl\n",
        "charts/kata/Chart.yaml": "name: kata\n",
        "charts/kata/charts/feature/Chart.yaml": "name: feature\n",
    }
    calls = machine.calls()
    fetched = [call.split()[-2:] for call in calls if call.startswith("git fetch https ")]
    assert fetched == [[repository.url, pinned], [kata.url, other]]
    (helm,) = [call for call in calls if call.startswith("helm upgrade")]
    assert helm.startswith("helm upgrade --install peerpods /var/lib/confkube/charts/peerpods --namespace pods")
    assert not [call for call in calls if "dependency" in call or "pull" in call]
    assert [left.name for left in machine.path("/var/lib/confkube/charts").iterdir()] == ["peerpods"]


def test_git_comes_from_the_distribution_where_a_chart_needs_it(machine, repository):
    write(machine, Folder(url=repository.url, commit="0" * 40, path="c"))
    packages = next(
        line for line in machine.path("/etc/confkube/node.env").read_text().splitlines() if "PACKAGES" in line
    )
    assert " git " in packages
    machine.write(bootstrap.control_plane(samples.control_plane(software=machine.software())))
    assert " git " not in machine.path("/etc/confkube/node.env").read_text()


def test_second_boot_fetches_nothing_and_a_changed_commit_does(machine, repository):
    first = repository.commit({"c/Chart.yaml": "version: 1\n"})
    write(machine, Folder(url=repository.url, commit=first, path="c"))
    assert machine.boot(*STEPS).returncode == 0
    machine.calls()
    assert machine.boot("addons").returncode == 0
    assert machine.calls("git", "helm") == []
    second = repository.commit({"c/Chart.yaml": "version: 2\n"})
    write(machine, Folder(url=repository.url, commit=second, path="c"))
    assert machine.boot("addons").returncode == 0
    assert chart(machine) == {"Chart.yaml": "version: 2\n"}


def refused(machine, words):
    result = machine.boot(*STEPS)
    assert result.returncode == 1
    assert "the add-on peerpods 0.4.0 could not be put together from its repositories" in machine.console()
    assert words in result.stderr, result.stderr
    assert not (machine.folder / "installed").exists()
    assert not list(machine.path("/var/lib/confkube/charts").glob("[0-9a-f]*.git"))
    return result


def test_a_commit_that_is_not_there(machine, repository):
    repository.commit({"c/Chart.yaml": "a\n"})
    write(machine, Folder(url=repository.url, commit="1" * 40, path="c"))
    refused(machine, "1" * 40)
    assert len([call for call in machine.calls("git") if "fetch" in call]) > 10


def test_a_repository_that_is_gone(machine, repository):
    write(machine, Folder(url=f"{HOST}/nowhere", commit="1" * 40, path="c"))
    refused(machine, "does not appear to be a git repository")


@pytest.mark.parametrize("what", ["{}:c/values.yaml", "{}:c", "{}^{{tree}}", "{}"])
def test_an_object_that_was_changed_behind_its_id(machine, repository, what):
    """The server gives out what stands under an id, whatever it is; the machine counts the digests itself."""
    pinned = repository.commit({"c/Chart.yaml": "a\n", "c/values.yaml": "image: good\n"})
    evil = repository.commit({"c/values.yaml": "image: evil\n"})
    file = repository.object(what.format(pinned))
    file.chmod(0o644)
    file.write_bytes(repository.object(what.format(evil)).read_bytes())
    write(machine, Folder(url=repository.url, commit=pinned, path="c"))
    result = machine.boot(*STEPS)
    assert result.returncode == 1
    assert "remote did not send all necessary objects" in result.stderr or "did not receive" in result.stderr
    assert "could not be put together" in machine.console()
    assert not (machine.folder / "installed").exists()


def test_a_fetch_that_brings_another_commit(machine, repository):
    pinned = repository.commit({"c/Chart.yaml": "good\n"})
    (machine.folder / "instead").write_text(repository.commit({"c/Chart.yaml": "evil\n"}))
    write(machine, Folder(url=repository.url, commit=pinned, path="c"))
    refused(machine, f"{repository.url} does not give the commit {pinned}")


def test_an_object_of_the_same_name_elsewhere(machine, repository, kata):
    """A repository that has another commit under another id cannot stand in for the pinned one."""
    commit = repository.commit({"c/Chart.yaml": "good\n"})
    kata.commit({"c/Chart.yaml": "evil\n"})
    write(machine, Folder(url=kata.url, commit=commit, path="c"))
    refused(machine, commit)


def test_a_folder_that_the_commit_does_not_have(machine, repository):
    commit = repository.commit({"c/Chart.yaml": "a\n"})
    write(machine, Folder(url=repository.url, commit=commit, path="d"))
    result = machine.boot(*STEPS)
    assert result.returncode == 1
    assert "could not be put together" in machine.console()


def test_a_fetch_that_was_cut_off_starts_afresh(machine, repository):
    commit = repository.commit({"c/Chart.yaml": "a\n"})
    write(machine, Folder(url=repository.url, commit=commit, path="c"))
    left = machine.path("/var/lib/confkube/charts/part.git")
    left.mkdir(parents=True)
    (left / "HEAD").write_text("rubbish")
    assert machine.boot(*STEPS).returncode == 0
    assert chart(machine) == {"Chart.yaml": "a\n"}
