"""Persistent volumes: a row for every model on every cloud, drivers that are pinned, and refusals that say why."""

import datetime as dt
import re
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from confkube import facts
from confkube.errors import Refusal
from confkube.facts import FactsError
from confkube.facts.volumes import VOLUMES_FILE, parse_volumes, volumes, volumes_of
from confkube.roles.addons import Choices, addons_of

PACKAGED = (Path(facts.__file__).parent / VOLUMES_FILE).read_text(encoding="utf-8")
PODS = IPv4Network("10.244.0.0/16")
LABELS = {"confkube-cluster": "demo-4f2a"}
PAGE = Path(__file__).parents[2] / "docs" / "volumes.md"
TITLES = {"driver": "driver", "passthrough": "passthrough", "none": "no"}


@pytest.mark.parametrize("model", facts.models())
@pytest.mark.parametrize("cloud", facts.capabilities().clouds)
def test_every_model_has_an_answer_on_every_cloud(model, cloud):
    found = volumes_of(model, cloud)
    assert (found.model, found.cloud) == (model, cloud)
    assert not found.why.endswith(".")
    if found.driver:
        assert facts.artifact(found.driver.chart).pinned()
        assert found.needs
    else:
        with pytest.raises(Refusal) as refused:
            found.required()
        assert found.why in str(refused.value)
        assert found.source in str(refused.value)
        assert found.checked.isoformat() in str(refused.value)


def test_nothing_was_read_in_the_future():
    assert all(found.checked <= dt.datetime.now(dt.UTC).date() for found in volumes().values())


def test_where_there_is_a_driver():
    assert {key: found.driver.chart for key, found in volumes().items() if found.driver} == {
        ("cvm-nodes", "aws"): "aws-ebs-csi-driver",
        ("cvm-nodes", "azure"): "azuredisk-csi-driver",
    }
    assert {key for key, found in volumes().items() if found.way == "passthrough"} == {
        ("coco-peer-pods", "aws"),
        ("coco-peer-pods", "azure"),
    }


def test_what_is_not_known():
    with pytest.raises(Refusal, match="model: 'x' is not known"):
        volumes_of("x", "aws")
    with pytest.raises(Refusal, match="cloud: 'x' is not known"):
        volumes_of("cvm-nodes", "x")


def test_the_driver_comes_last_and_knows_the_cluster():
    wanted = Choices(volumes=True, labels=LABELS, region="us-east-2")
    *_, driver = addons_of("cvm-nodes", "aws", PODS, wanted)
    assert driver.name == "aws-ebs-csi-driver"
    assert driver.values == {
        "node": {"hostNetwork": True},
        "controller": {"extraVolumeTags": LABELS, "region": "us-east-2"},
    }
    *_, driver = addons_of("cvm-nodes", "azure", PODS, Choices(volumes=True))
    assert (driver.name, driver.values) == ("azuredisk-csi-driver", {"controller": {"replicas": 1}})
    more = replace(wanted, chart_values={"aws-ebs-csi-driver": {"controller": {"replicaCount": 1}}})
    *_, driver = addons_of("cvm-nodes", "aws", PODS, more)
    assert driver.values["controller"] == {"extraVolumeTags": LABELS, "region": "us-east-2", "replicaCount": 1}


@pytest.mark.parametrize(
    ("model", "cloud", "changes", "reason"),
    [
        ("cvm-nodes", "aws", {"labels": {}}, "aws-ebs-csi-driver: the cluster's labels must be given"),
        ("cvm-nodes", "aws", {"region": ""}, "aws-ebs-csi-driver: the cluster's region must be given"),
        ("cvm-nodes", "gcp", {}, "volumes: cvm-nodes on gcp gets no driver: the driver of persistent disks is"),
        ("nested-nodes", "aws", {}, "children are no machines of the provider"),
        ("coco-metal", "metal", {}, "shares no file system with its host"),
        ("coco-peer-pods", "azure", {}, "confidential-devhub/caa-csi-block-driver"),
        ("coco-peer-pods", "gcp", {}, "cloud-api-adaptor attaches disks on two clouds alone"),
    ],
)
def test_refusals(model, cloud, changes, reason):
    wanted = replace(Choices(volumes=True, labels=LABELS, region="us-east-2", tees=frozenset({"snp"})), **changes)
    with pytest.raises(Refusal) as refused:
        addons_of(model, cloud, PODS, wanted)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_asking_there_is_no_driver():
    assert [addon.name for addon in addons_of("cvm-nodes", "aws", PODS)] == ["cilium"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('models = ["cvm-nodes"]\nclouds = ["aws"]', 'models = ["cvm-nodes"]\nclouds = ["gcp"]', "is written twice"),
        ('models = ["cvm-nodes"]\nclouds = ["aws"]', 'models = []\nclouds = ["aws"]', "must name at least one each"),
        (
            'models = ["cvm-nodes"]\nclouds = ["aws"]',
            'models = ["tvm"]\nclouds = ["aws"]',
            "models 'tvm' is not one of",
        ),
        ('clouds = ["aws"]\nway', 'clouds = ["ibm"]\nway', "clouds 'ibm' is not one of"),
        ('\nway = "driver"', '\nway = "magic"', "way 'magic' is not one of"),
        ('\nway = "driver"', '\nway = "none"', "way driver, and only that, has a chart"),
        ('chart = "aws-ebs-csi-driver"\n', "", "way driver, and only that, has a chart"),
        ('chart = "aws-ebs-csi-driver"\n', 'chart = "cilium"\n', "chart 'cilium' is not one of"),
        ("[drivers.aws-ebs-csi-driver]", "[drivers.kubeadm]", "'kubeadm' is no chart of versions.toml"),
        ('region = "controller.region"', 'regions = "x"', "unknown key 'regions'"),
        ('\nway = "passthrough"', '\nway = "passthrough"\nneeds = "x"', "what a driver needs is said without a driver"),
        ("checked = 2026-11-27\n\n[[volumes]]", "checked = 2026-11-27\nmore = 1\n\n[[volumes]]", "unknown key 'more'"),
        ('source = "https://github.com/kubernetes-sigs/aws', 'source = "github.com/aws', "must be one https address"),
    ],
)
def test_a_bad_table_is_refused(old, new, reason):
    assert old in PACKAGED
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_volumes(PACKAGED.replace(old, new, 1))


def test_a_model_without_a_row_is_refused():
    text, found = re.subn(r'\[\[volumes\]\]\nmodels = \["cvm-nodes"\]\nclouds = \["gcp"\]\n(.+\n)+', "", PACKAGED)
    assert found == 1
    with pytest.raises(FactsError, match="cvm-nodes on gcp has no row"):
        parse_volumes(text)


def test_the_page_says_what_the_table_says():
    """One line of the page's table for each row, word for word."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    expected = {
        (found.model, found.cloud): (
            found.model,
            found.cloud,
            f"`{found.driver.chart}`" if found.driver else TITLES[found.way],
            found.why,
            found.needs or "",
            found.checked.isoformat(),
            f"[source]({found.source})",
        )
        for found in volumes().values()
        if found.cloud != "memory"
    }
    assert [row for row in rows if row[:2] in expected] == list(expected.values())
