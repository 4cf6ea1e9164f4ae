"""Rules of service accounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.accounts import by_email
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.lifecycle import UNDELETE
from confkube_sandbox.daemon.gcp.rules.sources import IAM, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_FORM = re.compile(r"[a-z][a-z\d\-]*[a-z\d]")
_MOST = 100


@rule(
    "iam",
    "projects.serviceAccounts.create",
    name="iam.account-id-length",
    source="https://github.com/DataDog/stratus-red-team/issues/294",
    date=SEEN,
    evidence=READ,
)
def id_length(call: Call) -> None:
    """An id has 6 to 30 characters."""
    given = call.body.get("accountId", "")
    if not 6 <= len(given) <= 30:
        raise ApiError("badRequest", f'The account ID "{given}" does not have a length between 6 and 30.')


@rule(
    "iam",
    "projects.serviceAccounts.create",
    name="iam.account-id-form",
    source="https://github.com/GoogleCloudPlatform/cloud-code-intellij/issues/2062",
    date=SEEN,
    evidence=READ,
)
def id_form(call: Call) -> None:
    """An id has small letters, digits and dashes, and begins with a letter."""
    given = call.body.get("accountId", "")
    if not _FORM.fullmatch(given):
        raise ApiError("badRequest", f"{given} does not match [a-z][a-z\\d\\-]*[a-z\\d].")


@rule(
    "iam",
    "projects.serviceAccounts.create",
    name="iam.account-taken",
    source="https://github.com/GoogleCloudPlatform/java-docs-samples/issues/3605",
    date=SEEN,
    evidence=READ,
)
def taken(call: Call) -> None:
    """An id is used once in a project; that of a deleted account may be used again."""
    name = call.body["accountId"]
    if by_email(call.project, f"{name}@{call.project.id}.iam.gserviceaccount.com"):
        text = f"Service account {name} already exists within project projects/{call.project.id}."
        raise ApiError("alreadyExists", text, 409)


@rule("iam", "projects.serviceAccounts.create projects.serviceAccounts.patch projects.serviceAccounts.update",
      name="iam.account-words", source=IAM, date=WRITTEN, evidence=RECALLED)  # fmt: skip
def words(call: Call) -> None:
    """A displayed name has at most 100 bytes, a description 256."""
    given = call.body.get("serviceAccount", call.body)
    for name, most in (("displayName", 100), ("description", 256)):
        if len(given.get(name, "").encode()) > most:
            raise ApiError("badRequest", f"The {name} must be at most {most} bytes.")


@rule("iam", "projects.serviceAccounts.create", name="iam.account-quota", source=IAM, date=WRITTEN, evidence=RECALLED)
def quota(call: Call) -> None:
    """A project has up to 100 service accounts."""
    if sum(each.deleted is None for each in call.project.accounts.values()) >= _MOST:
        text = f"Maximum number of service accounts on project reached. Limit: {_MOST}."
        raise ApiError("rateLimitExceeded", text, 429)


@rule(
    "iam",
    "projects.serviceAccounts.patch",
    name="iam.account-mask",
    source="https://github.com/terraform-google-modules/terraform-google-project-factory/issues/914",
    date=SEEN,
    evidence=READ,
)
def mask(call: Call) -> None:
    """A patch says what it changes, and only words can be changed; the text for other fields is recalled."""
    given = [each.strip() for each in str(call.body.get("updateMask", "")).split(",") if each.strip()]
    if not given:
        raise ApiError("badRequest", "Invalid field mask for ServiceAccount. Field mask paths cannot be empty.")
    for each in given:
        if each not in {"displayName", "display_name", "description"}:
            raise ApiError("badRequest", f"Invalid field mask for ServiceAccount. {each} is not updatable.")


@rule("iam", "projects.serviceAccounts.undelete", name="iam.account-undelete", source=IAM, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def undelete(call: Call) -> None:
    """A deleted account comes back within 30 days, by its number, unless its address has a new owner."""
    unique = call.path["serviceAccountsId"]
    account = call.project.accounts.get(unique)
    if account is None or account.deleted is None or call.now - account.deleted > UNDELETE:
        text = f"Service account {unique} is not found or can not be undeleted."
        raise ApiError("notFound", text, 404)
    if by_email(call.project, account.body["email"]):
        text = f"Service account {account.body['email']} already exists."
        raise ApiError("badRequest", text, 400, status_name="FAILED_PRECONDITION")
