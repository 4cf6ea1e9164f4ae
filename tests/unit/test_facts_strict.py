"""The loader refuses what cannot be trusted, and names the row."""

import re
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkube.facts import FactsError
from confkube.facts.artifacts import parse_images, parse_versions
from confkube.facts.capabilities import parse_capabilities
from confkube.facts.machines import COLUMNS, parse_instances, parse_regions
from confkube.facts.reading import Row


def packaged(name: str) -> str:
    return resources.files("confkube.facts").joinpath(name).read_text(encoding="utf-8")


CELL = """
[[cell]]
cloud = "aws"
tee = "snp"
placement = "vm"
status = "ga"
default_type = "m6a.xlarge"
source = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sev-snp.html"
checked = 2026-11-23
"""
SOURCE = 'source = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sev-snp.html"'


def with_cell(old: str, new: str) -> str:
    assert old in CELL
    return packaged("capabilities.toml").replace(CELL, CELL.replace(old, new))


def test_the_packaged_tables_are_accepted():
    parse_capabilities()
    parse_versions()
    parse_images()
    parse_regions()
    for cloud in ("aws", "azure", "gcp", "memory"):
        parse_instances(cloud)
    assert CELL in packaged("capabilities.toml")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (SOURCE, "", "source is missing"),
        (SOURCE, 'source = ""', "source must be a text"),
        (SOURCE, 'source = "see the vendor"', "source must be one https address"),
        (SOURCE, 'source = "http://docs.aws.amazon.com/x"', "source must be one https address"),
        ("checked = 2026-11-23", "", "checked is missing"),
        ("checked = 2026-11-23", 'checked = "yesterday"', "checked must be a date"),
        ("checked = 2026-11-23", "checked = 2026-11-23T10:00:00Z", "checked must be a date"),
        ("checked = 2026-11-23", "checked = 20261123", "checked must be a date"),
        ("checked = 2026-11-23", "checked = 2026-11-23\nprice = 1", "unknown key 'price'"),
        ('status = "ga"', 'status = "good"', "status 'good' is not one of ga, preview"),
        ('status = "ga"', 'status = "absent"', "status 'absent' is not one of"),
        ('status = "ga"', 'status = "preview"', "status preview needs a why"),
        ('status = "ga"', 'status = "retired"\nwhy = "gone"', "status retired needs since"),
        ('status = "ga"', "", "status is missing"),
        ('tee = "snp"', 'tee = "sgx"', "tee 'sgx' is not one of"),
        ('cloud = "aws"', 'cloud = "mars"', "cloud 'mars' is not one of"),
        ('placement = "vm"', 'placement = "pod"', "placement 'pod' is not one of"),
        ('placement = "vm"', 'placement = "nested"', "is written twice"),
        ('placement = "vm"', 'placement = "peer-pod"', "is written twice"),
        ('default_type = "m6a.xlarge"', "", "default_type belongs to machines that are made, and only to them"),
        ('default_type = "m6a.xlarge"', 'default_type = " m6a.xlarge"', "text without outer blanks"),
        (CELL, "", "aws snp vm is neither a cell nor a gap"),
        (CELL, CELL + CELL, "is written twice"),
    ],
)
def test_a_bad_cell_is_refused(old, new, reason):
    with pytest.raises(FactsError, match=re.escape(reason)) as refused:
        parse_capabilities(with_cell(old, new))
    assert str(refused.value).startswith("capabilities.toml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('kind = "hosts"', 'kind = "cloud"', "kind 'cloud' is not one of"),
        ('title = "Bare metal"\n', "", "capabilities.toml cloud.metal: title is missing"),
        ('title = "Bare metal"', 'title = "Bare metal"\ncolour = "grey"', "cloud.metal: unknown key 'colour'"),
        ("control_plane_disk_gib = 64", "control_plane_disk_gib = 0", "must be a number above zero"),
        ("control_plane_disk_gib = 64", "control_plane_disk_gib = 6.5", "must be a whole number"),
        ("control_plane_disk_gib = 64", "control_plane_disk_gib = true", "must be a number above zero"),
        ('placements = ["metal"], tee = "tee"', 'placements = [], tee = "tee"', "placements is missing"),
        ('placements = ["metal"], tee = "tee"', 'placements = "metal metal", tee = "tee"', "names something twice"),
        ('placements = ["metal"], tee = "tee"', 'placements = ["metal"], tee = "none"', "at least one part in a TEE"),
        ('placements = ["metal"], tee = "tee"', 'placements = [1], tee = "tee"', "must hold texts only"),
        ('placements = ["metal"], tee = "tee"', 'placements = 1, tee = "tee"', "must be a list of texts"),
        ('tees = ["snp"]\nplacements = ["metal"]', 'tees = []\nplacements = ["metal"]', "must each name something"),
        ('tees = ["tdx"]\nplacements = ["metal"]', 'tees = ["tdx", "snp"]\nplacements = ["metal"]', "written twice"),
        ('status = "absent"', 'status = "ga"', "status 'ga' is not one of absent, unknown"),
        ("[other-tee.sev]", "[other-tee.sev]\nsupported = true", "other-tee.sev: unknown key 'supported'"),
        ("[model.coco-metal]", "[model.coco-metal]\nfast = true", "model.coco-metal: unknown key 'fast'"),
        ('placements = ["metal"], tee = "tee"', 'placements = ["metal"], tee = "tee", x = 1', "unknown key 'x'"),
        ("[[gap]]", "[[gap]]\nsince = 2026-01-01", "capabilities.toml gap 1: unknown key 'since'"),
        ("[cloud.aws]", "surprise = 1\n[cloud.aws]", "capabilities.toml: unknown key 'surprise'"),
        ("[cloud.aws]", "[cloud.aws", "capabilities.toml: "),
        ("[cloud.aws]", "cell = 1\n[cloud.aws]", "capabilities.toml: "),
    ],
)
def test_a_bad_table_is_refused(old, new, reason):
    text = packaged("capabilities.toml")
    assert old in text
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_capabilities(text.replace(old, new, 1))


def test_a_cloud_without_a_plain_machine_is_refused():
    text = packaged("capabilities.toml")
    plain = re.search(r'\[\[cell\]\]\ncloud = "lab"\ntee = "none".*?\n\n', text, re.DOTALL)
    assert plain
    with pytest.raises(FactsError, match="lab has no plain machine for the control plane of cvm-nodes"):
        parse_capabilities(text.replace(plain[0], ""))


HEADER = ",".join(COLUMNS)
GOOD = "m.large,2,8,x86_64,snp,,no,r-1 r-2,ga,,,https://example.org/sizes,2026-11-23"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GOOD.replace(",2,8,", ",two,8,"), "vcpu must be a number above zero, not 'two'"),
        (GOOD.replace(",2,8,", ",2.5,8,"), "vcpu must be a whole number"),
        (GOOD.replace(",2,8,", ",-2,8,"), "vcpu must be a number above zero"),
        (GOOD.replace(",2,8,", ",2,nan,"), "memory_gib must be a number above zero"),
        (GOOD.replace(",2,8,", ",2,inf,"), "memory_gib must be a number above zero"),
        (GOOD.replace("x86_64", "itanium"), "architecture 'itanium' is not one of"),
        (GOOD.replace(",snp,", ",sev,"), "tees 'sev' is not one of snp, tdx"),
        (GOOD.replace(",no,", ",maybe,"), "nested 'maybe' is not one of no, yes"),
        (GOOD.replace(",no,", ",yes,"), "a machine in a TEE starts no machines inside"),
        (GOOD.replace(",snp,,", ",snp,snp,"), "a machine in a TEE starts no machines inside"),
        (GOOD.replace("r-1 r-2", "r-1 r-1"), "names something twice"),
        (GOOD.replace(",ga,", ",preview,"), "status preview needs a why"),
        (GOOD.replace(",ga,,,", ",retired,,gone,"), "status retired needs since"),
        (GOOD.replace(",ga,,,", ",retired,soon,gone,"), "since must be a date"),
        (GOOD.replace("https://example.org/sizes", ""), "source must be a text"),
        (GOOD.replace("2026-11-23", ""), "checked must be a date"),
        (GOOD + ",more", "14 cells where 13 belong"),
        (GOOD + "\n" + GOOD, "'m.large' is written twice"),
        ("", "no row"),
    ],
)
def test_a_bad_size_is_refused(row, reason):
    with pytest.raises(FactsError, match=re.escape(reason)) as refused:
        parse_instances("aws", f"# a comment\n{HEADER}\n{row}\n")
    assert str(refused.value).startswith("instances/aws.csv")


def test_a_size_table_with_another_header_is_refused():
    with pytest.raises(FactsError, match="the header must be name,vcpu"):
        parse_instances("aws", f"{HEADER},price\n{GOOD},1\n")
    with pytest.raises(FactsError, match="the header must be name,vcpu"):
        parse_instances("aws", "")


REGION = """
[[region]]
cloud = "gcp"
name = "r-1"
zones = ["r-1-a", "r-1-b"]
snp = ["r-1-a"]
source = "https://example.org/zones"
checked = 2026-11-23
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('snp = ["r-1-a"]', 'snp = ["r-1-z"]', "zone 'r-1-z' is not among the zones of r-1"),
        ('snp = ["r-1-a"]', 'sgx = ["r-1-a"]', "unknown key 'sgx'"),
        ('name = "r-1"', "", "name is missing"),
        (REGION, REGION + REGION, "is written twice"),
        (REGION, "region = [1]", "must be a table"),
        (REGION, "region = 1", "must be an array of tables"),
        (REGION, "regions = 1", "unknown key 'regions'"),
    ],
)
def test_a_bad_region_is_refused(old, new, reason):
    assert parse_regions(REGION)
    with pytest.raises(FactsError, match=re.escape(reason)):
        parse_regions(REGION.replace(old, new))


@given(
    st.dictionaries(st.text(), st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers())))
)
def test_a_row_never_loses_a_key_silently(values):
    row = Row("here", values)
    if values:
        with pytest.raises(FactsError, match="unknown key"):
            row.done()
    for key in row:
        row.take(key)
    row.done()


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**308, max_value=10**400),
    st.floats(),
    st.text(),
    st.lists(st.one_of(st.text(), st.integers())),
    st.dictionaries(st.text(), st.text()),
)
READERS = (Row.text, Row.number, Row.whole, Row.date, Row.source, Row.texts, Row.table)


@given(VALUES, st.sampled_from(READERS))
def test_any_value_is_read_or_refused_never_a_crash(value, read):
    refusal = ""
    try:
        read(Row("here", {"key": value}), "key")
    except FactsError as refused:
        refusal = str(refused)
    assert refusal == "" or refusal.startswith("here: key")
