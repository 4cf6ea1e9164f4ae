"""Decides by an attestation token (EAR) of the Trustee on this machine.

What is in a token: attestation-service/src/ear_token/broker.rs and docs/example.token.json of
github.com/confidential-containers/trustee at v0.21.0 (258ea4ac), read 2026-11-27.
"""

import ssl
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .chains import openssl, require_evidence, split, unentitled, unproved
from .possession import Proofs, Shown, take_apart, times, verify

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

ISSUER = "CoCo-Attestation-Service"
PROFILE = "tag:github.com,2024:confidential-containers/Trustee"
UNBOUND = "initdata not bound"
_EVIDENCE = "ear.veraison.annotated-evidence"
_SAMPLES = ("sample", "sampledevice")


class Way:
    """By attestation token, which its holder proves to be its own."""

    certificates = ssl.CERT_NONE
    challenge = 'DPoP algs="ES256"'

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._proofs = Proofs()

    def who(self, visit: "BaseHTTPRequestHandler") -> str:
        """Return in a few words what a machine is that the secret is for."""
        scheme, _, token = visit.headers.get("Authorization", "").partition(" ")
        proofs = visit.headers.get_all("DPoP") or []
        if scheme != "DPoP" or not token.isascii() or len(proofs) != 1:
            raise unproved("show an attestation token (Authorization: DPoP ...) and one proof that it is yours (DPoP)")
        return self.attested(Shown(token, proofs[0], visit.command, visit.path), time.time())

    def attested(self, shown: Shown, now: float) -> str:
        """Decide by what was shown."""
        settings = self._settings
        signed = take_apart(shown.token)
        chain = _chain(Path(settings["token_chain"]), settings["root"])
        verify(signed, _public_key(chain[0]))
        claims = signed.claims
        times(claims, now)
        if claims.get("iss") != ISSUER or claims.get("eat_profile") != PROFILE:
            raise unproved("it is not an attestation token of a Trustee")
        _meant_for(claims.get("aud"), settings["origins"])
        parts = _parts(claims)
        main = _evidence(parts.get("cpu0", {}))
        key = _mapping(_mapping(main.get("runtime_data_claims")).get("tee-pubkey"))
        self._proofs.check(shown, key, settings["origins"], now)
        for name, part in parts.items():
            _affirmed(name, part)
        bound = main.get("init_data")
        if bound not in settings["init_data"] and UNBOUND not in settings["allow"]:
            raise unentitled("it was started with other initdata than is wanted")
        require_evidence(chain, settings["allow"])
        return f"an attested machine with initdata {bound if isinstance(bound, str) else 'unknown'}"


def _affirmed(name: str, part: dict[str, Any]) -> None:
    if part.get("ear.status") != "affirming":
        raise unentitled(f"the evidence of {name} is not affirmed")
    if any(sample in _evidence(part) for sample in _SAMPLES):
        raise unentitled(f"the evidence of {name} comes from the sample attester, which proves nothing")


def _chain(path: Path, root: str) -> list[str]:
    try:
        chain = split(path.read_text(encoding="ascii"))
    except OSError:
        chain = []
    if not chain:
        raise unproved("the Trustee on this machine has no certificate yet")
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as others:
        others.write("".join(chain[1:]))
        others.flush()
        words = ("-no-CApath", "-no-CAstore", "-x509_strict", "-CAfile", root, "-untrusted", others.name)
        good, _ = openssl("verify", *words, stdin=chain[0])
    if not good:
        raise unproved("the certificate of the Trustee on this machine is not good at this time")
    return chain


def _public_key(certificate: str) -> str:
    good, key = openssl("x509", "-noout", "-pubkey", stdin=certificate)
    if not good:
        raise unproved("the certificate of the Trustee on this machine cannot be read")
    return key


def _meant_for(audience: object, origins: list[str]) -> None:
    """A token of a Trustee names no audience; one that does must name this service."""
    if audience is None:
        return
    named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
    if not set(map(str, named)) & set(origins):
        raise unproved("the token is meant for another service")


def _parts(claims: dict[str, Any]) -> dict[str, dict[str, Any]]:
    parts = _mapping(claims.get("submods"))
    if "cpu0" not in parts:
        raise unproved("the token says nothing of a processor")
    return {name: _mapping(part) for name, part in parts.items()}


def _evidence(part: dict[str, Any]) -> dict[str, Any]:
    return _mapping(part.get(_EVIDENCE))


def _mapping(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
