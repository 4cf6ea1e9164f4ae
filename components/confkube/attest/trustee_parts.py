"""The parts of Trustee's configuration, as typed models; see ``trustee``, which puts them together."""

import re
from dataclasses import dataclass, field

from confkube.errors import choose

_SOCKET = re.compile(r"(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d{1,5}")
_PROFILES = ("intermediate", "modern")
_STORES = ("LocalFs", "Memory")
_BUILTIN, _GRPC = ("coco_as_builtin", "CoCoASBuiltIn"), ("coco_as_grpc", "CoCoASGrpc")
_MODES = ("AuthenticatedAuthorization", "DenyAll")


@dataclass(frozen=True, kw_only=True)
class HttpServer:
    """Where it listens; always with TLS."""

    sockets: tuple[str, ...]
    private_key: str
    certificate: str
    tls_profile: str = "modern"
    payload_request_size: int | None = None
    worker_count: int | None = None
    insecure_http: bool | None = None

    def __post_init__(self) -> None:
        for socket in self.sockets:
            if not _SOCKET.fullmatch(socket):
                raise ValueError(f"socket {socket!r} is not address:port with an IP address, such as 0.0.0.0:8080")
        if not self.sockets:
            raise ValueError("it listens nowhere; give sockets")
        if self.insecure_http:
            raise ValueError("insecure_http is refused: evidence and secrets would pass in the clear")
        if self.tls_profile not in _PROFILES:
            raise choose("tls_profile", self.tls_profile, _PROFILES)
        _absolute("private_key", self.private_key)
        _absolute("certificate", self.certificate)


@dataclass(frozen=True, kw_only=True)
class AttestationToken:
    """Which attestation tokens are believed when a resource is asked for."""

    trusted_certs_paths: tuple[str, ...]
    trusted_jwk_sets: tuple[str, ...] = ()
    extra_teekey_paths: tuple[str, ...] = ()
    insecure_header_jwk: bool | None = None

    def __post_init__(self) -> None:
        if self.insecure_header_jwk:
            raise ValueError("insecure_header_jwk is refused: anybody could sign an attestation token")
        if not self.trusted_certs_paths and not self.trusted_jwk_sets:
            raise ValueError("no token would ever be believed; give trusted_certs_paths")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """The key that signs attestation tokens, of the curve P-256 alone, and its chain of certificates."""

    key_path: str
    cert_path: str


@dataclass(frozen=True, kw_only=True)
class TokenBroker:
    """What attestation tokens (EAR) say of themselves."""

    signer: Signer
    duration_min: int = 5
    issuer_name: str | None = None
    developer_name: str | None = None
    build_name: str | None = None
    profile_name: str | None = None
    verbose_token: bool | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.duration_min <= 60:
            raise ValueError(f"duration_min: {self.duration_min} is outside of 1 to 60 minutes")


@dataclass(frozen=True, kw_only=True)
class VcekSource:
    """Where certificates of SEV-SNP processors come from."""

    type: str
    path: str | None = None
    base_url: str | None = None

    def __post_init__(self) -> None:
        fields = {"KDS": self.path, "OfflineStore": self.base_url}
        if self.type not in fields:
            raise choose("type", self.type, fields)
        if fields[self.type] is not None:
            raise ValueError(f"type {self.type} takes {'base_url' if self.type == 'KDS' else 'path'} alone")


@dataclass(frozen=True, kw_only=True)
class SnpVerifier:
    """How evidence of SEV-SNP is verified."""

    vcek_sources: tuple[VcekSource, ...] = (VcekSource(type="KDS"),)


@dataclass(frozen=True, kw_only=True)
class DcapVerifier:
    """Where collateral of TDX comes from; ``https`` of Intel's service or of a cache."""

    collateral_service: str
    tcb_update_type: str | None = None

    def __post_init__(self) -> None:
        if not self.collateral_service.startswith("https://"):
            raise ValueError(f"collateral_service: {self.collateral_service!r} does not start with https://")


@dataclass(frozen=True, kw_only=True)
class Verifiers:
    """Settings of verifiers; what is left out has its defaults."""

    snp_verifier: SnpVerifier | None = None
    dcap_verifier: DcapVerifier | None = None


@dataclass(frozen=True, kw_only=True)
class Rvps:
    """The reference value provider service: inside the same program, or reached over gRPC."""

    type: str = "BuiltIn"
    address: str | None = None
    storage_type: str | None = None

    def __post_init__(self) -> None:
        if self.type not in ("BuiltIn", "GrpcRemote"):
            raise choose("type", self.type, ("BuiltIn", "GrpcRemote"))
        if (self.address is not None) != (self.type == "GrpcRemote"):
            raise ValueError("address goes with type GrpcRemote, and only with it")
        known_store("storage_type", self.storage_type)


@dataclass(frozen=True, kw_only=True)
class AttestationService:
    """The attestation service: in the same program (``coco_as_builtin``), or reached over gRPC (``coco_as_grpc``)."""

    type: str = _BUILTIN[0]
    timeout: int | None = None
    rvps_config: Rvps | None = None
    attestation_token_broker: TokenBroker | None = None
    verifier_config: Verifiers | None = None
    storage_type: str | None = None
    as_addr: str | None = None
    pool_size: int | None = None

    def __post_init__(self) -> None:
        if self.type not in (*_BUILTIN, *_GRPC):
            raise choose("type", self.type, (_BUILTIN[0], _GRPC[0]))
        own = ("rvps_config", "attestation_token_broker", "verifier_config", "storage_type")
        wrong = ("as_addr", "pool_size") if self.type in _BUILTIN else own
        for name in wrong:
            if getattr(self, name) is not None:
                raise ValueError(f"{name} is no setting of type {self.type}")
        if self.type in _BUILTIN and self.attestation_token_broker is None:
            raise ValueError(
                "without attestation_token_broker.signer tokens are signed with a key that nobody vouches for"
            )
        if self.type in _GRPC and self.as_addr is None:
            raise ValueError("as_addr is required with type coco_as_grpc")
        known_store("storage_type", self.storage_type)


@dataclass(frozen=True, kw_only=True)
class IdentityProvider:
    """Whose signature makes an administrator, over a JWT with the claim ``role``."""

    issuer: str
    audience: str
    public_key_uri: str | None = None
    jwk_set_uri: str | None = None

    def __post_init__(self) -> None:
        if not self.issuer or not self.audience:
            raise ValueError("issuer and audience must both be set: what is empty is not compared")
        if not self.public_key_uri and not self.jwk_set_uri:
            raise ValueError("give public_key_uri or jwk_set_uri")


@dataclass(frozen=True, kw_only=True)
class BearerJwt:
    """Administrators by signed token."""

    identity_providers: tuple[IdentityProvider, ...]

    def __post_init__(self) -> None:
        if not self.identity_providers:
            raise ValueError("identity_providers is empty")


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """How an administrator is recognised."""

    bearer_jwt: BearerJwt


@dataclass(frozen=True, kw_only=True)
class Acl:
    """What a role may do: a regular expression over path and query."""

    role: str
    allowed_endpoints: str

    def __post_init__(self) -> None:
        if not self.allowed_endpoints.startswith("^/kbs") or not self.allowed_endpoints.endswith("$"):
            raise ValueError(f"allowed_endpoints: {self.allowed_endpoints!r} must start with ^/kbs and end with $")


@dataclass(frozen=True, kw_only=True)
class RegexAcl:
    """Rules by role."""

    acls: tuple[Acl, ...]


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """What an administrator may do."""

    regex_acl: RegexAcl


@dataclass(frozen=True, kw_only=True)
class Admin:
    """Who may change policies, reference values and resources over the network; by default nobody."""

    authorization_mode: str = "DenyAll"
    authentication: Authentication | None = None
    authorization: Authorization | None = None

    def __post_init__(self) -> None:
        if self.authorization_mode == "InsecureAllowAll":
            raise ValueError("authorization_mode InsecureAllowAll is refused: whoever reaches the port could read all")
        if self.authorization_mode not in _MODES:
            raise choose("authorization_mode", self.authorization_mode, _MODES)
        given = (self.authentication is not None, self.authorization is not None)
        if given != (self.authorization_mode == "AuthenticatedAuthorization",) * 2:
            raise ValueError("authentication and authorization go with AuthenticatedAuthorization, and only with it")


@dataclass(frozen=True, kw_only=True)
class LocalFs:
    """A directory with one file for each key."""

    dir_path: str

    def __post_init__(self) -> None:
        _absolute("dir_path", self.dir_path)


@dataclass(frozen=True, kw_only=True)
class Backends:
    """Settings of stores."""

    local_fs: LocalFs | None = None


@dataclass(frozen=True, kw_only=True)
class StorageBackend:
    """Where policies, reference values and resources are kept."""

    storage_type: str
    backends: Backends = field(default_factory=Backends)

    def __post_init__(self) -> None:
        known_store("storage_type", self.storage_type)
        if (self.storage_type == "LocalFs") != (self.backends.local_fs is not None):
            raise ValueError("backends.local_fs goes with storage_type LocalFs, and only with it")


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """What is served to those who have attested; here resources from the store alone."""

    name: str = "resource"
    storage_backend_type: str = "kvstorage"

    def __post_init__(self) -> None:
        if self.name != "resource":
            raise choose("name", self.name, ("resource",))
        if self.storage_backend_type not in ("kvstorage", "KvStorage"):
            raise choose("storage_backend_type", self.storage_backend_type, ("kvstorage",))


def _absolute(what: str, path: str) -> None:
    if not path.startswith("/"):
        raise ValueError(f"{what}: {path!r} is not an absolute path")


def known_store(what: str, name: str | None) -> None:
    """Refuse a store that is not used here."""
    if name is not None and name not in _STORES:
        raise choose(what, name, _STORES)
