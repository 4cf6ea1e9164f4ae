"""Access keys of IAM users: who signs with which, and with which secret."""

from __future__ import annotations

from typing import Any, NamedTuple

from moto.iam.models import iam_backends


class UserKey(NamedTuple):
    """A key that can sign."""

    account: str
    user: str
    secret: str


def find(key_id: str) -> UserKey | None:
    """The active key with this id in any account; None when no user has it."""
    # The list is taken at once: other requests may add accounts meanwhile.
    for account, regions in list(iam_backends.items()):
        state: Any
        for state in list(regions.values()):
            held = state.access_keys.get(key_id)
            if held is not None and held.status == "Active" and held.user_name in state.users:
                return UserKey(account, held.user_name, held.secret_access_key)
    return None
