"""A relying party that runs as on a trust server, and everything to try it with: certificates, tokens, proofs."""

import base64
import datetime as dt
import hashlib
import http.client
import json
import secrets
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field

from boot import samples
from boot import trustee as values
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from confkube import bootstrap
from confkube.bootstrap.document import written
from confkube.trust.certificates import UNVERIFIED

DOMAIN = values.DOMAIN
PROGRAM = "/usr/local/lib/confkube/relying"
SETTINGS = "/etc/confkube/relying-party.json"
ROOMY = samples.profile(user_data_limit=1 << 20)


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: object

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self):
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, *form).decode()


def certificate(
    issuer=None, *, name="x", unit=None, ca=False, key=None, days=(-1, 10), uris=(), ip=None, usage=None, acts=None
):
    """Make a certificate; without an issuer it is its own."""
    key = key or samples.elliptic()
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    parts += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    subject = x509.Name(parts)
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca if acts is None else acts,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    signer = issuer.key if issuer else key
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(above, critical=False)
    names = [x509.UniformResourceIdentifier(uri) for uri in uris]
    names += [x509.IPAddress(ip)] if ip else []
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return Made(builder.sign(signer, hashes.SHA256()), key)


BOTH = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]


def authorities(unit=UNVERIFIED, domain=DOMAIN, root=None):
    """The root, what a trust server was enrolled with, and the authority that SPIRE makes below that."""
    root = root or certificate(name="root", ca=True)
    own = [f"spiffe://{domain}"]
    middle = certificate(root, name="trust server", unit=unit, ca=True, uris=own)
    return root, middle, certificate(middle, name="spire", ca=True, uris=own)


def svid(spire, uri=f"spiffe://{DOMAIN}/demo", **changes):
    """What SPIRE gives a workload."""
    return certificate(spire, name="workload", uris=[uri], usage=BOTH, **changes)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(key, claims, *, algorithm="ES256", body=None, **header):
    """A signed token; the signature is real whatever the header says."""
    parts = [json.dumps({"alg": algorithm, **header}), json.dumps(claims)]
    text = ".".join(b64(part.encode()) for part in parts)
    return f"{text}.{b64(raw_signature(key, (body or text).encode()))}"


def raw_signature(key, data):
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def jwk(key):
    numbers = key.public_key().public_numbers()
    x, y = (b64(each.to_bytes(32, "big")) for each in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def claims(tee_key, *, status="affirming", init_data=values.CLAIM, evidence=None, **changes):
    """What a Trustee of v0.21 says of a machine."""
    now = int(time.time())
    found = {
        "init_data": init_data,
        "init_data_claims": None,
        "report_data": "00",
        "runtime_data_claims": {"nonce": "n", "tee-pubkey": {"alg": "ECDH-ES+A256KW", **jwk(tee_key)}},
        "snp": {"measurement": "00"},
    }
    appraisal = {
        "ear.status": status,
        "ear.appraisal-policy-id": "default",
        "ear.veraison.annotated-evidence": found | (evidence or {}),
    }
    return {
        "eat_profile": "tag:github.com,2024:confidential-containers/Trustee",
        "iat": now,
        "exp": now + 300,
        "iss": "CoCo-Attestation-Service",
        "ear.verifier-id": {"developer": "d", "build": "b"},
        "submods": {"cpu0": appraisal},
    } | changes


def proof(tee_key, token, *, algorithm="ES256", shown=None, typ="dpop+jwt", signer=None, **changes):
    """A proof of possession (RFC 9449) of who was given the token."""
    content = {
        "htm": "GET",
        "htu": f"https://{values.ADDRESS}:8083/secret",
        "iat": int(time.time()),
        "jti": secrets.token_hex(16),
        "ath": b64(hashlib.sha256(token.encode()).digest()),
    } | changes
    return signed(signer or tee_key, content, algorithm=algorithm, typ=typ, jwk=shown or jwk(tee_key))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@dataclass
class Party:
    """A relying party under way, made of the files that the boot text carries."""

    folder: object
    root: Made
    port: int = field(default_factory=free_port)

    def start(self, user_data, middle, *, settings=None, token=None):
        """Start the program from user data."""
        files = {file.path: file for file in written(user_data)}
        library = self.folder / "lib" / "relying"
        library.mkdir(parents=True, exist_ok=True)
        for path, file in files.items():
            if path.startswith(PROGRAM):
                (library / path.rpartition("/")[2]).write_text(file.text)
        own = json.loads(files[SETTINGS].text)
        own |= {"address": "127.0.0.1", "port": self.port, "root": str(self.folder / "root.pem")}
        if token:
            self.token_chain(token.pem + middle.pem)
            own["token_chain"] = str(self.folder / "token.pem")
        (self.folder / "settings.json").write_text(json.dumps(own | (settings or {})))
        (self.folder / "root.pem").write_text(self.root.pem)
        credentials, state = self.folder / "credentials", self.folder / "state"
        credentials.mkdir(exist_ok=True)
        state.mkdir(exist_ok=True)
        import ipaddress

        leaf = certificate(middle, ip=ipaddress.ip_address("127.0.0.1"), usage=[ExtendedKeyUsageOID.SERVER_AUTH])
        (credentials / "chain.pem").write_text(leaf.pem + middle.pem)
        (credentials / "key.pem").write_text(leaf.key_pem)
        environment = {
            "CONFKUBE_RELYING_PARTY": str(self.folder / "settings.json"),
            "CREDENTIALS_DIRECTORY": str(credentials),
            "STATE_DIRECTORY": str(state),
            "PATH": "/usr/bin:/bin",
        }
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-B", "-E", "-s", "-m", "relying"],
                cwd=library.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 30
        while "answers at port" not in self.logged():
            assert self.process.poll() is None, self.logged()
            assert time.monotonic() < end, self.logged()
            time.sleep(0.05)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(10)

    def token_chain(self, pem):
        (self.folder / "token.pem").write_text(pem)

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def secret(self):
        return base64.b64encode((self.folder / "state" / "secret").read_bytes()).decode()

    def ask(self, *, client=None, headers=None, path="/secret", method="GET", tls=None):
        """Ask for the secret; returns status and answer. ``client`` is a chain and a key."""
        context = ssl.create_default_context(cadata=self.root.pem)
        if tls:
            context.maximum_version = tls
        if client:
            chain, key = client
            pem = self.folder / f"client-{secrets.token_hex(4)}.pem"
            pem.write_text(key.key_pem + "".join(each.pem for each in chain))
            context.load_cert_chain(pem)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            body = response.read()
            return response.status, json.loads(body) if body.startswith(b"{") else body
        finally:
            connection.close()


def by_identity(party):
    """The user data of a SPIRE server with a relying party."""
    return bootstrap.trust_server(samples.trust_server(relying_party=party, profile=ROOMY))


def by_token(party):
    """The user data of a Trustee with a relying party."""
    return bootstrap.trustee_server(values.trustee(relying_party=party, profile=ROOMY))
