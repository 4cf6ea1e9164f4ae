"""The boot text of a Trustee and of a relying party: what is in it, what never is, and what is refused."""

import ast
import datetime as dt
import json
import re
from pathlib import Path

import pytest
import source_trees
from boot import samples
from boot import trustee as values

from confkube import bootstrap
from confkube.attest import reference_values, resource_policy
from confkube.attest.reference_values import ReferenceValue
from confkube.attest.trustee import read_kbs_config
from confkube.bootstrap import RelyingParty
from confkube.bootstrap.document import carried, written
from confkube.bootstrap.files import stripped
from confkube.bootstrap.relying import chains, tokens
from confkube.errors import Refusal
from confkube.trust import certificates

FOLDER = "/etc/confkube/trustee"
LEAVES = "/var/lib/confkube/trust/leaves"
ROOMY = samples.profile(user_data_limit=65536)
RELYING = Path(bootstrap.__file__).parent / "relying"
ROOT = samples.authority(samples.elliptic(), "confkube root of " + "n" * 40)[0]


def files_of(text):
    return {file.path: file for file in written(text)}


def units_of(text):
    return re.search(r"--no-block, (.*)\]", text)[1].split(", ")


def test_rendering_is_repeatable_and_holds_no_private_key():
    text = bootstrap.trustee_server(values.trustee(relying_party=values.party(), profile=ROOMY))
    assert text == bootstrap.trustee_server(values.trustee(relying_party=values.party(), profile=ROOMY))
    for file in written(text):
        assert "PRIVATE KEY" not in file.text


def test_the_largest_fits_where_the_bound_is_tightest():
    profile = samples.profile(compressed=True)
    assert bootstrap.trustee_server(values.largest(ROOT, profile=profile))
    party = RelyingParty(names=("10.0.0.1",), spiffe_ids=tuple(f"spiffe://{values.DOMAIN}/{n}" for n in range(8)))
    assert bootstrap.trust_server(samples.trust_server(relying_party=party, profile=profile))


def test_too_large_is_refused():
    size = len(carried(bootstrap.trustee_server(values.trustee(profile=ROOMY))))
    profile = samples.profile(compressed=True, user_data_limit=size - 1)
    with pytest.raises(Refusal, match=f"user data: {size} bytes are more than the {size - 1} that aws takes"):
        bootstrap.trustee_server(values.trustee(profile=profile))


def test_its_configuration_is_one_of_v0_21_with_tls_and_without_administrators():
    config = read_kbs_config(files_of(bootstrap.trustee_server(values.trustee()))[f"{FOLDER}/kbs-config.toml"].text)
    assert config.admin.authorization_mode == "DenyAll"
    assert config.http_server.sockets == ("0.0.0.0:8080",)
    assert (config.http_server.certificate, config.http_server.private_key) == (
        f"{LEAVES}/trustee/chain.pem",
        f"{LEAVES}/trustee/key.pem",
    )
    signer = config.attestation_service.attestation_token_broker.signer
    assert (signer.cert_path, signer.key_path) == (f"{LEAVES}/token/chain.pem", f"{LEAVES}/token/key.pem")
    assert config.attestation_token.trusted_certs_paths == ("/etc/confkube/trust-root.pem",)
    assert config.session_storage_type == "Memory"


def test_an_administrator_places_resources_and_nothing_else():
    files = files_of(bootstrap.trustee_server(values.trustee(admin_public_key=values.ADMIN)))
    admin = read_kbs_config(files[f"{FOLDER}/kbs-config.toml"].text).admin
    (provider,) = admin.authentication.bearer_jwt.identity_providers
    assert (provider.issuer, provider.audience) == ("demo-4f2a", "demo-4f2a")
    assert files[provider.public_key_uri].text == values.ADMIN
    (acl,) = admin.authorization.regex_acl.acls
    allowed = re.compile(acl.allowed_endpoints)
    assert allowed.search("/kbs/v0/resource/default/key/1")
    for path in ("resource-policy", "attestation-policy", "reference-value", "resource/a?b", "resource/", "resource"):
        assert not allowed.search(f"/kbs/v0/{path}"), path


def test_its_policies_and_values_travel_with_it():
    policy = resource_policy.bound([values.CLAIM])
    files = files_of(
        bootstrap.trustee_server(values.trustee(resource_policy=policy, attestation_policy="package policy\n"))
    )
    assert files[f"{FOLDER}/resource-policy.rego"].text == stripped(policy)
    assert files[f"{FOLDER}/attestation-policy.rego"].text == "package policy\n"
    assert json.loads(files[f"{FOLDER}/reference-values.json"].text) == [values.value().stored()]
    plain = files_of(bootstrap.trustee_server(values.trustee()))
    assert plain[f"{FOLDER}/resource-policy.rego"].text == stripped(resource_policy.affirming())
    assert f"{FOLDER}/attestation-policy.rego" not in plain


def test_its_units():
    text = bootstrap.trustee_server(values.trustee())
    assert units_of(text) == [
        "confkube-install",
        "confkube-firewall",
        "confkube-trust-key",
        "confkube-trust-door.socket",
        "confkube-trust-accept.path",
        "confkube-trust-leaf@trustee.timer",
        "confkube-trust-leaf@token.timer",
        "confkube-trustee-store.timer",
        "confkube-trustee",
    ]
    files = files_of(text)
    for unit in units_of(text):
        name = re.sub(r"@[^.]+", "@", unit if "." in unit else f"{unit}.service")
        assert f"/etc/systemd/system/{name}" in files


def test_what_is_restarted_when_it_is_enrolled():
    for text, wanted in (
        (bootstrap.trustee_server(values.trustee()), "confkube-trustee.service"),
        (
            bootstrap.trustee_server(values.trustee(relying_party=values.party(), profile=ROOMY)),
            "'confkube-trustee.service confkube-relying-party.service'",
        ),
        (bootstrap.trust_server(samples.trust_server()), "spire-server.service"),
    ):
        assert f"TRUST_UNITS={wanted}\n" in files_of(text)["/etc/confkube/node.env"].text


def test_the_settings_of_its_certificates():
    files = files_of(bootstrap.trustee_server(values.trustee(names=("10.20.0.10", "fd00::1", "a.example.org"))))
    assert files["/etc/confkube/leaves/trustee"].text == (
        "LEAF_NAMES=IP:10.20.0.10,IP:fd00::1,DNS:a.example.org\nLEAF_USAGE=extendedKeyUsage=serverAuth\n"
        "LEAF_OWNER=confkube-trustee\nLEAF_UNIT=confkube-trustee.service\n"
    )
    assert files["/etc/confkube/leaves/token"].text.startswith("LEAF_NAMES=''\nLEAF_USAGE=''\n")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": ""}, "trustee image: it is required"),
        ({"image": "ghcr.io/a/b:v1"}, "does not name an image by its digest"),
        ({"image": "ghcr.io/a/b@sha256:ab"}, "does not name an image by its digest"),
        ({"image": f"ghcr.io/a/b@sha256:{'AB' * 32}"}, "does not name an image by its digest"),
        ({"image": f"b@sha256:{'ab' * 32}"}, "does not name an image by its digest"),
        ({"image": f"ghcr.io/a/b $(id)@sha256:{'ab' * 32}"}, "does not name an image by its digest"),
        ({"names": ()}, "trustee names: there is none"),
        ({"names": ("Upper.example.org",)}, "neither an IP address nor a lower-case DNS name"),
        ({"port": 0}, "is not a port"),
        ({"trust_domain": "Demo"}, "trust_domain"),
        ({"root_pem": "x"}, "must hold PEM certificates"),
        ({"resource_policy": "package policy\nallowed := true\n"}, "never matches"),
        ({"admin_public_key": "x"}, "it is not one PEM public key"),
        ({"admin_public_key": "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"}, "not one PEM public"),
        ({"reference_values": (values.value(), values.value())}, "it is there twice"),
    ],
)
def test_bad_values_are_refused(changes, message):
    with pytest.raises(Refusal) as refused:
        values.trustee(**changes)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names": ()}, "relying party names: there is none"),
        ({"names": ("a b",)}, "neither an IP address"),
        ({"spiffe_ids": ("spiffe://d",)}, "is not a SPIFFE ID of a workload"),
        ({"spiffe_ids": ("spiffe://d/",)}, "is not a SPIFFE ID of a workload"),
        ({"spiffe_ids": ("spiffe://d/a/../b",)}, "is not a SPIFFE ID of a workload"),
        ({"spiffe_ids": ("https://d/a",)}, "is not a SPIFFE ID of a workload"),
        ({"init_data": ("00" * 32,)}, "it proves nothing"),
        ({"init_data": ("xx",)}, "write 64, 96 or 128"),
        ({"allow": ("everything",)}, "choose one of enrolled without evidence, initdata not bound"),
        ({"port": 99999}, "is not a port"),
    ],
)
def test_bad_values_of_a_relying_party_are_refused(changes, message):
    with pytest.raises(Refusal) as refused:
        values.party(**changes)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "spiffe_ids: it is empty"),
        ({"init_data": (values.CLAIM,)}, "gives no attestation tokens"),
        ({"spiffe_ids": ("spiffe://other.internal/a",)}, "is not of the trust domain demo-4f2a.internal"),
    ],
)
def test_a_relying_party_must_fit_a_spire_server(changes, message):
    party = RelyingParty(**({"names": ("10.0.0.1",)} | changes))
    with pytest.raises(Refusal) as refused:
        bootstrap.trust_server(samples.trust_server(relying_party=party, profile=ROOMY))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "init_data: it is empty"),
        ({"init_data": (values.CLAIM,), "spiffe_ids": ("spiffe://demo-4f2a.internal/a",)}, "gives no identities"),
    ],
)
def test_a_relying_party_must_fit_a_trustee(changes, message):
    party = RelyingParty(**({"names": ("10.0.0.1",)} | changes))
    with pytest.raises(Refusal) as refused:
        bootstrap.trustee_server(values.trustee(relying_party=party, profile=ROOMY))
    assert message in str(refused.value)


def test_a_relying_party_without_bound_initdata_must_be_allowed_by_name():
    party = RelyingParty(names=("10.0.0.1",), allow=(bootstrap.UNBOUND,))
    files = files_of(bootstrap.trustee_server(values.trustee(relying_party=party, profile=ROOMY)))
    settings = json.loads(files["/etc/confkube/relying-party.json"].text)
    assert settings["allow"] == ["initdata not bound"]
    assert settings["origins"] == ["https://10.0.0.1:8083"]
    assert settings["token_chain"] == f"{LEAVES}/token/chain.pem"


def test_only_the_part_of_the_program_that_fits_is_on_the_machine():
    party = RelyingParty(names=("10.0.0.1",), spiffe_ids=(f"spiffe://{values.DOMAIN}/demo",))
    folder = "/usr/local/lib/confkube/relying"
    by_identity = {
        path
        for path in files_of(bootstrap.trust_server(samples.trust_server(relying_party=party, profile=ROOMY)))
        if folder in path
    }
    by_token = {
        path
        for path in files_of(bootstrap.trustee_server(values.trustee(relying_party=values.party(), profile=ROOMY)))
        if folder in path
    }
    common = {f"{folder}/{name}.py" for name in ("__main__", "chains")}
    assert by_identity == common | {f"{folder}/identities.py"}
    assert by_token == common | {f"{folder}/possession.py", f"{folder}/tokens.py"}


def without_docstrings(text):
    tree = source_trees.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            first = body[0].value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                del body[0]
            body[:] = [
                each
                for each in body
                if not (
                    isinstance(each, ast.Expr)
                    and isinstance(each.value, ast.Constant)
                    and isinstance(each.value.value, str)
                )
            ]
    return ast.dump(tree)


@pytest.mark.parametrize("name", ["__main__", "chains", "identities", "possession", "tokens"])
def test_what_is_carried_is_the_program_without_its_docstrings(name):
    party = RelyingParty(names=("10.0.0.1",), spiffe_ids=(f"spiffe://{values.DOMAIN}/demo",))
    files = files_of(bootstrap.trust_server(samples.trust_server(relying_party=party, profile=ROOMY)))
    files |= files_of(bootstrap.trustee_server(values.trustee(relying_party=values.party(), profile=ROOMY)))
    carried = files[f"/usr/local/lib/confkube/relying/{name}.py"]
    assert carried.mode == 0o644
    assert '"""' not in carried.text
    compile(carried.text, name, "exec")
    assert ast.dump(source_trees.parse(carried.text)) == without_docstrings((RELYING / f"{name}.py").read_text())


def test_the_same_words_everywhere():
    assert chains.UNVERIFIED == bootstrap.UNVERIFIED == certificates.UNVERIFIED
    assert tokens.UNBOUND == bootstrap.UNBOUND


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "a b"}, "is not a name of letters"),
        ({"name": "../x"}, "is not a name of letters"),
        ({"value": ()}, "the list is empty"),
        ({"value": "00"}, "wants a list"),
        ({"name": "snp_smt_enabled", "value": (True,)}, "wants one value"),
        ({"expires": dt.datetime(2037, 1, 1)}, "names no time zone"),  # noqa: DTZ001
    ],
)
def test_reference_values_that_are_refused(changes, message):
    good = {"name": "snp_launch_measurement", "value": ("00",), "expires": dt.datetime(2037, 1, 1, tzinfo=dt.UTC)}
    with pytest.raises(Refusal) as refused:
        ReferenceValue(**(good | changes))
    assert message in str(refused.value)


def test_the_end_of_a_reference_value_is_in_whole_seconds_of_utc():
    zone = dt.timezone(dt.timedelta(hours=2))
    value = values.value()
    moved = ReferenceValue(name="x", value=1, expires=dt.datetime(2037, 1, 1, 1, 2, 3, 999, tzinfo=zone))
    assert value.end == "2037-01-01T00:00:00Z"
    assert moved.stored() == {"version": "0.1.0", "name": "x", "expiration": "2036-12-31T23:02:03Z", "value": 1}


def test_the_message_to_a_running_service_is_of_its_form():
    found = json.loads(reference_values.message([values.value(), values.value("snp_smt_enabled", True)]))
    assert {key: found[key] for key in ("version", "type")} == {"version": "0.1.0", "type": "sample"}
    import base64

    assert json.loads(base64.b64decode(found["payload"], validate=True)) == {
        "snp_launch_measurement": ["00" * 48],
        "snp_smt_enabled": True,
    }


def test_names_of_reference_values_by_tee():
    assert set(reference_values.known("az-tdx-vtpm")) == {"tdx_pcr11", "mr_td", "xfam"}
    assert reference_values.known("snp")["snp_smt_enabled"] is reference_values.Kind.ONE
    with pytest.raises(LookupError):
        reference_values.known("other")
