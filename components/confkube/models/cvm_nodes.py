"""cvm-nodes: each worker is a confidential virtual machine."""

import pulumi

from confkube import models
from confkube.component import refusing
from confkube.models.checks import checked_cvm_nodes
from confkube.names import CONTROL_PLANE, TRUST, WORKERS
from confkube.platform import Cvm, ImageSpec, Isolation, Plain, Platform
from confkube.roles.cluster import Cluster
from confkube.roles.control_plane import ControlPlane
from confkube.roles.network import API_PORT, Network
from confkube.roles.options import STOCK
from confkube.roles.trust_server import TrustServer
from confkube.roles.workers import Workers
from confkube.types import CvmNodesArgs, ImageRef, PoolArgs, TrustRef

_UNTIL_ENROLLED = "waits for enrolment until `confkube trust enroll` has run; `confkube trust status` says what holds"


class CvmNodes(pulumi.ComponentResource):
    """A Kubernetes cluster whose workers are confidential virtual machines."""

    cluster_id: pulumi.Output[str]
    """Unique name of this incarnation of the cluster."""
    world: pulumi.Output[str]
    """Where it really is: ``cloud``, ``lab`` or ``sandbox``."""
    account: pulumi.Output[str]
    """Account that owns it."""
    place: pulumi.Output[dict[str, str]]
    """Zone and address range of its network, which cannot change while it is up."""
    endpoint: pulumi.Output[str]
    """``address:port`` of the API."""
    access: pulumi.Output[str]
    """How to reach the API from here."""
    kubeconfig: pulumi.Output[str]
    """The administrator's kubeconfig, a secret."""
    machines: pulumi.Output[dict[str, str]]
    """Name -> identifier of each single machine."""
    pools: pulumi.Output[dict[str, str]]
    """Name -> identifier of the scale group of each pool."""
    trust: pulumi.Output[dict[str, str]]
    """Endpoint, trust domain, root certificate and state of the trust server, and how to reach it for enrolment."""
    trust_root_key: pulumi.Output[str]
    """PEM private key of the trust server's offline root, a secret; empty for an external trust server."""
    created_at: pulumi.Output[str]
    """When it was first brought up, RFC 3339."""
    expires_at: pulumi.Output[str]
    """When its lifetime ends, RFC 3339, or ``never``."""
    attestation: pulumi.Output[str]
    """What attestation binds in this cluster, and what it does not."""

    @refusing
    def __init__(self, name: str, args: CvmNodesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec, platform = checked_cvm_nodes(name, args)
        account = platform.account(models.asking(opts))
        super().__init__("confkube:index:CvmNodes", name, {}, opts)
        self._name, self._args, self._spec = name, args, spec
        inside = pulumi.ResourceOptions(parent=self)
        tees = dict.fromkeys([spec.tee, *(pool.tee for pool in spec.pools if pool.tee)])
        isolations: list[Isolation] = [Plain(), *(Cvm(tee=tee) for tee in tees)]
        self._images = {isolation: _image(platform, name, isolation, inside) for isolation in isolations}
        cluster = Cluster(name, {"owner": spec.owner, "ttl": spec.ttl}, inside)
        network = Network(
            f"{name}-network",
            {
                "platform": args["platform"],
                "cluster": cluster.ref,
                "addresses": args.get("addresses", {}),
                "admin_cidrs": args.get("admin_cidrs", []),
                "own_trust_server": spec.trust.external is None,
            },
            inside,
        )
        control_plane = self._control_plane(cluster, network, inside)
        trust, trust_server = self._trust(cluster, network, inside)
        pools = self._workers(cluster, network, control_plane, trust, inside)
        single = {CONTROL_PLANE: control_plane.machine_id}
        if trust_server:
            single[TRUST] = trust_server.machine_id
        private = pulumi.Output.from_input(control_plane.join["endpoint"])
        self.cluster_id = cluster.cluster_id
        self.world = pulumi.Output.from_input(account.world)
        self.account = pulumi.Output.from_input(account.account_id)
        self.place = pulumi.Output.from_input({**platform.place, "cidr": str(spec.addresses.cidr)})
        self.endpoint = pulumi.Output.all(control_plane.public_ip, private).apply(
            lambda known: f"{known[0]}:{API_PORT}" if known[0] else known[1]
        )
        self.access = pulumi.Output.all(control_plane.public_ip, control_plane.tunnel).apply(
            lambda known: _access(*known, restricted=bool(spec.admin_cidrs))
        )
        self.kubeconfig = cluster.kubeconfig(private, control_plane.public_ip)
        self.machines = pulumi.Output.all(**single)
        self.pools = pulumi.Output.all(**{pool: group.group_id for pool, group in pools.items()})
        self.trust = pulumi.Output.all(
            endpoint=trust["endpoint"],
            trust_domain=trust["trust_domain"],
            root_certificate=trust["root_certificate"],
            state=_UNTIL_ENROLLED if trust_server else "external",
            enrolment=trust_server.tunnel if trust_server else "",
        )
        self.trust_root_key = pulumi.Output.secret(trust_server.root_key if trust_server else "")
        self.created_at = cluster.created_at
        self.expires_at = cluster.expires_at
        self.attestation = pulumi.Output.from_input(platform.boot.attestation)
        self.register_outputs(self.outputs)

    @property
    def outputs(self) -> dict[str, pulumi.Output[object]]:
        """What a stack exports; common to all models."""
        return models.outputs_of(self)

    def _control_plane(self, cluster: Cluster, network: Network, opts: pulumi.ResourceOptions) -> ControlPlane:
        return ControlPlane(
            f"{self._name}-{CONTROL_PLANE}",
            {
                "platform": self._args["platform"],
                "cluster": cluster.ref,
                "authority": cluster.authority,
                "tier": network.tiers[CONTROL_PLANE],
                "image": self._images[Plain()],
                "machine": self._args.get("control_plane", {}),
                "addresses": self._args.get("addresses", {}),
                "public": bool(self._spec.admin_cidrs),
                "join_for": self._spec.ttl,
            },
            opts,
            machines_after=network.ready,
        )

    def _trust(
        self, cluster: Cluster, network: Network, opts: pulumi.ResourceOptions
    ) -> tuple[TrustRef, TrustServer | None]:
        domain = models.trust_domain(self._name, self._spec.trust)
        external = self._spec.trust.external
        if external:
            return {
                "endpoint": external.endpoint,
                "trust_domain": domain,
                "root_certificate": external.root_certificate,
            }, None
        server = TrustServer(
            f"{self._name}-{TRUST}",
            {
                "platform": self._args["platform"],
                "cluster": cluster.ref,
                "tier": network.tiers[TRUST],
                "tee": self._spec.tee,
                "trust_domain": domain,
                "image": self._images[Cvm(tee=self._spec.tee)],
                "machine": self._args.get("trust", {}).get("server") or {},
                "allow": list(self._spec.allow),
            },
            opts,
            machines_after=network.ready,
        )
        return server.ref, server

    def _workers(
        self,
        cluster: Cluster,
        network: Network,
        control_plane: ControlPlane,
        trust: TrustRef,
        opts: pulumi.ResourceOptions,
    ) -> dict[str, Workers]:
        given: list[PoolArgs] = self._args.get("pools", [{"name": pool.name} for pool in self._spec.pools])
        return {
            checked.name: Workers(
                f"{self._name}-{checked.name}",
                {
                    "platform": self._args["platform"],
                    "cluster": cluster.ref,
                    "tier": network.tiers[WORKERS],
                    "join": control_plane.join,
                    "trust": trust,
                    "tee": self._spec.tee,
                    "pool": pool,
                    "image": self._images[Cvm(tee=checked.tee or self._spec.tee)],
                    "allow": list(self._spec.allow),
                },
                opts,
                machines_after=network.ready,
            )
            for pool, checked in zip(given, self._spec.pools, strict=True)
        }


def _image(platform: Platform, name: str, isolation: Isolation, opts: pulumi.ResourceOptions) -> ImageRef:
    """The stock image for machines of one isolation, looked up once for all of them."""
    found = platform.image(name, ImageSpec(distribution=STOCK, isolation=isolation), opts)
    return {"image_id": found.image_id, "root_device": found.root_device}


def _access(public: str, tunnel: str, *, restricted: bool) -> str:
    if public:
        return f"the API answers at {public}:{API_PORT}" + (" for args.admin_cidrs" if restricted else "")
    if not tunnel:
        return "the API has no public address, because args.admin_cidrs is empty, and the platform was given no tunnel"
    return (
        "the API has no public address, because args.admin_cidrs is empty; "
        f"open a tunnel and use the kubeconfig's context that ends in -tunnel: {tunnel}"
    )
