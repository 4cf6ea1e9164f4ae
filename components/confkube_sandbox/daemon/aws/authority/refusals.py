"""How each service says that a request is not authorised.

Sources, all read on 2026-11-27: https://github.com/aws/karpenter-provider-aws/issues/7370 (EC2, a resource, an explicit
denial, and the encoded message); the CloudTrail record of ec2:GetPasswordData in public collections of samples (no
statement allows it); the same for ec2:DescribeImages, which names no resource and has no encoded message;
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html (the other services).
"""

from __future__ import annotations

import secrets

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.authority.evaluate import Verdict
from confkube_sandbox.daemon.aws.authority.questions import ANY_RESOURCE
from confkube_sandbox.daemon.aws.errors import EC2, JSON, ApiError

_ENCODED_BYTES = 480
"""The real message is a few hundred letters that only AWS can read; this one is noise of such a length."""


def refusal(service: str, user: str, action: str, resource: str, verdict: Verdict) -> ApiError:
    """The service's refusal of one action on one resource."""
    about = "" if resource == ANY_RESOURCE else f" on resource: {resource}"
    why = (
        "with an explicit deny in an identity-based policy"
        if verdict is Verdict.DENIED
        else f"because no identity-based policy allows the {action} action"
    )
    text = f"User: {user} is not authorized to perform: {action}{about} {why}"
    match shapes.PROTOCOLS[service]:
        case protocol if protocol == EC2:
            encoded = secrets.token_urlsafe(_ENCODED_BYTES)
            more = f". Encoded authorization failure message: {encoded}" if about else ""
            return ApiError(
                "UnauthorizedOperation", f"You are not authorized to perform this operation. {text}{more}", 403
            )
        case protocol if protocol == JSON:
            return ApiError("AccessDeniedException", text)
        case _:
            return ApiError("AccessDenied", text, 403)
