"""What the real provider refuses while it plans is refused by Check, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkube_sandbox.home import SandboxHome
from confkube_sandbox.providers import aws, sdk
from confkube_sandbox.providers.aws.rules import addresses, documents, names, values, violations
from confkube_sandbox.providers.handler import Context
from confkube_sandbox.providers.wire import UNKNOWN

HANDLERS = {handler.token.rpartition(":")[2]: handler for handler in aws.handlers()}
POLICY = '{"Version":"2012-10-17","Statement":[]}'
LONG = "x" * 600

# What each type needs at least.
LEAST = {
    "Vpc": {"cidrBlock": "10.0.0.0/16"},
    "Subnet": {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"},
    "Route": {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"},
    "Eip": {},
    "NatGateway": {"subnetId": "subnet-1", "allocationId": "eipalloc-1"},
    "SecurityGroup": {"vpcId": "vpc-1"},
    "SecurityGroupIngressRule": {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"},
    "Role": {"assumeRolePolicy": POLICY},
    "RolePolicy": {"role": "r", "policy": POLICY},
    "InstanceProfile": {},
    "User": {},
    "UserPolicy": {"user": "u", "policy": POLICY},
    "Policy": {"policy": POLICY},
    "UserPolicyAttachment": {"user": "u", "policyArn": "arn:aws:iam::000000000000:policy/p"},
    "AccessKey": {"user": "u"},
    "SnapshotImport": {"diskContainer": {"format": "RAW", "url": "s3://images/disk.raw"}},
    "Ami": {},
    "Secret": {},
    "SecretVersion": {"secretId": "s", "secretString": "hush"},
    "Instance": {"ami": "ami-1", "instanceType": "m6a.large"},
    "LaunchTemplate": {},
    "Group": {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}},
    "NetworkInterface": {"subnetId": "subnet-1"},
}
REFUSED = [
    ("Vpc", {"cidrBlock": "banana"}, "expected cidr_block to contain a valid Value, got: banana with err: invalid"),
    ("Vpc", {"cidrBlock": "10.0.0.1/16"}, "valid network Value, expected 10.0.0.0/16, got 10.0.0.1/16"),
    ("Vpc", {"cidrBlock": "10.0.0.0/8"}, 'expected "cidr_block" to contain a network Value with between 16 and 28'),
    ("Vpc", {"instanceTenancy": "host"}, 'expected instance_tenancy to be one of ["default" "dedicated"], got host'),
    ("Subnet", {"cidrBlock": "banana"}, '"banana" is not a valid CIDR block: invalid CIDR address: banana'),
    ("Subnet", {"cidrBlock": "10.0.0.1/24"}, 'is not a valid IPv4 CIDR block; did you mean "10.0.0.0/24"?'),
    ("Subnet", {"cidrBlock": "fd00::/64"}, '"fd00::/64" is not a valid IPv4 CIDR block'),
    (
        "Subnet",
        {"availabilityZone": "a", "availabilityZoneId": "b"},
        '"availability_zone": conflicts with availability_zone_id',
    ),
    ("Route", {"destinationCidrBlock": "0.0.0.0"}, "is not a valid CIDR block"),
    ("Eip", {"domain": "moon"}, 'expected domain to be one of ["vpc" "standard"], got moon'),
    ("NatGateway", {"privateIp": "10.0.0.256"}, "expected private_ip to contain a valid IPv4 address, got: 10.0.0.256"),
    ("SecurityGroup", {"name": "sg-mine"}, "invalid value for name (cannot begin with sg-)"),
    ("SecurityGroup", {"namePrefix": "x" * 230}, "expected length of name_prefix to be in the range (0 - 229)"),
    ("SecurityGroup", {"description": LONG}, "expected length of description to be in the range (0 - 255), got 600"),
    ("SecurityGroup", {"name": "a", "namePrefix": "b"}, '"name_prefix": conflicts with name'),
    (
        "SecurityGroupIngressRule",
        {"cidrIpv4": "10.0.0.1/8"},
        "Invalid Attribute Value. Attribute cidr_ipv4 value must be a valid IPv4 CIDR that represents a network",
    ),
    (
        "SecurityGroupIngressRule",
        {"cidrIpv4": None, "cidrIpv6": "10.0.0.0/8"},
        "cidr_ipv6 value must be a valid IPv6 CIDR",
    ),
    (
        "SecurityGroupIngressRule",
        {"toPort": 70000},
        "Attribute to_port value must be between -1 and 65535, got: 70000",
    ),
    ("Role", {"assumeRolePolicy": "{"}, '"assume_role_policy" contains an invalid JSON'),
    ("Role", {"name": "a b"}, r"invalid value for name (must match [\w+=,.@-])"),
    ("Role", {"name": "x" * 65}, "expected length of name to be in the range (1 - 64), got 65 characters"),
    ("Role", {"namePrefix": "x" * 39}, "expected length of name_prefix to be in the range (1 - 38)"),
    ("Role", {"maxSessionDuration": 60}, "expected max_session_duration to be in the range (3600 - 43200), got 60"),
    ("Role", {"permissionsBoundary": "mine"}, '"permissions_boundary" (mine) is an invalid ARN: arn: invalid prefix'),
    ("RolePolicy", {"policy": "[]"}, '"policy" contains an invalid JSON policy: contains a JSON array'),
    ("RolePolicy", {"policy": " {}"}, "leading space characters are not allowed"),
    ("RolePolicy", {"policy": json.dumps(POLICY)}, "have you double-encoded your JSON data?"),
    ("RolePolicy", {"policy": '{"a":1,"a":2}'}, '"policy" contains duplicate JSON keys: duplicate key "a"'),
    ("RolePolicy", {"policy": json.dumps({"a": "x" * 10300})}, "Cannot exceed quota for PolicySize: 10240"),
    ("RolePolicy", {"role": "arn:aws:iam::000000000000:role/r"}, '"role" must be the role\'s name not its ARN'),
    (
        "User",
        {"name": "a b"},
        "invalid value for name (must only contain alphanumeric characters, hyphens, underscores",
    ),
    ("UserPolicy", {"policy": json.dumps({"a": "x" * 2100})}, "Cannot exceed quota for PolicySize: 2048"),
    ("Policy", {"name": "x" * 129}, "expected length of name to be in the range (1 - 128)"),
    ("Policy", {"policy": "[]"}, '"policy" contains an invalid JSON policy: contains a JSON array'),
    ("UserPolicyAttachment", {"policyArn": "p"}, '"policy_arn" (p) is an invalid ARN: arn: invalid prefix'),
    ("AccessKey", {"status": "asleep"}, 'expected status to be one of ["Active" "Inactive"], got asleep'),
    (
        "SnapshotImport",
        {"diskContainer": {"format": "ISO", "url": "s3://a/b"}},
        "expected disk_container.0.format to be",
    ),
    ("Ami", {"bootMode": "bios"}, 'expected boot_mode to be one of ["legacy-bios" "uefi" "uefi-preferred"], got bios'),
    ("Ami", {"imdsSupport": "v1.0"}, 'expected imds_support to be one of ["v2.0"], got v1.0'),
    ("Ami", {"ebsBlockDevices": [{"deviceName": "a", "volumeType": "x"}]}, "expected ebs_block_device.0.volume_type"),
    ("Instance", {"cpuOptions": {"nestedVirtualization": "on"}}, "expected cpu_options.0.nested_virtualization to be"),
    ("InstanceProfile", {"name": "x" * 129}, "expected length of name to be in the range (1 - 128)"),
    ("Secret", {"name": "a b"}, 'only alphanumeric characters and /_+=.@- special characters are allowed in "name"'),
    ("Secret", {"policy": "no"}, '"policy" contains an invalid JSON'),
    ("Secret", {"recoveryWindowInDays": 6}, "expected recovery_window_in_days to be one of [0], got 6"),
    ("SecretVersion", {"secretString": None, "secretBinary": "?"}, '"secret_binary" must be base64-encoded'),
    ("SecretVersion", {"secretBinary": "eA=="}, '"secret_string": conflicts with secret_binary'),
    ("Instance", {"privateIp": "10.0.0"}, "expected private_ip to contain a valid IPv4 address"),
    (
        "Instance",
        {"secondaryPrivateIps": ["10.0.0.1", "b"]},
        "expected secondary_private_ips.1 to contain a valid IPv4",
    ),
    (
        "Instance",
        {"metadataOptions": {"httpPutResponseHopLimit": 65}},
        (
            "expected metadata_options.0.http_put_response_hop_limit to be in the range (1 - 64), got 65. "
            "Examine values at 'it.metadataOptions.httpPutResponseHopLimit'."
        ),
    ),
    ("Instance", {"metadataOptions": {"httpTokens": "maybe"}}, 'to be one of ["optional" "required"], got maybe'),
    ("Instance", {"cpuOptions": {"amdSevSnp": "on"}}, "expected cpu_options.0.amd_sev_snp to be one of"),
    ("Instance", {"rootBlockDevice": {"volumeType": "gp9"}}, "expected root_block_device.0.volume_type to be one of"),
    (
        "Instance",
        {"ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeType": "gp9"}]},
        "expected ebs_block_device.0.volume_type to be one of",
    ),
    ("Instance", {"launchTemplate": {"id": "template"}}, "\"launch_template.0.id\" must begin with 'lt-'"),
    (
        "Instance",
        {"primaryNetworkInterface": {"networkInterfaceId": "eni-1"}, "subnetId": "subnet-1"},
        '"subnet_id": conflicts with primary_network_interface',
    ),
    ("LaunchTemplate", {"name": "ab"}, '"name" cannot be less than 3 characters'),
    ("LaunchTemplate", {"namePrefix": "x" * 100}, "cannot be longer than 99 characters, name is limited to 125"),
    ("LaunchTemplate", {"name": "a b c"}, "can only alphanumeric characters and ()./_- symbols"),
    ("LaunchTemplate", {"defaultVersion": 0}, "expected default_version to be at least (1), got 0"),
    ("LaunchTemplate", {"ebsOptimized": "maybe"}, "ebs_optimized: cannot parse 'maybe' as boolean"),
    (
        "LaunchTemplate",
        {"blockDeviceMappings": [{"deviceName": "/dev/sda1"}, {"ebs": {"throughput": 100}}]},
        (
            "expected block_device_mappings.1.ebs.0.throughput to be in the range (125 - 2000), got 100. "
            "Examine values at 'it.blockDeviceMappings[1].ebs.throughput'."
        ),
    ),
    ("Group", {"launchTemplate": {"id": "lt-1", "version": ""}}, "expected length of launch_template.0.version"),
    ("Group", {"instanceMaintenancePolicy": {"minHealthyPercentage": 101, "maxHealthyPercentage": 100}}, "(-1 - 100)"),
    ("Group", {"name": LONG}, "expected length of name to be in the range (0 - 255)"),
]


@pytest.fixture(scope="module")
def ctx(tmp_path_factory):
    return Context(home=SandboxHome(tmp_path_factory.mktemp("rules")), config={}, urn="u::p::t::it", name="it")


@pytest.mark.parametrize(("kind", "inputs", "text"), REFUSED)
def test_refused(kind, inputs, text, ctx):
    whole = {key: value for key, value in {**LEAST[kind], **inputs}.items() if value is not None}
    reasons = [failure.reason for failure in HANDLERS[kind].check(whole, {}, ctx)[1]]
    assert any(text in reason for reason in reasons), reasons


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_the_least_is_accepted(kind, ctx):
    assert HANDLERS[kind].check(LEAST[kind], {}, ctx)[1] == []


@pytest.mark.parametrize("kind", sorted(LEAST))
def test_nothing_unknown_is_judged(kind, ctx):
    handler = HANDLERS[kind]
    inputs = LEAST[kind] | {path.split(".")[0]: UNKNOWN for path in handler.rules}
    failures = handler.check(inputs, {}, ctx)[1]
    assert [failure for failure in failures if "does not simulate" not in failure.reason] == []


@pytest.mark.parametrize("handler", aws.handlers(), ids=lambda handler: handler.token)
def test_every_rule_is_about_an_input(handler):
    for path in (*handler.rules, *handler.needs):
        inside = sdk.resource_shape("pulumi_aws", handler.token)
        for step in filter(lambda step: step != "*", path.split(".")):
            assert step in inside.properties, path
            nested = _objects(inside.properties[step])
            inside = sdk.object_shape(nested[0]) if nested else inside
    for pair in handler.conflicts:
        assert set(pair) <= handler.supported, pair


def _objects(annotation):
    if sdk.is_object(annotation):
        return [annotation]
    return [found for part in getattr(annotation, "__args__", ()) for found in _objects(part)]


def test_a_logical_name_that_makes_no_good_name_is_refused(ctx):
    from dataclasses import replace

    spaced = replace(ctx, name="my node")
    reasons = [failure.reason for failure in HANDLERS["Role"].check(LEAST["Role"], {}, spaced)[1]]
    assert any("must match" in reason for reason in reasons), reasons


def test_no_secret_is_repeated(ctx):
    hidden = "hunter2" * 3000
    for kind, key in (("Instance", "userData"), ("Instance", "userDataBase64"), ("SecretVersion", "secretBinary")):
        failures = HANDLERS[kind].check({**LEAST[kind], key: f"{hidden}?"}, {}, ctx)[1]
        assert failures
        assert "hunter2" not in str(failures)
    assert "hunter2" not in str(documents.iam_policy(10)("policy", '{"a":"hunter2'))


@given(st.ip_addresses(network="10.0.0.0/8"), st.integers(0, 32))
def test_a_range_is_accepted_only_from_its_first_address(address, bits):
    import ipaddress

    first = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    assert addresses.network(4)("c", str(first)) == []
    assert (addresses.network(4)("c", f"{address}/{bits}") == []) == (first.network_address == address)
    assert addresses.network(6)("c", str(first)) == [f'"{first}" is not a valid IPv6 CIDR block']


@given(st.text())
def test_any_text_is_judged_without_a_defect(text):
    for rule in (
        addresses.network(4),
        addresses.network_of_size(16, 28),
        addresses.ipv4_address,
        documents.json_text,
        documents.iam_policy(100),
        names.arn,
        names.iam_name(64),
        names.secret_name(512),
        names.template_id,
        names.template_name,
        values.base64_text,
        values.flag_text,
        values.count_text(0),
    ):
        assert isinstance(rule("name", text), list)


def test_places_are_named_as_in_the_schema():
    inputs = {"a": [{"bC": [{"d": 1}]}, {"bC": [{"d": 0}, {"d": 0}]}]}
    found = violations({"a.*.bC.*.d": values.at_least(1)}, inputs)
    assert [(failure.property, failure.reason.split(" to be")[0]) for failure in found] == [
        ("a[1].bC[0].d", "expected a.1.b_c.0.d"),
        ("a[1].bC[1].d", "expected a.1.b_c.1.d"),
    ]
