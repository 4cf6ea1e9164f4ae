"""nested-nodes: each worker is a child machine of a child-capable host."""

from typing import TYPE_CHECKING, cast

import pulumi

from confkube.attest import statements
from confkube.component import refusing
from confkube.model_types import NestedNodesArgs
from confkube.models.base import Model
from confkube.models.checks import checked_nested_nodes
from confkube.names import HOSTS
from confkube.platform import Nested
from confkube.roles.nested_host import NestedHost

if TYPE_CHECKING:
    from confkube.role_types import NestedHostArgs


class NestedNodes(Model):
    """A Kubernetes cluster whose workers are child machines of child-capable hosts."""

    word = "nested-nodes"

    @refusing
    def __init__(self, name: str, args: NestedNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform, cell = checked_nested_nodes(name, args)
        self._begin(name, args, spec, platform, opts)
        isolation = Nested(tee=spec.tee)
        self._image(isolation)
        self._make_network()
        self._control_plane(children=args["children"], hosts_cidr=self._tiers[HOSTS]["cidr"])
        trust = self._trust_server(spec.tee)
        machine = {key: each for key, each in args.get("hosts", {}).items() if key != "count"}
        common = {
            "platform": self._block,
            "cluster": self._cluster.ref,
            "tier": self._tiers[HOSTS],
            "join": self._master.join,
            "children": args["children"],
            "machine": machine,
            "image": self._image(isolation),
            "allow": list(spec.allow),
            **({"tee": spec.tee} if spec.tee else {}),
        }
        hosts = {
            f"{HOSTS}-{number}": NestedHost(
                f"{name}-{HOSTS}-{number}",
                cast("NestedHostArgs", {**common, "number": number}),
                self._inside,
                machines_after=self._ready,
            )
            for number in range(1, spec.hosts.count + 1)
        }
        machines = {host: made.machine_id for host, made in hosts.items()}
        self._publish(trust, statements.of_children(cell), pools={}, machines=machines)
