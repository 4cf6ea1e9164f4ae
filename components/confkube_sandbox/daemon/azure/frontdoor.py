"""What Resource Manager checks before any resource provider sees a request. Each check can be switched off by name."""

from __future__ import annotations

import hmac
import json
import re
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.azure import kinds
from confkube_sandbox.daemon.azure.errors import ArmError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.http import Incoming

AUTHENTICATION = "arm.authentication"
SUBSCRIPTION = "arm.subscription"
VERSION_MISSING = "arm.api-version-missing"
VERSION = "arm.api-version"
NAMESPACE = "arm.namespace"
TYPE = "arm.resource-type"
METHOD = "arm.method"
JSON = "arm.json"
SWITCHES = (AUTHENTICATION, SUBSCRIPTION, VERSION_MISSING, VERSION, NAMESPACE, TYPE, METHOD, JSON)

_SUBSCRIPTION = re.compile(r"00000000-0000-4000-8000-00000000\d{4}")
# Subscriptions and their locations: the versions of azure-mgmt-subscription and azure-mgmt-resource of recent years.
SUBSCRIPTION_VERSIONS = ("2022-12-01", "2022-09-01", "2021-01-01", "2020-01-01")
GROUP_VERSIONS = kinds.kind("Microsoft.Resources/resourceGroups").versions


def authenticate(request: Incoming, token: str, disabled: frozenset[str]) -> None:
    """Require the bearer token."""
    if AUTHENTICATION in disabled:
        return
    given = request.header("authorization")
    if not given:
        text = "Authentication failed. The 'Authorization' header is missing."
        raise ArmError("AuthenticationFailed", text, 401)
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise ArmError("InvalidAuthenticationToken", "The access token is invalid.", 401)


def require_subscription(target: Target, disabled: frozenset[str]) -> None:
    """Require a subscription of the sandbox."""
    if SUBSCRIPTION in disabled or not target.subscription:
        return
    if not _SUBSCRIPTION.fullmatch(target.subscription.lower()):
        raise ArmError("SubscriptionNotFound", f"The subscription '{target.subscription}' could not be found.", 404)


def require_version(target: Target, versions: tuple[str, ...], location: str, disabled: frozenset[str]) -> None:
    """Require an API version that the type has."""
    given = target.query.get("api-version", "")
    if not given:
        if VERSION_MISSING not in disabled:
            text = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmError("MissingApiVersionParameter", text)
        return
    if VERSION in disabled or given.lower() in versions:
        return
    known = ", ".join(versions)
    if not target.namespace:
        text = f"The api-version '{given}' is invalid. The supported versions are '{known.replace(', ', ',')}'."
        raise ArmError("InvalidApiVersionParameter", text)
    text = (
        f"No registered resource provider found for location '{location}' and API version '{given}' for type "
        f"'{'/'.join(target.types)}'. The supported api-versions are '{known}'."
    )
    raise ArmError("NoRegisteredProviderFound", text)


def unknown_type(target: Target, disabled: frozenset[str]) -> ArmError:
    """Return the refusal for a type that is not served."""
    if target.namespace.lower() not in kinds.NAMESPACES and NAMESPACE not in disabled:
        return ArmError("InvalidResourceNamespace", f"The resource namespace '{target.namespace}' is invalid.", 404)
    if TYPE in disabled:
        return ArmError("NotFound", "Not found.", 404)
    text = (
        f"The resource type '{'/'.join(target.types)}' could not be found in the namespace '{target.namespace}' for "
        f"api version '{target.query.get('api-version', '')}'."
    )
    return ArmError("InvalidResourceType", text, 404)


def unknown_method(method: str) -> ArmError:
    """Return the refusal for a method that a type does not have."""
    return ArmError("MethodNotAllowed", f"The requested resource does not support http method '{method}'.", 405)


def read_json(body: bytes, disabled: frozenset[str]) -> dict[str, Any]:
    """Read a request's body."""
    if not body.strip() and JSON not in disabled:
        text = "The request content was invalid and could not be deserialized: 'Request content is empty.'."
        raise ArmError("InvalidRequestContent", text)
    try:
        found = cast("object", json.loads(body or b"{}"))
    except ValueError:
        found = None
    if isinstance(found, dict):
        return cast("dict[str, Any]", found)
    if JSON in disabled:
        return {}
    text = "The request content was invalid and could not be deserialized: 'Unexpected character encountered.'."
    raise ArmError("InvalidRequestContent", text)
