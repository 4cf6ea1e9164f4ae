"""What the facts answer: cells, refusals, the support of models, sizes, regions and zones."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkube import facts
from confkube.errors import Refusal
from confkube.facts.capabilities import capabilities
from confkube.facts.docs import matrix
from confkube.facts.words import CLOSED

CLOUDS = tuple(capabilities().clouds)
COMBINATIONS = list(product(facts.models(), CLOUDS, facts.TEES))
GUARDED = [cell for cell in facts.cells() if cell.status in facts.GUARDED]


def one_line(refused) -> str:
    text = str(refused.value)
    assert "\n" not in text
    assert text[0].islower() or text[0].isdigit() or text.startswith("Standard_")
    return text


@pytest.mark.parametrize("cell", facts.cells(), ids=lambda cell: f"{cell.cloud}-{cell.tee}-{cell.placement}")
def test_a_cell_is_given_when_it_is_open_or_allowed_by_name(cell):
    allow = () if cell.status == "ga" else (cell.status,)
    assert facts.require(cell.cloud, cell.tee, cell.placement, allow=allow) is cell


@pytest.mark.parametrize("cell", GUARDED, ids=lambda cell: f"{cell.cloud}-{cell.tee}-{cell.placement}")
def test_a_guarded_cell_is_refused_unless_its_own_status_is_allowed(cell):
    others = [status for status in facts.GUARDED if status != cell.status]
    with pytest.raises(Refusal) as refused:
        facts.require(cell.cloud, cell.tee, cell.placement, allow=others)
    text = one_line(refused)
    for part in (cell.cloud, cell.status, cell.why, cell.source, cell.checked.isoformat(), f"allow: [{cell.status}]"):
        assert part in text


@pytest.mark.parametrize("gap", facts.gaps(), ids=lambda gap: f"{gap.cloud}-{gap.tee}-{gap.placement}")
def test_a_gap_is_refused_whatever_is_allowed(gap):
    with pytest.raises(Refusal) as refused:
        facts.require(gap.cloud, gap.tee, gap.placement, allow=facts.GUARDED)
    text = one_line(refused)
    assert text.startswith(f"{gap.cloud} has no {gap.tee}")
    assert gap.why in text
    assert gap.source in text


def test_tdx_on_aws_is_refused_with_the_places_that_have_it():
    with pytest.raises(Refusal) as refused:
        facts.require("aws", "tdx", "vm")
    text = one_line(refused)
    assert text.startswith("aws has no tdx vm: ")
    assert text.endswith("choose one of aws/snp, azure/snp, azure/tdx, gcp/snp, gcp/tdx")


def test_a_refusal_never_offers_what_does_not_exist_or_is_a_test_platform():
    for gap in facts.gaps():
        with pytest.raises(Refusal) as refused:
            facts.require(gap.cloud, gap.tee, gap.placement)
        _, _, offers = str(refused.value).partition("choose one of ")
        for offer in offers.split(", ") if offers else ():
            where, _, status = offer.partition(" ")
            cloud, tee = where.split("/")
            cell = facts.cell(cloud, tee, gap.placement)
            assert cell is not None
            assert status == ("" if cell.status == "ga" else f"({cell.status})")
            assert cloud not in {"memory", "lab"}


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("mars", "snp", "vm"), ["cloud: 'mars'", "aws, azure, gcp, lab, metal"]),
        (("aws", "enclave", "vm"), ["tee: 'enclave'", "snp, tdx"]),
        (("aws", "sev", "vm"), ["tee: 'sev'", "snp, tdx", "no attestation report"]),
        (("gcp", "tdx-partitioning", "vm"), ["tee: 'tdx-partitioning'", "snp, tdx", "TDX partitioning"]),
        (("aws", "snp", "pod"), ["placement: 'pod'", "metal, nested, peer-pod, vm"]),
    ],
)
def test_an_unknown_word_is_refused_with_the_known_ones(arguments, parts):
    with pytest.raises(Refusal) as refused:
        facts.require(*arguments)
    for part in parts:
        assert part in one_line(refused)


def test_only_guarded_statuses_can_be_allowed():
    with pytest.raises(
        Refusal, match=r"allow: 'ga' is not known; choose one of preview, retired, unattested, unproven"
    ):
        facts.require("aws", "snp", "vm", allow=["ga"])


@pytest.mark.parametrize(("model", "cloud", "tee"), COMBINATIONS)
def test_every_combination_gives_a_sentence(model, cloud, tee):
    found = facts.supported(model, cloud, tee)
    assert (found.model, found.cloud, found.tee) == (model, cloud, tee)
    assert found.status in facts.STATUSES
    assert len(found.reason) > 20
    assert "\n" not in found.reason
    assert "None" not in found.reason
    assert found.source.startswith("https://")


@pytest.mark.parametrize(("model", "cloud", "tee"), COMBINATIONS)
def test_support_is_as_good_as_require(model, cloud, tee):
    """A model is open exactly when every need has a placement that require() gives, or the cloud is exempt by name."""
    if (model, cloud) in facts.capabilities().exemptions:
        assert facts.supported(model, cloud, tee).status in CLOSED
        return

    def best(need):
        wanted = tee if need.confidential else facts.NO_TEE
        for allow in ((), *([status] for status in facts.GUARDED), facts.GUARDED):
            for placement in need.placements:
                try:
                    return facts.require(cloud, wanted, placement, allow=allow).status
                except Refusal:
                    continue
        return None

    found = [best(need) for need in facts.models()[model].needs]
    status = facts.supported(model, cloud, tee).status
    if status in CLOSED:
        assert None in found
    else:
        assert None not in found
        assert status == max(found, key=facts.STATUSES.index)


def test_the_support_that_the_design_counts_on():
    def status(model, cloud, tee):
        return facts.supported(model, cloud, tee).status

    assert status("cvm-nodes", "aws", "snp") == "ga"
    assert status("cvm-nodes", "aws", "tdx") == "absent"
    assert status("cvm-nodes", "azure", "tdx") == status("cvm-nodes", "gcp", "tdx") == "ga"
    assert status("nested-nodes", "azure", "snp") == status("coco-nested", "azure", "snp") == "preview"
    assert status("coco-metal", "metal", "snp") == status("nested-nodes", "metal", "tdx") == "unproven"
    assert status("coco-peer-pods", "azure", "snp") == "ga"
    assert status("coco-metal", "gcp", "tdx") == "unknown"
    assert status("cvm-nodes", "lab", "snp") == "unattested"


@given(st.text(), st.text(), st.text())
def test_any_words_give_an_answer_or_one_line(model, cloud, tee):
    for question in (facts.supported, facts.require):
        with pytest.raises(Refusal) as refused:
            question(model, cloud, tee)
        assert "\n" not in str(refused.value)


def test_an_unknown_size_is_refused_with_the_nearest_names():
    with pytest.raises(Refusal) as refused:
        facts.instance_type("aws", "m6a.lage")
    assert "aws instance type: 'm6a.lage'" in one_line(refused)
    assert "m6a.large" in one_line(refused)
    with pytest.raises(Refusal, match="nothing here"):
        facts.instance_type("metal", "m6a.large")


@pytest.mark.parametrize("name", ["m6a.12xlarge", "m7a.large", "m7i.2xlarge", "r6a.8xlarge", "c6a.24xlarge"])
def test_a_size_without_the_tee_is_refused_with_sizes_that_have_it(name):
    with pytest.raises(Refusal) as refused:
        facts.require_type("aws", name, "snp")
    text = one_line(refused)
    assert text.startswith(f"aws instance type '{name}' has no snp; choose one of ")
    for offer in text.partition("choose one of ")[2].split(", "):
        assert "snp" in facts.instance_type("aws", offer).tees


def test_a_retired_size_is_refused_with_its_date_unless_allowed_by_name():
    question = ("azure", "Standard_DC8as_cc_v5", "snp")
    with pytest.raises(Refusal, match=r"is retired since 2026-09-01: .*allow it by name with allow: \[retired\]"):
        facts.require_type(*question, as_host=True)
    with pytest.raises(Refusal, match="retired"):
        facts.require_type(*question, as_host=True, allow=["preview"])
    assert facts.require_type(*question, as_host=True, allow=["retired"]).children == {"snp"}


def test_a_confidential_size_is_no_host():
    with pytest.raises(Refusal, match=r"starts no snp children; choose one of Standard_DC"):
        facts.require_type("azure", "Standard_DC4as_v5", "snp", as_host=True)
    with pytest.raises(Refusal, match="starts no children; choose one of "):
        facts.require_type("aws", "m6a.large", "none", as_host=True)
    assert facts.require_type("aws", "m8i.large", "none", as_host=True).nested


@pytest.mark.parametrize("question", [facts.require_type, facts.region])
def test_a_tee_that_is_not_served_is_refused_for_sizes_and_regions_too(question):
    name = "m6a.large" if question is facts.require_type else "us-east-2"
    with pytest.raises(Refusal, match="tee: 'sgx' is not known; choose one of snp, tdx; sgx: SGX protects a process"):
        question("aws", name, "sgx")


def test_a_plain_machine_asks_nothing_of_a_size():
    assert facts.require_type("aws", "m7i.2xlarge").name == "m7i.2xlarge"


def test_regions_with_and_without_the_tee_are_told_apart_from_unknown_ones():
    assert facts.regions("aws", "snp") == ("eu-west-1", "us-east-2")
    assert "us-east-1" in facts.regions("aws")
    assert facts.region("aws", "us-east-2", "snp").name == "us-east-2"
    with pytest.raises(Refusal, match=r"aws region 'us-east-1' has no snp .*choose one of eu-west-1, us-east-2"):
        facts.region("aws", "us-east-1", "snp")
    with pytest.raises(Refusal, match=r"aws region: 'us-east-9' is not known; choose one of eu-west-1, us-east-2"):
        facts.region("aws", "us-east-9", "snp")
    assert facts.region("aws", "us-east-1").zones


def test_zones():
    assert facts.zones("aws", "us-east-2", "snp") == ("us-east-2a", "us-east-2b", "us-east-2c")
    assert facts.zones("gcp", "us-east1", "tdx") == ("us-east1-c", "us-east1-d")
    assert facts.zones("azure", "westus") == ()
    assert facts.zone("azure", "westus", "anywhere", "snp") == "anywhere"
    assert facts.zone("azure", "westeurope", "westeurope-1", "snp") == "westeurope-1"
    assert facts.zone("aws", "eu-west-1", "eu-west-1c", "snp") == "eu-west-1c"
    with pytest.raises(Refusal, match=r"gcp zone with snp in us-central1: 'us-central1-f' is not known"):
        facts.zone("gcp", "us-central1", "us-central1-f", "snp")
    with pytest.raises(Refusal, match="gcp region 'us-east1' has no snp"):
        facts.zone("gcp", "us-east1", "us-east1-c", "snp")


def test_the_region_of_a_zone():
    for (cloud, name), region in facts.region_table().items():
        for zone in region.zones:
            assert facts.region_of(cloud, zone) == name
    with pytest.raises(Refusal, match=r"aws zone: 'us-east-2z' is not known; choose one of us-east-2a"):
        facts.region_of("aws", "us-east-2z")


def test_unknown_names_are_refused():
    with pytest.raises(Refusal, match="artifact: 'kubeadn' is not known"):
        facts.artifact("kubeadn")
    with pytest.raises(Refusal, match="model: 'tvm' is not known"):
        facts.addons("tvm")
    with pytest.raises(Refusal, match=r"aws stock image: 'debian' is not known; choose one of ubuntu-24.04"):
        facts.stock_image("aws", "debian")
    with pytest.raises(Refusal, match="cloud: 'mars' is not known"):
        facts.defaults("mars")


def test_a_size_of_confidential_machines_alone_makes_no_plain_one():
    assert facts.require_plain_type("aws", "m6a.2xlarge").tees == {"snp"}
    assert not facts.require_plain_type("azure", "Standard_D8as_v5").tees
    with pytest.raises(
        Refusal, match="'Standard_DC4as_v5' makes confidential machines alone; choose one of Standard_D"
    ):
        facts.require_plain_type("azure", "Standard_DC4as_v5")


def test_a_misleading_answer_is_told_where_the_tee_is_missing():
    with pytest.raises(Refusal, match=r"zone 'us-east5-b' has no snp|region 'us-east5' has no snp.*out of stock"):
        facts.zone("gcp", "us-east5", "us-east5-b", "snp")
    with pytest.raises(Refusal) as refusal:
        facts.zone("aws", "us-west-2", "us-west-2a", "snp")
    assert "out of stock" not in str(refusal.value)


def test_development_profiles_are_listed_where_a_model_has_one():
    assert {each.model for each in matrix(tee="none")} == {"nested-nodes", "coco-nested"}
    with pytest.raises(Refusal, match=r"^tee: nothing asked for has a development profile .* nested-nodes on aws"):
        matrix("cvm-nodes", tee="none")


def test_a_size_that_is_not_known_is_answered_with_sizes_that_have_the_tee():
    with pytest.raises(Refusal, match=r"'m6a\.larg' is not known; choose one of .*m6a\.large") as refused:
        facts.require_type("aws", "m6a.larg", "snp")
    assert all(
        facts.instance_type("aws", each).tees for each in str(refused.value).split("choose one of ")[1].split(", ")
    )
