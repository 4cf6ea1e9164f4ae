"""The lab's programs and container images: in the versions that boot text asks for, with all that they need."""

import os
import re
from pathlib import Path

import pytest
from boot import samples, tools

from confkube import facts
from confkube.bootstrap import control_plane, trust_server, worker
from confkube.bootstrap.document import written
from confkube.bootstrap.software import PAUSE_IMAGE
from confkube_build import gobuild
from confkube_build.cache import cache_root
from confkube_lab.image import build, contents, programs

PROGRAMS = {tool.name: tool for tool in programs.all_programs()}


def required(folder):
    """Module -> version, as a go.mod requires them."""
    text = (programs.TOOLS / folder / "go.mod").read_text()
    return dict(re.findall(r"^(?:require)?\s+([\w./-]+\.[\w./-]+) (v\S+)", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("folder", "module", "version"),
    [
        ("kubernetes", "k8s.io/kubernetes", facts.artifact("kubeadm").version),
        ("etcd", "go.etcd.io/etcd/server/v3", "v" + facts.artifact("etcd").version.partition("-")[0]),
        ("coredns", "github.com/coredns/coredns", facts.artifact("coredns").version),
        ("helm", "helm.sh/helm/v3", f"v{facts.artifact('helm').version}"),
        ("spire", "github.com/spiffe/spire", f"v{facts.artifact('spire').version}"),
        ("flannel", "github.com/flannel-io/flannel", PROGRAMS["flannel"].version),
    ],
)
def test_a_program_is_built_from_the_version_that_boot_text_pins(folder, module, version):
    assert required(folder)[module] == version
    tools_of_it = [tool for tool in PROGRAMS.values() if tool.folder == folder]
    assert tools_of_it
    for tool in tools_of_it:
        assert tool.package == "." or tool.package.startswith(f"{module}/") or tool.package == module
        assert tool.version.removeprefix("v") == version.removeprefix("v")
        if "-X " in tool.ldflags:
            assert version.removeprefix("v") in tool.ldflags


def test_every_module_is_used_and_complete():
    folders = {path.parent.name for path in programs.TOOLS.glob("*/go.mod")} - {"engine"}
    assert folders == {tool.folder for tool in PROGRAMS.values()}
    for tool in PROGRAMS.values():
        assert (tool.module_dir / "go.sum").is_file(), tool.name
        assert gobuild.built(tool, Path("/c")).name == tool.name


def test_the_image_has_every_program_that_boot_text_downloads():
    named = set()
    for text in (
        control_plane(samples.control_plane()),
        worker(samples.worker()),
        trust_server(samples.trust_server()),
    ):
        (rows,) = (file.text for file in written(text) if file.path == "/etc/confkube/downloads")
        for row in rows.splitlines():
            name, version, *_ = row.split()
            named.add(name)
            assert PROGRAMS[name].version.removeprefix("v") == version.removeprefix("v")
    assert named == set(programs.MACHINE_PROGRAMS)


# As bootstrap/scripts/install.sh asks, which downloads what does not answer with the pinned version.
SAYS = {
    "kubeadm": ("version", "-o", "short"),
    "kubectl": ("version", "--client"),
    "helm": ("version", "--template", "{{.Version}}"),
}


@pytest.mark.parametrize("name", programs.MACHINE_PROGRAMS)
def test_a_program_reports_the_version_that_boot_text_looks_for(name):
    binary = gobuild.built(PROGRAMS[name], cache_root(os.environ))
    if not binary.is_file():
        pytest.skip(f"{name} is built with the lab image, and is not there")
    done = tools.run(str(binary), *SAYS.get(name, ("--version",)))
    words = [word.removeprefix("v") for word in re.split(r"[\s,]+", done.stdout + done.stderr)]
    assert PROGRAMS[name].version.removeprefix("v") in words


def test_the_images_are_those_that_kubeadm_asks_for(tmp_path):
    version = facts.artifact("kubeadm").version
    listed = tools.run(tools.kubeadm(), "config", "images", "list", "--kubernetes-version", version).stdout.split()
    made = contents.images(tmp_path, dict.fromkeys([*PROGRAMS, "pause"], tmp_path))
    references = [image.reference for images in made.values() for image in images]
    assert set(listed) == set(references) - {contents.NETWORK_IMAGE, contents.TOOLS_IMAGE}
    assert PAUSE_IMAGE in references
    assert len({contents.short(reference) for reference in references}) == len(references), "file names in the image"


def test_container_images_carry_every_library_and_link_that_they_need():
    root = build.path(os.environ)
    if os.geteuid() != 0 or not root.is_dir():
        pytest.skip("this needs root and the lab image")
    binaries = {tool.name: gobuild.built(tool, cache_root(os.environ)) for tool in PROGRAMS.values()}
    made = contents.images(root, binaries | {"pause": cache_root(os.environ) / "pause" / "pause"})
    for image in (image for images in made.values() for image in images):
        for path, source in image.files.items():
            assert source.is_file(), path
            assert not source.is_symlink(), path
        for link, target in image.links.items():
            assert str(Path(link).parent / target) in image.files, link
    (proxy,) = (image for image in made["node"] if "kube-proxy" in image.reference)
    assert any("libnftables.so" in path for path in proxy.files)
    assert any(path.startswith(("/lib64/ld-linux", "/lib/ld-linux", "/lib/x86_64")) for path in proxy.files)
