"""The host firewall, loaded for real: a node, a pod behind it, and a metadata service, each in a network of its own."""

import textwrap

import pytest
from boot import samples, tools

from confkube import bootstrap
from confkube.bootstrap.document import written

ADDRESS = "169.254.169.254"
# A Service of the kind that kube-proxy makes, and that leads to the metadata service.
PROXY = f"""
table ip proxy {{
  chain pods {{
    type nat hook prerouting priority -100; policy accept;
    ip daddr 10.96.0.9 tcp dport 80 dnat to {ADDRESS}:80
  }}
  chain node {{
    type nat hook output priority -100; policy accept;
    ip daddr 10.96.0.9 tcp dport 80 dnat to {ADDRESS}:80
  }}
}}
"""


# Answers on the port of time servers what it is asked.
CLOCK = f"""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
    own.bind(("{ADDRESS}", 123))
    while True:
        own.sendto(*own.recvfrom(48))
"""
ASK = f"exec 3<>/dev/udp/{ADDRESS}/123; echo time >&3; read -t 1 -n 1 -u 3"


@pytest.fixture
def rules(tmp_path):
    text = bootstrap.worker(samples.worker())
    path = tmp_path / "firewall.nft"
    path.write_text(next(file.text for file in written(text) if file.path == "/etc/confkube/firewall.nft"))
    return path


def test_nft_accepts_the_rules(rules):
    program, environment = tools.nft()
    result = tools.run(*tools.namespaces("-n"), program, "-c", "-f", str(rules), env=environment)
    assert result.returncode == 0, result.stderr


def test_version_6_address(tmp_path):
    program, environment = tools.nft()
    text = bootstrap.worker(samples.worker(profile=samples.profile(metadata_address="fd00:ec2::254")))
    path = tmp_path / "firewall.nft"
    path.write_text(next(file.text for file in written(text) if file.path == "/etc/confkube/firewall.nft"))
    result = tools.run(*tools.namespaces("-n"), program, "-c", "-f", str(path), env=environment)
    assert result.returncode == 0, result.stderr
    assert "ip6 daddr fd00:ec2::254" in path.read_text()


def test_pods_are_kept_off_and_root_is_not(rules, tmp_path):
    program, environment = tools.nft()
    (tmp_path / "proxy.nft").write_text(PROXY)
    (tmp_path / "clock.py").write_text(CLOCK)
    script = tmp_path / "world.sh"
    script.write_text(
        textwrap.dedent(f"""
        set -eu
        mount -t tmpfs tmpfs /run
        mkdir -p /run/netns
        ip link set lo up
        echo 1 > /proc/sys/net/ipv4/ip_forward
        ip netns add pod; ip netns add cloud
        ip link add pod0 type veth peer name eth0 netns pod
        ip link add cloud0 type veth peer name eth0 netns cloud
        ip addr add 10.244.0.1/24 dev pod0; ip link set pod0 up
        ip addr add 169.254.0.1/16 dev cloud0; ip link set cloud0 up
        ip -n pod addr add 10.244.0.2/24 dev eth0; ip -n pod link set eth0 up
        ip -n pod route add default via 10.244.0.1
        ip -n cloud addr add {ADDRESS}/16 dev eth0; ip -n cloud link set eth0 up; ip -n cloud link set lo up
        ip -n cloud route add default via 169.254.0.1
        ip route add 10.96.0.0/16 dev cloud0
        for port in 80 53; do
            ip netns exec cloud python3 -m http.server --bind {ADDRESS} "$port" >/dev/null 2>&1 &
        done
        ip netns exec cloud python3 {tmp_path}/clock.py >/dev/null 2>&1 &
        {program} -f {tmp_path}/proxy.nft
        try() {{
            name=$1; shift
            if "$@" >/dev/null 2>&1; then echo "$name yes"; else echo "$name no"; fi
        }}
        get="curl -fsS -m 1 -o /dev/null"
        nobody="setpriv --reuid=65534 --clear-groups"
        curl -fsS --retry 50 --retry-delay 0 --retry-all-errors -m 5 -o /dev/null http://{ADDRESS}/
        curl -fsS --retry 50 --retry-delay 0 --retry-all-errors -m 5 -o /dev/null http://{ADDRESS}:53/
        for attempt in 1 2 3 4 5 6 7 8 9; do if bash -c "{ASK}"; then break; fi; done
        all() {{
            try "$1-pod" ip netns exec pod $get http://{ADDRESS}/
            try "$1-pod-by-service" ip netns exec pod $get http://10.96.0.9/
            try "$1-pod-resolver" ip netns exec pod $get http://{ADDRESS}:53/
            try "$1-root" $get http://{ADDRESS}/
            try "$1-user" $nobody $get http://{ADDRESS}/
            try "$1-user-by-service" $nobody $get http://10.96.0.9/
            try "$1-clock" $nobody bash -c "{ASK}"
            try "$1-pod-clock" ip netns exec pod bash -c "{ASK}"
        }}
        all before
        {program} -f {rules}
        {program} -f {rules}
        all after
        {program} list ruleset | grep -c 'table inet confkube'
        kill $(jobs -p)
        """)
    )
    command = [*tools.namespaces("-m", "-n", "-p", "--fork", "--kill-child"), "--mount-proc", "bash", str(script)]
    result = tools.run(*command, env=environment)
    seen = result.stdout.split("\n")
    assert [line for line in seen if line.startswith("before")] == [
        f"before-{who} yes"
        for who in ("pod", "pod-by-service", "pod-resolver", "root", "user", "user-by-service", "clock", "pod-clock")
    ], result.stderr
    assert [line for line in seen if line.startswith("after")] == [
        "after-pod no",
        "after-pod-by-service no",
        "after-pod-resolver yes",
        "after-root yes",
        "after-user no",
        "after-user-by-service no",
        "after-clock yes",
        "after-pod-clock no",
    ], result.stderr
    assert "1" in seen, "loading the rules twice leaves one table"


def test_what_else_a_provider_serves_on_the_host_is_guarded_too(tmp_path):
    text = bootstrap.worker(samples.worker(profile=samples.profile(guarded=(("168.63.129.16", 80),))))
    path = tmp_path / "firewall.nft"
    path.write_text(next(file.text for file in written(text) if file.path == "/etc/confkube/firewall.nft"))
    program, environment = tools.nft()
    result = tools.run(*tools.namespaces("-n"), program, "-c", "-f", str(path), env=environment)
    assert result.returncode == 0, result.stderr
    forward, output = path.read_text().split("chain output")
    assert "ip daddr 168.63.129.16 tcp dport 80 counter drop" in forward
    assert "ip daddr 168.63.129.16 tcp dport 80 meta skuid != 0 counter drop" in output
