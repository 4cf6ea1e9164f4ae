"""IAM: keys of service accounts. As in the real cloud nobody keeps the private half but who asked for it."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from confkube_sandbox.daemon.gcp import served
from confkube_sandbox.daemon.gcp.accounts import require
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Keys end then unless an organization says otherwise."""
_BITS = {"KEY_ALG_RSA_1024": 1024}
_PUBLIC = {
    "TYPE_X509_PEM_FILE": "certificate",
    "TYPE_RAW_PUBLIC_KEY": "raw",
}


@serves("iam.projects.serviceAccounts.keys.create")
def create(call: Call) -> Body:
    """Make a key and give its private half away, in the form of a credentials file."""
    account = require(call)
    if call.body.get("privateKeyType") == "TYPE_PKCS12_FILE":
        raise served.refusal()
    algorithm = call.body.get("keyAlgorithm") or "KEY_ALG_RSA_2048"
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS.get(algorithm, 2048))
    number = secrets.token_hex(20)
    body: Body = {
        "name": f"{account.body['name']}/keys/{number}",
        "keyAlgorithm": "KEY_ALG_RSA_2048" if algorithm == "KEY_ALG_UNSPECIFIED" else algorithm,
        "validAfterTime": call.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "validBeforeTime": _NEVER.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "USER_MANAGED",
    }
    account.keys[number] = {**body, **_public(key, account.body["uniqueId"], call.now)}
    return {
        **body,
        "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
        "privateKeyData": base64.b64encode(_credentials(call, key, account.body, number)).decode(),
    }


@serves("iam.projects.serviceAccounts.keys.get")
def get(call: Call) -> Body:
    """Show a key, and its public half in the form that is asked for."""
    held = _held(call)
    form = _PUBLIC.get(call.query.get("publicKeyType", ""))
    shown = _shown(held)
    return {**shown, "publicKeyData": held[form]} if form else shown


@serves("iam.projects.serviceAccounts.keys.list")
def list_(call: Call) -> Body:
    """List the keys of an account."""
    found = [_shown(each) for each in require(call).keys.values()]
    return {"keys": found} if found else {}


@serves("iam.projects.serviceAccounts.keys.delete")
def delete(call: Call) -> Body:
    """Delete a key; what was signed with it is no longer believed."""
    _held(call)
    del require(call).keys[call.path["keysId"]]
    return {}


def _held(call: Call) -> Body:
    account, number = require(call), call.path["keysId"]
    if number not in account.keys:
        where = f"{account.body['name']}/keys/{number}"
        raise ApiError("notFound", f"Service account key {where} does not exist.", 404)
    return account.keys[number]


def _shown(held: Body) -> Body:
    return {name: each for name, each in held.items() if name not in _PUBLIC.values()}


def _credentials(call: Call, key: rsa.RSAPrivateKey, account: Body, number: str) -> bytes:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {
        "type": "service_account",
        "project_id": call.project.id,
        "private_key_id": number,
        "private_key": secret.decode(),
        "client_email": account["email"],
        "client_id": account["uniqueId"],
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{account['email']}",
        "universe_domain": "googleapis.com",
    }
    return json.dumps(told, indent=2).encode() + b"\n"


def _public(key: rsa.RSAPrivateKey, owner: str, now: datetime) -> Body:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(_NEVER)
        .sign(key, hashes.SHA256())
    )
    raw = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "certificate": base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode(),
        "raw": base64.b64encode(raw).decode(),
    }
