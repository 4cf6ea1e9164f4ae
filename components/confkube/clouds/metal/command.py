"""One ``confkube metal`` command as a Pulumi resource: boot text and keys go to its standard input, as JSON.

Which hosts it works on is in its environment instead: that holds no secret, and a changed way to a host must reach the
command even where changed boot text must not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pulumi
from pulumi_command import local

from confkube.clouds import local_command
from confkube.clouds.metal.settings import Host, Hosts
from confkube.metal.told import VARIABLE


def resource(
    name: str, spec: Mapping[str, Any], block: Hosts, hosts: Sequence[Host], opts: pulumi.ResourceOptions
) -> tuple[local.Command, pulumi.Output[dict[str, Any]]]:
    """Make a resource that works on ``hosts``: machines where ``spec`` has boot text, else the look at all of them.

    Returns it and what its command answered.

    The previous answer reaches the next command, which gives back the hosts that are not named any more.
    """
    verb = "machines" if "user_data" in spec else "network"
    reach = {"hosts": [plain(host) for host in hosts], "control_plane": None, "ssh_config": block.ssh_config}
    if block.control in hosts:
        reach["control_plane"] = block.control.name
    return local_command.resource(
        name,
        (f"metal {verb}-up", f"metal {verb}-down"),
        spec,
        opts,
        environment={VARIABLE: json.dumps(reach, sort_keys=True)},
    )


def plain(host: Host) -> dict[str, Any]:
    """A host as the command reads it."""
    return {**asdict(host), "tee": host.tee.value if host.tee else None}
