"""Signed tokens, and the proof that who shows one holds the key that it was given to (DPoP, RFC 9449).

An attestation token names nobody that it is for. With this proof, what one relying party was shown is of no use to it
at another.
"""

import base64
import binascii
import hashlib
import json
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from .chains import openssl, unproved

_LONGEST = 64 * 1024
_SKEW, _FRESH, _MOST_SEEN = 60, 120, 10_000
# The beginning of every public key on P-256 as openssl reads it (SubjectPublicKeyInfo, RFC 5480).
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


@dataclass(frozen=True)
class Signed:
    """A token that was taken apart; nothing of it is believed before ``verify``."""

    header: dict[str, Any]
    claims: dict[str, Any]
    body: bytes
    signature: bytes


def take_apart(text: str) -> Signed:
    """Read a token of the form header.claims.signature."""
    parts = text.split(".")
    if len(text) > _LONGEST or len(parts) != 3:
        raise unproved("it is not a signed token of three parts")
    header, claims = _object(parts[0]), _object(parts[1])
    return Signed(header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), _bytes(parts[2]))


def verify(token: Signed, key: str) -> None:
    """See that a token is signed with a key on P-256, which is all that a Trustee of v0.21 signs with."""
    good, text = openssl("pkey", "-pubin", "-noout", "-text_pub", stdin=key)
    if not good or "prime256v1" not in text:
        raise unproved("the key that should have signed it is not on P-256")
    if token.header.get("alg") != "ES256" or "crit" in token.header:
        raise unproved("its algorithm is not ES256, or it has extensions that are not known here")
    with _in_memory(key.encode(), _der(token.signature)) as (pem, signature):
        words = ("-verify", f"/proc/self/fd/{pem}", "-signature", f"/proc/self/fd/{signature}")
        good, _ = openssl("dgst", "-sha256", *words, stdin=token.body, files=(pem, signature))
    if not good:
        raise unproved("its signature is wrong")


@contextmanager
def _in_memory(*contents: bytes) -> Generator[tuple[int, ...]]:
    """Give contents to openssl as files that are nowhere."""
    made: list[int] = []
    try:
        for content in contents:
            made.append(os.memfd_create("part"))
            os.write(made[-1], content)
        yield tuple(made)
    finally:
        for each in made:
            os.close(each)


@dataclass(frozen=True)
class Shown:
    """What a client has shown with a request, and the request."""

    token: str
    proof: str
    method: str
    path: str


class Proofs:
    """Remembers proofs that were used, so that none is used again."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, shown: Shown, key: dict[str, Any], origins: list[str], now: float) -> None:
        """See that the proof is made with this key, for this request and this token, just now."""
        signed = take_apart(shown.proof)
        if signed.header.get("typ") != "dpop+jwt" or not _same(signed.header.get("jwk"), key):
            raise unproved("the proof is not made with the key that the token names")
        verify(signed, public_key(key))
        claims = signed.claims
        if claims.get("htm") != shown.method or claims.get("htu") not in [f"{each}{shown.path}" for each in origins]:
            raise unproved("the proof is made for another request or another service")
        if claims.get("ath") != encoded(hashlib.sha256(shown.token.encode("ascii")).digest()):
            raise unproved("the proof is made for another token")
        made, name = claims.get("iat"), claims.get("jti")
        if not _number(made) or not now - _FRESH <= cast("float", made) <= now + _SKEW:
            raise unproved("the proof is not fresh")
        if not isinstance(name, str) or not 16 <= len(name) <= 128:
            raise unproved("the proof has no jti of 16 to 128 characters")
        self._once(name, now)

    def _once(self, name: str, now: float) -> None:
        with self._lock:
            self._seen = {each: end for each, end in self._seen.items() if end > now}
            if name in self._seen or len(self._seen) >= _MOST_SEEN:
                raise unproved("the proof was used before")
            self._seen[name] = now + _FRESH + _SKEW


def public_key(jwk: dict[str, Any]) -> str:
    """Return a public key on P-256 as PEM."""
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise unproved("the key that the token names is not on P-256")
    x, y = _bytes(jwk.get("x")), _bytes(jwk.get("y"))
    if len(x) != 32 or len(y) != 32:
        raise unproved("the key that the token names is malformed")
    text = base64.encodebytes(_P256 + x + y).decode("ascii")
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n"


def times(claims: dict[str, Any], now: float) -> None:
    """See that a token's time has begun and has not ended."""
    made, end = claims.get("iat"), claims.get("exp")
    if not _number(made) or not _number(end):
        raise unproved("the token does not say when it was made and when it ends")
    if cast("float", end) <= now:
        raise unproved("the token has ended")
    if cast("float", made) > now + _SKEW or (_number(claims.get("nbf")) and claims["nbf"] > now + _SKEW):
        raise unproved("the token is from the future")


def encoded(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _same(one: object, other: dict[str, Any]) -> bool:
    held = cast("dict[str, Any]", one) if isinstance(one, dict) else {}
    return all(held.get(part) == other.get(part) for part in ("kty", "crv", "x", "y"))


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bytes(text: object) -> bytes:
    try:
        assert isinstance(text, str)
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (AssertionError, ValueError, binascii.Error):
        raise unproved("a part of it is not base64url") from None
    # One way to write it: what has another is not what was signed.
    if encoded(found) != text:
        raise unproved("a part of it is not base64url without padding")
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        found: object = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise unproved("a part of it is not a JSON object")
    return cast("dict[str, Any]", found)


def _der(signature: bytes) -> bytes:
    """Return a signature of two numbers as openssl reads it (ECDSA-Sig-Value, RFC 3279)."""
    if len(signature) != 64:
        raise unproved("its signature is not of 64 bytes")
    numbers = b"".join(_integer(part) for part in (signature[:32], signature[32:]))
    return b"\x30" + bytes([len(numbers)]) + numbers


def _integer(number: bytes) -> bytes:
    short = number.lstrip(b"\0") or b"\0"
    padded = b"\0" + short if short[0] & 0x80 else short
    return b"\x02" + bytes([len(padded)]) + padded
