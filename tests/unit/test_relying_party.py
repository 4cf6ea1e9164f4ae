"""The relying party runs as the boot text carries it, and answers real certificates, tokens and proofs over TLS."""

import json
import ssl
import time

import pytest
from boot import relying, samples
from boot import trustee as values
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from confkube import bootstrap
from confkube.bootstrap import UNVERIFIED, RelyingParty

DOMAIN = relying.DOMAIN
DEMO = f"spiffe://{DOMAIN}{bootstrap.DEMO_PATH}"


@pytest.fixture(scope="module")
def proved():
    """Authorities whose trust server was enrolled with evidence."""
    return relying.authorities(unit="enrolled with evidence")


@pytest.fixture(scope="module")
def identities(tmp_path_factory, proved):
    root, middle, _ = proved
    party = RelyingParty(names=(values.ADDRESS,), spiffe_ids=(DEMO,))
    running = relying.Party(tmp_path_factory.mktemp("identities"), root)
    running.start(relying.by_identity(party), middle)
    yield running
    running.stop()


def shown(identities, proved, workload, *, chain=None):
    """Ask with an SVID, as SPIRE's agent hands it out: with the authorities between it and the root."""
    _, middle, spire = proved
    return identities.ask(client=([workload, *(chain if chain is not None else (spire, middle))], workload))


class TestIdentities:
    def test_the_workload_gets_the_secret(self, identities, proved):
        status, answer = shown(identities, proved, relying.svid(proved[2]))
        assert (status, answer) == (200, {"secret": identities.secret})
        assert len(identities.secret) == 44
        assert f"released to {DEMO}, at 127.0.0.1" in identities.logged()

    def test_it_is_the_same_secret_each_time(self, identities, proved):
        first = shown(identities, proved, relying.svid(proved[2]))
        assert first == shown(identities, proved, relying.svid(proved[2]))

    def test_nobody(self, identities):
        status, answer = identities.ask()
        assert status == 401
        assert answer == {"error": "show an X.509-SVID as client certificate"}

    @pytest.mark.parametrize(
        "path", [f"{DEMO}/x", f"{DEMO}x", f"spiffe://{DOMAIN}/Demo", f"spiffe://{DOMAIN}/spire/agent/x509pop/1"]
    )
    def test_another_workload(self, identities, proved, path):
        status, answer = shown(identities, proved, relying.svid(proved[2], path))
        assert status == 403
        assert answer == {"error": f"{path} is not one of those that the secret is for"}

    @pytest.mark.parametrize(
        "uri", ["spiffe://other.internal/demo", f"spiffe://{DOMAIN}.evil/demo", f"https://{DOMAIN}/demo"]
    )
    def test_a_workload_of_another_domain_below_the_same_root(self, identities, proved, uri):
        status, answer = shown(identities, proved, relying.svid(proved[2], uri))
        assert status == 403
        assert "is not of the trust domain" in answer["error"]

    def test_a_workload_of_another_root(self, identities):
        root, middle, spire = relying.authorities(unit=None)
        self.not_at_all(identities, relying.svid(spire), [spire, middle, root])

    def test_a_workload_of_another_root_with_the_same_names(self, identities):
        _, middle, spire = relying.authorities(unit="enrolled with evidence")
        self.not_at_all(identities, relying.svid(spire), [spire, middle])

    def test_an_expired_one(self, identities, proved):
        _, middle, spire = proved
        self.not_at_all(identities, relying.svid(spire, days=(-2, -1)), [spire, middle])

    def test_one_that_has_not_begun(self, identities, proved):
        _, middle, spire = proved
        self.not_at_all(identities, relying.svid(spire, days=(1, 2)), [spire, middle])

    def test_one_that_signed_itself(self, identities):
        own = relying.certificate(name="workload", uris=[DEMO], usage=relying.BOTH)
        self.not_at_all(identities, own, [])

    def test_one_that_a_workload_signed(self, identities, proved):
        _, middle, spire = proved
        workload = relying.svid(spire)
        self.not_at_all(identities, relying.svid(workload), [workload, spire, middle])

    def test_one_for_servers_alone(self, identities, proved):
        _, middle, spire = proved
        server = relying.certificate(spire, uris=[DEMO], usage=relying.BOTH[:1])
        self.not_at_all(identities, server, [spire, middle])

    @staticmethod
    def not_at_all(identities, workload, chain):
        """TLS itself refuses it; there is no answer, and a line of the log."""
        before = identities.logged()
        with pytest.raises((ssl.SSLError, OSError)):
            identities.ask(client=([workload, *chain], workload))
        end = time.monotonic() + 10
        while identities.logged() == before and time.monotonic() < end:
            time.sleep(0.02)
        assert (
            "refused at the handshake to 127.0.0.1: its certificate is not believed"
            in identities.logged()[len(before) :]
        )

    def test_a_certificate_without_a_name(self, identities, proved):
        plain = relying.certificate(proved[2], usage=relying.BOTH)
        assert shown(identities, proved, plain)[0] == 401

    def test_a_certificate_with_two_names(self, identities, proved):
        two = relying.certificate(proved[2], uris=[DEMO, f"spiffe://{DOMAIN}/other"], usage=relying.BOTH)
        status, answer = shown(identities, proved, two)
        assert status == 401
        assert "exactly one URI" in answer["error"]

    def test_an_authority_is_no_workload(self, identities, proved):
        authority = relying.certificate(proved[2], uris=[DEMO], ca=True, acts=True, usage=relying.BOTH)
        status, answer = shown(identities, proved, authority)
        assert status == 401
        assert "it may sign others" in answer["error"]

    def test_the_trust_server_itself_is_no_workload(self, identities, proved):
        _, middle, spire = proved
        self.not_at_all(identities, middle, [])
        self.not_at_all(identities, spire, [middle])

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/", 404), ("GET", "/secret?x", 404), ("POST", "/secret", 501)]
    )
    def test_nothing_else_is_there(self, identities, proved, method, path, status):
        workload = relying.svid(proved[2])
        chain = [workload, proved[2], proved[1]]
        found, answer = identities.ask(client=(chain, workload), method=method, path=path)
        assert found == status
        assert identities.secret not in str(answer)

    def test_older_tls_is_not_spoken(self, identities):
        with pytest.raises(ssl.SSLError):
            identities.ask(tls=ssl.TLSVersion.TLSv1_2)

    def test_a_token_is_no_identity(self, identities):
        assert identities.ask(headers={"Authorization": "DPoP x.y.z", "DPoP": "x.y.z"})[0] == 401

    def test_the_secret_is_nobody_elses(self, identities):
        assert (identities.folder / "state" / "secret").stat().st_mode & 0o777 == 0o600
        assert identities.secret not in identities.logged()


@pytest.mark.parametrize(("allow", "status"), [((), 403), ((UNVERIFIED,), 200)])
def test_what_was_enrolled_without_evidence_counts_only_when_allowed_by_name(tmp_path, allow, status):
    root, middle, spire = relying.authorities()
    party = RelyingParty(names=(values.ADDRESS,), spiffe_ids=(DEMO,), allow=allow)
    running = relying.Party(tmp_path, root).start(relying.by_identity(party), middle)
    try:
        workload = relying.svid(spire)
        found, answer = running.ask(client=([workload, spire, middle], workload))
        assert found == status
        if allow:
            assert answer == {"secret": running.secret}
        else:
            assert answer == {
                "error": "the authority behind it was enrolled without evidence, and that is not allowed here"
            }
            assert "refused 403" in running.logged()
    finally:
        running.stop()


def test_the_mark_counts_in_the_chain_that_was_verified_and_not_in_one_that_was_shown(tmp_path):
    """A client cannot hide the mark by leaving the marked authority out, or by showing another one beside it."""
    root, middle, spire = relying.authorities()
    _, other, _ = relying.authorities(unit="enrolled with evidence", root=root)
    party = RelyingParty(names=(values.ADDRESS,), spiffe_ids=(DEMO,))
    running = relying.Party(tmp_path, root).start(relying.by_identity(party), middle)
    try:
        workload = relying.svid(spire)
        assert running.ask(client=([workload, spire, other, middle], workload))[0] == 403
        with pytest.raises((ssl.SSLError, OSError)):
            running.ask(client=([workload, spire, other], workload))
    finally:
        running.stop()


@pytest.fixture(scope="module")
def tee_key():
    return samples.elliptic()


@pytest.fixture(scope="module")
def signer(proved):
    return relying.certificate(proved[1], name="token")


@pytest.fixture(scope="module")
def tokens(tmp_path_factory, proved, signer):
    root, middle, _ = proved
    running = relying.Party(tmp_path_factory.mktemp("tokens"), root)
    running.start(relying.by_token(values.party()), middle, token=signer)
    yield running
    running.stop()


def headers(token, proof):
    return {"Authorization": f"DPoP {token}", "DPoP": proof}


class TestTokens:
    @pytest.fixture
    def ask(self, tokens, signer, tee_key):
        def ask(*, token=None, proof=None, key=None, header=None, **changes):
            content = relying.claims(tee_key, **changes)
            text = token or relying.signed(key or signer.key, content, **{"typ": "JWT", **(header or {})})
            return tokens.ask(headers=headers(text, proof or relying.proof(tee_key, text)))

        return ask

    def test_the_attested_machine_gets_the_secret(self, ask, tokens):
        assert ask() == (200, {"secret": tokens.secret})
        assert f"released to an attested machine with initdata {values.CLAIM}" in tokens.logged()
        assert tokens.secret not in tokens.logged()

    def test_a_key_in_the_header_is_not_looked_at(self, ask, tokens, signer, tee_key):
        assert ask(header={"jwk": relying.jwk(signer.key)})[0] == 200
        other = samples.elliptic()
        status, answer = ask(key=other, header={"jwk": relying.jwk(other)})
        assert (status, answer) == (401, {"error": "its signature is wrong"})

    def test_nobody(self, tokens):
        assert tokens.ask()[0] == 401
        assert tokens.ask(headers={"Authorization": "Bearer x.y.z"})[0] == 401

    def test_a_certificate_is_no_token(self, tokens, proved):
        _, middle, spire = proved
        workload = relying.svid(spire)
        assert tokens.ask(client=([workload, spire, middle], workload))[0] == 401

    @pytest.mark.parametrize(
        ("changes", "status", "reason"),
        [
            ({"status": "warning"}, 403, "the evidence of cpu0 is not affirmed"),
            ({"status": "contraindicated"}, 403, "is not affirmed"),
            ({"status": "none"}, 403, "is not affirmed"),
            ({"status": None}, 403, "is not affirmed"),
            ({"status": 2}, 403, "is not affirmed"),
            ({"init_data": "cd" * 32}, 403, "other initdata than is wanted"),
            ({"init_data": "00" * 32}, 403, "other initdata than is wanted"),
            ({"init_data": None}, 403, "other initdata than is wanted"),
            ({"init_data": values.CLAIM.upper()}, 403, "other initdata than is wanted"),
            ({"evidence": {"sample": {"svn": "1"}}}, 403, "comes from the sample attester"),
            ({"evidence": {"runtime_data_claims": None}}, 401, "not made with the key that the token names"),
            ({"submods": {}}, 401, "says nothing of a processor"),
            ({"submods": None}, 401, "says nothing of a processor"),
            ({"iss": "somebody"}, 401, "not an attestation token of a Trustee"),
            ({"iss": None}, 401, "not an attestation token of a Trustee"),
            ({"eat_profile": "tag:other"}, 401, "not an attestation token of a Trustee"),
            ({"exp": 1}, 401, "the token has ended"),
            ({"exp": None}, 401, "does not say when"),
            ({"exp": True}, 401, "does not say when"),
            ({"iat": None}, 401, "does not say when"),
            ({"iat": 1 << 40}, 401, "is from the future"),
            ({"nbf": 1 << 40}, 401, "is from the future"),
            ({"aud": "https://other.example.org"}, 401, "meant for another service"),
            ({"aud": []}, 401, "meant for another service"),
            ({"header": {"crit": ["x"]}}, 401, "not ES256, or it has extensions"),
        ],
    )
    def test_a_token_that_is_not_good(self, ask, tokens, changes, status, reason):
        found, answer = ask(**changes)
        assert found == status, answer
        assert reason in answer["error"]
        assert tokens.secret not in str(answer)
        assert f"refused {status} to 127.0.0.1: {answer['error']}" in tokens.logged()

    def test_a_token_that_names_this_service(self, ask, tokens):
        own = f"https://{values.ADDRESS}:8083"
        assert ask(aud=own)[0] == 200
        assert ask(aud=["https://other.example.org", own])[0] == 200

    def test_a_second_device_must_be_affirmed_too(self, ask, tee_key):
        first = relying.claims(tee_key)["submods"]["cpu0"]
        assert ask(submods={"cpu0": first, "gpu0": {"ear.status": "affirming"}})[0] == 200
        status, answer = ask(submods={"cpu0": first, "gpu0": {"ear.status": "warning"}})
        assert (status, answer) == (403, {"error": "the evidence of gpu0 is not affirmed"})
        sample = {"ear.status": "affirming", "ear.veraison.annotated-evidence": {"sampledevice": {}}}
        assert ask(submods={"cpu0": first, "gpu0": sample})[0] == 403
        assert ask(submods={"gpu0": first})[0] == 401

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES384", "RS256", "EdDSA", "", None])
    def test_another_algorithm(self, ask, signer, tee_key, algorithm):
        token = relying.signed(signer.key, relying.claims(tee_key), algorithm=algorithm)
        status, answer = ask(token=token)
        assert status == 401
        assert "its algorithm is not ES256" in answer["error"]

    def test_no_signature(self, ask, signer, tee_key):
        token = relying.signed(signer.key, relying.claims(tee_key), algorithm="none").rpartition(".")[0] + "."
        assert ask(token=token)[0] == 401

    def test_the_wrong_signature(self, ask, signer, tee_key):
        token = relying.signed(signer.key, relying.claims(tee_key), body="something else")
        assert ask(token=token) == (401, {"error": "its signature is wrong"})

    def test_a_key_of_somebody_else(self, ask):
        assert ask(key=samples.elliptic()) == (401, {"error": "its signature is wrong"})

    def test_a_changed_token(self, ask, signer, tee_key):
        head, _, tail = relying.signed(signer.key, relying.claims(tee_key, status="warning")).split(".")
        other = relying.b64(json.dumps(relying.claims(tee_key)).encode())
        assert ask(token=f"{head}.{other}.{tail}") == (401, {"error": "its signature is wrong"})

    def test_the_numbers_of_a_signature_in_another_form(self, ask, signer, tee_key):
        from cryptography.hazmat.primitives import hashes

        head, body, _ = relying.signed(signer.key, relying.claims(tee_key)).split(".")
        der = signer.key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        status, answer = ask(token=f"{head}.{body}.{relying.b64(der)}")
        assert (status, answer) == (401, {"error": "its signature is not of 64 bytes"})

    @pytest.mark.parametrize(
        "token", ["x", "a.b", "a.b.c.d", "..", "e30.e30.", "W10.W10.AAAA", "!.!.!", "e30=.e30.AAAA"]
    )
    def test_what_is_no_token(self, ask, token):
        assert ask(token=token)[0] == 401

    def test_another_way_to_write_the_same_token(self, ask, signer, tee_key):
        token = relying.signed(signer.key, relying.claims(tee_key))
        assert ask(token=f"{token}=")[0] == 401
        # The last character of 64 bytes carries four bits: three others decode to the same.
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = alphabet[alphabet.index(token[-1]) ^ 1]
        assert ask(token=token[:-1] + other)[0] == 401

    def test_a_token_that_is_nested_too_deep(self, ask):
        deep = relying.b64(b"[" * 15_000)
        assert ask(token=f"{deep}.{deep}.AAAA", proof="x.y.z") == (401, {"error": "a part of it is not a JSON object"})


class TestPossession:
    @pytest.fixture
    def token(self, signer, tee_key):
        return relying.signed(signer.key, relying.claims(tee_key))

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"htu": "https://other.example.org/secret"}, "for another request or another service"),
            ({"htu": f"https://{values.ADDRESS}:8083/other"}, "for another request or another service"),
            ({"htu": f"http://{values.ADDRESS}:8083/secret"}, "for another request or another service"),
            ({"htu": None}, "for another request or another service"),
            ({"htm": "POST"}, "for another request or another service"),
            ({"ath": "AAAA"}, "for another token"),
            ({"ath": None}, "for another token"),
            ({"iat": 1}, "is not fresh"),
            ({"iat": 1 << 40}, "is not fresh"),
            ({"iat": "now"}, "is not fresh"),
            ({"jti": "short"}, "has no jti"),
            ({"jti": 1}, "has no jti"),
            ({"typ": "JWT"}, "not made with the key that the token names"),
            ({"algorithm": "none"}, "its algorithm is not ES256"),
        ],
    )
    def test_a_proof_that_is_not_good(self, tokens, tee_key, token, changes, reason):
        status, answer = tokens.ask(headers=headers(token, relying.proof(tee_key, token, **changes)))
        assert status == 401
        assert reason in answer["error"]

    def test_a_proof_of_another_key(self, tokens, tee_key, token):
        other = samples.elliptic()
        answers = [
            tokens.ask(headers=headers(token, relying.proof(other, token))),
            tokens.ask(headers=headers(token, relying.proof(tee_key, token, signer=other))),
            tokens.ask(headers=headers(token, relying.proof(tee_key, token, shown=relying.jwk(other)))),
        ]
        assert [status for status, _ in answers] == [401, 401, 401]

    def test_what_another_relying_party_was_shown_is_of_no_use_to_it(self, tokens, tee_key, token):
        replayed = relying.proof(tee_key, token, htu="https://other.example.org:8083/secret")
        assert tokens.ask(headers=headers(token, replayed))[0] == 401

    def test_a_proof_is_used_once(self, tokens, tee_key, token):
        proof = relying.proof(tee_key, token)
        assert tokens.ask(headers=headers(token, proof))[0] == 200
        status, answer = tokens.ask(headers=headers(token, proof))
        assert (status, answer) == (401, {"error": "the proof was used before"})
        assert tokens.ask(headers=headers(token, relying.proof(tee_key, token)))[0] == 200

    def test_no_proof(self, tokens, token):
        status, answer = tokens.ask(headers={"Authorization": f"DPoP {token}"})
        assert status == 401
        assert "one proof" in answer["error"]

    def test_a_token_whose_key_cannot_sign(self, tokens, signer, tee_key):
        for key in (
            {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"},
            {},
            "x",
        ):
            content = relying.claims(tee_key, evidence={"runtime_data_claims": {"tee-pubkey": key}})
            token = relying.signed(signer.key, content)
            proof = relying.proof(tee_key, token, shown=key if isinstance(key, dict) else None)
            assert tokens.ask(headers=headers(token, proof))[0] == 401


class TestTheTrustee:
    """The certificate of the Trustee on the same machine, which is read anew each time."""

    @pytest.fixture
    def asked(self, tmp_path, tee_key):
        def asked(root, middle, signer, **changes):
            running = relying.Party(tmp_path, root)
            running.start(relying.by_token(values.party(**changes)), middle, token=signer)
            try:
                token = relying.signed(signer.key, relying.claims(tee_key))
                return running.ask(headers=headers(token, relying.proof(tee_key, token)))
            finally:
                running.stop()

        return asked

    def test_enrolled_without_evidence(self, asked):
        root, middle, _ = relying.authorities()
        status, answer = asked(root, middle, relying.certificate(middle))
        assert status == 403
        assert "enrolled without evidence" in answer["error"]

    def test_enrolled_without_evidence_and_allowed_by_name(self, asked):
        root, middle, _ = relying.authorities()
        assert asked(root, middle, relying.certificate(middle), allow=(UNVERIFIED,))[0] == 200

    def test_initdata_that_is_not_bound_and_allowed_by_name(self, asked, proved):
        root, middle, _ = proved
        answer = asked(root, middle, relying.certificate(middle), init_data=(), allow=(bootstrap.UNBOUND,))
        assert answer[0] == 200

    def test_a_certificate_that_has_ended(self, asked, proved):
        root, middle, _ = proved
        status, answer = asked(root, middle, relying.certificate(middle, days=(-2, -1)))
        assert status == 401
        assert "not good at this time" in answer["error"]

    def test_a_certificate_of_another_root(self, asked, proved):
        _, middle, _ = relying.authorities(unit=None)
        status, answer = asked(proved[0], proved[1], relying.certificate(middle))
        assert (status, "not good" in answer["error"]) == (401, True)

    @pytest.mark.parametrize(
        "make", [ed25519.Ed25519PrivateKey.generate, lambda: rsa.generate_private_key(65537, 2048)]
    )
    def test_a_key_that_no_trustee_has(self, tmp_path, proved, tee_key, make):
        root, middle, _ = proved
        key = make()
        running = relying.Party(tmp_path, root)
        running.start(relying.by_token(values.party()), middle, token=relying.certificate(middle, key=key))
        try:
            token = relying.signed(samples.elliptic(), relying.claims(tee_key))
            status, answer = running.ask(headers=headers(token, relying.proof(tee_key, token)))
            assert (status, answer) == (401, {"error": "the key that should have signed it is not on P-256"})
        finally:
            running.stop()

    def test_no_certificate_yet(self, tmp_path, proved, tee_key):
        root, middle, _ = proved
        signer = relying.certificate(middle)
        running = relying.Party(tmp_path, root).start(relying.by_token(values.party()), middle, token=signer)
        try:
            (tmp_path / "token.pem").unlink()
            token = relying.signed(signer.key, relying.claims(tee_key))
            assert running.ask(headers=headers(token, relying.proof(tee_key, token)))[0] == 401
            running.token_chain(signer.pem + middle.pem)
            assert running.ask(headers=headers(token, relying.proof(tee_key, token)))[0] == 200
        finally:
            running.stop()


def test_the_secret_outlives_a_restart(tmp_path, proved):
    root, middle, spire = proved
    party = RelyingParty(names=(values.ADDRESS,), spiffe_ids=(DEMO,))
    workload, answers = relying.svid(spire), []
    for _ in range(2):
        running = relying.Party(tmp_path, root).start(relying.by_identity(party), middle)
        answers.append(running.ask(client=([workload, spire, middle], workload)))
        running.stop()
    assert answers[0] == answers[1]
    assert answers[0][0] == 200


def test_a_visitor_that_says_nothing_holds_up_nobody(identities, proved):
    import socket

    with socket.create_connection(("127.0.0.1", identities.port)):
        assert shown(identities, proved, relying.svid(proved[2]))[0] == 200


def test_what_a_visitor_writes_is_one_line_of_the_log(identities):
    import socket

    context = ssl.create_default_context(cadata=identities.root.pem)
    with (
        socket.create_connection(("127.0.0.1", identities.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(b"G\x1b[31mT /secret x\r\n\r\n")
        connection.recv(4096)
    assert "\x1b" not in identities.logged()
