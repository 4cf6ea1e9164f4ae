"""The policy of cloud-api-adaptor as text; what it lets through is tried in tests/sandbox/test_authority_policy.py."""

import json
from dataclasses import replace

import pytest

from confkube.clouds.aws.adaptor_rights import LONGEST, PeerPodScope, document, policy
from confkube.errors import Refusal

SCOPE = PeerPodScope(
    account_id="111111111111",
    region="us-east-2",
    subnet_id="subnet-0123456789abcdef0",
    firewall_id="sg-0123456789abcdef0",
    image_ids=("ami-0123456789abcdef0",),
    machine_types=("m6a.large",),
    cluster_id="cluster-01234567",
    stamp="0123456789abcdef0123456789abcdef",
)
ALL_SNP_TYPES = tuple(
    f"{family}.{size}"
    for family in ("c6a", "m6a", "r6a")
    for size in ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
)


def test_document_is_the_policy_and_fits():
    text = document(SCOPE)
    assert json.loads(text) == policy(SCOPE)
    assert " " not in text
    # Too long for a user's inline policies, which is why it is a managed one.
    assert 2048 < len(text) < LONGEST
    longest = replace(SCOPE, cluster_id="c" * 30 + "-01234567", machine_types=ALL_SNP_TYPES, partition="aws-us-gov")
    assert len(document(longest)) < LONGEST


def test_too_many_names_are_refused():
    many = replace(SCOPE, machine_types=tuple(f"m6a.{number}xlarge" for number in range(300)))
    with pytest.raises(
        Refusal, match=r"300 machine types and 1 images make an AWS policy of \d+ characters; name fewer"
    ):
        document(many)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subnet_id", "*"),
        ("firewall_id", "sg-*"),
        ("image_ids", ("ami-0123456789abcdef0", "ami-?")),
        ("machine_types", ("m6a.*",)),
        ("cluster_id", "${aws:username}"),
        ("stamp", ""),
        ("account_id", ""),
    ],
)
def test_patterns_are_refused(field, value):
    with pytest.raises(Refusal, match=rf"^{field} .* would be a pattern in an AWS policy; give one name$"):
        policy(replace(SCOPE, **{field: value}))


def test_names_are_of_the_place():
    everywhere = [name for each in policy(SCOPE)["Statement"] for name in each["Resource"] if name != "*"]
    for name in everywhere:
        _, partition, service, region, account, resource = name.split(":")
        assert (partition, service, region) == ("aws", "ec2", "us-east-2")
        assert account == ("" if resource.startswith("image/") else "111111111111")
    china = policy(replace(SCOPE, partition="aws-cn", region="cn-north-1"))
    assert all("arn:aws:" not in json.dumps(each) for each in china["Statement"])


def test_statements_have_names_of_their_own():
    statements = policy(SCOPE)["Statement"]
    names = [each["Sid"] for each in statements]
    assert len(set(names)) == len(names)
    assert all(name.isalnum() for name in names)
    assert {each["Effect"] for each in statements} == {"Allow", "Deny"}
    assert all(each["Effect"] == ("Deny" if each["Sid"].startswith("Not") else "Allow") for each in statements)


def test_no_right_beyond_ec2():
    actions = {action for each in policy(SCOPE)["Statement"] for action in each["Action"]}
    assert all(action.startswith("ec2:") and "*" not in action for action in actions)
