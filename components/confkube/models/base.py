"""What all deployment models do in the same way; a model's own file says what is special about it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pulumi

from confkube import models
from confkube.attest.initdata import Binding
from confkube.attest.pods import is_bound, of_cluster
from confkube.component import refusing
from confkube.facts import Cell
from confkube.model_specs import Cluster as ClusterSpec
from confkube.names import CONTROL_PLANE, TRUST, WORKERS
from confkube.placement import isolation_of, trust_tee
from confkube.platform import Account, Cvm, Isolation, Plain, Platform
from confkube.role_types import ClusterRef, ImageRef, JoinRef, TierRef, TrustRef
from confkube.roles.cluster import Cluster
from confkube.roles.control_plane import ControlPlane
from confkube.roles.network import Network
from confkube.roles.openings import API_PORT
from confkube.roles.options import after, stock_image
from confkube.roles.peer_pods import PeerPods
from confkube.roles.trust_server import TrustServer
from confkube.roles.workers import Workers
from confkube.spec import Pool
from confkube.types import Kms, PoolArgs, Tee, WorkerKind

if TYPE_CHECKING:
    from confkube.clouds.args import PlatformArgs
    from confkube.role_types import ControlPlaneArgs, TrustServerArgs, WorkersArgs

_UNTIL_ENROLLED = "waits for enrolment until `confkube trust enroll` has run; `confkube trust status` says what holds"


class Model(pulumi.ComponentResource):
    """A Kubernetes cluster in one deployment model."""

    word = ""
    """How configurations name it; without an annotation, which would make it an output of the schema."""

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

    def _begin(
        self,
        name: str,
        args: Mapping[str, Any],
        spec: ClusterSpec,
        platform: Platform,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """Register the model, and make what every cluster has first: its identity."""
        self._account: Account = platform.account(models.asking(opts))
        super().__init__(f"confkube:index:{type(self).__name__}", name, {}, opts)
        self._name, self._args, self._shared, self._platform = name, args, spec, platform
        self._block = cast("PlatformArgs", args["platform"])
        self._inside = pulumi.ResourceOptions(parent=self)
        self._images: dict[Isolation, ImageRef] = {}
        self._after = after(opts)
        # Keys and names cost nothing and exist nowhere but in the state, so they are made while images are looked up.
        self._cluster = Cluster(name, {"owner": spec.owner, "ttl": spec.ttl}, self._inside)
        self._image(Plain())

    def _make_network(self) -> None:
        """The cluster's network; a step of its own, before which a model may look for more images."""
        self._network_id, self._tiers, self._ready = self._network()

    def _network(self) -> tuple[pulumi.Input[str], Mapping[str, TierRef], tuple[pulumi.Resource, ...]]:
        """Identifier, tiers, and what a machine waits for to reach the internet."""
        spec = self._shared
        if spec.network:
            given = cast("Mapping[str, Any]", self._args["network"])
            tiers = {name: given[name.replace("-", "_")] for name in spec.network.tiers}
            return given["network_id"], tiers, self._after
        made = Network(
            f"{self._name}-network",
            {
                "platform": self._block,
                "cluster": self._cluster.ref,
                "addresses": self._args.get("addresses", {}),
                "admin_cidrs": self._args.get("admin_cidrs", []),
                "model": self.word,
                "own_trust_server": spec.trust.external is None,
                "kms": spec.trust.kms is Kms.DEMO,
            },
            self._inside,
        )
        return made.network_id, made.tiers, (*made.ready, *self._after)

    def _image(self, isolation: Isolation) -> ImageRef:
        """The stock image for machines of one isolation, looked up once for all of them."""
        if isolation not in self._images:
            found = stock_image(self._platform, isolation, self._name, self._inside)
            self._images[isolation] = {"image_id": found.image_id, "root_device": found.root_device}
        return self._images[isolation]

    def _control_plane(self, peer_pods: PeerPods | None = None, **further: object) -> ControlPlane:
        """The control plane; ``further`` arguments of the role come from what is special about the model."""
        if peer_pods:
            further |= {
                "charts": list(peer_pods.charts),
                "chart_values": peer_pods.chart_values,
                "objects": peer_pods.objects,
                "issuer": peer_pods.issuer,
            }
        self._master = ControlPlane(
            f"{self._name}-{CONTROL_PLANE}",
            cast(
                "ControlPlaneArgs",
                {
                    "platform": self._block,
                    "cluster": self._cluster.ref,
                    "authority": self._cluster.authority,
                    "tier": self._tiers[CONTROL_PLANE],
                    "image": self._image(Plain()),
                    "machine": self._args.get("control_plane", {}),
                    "addresses": self._args.get("addresses", {}),
                    "model": self.word,
                    "pins": self._shared.pins,
                    "volumes": self._shared.volumes,
                    "public": bool(self._shared.admin_cidrs),
                    "join_for": self._shared.ttl,
                    **further,
                },
            ),
            self._inside,
            machines_after=(*self._ready, *(peer_pods.ready if peer_pods else ())),
        )
        return self._master

    def _trust_server(self, tee: Tee | None, cell: Cell | None = None) -> TrustRef:
        """The trust server that exists, or one of the cluster's own."""
        domain = models.trust_domain(self._name, self._shared.trust)
        external, server = self._shared.trust.external, self._shared.trust.server
        self._server: TrustServer | None = None
        if external:
            return {
                "endpoint": external.endpoint,
                "trust_domain": domain,
                "root_certificate": external.root_certificate,
            }
        own = trust_tee(self._platform, tee, self._shared)
        machine = {key: each for key, each in self._given_server().items() if key in ("machine_type", "disk_gib")}
        self._server = TrustServer(
            f"{self._name}-{TRUST}",
            cast(
                "TrustServerArgs",
                {
                    "platform": self._block,
                    "cluster": self._cluster.ref,
                    "tier": self._tiers[TRUST],
                    "tee": own,
                    "model": self.word,
                    "image": self._image(Cvm(tee=own)),
                    "machine": machine,
                    "kms": self._shared.trust.kms is Kms.DEMO,
                    "kms_accepts": list(self._shared.trust.kms_accepts),
                    "allow": list(self._shared.allow),
                    "trust_domain": domain,
                    **({"container": server.container} if server and server.container else {}),
                    "reference_values": self._given_server().get("reference_values", []),
                    **({"initdata_binding": cell.initdata} if cell and is_bound(cell) else {}),
                },
            ),
            self._inside,
            machines_after=self._ready,
        )
        return self._server.ref

    def _given_server(self) -> Mapping[str, Any]:
        return self._args.get("trust", {}).get("server") or {}

    def _workers(
        self, pools: tuple[Pool, ...], kind: WorkerKind, tee: Tee | None, further: Mapping[str, Any]
    ) -> dict[str, Workers]:
        """A scale group for each pool."""
        given: list[PoolArgs] = self._args.get("pools", [{"name": pool.name, "count": pool.count} for pool in pools])
        common = {
            "platform": self._block,
            "cluster": self._cluster.ref,
            "tier": self._tiers[WORKERS],
            "join": self._master.join,
            "kind": kind,
            "allow": list(self._shared.allow),
            **({"tee": tee} if tee else {}),
            **further,
        }
        return {
            checked.name: Workers(
                f"{self._name}-{checked.name}",
                cast(
                    "WorkersArgs",
                    {**common, "pool": pool, "image": self._image(isolation_of(kind, checked.tee or tee))},
                ),
                self._inside,
                machines_after=self._ready,
            )
            for pool, checked in zip(given, pools, strict=True)
        }

    def _publish(
        self,
        trust: TrustRef,
        attestation: str,
        *,
        pools: Mapping[str, Workers],
        machines: Mapping[str, pulumi.Output[str]],
    ) -> None:
        """Set the outputs that all models have."""
        self._trust = trust
        master, server, spec = self._master, self._server, self._shared
        single = {CONTROL_PLANE: master.machine_id, **machines}
        if server:
            single[TRUST] = server.machine_id
        private = pulumi.Output.from_input(master.join["endpoint"])
        self.cluster_id = self._cluster.cluster_id
        self.world = pulumi.Output.from_input(self._account.world)
        self.account = pulumi.Output.from_input(self._account.account_id)
        self.place = pulumi.Output.from_input({**self._platform.place, "cidr": str(spec.addresses.cidr)})
        self.endpoint = pulumi.Output.all(master.public_ip, private).apply(
            lambda known: f"{known[0]}:{API_PORT}" if known[0] else known[1]
        )
        self.access = pulumi.Output.all(master.public_ip, master.tunnel).apply(
            lambda known: _access(*known, restricted=bool(spec.admin_cidrs))
        )
        self.kubeconfig = self._cluster.kubeconfig(private, master.public_ip)
        self.machines = pulumi.Output.all(**single)
        self.pools = pulumi.Output.all(**{pool: group.group_id for pool, group in pools.items()})
        self.trust = pulumi.Output.all(
            endpoint=trust["endpoint"],
            trust_domain=trust["trust_domain"],
            root_certificate=trust["root_certificate"],
            state=_UNTIL_ENROLLED if server else "external",
            enrolment=server.tunnel if server else "",
        )
        self.trust_root_key = pulumi.Output.secret(server.root_key if server else "")
        self.created_at = self._cluster.created_at
        self.expires_at = self._cluster.expires_at
        self.attestation = pulumi.Output.from_input(attestation)
        self.register_outputs(self.outputs)

    @property
    def ref(self) -> ClusterRef:
        """What further roles of the same cluster take as ``cluster``."""
        return self._cluster.ref

    @property
    def join(self) -> JoinRef:
        """What further worker pools take as ``join``."""
        return self._master.join

    @property
    def trust_ref(self) -> TrustRef:
        """What further worker pools take as ``trust``."""
        return self._trust

    @property
    def outputs(self) -> dict[str, pulumi.Output[object]]:
        """What a stack exports: what is common to all models, then the model's own."""
        return models.outputs_of(self)


class PodModel(Model):
    """A model whose pods are confidential machines that attest to a Trustee."""

    runtime_class: pulumi.Output[str]
    """Runtime class that a pod names to get a machine of its own."""
    initdata: pulumi.Output[str]
    """Value of pods' annotation ``io.katacontainers.config.hypervisor.cc_init_data``: Trustee and agent policy."""
    initdata_claim: pulumi.Output[str]
    """Claim ``init_data`` of a pod that was started with it; empty where no evidence shows it."""

    def _initdata(self, trust: TrustRef, cell: Cell) -> None:
        """What the pods of a cluster with a Trustee start with, and where that is bound."""
        found = pulumi.Output.all(trust["endpoint"], trust["root_certificate"]).apply(
            refusing(lambda known: of_cluster(*known))
        )
        self.runtime_class = pulumi.Output.from_input(cell.runtime_class or "")
        self.initdata = found.apply(lambda made: made.encoded())
        self.initdata_claim = found.apply(lambda made: made.claim(Binding(cell.initdata)) if is_bound(cell) else "")


def _access(public: str, tunnel: str, *, restricted: bool) -> str:
    if public:
        return f"the API answers at {public}:{API_PORT}" + (" for args.admin_cidrs" if restricted else "")
    if not tunnel:
        return "the API has no public address, because args.admin_cidrs is empty, and the platform was given no tunnel"
    return (
        "the API has no public address, because args.admin_cidrs is empty; "
        f"open a tunnel and use the kubeconfig's context that ends in -tunnel: {tunnel}"
    )
