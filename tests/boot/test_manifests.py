"""Every Kubernetes object that confkube writes fits the schema of the Kubernetes that it installs, strictly."""

import copy
import os
from ipaddress import IPv4Network
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from boot import samples, tools

from confkube import bootstrap, facts
from confkube.bootstrap import Archive
from confkube.bootstrap.document import written
from confkube.bootstrap.host_runtime import HANDLERS
from confkube.roles.addons import Choices, addons_of
from confkube.roles.peer_pods import objects as peer_pod_objects
from confkube_build.cache import cache_root
from confkube_build.gobuild import built
from confkube_lab.image.charts import NETWORK
from confkube_lab.image.programs import all_programs

VERSION = ".".join(facts.artifact("kubeadm").version.removeprefix("v").split(".")[:2])
# Read by programs and not by the API server: kubeadm (tests/boot/test_checkers.py), the API server's own options.
CONFIGURATION = (
    "admission.k8s.io",
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "pod-security.admission.config.k8s.io",
)
PACKAGES = ("confkube", "confkube_lab")
ARCHIVE = Archive(url="https://x.example/a.tar.gz", sha256="0" * 64)
ROOM = samples.profile(user_data_limit=10**6)


def objects(text, where):
    """The API objects of a YAML text; what is none has no kind, or is configuration that programs read."""
    for number, found in enumerate(yaml.safe_load_all(text)):
        known = isinstance(found, dict) and {"apiVersion", "kind"} <= set(found)
        if known and found["apiVersion"].split("/")[0] not in CONFIGURATION:
            yield f"{where} {number} {found['kind']}", found


def rendered():
    """What the boot texts of all roles write, with everything that can be in them."""
    texts = (
        bootstrap.control_plane(samples.control_plane(runtime_classes=HANDLERS, objects=True, profile=ROOM)),
        bootstrap.worker(samples.worker(runtime=bootstrap.mshv(ARCHIVE), profile=ROOM)),
        bootstrap.trust_server(samples.trust_server(profile=ROOM)),
    )
    for text in texts:
        for file in written(text):
            if file.path.endswith((".yaml", ".yml", ".json")):
                yield from objects(file.text, file.path)


def packaged():
    """What lies in the packages as it is, templates aside."""
    for package in PACKAGES:
        root = samples.COMPONENTS.with_name(package)
        for path in sorted(root.rglob("*.yaml")):
            if not {"templates", "charts"} & set(path.relative_to(root).parts):
                yield from objects(path.read_text(), path.relative_to(root))


def charts():
    """The charts of confkube's own, as the pinned Helm renders them with the values that clusters give them."""
    tool = next(tool for tool in all_programs() if tool.name == "helm")
    helm = built(tool, cache_root(os.environ))
    if not helm.is_file():
        pytest.skip("helm is built with the lab's image, which is not here")
    tees = Choices(tees=frozenset({"none", "snp", "tdx"}))
    values = {addon.name: addon.values for addon in addons_of("coco-metal", "lab", IPv4Network("10.244.0.0/16"), tees)}
    own = {about.parent.name: about.parent for about in NETWORK.folder.parent.glob("*/Chart.yaml")}
    assert set(values) == set(own)
    for name, folder in sorted(own.items()):
        command = [str(helm), "template", name, str(folder), "--values", "-"]
        done = tools.run(*command, input=yaml.safe_dump(dict(values[name])))
        assert done.returncode == 0, done.stderr
        yield from objects(done.stdout, name)


def of_the_secret():
    yield from ((f"objects {each['kind']}", each) for each in peer_pod_objects({"ACCESS_KEY": "s", "EMPTY": ""}))


def check(found):
    kubernetes_validate.validate(found, VERSION, strict=True)


@pytest.mark.parametrize("collect", [rendered, packaged, charts, of_the_secret])
def test_every_object_fits(collect):
    collected = list(collect())
    assert collected
    for where, found in collected:
        try:
            check(found)
        except Exception as problem:
            raise AssertionError(f"{where}: {problem}") from problem


def test_the_collected_kinds():
    """What the collectors must find at least, so that none goes blind."""
    kinds = {found["kind"] for collect in (rendered, packaged, of_the_secret) for _, found in collect()}
    assert kinds >= {"ClusterRole", "ClusterRoleBinding", "Namespace", "RuntimeClass", "Secret"}


@pytest.mark.parametrize("collect", [rendered, of_the_secret])
def test_the_check_can_fail(collect):
    for _, found in collect():
        wrong = copy.deepcopy(found)
        wrong["metadata"]["nmae"] = "x"
        with pytest.raises(kubernetes_validate.ValidationError):
            check(wrong)


def test_every_template_of_an_object_is_rendered_somewhere():
    """A template that makes an API object must be among those that a boot text with everything in it fills."""
    templates = samples.COMPONENTS / "bootstrap" / "templates"
    made = {found["kind"] for _, found in rendered()}
    for path in sorted(templates.glob("*.yaml")):
        for line in path.read_text().splitlines():
            kind = line.removeprefix("kind: ")
            if line.startswith("kind: ") and not kind.endswith(("Configuration", "Policy")):
                assert kind in made, f"{Path(path).name}: {kind}"
