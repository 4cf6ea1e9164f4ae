"""The network of the children for real: what each of them reaches, and that nothing else comes through."""

import re
import sys
from itertools import permutations

import pytest
from boot.children_world import CHILDREN, CLOUD_MTU, METADATA, NODES, OUTSIDE, OVERLAY, seen

from confkube.bootstrap.nested_values import VXLAN_OVERHEAD

TCP, UDP = (22, 53, 80, 443, 2379, 4240, 6443, 10250), (4789, 8472, 51871)
ADDRESSES = {name: str(OVERLAY.child(*where)) for name, where in CHILDREN.items()}
OTHERS = {"metadata": METADATA, "outside": OUTSIDE}
GATEWAYS = {f"gateway-{number}": str(OVERLAY.gateway(number)) for number in (1, 2)}
BETWEEN = {("udp", 8472), ("udp", 51871), ("tcp", 4240), ("icmp", 0)}
EVERY = [*(("tcp", port) for port in TCP), *(("udp", port) for port in UDP), ("icmp", 0)]
# The overlay itself listens at this port of machines.
BOUND = tuple(port for port in UDP if port != 4789)
LARGEST = CLOUD_MTU - VXLAN_OVERHEAD
# Sends one packet of that many bytes, headers included, that may not be cut.
WHOLE = """
import socket, sys
own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
own.setsockopt(socket.IPPROTO_IP, 10, 2)
own.settimeout(2)
own.sendto(bytes(int(sys.argv[2]) - 28), (sys.argv[1], 8472))
print("arrived" if own.recv(64) else "nothing")
"""
# Has the control plane note under which addresses connections reach it.
PEERS = """
ip netns exec control-plane nft -f - <<END
table ip look {{
  set peers {{ type ipv4_addr; flags dynamic; size 64; }}
  chain input {{ type filter hook input priority 0; tcp dport 6443 tcp flags syn update @peers {{ ip saddr }}; }}
}}
END
for child in {children}; do
    ip netns exec "$child" timeout 3 bash -c 'exec 3<>/dev/tcp/{target}/6443'
done
ip netns exec control-plane nft list set ip look peers
"""
SPOOF = """
ip address add {stolen}/32 dev eth0
timeout 3 bash -c 'exec 3<>/dev/tcp/{target}/6443' && echo own
ip route add {target} via {gateway} src {stolen}
timeout 3 bash -c 'exec 3<>/dev/tcp/{target}/6443' && echo stolen
ip route del {target}; ip address del {stolen}/32 dev eth0
"""


@pytest.fixture(scope="module")
def world():
    targets = NODES | ADDRESSES | OTHERS | GATEWAYS
    askers = [*CHILDREN, "control-plane"]
    questions = {
        name: [
            (target, where, *question)
            for target, where in targets.items()
            if target != name and (name in CHILDREN or target in CHILDREN)
            for question in EVERY
        ]
        for name in askers
    }
    serve = [
        *((name, [address, TCP, BOUND]) for name, address in NODES.items()),
        *((name, [address, TCP, UDP]) for name, address in ADDRESSES.items()),
        *((name.replace("gateway", "host"), [address, TCP, BOUND]) for name, address in GATEWAYS.items()),
        *(("", [address, TCP, UDP]) for address in OTHERS.values()),
    ]
    show = {
        "spoof": (
            "child-1-1",
            SPOOF.format(stolen=ADDRESSES["child-1-2"], target=NODES["control-plane"], gateway=OVERLAY.gateway(1)),
        ),
        "whole": ("child-1-1", f"{sys.executable} -c '{WHOLE}' {ADDRESSES['child-2-1']} {LARGEST}"),
        "larger": ("child-1-1", f"{sys.executable} -c '{WHOLE}' {ADDRESSES['child-2-1']} {LARGEST + 1}"),
        "peers": ("", PEERS.format(target=NODES["control-plane"], children=" ".join(CHILDREN))),
    }
    found = seen(serve, [(name, [each[1:] for each in asked]) for name, asked in questions.items()], show)
    yes = {
        (name, target, *question)
        for (name, asked), answers in zip(questions.items(), found["answers"], strict=True)
        for (target, _, *question), answer in zip(asked, answers, strict=True)
        if answer
    }
    return found | {"yes": {(one, other, (protocol, port)) for one, other, protocol, port in yes}}


def reached(world, sources, targets):
    return {(one, other, each) for one, other, each in world["yes"] if one in sources and other in targets}


def test_children_reach_each_other_as_nodes_do_and_no_further(world):
    wanted = {(one, other, each) for one, other in permutations(CHILDREN, 2) for each in BETWEEN}
    assert reached(world, CHILDREN, CHILDREN) == wanted


def test_children_reach_of_the_control_plane_what_workers_reach(world):
    wanted = {(child, "control-plane", each) for child in CHILDREN for each in {*BETWEEN, ("tcp", 6443)}}
    assert reached(world, CHILDREN, {"control-plane"}) == wanted


def test_the_control_plane_reaches_kubelets(world):
    wanted = {("control-plane", child, each) for child in CHILDREN for each in {*BETWEEN, ("tcp", 10250)}}
    assert reached(world, {"control-plane"}, CHILDREN) == wanted


def test_hosts_answer_their_children_nothing_but_echo_requests(world):
    mine = {f"child-{host}-{number}": host for host, number in CHILDREN.values()}
    found = reached(world, CHILDREN, {*GATEWAYS, "host-1", "host-2"})
    # Another host is outside for a child; what it answers there, the cloud's firewall keeps away.
    own = {each for each in found if each[1] in (f"gateway-{mine[each[0]]}", f"host-{mine[each[0]]}")}
    assert own == {
        (child, target, ("icmp", 0)) for child, host in mine.items() for target in (f"gateway-{host}", f"host-{host}")
    }
    assert not {each for each in found if each[2][1] == 4789}


def test_children_are_kept_off_the_metadata_service_but_for_names(world):
    assert reached(world, CHILDREN, {"metadata"}) == {(child, "metadata", ("tcp", 53)) for child in CHILDREN}


def test_children_reach_the_outside_but_send_no_packets_like_the_overlays(world):
    outside = {each for each in EVERY if each != ("udp", 4789)}
    assert reached(world, CHILDREN, {"outside"}) == {(child, "outside", each) for child in CHILDREN for each in outside}


def test_nobody_sends_under_another_childs_address(world):
    assert world["shown"]["spoof"].split() == ["own"]


def test_the_largest_packet_comes_through_whole(world):
    assert set(world["sizes"].values()) == {CLOUD_MTU - 50}
    assert world["shown"]["whole"] == "arrived\n"
    assert world["shown"]["larger"] == ""


def test_the_control_plane_sees_children_under_their_own_addresses(world):
    assert set(re.findall(r"\d+\.\d+\.\d+\.\d+", world["shown"]["peers"])) == set(ADDRESSES.values())


def test_going_down_leaves_nothing(world):
    for text in world["left"].values():
        assert "confkube" not in text
        assert "4789" not in text
        assert "10.21." not in text
