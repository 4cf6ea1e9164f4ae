"""The charts of each deployment model: order, pins, values, and what does not go together."""

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
import yaml
from boot import samples

from confkube import bootstrap, facts
from confkube.bootstrap import Archive, Folder
from confkube.bootstrap.document import carried
from confkube.errors import Refusal
from confkube.roles import chart_values
from confkube.roles.addons import Choices, addons_of

PODS = IPv4Network("10.244.0.0/14")
CLOUDS = ("aws", "azure", "gcp", "metal", "memory")
PEERPODS = {"peerpods": chart_values.peerpods_on("aws", {"PODVM_AMI_ID": "ami-1"}, {})}
CHOICES = {
    "cvm-nodes": Choices(),
    "nested-nodes": Choices(),
    "coco-metal": Choices(tees=frozenset({"snp"})),
    "coco-nested": Choices(tees=frozenset({"none"})),
    "coco-peer-pods": Choices(chart_values=PEERPODS),
}


def made(model="coco-peer-pods", cloud="aws", **changes):
    return {each.name: each for each in addons_of(model, cloud, PODS, replace(CHOICES[model], **changes))}


def with_values(**values):
    """What the platform says of peerpods, with further values over it."""
    return {"peerpods": chart_values.merged(PEERPODS["peerpods"], values)}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("model", facts.models())
def test_every_model_has_its_charts_pinned(model, cloud):
    charts = made(model, cloud)
    assert list(charts) == [chart.name for chart in facts.addons(model, cloud)]
    for name, addon in charts.items():
        if isinstance(addon.content, Archive):
            assert addon.content.sha256 == facts.artifact(name).sha256
        else:
            assert addon.content[0].commit == facts.artifact(name).commit
            assert [folder.name for folder in addon.content] == [".", *facts.artifact(name).parts]


@pytest.mark.parametrize("model", facts.models())
def test_no_value_asks_for_the_newest_of_anything(model):
    for addon in made(model).values():
        assert "latest" not in yaml.safe_dump(dict(addon.values))


def test_the_old_call_gives_what_it_gave():
    (cilium,) = addons_of("cvm-nodes", "aws", PODS)
    assert cilium.values == {
        "ipam": {"mode": "kubernetes"},
        "operator": {"replicas": 1},
        "bpf": {"hostLegacyRouting": True},
        "encryption": {"enabled": True, "type": "wireguard"},
    }
    (network,) = addons_of("cvm-nodes", "lab", PODS)
    assert (network.name, network.values) == ("lab-network", {"pods": str(PODS)})


@pytest.mark.parametrize("model", ["coco-metal", "coco-nested", "coco-peer-pods"])
def test_the_network_lets_guests_be(model):
    values = made(model)["cilium"].values
    assert values["kubeProxyReplacement"] is False
    assert values["socketLB"] == {"enabled": False, "hostNamespaceOnly": True}
    assert values["tunnelPort"] == 8472
    assert values["bpf"] == {"hostLegacyRouting": True}


def test_cert_manager_comes_before_the_webhook_that_needs_it():
    charts = list(made())
    assert charts == ["cilium", "cert-manager", "peerpods"]
    assert list(made(before=("aws-ebs-csi-driver",))) == ["cilium", "cert-manager", "aws-ebs-csi-driver", "peerpods"]
    assert list(made(before=("cert-manager",))) == charts


def test_what_peerpods_is_told():
    addon = made()["peerpods"]
    values = addon.values
    tag = "61b1aba91df646a663e60ab6b55c6a7dc93cd167"
    assert values["secrets"] == {"mode": "reference", "existingSecretName": "peer-pods-secret"}
    assert [values["image"], values["resourceCtrl"]["image"], values["webhook"]["image"]] == [{"tag": tag}] * 3
    assert values["kata-deploy"]["shims"] == {"disableAll": True, "remote": {"enabled": True}}
    assert values["kata-deploy"]["kubectlImage"] == {"tag": "v1.37.0"}
    assert values["provider"] == "aws"
    assert values["providerConfigs"]["aws"] == {
        "PODVM_AMI_ID": "ami-1",
        "PEERPODS_LIMIT_PER_NODE": "10",
        "VXLAN_PORT": "9000",
    }
    assert addon.privileged
    assert addon.namespace == "confidential-containers-system"
    urls = {folder.name: folder.url for folder in addon.folders}
    assert urls["peerpods-kata-deploy"] == "https://github.com/kata-containers/kata-containers"


def test_what_a_platform_says_is_merged_over_ours():
    further = {"daemonset": {"podLabels": {"a": "b"}}, "resourceCtrl": {"podLabels": {"a": "b"}}}
    told = chart_values.peerpods_on("x", {"VXLAN_PORT": "9001", "A": "1"}, further)
    values = made(chart_values={"peerpods": told})["peerpods"].values
    assert values["daemonset"] == {"podLabels": {"a": "b"}}
    assert set(values["resourceCtrl"]) == {"enabled", "image", "podLabels"}
    assert values["providerConfigs"]["x"] == {"PEERPODS_LIMIT_PER_NODE": "10", "VXLAN_PORT": "9001", "A": "1"}


@pytest.mark.parametrize(
    ("tees", "shims", "default"),
    [
        ({"snp"}, {"qemu-snp"}, "qemu-snp"),
        ({"tdx"}, {"qemu-tdx"}, "qemu-tdx"),
        ({"snp", "tdx"}, {"qemu-snp", "qemu-tdx"}, "qemu-snp"),
        ({"none"}, {"qemu-coco-dev"}, "qemu-coco-dev"),
    ],
)
def test_kata_gets_the_shims_of_the_hosts_alone(tees, shims, default):
    values = made("coco-metal", "metal", tees=frozenset(tees))["kata-deploy"].values
    assert values["shims"].pop("disableAll") is True
    assert set(values["shims"]) == shims
    assert all(shim["enabled"] is True for shim in values["shims"].values())
    assert values["defaultShim"] == {"amd64": default}
    assert values["nodeSelector"] == {"node.kubernetes.io/worker": ""}


def test_where_hosts_differ_a_runtime_class_leads_to_its_own():
    one = made("coco-metal", "metal", tees=frozenset({"snp"}))["kata-deploy"].values["shims"]
    assert one["qemu-snp"] == {"enabled": True}
    both = made("coco-metal", "metal", tees=frozenset({"snp", "tdx"}))["kata-deploy"].values["shims"]
    for tee in ("snp", "tdx"):
        assert both[f"qemu-{tee}"]["runtimeClass"] == {"nodeSelector": {"confkube.dev/tee": tee}}


def test_the_lab_gets_the_runtime_classes_alone():
    """They have the names that Kata's chart would give them."""
    charts = made("coco-metal", "lab", tees=frozenset({"snp", "tdx", "none"}))
    assert list(charts) == ["lab-network", "lab-runtime"]
    assert charts["lab-runtime"].values == {"tees": ["snp", "tdx", "coco-dev"]}


def test_hosts_that_bring_kata_need_no_chart_of_it():
    assert list(made("coco-nested", hosts_bring_kata=True, tees=frozenset())) == ["cilium"]


def test_spire_needs_nothing_in_the_cluster():
    """The agent runs on the node and asks the node's own kubelet; see docs/addons.md."""
    for model in ("cvm-nodes", "nested-nodes"):
        assert list(made(model)) == ["cilium"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chart_values": {}}, "peerpods: the platform does not say how cloud-api-adaptor is set up there (provider)"),
        ({"chart_values": {"nothing": {}}}, "chart_values: chart: 'nothing' is not known"),
        ({"pins": {"nothing": "0" * 64}}, "pins: chart: 'nothing' is not known"),
        ({"pins": {"cilium": "0" * 64}}, "pins: cilium 1.19.6 is pinned already, to 21c43cf5"),
        ({"before": ("kubeadm",)}, "add-ons: 'kubeadm' is no chart"),
        ({"before": ("peerpodctrl",)}, "add-ons: 'peerpodctrl' is no chart"),
        ({"before": ("nothing",)}, "artifact: 'nothing' is not known"),
        ({"chart_values": with_values(secrets={"mode": "create"})}, "peerpods: secrets must be {'mode': 'reference'"),
        ({"chart_values": with_values(secrets={"existingSecretName": "mine"})}, "peerpod-ctrl reads that name alone"),
        (
            {"chart_values": with_values(providerSecrets={"aws": {"A": "b"}})},
            "would stand in user data",
        ),
        ({"chart_values": with_values(image={"tag": "latest"})}, "image.tag must pin a version, not 'latest'"),
        ({"chart_values": with_values(webhook={"image": {"tag": ""}})}, "webhook.image.tag must pin a version, not ''"),
        (
            {"chart_values": with_values(**{"kata-deploy": {"kubectlImage": {"tag": "latest"}}})},
            "kata-deploy.kubectlImage.tag must pin a version",
        ),
        (
            {"chart_values": with_values(providerConfigs={"aws": {"VXLAN_PORT": "8472"}})},
            "peerpods: VXLAN_PORT 8472 is the port of cilium's own overlay; use 9000",
        ),
        (
            {"chart_values": PEERPODS | {"cilium": {"tunnelPort": 9000}}},
            "peerpods: VXLAN_PORT 9000 is the port of cilium's own overlay",
        ),
        (
            {"chart_values": PEERPODS | {"cilium": {"kubeProxyReplacement": True}}},
            "is for clusters whose pods",
        ),
        (
            {"chart_values": PEERPODS | {"cilium": {"socketLB": {"enabled": True, "hostNamespaceOnly": False}}}},
            "socketLB does not reach into guests",
        ),
    ],
)
def test_refusals(changes, reason):
    with pytest.raises(Refusal) as refused:
        made(**changes)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("model", "changes", "reason"),
    [
        ("coco-metal", {"tees": frozenset()}, "kata-deploy: no TEE of the hosts is given; choose among snp, tdx, none"),
        ("coco-metal", {"tees": frozenset({"sgx"})}, "kata-deploy: TEE: 'sgx' is not known"),
        (
            "coco-metal",
            {"chart_values": PEERPODS},
            "chart_values: chart: 'peerpods' is not known; choose one of",
        ),
        ("cvm-nodes", {"chart_values": PEERPODS}, "chart_values: chart: 'peerpods' is not known; choose one of"),
    ],
)
def test_refusals_of_other_models(model, changes, reason):
    with pytest.raises(Refusal) as refused:
        made(model, **changes)
    assert reason in str(refused.value)


def test_ordinary_pods_may_have_their_services_translated_at_sockets():
    assert made("cvm-nodes", chart_values={"cilium": {"kubeProxyReplacement": True}})


def test_a_chart_without_a_digest_is_refused_until_the_user_pins_it(monkeypatch):
    chart = replace(facts.artifact("cert-manager"), sha256=None, evidence=None, why_unknown="nobody repeats it")
    monkeypatch.setattr(facts, "addons", lambda *_: (facts.versions().artifacts["cilium"], chart))
    with pytest.raises(Refusal, match=r"cert-manager v1.21.2 has no known sha256: nobody repeats it"):
        made("cvm-nodes")
    pinned = made("cvm-nodes", pins={"cert-manager": "0a" * 32})["cert-manager"]
    assert pinned.content == Archive(url=chart.url, sha256="0a" * 32)
    with pytest.raises(Refusal, match="is not a sha256 of 64 lower-case hex digits"):
        made("cvm-nodes", pins={"cert-manager": "0a"})


def test_values_are_merged_and_neither_side_changes():
    under, over = {"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2], "e": 3}, "d": {"f": 1}}
    assert chart_values.merged(under, over) == {"a": {"b": 1, "c": [2], "e": 3}, "d": {"f": 1}}
    assert (under["a"], over["a"]) == ({"b": 1, "c": [1]}, {"c": [2], "e": 3})


# As long as the longest names of a cloud: resource identifiers, sixteen machine types, five labels.
LONGEST = {
    "IMAGE": "/subscriptions/" + "0" * 36 + "/resourceGroups/" + "g" * 90 + "/providers/x/images/" + "i" * 80,
    "SUBNET": "/subscriptions/" + "1" * 36 + "/resourceGroups/" + "h" * 90 + "/providers/x/subnets/" + "s" * 80,
    "GROUPS": ",".join(f"sg-0{n:016x}" for n in range(5)),
    "TYPES": ",".join(f"Standard_DC{n}as_v5" for n in range(16)),
    "TAGS": ",".join(f"confkube-{n}={'v' * 63}" for n in range(5)),
    "REGION": "southeastasia-longest",
}
TIGHTEST = samples.profile(compressed=True)


@pytest.mark.parametrize("model", facts.models())
def test_the_worst_case_of_every_model_fits(model):
    """All charts, the longest names, further annotations, objects, an issuer of 255 characters."""
    choices = CHOICES[model]
    if model == "coco-peer-pods":
        annotation = {"serviceAccount": {"annotations": {"example.org/role-of-the-adaptor": "a" * 200}}}
        further = {"daemonset": annotation, "resourceCtrl": annotation}
        values = {"peerpods": chart_values.peerpods_on("a-provider", LONGEST, further)}
        choices = replace(choices, chart_values=values, before=("spire-crds",))
    if model in ("coco-metal", "coco-nested"):
        choices = replace(choices, tees=frozenset({"snp", "tdx", "none"}))
    boot = replace(
        samples.largest()["control-plane"],
        addons=addons_of(model, "aws", PODS, choices),
        profile=TIGHTEST,
        issuer="https://" + "i" * 240 + ".example",
        objects=True,
        runtime_classes=("kata-cc",),
    )
    assert len(carried(bootstrap.control_plane(boot))) <= samples.AWS_LIMIT


@pytest.mark.parametrize(
    "runtime",
    [
        bootstrap.REMOTE,
        bootstrap.KVM,
        bootstrap.mshv(Archive(url="https://a.example/" + "a" * 900, sha256="0" * 64)),
    ],
)
def test_the_worst_case_of_workers_fits(runtime):
    software = bootstrap.pinned_for("tdnf")
    boot = replace(samples.largest()["worker"], runtime=runtime, software=software, profile=TIGHTEST)
    assert len(carried(bootstrap.worker(boot))) <= samples.AWS_LIMIT


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Folder(url="https://x.example/r", commit="main", path="c"), "'main' is not a full commit id"),
        (lambda: Folder(url="https://x.example/r", commit="0" * 12, path="c"), "is not a full commit id"),
        (lambda: Folder(url="git://x.example/r", commit="0" * 40, path="c"), "'git' is not known; choose one of https"),
        (lambda: Folder(url="https://x.example/r", commit="0" * 40, path="../c"), "'../c' is not a folder such as"),
        (lambda: Folder(url="https://x.example/r", commit="0" * 40, path="c", name="A"), "chart inside a chart: 'A'"),
        (lambda: samples.addon(content=()), "its folders are not the chart and then each chart inside it once"),
        (
            lambda: samples.addon(content=(Folder(url="https://x.example/r", commit="0" * 40, path="c", name="a"),)),
            "its folders are not the chart and then",
        ),
        (
            lambda: samples.addon(content=(Folder(url="https://x.example/r", commit="0" * 40, path="c"),) * 2),
            "its folders are not the chart and then",
        ),
        (
            lambda: samples.control_plane(runtime_classes=("x",)),
            "runtime class: 'x' is not known; choose one of",
        ),
    ],
)
def test_refusals_of_boot_values(make, reason):
    with pytest.raises(Refusal) as refused:
        make()
    assert reason in str(refused.value)
