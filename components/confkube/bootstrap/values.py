"""The values that boot text is made of: one frozen class for each machine role, and what the platform adds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from confkube.attest import statements
from confkube.attest.plugin import Plugin
from confkube.bootstrap import checks
from confkube.bootstrap.charts import SYSTEM_NAMESPACE, AddOn
from confkube.bootstrap.files import BootFile
from confkube.bootstrap.host_runtime import HANDLERS, WORKER_LABEL, HostRuntime
from confkube.bootstrap.relying_party import RelyingParty
from confkube.bootstrap.software import Software, pinned
from confkube.errors import Refusal

TAINT_EFFECTS = ("NoExecute", "NoSchedule", "PreferNoSchedule")
DEFAULT_ISSUER = "https://kubernetes.default.svc.cluster.local"
"""What kubeadm has the tokens of service accounts issued under."""


@dataclass(frozen=True, kw_only=True)
class Taint:
    """A taint that a node registers with."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"

    def __post_init__(self) -> None:
        checks.taint("taint", self.key, self.value)
        checks.one_of("taint effect", self.effect, TAINT_EFFECTS)


@dataclass(frozen=True, kw_only=True)
class TrustAgent:
    """Where a worker's SPIRE agent finds its server, and the only root that it believes.

    Attributes:
        server_address: Address of the SPIRE server.
        port: Port of the SPIRE server.
        trust_domain: SPIFFE trust domain.
        root_pem: Offline root certificate, PEM.
    """

    server_address: str
    trust_domain: str
    root_pem: str
    port: int = 8081

    def __post_init__(self) -> None:
        checks.host("trust server address", self.server_address)
        checks.port("trust server port", self.port)
        checks.trust_domain("trust domain", self.trust_domain)
        object.__setattr__(self, "root_pem", checks.certificates("trust root", self.root_pem))


@dataclass(frozen=True, kw_only=True)
class BootProfile:
    """What a platform adds to boot text.

    Attributes:
        provider: Name of the provider, for messages.
        metadata_address: IP address of the metadata service, from which pods are kept away.
        guarded: Further endpoints of the provider, address and TCP port, that pods are kept away from.
        fetch_secret: Text of a shell script that prints the secret addressed by its first argument to stdout.
        secret_address: Template of that argument; ``{name}`` stands for the secret's name.
        node_attestor_agent: The node attestor of SPIRE agents: ``name``, and optionally ``data``.
        node_attestor_server: The node attestor of the SPIRE server, in the same form.
        user_data_limit: Most bytes of user data, before any encoding for transport.
        compressed: Whether user data travels compressed (``document.carried``), because that bound is tight.
        attestation: What the node attestor proves and what it does not, for outputs.
    """

    provider: str
    metadata_address: str
    fetch_secret: str
    node_attestor_agent: Mapping[str, object]
    node_attestor_server: Mapping[str, object]
    user_data_limit: int
    compressed: bool = False
    guarded: tuple[tuple[str, int], ...] = ()
    secret_address: str = "{name}"  # noqa: S105  the address of a secret is none
    attestation: str = statements.INSTANCE_IDENTITY

    def __post_init__(self) -> None:
        checks.address("metadata address", self.metadata_address)
        for address, port in self.guarded:
            checks.address("guarded address", address)
            checks.port("guarded port", port)
        if "{name}" not in self.secret_address:
            raise Refusal(f"secret_address: {self.secret_address!r} does not contain {{name}}")
        if not self.fetch_secret.startswith("#!/"):
            raise Refusal("fetch_secret: the script does not start with #!/")
        Plugin.parse("node_attestor_agent", self.node_attestor_agent)
        Plugin.parse("node_attestor_server", self.node_attestor_server)


@dataclass(frozen=True, kw_only=True)
class ControlPlaneBoot:
    """Values of the control plane's boot text.

    Attributes:
        cluster_id: Name of the cluster.
        node_name: Name of the node, also the machine's host name.
        private_ip: Fixed private address; the API endpoint inside the cluster.
        ca_certificate_pem: Certificate of the cluster's CA; its key comes from the secret.
        secret_name: Name of the secret with ca.crt, ca.key, sa.key, sa.pub and token, one JSON object; the keys may be
            RSA or EC.
        pod_cidr: Network of the pods.
        service_cidr: Network of the services.
        cert_sans: Further names and addresses in the API server's certificate.
        addons: Charts to install, in order.
        issuer: Name under which tokens of service accounts are issued, an https address; empty: the default one. Tokens
            of the default one stay good.
        objects: Whether the secret brings Kubernetes objects, namespaces and secrets, that the cluster gets at first.
        runtime_classes: Runtimes that the hosts bring themselves and that no chart makes a runtime class of.
        extra_files: Further files of the machine.
        extra_units: Units among them to enable and start.
        token_ttl: How long workers can join with the bootstrap token, counted from the first boot.
        extra_user_data: Further user data parts; each starts with ``#cloud-config`` or ``#!``.
        software: What is installed; the pinned programs by default.
        profile: What the platform adds.
    """

    cluster_id: str
    node_name: str
    private_ip: str
    ca_certificate_pem: str
    secret_name: str
    profile: BootProfile
    api_port: int = 6443
    pod_cidr: str = "10.244.0.0/16"
    service_cidr: str = "10.96.0.0/16"
    cert_sans: tuple[str, ...] = ()
    addons: tuple[AddOn, ...] = ()
    issuer: str = ""
    objects: bool = False
    runtime_classes: tuple[str, ...] = ()
    extra_files: tuple[BootFile, ...] = ()
    extra_units: tuple[str, ...] = ()
    token_ttl: timedelta = timedelta(hours=24)
    extra_user_data: tuple[str, ...] = ()
    software: Software = field(default_factory=pinned)

    def __post_init__(self) -> None:
        checks.dns_label("cluster_id", self.cluster_id)
        checks.dns_label("node_name", self.node_name)
        checks.address("private_ip", self.private_ip)
        checks.port("api_port", self.api_port)
        checks.cidr("pod_cidr", self.pod_cidr)
        checks.cidr("service_cidr", self.service_cidr)
        for name in self.cert_sans:
            checks.host("cert_sans", name.removeprefix("*."))
        if self.token_ttl < timedelta(minutes=1):
            raise Refusal(f"token_ttl: {self.token_ttl} is too short; choose at least one minute")
        if not self.secret_name or any(c.isspace() or not c.isprintable() for c in self.secret_name):
            raise Refusal(f"secret_name: {self.secret_name!r} is empty or holds spaces")
        if self.issuer:
            checks.url("issuer", self.issuer, ("https",))
        for name in self.runtime_classes:
            checks.one_of("runtime class", name, HANDLERS)
        names = [addon.name for addon in self.addons]
        if len(set(names)) != len(names):
            raise Refusal(f"add-ons: each name may occur once, given {', '.join(names)}")
        pem = checks.certificates("ca_certificate_pem", self.ca_certificate_pem)
        object.__setattr__(self, "ca_certificate_pem", pem)

    @property
    def api_endpoint(self) -> str:
        """The API endpoint inside the cluster, ``address:port``."""
        return (
            f"[{self.private_ip}]:{self.api_port}" if ":" in self.private_ip else f"{self.private_ip}:{self.api_port}"
        )

    @property
    def privileged_namespaces(self) -> list[str]:
        """Namespaces that the Pod Security baseline does not apply to."""
        return sorted({SYSTEM_NAMESPACE, *(addon.namespace for addon in self.addons if addon.privileged)})


@dataclass(frozen=True, kw_only=True)
class WorkerBoot:
    """Values of a worker pool's boot text; all machines of the pool boot from the same text.

    Attributes:
        cluster_id: Name of the cluster.
        pool: Name of the pool.
        api_endpoint: ``address:port`` of the API server.
        ca_hash: Hash of the CA's public key, ``sha256:…``.
        token: Bootstrap token, a short-lived secret.
        node_labels: Labels that the nodes register with. They are claims of the node about itself.
        taints: Taints that the nodes register with.
        trust: The trust server; without one no agent is installed.
        runtime: What the machine needs so that pods can run in virtual machines; None for ordinary containers.
        extra_files: Further files of the machine.
        extra_units: Units among them to enable and start.
        extra_user_data: Further user data parts; each starts with ``#cloud-config`` or ``#!``.
        software: What is installed; the pinned programs by default.
        profile: What the platform adds.
    """

    cluster_id: str
    pool: str
    api_endpoint: str
    ca_hash: str
    token: str = field(repr=False)
    profile: BootProfile
    node_labels: Mapping[str, str] = field(default_factory=dict[str, str])
    taints: tuple[Taint, ...] = ()
    trust: TrustAgent | None = None
    runtime: HostRuntime | None = None
    extra_files: tuple[BootFile, ...] = ()
    extra_units: tuple[str, ...] = ()
    extra_user_data: tuple[str, ...] = ()
    software: Software = field(default_factory=pinned)

    def __post_init__(self) -> None:
        checks.dns_label("cluster_id", self.cluster_id)
        checks.dns_label("pool", self.pool)
        checks.endpoint("api_endpoint", self.api_endpoint)
        checks.ca_hash("ca_hash", self.ca_hash)
        checks.token("token", self.token)
        checks.labels("node_labels", self.node_labels)

    @property
    def label_argument(self) -> str:
        """The labels in the kubelet's form, sorted."""
        worker = {WORKER_LABEL: ""} if self.runtime else {}
        return ",".join(f"{key}={value}" for key, value in sorted((worker | dict(self.node_labels)).items()))


@dataclass(frozen=True, kw_only=True)
class TrustServerBoot:
    """Values of the trust server's boot text. It makes its own key and waits to be enrolled.

    Attributes:
        cluster_id: Name of the cluster.
        trust_domain: SPIFFE trust domain.
        root_pem: Offline root certificate, PEM; only a certificate under it is taken.
        bind_port: Port of the SPIRE server.
        relying_party: A demonstration that takes its identities, on the same machine.
        extra_user_data: Further user data parts; each starts with ``#cloud-config`` or ``#!``.
        software: What is installed; the pinned programs by default.
        profile: What the platform adds; its ``node_attestor_server`` is the only way for an agent to attest.
    """

    cluster_id: str
    trust_domain: str
    root_pem: str
    profile: BootProfile
    bind_port: int = 8081
    relying_party: RelyingParty | None = None
    extra_user_data: tuple[str, ...] = ()
    software: Software = field(default_factory=pinned)

    def __post_init__(self) -> None:
        checks.dns_label("cluster_id", self.cluster_id)
        checks.trust_domain("trust_domain", self.trust_domain)
        checks.port("bind_port", self.bind_port)
        object.__setattr__(self, "root_pem", checks.certificates("trust root", self.root_pem))
