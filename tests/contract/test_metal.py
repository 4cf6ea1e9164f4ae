"""Bare metal: what the platform asks of hosts that the user gives, under the model that is made for them.

The contract suite brings cvm-nodes up, which bare metal refuses: what it promises is tested here with coco-metal.
"""

import json
import re

import pytest
import recorder
from contract.suite import LABELS, PRIVATE_KEY

import confkube as ck
from confkube.clouds import resolve
from confkube.clouds.metal import MetalPlatform
from confkube.errors import Refusal
from confkube.metal import boot_text, told
from confkube.models import OUTPUTS
from confkube.parse import parse
from confkube.platform import Existing, ImageSpec, Nested, Plain, Platform, Tier
from confkube.types import Tee

KEYS = [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "abcdef"]


def host(number, name=None, **more):
    return {
        "name": name or f"host-{number}",
        "address": f"192.168.7.{number}",
        "host_key": KEYS[number],
        "key_file": "/root/key",
        **more,
    }


HOSTS = [host(1), host(2, tee="snp"), host(3, tee="snp"), host(4, tee="tdx")]
BLOCK = {"metal": {"hosts": HOSTS, "ssh_config": "/root/ssh_config"}}
EXTERNAL = {"endpoint": "kbs.example.org:8080", "root_certificate": recorder.CERTIFICATE}


def up(name="demo", *, seen=None, model="coco-metal", **args):
    asked = {"platform": BLOCK, "tee": "snp", "allow": ["unproven"], "trust": {"external": EXTERNAL}, **args}
    return recorder.run(lambda: ck.model(model)(name, asked).outputs, recorder=seen)


def commands(recorded):
    return {each.name: each.inputs for each in recorded.of_type(recorder.COMMAND)}


def stdin(recorded):
    return {name: json.loads(recorder.plain(inputs["stdin"])) for name, inputs in commands(recorded).items()}


def reach(recorded):
    return {name: json.loads(inputs["environment"][told.VARIABLE]) for name, inputs in commands(recorded).items()}


@pytest.fixture(scope="module")
def default():
    return up()


def test_it_keeps_the_seam():
    platform = resolve(BLOCK)
    assert isinstance(platform, MetalPlatform)
    for name in (name for name in vars(Platform) if not name.startswith("_")):
        assert hasattr(platform, name), name


def test_outputs_are_complete_and_say_where_it_is(default):
    _, outputs = default
    assert set(outputs) >= set(OUTPUTS)
    assert (outputs["world"], outputs["endpoint"]) == ("metal", "192.168.7.1:6443")
    assert outputs["account"].startswith("SHA256:")
    assert outputs["place"] == {"zone": "given-hosts", "control_plane": "192.168.7.1", "cidr": "10.20.0.0/16"}
    assert outputs["machines"] == {"control-plane": "host-1"}
    assert outputs["pools"] == {"workers": "demo-workers"}
    tunnel = "ssh -N -F /root/ssh_config -i /root/key -p 22 -L 6443:192.168.7.1:6443 root@192.168.7.1"
    assert tunnel in outputs["access"]
    assert "https://192.168.7.1:6443" in outputs["kubeconfig"]


def test_only_commands_are_made_and_they_are_the_same_for_any_number_of_hosts(default):
    assert set(commands(default[0])) == {"demo-network", "demo-control-plane", "demo-workers"}
    lines = {
        name: tuple(inputs[verb] for verb in ("create", "update", "delete"))
        for name, inputs in commands(default[0]).items()
    }
    machines = ("confkube metal machines-up", "confkube metal machines-up", "confkube metal machines-down")
    assert lines == {
        "demo-network": ("confkube metal network-up", "confkube metal network-up", "confkube metal network-down"),
        "demo-control-plane": machines,
        "demo-workers": machines,
    }
    fewer, _ = up(pools=[{"name": "workers", "count": 1}])
    assert len(fewer.registered) == len(default[0].registered)


def test_all_hosts_are_looked_at_first_and_each_machine_gets_its_own(default):
    found = {name: [each["name"] for each in one["hosts"]] for name, one in reach(default[0]).items()}
    assert found == {
        "demo-network": ["host-1", "host-2", "host-3", "host-4"],
        "demo-control-plane": ["host-1"],
        "demo-workers": ["host-2", "host-3"],
    }
    assert reach(default[0])["demo-network"]["control_plane"] == "host-1"


def test_both_ends_of_a_command_understand_each_other(default):
    for name, inputs in commands(default[0]).items():
        shape = told.NetworkSpec if name == "demo-network" else told.MachinesSpec
        given = stdin(default[0])[name]
        taken = parse(shape, given, "standard input")
        assert {key: getattr(taken, key) for key in given if key != "secret"} == {
            key: value for key, value in given.items() if key != "secret"
        }
        assert told.reach(inputs["environment"]).ssh_config == "/root/ssh_config"
    assert len(told.block(commands(default[0])["demo-network"]["environment"]).hosts) == 4


def test_boot_text_is_what_a_host_without_cloud_init_can_be_told(default):
    for name, one in stdin(default[0]).items():
        if name == "demo-network":
            continue
        text = boot_text.read(one["user_data"])
        assert text.units[:2] == ("confkube-install", "confkube-firewall")
        assert {each.path for each in text.files} >= {"/etc/confkube/node.env", "/etc/confkube/kubeadm.yaml"}
        assert not PRIVATE_KEY.search(one["user_data"])


def test_what_is_secret_travels_on_standard_input_alone(default):
    for name, inputs in commands(default[0]).items():
        assert inputs["stdin"][recorder.SIGNATURE] == recorder.SECRET, name
        shown = json.dumps({key: value for key, value in inputs.items() if key != "stdin"})
        assert not PRIVATE_KEY.search(shown), name
        assert "abc123" not in shown, "the bootstrap token"
        assert "logging" not in inputs
    secrets = {name: one.get("secret") for name, one in stdin(default[0]).items()}
    assert "PRIVATE KEY" in secrets["demo-control-plane"]["value"]
    assert (secrets["demo-network"], secrets["demo-workers"]) == (None, None)
    assert not PRIVATE_KEY.search(json.dumps({key: value for key, value in default[1].items() if key != "kubeconfig"}))


def test_everything_is_marked_with_its_cluster(default):
    assert {one["cluster"] for one in stdin(default[0]).values()} == {"demo-0a1b2c3d"}
    assert "confkube-cluster" in LABELS


def test_the_named_host_is_the_control_plane():
    block = {"metal": {**BLOCK["metal"], "control_plane": "host-3"}}
    recorded, outputs = up(platform=block, pools=[{"name": "workers", "count": 1}])
    assert outputs["endpoint"] == "192.168.7.3:6443"
    assert [each["name"] for each in reach(recorded)["demo-workers"]["hosts"]] == ["host-2"]


def test_hosts_can_be_kept_for_a_pool():
    block = {"metal": {"hosts": [host(1), host(2, tee="snp", pool="b"), host(3, tee="snp", pool="a")]}}
    recorded, _ = up(platform=block, pools=[{"name": "a", "count": 1}, {"name": "b", "count": 1}])
    found = {name: [each["name"] for each in one["hosts"]] for name, one in reach(recorded).items()}
    assert (found["demo-a"], found["demo-b"]) == (["host-3"], ["host-2"])


def test_what_is_proved_and_what_is_not_is_said():
    said = resolve(BLOCK).boot.attestation
    assert said.startswith("hosts given by the user: nothing is proved about them")
    assert "possession of a key, not confidentiality" in said


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({"pools": [{"name": "w", "count": 3}]}, "3 machines are too many for one scale group of metal, which holds 2"),
        ({"pools": [{"name": "w", "machine_type": "m5"}]}, "machine type 'm5': hosts are given"),
        ({"control_plane": {"machine_type": "m5"}}, "machine type 'm5': hosts are given"),
        ({"allow": []}, "metal snp vm on a bare-metal host is unproven"),
        (
            {"tee": "tdx", "pools": [{"name": "w", "count": 2}]},
            "2 machines with tee tdx are wanted, and the hosts beside the control plane are 2 with snp, 1 with tdx",
        ),
        ({"model": "cvm-nodes"}, "a bare-metal host rents no vms"),
        ({"model": "coco-nested"}, "use coco-metal"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_before_anything_is_registered(args, reason):
    seen = recorder.Recorder()
    with pytest.raises(Exception, match=reason) as refused:
        up(seen=seen, **args)
    assert "\n" not in str(refused.value)
    assert seen.registered == []


def test_ranges_of_administrators_are_refused_because_nobody_would_be_kept_out():
    seen = recorder.Recorder()
    with pytest.raises(
        Exception, match=r"args\.admin_cidrs: metal makes no firewall, so 203\.0\.113\.0/24 would keep nobody out"
    ) as refused:
        up(seen=seen, admin_cidrs=["203.0.113.0/24"])
    assert "\n" not in str(refused.value)
    assert seen.of_type(recorder.COMMAND) == []


def test_a_trust_server_of_ours_is_refused():
    platform = resolve(BLOCK)
    from confkube.platform import Cvm, Stock

    spec = ImageSpec(content=Stock(distribution="x"), isolation=Cvm(tee=Tee.SNP))
    with pytest.raises(
        Refusal, match=r"no trust server either; name one that is running elsewhere: args\.trust\.external"
    ):
        platform.image("demo-trust", spec, None)


def test_an_image_of_the_users_own_is_refused():
    spec = ImageSpec(content=Existing(image_id="x"), isolation=Plain())
    with pytest.raises(Refusal, match="hosts keep the system that they have"):
        resolve(BLOCK).image("demo", spec, None)


def test_a_pool_whose_hosts_are_all_for_others_is_refused():
    from confkube.clouds.metal.confidential import hosts_for
    from confkube.metal.hosts import Hosts

    block = parse(Hosts, {"hosts": [host(1), host(2, tee="snp", pool="b")]})
    with pytest.raises(Refusal, match=r"demo-a: every host that could be in it is for another pool: host-2 \(b\)"):
        hosts_for("demo-a", Nested(tee=Tee.SNP), block)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hosts": []}, r"hosts: \[\] is empty"),
        ({"hosts": [host(1), host(2, "host-1")]}, "two of them have the name host-1"),
        ({"hosts": [host(1), {**host(2), "address": "192.168.7.1"}]}, r"two of them have the address 192\.168\.7\.1"),
        ({"hosts": [host(1), {**host(2), "host_key": KEYS[1]}]}, "two of them have the host key of host-1"),
        ({"hosts": [host(1, tee="snp")]}, "every host has a TEE; say which is for the control plane"),
        ({"control_plane": "host-9"}, "'host-9' is none of the hosts; choose one of host-1"),
        ({"hosts": [{**host(1), "address": "rack1.example.org"}]}, "is not an IPv4 address"),
        ({"hosts": [{**host(1), "address": "127.0.0.1"}]}, "no address at which other hosts reach this one"),
        ({"hosts": [host(1, user="root; id")]}, "is not a user name"),
        ({"hosts": [host(1, port=70000)]}, "70000 is not a port"),
        ({"hosts": [host(1, key_file="id_ed25519")]}, "is not a whole path; begin with / or ~/"),
        ({"hosts": [{**host(1), "host_key": "ssh-ed25519 AAAA"}]}, "is not a host's public key"),
        ({"hosts": [{**host(1), "host_key": "ssh-rsa " + KEYS[1].split()[1]}]}, "is not a host's public key"),
        ({"hosts": [{**host(1), "host_key": KEYS[1] + "\nx ssh-ed25519 AAAA"}]}, "holds more than one line"),
        ({"hosts": [{**host(1), "host_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}]}, "holds a private key"),
        ({"hosts": [host(1, tee="sev")]}, "'sev' is not known; choose one of 'snp', 'tdx'"),
        ({"hosts": [host(1, pool="A")]}, "'A' is not a name"),
        ({"ssh_config": "config"}, "is not a whole path"),
        ({"zoen": 1}, "unknown key 'zoen'; the keys are control_plane, hosts, ssh_config"),
    ],
)
def test_a_wrong_block_is_refused(change, reason):
    with pytest.raises(Refusal, match=reason) as refused:
        resolve({"metal": {**BLOCK["metal"], **change}})
    assert str(refused.value).startswith("args.platform.metal")
    assert not re.search(r"\n", str(refused.value))


def test_a_tier_has_no_say_in_addresses():
    limits = resolve(BLOCK).limits
    chosen = Tier(name="control-plane", cidr="10.20.128.0/20")
    assert str(limits.address("control-plane", "10.20.128.10")) == "192.168.7.1"
    assert [str(limits.address("hosts", "x", number)) for number in range(3)] == [f"192.168.7.{n}" for n in (2, 3, 4)]
    assert limits.address("trust", "10.20.1.10") == "10.20.1.10"
    assert chosen.public is False
