import base64
import hashlib
import re
import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from sandbox_providers.utility.authority import authority, key, made, request, self_signed, signed

from confkube_sandbox import clock
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.tls import renewal
from confkube_sandbox.providers.tls.certificates import LocallySignedCert, SelfSignedCert
from confkube_sandbox.providers.tls.requests import CertRequest
from confkube_sandbox.providers.tls.usages import ALLOWED_USES, EXTENDED_KEY_USAGES, KEY_USAGES
from confkube_sandbox.providers.wire import UNKNOWN

ALGORITHMS = [
    ("RSA", "P224", "sha256WithRSAEncryption"),
    ("ECDSA", "P224", "ecdsa-with-SHA256"),
    ("ECDSA", "P256", "ecdsa-with-SHA256"),
    ("ECDSA", "P384", "ecdsa-with-SHA384"),
    ("ECDSA", "P521", "ecdsa-with-SHA512"),
    ("ED25519", "P224", "ED25519"),
]


@pytest.mark.parametrize(("algorithm", "curve", "signature"), ALGORITHMS)
def test_a_chain_of_three_is_verified_by_openssl(algorithm, curve, signature, ctx, openssl):
    root_key, middle_key, leaf_key = (key(ctx, algorithm, curve) for _ in range(3))
    root = authority(ctx, root_key["privateKeyPem"])
    middle_csr = request(ctx, middle_key["privateKeyPem"], subject={"commonName": "middle", "organization": "o"})
    middle = signed(
        ctx, root["certPem"], root_key["privateKeyPem"], middle_csr, isCaCertificate=True, allowedUses=["cert_signing"]
    )
    names = {
        "dnsNames": ["api.example.org"],
        "ipAddresses": ["10.0.0.1", "fd00::1"],
        "uris": ["spiffe://example.org/a"],
    }
    leaf_csr = request(ctx, leaf_key["privateKeyPem"], subject={"commonName": "leaf"}, **names)
    leaf = signed(ctx, middle["certPem"], middle_key["privateKeyPem"], leaf_csr)
    chain = {"root": root["certPem"], "middle": middle["certPem"], "leaf": leaf["certPem"]}
    verify = ("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "{root}", "-untrusted", "{middle}")
    assert "OK" in openssl(*verify, "-verify_hostname", "api.example.org", "-verify_ip", "10.0.0.1", "{leaf}", **chain)
    assert "OK" in openssl(*verify, "-verify_ip", "fd00::1", "{leaf}", **chain)
    with pytest.raises(subprocess.CalledProcessError):
        openssl("verify", "-purpose", "sslclient", "-CAfile", "{root}", "-untrusted", "{middle}", "{leaf}", **chain)
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, "-verify_hostname", "other.example.org", "{leaf}", **chain)
    text = openssl("x509", "-in", "{leaf}", "-noout", "-text", **chain)
    assert f"Signature Algorithm: {signature}" in text
    assert "URI:spiffe://example.org/a" in text
    assert leaf["caKeyAlgorithm"] == algorithm
    assert root["keyAlgorithm"] == algorithm


def test_a_certificate_authority_cannot_be_used_by_a_wrong_key(ctx):
    ours, theirs = key(ctx), key(ctx)
    root = authority(ctx, ours["privateKeyPem"])
    with pytest.raises(CloudError, match="provided PrivateKey doesn't match parent's PublicKey"):
        signed(ctx, root["certPem"], theirs["privateKeyPem"], request(ctx, theirs["privateKeyPem"]))


@pytest.mark.filterwarnings("ignore:Attribute.s length")
def test_the_subject_has_all_its_fields_in_the_order_of_go(ctx, openssl):
    subject = {
        "commonName": "cn",
        "organization": "o",
        "organizationalUnit": "ou",
        "streetAddresses": ["first", "second"],
        "locality": "l",
        "province": "st",
        "country": "Germany",
        "postalCode": "12345",
        "serialNumber": "7",
        "emailAddress": "a@example.org",
    }
    pem = key(ctx)["privateKeyPem"]
    cert = self_signed(ctx, pem, subject=subject)["certPem"]
    line = openssl("x509", "-in", "{c}", "-noout", "-subject", "-nameopt", "RFC2253,sname", c=cert).strip()
    shown = line.removeprefix("subject=").split(",")[::-1]
    assert [part.split("=")[0] for part in shown if "=" in part] == [
        *("C", "ST", "L", "street", "postalCode", "O", "OU", "CN", "serialNumber", "emailAddress")
    ]
    assert "street=second+street=first" in line
    csr = request(ctx, pem, subject=subject)
    root = authority(ctx, pem)
    again = x509.load_pem_x509_certificate(signed(ctx, root["certPem"], pem, csr)["certPem"].encode())
    # Go puts no e-mail address of a request into the certificate.
    assert [a.rfc4514_attribute_name for a in again.subject][-2:] == ["CN", "2.5.4.5"]


def _key_usage(text):
    return re.search(r"X509v3 Key Usage: critical\n\s+(.*)\n", text)


@pytest.mark.parametrize("use", sorted(KEY_USAGES))
def test_each_key_usage_is_its_own_bit(use, ctx, openssl):
    cert = self_signed(ctx, key(ctx)["privateKeyPem"], allowedUses=[use])["certPem"]
    text = openssl("x509", "-in", "{c}", "-noout", "-text", c=cert)
    shown = {
        "digital_signature": "Digital Signature",
        "content_commitment": "Non Repudiation",
        "key_encipherment": "Key Encipherment",
        "data_encipherment": "Data Encipherment",
        "key_agreement": "Key Agreement",
        "cert_signing": "Certificate Sign",
        "crl_signing": "CRL Sign",
        "encipher_only": "Encipher Only",
        "decipher_only": "Decipher Only",
    }
    assert _key_usage(text)[1] == shown[use]
    assert "Extended Key Usage" not in text


def test_all_uses_together(ctx, openssl):
    cert = self_signed(ctx, key(ctx)["privateKeyPem"], allowedUses=list(ALLOWED_USES))["certPem"]
    loaded = x509.load_pem_x509_certificate(cert.encode())
    oids = loaded.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {oid.dotted_string for oid in oids} == set(EXTENDED_KEY_USAGES.values())
    text = openssl("x509", "-in", "{c}", "-noout", "-text", c=cert)
    assert len(_key_usage(text)[1].split(", ")) == len(KEY_USAGES)


def test_no_uses_give_no_usage_extension(ctx):
    cert = x509.load_pem_x509_certificate(self_signed(ctx, key(ctx)["privateKeyPem"])["certPem"].encode())
    assert [extension.oid for extension in cert.extensions] == [x509.BasicConstraints.oid]
    assert cert.extensions[0].critical


def test_alternative_names_are_critical_without_a_subject(ctx):
    cert = self_signed(ctx, key(ctx)["privateKeyPem"], dnsNames=["a"])["certPem"]
    found = x509.load_pem_x509_certificate(cert.encode()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert found.critical


@pytest.mark.parametrize(("limit", "shown"), [(None, None), (-1, None), (0, None), (3, 3)])
def test_path_length(limit, shown, ctx):
    more = {} if limit is None else {"maxPathLength": limit}
    cert = x509.load_pem_x509_certificate(authority(ctx, key(ctx)["privateKeyPem"], **more)["certPem"].encode())
    assert cert.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == shown


def test_path_length_is_for_authorities(ctx):
    with pytest.raises(CloudError, match="only CAs are allowed to specify MaxPathLen"):
        self_signed(ctx, key(ctx)["privateKeyPem"], maxPathLength=1)


def test_path_length_left_out_stays(ctx):
    new = {"allowedUses": [], "validityPeriodHours": 1, "privateKeyPem": "k"}
    assert SelfSignedCert().check(new, {"maxPathLength": 2}, ctx)[0]["maxPathLength"] == 2


@pytest.mark.parametrize("algorithm", ["RSA", "ECDSA", "ED25519"])
def test_key_identifiers(algorithm, ctx):
    pem = key(ctx, algorithm)["privateKeyPem"]
    cert = x509.load_pem_x509_certificate(
        self_signed(ctx, pem, setSubjectKeyId=True, setAuthorityKeyId=True)["certPem"].encode()
    )
    subject = cert.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    issuer = cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert subject == issuer
    if algorithm == "ED25519":
        raw = cert.public_key().public_bytes_raw()
        assert subject == hashlib.sha1(b"\x04\x20" + raw).digest()
    else:
        assert subject == x509.SubjectKeyIdentifier.from_public_key(cert.public_key()).digest


def test_an_authority_without_key_identifier_gives_none(ctx):
    pem = key(ctx)["privateKeyPem"]
    plain = self_signed(ctx, pem, subject={"commonName": "no authority"})
    cert = x509.load_pem_x509_certificate(
        signed(ctx, plain["certPem"], pem, request(ctx, pem, subject={"commonName": "x"}))["certPem"].encode()
    )
    with pytest.raises(x509.ExtensionNotFound):
        cert.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    with pytest.raises(CloudError, match="Could not determine Authority Key Identifier"):
        self_signed(ctx, pem, setAuthorityKeyId=True)


def test_an_authority_needs_a_name(ctx):
    with pytest.raises(CloudError, match="at least one Distinguished Name"):
        self_signed(ctx, key(ctx)["privateKeyPem"], isCaCertificate=True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ipAddresses": ["10.0.0.256"]}, 'Invalid IP address: Failed to parse "10.0.0.256"'),
        ({"ipAddresses": ["fe80::1%eth0"]}, "Invalid IP address"),
        ({"uris": [":nothing"]}, "Invalid URI: Failed to parse"),
        ({"dnsNames": ["bücher.example"]}, "cannot be encoded as an IA5String"),
    ],
)
def test_names_that_cannot_be_signed(more, words, ctx):
    with pytest.raises(CloudError, match=words):
        self_signed(ctx, key(ctx)["privateKeyPem"], **more)
    with pytest.raises(CloudError, match=words):
        request(ctx, key(ctx)["privateKeyPem"], **more)


GOOD = {"privateKeyPem": "k", "validityPeriodHours": 1, "allowedUses": []}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"validityPeriodHours": -1}, "validity_period_hours value must be at least 0, got: -1"),
        ({"earlyRenewalHours": -1}, "early_renewal_hours value must be at least 0"),
        ({"maxPathLength": -2}, "max_path_length value must be at least -1"),
        ({"allowedUses": ["server_auth", "any"]}, 'allowed_uses[1] value must be one of: ["any_extended"'),
        ({"ipAddresses": [""]}, "string length must be at least 1"),
        ({"privateKeyPem": None}, "No attribute specified when one (and only one)"),
        ({"privateKeyPemWo": "k2"}, "2 attributes specified when one (and only one)"),
        ({"privateKeyPem": None, "privateKeyPemWo": "k"}, '"private_key_pem_wo_version" must be specified'),
    ],
)
def test_bad_settings_are_refused_before_anything_happens(inputs, words, ctx):
    merged = {name: value for name, value in (GOOD | inputs).items() if value is not None}
    _, failures = SelfSignedCert().check(merged, {}, ctx)
    assert any(words in failure.reason for failure in failures)
    assert all("Examine values at 'x." in failure.reason for failure in failures)


def test_a_key_that_a_preview_does_not_know_yet_waits(ctx):
    assert SelfSignedCert().check(GOOD | {"privateKeyPem": UNKNOWN, "ipAddresses": [UNKNOWN]}, {}, ctx)[1] == []


def test_bad_texts_name_what_they_should_have_been(ctx):
    pem = key(ctx)["privateKeyPem"]
    root = authority(ctx, pem)
    with pytest.raises(CloudError, match="Failed to parse certificate request PEM: failed to decode PEM"):
        signed(ctx, root["certPem"], pem, "banana")
    with pytest.raises(
        CloudError, match='Failed to parse CA certificate PEM: invalid PEM type - expected "CERTIFICATE"'
    ):
        signed(ctx, request(ctx, pem), pem, request(ctx, pem))
    with pytest.raises(CloudError, match="Failed to parse CA private key PEM"):
        signed(ctx, root["certPem"], "banana", request(ctx, pem))


def test_write_only_keys_sign_and_leave_no_trace_in_the_outputs(ctx):
    pem = key(ctx)["privateKeyPem"]
    inputs = {"privateKeyPemWo": pem, "privateKeyPemWoVersion": 1}
    made_request = made(CertRequest(), inputs, ctx)
    assert made_request.outputs["privateKeyPemWo"] is None
    cert = made(SelfSignedCert(), inputs | {"validityPeriodHours": 1, "allowedUses": []}, ctx)
    assert cert.outputs["privateKeyPemWo"] is None
    assert all("PRIVATE KEY" not in str(value) for value in cert.outputs.values())


def test_private_keys_are_secret():
    for handler in (SelfSignedCert(), CertRequest()):
        assert "privateKeyPem" in handler.secret_outputs
    assert "caPrivateKeyPem" in LocallySignedCert().secret_outputs


def test_times_are_those_of_the_sandbox(ctx, openssl):
    clock.advance(ctx.home, timedelta(days=1000))
    before = clock.now(ctx.home)
    outputs = self_signed(ctx, key(ctx)["privateKeyPem"], validityPeriodHours=10)
    held = x509.load_pem_x509_certificate(outputs["certPem"].encode())
    assert abs((held.not_valid_before_utc - before).total_seconds()) < 5
    assert held.not_valid_after_utc - held.not_valid_before_utc == timedelta(hours=10)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", outputs["validityEndTime"])
    assert outputs["validityEndTime"][:19] == held.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S")
    date = openssl("x509", "-in", "{c}", "-noout", "-startdate", c=outputs["certPem"])
    assert str(before.year) in date


def test_go_writes_no_trailing_zeros(ctx):
    moment = clock.now(ctx.home).replace(microsecond=0)
    assert renewal.written(moment) == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert renewal.written(moment.replace(microsecond=120000)).endswith(".12Z")
    assert not renewal.due(renewal.written(moment + timedelta(hours=1)), 0, moment)
    assert renewal.due(renewal.written(moment + timedelta(hours=1)), 1, moment)
    assert renewal.due(renewal.written(moment), 0, moment)


@pytest.mark.parametrize(("hours", "early", "born"), [(0, 0, True), (24, 0, False), (24, 24, True), (24, 23, False)])
def test_a_new_certificate_may_be_due_at_once(hours, early, born, ctx):
    more = {"validityPeriodHours": hours, "earlyRenewalHours": early}
    outputs = self_signed(ctx, key(ctx)["privateKeyPem"], **more)
    assert outputs["readyForRenewal"] is born
    handler = SelfSignedCert()
    assert bool(handler.forced(outputs, outputs, ctx)) is born


def test_a_certificate_is_due_when_its_time_has_come(ctx):
    handler = SelfSignedCert()
    outputs = self_signed(ctx, key(ctx)["privateKeyPem"], validityPeriodHours=24, earlyRenewalHours=2)
    assert handler.forced(outputs, outputs, ctx) == frozenset()
    assert handler.read("id", {}, outputs, ctx).outputs["readyForRenewal"] is False
    clock.advance(ctx.home, timedelta(hours=22, minutes=1))
    assert handler.forced(outputs, outputs, ctx) == {"readyForRenewal"}
    # A refresh shows it; it is the next update that makes the new one.
    assert handler.read("id", {}, outputs, ctx).outputs["readyForRenewal"] is True
    assert handler.forced(outputs | {"earlyRenewalHours": 0}, outputs, ctx) == frozenset()


def test_longer_early_renewal_changes_no_certificate(ctx):
    handler = SelfSignedCert()
    outputs = self_signed(ctx, key(ctx)["privateKeyPem"])
    after = handler.update("id", {}, outputs, outputs | {"earlyRenewalHours": 24}, ctx)
    assert after["certPem"] == outputs["certPem"]
    assert after["readyForRenewal"] is True


def test_the_id_is_the_serial_number(ctx):
    created = made(SelfSignedCert(), GOOD | {"privateKeyPem": key(ctx)["privateKeyPem"]}, ctx)
    assert created.id == str(x509.load_pem_x509_certificate(created.outputs["certPem"].encode()).serial_number)


def test_a_request_names_itself_by_its_hash(ctx, openssl):
    created = made(CertRequest(), {"privateKeyPem": key(ctx)["privateKeyPem"], "dnsNames": ["a"]}, ctx)
    text = created.outputs["certRequestPem"]
    assert "verify OK" in openssl("req", "-in", "{r}", "-noout", "-verify", r=text) or text
    der = base64.b64decode("".join(text.splitlines()[1:-1]))
    assert created.id == hashlib.sha1(der.strip()).hexdigest()


def test_years_beyond_the_calendar(ctx):
    with pytest.raises(CloudError, match="Failed to create certificate"):
        self_signed(ctx, key(ctx)["privateKeyPem"], validityPeriodHours=10**9)
