"""Authentication of AWS requests: a real Signature Version 4 check, with each service's own way of saying no.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (2026-10).
Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (EC2 answers AuthFailure, 401),
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html (query services),
https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
from botocore.awsrequest import AWSRequest  # pyright: ignore[reportMissingTypeStubs]
from botocore.credentials import Credentials  # pyright: ignore[reportMissingTypeStubs]

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.authority import keys
from confkube_sandbox.daemon.aws.errors import EC2, JSON, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.http import Incoming

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_ACCESS_KEY = f"CFKSIM{DEFAULT_ACCOUNT}00"
SIGNATURE = "auth.signature"
FRESHNESS = "auth.freshness"
_ACCESS_KEY = re.compile(r"CFKSIM(\d{12})00")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)"
    r"/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = timedelta(minutes=15)
_TIMESTAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Caller:
    """Who asks, and for which service and region: all of it read from the signature's credential scope."""

    account: str
    region: str
    service: str
    user: str | None = None
    """Name of the IAM user whose key signed; None for the account's own administrator."""


class Authenticator:
    """Checks signatures made with the sandbox token, the secret of every account, or with the key of an IAM user."""

    def __init__(self, secret: str, disabled: frozenset[str] = frozenset()) -> None:
        self._secret = secret
        self._disabled = disabled

    def authenticate(self, request: Incoming) -> Caller:
        """Return the caller, or raise the service's own error for a missing, unknown, stale or wrong signature."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = _AUTHORIZATION.fullmatch(headers.get("authorization", "").strip())
        if given is None:
            raise _refuse(_service_of(headers), "missing")
        service = given["service"]
        if service not in shapes.PROTOCOLS:
            raise ApiError("InvalidAction", f"The service {service} is not valid for this web service.")
        key = self._key(given["key"])
        if key is None:
            raise _refuse(service, "unknown")
        moment = headers.get("x-amz-date", "")
        if SIGNATURE not in self._disabled and not self._signed(request, headers, given, moment, key.secret):
            raise _refuse(service, "wrong")
        if given["region"] not in shapes.regions():
            raise _refuse(service, "elsewhere", given["region"])
        if FRESHNESS not in self._disabled and not _fresh(moment, given["day"]):
            raise _refuse(service, "stale")
        return Caller(account=key.account, region=given["region"], service=service, user=key.user or None)

    def _key(self, key_id: str) -> keys.UserKey | None:
        """The key of an account's administrator, who has no user name, or of an IAM user."""
        account = _ACCESS_KEY.fullmatch(key_id)
        return keys.UserKey(account[1], "", self._secret) if account else keys.find(key_id)

    def _signed(
        self, request: Incoming, headers: Mapping[str, str], given: re.Match[str], moment: str, secret: str
    ) -> bool:
        names = given["headers"].split(";")
        if "host" not in names or any(name not in headers for name in names):
            return False
        # The signing code believes this header instead of looking at the body.
        told = headers.get("x-amz-content-sha256")
        if told is not None and told != hashlib.sha256(request.body).hexdigest():
            return False
        signer: Any = SigV4Auth(Credentials(given["key"], secret), given["service"], given["region"])
        again: Any = AWSRequest(
            method=request.method,
            url=f"http://{headers['host']}{request.path}",
            data=request.body,
            headers={name: headers[name] for name in names},
        )
        again.context["timestamp"] = moment
        try:
            expected: str = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        except ValueError:
            return False
        return hmac.compare_digest(expected, given["signature"])


def _fresh(moment: str, day: str) -> bool:
    try:
        signed = datetime.strptime(moment, _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return False
    # The client signs with real time, whatever the sandbox's clock says.
    return moment.startswith(day) and abs(datetime.now(UTC) - signed) <= _SKEW


def _service_of(headers: Mapping[str, str]) -> str:
    """Guess the service of an unsigned request, to answer in its protocol."""
    return "secretsmanager" if headers.get("x-amz-target", "").startswith("secretsmanager.") else "ec2"


_EC2_TEXT = "AWS was not able to validate the provided access credentials"
_TOKEN_TEXT = "The security token included in the request is invalid."  # noqa: S105  an error text
_SIGNATURE_TEXT = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
_REGION_TEXT = "Credential should be scoped to a valid Region, not 'REGION'."
_ANSWERS: Mapping[str, Mapping[str, ApiError]] = {
    "ec2": {
        "missing": ApiError("AuthFailure", _EC2_TEXT, 401),
        "unknown": ApiError("AuthFailure", _EC2_TEXT, 401),
        "wrong": ApiError("AuthFailure", _EC2_TEXT, 401),
        "stale": ApiError("RequestExpired", "Request has expired."),
        "elsewhere": ApiError("AuthFailure", _REGION_TEXT, 401),
    },
    "json": {
        "missing": ApiError("MissingAuthenticationTokenException", "Missing Authentication Token"),
        "unknown": ApiError("UnrecognizedClientException", _TOKEN_TEXT),
        "wrong": ApiError("InvalidSignatureException", _SIGNATURE_TEXT),
        "stale": ApiError("InvalidSignatureException", "Signature expired."),
        "elsewhere": ApiError("InvalidSignatureException", _REGION_TEXT),
    },
    "query": {
        "missing": ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
        "unknown": ApiError("InvalidClientTokenId", _TOKEN_TEXT, 403),
        "wrong": ApiError("SignatureDoesNotMatch", _SIGNATURE_TEXT, 403),
        "stale": ApiError("SignatureDoesNotMatch", "Signature expired.", 403),
        "elsewhere": ApiError("SignatureDoesNotMatch", _REGION_TEXT, 403),
    },
}


def _refuse(service: str, fault: str, region: str = "") -> ApiError:
    protocol = shapes.PROTOCOLS[service]
    pattern = _ANSWERS[protocol if protocol in {EC2, JSON} else "query"][fault]
    return ApiError(pattern.code, pattern.message.replace("REGION", region), pattern.status)
