"""Making random values. Every byte comes from the operating system's cryptographic generator."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

import bcrypt

NUMERIC = "0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SPECIAL = "!@#$%&*()-_=+[]{}<>:?"

# bcrypt reads no more than this; the real provider hashes the first 72 bytes of a longer password.
_BCRYPT_BYTES = 72
_BCRYPT_COST = 10


class EmptyAlphabetError(ValueError):
    """No class of characters is allowed, so no character can be drawn."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a random string is made of.

    A minimum counts even where its class is switched off, as in the real provider (``internal/random/string.go``).
    """

    length: int
    upper: bool = True
    lower: bool = True
    numeric: bool = True
    special: bool = True
    min_upper: int = 0
    min_lower: int = 0
    min_numeric: int = 0
    min_special: int = 0
    override_special: str = ""

    @property
    def special_characters(self) -> str:
        """The characters that count as special."""
        return self.override_special or SPECIAL

    @property
    def alphabet(self) -> str:
        """All characters that may be drawn beyond the minimums; one that is listed twice is drawn twice as often."""
        classes = (
            (self.upper, UPPER),
            (self.lower, LOWER),
            (self.numeric, NUMERIC),
            (self.special, self.special_characters),
        )
        return "".join(characters for allowed, characters in classes if allowed)


def string(recipe: Recipe) -> str:
    """Draw a string.

    Raises:
        EmptyAlphabetError: Every class is switched off.
        ValueError: A minimum is negative.
    """
    alphabet = recipe.alphabet
    if not alphabet:
        raise EmptyAlphabetError("the character set specified is empty")
    least = {
        NUMERIC: recipe.min_numeric,
        LOWER: recipe.min_lower,
        UPPER: recipe.min_upper,
        recipe.special_characters: recipe.min_special,
    }
    if min(least.values()) < 0:
        raise ValueError("a minimum number of characters is negative")
    drawn = [secrets.choice(characters) for characters, count in least.items() for _ in range(count)]
    drawn += [secrets.choice(alphabet) for _ in range(recipe.length - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def bcrypt_hash(password: str) -> str:
    """Hash a password the way the real provider does: cost 10, at most the first 72 bytes."""
    salt = bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")
    return bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], salt).decode()


def uuid() -> str:
    """16 random bytes in the form of a UUID; like hashicorp/go-uuid it sets no version bits."""
    text = secrets.token_hex(16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def encodings(raw: bytes) -> dict[str, str]:
    """Write bytes in the four ways of ``RandomId``."""
    return {
        "b64Url": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
        "b64Std": base64.b64encode(raw).decode(),
        "hex": raw.hex(),
        "dec": str(int.from_bytes(raw, "big")),
    }
