"""Every wrong argument is refused in one line, with the bad value and the good ones, before anything is registered."""

import pulumi
import pytest
import recorder
from hypothesis import given, settings
from hypothesis import strategies as st

import confkube as ck
from confkube import names
from confkube.errors import Refusal
from confkube.models.checks import checked_cvm_nodes

GOOD = {"platform": {"aws": {"zone": "us-east-2a"}}, "tee": "snp"}

CASES = {
    "unknown key": ({"pool": []}, r"args: unknown key 'pool'; the keys are .*pools.*did you mean pools\?"),
    "unknown nested key": (
        {"pools": [{"name": "a", "cuont": 1}]},
        r"args\.pools\[0\]: unknown key 'cuont'.*mean count",
    ),
    "a pool called as a machine of ours": (
        {"pools": [{"name": "trust"}]},
        r"args\.pools\[0\]\.name: 'trust' is the name of a part beside the pools; choose another",
    ),
    "a pool called as the other machine": ({"pools": [{"name": "control-plane"}]}, r"'control-plane' is the name of"),
    "label of a domain within Kubernetes' own": (
        {"pools": [{"name": "a", "labels": {"x.k8s.io/y": "z"}}]},
        r"'x\.k8s\.io/y' belongs to",
    ),
    "unknown tee": ({"tee": "sgx"}, r"args\.tee: 'sgx' is not known; choose one of 'snp', 'tdx'"),
    "tdx on aws": ({"tee": "tdx"}, r"aws has no tdx vm.*azure/tdx.*gcp/tdx"),
    "size without the TEE": (
        {"pools": [{"name": "a", "machine_type": "m7i.large"}]},
        r"pool a: aws instance type 'm7i.large'.*choose one of",
    ),
    "size too large for the TEE": (
        {"pools": [{"name": "a", "machine_type": "m6a.48xlarge"}]},
        r"pool a: aws instance type 'm6a.48xlarge'.*choose one of.*m6a",
    ),
    "unknown region": ({"platform": {"aws": {"zone": "mars-1a"}}}, r"args\.platform\.aws\.zone: aws region: 'mars-1'"),
    "region without the TEE": (
        {"platform": {"aws": {"zone": "us-west-2a"}}},
        r"aws region 'us-west-2' has no snp.*eu-west-1, us-east-2",
    ),
    "unknown zone": (
        {"platform": {"aws": {"zone": "us-east-2x"}}},
        r"'us-east-2x' is not known; choose one of us-east-2a, us-east-2b, us-east-2c",
    ),
    "overlapping ranges": (
        {"addresses": {"cidr": "10.96.0.0/16"}},
        r"args\.addresses: cidr 10\.96\.0\.0/16 overlaps services 10\.96\.0\.0/16",
    ),
    "too small range": (
        {"addresses": {"cidr": "10.0.0.0/24"}},
        r"cidr 10\.0\.0\.0/24 is too small; use a /20 or larger",
    ),
    "too large range": (
        {"addresses": {"cidr": "10.0.0.0/12"}},
        r"aws makes networks from /16 to /28, not 10\.0\.0\.0/12",
    ),
    "no range": ({"addresses": {"cidr": "banana"}}, r"args\.addresses\.cidr: 'banana' is not an IPv4 range"),
    "host bits": ({"addresses": {"cidr": "10.20.0.1/16"}}, r"'10\.20\.0\.1/16' is not an IPv4 range"),
    "public range": ({"addresses": {"cidr": "8.8.0.0/16"}}, r"8\.8\.0\.0/16 is not private"),
    "count 0": ({"pools": [{"name": "a", "count": 0}]}, r"args\.pools\[0\]\.count: 0 is too small; use 1 or more"),
    "count -1": ({"pools": [{"name": "a", "count": -1}]}, r"-1 is too small; use 1 or more"),
    "count 2.5": ({"pools": [{"name": "a", "count": 2.5}]}, r"2\.5 is not a whole number"),
    "count true": ({"pools": [{"name": "a", "count": True}]}, r"True is not a whole number"),
    "count text": ({"pools": [{"name": "a", "count": "3"}]}, r"'3' is not a whole number"),
    "huge count": ({"pools": [{"name": "a", "count": 10**12}]}, r"1000000000000 is too large; use 5000 or less"),
    "huge disk": ({"control_plane": {"disk_gib": 10**9}}, r"1000000000 is too large; use 16384 or less"),
    "no pools": ({"pools": []}, r"args\.pools: \[\] is too short"),
    "pools as text": ({"pools": "three"}, r"args\.pools: 'three' is not a list"),
    "pool twice": ({"pools": [{"name": "a"}, {"name": "a"}]}, r"two pools are named 'a'"),
    "long pool name": ({"pools": [{"name": "x" * 16}]}, r"has 16 characters; at most 15 fit"),
    "bad pool name": ({"pools": [{"name": "Big_Pool"}]}, r"'Big_Pool' is not a name"),
    "two platform blocks": (
        {"platform": {"aws": {"zone": "us-east-2a"}, "memory": {}}},
        r"2 platform blocks.*\(aws, memory\)",
    ),
    "no platform block": ({"platform": {}}, r"0 platform blocks are given \(none\); give one of aws"),
    "unknown platform": ({"platform": {"ibm": {}}}, r"args\.platform: 'ibm' is not known; choose one of aws"),
    "platform as text": ({"platform": "aws"}, r"args\.platform: 'aws' is not a block of settings"),
    "open API in two pieces": ({"admin_cidrs": ["0.0.0.0/1", "128.0.0.0/1"]}, r"0\.0\.0\.0/1 opens the API to everyb"),
    "administrators from nowhere": ({"admin_cidrs": ["224.0.0.0/8"]}, r"nobody comes from 224\.0\.0\.0/8"),
    "a range twice": ({"admin_cidrs": ["203.0.113.0/24", "203.0.113.0/24"]}, r"203\.0\.113\.0/24 is given twice"),
    "an owner that leaves no label": ({"owner": "!!!"}, r"args\.owner: '!!!' makes an empty label"),
    "a number for text": ({"owner": 7}, r"args\.owner: 7 is not text; write it in quotes: '7'"),
    "open API": ({"admin_cidrs": ["0.0.0.0/0"]}, r"0\.0\.0\.0/0 opens the API to everybody"),
    "loopback range": ({"addresses": {"cidr": "127.0.0.0/16"}}, r"127\.0\.0\.0/16 is not private"),
    "link-local range": ({"addresses": {"pods": "169.254.0.0/16"}}, r"169\.254\.0\.0/16 is not private"),
    "services too large": (
        {"addresses": {"services": "10.96.0.0/11"}},
        r"services 10\.96\.0\.0/11 is too large; use a /12",
    ),
    "more workers than pod ranges": (
        {"pools": [{"name": "a", "count": 1000}], "addresses": {"pods": "10.244.0.0/16"}},
        r"1000 workers and the control plane need a /24 each.*10\.244\.0\.0/16 holds 256",
    ),
    "more workers than addresses": (
        {"pools": [{"name": "a", "count": 3000}], "addresses": {"cidr": "10.20.0.0/20", "pods": "10.128.0.0/10"}},
        r"3000 workers do not fit the 2043 addresses that args\.addresses\.cidr 10\.20\.0\.0/20 leaves",
    ),
    "bad ttl": ({"ttl": "1 week"}, r"'1 week' is not a lifetime; write hours or days such as 12h or 7d, or never"),
    "zero ttl": ({"ttl": "0h"}, r"'0h' is not a lifetime"),
    "both trusts": (
        {
            "trust": {
                "server": {},
                "external": {"endpoint": "a:1", "root_certificate": recorder.CERTIFICATE},
            }
        },
        r"external and server are both given",
    ),
    "private key as root": (
        {"trust": {"external": {"endpoint": "a:1", "root_certificate": recorder.PEM.format("PRIVATE KEY")}}},
        r"holds a private key; give the certificate alone",
    ),
    "certificate that is only its frame": (
        {"trust": {"external": {"endpoint": "a:1", "root_certificate": recorder.PEM.format("CERTIFICATE")}}},
        r"root_certificate: is not PEM certificates and nothing else",
    ),
    "certificate with more behind it": (
        {"trust": {"external": {"endpoint": "a:1", "root_certificate": recorder.CERTIFICATE + "'''"}}},
        r"root_certificate: is not PEM certificates and nothing else",
    ),
    "bad endpoint": (
        {"trust": {"external": {"endpoint": "https://x", "root_certificate": recorder.CERTIFICATE}}},
        r"'https://x' is not an endpoint; write host:port",
    ),
    "reserved label": (
        {"pools": [{"name": "a", "labels": {"node-role.kubernetes.io/x": ""}}]},
        r"belongs to confkube or",
    ),
    "bad taint": ({"pools": [{"name": "a", "taints": ["x"]}]}, r"'x' is not a taint; write key=value:NoSchedule"),
    "unknown state": ({"allow": ["everything"]}, r"'everything' is not a state to allow; choose among preview"),
    "user data too large": (
        {"pools": [{"name": "a", "labels": {f"example.org/{names.digest(f'{n}', 60)}": "" for n in range(400)}}]},
        r"pool a: user data: \d+ bytes are more than the 16384 that AWS takes",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_refused_in_one_line_before_anything_is_registered(case):
    wrong, sentence = CASES[case]
    seen = recorder.Recorder()
    with pytest.raises(pulumi.RunError, match=sentence) as refusal:
        recorder.run(lambda: ck.CvmNodes("demo", {**GOOD, **wrong}).outputs, recorder=seen)
    assert "\n" not in str(refusal.value)
    assert seen.registered == []


@pytest.mark.parametrize("name", ["x" * 31, "sg-demo", "Demo", "demo_1", "-demo", "demo-", "", "1demo"])
def test_a_name_that_a_cloud_cannot_carry_is_refused(name):
    with pytest.raises(Refusal, match="name: "):
        checked_cvm_nodes(name, GOOD)


def test_an_unknown_model_is_refused():
    with pytest.raises(Refusal, match="model: 'cvm-node' is not known; choose one of coco-metal"):
        ck.model("cvm-node")


@pytest.mark.parametrize("arguments", [None, [], "args", 7])
def test_arguments_that_are_no_block_are_refused(arguments):
    with pytest.raises(Refusal, match="is not a block of arguments"):
        checked_cvm_nodes("demo", arguments)


def test_one_secret_free_line(capsys):
    with pytest.raises(Refusal) as refusal:
        checked_cvm_nodes("demo", {**GOOD, "pools": [{"name": "a", "labels": "x" * 5000}]})
    assert len(str(refusal.value)) < 300
    assert capsys.readouterr() == ("", "")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["platform", "tee", "pools", "control_plane", "addresses", "admin_cidrs", "trust", "owner", "ttl", "allow"]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=3))
def test_junk_is_refused_or_accepted_and_never_crashes(junk):
    try:
        checked_cvm_nodes("demo", {**GOOD, **junk})
    except Refusal as refusal:
        assert "\n" not in str(refusal)
