"""sts:GetCallerIdentity: how a program knows that it is in the sandbox."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.http import Reply

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

USER = "confkube-sandbox"


def caller_identity(call: Call) -> Reply:
    """Answer with the caller's account and the IAM user that asks, or else the sandbox's own."""
    account = call.caller.account
    user: Any = call.iam.users[call.caller.user] if call.caller.user else None
    arn, number = (user.arn, user.id) if user else (f"arn:aws:iam::{account}:user/{USER}", "AIDACONFKUBESANDBOX00")
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>{number}</UserId><Account>{account}</Account>"
        f"</GetCallerIdentityResult><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>"
    )
    return Reply(200, {"Content-Type": "text/xml"}, body.encode())
