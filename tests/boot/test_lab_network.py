"""The lab's network for real: every opening lets through what it names, and nothing else comes through."""

import json
import subprocess
import sys
import textwrap
from ipaddress import IPv4Network
from itertools import permutations
from pathlib import Path

import pytest
from boot import tools

from confkube.roles.openings import openings_of, tiers_of
from confkube_lab import network
from confkube_lab.network import Lab, Opening, Tier

CIDR = IPv4Network("10.20.0.0/16")
MACHINES = {"control-plane": "control-plane", "worker-1": "workers", "worker-2": "workers", "trust": "trust"}
TCP, UDP = (22, 80, 4240, 6443, 8081, 8082, 10250), (53, 8472, 51871)
PROBE = Path(__file__).with_name("probe.py")

# Builds the world that standard input describes, and asks every question in it.
WORLD = """
import json, subprocess, sys
world = json.load(sys.stdin)
run = lambda *command: subprocess.run(command, check=True)
def inside(name, *command):
    prefix = ["ip", "netns", "exec", name] if name else []
    return subprocess.Popen([*prefix, sys.executable, world["probe"], *command], stdout=subprocess.PIPE, text=True)
run("mount", "-t", "tmpfs", "tmpfs", "/run")
run("mkdir", "-p", "/run/netns")
for command in world["commands"]:
    run(*command)
open("/proc/sys/net/ipv4/ip_forward", "w").write("1")
for number, (name, bridge, address, gateway) in enumerate(world["machines"]):
    run("ip", "netns", "add", name)
    run("ip", "link", "add", f"vb-{number}", "type", "veth", "peer", "name", "host0", "netns", name)
    run("ip", "link", "set", f"vb-{number}", "master", bridge, "up")
    for command in ("link set lo up", f"addr add {address} dev host0", "link set host0 up"):
        run("ip", "-n", name, *command.split())
    run("ip", "-n", name, "route", "add", "default", "via", gateway)
servers = [inside(name, "serve", json.dumps(arguments)) for name, arguments in world["serve"]]
for server in servers:
    assert server.stdout.readline() == "ready\\n"
answers = []
for rules in world["rules"]:
    for text in rules:
        subprocess.run([world["nft"], "-f", "-"], input=text, text=True, check=True)
    asking = [inside(name, "ask", json.dumps(questions)) for name, questions in world["ask"]]
    answers.append([json.loads(each.communicate()[0]) for each in asking])
print(json.dumps(answers))
"""


def lab(*admins):
    tiers = tiers_of(CIDR, public=False, own_trust_server=True)
    openings = openings_of(tuple(map(IPv4Network, admins)), own_trust_server=True)
    return Lab(
        lab="demo-network",
        cidr=str(CIDR),
        tools="/",
        image="/",
        tiers=tuple(
            Tier(name=tier.name, cidr=str(tier.cidr), bridge=network.bridge(number))
            for number, tier in enumerate(tiers.values())
        ),
        openings=tuple(
            Opening(tier=each.tier, source=str(each.source), protocol=each.protocol, port=each.port)
            for each in openings
        ),
    )


def addresses(made):
    return {
        name: str(IPv4Network(made.tier(tier).cidr)[16 + number])
        for number, (name, tier) in enumerate(MACHINES.items())
    }


def questions_of(address):
    return [(address, "tcp", port) for port in TCP] + [(address, "udp", port) for port in UDP] + [(address, "icmp", 0)]


@pytest.fixture(scope="module")
def seen():
    """Who reaches what: a set for an open network, and one for the rules of the lab."""
    namespaces = tools.namespaces("-m", "-n", "-p", "--fork", "--kill-child")
    program, environment = tools.nft()
    made, where = lab("203.0.113.0/24"), addresses(lab())
    ask = {
        name: [
            *(each for other in MACHINES if other != name for each in questions_of(where[other])),
            (network.METADATA, "tcp", 80),
            (network.METADATA, "tcp", 22),
            (str(made.tier(tier).gateway), "tcp", 22),
            (str(made.tier(tier).gateway), "icmp", 0),
        ]
        for name, tier in MACHINES.items()
    }
    ask[""] = [(address, "tcp", 6443) for address in where.values()]
    machines = [
        (name, made.tier(tier).bridge, f"{where[name]}/{made.tier(tier).prefix}", str(made.tier(tier).gateway))
        for name, tier in MACHINES.items()
    ]
    world = {
        "probe": str(PROBE),
        "nft": program,
        "commands": network.commands(made),
        "machines": machines,
        "serve": [*((name, [where[name], TCP, UDP]) for name in MACHINES), ("", ["0.0.0.0", [80, 22], []])],
        "ask": list(ask.items()),
        # Twice, as rules are brought up to date while the lab runs.
        "rules": [[], [network.rules(made), network.rules(made)]],
    }
    done = subprocess.run(
        [*namespaces, "--mount-proc", sys.executable, "-c", textwrap.dedent(WORLD)],
        input=json.dumps(world),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [
        {
            (name, *question)
            for (name, questions), found in zip(ask.items(), answers, strict=True)
            for question, yes in zip(questions, found, strict=True)
            if yes
        }
        for answers in json.loads(done.stdout)
    ]


def test_without_rules_everybody_reaches_everything(seen):
    where = addresses(lab())
    assert {(one, *each) for one, other in permutations(MACHINES, 2) for each in questions_of(where[other])} <= seen[0]


def test_every_opening_is_open_and_nothing_else_is(seen):
    where = addresses(lab())
    wanted = {
        (one, where[other], opening.protocol, opening.port)
        for one, other in permutations(MACHINES, 2)
        for opening in lab().openings
        if (opening.source, opening.tier) == (MACHINES[one], MACHINES[other])
    }
    assert len(wanted) > 20
    assert {each for each in seen[1] if each[0] and each[1] in where.values()} == wanted


def test_machines_reach_the_metadata_service_and_nothing_else_of_the_lab(seen):
    gateways = {name: str(lab().tier(tier).gateway) for name, tier in MACHINES.items()}
    beside = {each for each in seen[1] if each[0] and each[1] not in addresses(lab()).values()}
    assert beside == {
        *((name, network.METADATA, "tcp", 80) for name in MACHINES),
        *((name, gateway, "icmp", 0) for name, gateway in gateways.items()),
    }


def test_this_computer_reaches_every_machine(seen):
    assert {each[1] for each in seen[1] if not each[0]} == set(addresses(lab()).values())
