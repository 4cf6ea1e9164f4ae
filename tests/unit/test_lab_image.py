"""What the lab image is made of: the same every time, and in the versions that boot text asks for."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml
from boot import samples, tools

from confkube import facts
from confkube.bootstrap import control_plane, pinned, trust_server, worker
from confkube.bootstrap.document import written
from confkube_build import gobuild
from confkube_build.cache import cache_root
from confkube_lab.image import build, charts, contents, debian, programs, recipe
from confkube_lab.image.containers import ContainerImage, write

UNITS = samples.COMPONENTS / "bootstrap" / "units"
PROGRAMS = {tool.name: tool for tool in programs.all_programs()}


# -- container images --------------------------------------------------------------------------------------------------
@pytest.fixture
def image(tmp_path):
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(1000))
    return ContainerImage(
        reference="registry.example.org/a/thing:v1",
        files={"/usr/local/bin/thing": program, "/bin/sh": program},
        links={"/bin/cat": "sh"},
        entrypoint=("/usr/local/bin/thing",),
    )


def unpacked(archive):
    """Manifest, configuration and the open layer of a docker archive."""
    with tarfile.open(archive) as outer:
        parts = {entry.name: outer.extractfile(entry).read() for entry in outer}
        headers = outer.getmembers()
    (manifest,) = json.loads(parts["manifest.json"])
    (name,) = manifest["Layers"]
    return manifest, parts[manifest["Config"]], parts[name], headers


def test_an_image_is_the_same_bytes_every_time(image, tmp_path):
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    write(image, first)
    for source in image.files.values():
        os.utime(source, (1, 1))
        source.chmod(0o600)
    write(image, second)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.tar", "program", "second.tar"]


def test_an_image_is_a_docker_archive_whose_digests_hold(image, tmp_path):
    write(image, tmp_path / "image.tar")
    manifest, config, layer, _ = unpacked(tmp_path / "image.tar")
    assert manifest["RepoTags"] == [image.reference]
    assert manifest["Config"] == hashlib.sha256(config).hexdigest() + ".json"
    found = json.loads(config)
    assert found["rootfs"] == {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    assert (found["os"], found["architecture"]) == ("linux", "amd64")
    assert found["config"]["Entrypoint"] == ["/usr/local/bin/thing"]
    assert found["created"].startswith("1970-")


def test_nothing_of_this_computer_is_in_an_image(image, tmp_path):
    write(image, tmp_path / "image.tar")
    _, _, layer, outer = unpacked(tmp_path / "image.tar")
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        inner = tar.getmembers()
    for entry in (*outer, *inner):
        assert (entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname) == (0, 0, 0, "", ""), entry.name


def test_the_files_of_an_image_are_where_they_should_be(image, tmp_path):
    write(image, tmp_path / "image.tar")
    _, _, layer, _ = unpacked(tmp_path / "image.tar")
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        entries = {entry.name: entry for entry in tar}
        assert tar.extractfile("usr/local/bin/thing").read() == image.files["/bin/sh"].read_bytes()
        assert tar.extractfile("etc/passwd").read().startswith(b"root:x:0:0:")
    assert (entries["bin/cat"].issym(), entries["bin/cat"].linkname) == (True, "sh")
    modes = {name: entry.mode for name, entry in entries.items()}
    assert modes["usr/local/bin/thing"] == modes["bin/sh"] == 0o755
    assert (modes["tmp"], modes["etc/passwd"], modes["usr"]) == (0o1777, 0o644, 0o755)
    order = list(entries)
    for name in order:
        parent = str(Path(name).parent)
        assert parent == "." or order.index(parent) < order.index(name), name
    assert len(order) == len(set(order))


def test_a_file_that_is_not_there_leaves_nothing_half_made(image, tmp_path):
    next(iter(image.files.values())).unlink()
    with pytest.raises(FileNotFoundError):
        write(image, tmp_path / "image.tar")
    assert list(tmp_path.iterdir()) == []


# -- the pod network ---------------------------------------------------------------------------------------------------
def test_the_chart_is_the_one_that_boot_text_pins():
    pin = facts.artifact(charts.NETWORK.name)
    assert charts.NETWORK.sha256() == pin.sha256, f"versions.toml: write sha256 = {charts.NETWORK.sha256()!r}"
    assert charts.NETWORK.packed() == charts.NETWORK.packed()


def chart():
    with tarfile.open(fileobj=io.BytesIO(charts.NETWORK.packed())) as tar:
        return {entry.name: (entry, tar.extractfile(entry).read().decode()) for entry in tar}


def test_the_chart_is_as_helm_wants_it():
    files = chart()
    assert set(files) == {f"lab-network/{name}" for name in ("Chart.yaml", "values.yaml", "templates/network.yaml")}
    assert {entry.mode for entry, _ in files.values()} == {0o644}
    assert {(entry.mtime, entry.uname) for entry, _ in files.values()} == {(0, "")}


def test_one_version_of_flannel_throughout():
    files = {name: text for name, (_, text) in chart().items()}
    about = yaml.safe_load(files["lab-network/Chart.yaml"])
    version = PROGRAMS["flannel"].version
    assert about["appVersion"] == version
    assert about["version"] == facts.artifact("lab-network").version
    assert yaml.safe_load(files["lab-network/values.yaml"])["image"] == contents.NETWORK_IMAGE
    assert contents.NETWORK_IMAGE.rpartition(":")[2] == version
    assert f"flannel/blob/{version}/" in facts.artifact("lab-network").source


def test_helm_renders_the_chart_with_the_values_of_boot_text(tmp_path):
    helm = gobuild.built(PROGRAMS["helm"], cache_root(os.environ))
    if not helm.is_file():
        pytest.skip("helm is built with the lab image, and is not there")
    archive = tmp_path / "chart.tgz"
    archive.write_bytes(charts.NETWORK.packed())
    done = tools.run(
        str(helm), "template", "lab-network", str(archive), "--namespace", "kube-system", "--set", "pods=10.128.0.0/10"
    )
    assert done.returncode == 0, done.stderr
    made = {each["kind"]: each for each in yaml.safe_load_all(done.stdout) if each}
    assert json.loads(made["ConfigMap"]["data"]["net-conf.json"])["Network"] == "10.128.0.0/10"
    pod = made["DaemonSet"]["spec"]["template"]["spec"]
    images = {each["image"] for each in (*pod.get("initContainers", ()), *pod["containers"])}
    assert images == {contents.NETWORK_IMAGE}, "nothing else is there, and nothing can be fetched"


# -- settings that hold in the lab only --------------------------------------------------------------------------------
def without(settings, *path):
    """The settings with one key less, which must have been there."""
    *parents, last = path
    for key in parents:
        settings = settings[key]
    del settings[last]


def test_containerd_is_set_as_boot_text_sets_it_but_for_what_a_container_needs():
    text = next(file.text for file in written(worker(samples.worker())) if file.path == "/etc/containerd/config.toml")
    usual, here = tomllib.loads(text), tomllib.loads((recipe.FILES / "etc/containerd/conf.d/lab.toml").read_text())
    assert usual["imports"] == ["/etc/containerd/conf.d/*.toml"]
    runtime = ("plugins", "io.containerd.grpc.v1.cri")
    runc = (*runtime, "containerd", "runtimes", "runc", "options", "SystemdCgroup")
    without(usual, "imports")
    without(here, *runtime, "restrict_oom_score_adj")
    for settings in (usual, here):
        without(settings, *runc)
    assert usual == here


def test_every_unit_that_the_image_starts_or_changes_is_there():
    own = recipe.FILES / "etc/systemd/system"
    for unit in (unit for units in recipe.ENABLED.values() for unit in units):
        assert unit.startswith("systemd-") or (own / unit).is_file(), unit
    changed = [folder.name.removesuffix(".d") for folder in own.iterdir() if folder.is_dir()]
    assert len(changed) == 3
    for unit in changed:
        assert (UNITS / unit).is_file(), f"{unit} is no unit of boot text: what changes it does nothing"


@pytest.mark.parametrize("path", sorted(recipe.FILES.rglob("*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_script_that_the_image_has(path):
    for script in re.findall(r"(/usr/local/lib/\S+)", path.read_text()):
        assert (recipe.FILES / script.lstrip("/")).is_file()


def test_the_image_has_every_package_that_boot_text_installs():
    for text in (
        control_plane(samples.control_plane()),
        worker(samples.worker()),
        trust_server(samples.trust_server()),
    ):
        (values,) = (file.text for file in written(text) if file.path == "/etc/confkube/node.env")
        (named,) = re.findall(r"^PACKAGES='?([^'\n]*)'?$", values, re.MULTILINE)
        assert named
        assert set(named.split()) <= set(debian.packages())


def test_a_pristine_root_leaves_to_boot_text_what_a_clouds_image_leaves():
    left = set(pinned().node_packages) - set(debian.pristine_packages())
    assert {"containerd", "containernetworking-plugins", "conntrack", "socat"} <= left
    assert set(debian.pristine_packages()) <= set(debian.packages())


# -- the recipe --------------------------------------------------------------------------------------------------------
def fresh_digest(**environment):
    program = "from confkube_lab.image import recipe; print(recipe.digest())"
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_the_recipe_has_one_name():
    assert re.fullmatch(r"[0-9a-f]{12}", recipe.digest())
    assert {fresh_digest(PYTHONHASHSEED=seed) for seed in ("1", "2")} == {recipe.digest()}
    assert build.path({"XDG_CACHE_HOME": "/c"}) == Path(f"/c/confkube/lab/{recipe.digest()}/root")


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The recipe's files in a folder of the test."""
    import shutil

    shutil.copytree(recipe.FILES, tmp_path / "files")
    monkeypatch.setattr(recipe, "FILES", tmp_path / "files")
    return tmp_path / "files"


def test_a_changed_file_is_another_image_and_a_newer_one_is_not(copied):
    named = recipe.digest.__wrapped__
    first = named()
    assert first == recipe.digest()
    path = copied / "etc/resolv.conf"
    os.utime(path, (1, 1))
    (copied / "__pycache__").mkdir()
    (copied / "__pycache__" / "x.pyc").touch()
    assert named() == first
    path.write_text(path.read_text() + "# more\n")
    changed = named()
    assert changed != first
    path.rename(path.with_name("other.conf"))
    assert named() not in {first, changed}
