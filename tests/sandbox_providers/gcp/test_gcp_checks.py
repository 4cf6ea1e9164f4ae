"""What is refused while it is planned, in the words of the real provider's libraries."""

from __future__ import annotations

import gcp_resources as w
import pytest
from driver import Refused

NAME = "doesn't match regexp " + '"^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$"'
SUBNET = {"network": "n", "ipCidrRange": "10.0.0.0/24"}
RULE = {"network": "n", "allows": [{"protocol": "tcp"}], "sourceRanges": ["10.0.0.0/8"]}
NAT = {"router": "r", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}
MACHINE = {"machineType": "n2d-standard-2", "bootDisk": {}, "networkInterfaces": [{"network": "n"}]}
TEMPLATE = {"machineType": "n2d-standard-2", "disks": [{"boot": True}]}
GROUP = {"baseInstanceName": "a", "versions": [{"instanceTemplate": "t"}]}
AUTO = {"replication": {"auto": {}}}

CASES = [
    (w.NETWORK, {"name": "Bad"}, f'"name" ("Bad") {NAME}. Examine values at \'a.name\'.'),
    (w.NETWORK, {"name": "a-"}, f'"name" ("a-") {NAME}'),
    (w.NETWORK, {"routingMode": "ZONAL"}, 'expected routing_mode to be one of ["REGIONAL" "GLOBAL" ""], got ZONAL'),
    (w.NETWORK, {"mtu": "many"}, "expected integer type, got a value of type string"),
    (w.NETWORK, {"cidrBlock": "10.0.0.0/8"}, 'an unexpected argument "cidrBlock" was provided'),
    (
        w.NETWORK,
        {"deleteBgpAlwaysCompareMed": True, "bgpAlwaysCompareMed": True},
        "Cannot set BgpAlwaysCompareMed to true while DeleteBgpAlwaysCompareMed is also true",
    ),
    (
        w.NETWORK,
        {"networkProfile": "x"},
        "the sandbox does not simulate gcp:compute/network:Network property 'networkPr",
    ),
    (w.SUBNETWORK, {"ipCidrRange": "10.0.0.0/24"}, "Missing required property 'network'"),
    (
        w.SUBNETWORK,
        SUBNET | {"ipCidrRange": "banana"},
        '"ip_cidr_range" is not a valid IP CIDR range: invalid CIDR address: banana',
    ),
    (w.SUBNETWORK, SUBNET | {"stackType": "IPV5"}, "expected stack_type to be one of"),
    (
        w.SUBNETWORK,
        SUBNET | {"secondaryIpRanges": [{"rangeName": "Pods", "ipCidrRange": "10.1.0.0/16"}]},
        f'"secondary_ip_range.0.range_name" ("Pods") {NAME}',
    ),
    (
        w.FIREWALL,
        RULE | {"denies": [{"protocol": "udp"}]},
        'Invalid combination of arguments. "allow": only one of `allow,deny` can be specified, but `allow,deny` were',
    ),
    (
        w.FIREWALL,
        {"network": "n", "sourceRanges": ["10.0.0.0/8"]},
        'Invalid combination of arguments. "allow": one of `allow,deny` must be specified',
    ),
    (
        w.FIREWALL,
        {"network": "n", "allows": [{"protocol": "tcp"}]},
        "one of source_tags, source_ranges, or source_service_accounts must be defined",
    ),
    (w.FIREWALL, RULE | {"priority": 65536}, "expected priority to be in the range (0 - 65535), got 65536"),
    (w.FIREWALL, RULE | {"direction": "IN"}, 'expected direction to be one of ["INGRESS" "EGRESS" ""], got IN'),
    (
        w.FIREWALL,
        RULE | {"targetTags": ["t"], "targetServiceAccounts": ["a@b.c"]},
        'Conflicting configuration arguments. "target_service_accounts": conflicts with target_tags',
    ),
    (
        w.FIREWALL,
        RULE | {"enableLogging": False, "logConfig": {"metadata": "INCLUDE_ALL_METADATA"}},
        "log_config cannot be defined when enable_logging is false",
    ),
    (w.ADDRESS, {"addressType": "PUBLIC"}, 'expected address_type to be one of ["INTERNAL" "EXTERNAL" ""], got PUBLIC'),
    (w.ADDRESS, {"networkTier": "BEST"}, 'expected network_tier to be one of ["PREMIUM" "STANDARD" ""], got BEST'),
    (w.ROUTER, {"bgp": {"asn": 1}}, 'expected "bgp.0.asn" to be a RFC6996-compliant Local ASN'),
    (
        w.ROUTER,
        {"bgp": {"asn": 64512, "advertisedGroups": ["ALL_SUBNETS"]}},
        "Error in bgp: advertised_groups cannot be specified when using advertise_mode DEFAULT",
    ),
    (w.NAT, NAT | {"name": "a"}, '"name" ("a") must be between 2 and 63 characters long'),
    (w.NAT, NAT | {"natIpAllocateOption": "AUTO"}, 'expected nat_ip_allocate_option to be one of ["MANUAL_ONLY"'),
    (w.NAT, NAT | {"logConfig": {"enable": True, "filter": "SOME"}}, "expected log_config.0.filter to be one of"),
    (w.NAT, {"router": "r"}, "Missing required property 'sourceSubnetworkIpRangesToNat'"),
    (w.INSTANCE, MACHINE | {"name": "Bad_Name"}, '"name" ("Bad_Name") must match regex "^[a-z]([-a-z0-9]*[a-z0-9])?$"'),
    (w.INSTANCE, {"machineType": "x", "bootDisk": {}}, "Missing required property 'networkInterfaces'"),
    (
        w.INSTANCE,
        MACHINE | {"networkInterfaces": [{"network": "n", "nicType": "E1000"}]},
        "expected network_interface.0.nic_type to be one of",
    ),
    (
        w.INSTANCE,
        MACHINE | {"bootDisk": {"source": "d", "initializeParams": {"image": "i"}}},
        '"boot_disk.0.source": conflicts with boot_disk.0.initialize_params',
    ),
    (
        w.INSTANCE,
        MACHINE | {"bootDisk": {"initializeParams": {"size": 0}}},
        "expected boot_disk.0.initialize_params.0.size to be at least (1), got 0",
    ),
    (
        w.INSTANCE,
        MACHINE | {"confidentialInstanceConfig": {}},
        "confidential_instance_config.0.confidential_instance_type` must be specified",
    ),
    (w.INSTANCE, MACHINE | {"desiredStatus": "ON"}, 'expected desired_status to be one of ["RUNNING" "TERMINATED"'),
    (
        w.INSTANCE,
        MACHINE | {"bootDisk": {"kmsKeySelfLink": "k"}},
        "the sandbox does not simulate gcp:compute/instance:Instance property 'bootDisk.kmsKeySelfLink'",
    ),
    (w.INSTANCE, MACHINE | {"guestAccelerators": []}, "property 'guestAccelerators'"),
    (
        w.TEMPLATE,
        TEMPLATE | {"name": "a", "namePrefix": "b"},
        'Conflicting configuration arguments. "name": conflicts with name_prefix',
    ),
    (w.TEMPLATE, TEMPLATE | {"namePrefix": "a" * 55}, '"name_prefix" cannot be longer than 54 characters, name is'),
    (
        w.TEMPLATE,
        TEMPLATE | {"disks": [{"boot": True}, {"boot": True}]},
        "Only the first disk specified in instance_template can be the boot disk. disk.1.boot was true",
    ),
    (
        w.TEMPLATE,
        TEMPLATE | {"disks": [{"type": "SCRATCH", "diskType": "pd-ssd"}]},
        "SCRATCH disks must have a disk_type of local-ssd. disk 0 has disk_type pd-ssd",
    ),
    (
        w.GROUP,
        GROUP | {"updatePolicy": {"type": "LAZY", "minimalAction": "REPLACE"}},
        'expected update_policy.0.type to be one of ["OPPORTUNISTIC" "PROACTIVE"], got LAZY',
    ),
    (
        w.GROUP,
        GROUP
        | {
            "updatePolicy": {
                "type": "PROACTIVE",
                "minimalAction": "REPLACE",
                "maxSurgeFixed": 1,
                "maxSurgePercent": 1,
            }
        },
        '"update_policy.0.max_surge_fixed": conflicts with update_policy.0.max_surge_percent',
    ),
    (
        w.GROUP,
        GROUP | {"waitForInstancesStatus": "UP"},
        'expected wait_for_instances_status to be one of ["STABLE" "UPD',
    ),
    (w.ACCOUNT, {"accountId": "short"}, '"account_id" ("short") must be between 6 and 30 characters long'),
    (w.ACCOUNT, {"accountId": "Upper-case"}, '"account_id" ("Upper-case") must match regex'),
    (
        w.ACCOUNT,
        {"accountId": "account", "description": "x" * 257},
        "expected length of description to be in the range (0 - 256)",
    ),
    (
        w.SECRET,
        {"replication": {}},
        "one of `replication.0.auto,replication.0.user_managed` must be specified",
    ),
    (
        w.SECRET,
        AUTO | {"rotation": {"rotationPeriod": "3600s"}},
        '"rotation": all of `rotation,topics` must be specified',
    ),
    (w.SECRET, AUTO | {"secretType": "x"}, "property 'secretType'"),
    (w.VERSION, {"secret": "s"}, '"secret_data": one of `secret_data,secret_data_wo` must be specified'),
    (
        w.MEMBER,
        {"secretId": "s", "role": "r", "member": "someone"},
        'invalid value "someone" for member (IAM members must have one of the values outlined here',
    ),
    (
        w.MEMBER,
        {"secretId": "s", "role": "r", "member": "deleted:user:a@b.c"},
        "(Terraform does not support IAM members for deleted principals)",
    ),
]


@pytest.mark.parametrize(("token", "inputs", "text"), CASES, ids=range(len(CASES)))
def test_a_wrong_input_is_refused(engine, token, inputs, text):
    with pytest.raises(Refused) as refused:
        engine.check(token, "a", inputs)
    assert any(text in reason for reason in refused.value.failures), refused.value.failures


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (w.NETWORK, {}),
        (w.SUBNETWORK, SUBNET),
        (w.FIREWALL, RULE),
        (w.NAT, NAT),
        (w.INSTANCE, MACHINE),
        (w.TEMPLATE, TEMPLATE),
        (w.GROUP, GROUP),
        (w.SECRET, AUTO),
    ],
)
def test_what_the_wrong_inputs_start_from_is_right(engine, token, inputs):
    assert engine.check(token, "a-long-enough-name", inputs).items() >= {}.items()


@pytest.mark.parametrize(
    ("token", "inputs", "key", "pattern"),
    [
        (w.NETWORK, {}, "name", r"lower-case-[0-9a-f]{7}"),
        (w.SUBNETWORK, SUBNET, "name", r"lower-case-[0-9a-f]{7}"),
        (w.ROUTER, {}, "name", r"lower-case-[0-9a-f]{7}"),
        (w.NAT, NAT, "name", r"lower-case-[0-9a-f]{7}"),
        (w.SECRET, AUTO, "secretId", r"Lower-Case-[0-9a-f]{7}"),
    ],
)
def test_names_are_made_in_lower_case_where_the_provider_does(engine, token, inputs, key, pattern):
    import re

    checked = engine.check(token, "Lower-Case", inputs)
    assert re.fullmatch(pattern, checked[key])
    assert key in checked["__defaults"]
    assert engine.check(token, "Lower-Case", inputs, checked)[key] == checked[key]


@pytest.mark.parametrize(
    ("token", "inputs", "name"),
    [(w.FIREWALL, RULE, "Upper"), (w.ADDRESS, {}, "Upper"), (w.INSTANCE, MACHINE, "Upper"), (w.ADDRESS, {}, "a" * 60)],
)
def test_other_made_names_are_not_mended(engine, token, inputs, name):
    with pytest.raises(Refused, match='"name"'):
        engine.check(token, name, inputs)


@pytest.mark.parametrize(("token", "longest"), [(w.NETWORK, 63), (w.ACCOUNT, 30)])
def test_a_name_that_would_be_too_long_is_refused(engine, token, longest):
    name = "a" * (longest - 8)
    key = "accountId" if token == w.ACCOUNT else "name"
    assert len(engine.check(token, name, {})[key]) == longest
    text = f"could not make instance of '{token}': name '{name}a-' plus 7 random chars is longer than maximum length"
    with pytest.raises(Refused, match=text):
        engine.check(token, f"{name}a", {})


def test_defaults_are_filled_in_also_inside_of_what_is_given(engine):
    machine = engine.check(w.INSTANCE, "a", MACHINE | {"scheduling": {"onHostMaintenance": "TERMINATE"}})
    assert machine["bootDisk"] == {"autoDelete": True, "forceAttach": False, "mode": "READ_WRITE"}
    assert machine["scheduling"]["automaticRestart"] is True
    assert "shieldedInstanceConfig" not in machine
    assert machine["deletionProtection"] is False
    router = engine.check(w.ROUTER, "a", {"bgp": {"asn": 64512}})
    assert router["bgp"] == {"asn": 64512, "advertiseMode": "DEFAULT", "keepaliveInterval": 20}
