"""What each further cloud would refuse, or would answer misleadingly, is refused before anything is registered."""

import pulumi
import pytest
import recorder

import confkube as ck

SUBSCRIPTION, TENANT = recorder.Recorder().subscription
AZURE = {"subscription": SUBSCRIPTION, "tenant": TENANT, "location": "westus"}
GCP = {"project": "my-project", "zone": "us-central1-a"}


def pool(**changes):
    return {"pools": [{"name": "a", **changes}]}


MANY_LABELS = pool(labels={f"example.org/{n:060}": f"{n:063}" for n in range(3000)})

CASES = {
    "azure: a plain size for a pool": (
        AZURE,
        "snp",
        pool(machine_type="Standard_D8as_v5"),
        r"'Standard_D8as_v5' has no snp; choose one of Standard_DC",
    ),
    "azure: the other TEE's size": (
        AZURE,
        "snp",
        pool(machine_type="Standard_DC4es_v6"),
        r"'Standard_DC4es_v6' has no snp",
    ),
    "azure: a confidential size for the control plane": (
        AZURE,
        "snp",
        {"control_plane": {"machine_type": "Standard_DC8as_v5"}},
        r"'Standard_DC8as_v5' makes confidential machines alone; choose one of Standard_D8as_v5",
    ),
    "azure: a retired size": (AZURE, "snp", pool(machine_type="Standard_DC8as_cc_v5"), r"'Standard_DC8as_cc_v5'"),
    "azure: a location without the TEE": (
        {**AZURE, "location": "westeurope"},
        "tdx",
        {},
        r"azure region 'westeurope' has no tdx .*choose one of westus, westus3",
    ),
    "azure: a size that is not in the location": (
        AZURE,
        "snp",
        pool(machine_type="Standard_DC4as_v6"),
        r"'Standard_DC4as_v6' is offered with snp in koreacentral, uaenorth, not in westus",
    ),
    "azure: a mixed pool where one TEE is missing": (
        {**AZURE, "location": "westus3"},
        "tdx",
        pool(tee="snp"),
        r"azure region 'westus3' has no snp",
    ),
    "azure: too many machines for a scale set": (
        AZURE,
        "snp",
        pool(count=1001),
        r"1001 machines are too many .*azure, which holds 1000",
    ),
    "azure: too much user data": (
        AZURE,
        "snp",
        MANY_LABELS,
        r"user data: \d+ bytes are more than the 65535 that Azure takes",
    ),
    "azure: a network that is too large": (
        AZURE,
        "snp",
        {"addresses": {"cidr": "10.0.0.0/7"}},
        r"'10.0.0.0/7'|too large",
    ),
    "gcp: SNP on Intel": (
        GCP,
        "snp",
        pool(machine_type="c3-standard-8"),
        r"'c3-standard-8' has no snp; choose one of n2d",
    ),
    "gcp: TDX on AMD": (
        GCP,
        "tdx",
        pool(machine_type="n2d-standard-8"),
        r"'n2d-standard-8' has no tdx; choose one of c3",
    ),
    "gcp: an unproven size": (GCP, "tdx", pool(machine_type="c4-standard-2"), r"'c4-standard-2' is unproven"),
    "gcp: a region without the TEE": (
        {**GCP, "zone": "us-east1-c"},
        "snp",
        {},
        r"'us-east1' has no snp .*us-central1; Google itself would answer as if its machines were out of stock",
    ),
    "gcp: too many machines for a group": (
        GCP,
        "snp",
        pool(count=1001),
        r"1001 machines are too many .*gcp, which holds 1000",
    ),
    "gcp: too much user data": (
        GCP,
        "snp",
        pool(labels={f"example.org/{n:060}": f"{n:063}" for n in range(3000)}),
        r"user data: \d+ bytes are more than the 262144 that Google Cloud takes",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_in_one_line_before_anything_is_registered(case):
    block, tee, wrong, sentence = CASES[case]
    cloud = case.partition(":")[0]
    seen = recorder.Recorder()
    with pytest.raises(pulumi.RunError, match=sentence) as refusal:
        recorder.run(
            lambda: ck.CvmNodes("demo", {"platform": {cloud: block}, "tee": tee, **wrong}).outputs, recorder=seen
        )
    assert "\n" not in str(refusal.value)
    assert seen.registered == []


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_names_of_the_greatest_length_still_fit(cloud):
    """Every name that the clouds would be given has room for what the providers append."""
    block = {"azure": AZURE, "gcp": GCP}[cloud]
    args = {
        "platform": {cloud: block},
        "tee": "snp",
        "pools": [{"name": "p" * 15}],
        "admin_cidrs": ["203.0.113.128/25"],
    }
    recorded, _ = recorder.run(lambda: ck.CvmNodes("n" * 30, args).outputs)
    longest = {"azure": 64, "gcp": 63}[cloud]
    for each in recorded.registered:
        if each.typ.startswith(cloud):
            assert len(each.name) + 8 <= longest, each.name
