"""The lab boots what AWS boots: the same boot text, but for the lines of ``lab-differences.toml``."""

import difflib
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from boot import samples

from confkube.bootstrap.document import written
from confkube.clouds import resolve
from confkube.clouds.lab import LabPlatform
from confkube.platform import Cvm
from confkube.roles import control_plane, trust_server, workers
from confkube.spec import Addresses, Pool
from confkube.types import Tee

LIST = Path(__file__).with_name("lab-differences.toml")
AWS, LAB = {"aws": {"zone": "us-east-2a"}}, {"lab": {}}
CLUSTER, DOMAIN = "demo-0a1b2c3d", "demo.confkube.internal"
HEAD = "cloud-config"
"""Stands for what is in a user data beside the content of files."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What may differ in one file of one role."""

    role: str
    file: str
    why: str
    aws: tuple[str, ...] = ()
    lab: tuple[str, ...] = ()
    whole: bool = False


@dataclass
class Comparison:
    """Every line that is in one text only must be allowed, and every allowance must be used."""

    allowed: list[Difference]
    used: set[tuple[Difference, str]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def texts(self, aws, lab):
        for role in aws | lab:
            here, there = files(aws[role]), files(lab[role])
            for file in here | there:
                self.file(role, file, here.get(file, []), there.get(file, []))
        for each in self.allowed:
            for rule in [*(["whole"] if each.whole else []), *each.aws, *each.lab]:
                if (each, rule) not in self.used:
                    self.problems.append(f"{each.role} {each.file}: nothing needs {rule!r}; take it off the list")
        return self.problems

    def file(self, role, file, aws, lab):
        entries = [each for each in self.allowed if (each.role, each.file) == (role, file)]
        match = difflib.SequenceMatcher(a=aws, b=lab, autojunk=False)
        steps = [step for step in match.get_opcodes() if step[0] != "equal"]
        if steps and any(each.whole for each in entries):
            self.used |= {(each, "whole") for each in entries}
            return
        for _, a, b, c, d in steps:
            for side, lines in (("aws", aws[a:b]), ("lab", lab[c:d])):
                for line in lines:
                    rules = [(each, rule) for each in entries for rule in getattr(each, side)]
                    found = {(each, rule) for each, rule in rules if re.fullmatch(rule, line)}
                    self.used |= found
                    if not found:
                        self.problems.append(f"{role} {file}: only {side} has {line!r}")


def files(text):
    """What a machine does with a user data, file by file, and the rest of it under ``HEAD``."""
    found = written(text)
    head = [line for line in text.splitlines() if not line.startswith(("    ", "  content: H4"))]
    packed = [f"{each.mode:04o} {each.path}" for each in found if each.bundled]
    assert len(head) > 20
    assert packed
    return {HEAD: head + packed} | {each.path: each.text.splitlines() for each in found}


def texts(block):
    """The boot texts of the model, from the same values on every platform."""
    platform, addresses = resolve(block), Addresses()
    plan = control_plane.Plan(
        name="demo-control-plane",
        address="10.20.0.10",
        addresses=addresses,
        join_for="12h",
        model="cvm-nodes",
        cluster_id=CLUSTER,
        ca_certificate=samples.CERTIFICATE,
        labels={},
    )
    server = trust_server.Plan(model="cvm-nodes", address="10.20.1.10", trust_domain=DOMAIN)
    around = workers.Surroundings(
        cluster_id=CLUSTER,
        api_endpoint="10.20.0.10:6443",
        ca_hash="sha256:" + "0a" * 32,
        token=samples.TOKEN,
        trust_endpoint="10.20.1.10:8081",
        trust_domain=DOMAIN,
        root_certificate=samples.CERTIFICATE,
    )
    pool = Pool(name="workers", labels={"example.org/rack": "1"}, taints=("example.org/tee=snp:NoSchedule",))
    return {
        "control-plane": control_plane.boot_text(platform, plan),
        "trust": trust_server.boot_text(platform, server, CLUSTER, samples.CERTIFICATE),
        "workers": workers.boot_text(platform, pool, Cvm(tee=Tee.SNP), around),
    }


def listed():
    rows = tomllib.loads(LIST.read_text())["difference"]
    lists = [{key: tuple(value) for key, value in row.items() if isinstance(value, list)} for row in rows]
    return [Difference(**{**row, **patterns}) for row, patterns in zip(rows, lists, strict=True)]


def test_nothing_differs_but_what_is_listed():
    assert Comparison(listed()).texts(texts(AWS), texts(LAB)) == []


def test_everything_that_is_listed_has_a_reason():
    assert all(len(each.why) > 15 for each in listed())


@pytest.mark.parametrize("number", range(len(listed())))
def test_each_entry_is_needed_to_the_last_pattern(number):
    allowed = listed()
    entry = allowed[number]
    fewer = [replace(entry, whole=False)] if entry.whole else []
    fewer += [replace(entry, aws=tuple(each for each in entry.aws if each != rule)) for rule in entry.aws]
    fewer += [replace(entry, lab=tuple(each for each in entry.lab if each != rule)) for rule in entry.lab]
    assert fewer
    for less in fewer:
        rest = [*allowed[:number], less, *allowed[number + 1 :]]
        assert Comparison(rest).texts(texts(AWS), texts(LAB)), less


@pytest.mark.parametrize(
    "stale",
    [
        Difference(role="workers", file="/etc/confkube/kubeadm.yaml", why="", lab=("kind: Nothing",)),
        Difference(role="workers", file="/etc/confkube/spire-agent.conf", why="", aws=(".*gcp_iit.*",)),
        Difference(role="workers", file="/etc/confkube/kubeadm.yaml", why="", whole=True),
        Difference(role="workers", file="/etc/no-such-file", why="", whole=True),
    ],
)
def test_an_entry_that_allows_nothing_fails(stale):
    (problem,) = Comparison([*listed(), stale]).texts(texts(AWS), texts(LAB))
    assert problem.startswith(f"{stale.role} {stale.file}: nothing needs")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"metadata_address": "169.254.169.253"}, "/etc/confkube/firewall.nft: only lab has"),
        ({"guarded": (("168.63.129.16", 80),)}, "/etc/confkube/firewall.nft: only lab has"),
        ({"node_attestor_server": {"name": "join_token"}}, "/etc/confkube/spire-server.conf: only lab has"),
    ],
)
def test_a_line_that_is_not_listed_fails(change, where, monkeypatch):
    profile = replace(resolve(LAB).boot, **change)
    monkeypatch.setattr(LabPlatform, "boot", profile)
    assert any(where in each for each in Comparison(listed()).texts(texts(AWS), texts(LAB)))


@pytest.mark.parametrize(
    ("old", "new", "role", "where"),
    [
        ("systemctl, daemon-reload", "systemctl, daemon-reexec", "workers", HEAD),
        ("permissions: '0600'", "permissions: '0644'", "trust", HEAD),
        ("runcmd:\n", "runcmd:\n- [touch, /lab]\n", "control-plane", HEAD),
    ],
)
def test_a_change_of_the_cloud_config_itself_fails(old, new, role, where):
    lab = texts(LAB)
    assert old in lab[role]
    changed = lab | {role: lab[role].replace(old, new)}
    assert any(each.startswith(f"{role} {where}: ") for each in Comparison(listed()).texts(texts(AWS), changed))
