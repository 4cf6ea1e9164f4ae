"""What the lab cannot carry, or does not know, is refused in one line before anything is registered."""

import os
import sys
from dataclasses import replace

import pulumi
import pytest
import recorder

import confkube as ck
from confkube import world
from confkube.clouds.lab import LabPlatform, platform
from confkube.errors import Refusal

GOOD = {"platform": {"lab": {}}, "tee": "snp", "allow": ["unattested"]}


@pytest.fixture(autouse=True)
def computer(monkeypatch):
    """A computer that carries five machines, which is what a cluster has by default."""
    limits = LabPlatform.limits.fget
    small = property(lambda lab: replace(limits(lab), machines=5, machines_why="it has 3.5 GiB of memory"))
    monkeypatch.setattr(LabPlatform, "limits", small)


def refused(**wrong):
    seen = recorder.Recorder()
    with pytest.raises(pulumi.RunError) as refusal:
        recorder.run(lambda: ck.CvmNodes("demo", {**GOOD, **wrong}).outputs, recorder=seen)
    assert seen.registered == []
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_the_default_cluster_fits():
    recorded, _ = recorder.run(lambda: ck.CvmNodes("demo", GOOD).outputs)
    assert len(recorded.of_type(recorder.COMMAND)) == 4


@pytest.mark.parametrize(
    ("pools", "machines"),
    [
        ([{"name": "a", "count": 4}], 6),
        ([{"name": "a", "count": 2}, {"name": "b", "count": 2}], 6),
        ([{"name": "a", "count": 1000}], 1002),
    ],
)
def test_more_machines_than_there_is_memory_for(pools, machines):
    assert refused(pools=pools) == (
        f"args.pools: with the machines beside them these are {machines} machines, and lab carries 5, "
        "as it has 3.5 GiB of memory; choose fewer workers"
    )


def test_a_trust_server_elsewhere_takes_no_memory_here():
    external = {"endpoint": "spire.example.org:8081", "root_certificate": recorder.CERTIFICATE}
    args = {**GOOD, "pools": [{"name": "a", "count": 4}], "trust": {"external": external}}
    recorded, _ = recorder.run(lambda: ck.CvmNodes("demo", args).outputs)
    assert len(recorded.of_type(recorder.COMMAND)) == 3
    assert "these are 6 machines" in refused(**args | {"pools": [{"name": "a", "count": 5}]})


def limits_of(gib, watchers, patch):
    patch.undo()
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(gib * 2**30 / 4096)}
    patch.setattr(os, "sysconf", pages.__getitem__)
    patch.setattr(platform, "_watchers", lambda: watchers)
    found = LabPlatform({}, "lab").limits
    return found.machines, found.machines_why


@pytest.mark.parametrize(("gib", "machines"), [(0.5, 0), (1, 0), (2, 2), (3.5, 5), (8, 14), (64, 126)])
def test_machines_follow_from_memory(gib, machines, monkeypatch):
    assert limits_of(gib, sys.maxsize, monkeypatch) == (machines, f"it has {gib:.1f} GiB of memory")


@pytest.mark.parametrize(("watchers", "machines"), [(0, 0), (43, 0), (44, 1), (128, 7), (1024, 71)])
def test_machines_follow_from_the_kernels_watchers(watchers, machines, monkeypatch):
    found, why = limits_of(64, watchers, monkeypatch)
    assert found == machines
    assert why.startswith(f"its kernel allows {watchers} watchers (raise that with: sysctl ")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"control_plane": {"disk_gib": 1025}},
            "args.control_plane: disk_gib 1025 is too large; lab takes 1024 or less",
        ),
        ({"pools": [{"name": "a", "disk_gib": 2000}]}, "pool a: disk_gib 2000 is too large; lab takes 1024 or less"),
        ({"trust": {"server": {"disk_gib": 1025}}}, "args.trust.server: disk_gib 1025 is too large"),
        ({"allow": []}, "lab snp vm is unattested: the machines of the lab run on this computer without"),
        ({"allow": ["preview"]}, "allow: [unattested]"),
        ({"allow": [], "tee": "tdx"}, "lab tdx vm is unattested"),
        (
            {"pools": [{"name": "a", "machine_type": "lab-plain"}]},
            "pool a: lab instance type 'lab-plain' has no snp; choose one of lab-emulated",
        ),
        ({"pools": [{"name": "a", "machine_type": "m6a.large"}]}, "lab instance type: 'm6a.large' is not known"),
        ({"platform": {"lab": {"memory": 4}}}, "args.platform.lab: unknown key 'memory'; the keys are none"),
        ({"platform": {"lab": []}}, "args.platform.lab: [] is not a block of arguments; write {}"),
        ({"platform": {"lab": {}, "aws": {"zone": "us-east-2a"}}}, "2 platform blocks are given (aws, lab)"),
        ({"addresses": {"cidr": "10.0.0.0/7"}}, "10.0.0.0/7"),
    ],
)
def test_is_refused(wrong, sentence):
    assert sentence in refused(**wrong)


@pytest.mark.parametrize(
    ("recorded", "sentence"),
    [
        (
            {"world": "cloud", "account": "111122223333"},
            "lives in the cloud account 111122223333, but the credentials here are for the lab account computer-0a",
        ),
        ({"world": "sandbox", "account": "000000000000"}, "lives in the sandbox account 000000000000"),
        ({"world": "lab", "account": "computer-ffffffffffff"}, "lives in the lab account computer-ffffffffffff"),
    ],
)
def test_another_world_is_refused(recorded, sentence, monkeypatch):
    monkeypatch.setattr(world, "_outputs_of_this_stack", lambda: recorded)

    def program():
        with pytest.raises(Refusal, match=sentence) as refusal:
            world.require_same_world(GOOD)
        assert "\n" not in str(refusal.value)

    recorder.run(program)


def test_the_lab_where_it_was_made_is_fine(monkeypatch):
    found = {"world": "lab", "account": "computer-0a1b2c3d4e5f", "place": {"zone": "this-computer"}}
    monkeypatch.setattr(world, "_outputs_of_this_stack", lambda: found)
    recorder.run(lambda: world.require_same_world(GOOD))
