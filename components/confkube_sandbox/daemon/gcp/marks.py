"""Fingerprints: what a client must send back to show that it changes what it has seen."""

from __future__ import annotations

import base64
import hashlib
import json

EMPTY = "42WmSpB8rSM="
"""The fingerprint of no labels, no tags and no metadata."""


def fingerprint(value: object) -> str:
    """Return the fingerprint of a value."""
    if not value:
        return EMPTY
    digest = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest[:8]).decode()
