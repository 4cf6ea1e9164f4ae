"""Renders the user data of a trust server that runs Trustee, the key broker service with its attestation service."""

import re
from dataclasses import dataclass, field

from confkube.attest import reference_values, resource_policy
from confkube.attest.reference_values import ReferenceValue
from confkube.attest.trustee import ISSUER, KbsConfig
from confkube.attest.trustee_parts import (
    Acl,
    Admin,
    AttestationService,
    AttestationToken,
    Authentication,
    Authorization,
    Backends,
    BearerJwt,
    HttpServer,
    IdentityProvider,
    LocalFs,
    RegexAcl,
    Rvps,
    Signer,
    StorageBackend,
    TokenBroker,
)
from confkube.bootstrap import checks
from confkube.bootstrap.document import Machine
from confkube.bootstrap.files import BootFile, packed, plain, static, stripped, undocumented
from confkube.bootstrap.leaves import Leaf, leaf_files, leaf_units
from confkube.bootstrap.parts import ETC, LIBRARY, TRUST_ROOT, common_files, finish, scripts, units
from confkube.bootstrap.relying_party import RelyingParty
from confkube.bootstrap.relying_party_parts import UNIT as RELYING_PARTY_UNIT
from confkube.bootstrap.relying_party_parts import relying_party_files, relying_party_leaf
from confkube.bootstrap.software import Software, pinned
from confkube.bootstrap.spire_server import ENROLMENT_UNITS, enrolment_files
from confkube.bootstrap.values import BootProfile
from confkube.errors import Refusal

TRUSTEE_PORT = 8080
"""Port of a Trustee, over HTTPS."""

_UNIT, _USER = "confkube-trustee.service", "confkube-trustee"
_FOLDER, _STORE = f"{ETC}/trustee", "/var/lib/confkube/trustee/store"
_CONTAINERS = ("containerd", "runc")
_IMAGE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:\d{1,5})?(/[a-z0-9._-]+)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64}"
)
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]+\n)+-----END PUBLIC KEY-----\n")
_TLS = "trustee"
_TOKEN = Leaf(name="token", unit=_UNIT, owner=_USER)


@dataclass(frozen=True, kw_only=True)
class TrusteeServerBoot:
    """Values of the boot text of a Trustee. It makes its own keys and waits to be enrolled.

    Attributes:
        cluster_id: Name of the cluster.
        trust_domain: Name that its own certificate is for, as that of a SPIRE server.
        root_pem: Offline root certificate, PEM; only a certificate under it is taken, and its clients pin it.
        profile: What the platform adds.
        image: Container image by digest, ``name@sha256:…``: the key broker service with built-in attestation service.
        names: Names and addresses in its TLS certificate.
        port: Port of the broker.
        resource_policy: By what it releases resources; to every affirmed machine when left out.
        attestation_policy: By what it judges evidence; the default policy of its version when left out.
        reference_values: What evidence is compared with.
        admin_public_key: Public Ed25519 key, PEM, of who may place resources over the network; nobody when left out.
        relying_party: A demonstration that takes its tokens, on the same machine.
        extra_user_data: Further user data parts; each starts with ``#cloud-config`` or ``#!``.
        software: What is installed; the pinned programs by default.
    """

    cluster_id: str
    trust_domain: str
    root_pem: str
    profile: BootProfile
    image: str
    names: tuple[str, ...]
    port: int = TRUSTEE_PORT
    resource_policy: str = field(default_factory=resource_policy.affirming)
    attestation_policy: str = ""
    reference_values: tuple[ReferenceValue, ...] = ()
    admin_public_key: str = ""
    relying_party: RelyingParty | None = None
    extra_user_data: tuple[str, ...] = ()
    software: Software = field(default_factory=pinned)

    def __post_init__(self) -> None:
        checks.dns_label("cluster_id", self.cluster_id)
        checks.trust_domain("trust_domain", self.trust_domain)
        checks.port("port", self.port)
        container_image("trustee image", self.image)
        if not self.names:
            raise Refusal("trustee names: there is none, so no certificate could be made for it")
        for name in self.names:
            checks.host("trustee name", name)
        resource_policy.checked(self.resource_policy)
        if self.admin_public_key and not _PUBLIC_KEY.fullmatch(self.admin_public_key):
            raise Refusal("admin_public_key: it is not one PEM public key (openssl pkey -pubout)")
        object.__setattr__(self, "root_pem", checks.certificates("trust root", self.root_pem))
        reference_values.unique(self.reference_values)

    @property
    def tls(self) -> Leaf:
        """The certificate that it shows."""
        return Leaf(name=_TLS, unit=_UNIT, names=self.names, owner=_USER)


def container_image(what: str, image: str) -> str:
    """Refuse what does not name a container image by its digest.

    Raises:
        Refusal: So it is.
    """
    if not image:
        raise Refusal(
            f"{what}: it is required, and there is none by default, because no digest of it is a recorded fact; give "
            "name@sha256:… of the key broker service with built-in attestation service, v0.21"
        )
    if not _IMAGE.fullmatch(image):
        raise Refusal(
            f"{what}: {image!r} does not name an image by its digest, as registry/name@sha256:<64 hex digits>"
        )
    return image


def trustee_server(boot: TrusteeServerBoot) -> str:
    """Return the user data of a trust server that runs Trustee.

    Raises:
        Refusal: It is larger than the platform takes, or a value cannot be carried.
    """
    leaves = [boot.tls, _TOKEN]
    served = [_UNIT]
    party: list[BootFile] = []
    if boot.relying_party:
        leaves.append(relying_party_leaf(boot.relying_party))
        served.append(RELYING_PARTY_UNIT)
        party = relying_party_files(boot.relying_party, boot.trust_domain, _TOKEN)
    software = boot.software
    variables = {
        "CONTAINERD": "",
        "PACKAGES": " ".join(sorted({*software.packages, *software.trust_packages, *_CONTAINERS})),
        "TRUST_DOMAIN": boot.trust_domain,
        "TRUST_UNITS": " ".join(served),
        "TRUSTEE_IMAGE": boot.image,
    }
    files = [
        *common_files(boot.profile, [], variables),
        *enrolment_files(boot.root_pem),
        plain(f"{_FOLDER}/kbs-config.toml", config(boot).render(), 0o644),
        packed(f"{_FOLDER}/resource-policy.rego", stripped(boot.resource_policy), 0o644),
        packed(f"{_FOLDER}/reference-values.json", reference_values.store(boot.reference_values), 0o644),
        *(
            [packed(f"{_FOLDER}/attestation-policy.rego", boot.attestation_policy, 0o644)]
            if boot.attestation_policy
            else []
        ),
        *([plain(f"{_FOLDER}/admin.pem", boot.admin_public_key, 0o644)] if boot.admin_public_key else []),
        *scripts("trustee.sh"),
        packed(f"{LIBRARY}/trustee-store.py", undocumented(static("scripts", "trustee-store.py"))),
        *leaf_files(leaves),
        *units(_UNIT, "confkube-trustee-store.service", "confkube-trustee-store.timer"),
        *party,
    ]
    started = [
        "confkube-install",
        "confkube-firewall",
        *ENROLMENT_UNITS,
        *leaf_units(leaves),
        "confkube-trustee-store.timer",
        *(unit.removesuffix(".service") for unit in served),
    ]
    machine = Machine(role="trust server", cluster_id=boot.cluster_id, files=files, units=started)
    return finish(machine, boot.extra_user_data, boot.profile)


def config(boot: TrusteeServerBoot) -> KbsConfig:
    """Return the configuration of its key broker service."""
    broker = TokenBroker(signer=Signer(key_path=_TOKEN.key, cert_path=_TOKEN.chain), issuer_name=ISSUER)
    return KbsConfig(
        http_server=HttpServer(sockets=(f"0.0.0.0:{boot.port}",), private_key=boot.tls.key, certificate=boot.tls.chain),
        attestation_token=AttestationToken(trusted_certs_paths=(TRUST_ROOT,)),
        attestation_service=AttestationService(rvps_config=Rvps(), attestation_token_broker=broker),
        admin=_admin(boot),
        storage_backend=StorageBackend(storage_type="LocalFs", backends=Backends(local_fs=LocalFs(dir_path=_STORE))),
        session_storage_type="Memory",
    )


def _admin(boot: TrusteeServerBoot) -> Admin:
    """Nobody, or who holds the given key and for resources alone.

    Policies and reference values come with the boot text and are put into the store before the program starts, so no
    key that could change them has to exist at all, not even on the machine.
    """
    if not boot.admin_public_key:
        return Admin()
    provider = IdentityProvider(issuer=boot.cluster_id, audience=boot.cluster_id, public_key_uri=f"{_FOLDER}/admin.pem")
    acl = Acl(role="admin", allowed_endpoints="^/kbs/v0/resource/[A-Za-z0-9_./-]+$")
    return Admin(
        authorization_mode="AuthenticatedAuthorization",
        authentication=Authentication(bearer_jwt=BearerJwt(identity_providers=(provider,))),
        authorization=Authorization(regex_acl=RegexAcl(acls=(acl,))),
    )
