"""Trustee's configuration: what is written reads back, forms of older versions are refused with their version."""

import json
import tomllib

import pytest
from boot import samples

from confkube.attest import toml, trustee
from confkube.attest.trustee import AttestationServiceConfig, KbsConfig, read_as_config, read_kbs_config
from confkube.attest.trustee_parts import (
    Acl,
    Admin,
    AttestationService,
    AttestationToken,
    Authentication,
    Authorization,
    Backends,
    BearerJwt,
    DcapVerifier,
    HttpServer,
    IdentityProvider,
    LocalFs,
    RegexAcl,
    Rvps,
    Signer,
    SnpVerifier,
    StorageBackend,
    TokenBroker,
    VcekSource,
    Verifiers,
)
from confkube.errors import Refusal

# What kbs/config/docker-compose/kbs-config.toml has at v0.21.0, with TLS in the place of insecure_http.
GRPC = """
[http_server]
sockets = ["0.0.0.0:8080"]
private_key = "/opt/confidential-containers/kbs/user-keys/tls.key"
certificate = "/opt/confidential-containers/kbs/user-keys/tls.pem"
tls_profile = "intermediate"

[attestation_token]
trusted_certs_paths = ["/opt/confidential-containers/kbs/user-keys/ca-cert.pem"]

[attestation_service]
type = "coco_as_grpc"
as_addr = "http://as:50004"

[admin]
authorization_mode = "AuthenticatedAuthorization"

[admin.authentication.bearer_jwt]
identity_providers = [
    { issuer = "TrusteeInDocker", audience = "kbs", public_key_uri = "/opt/confidential-containers/kbs/public.pub" },
]

[admin.authorization.regex_acl]
acls = [{ role = "admin", allowed_endpoints = "^/kbs/.+$" }]

[[plugins]]
name = "resource"
storage_backend_type = "kvstorage"

[storage_backend]
storage_type = "LocalFs"

[storage_backend.backends.local_fs]
dir_path = "/opt/confidential-containers/kbs"
"""
BUILTIN = """
session_storage_type = "Memory"
[http_server]
sockets = ["0.0.0.0:8080"]
private_key = "/tls.key"
certificate = "/tls.pem"
[attestation_token]
trusted_certs_paths = ["/root.pem"]
[attestation_service]
type = "coco_as_builtin"
timeout = 5
[attestation_service.attestation_token_broker]
duration_min = 5
signer = { key_path = "/token.key", cert_path = "/token.pem" }
[attestation_service.rvps_config]
type = "BuiltIn"
[attestation_service.verifier_config.snp_verifier]
vcek_sources = [{ type = "OfflineStore", path = "/kds" }, { type = "KDS" }]
[attestation_service.verifier_config.dcap_verifier]
collateral_service = "https://api.trustedservices.intel.com/sgx/certification/v4/"
[admin]
authorization_mode = "DenyAll"
[storage_backend]
storage_type = "LocalFs"
backends.local_fs.dir_path = "/store"
[[plugins]]
name = "resource"
storage_backend_type = "kvstorage"
"""


def built_in(**changes):
    values = {
        "http_server": HttpServer(sockets=("0.0.0.0:8080",), private_key="/tls.key", certificate="/tls.pem"),
        "attestation_token": AttestationToken(trusted_certs_paths=("/root.pem",)),
        "attestation_service": AttestationService(
            rvps_config=Rvps(),
            attestation_token_broker=TokenBroker(signer=Signer(key_path="/token.key", cert_path="/token.pem")),
        ),
        "storage_backend": StorageBackend(storage_type="LocalFs", backends=Backends(local_fs=LocalFs(dir_path="/s"))),
        "session_storage_type": "Memory",
    }
    return KbsConfig(**(values | changes))


def administrators():
    provider = IdentityProvider(issuer="demo", audience="demo", public_key_uri="/admin.pem")
    return Admin(
        authorization_mode="AuthenticatedAuthorization",
        authentication=Authentication(bearer_jwt=BearerJwt(identity_providers=(provider,))),
        authorization=Authorization(regex_acl=RegexAcl(acls=(Acl(role="admin", allowed_endpoints="^/kbs/v0/.+$"),))),
    )


VERIFIERS = Verifiers(
    snp_verifier=SnpVerifier(vcek_sources=(VcekSource(type="KDS", base_url="https://kds.example.org"),)),
    dcap_verifier=DcapVerifier(collateral_service="https://pccs.example.org/"),
)


@pytest.mark.parametrize(
    "config",
    [
        built_in(),
        built_in(admin=administrators()),
        built_in(session_storage_type=None, storage_backend=StorageBackend(storage_type="Memory")),
        built_in(attestation_service=AttestationService(type="coco_as_grpc", as_addr="http://as:50004", pool_size=9)),
        built_in(
            attestation_service=AttestationService(
                timeout=7,
                verifier_config=VERIFIERS,
                attestation_token_broker=TokenBroker(
                    signer=Signer(key_path="/k", cert_path="/c"), duration_min=9, issuer_name="a", verbose_token=False
                ),
            )
        ),
    ],
)
def test_what_is_written_reads_back(config):
    assert read_kbs_config(config.render()) == config


def test_nothing_unsafe_is_written():
    text = built_in().render()
    assert "insecure" not in text
    assert tomllib.loads(text)["admin"] == {"authorization_mode": "DenyAll"}


@pytest.mark.parametrize("text", [GRPC, BUILTIN])
def test_forms_of_v0_21_are_read(text):
    assert read_kbs_config(text).render()


def test_what_stands_first_is_not_taken_for_a_part_of_a_table():
    assert tomllib.loads(built_in().render())["session_storage_type"] == "Memory"


OLD = [
    ('[admin]\nauthorization_mode = "DenyAll"', '[admin]\ntype = "Simple"', "admin.type", "v0.16 to v0.20"),
    (
        '[admin]\nauthorization_mode = "DenyAll"',
        "[admin]\n[[admin.personas]]\nid='a'",
        "admin.personas",
        "v0.16 to v0.20",
    ),
    ('[admin]\nauthorization_mode = "DenyAll"', "[admin]\n[[admin.roles]]\nid='a'", "admin.roles", "v0.18 to v0.20"),
    ('[admin]\nauthorization_mode = "DenyAll"', "[admin]\ninsecure_api = true", "admin.insecure_api", "v0.11 to v0.15"),
    (
        '[admin]\nauthorization_mode = "DenyAll"',
        "[admin]\nauth_public_key = '/a'",
        "admin.auth_public_key",
        "v0.11 to v0.15",
    ),
    (
        "trusted_certs_paths = [",
        "insecure_key = true\ntrusted_certs_paths = [",
        "attestation_token.insecure_key",
        "up to v0.20",
    ),
    ("timeout = 5", "work_dir = '/a'", "attestation_service.work_dir", "up to v0.18"),
    ("timeout = 5", "policy_engine = 'opa'", "attestation_service.policy_engine", "up to v0.18"),
    ("duration_min = 5", "type = 'Ear'", "attestation_service.attestation_token_broker.type", "up to v0.18"),
    ('storage_backend_type = "kvstorage"', 'type = "kvstorage"', "plugins[].type", "v0.19 with kvstorage"),
    ('storage_backend_type = "kvstorage"', 'type = "LocalFs"', "plugins[].type", "v0.11 to v0.18"),
    ('storage_backend_type = "kvstorage"', "dir_path = '/a'", "plugins[].dir_path", "v0.11 to v0.18"),
    ("[admin]", "[policy_engine]\npolicy_path = '/p'\n[admin]", "policy_engine", "up to v0.18"),
    ("session_storage_type", "[grpc_config]\nas_addr = 'x'\n#", "grpc_config", "up to v0.10"),
    ("session_storage_type", "[attestation_token_config]\na = 'x'\n#", "attestation_token_config", "up to v0.10"),
    ("session_storage_type", "insecure_http = true\n#", "insecure_http", "up to v0.10"),
    ("session_storage_type", "auth_public_key = '/a'\n#", "auth_public_key", "up to v0.10"),
    ("session_storage_type", "sockets = ['0.0.0.0:1']\n#", "sockets", "up to v0.10"),
]


@pytest.mark.parametrize(("old", "new", "name", "versions"), OLD, ids=[f"{each[2]}-{each[3]}" for each in OLD])
def test_a_form_of_an_older_version_is_refused_with_the_version(old, new, name, versions):
    assert old in BUILTIN
    with pytest.raises(Refusal) as refused:
        read_kbs_config(BUILTIN.replace(old, new, 1))
    text = str(refused.value)
    assert text.startswith(f"kbs-config.toml: {name} is a form of Trustee ")
    assert versions in text
    assert "v0.21 has" in text


def test_every_older_form_has_a_test():
    from confkube.attest import trustee_old

    forms = {".".join(form.path).replace(".*", "[]") for form in trustee_old._FORMS}
    assert forms == {each[2] for each in OLD}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("timeout = 5", "timeouts = 5", "did you mean timeout"),
        ("timeout = 5", "timeout = 'x'", "is not a whole number"),
        ("[admin]", "[admins]", "unknown key 'admins'"),
        ('"DenyAll"', '"InsecureAllowAll"', "whoever reaches the port could read all"),
        ('"DenyAll"', '"AllowAll"', "choose one of AuthenticatedAuthorization, DenyAll"),
        ('"DenyAll"', '"AuthenticatedAuthorization"', "authentication and authorization go with"),
        ('private_key = "/tls.key"', "private_key = '/a'\ninsecure_http = true", "would pass in the clear"),
        ('private_key = "/tls.key"', "", "http_server.private_key is required"),
        ('certificate = "/tls.pem"', 'certificate = "tls.pem"', "is not an absolute path"),
        ('certificate = "/tls.pem"', "certificate = '/a'\ntls_profile = 'old'", "choose one of intermediate, modern"),
        ('["0.0.0.0:8080"]', '["localhost:8080"]', "is not address:port"),
        ('["0.0.0.0:8080"]', "[]", "it listens nowhere"),
        ('["/root.pem"]', "[]", "no token would ever be believed"),
        ('["/root.pem"]', '["/root.pem"]\ninsecure_header_jwk = true', "anybody could sign an attestation token"),
        ("coco_as_builtin", "coco_as_grpc", "is no setting of type coco_as_grpc"),
        ("coco_as_builtin", "intel_ta", "choose one of coco_as_builtin, coco_as_grpc"),
        ("timeout = 5", "as_addr = 'http://a'", "as_addr is no setting of type coco_as_builtin"),
        ("signer = {", "signer_ = {", "did you mean signer"),
        (', cert_path = "/token.pem"', "", "signer.cert_path is required"),
        ("duration_min = 5", "duration_min = 600", "outside of 1 to 60"),
        (
            '[attestation_service.rvps_config]\ntype = "BuiltIn"',
            "[attestation_service.rvps_config]\ntype = 'GrpcRemote'",
            "address goes with type GrpcRemote",
        ),
        ('{ type = "KDS" }', '{ type = "KDS", path = "/a" }', "takes base_url alone"),
        ('{ type = "KDS" }', '{ type = "Kds" }', "choose one of KDS, OfflineStore"),
        ("https://api.trusted", "http://api.trusted", "does not start with https://"),
        ('"LocalFs"', '"Memory"', "backends.local_fs goes with"),
        ('"LocalFs"', '"Postgres"', "choose one of LocalFs, Memory"),
        ('name = "resource"', 'name = "pkcs11"', "choose one of resource"),
        ("session_storage_type = ", "session_storage_type == ", "this is no TOML"),
    ],
)
def test_what_is_unknown_or_unsafe_is_refused(old, new, message):
    assert old in BUILTIN
    with pytest.raises(Refusal) as refused:
        read_kbs_config(BUILTIN.replace(old, new, 1))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("^/kbs/.+$", "/kbs/.+", "must start with ^/kbs and end with $"),
        (', audience = "kbs"', "", "audience is required"),
        ('issuer = "TrusteeInDocker"', 'issuer = ""', "what is empty is not compared"),
        ("public_key_uri", "public_key_url", "did you mean public_key_uri"),
        ("as_addr = ", "# ", "as_addr is required"),
    ],
)
def test_administrators_must_be_named(old, new, message):
    assert old in GRPC
    with pytest.raises(Refusal) as refused:
        read_kbs_config(GRPC.replace(old, new, 1))
    assert message in str(refused.value)


def test_administrators_need_a_provider_and_a_key():
    with pytest.raises(ValueError, match="identity_providers is empty"):
        BearerJwt(identity_providers=())
    with pytest.raises(ValueError, match="give public_key_uri or jwk_set_uri"):
        IdentityProvider(issuer="a", audience="b")


def test_an_attestation_service_of_its_own():
    config = AttestationServiceConfig(
        attestation_token_broker=TokenBroker(signer=Signer(key_path="/k", cert_path="/c")),
        storage_backend=StorageBackend(storage_type="Memory"),
        rvps_config=Rvps(type="GrpcRemote", address="http://rvps:50003"),
        verifier_config=VERIFIERS,
    )
    assert read_as_config(config.render()) == config
    assert json.loads(config.render())["rvps_config"] == {"type": "GrpcRemote", "address": "http://rvps:50003"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "this is no JSON"),
        ("[]", "is not a block of arguments"),
        ('{"work_dir": "/a"}', "attestation_service.work_dir is a form of Trustee up to v0.18"),
        ('{"work": "/a"}', "unknown key 'work'"),
    ],
)
def test_an_attestation_service_that_is_refused(text, message):
    with pytest.raises(Refusal, match=r"as-config\.json") as refused:
        read_as_config(text)
    assert message in str(refused.value)


def test_the_copy_says_what_it_is():
    assert "has not judged" in trustee.__doc__
    assert "the real one has not judged this copy" in read_kbs_config.__doc__
    assert trustee.COMMIT.startswith("258ea4ac")


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        'a "quoted" \\ one',
        "two\nlines\n",
        'ends with "\nand "',
        samples.CERTIFICATE,
        "\t",
        '"""\n"""',
        'x\n"',
        "",
    ],
)
def test_toml_carries_texts_as_they_are(value):
    assert tomllib.loads(toml.render({"a": {"b c": value}})) == {"a": {"b c": value}}


def test_toml_of_every_kind():
    values = {"n": 1, "t": True, "l": [1, 2], "e": [], "none": None, "m": {"x": {"y": [{"z": "1"}, {"z": "2"}]}}}
    assert tomllib.loads(toml.render(values)) == {key: value for key, value in values.items() if value is not None}


@pytest.mark.parametrize("value", ["ä", "\x07", 1.5, object()])
def test_toml_refuses_what_it_does_not_write(value):
    with pytest.raises(Refusal, match="toml: the value of 'a'"):
        toml.render({"a": value})
