"""Access keys of IAM users."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.connection import connect
from confkube_sandbox.providers.aws.iam_common import GONE, instant
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.handler import Created
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Context, Properties

_SECRET = ("secret", "sesSmtpPasswordV4")


class AccessKey(Resource, token="aws:iam/accessKey:AccessKey"):
    """``aws.iam.AccessKey``; IAM tells the secret once, so it lives in the state only."""

    noun: ClassVar = "IAM Access Key"
    supported: ClassVar = frozenset({"status", "user"})
    defaults: ClassVar = {"status": "Active"}
    gone: ClassVar = frozenset({GONE})
    # terraform-provider-aws internal/service/iam/access_key.go at 1271cd2293d2.
    rules: ClassVar = {"status": one_of("Active", "Inactive")}
    computed = frozenset({"createDate", *_SECRET})
    secret_outputs = frozenset(_SECRET)

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Call CreateAccessKey, and deactivate the key if wanted."""
        aws, user = connect(ctx, inputs, self.seconds[0]), inputs["user"]
        try:
            made = aws.api.call("iam", "CreateAccessKey", UserName=user)["AccessKey"]
        except ApiError as error:
            raise CloudError(f"creating {self.noun} ({user}): {error}", error.code) from None
        id_, secret = str(made["AccessKeyId"]), str(made["SecretAccessKey"])
        outputs = {
            "createDate": instant(made["CreateDate"]),
            "secret": secret,
            "sesSmtpPasswordV4": smtp_password(secret, aws.region),
            "status": inputs.get("status", "Active"),
            "user": user,
        }
        if outputs["status"] != made["Status"]:
            try:
                self._set(aws, id_, user, outputs["status"])
            except ApiError as error:
                reasons = [f"deactivating {self.noun} ({id_}): {error}"]
                left = {**outputs, "status": made["Status"]}
                raise PartialFailure(id=id_, outputs=left, inputs=inputs, reasons=reasons) from None
        return Created(id=id_, outputs=outputs)

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Not used: the answer's secret has to get out too."""
        raise NotImplementedError

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Find the key among those of its user; the secret is what the state has."""
        user = inputs.get("user") or outputs.get("user")
        if user is None:
            user = aws.api.call("iam", "GetAccessKeyLastUsed", AccessKeyId=id_)["UserName"]
        keys = listed(aws.api.call("iam", "ListAccessKeys", UserName=user), "AccessKeyMetadata")
        key = next((each for each in keys if each["AccessKeyId"] == id_), None)
        if key is None:
            return None
        return {
            "createDate": instant(key["CreateDate"]),
            "status": key["Status"],
            "user": key["UserName"],
            **{name: outputs[name] for name in _SECRET if name in outputs},
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Activate or deactivate."""
        if "status" in to.keys:
            self._set(aws, to.id, to.new["user"], to.new.get("status", "Active"))

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Call DeleteAccessKey."""
        aws.api.call("iam", "DeleteAccessKey", UserName=outputs["user"], AccessKeyId=id_)

    def _set(self, aws: Connection, id_: str, user: str, status: str) -> Any:  # noqa: ANN401
        return aws.api.call("iam", "UpdateAccessKey", UserName=user, AccessKeyId=id_, Status=status)


def smtp_password(secret: str, region: str) -> str:
    """The password that a key has for mail, which the real provider derives too.

    Source: https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html, "Obtaining Amazon SES SMTP credentials by
    converting existing AWS credentials" (2026-11-27, recalled).
    """
    signature = f"AWS4{secret}".encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        signature = hmac.new(signature, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + signature).decode()
