"""The lab's network as text: rules, addresses, and what cloud-init makes a machine from."""

import itertools
import json
import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
import yaml
from boot import samples
from hypothesis import given
from hypothesis import strategies as st

from confkube import bootstrap
from confkube.errors import Refusal
from confkube_lab import network
from confkube_lab.network import Lab, Opening, Tier

LAB = Lab(
    lab="demo-network",
    cidr="10.20.0.0/16",
    tools="/image",
    image="/image",
    tiers=(
        Tier(name="control-plane", cidr="10.20.0.0/24", bridge="br0"),
        Tier(name="workers", cidr="10.20.128.0/17", bridge="br1"),
        Tier(name="trust", cidr="10.20.1.0/24", bridge="br2"),
    ),
    openings=(
        Opening(tier="control-plane", source="workers", protocol="tcp", port=6443),
        Opening(tier="workers", source="workers", protocol="udp", port=8472),
        Opening(tier="workers", source="control-plane", protocol="icmp", port=0),
        Opening(tier="control-plane", source="tunnel", protocol="tcp", port=6443),
        Opening(tier="control-plane", source="203.0.113.0/24", protocol="tcp", port=6443),
    ),
    labels={"confkube-cluster": "demo-0a1b2c3d"},
)


def accepted(text, chain):
    part = re.search(rf"chain {chain} \{{(.*?)\n  \}}", text, re.DOTALL)
    return [line.strip().removesuffix(" accept") for line in part[1].splitlines() if line.endswith(" accept")]


def test_each_opening_between_tiers_is_one_line_and_there_are_no_others():
    text = network.rules(LAB)
    assert accepted(text, "forward") == [
        "ct state established,related",
        "ip saddr 10.20.128.0/17 ip daddr 10.20.0.0/24 tcp dport 6443",
        "ip saddr 10.20.128.0/17 ip daddr 10.20.128.0/17 udp dport 8472",
        "ip saddr 10.20.0.0/24 ip daddr 10.20.128.0/17 icmp type echo-request",
    ]
    assert text.count("policy drop;") == 2
    assert "policy accept" not in text


def test_of_the_lab_itself_machines_reach_the_metadata_service_alone():
    assert accepted(network.rules(LAB), "input") == [
        "iif lo",
        "ct state established,related",
        "ip daddr 169.254.169.254 tcp dport 80",
        "icmp type echo-request",
    ]


def test_rules_replace_those_before_in_one_step():
    assert network.rules(LAB).startswith("table inet confkube_lab\ndelete table inet confkube_lab\n")


@given(st.lists(st.sampled_from(LAB.openings), unique=True))
def test_rules_grow_by_what_is_opened(openings):
    inside = [each for each in openings if each.source in {tier.name for tier in LAB.tiers}]
    assert len(accepted(network.rules(replace(LAB, openings=tuple(openings))), "forward")) == 1 + len(inside)


def test_what_this_computer_may_open_is_the_tunnels():
    assert LAB.forwarded() == [Opening(tier="control-plane", source="tunnel", protocol="tcp", port=6443)]


def test_a_record_is_read_back_also_as_json():
    assert Lab.read(LAB.record()) == LAB
    assert Lab.read(json.loads(json.dumps(LAB.record()))) == LAB


def test_a_tier_that_is_not_there():
    assert LAB.tier("trust").gateway == IPv4Address("10.20.1.1")
    with pytest.raises(Refusal, match="'cellar' is not known; choose one of control-plane, trust, workers"):
        LAB.tier("cellar")


def test_each_tier_is_a_bridge_with_the_gateways_address():
    made = network.commands(LAB)
    assert all(command[0] == "ip" for command in made)
    for tier, address in (("br0", "10.20.0.1/24"), ("br1", "10.20.128.1/17"), ("br2", "10.20.1.1/24")):
        mac = "02:00:" + ":".join(f"{int(part):02x}" for part in address.partition("/")[0].split("."))
        assert ["ip", "link", "add", tier, "address", mac, "type", "bridge"] in made
        assert ["ip", "address", "add", address, "dev", tier] in made
        assert ["ip", "link", "set", tier, "up"] in made
    assert max(len(network.bridge(number)) for number in range(16)) <= 15


@given(st.integers(8, 27), st.data())
def test_a_free_address_is_the_first_that_nobody_has(prefix, data):
    range_ = IPv4Network(("10.0.0.0", prefix))
    tier = Tier(name="workers", cidr=str(range_), bridge="br0")
    numbers = st.integers(0, min(range_.num_addresses - 1, 64))
    taken = data.draw(st.lists(numbers.map(lambda number: str(range_[number])), max_size=40))
    free = [
        range_[number] for number in range(16, min(range_.num_addresses - 1, 100)) if str(range_[number]) not in taken
    ]
    found = list(itertools.islice(network.free_addresses(tier, taken), len(free)))
    assert found == [str(address) for address in free]
    assert not {range_.network_address, range_.broadcast_address, tier.gateway} & set(map(IPv4Address, found))


@pytest.mark.parametrize("prefix", [28, 29, 30])
def test_a_range_with_no_more_than_sixteen_addresses_holds_no_pool(prefix):
    assert not list(network.free_addresses(Tier(name="w", cidr=f"10.0.0.0/{prefix}", bridge="br0"), []))


def test_addresses_of_a_pool_are_given_until_the_range_is_full():
    tier = Tier(name="w", cidr="10.0.0.0/27", bridge="br0")
    assert list(network.free_addresses(tier, ["10.0.0.20"])) == [f"10.0.0.{n}" for n in range(16, 31) if n != 20]


@pytest.mark.parametrize("address", ["99.1.1.1", "10.0.0.0", "10.0.0.1", "10.0.0.31", "10.0.0.9"])
def test_a_fixed_address_that_no_machine_can_have_is_refused(address):
    with pytest.raises(Refusal, match=f"address: {address} "):
        network.check_address(Tier(name="w", cidr="10.0.0.0/27", bridge="br0"), address, ["10.0.0.9"])


def test_the_seed_is_the_boot_text_and_who_the_machine_is():
    text = bootstrap.worker(samples.worker())
    files = network.seed("demo-workers-1", text, LAB.tier("workers"), "10.20.128.16")
    assert set(files) == {"user-data", "meta-data", "network-config"}
    assert files["user-data"] == text
    assert yaml.safe_load(files["meta-data"]) == {
        "instance-id": "lab-demo-workers-1",
        "local-hostname": "demo-workers-1",
    }
    (link,) = yaml.safe_load(files["network-config"])["ethernets"].values()
    assert link["addresses"] == ["10.20.128.16/17"]
    assert link["routes"] == [{"to": "0.0.0.0/0", "via": "10.20.128.1"}]


@given(st.text(), st.sampled_from(LAB.tiers))
def test_a_seed_carries_any_text_unchanged(text, tier):
    files = network.seed("m", text, tier, str(IPv4Network(tier.cidr)[16]))
    assert files["user-data"] == text
    assert all(yaml.safe_load(files[name]) for name in ("meta-data", "network-config"))
