"""Who calls: every request carries the daemon's token as an access token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.http import Incoming

TOKEN = "gcp.token"  # noqa: S105  the name of a rule
_HINT = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


def require_token(request: Incoming, token: str) -> None:
    """Refuse a request without the token.

    Raises:
        ApiError: It is missing or another one.
    """
    given = request.header("authorization")
    if not given:
        text = f"Request is missing required authentication credential. {_HINT}"
        raise ApiError("required", text, 401)
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise ApiError("authError", f"Request had invalid authentication credentials. {_HINT}", 401)
