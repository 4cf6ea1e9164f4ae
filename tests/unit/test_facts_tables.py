"""The packaged fact tables: complete, sourced, dated, and in agreement with each other."""

import datetime as dt
import re
from dataclasses import replace
from itertools import product

import pytest

from confkube import facts
from confkube.errors import Refusal
from confkube.facts.validation import packaged, problems

URL = re.compile(r"https://[^\s/]+\.[^\s]+")
REAL = facts.clouds()
EVERY_CLOUD = tuple(facts.capabilities().clouds)
SIZES = [size for cloud in EVERY_CLOUD for size in facts.instance_types(cloud)]
SOURCED = [
    *facts.cells(),
    *facts.gaps(),
    *facts.capabilities().other_tees.values(),
    *SIZES,
    *facts.region_table().values(),
    *facts.versions().artifacts.values(),
    *facts.stock_images(),
]


def test_the_tables_agree_with_each_other_and_no_fact_was_read_in_the_future():
    assert list(problems(packaged(), dt.datetime.now(dt.UTC).date())) == []
    facts.validate()


def test_every_fact_has_an_address_and_a_date_in_the_past():
    today = dt.datetime.now(dt.UTC).date()
    assert len(SOURCED) > 300
    for fact in SOURCED:
        assert URL.fullmatch(fact.source), fact
        assert dt.date(2026, 1, 1) <= fact.checked <= today, fact


def test_a_fact_read_after_today_is_found():
    found = list(problems(packaged(), dt.date(2026, 1, 1)))
    assert len(found) == len(SOURCED)
    with pytest.raises(facts.FactsError, match="lies in the future"):
        facts.validate(dt.date(2026, 1, 1))


def test_the_clouds_and_models_are_the_ones_of_the_design():
    assert set(REAL) == {"aws", "azure", "gcp", "metal", "lab"}
    assert set(facts.models()) == {"cvm-nodes", "nested-nodes", "coco-metal", "coco-nested", "coco-peer-pods"}
    assert set(facts.TEES) == {"snp", "tdx"}


@pytest.mark.parametrize(("cloud", "tee", "placement"), list(product(EVERY_CLOUD, facts.TEES, facts.PLACEMENTS)))
def test_every_combination_is_a_cell_or_a_gap_never_both(cloud, tee, placement):
    gaps = {(gap.cloud, gap.tee, gap.placement) for gap in facts.gaps()}
    assert (facts.cell(cloud, tee, placement) is None) == ((cloud, tee, placement) in gaps)


@pytest.mark.parametrize("cell", facts.cells(), ids=lambda cell: f"{cell.cloud}-{cell.tee}-{cell.placement}")
def test_a_default_type_exists_and_has_the_tee(cell):
    if cell.default_type is None:
        assert facts.capabilities().clouds[cell.cloud].kind in {"hosts", "emulation"}
        return
    size = facts.instance_type(cell.cloud, cell.default_type)
    as_host = cell.placement == "nested"
    assert facts.require_type(cell.cloud, size.name, cell.tee, as_host=as_host, allow=[cell.status]) == size


@pytest.mark.parametrize("cell", facts.cells(), ids=lambda cell: f"{cell.cloud}-{cell.tee}-{cell.placement}")
def test_a_default_type_is_offered_wherever_the_table_knows_the_region(cell):
    if cell.default_type is not None and cell.tee in facts.TEES and cell.placement != "nested":
        assert facts.instance_type(cell.cloud, cell.default_type).regions


@pytest.mark.parametrize("cloud", EVERY_CLOUD)
def test_the_default_control_plane_has_8_vcpu_and_32_gib(cloud):
    defaults = facts.defaults(cloud)
    assert min(defaults.control_plane_disk_gib, defaults.worker_disk_gib) >= 10
    if defaults.control_plane_type is not None:
        size = facts.instance_type(cloud, defaults.control_plane_type)
        emulated = facts.capabilities().clouds[cloud].kind == "emulation"
        assert size.status == "ga"
        assert emulated or (size.vcpu, size.memory_gib) == (8, 32)


def test_aws_knows_exactly_the_sixteen_sizes_with_snp():
    sizes = {
        "m6a": ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge"],
        "c6a": ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"],
        "r6a": ["large", "xlarge", "2xlarge", "4xlarge"],
    }
    expected = {f"{family}.{size}" for family, found in sizes.items() for size in found}
    assert {size.name for size in facts.types_with("aws", "snp")} == expected
    assert facts.types_with("aws", "snp")[0].name == "c6a.large"
    assert facts.types_with("aws", "tdx") == ()
    assert all(size.regions == {"us-east-2", "eu-west-1"} for size in facts.types_with("aws", "snp"))


def test_no_size_is_both_a_machine_in_a_tee_and_a_host():
    assert not [size for size in SIZES if size.tees and (size.nested or size.children)]


def test_every_retired_size_says_since_when():
    retired = [size for size in SIZES if size.status == "retired"]
    assert retired
    assert all(size.since and size.since < size.checked for size in retired)


def test_kubernetes_is_one_version_throughout():
    names = [
        "kubeadm",
        "kubelet",
        "kubectl",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kube-proxy",
    ]
    assert {facts.artifact(name).version for name in names} == {"v1.34.2"}
    assert facts.artifact("crictl").version.startswith("1.34.")


@pytest.mark.parametrize("artifact", list(facts.versions().artifacts.values()), ids=lambda artifact: artifact.name)
def test_a_download_is_pinned_or_says_why_not(artifact):
    if artifact.digest is None:
        assert artifact.why_unknown
        with pytest.raises(Refusal, match="has no known sha256"):
            artifact.pinned()
    else:
        assert artifact.pinned() == (artifact.commit if artifact.kind == "git" else artifact.sha256)
        assert artifact.evidence in {"published", "quoted"}


def test_no_digest_is_used_twice():
    digests = [found.sha256 for found in facts.versions().artifacts.values() if found.sha256]
    assert len(set(digests)) == len(digests)


def test_what_cvm_nodes_needs_is_pinned():
    for artifact in facts.addons("cvm-nodes"):
        artifact.pinned()
    for name in ["kubeadm", "kubelet", "kubectl", "containerd", "runc", "cni-plugins", "helm", "spire"]:
        facts.artifact(name).pinned()


def test_every_cluster_gets_its_network_first():
    for model in facts.models():
        assert facts.addons(model)[0].name == "cilium"
    assert [chart.name for chart in facts.addons("coco-peer-pods")] == ["cilium", "cert-manager", "peerpods"]
    assert {chart.kind for chart in facts.addons()} == {"chart", "git"}


def test_every_chart_of_every_model_is_pinned():
    for chart in facts.addons():
        assert chart.pinned()
        for part in chart.parts:
            assert facts.artifact(part).pinned()


def test_a_chart_and_the_charts_inside_it_are_of_one_release():
    """The parts that lie in the chart's own repository are of its own commit."""
    for chart in facts.addons():
        parts = [facts.artifact(name) for name in chart.parts]
        assert {part.commit for part in parts if part.url == chart.url} <= {chart.commit}


def test_a_cloud_may_have_a_substitute_for_a_chart_and_the_others_keep_it():
    charts = {cloud: [chart.name for chart in facts.addons("cvm-nodes", cloud)] for cloud in EVERY_CLOUD}
    assert charts.pop("lab") == ["lab-network"]
    assert {tuple(names) for names in charts.values()} == {("cilium",)}
    assert [chart.name for chart in facts.addons("coco-peer-pods", "lab")] == [
        "lab-network",
        "cert-manager",
        "peerpods",
    ]
    assert "lab-network" not in {chart.name for chart in facts.addons()}


def test_a_cloud_may_have_another_image_for_plain_machines():
    assert facts.stock_image("azure", confidential=False).tees == frozenset()
    assert facts.stock_image("azure").tees == {"snp", "tdx"}
    assert facts.stock_image("gcp", confidential=False) == facts.stock_image("gcp")


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp", "memory"])
def test_a_stock_image_boots_by_uefi_and_is_never_latest(cloud):
    image = facts.stock_image(cloud)
    assert image.boot_mode in {"uefi", "uefi-preferred"}
    assert not image.name.endswith("latest")
    cells = {cell.tee for cell in facts.cells() if cell.cloud == cloud and cell.placement == "vm"} - {facts.NO_TEE}
    assert cells <= image.tees


def broken_cell(**changes):
    """The tables with one changed cell: aws snp vm."""
    tables = packaged()
    key = ("aws", "snp", "vm")
    cells = {**tables.capabilities.cells, key: replace(tables.capabilities.cells[key], **changes)}
    return replace(tables, capabilities=replace(tables.capabilities, cells=cells))


def without_the_labs_sizes():
    tables = packaged()
    sizes = tuple(size for size in tables.sizes["lab"] if size.name != "lab-plain")
    cells = {key: cell for key, cell in tables.capabilities.cells.items() if cell.default_type != "lab-plain"}
    return replace(
        tables,
        sizes={**tables.sizes, "lab": sizes},
        capabilities=replace(tables.capabilities, cells=cells),
    )


def broken_size(name, **changes):
    tables = packaged()
    sizes = tuple(replace(size, **changes) if size.name == name else size for size in tables.sizes["aws"])
    return replace(tables, sizes={**tables.sizes, "aws": sizes})


def with_stranger(table):
    tables = packaged()
    if table == "versions":
        return replace(tables, versions=replace(tables.versions, substitutes={"mars": {"cilium": "lab-network"}}))
    if table == "images":
        return replace(tables, images=(*tables.images, replace(tables.images[0], cloud="mars", distribution="x")))
    found = dict(getattr(tables, table))
    found["mars", "x"] = next(iter(found.values()))
    return replace(tables, **{table: found})


def without_addons(model):
    tables = packaged()
    addons = {name: charts for name, charts in tables.versions.addons.items() if name != model}
    return replace(tables, versions=replace(tables.versions, addons=addons))


NOWHERE = frozenset({"us-east-9"})
NO_SNP = frozenset({"us-east-1"})


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        (broken_cell(default_type="m6a.huge"), "aws snp vm: default type m6a.huge is not in the instance table"),
        (broken_cell(default_type="m7a.large"), "aws snp vm: default type m7a.large has no snp"),
        (broken_cell(default_type="m7a.large", placement="nested"), "default type m7a.large starts no such children"),
        (broken_cell(tee="none", placement="nested"), "default type m6a.xlarge starts no such children"),
        (broken_size("m6a.xlarge", status="retired"), "default type m6a.xlarge is retired"),
        (broken_size("m6a.2xlarge", vcpu=4), "aws: control plane type m6a.2xlarge is not a known size of 8 vCPU"),
        (without_the_labs_sizes(), "lab: control plane type lab-plain is not a known size"),
        (broken_size("c6a.large", regions=NOWHERE), "c6a.large: region us-east-9 is not in regions.toml"),
        (broken_size("c6a.large", regions=NO_SNP), "c6a.large: region us-east-1 does not offer snp"),
        (with_stranger("regions"), "regions.toml: mars x: no such cloud"),
        (with_stranger("versions"), "versions.toml: mars substitutes of cilium: no such cloud"),
        (with_stranger("images"), "images.toml: mars x: no such cloud"),
        (without_addons("coco-metal"), "versions.toml: addons must list every model, and only models"),
    ],
)
def test_a_contradiction_between_the_tables_is_found(tables, sentence):
    found = list(problems(tables))
    assert len(found) == 1
    assert sentence in found[0]
