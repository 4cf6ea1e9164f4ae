"""The process that holds the lab: first in its namespaces, with the services of a provider inside.

Run by ``labs.up``; when it ends, the kernel ends everything in the lab.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from confkube_lab import forward, network
from confkube_lab.home import LabHome, read_json
from confkube_lab.inventory import Inventory
from confkube_lab.metadata import serve
from confkube_lab.network import Lab


def main() -> None:
    """Build the network, start the services, say so on the pipe, and wait for the end.

    Arguments: the home's path, a file descriptor to write ``ready`` to, and a JSON list of [descriptor, tier, port] of
    sockets that listen outside the lab.
    """
    # Signals are waited for, so threads must not be interrupted by them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, signal.SIGTERM})
    home, ready = LabHome(Path(sys.argv[1])), int(sys.argv[2])
    lab = Lab.read(read_json(home.lab_file))
    inventory = Inventory(home)
    build(lab)
    serve(inventory)
    sockets = [(socket.socket(fileno=number), tier, port) for number, tier, port in json.loads(sys.argv[3])]
    threading.Thread(target=forward.serve, args=(sockets, inventory), daemon=True).start()
    os.write(ready, b"ready\n")
    os.close(ready)
    while signal.sigwait({signal.SIGCHLD, signal.SIGTERM}) == signal.SIGCHLD:
        _reap()


def build(lab: Lab) -> None:
    """Make the bridges and rules in this namespace.

    Raises:
        subprocess.CalledProcessError: The kernel refuses one.
    """
    for command in network.commands(lab):
        subprocess.run(["chroot", lab.tools, *command], check=True)  # noqa: S603, S607
    subprocess.run(["chroot", lab.tools, "nft", "-f", "-"], input=network.cables(), text=True, check=True)  # noqa: S603, S607
    enforce(lab)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def enforce(lab: Lab, *prefix: str) -> None:
    """Put the firewall's rules in place, in one step.

    Raises:
        subprocess.CalledProcessError: nft refuses them.
    """
    command = [*prefix, "chroot", lab.tools, "nft", "-f", "-"]
    subprocess.run(command, input=network.rules(lab), text=True, check=True)  # noqa: S603


def _reap() -> None:
    """Take leave of every process that has ended: the first one of a namespace inherits the orphans."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    main()
