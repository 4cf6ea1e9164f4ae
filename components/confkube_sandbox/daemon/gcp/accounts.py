"""IAM: service accounts."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import policies
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Body, ServiceAccount
from confkube_sandbox.daemon.gcp.projects import CALLER
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Project

_PAGE = 20


@serves("iam.projects.serviceAccounts.create")
def create(call: Call) -> Body:
    """Make a service account."""
    name = call.body["accountId"]
    email = f"{name}@{call.project.id}.iam.gserviceaccount.com"
    unique = f"1{int(call.new_id()) % 10**20:020d}"
    given = call.body.get("serviceAccount", {})
    body: Body = {
        "name": f"projects/{call.project.id}/serviceAccounts/{email}",
        "projectId": call.project.id,
        "uniqueId": unique,
        "email": email,
        "oauth2ClientId": unique,
        **{word: given[word] for word in ("displayName", "description") if given.get(word)},
    }
    call.project.accounts[unique] = ServiceAccount(body=_marked(body), born=call.now)
    return body


@serves("iam.projects.serviceAccounts.get")
def get(call: Call) -> Body:
    """Show a service account."""
    return require(call).body


@serves("iam.projects.serviceAccounts.list")
def list_(call: Call) -> Body:
    """List the service accounts."""
    alive = [each.body for each in call.project.accounts.values() if each.deleted is None]
    found = sorted(alive, key=lambda each: str(each["email"]))
    start = int(call.query.get("pageToken") or 0)
    size = int(call.query.get("pageSize") or _PAGE)
    answer: Body = {"accounts": found[start : start + size]} if found[start : start + size] else {}
    return {**answer, "nextPageToken": str(start + size)} if start + size < len(found) else answer


@serves("iam.projects.serviceAccounts.patch")
def patch(call: Call) -> Body:
    """Change the words that describe a service account."""
    account = require(call)
    mask = str(call.body.get("updateMask", "")).replace("display_name", "displayName")
    given = call.body.get("serviceAccount", {})
    for word in [each.strip() for each in mask.split(",")]:
        if word in {"displayName", "description"}:
            account.body[word] = given.get(word, "")
    _marked(account.body)
    return account.body


@serves("iam.projects.serviceAccounts.update")
def update(call: Call) -> Body:
    """Replace the displayed name of a service account."""
    account = require(call)
    account.body["displayName"] = call.body.get("displayName", "")
    return _marked(account.body)


@serves("iam.projects.serviceAccounts.enable", "iam.projects.serviceAccounts.disable")
def enable(call: Call) -> Body:
    """Enable or disable a service account."""
    account = require(call)
    account.body.pop("disabled", None)
    if call.operation.endswith("disable"):
        account.body["disabled"] = True
    return {}


@serves("iam.projects.serviceAccounts.delete")
def delete(call: Call) -> Body:
    """Delete a service account; its id may be used again, by what is then another account."""
    account = require(call)
    account.deleted = call.now
    policies.rename_member(call.project, account, deleted=True)
    return {}


@serves("iam.projects.serviceAccounts.undelete")
def undelete(call: Call) -> Body:
    """Bring a deleted service account back."""
    unique = call.path["serviceAccountsId"]
    account = call.project.accounts[unique]
    account.deleted = None
    policies.rename_member(call.project, account, deleted=False)
    return {"restoredAccount": account.body}


@serves("iam.projects.serviceAccounts.getIamPolicy")
def get_policy(call: Call) -> Body:
    """Show who may do what with a service account."""
    return policies.shown(require(call).policy)


@serves("iam.projects.serviceAccounts.setIamPolicy")
def set_policy(call: Call) -> Body:
    """Say who may do what with a service account."""
    account = require(call)
    account.policy = policies.replaced(call)
    return policies.shown(account.policy)


def by_email(project: Project, email: str) -> ServiceAccount | None:
    """Return the live service account of a project with the given address."""
    found = (each for each in project.accounts.values() if each.deleted is None and each.body["email"] == email)
    return next(found, None)


def known(call: Call, email: str) -> bool:
    """Whether a service account can be named now: its own, the caller, or Google's own default ones.

    A new one is not known everywhere at once: https://cloud.google.com/iam/docs/service-accounts-create (2026-11).
    """
    if email in {CALLER, f"{call.project.number}-compute@developer.gserviceaccount.com"}:
        return True
    for project in call.memory.projects.values():
        account = by_email(project, email)
        if account is not None:
            age = (call.now - account.born).total_seconds() * call.settings.speed
            return age >= call.settings.consistency_lag
    return False


def require(call: Call) -> ServiceAccount:
    """Return the service account that the path names by address or by number.

    Raises:
        ApiError: There is none.
    """
    wanted = call.path["serviceAccountsId"]
    account = by_email(call.project, wanted) or call.project.accounts.get(wanted)
    if account is None or account.deleted is not None:
        where = f"projects/{call.path['projectsId']}/serviceAccounts/{wanted}"
        raise ApiError("notFound", f"Unknown service account: {where}", 404)
    return account


def _marked(body: Body) -> Body:
    body.pop("etag", None)
    body["etag"] = base64.b64encode(f"{len(str(body)):06d}".encode()).decode()
    return body
