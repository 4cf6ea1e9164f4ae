"""Builds the world that standard input describes, and asks every question in it; run in namespaces of its own."""

import json
import subprocess
import sys
from pathlib import Path

# A machine has its own files; all share the rest of this computer's.
_INSIDE = 'mount --bind "$1" /etc/confkube; mount --bind "$2" /run/confkube; shift 2; exec "$@"'
_OVERLAY = "/usr/local/lib/confkube/overlay.sh"
_COVERED = ("/etc", "/usr/local", "/var/lib")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class World:
    """The machines."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.nodes, self.children = wanted["nodes"], wanted["children"]
        self.sizes = {}

    def inside(self, name, *command):
        if not name:
            return command
        own = [f"{self.wanted['folder']}/{name}/{path}" for path in ("etc/confkube", "run/confkube")]
        return ["ip", "netns", "exec", name, "sh", "-c", _INSIDE, "sh", *own, *command]

    def prepare(self):
        """Put the boot files in place, where they change nothing of this computer."""
        folder = self.wanted["folder"]
        for number, path in enumerate(_COVERED):
            over = f"{folder}/over/{number}"
            for part in ("upper", "work"):
                Path(f"{over}/{part}").mkdir(parents=True)
            run(
                "mount",
                "-t",
                "overlay",
                "overlay",
                "-o",
                f"lowerdir={path},upperdir={over}/upper,workdir={over}/work",
                path,
            )
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        for path in ("/run/netns", "/run/confkube", "/etc/confkube", "/usr/local/lib/confkube"):
            Path(path).mkdir(parents=True, exist_ok=True)
        run("mount", "--bind", f"{folder}/host-1/usr/local/lib/confkube", "/usr/local/lib/confkube")
        Path("/usr/local/bin/nft").symlink_to(self.wanted["nft"])

    def cloud(self):
        """A cloud's network: machines, the metadata service, and the outside."""
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "cloud", "type", "bridge")
        run("ip", "link", "set", "cloud", "mtu", str(self.wanted["mtu"]), "up")
        for address in ("10.20.0.1/16", f"{self.wanted['metadata']}/32", f"{self.wanted['outside']}/32"):
            run("ip", "address", "add", address, "dev", "cloud")
        for number, (name, address) in enumerate(self.nodes.items()):
            self.plug(name, "cloud", f"n{number}", (f"{address}/16", "10.20.0.1"), self.wanted["mtu"])

    def plug(self, name, bridge, cable, addresses, mtu, *, mac="", other=""):
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "new0", *(["address", mac] if mac else []), "type", "veth", "peer", "name", "new1")
        run("ip", "link", "set", "new0", "name", "eth0", "mtu", str(mtu), "netns", name)
        if other:
            run("ip", "link", "set", "new1", "netns", other)
        where = ["-n", other] if other else []
        run("ip", *where, "link", "set", "new1", "name", cable, "mtu", str(mtu), "master", bridge, "up")
        address, gateway = addresses
        for words in ("link set lo up", f"address add {address} dev eth0", "link set eth0 up"):
            run("ip", "-n", name, *words.split())
        run("ip", "-n", name, "route", "add", "default", "via", gateway)

    def overlay(self):
        for name in self.nodes:
            run(*self.inside(name, "nft", "-f", "/etc/confkube/overlay.nft"))
            if name != "control-plane":
                run(*self.inside(name, "nft", "-f", "/etc/confkube/firewall.nft"))
            for _ in range(2):
                said = run(*self.inside(name, "sh", _OVERLAY, "up"))
            self.sizes[name] = int(said.split()[-2])
        for name, child in self.children.items():
            host, cable = child["host"], child["cable"]
            addresses = (child["address"] + "/24", child["gateway"])
            self.plug(name, "confkube-br", cable, addresses, self.sizes[host], mac=child["mac"], other=host)
            run("ip", "netns", "exec", host, "bridge", "link", "set", "dev", cable, "isolated", "on")
        # As when the firewall is loaded anew.
        for name in self.nodes:
            run(*self.inside(name, "nft", "-f", "/etc/confkube/overlay.nft"))

    def probe(self, name, *words):
        command = self.inside(name, sys.executable, self.wanted["probe"], *words)
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def answers(self):
        servers = [self.probe(name, "serve", json.dumps(arguments)) for name, arguments in self.wanted["serve"]]
        for server in servers:
            assert server.stdout.readline() == "ready\n"
        asking = [self.probe(name, "ask", json.dumps(questions)) for name, questions in self.wanted["ask"]]
        return [json.loads(each.communicate()[0]) for each in asking]

    def shown(self, where, text):
        command = self.inside(where, "sh", "-c", text)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def left(self):
        """What is there after the networks have been taken away; the cables of children go with their hypervisors."""
        for child in self.children.values():
            run("ip", "-n", child["host"], "link", "delete", child["cable"])
        for name in self.nodes:
            run(*self.inside(name, "sh", _OVERLAY, "down"))
        look = "ip -o link; ip rule; ip route show table all"
        return {name: run(*self.inside(name, "sh", "-c", look)) for name in self.nodes}


def main():
    world = World(json.load(sys.stdin))
    world.prepare()
    world.cloud()
    world.overlay()
    answers = world.answers()
    shown = {name: world.shown(*words) for name, words in world.wanted["show"].items()}
    found = {"answers": answers, "shown": shown, "left": world.left(), "sizes": world.sizes}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
