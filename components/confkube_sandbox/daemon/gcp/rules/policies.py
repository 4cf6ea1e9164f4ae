"""Rules of IAM policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import accounts, secrets, tags
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Key
from confkube_sandbox.daemon.gcp.policies import etag_of
from confkube_sandbox.daemon.gcp.projects import CALLER
from confkube_sandbox.daemon.gcp.rules.sources import POLICY, READ_LATER, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|(?:user|group|serviceAccount):[^\s:@]+@[^\s:@]+\.[^\s:@]+|domain:\S+\.\S+"
    r"|deleted:(?:user|group|serviceAccount):\S+\?uid=\d+|principal(?:Set)?://\S+|projectOwner:\S+|projectEditor:\S+|projectViewer:\S+"
)
_MANAGED = "projects.setIamPolicy tagKeys.setIamPolicy tagValues.setIamPolicy"
_ROLE = re.compile(r"roles/[\w.]+|(?:projects|organizations)/[^/]+/roles/[\w.]+")


def _bindings(call: Call) -> list[dict[str, Any]]:
    return call.body.get("policy", {}).get("bindings", [])


def _current(call: Call) -> dict[str, Any]:
    if call.service == "secretmanager":
        return secrets.require(call).policy
    if call.service == "compute":
        return call.project.policies.get(Key("subnetworks", call.place, call.path["resource"]), {})
    if call.operation.startswith("tag"):
        return tags.require(call).policy
    return call.project.policy if call.service == "cloudresourcemanager" else accounts.require(call).policy


def _given(call: Call) -> None:
    if "policy" not in call.body:
        raise ApiError("badRequest", "Request contains an invalid argument.")


def _form(call: Call) -> None:
    _given(call)
    for each in _bindings(call):
        for member in each.get("members", []):
            if not _MEMBER.fullmatch(member):
                text = f"The member {member} is of an unknown type. Please set a valid type prefix for the member."
                raise ApiError("badRequest", text)


def _known(call: Call) -> None:
    for each in _bindings(call):
        for member in each.get("members", []):
            kind, _, email = member.partition(":")
            if kind == "serviceAccount" and not accounts.known(call, email):
                raise ApiError("badRequest", f"Service account {email} does not exist.")


def _role(call: Call) -> None:
    for each in _bindings(call):
        role = each.get("role", "")
        if not _ROLE.fullmatch(role) or (role.startswith("roles/") and "." not in role and role not in _BASIC):
            raise ApiError("badRequest", f"Role {role} is not supported for this resource.")


def _etag(call: Call) -> None:
    given = call.body.get("policy", {}).get("etag", "")
    if given and given != etag_of(_current(call)):
        text = (
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
        )
        raise ApiError("aborted", text, 409, status_name="ABORTED")


_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer", "roles/browser"})


@rule("secretmanager", "projects.secrets.setIamPolicy", name="secretmanager.policy-member", source=POLICY, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def secret_member(call: Call) -> None:
    """A member has one of some forms."""
    _form(call)


@rule(
    "secretmanager",
    "projects.secrets.setIamPolicy",
    name="secretmanager.policy-account",
    source="https://github.com/googleapis/google-cloud-go/issues/11482",
    date=SEEN,
    evidence=READ,
)
def secret_account(call: Call) -> None:
    """A service account that gets a role is there, and known everywhere."""
    _known(call)


@rule(
    "secretmanager",
    "projects.secrets.setIamPolicy",
    name="secretmanager.policy-role",
    source="https://github.com/hashicorp/terraform-provider-google/issues/9130",
    date=SEEN,
    evidence=READ,
)
def secret_role(call: Call) -> None:
    """A role is a predefined or a custom one; the source shows the words for a bucket."""
    _role(call)


@rule(
    "secretmanager",
    "projects.secrets.setIamPolicy",
    name="secretmanager.policy-etag",
    source="https://github.com/DataBiosphere/leonardo/pull/737",
    date=SEEN,
    evidence=READ,
)
def secret_etag(call: Call) -> None:
    """Who changes a policy shows the mark of the one that he has seen; the source shows the words for a project."""
    _etag(call)


@rule("iam", "projects.serviceAccounts.setIamPolicy", name="iam.policy-member", source=POLICY, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def account_member(call: Call) -> None:
    """A member has one of some forms."""
    _form(call)


@rule(
    "iam",
    "projects.serviceAccounts.setIamPolicy",
    name="iam.policy-account",
    source="https://github.com/GoogleCloudPlatform/generative-ai/issues/944",
    date=SEEN,
    evidence=READ,
)
def account_account(call: Call) -> None:
    """A service account that gets a role is there; the source shows the words for a project's policy."""
    _known(call)


@rule(
    "iam",
    "projects.serviceAccounts.setIamPolicy",
    name="iam.policy-etag",
    source="https://github.com/DataBiosphere/leonardo/pull/737",
    date=SEEN,
    evidence=READ,
)
def account_etag(call: Call) -> None:
    """Who changes a policy shows the mark of the one that he has seen; the source shows the words for a project."""
    _etag(call)


@rule("cloudresourcemanager", _MANAGED, name="cloudresourcemanager.policy-member", source=POLICY, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def project_member(call: Call) -> None:
    """A member has one of some forms."""
    _form(call)


@rule(
    "cloudresourcemanager",
    _MANAGED,
    name="cloudresourcemanager.policy-account",
    source="https://github.com/GoogleCloudPlatform/generative-ai/issues/944",
    date=SEEN,
    evidence=READ,
)
def project_account(call: Call) -> None:
    """A service account that gets a role is there, and known everywhere."""
    _known(call)


@rule(
    "cloudresourcemanager",
    _MANAGED,
    name="cloudresourcemanager.policy-etag",
    source="https://github.com/DataBiosphere/leonardo/pull/737",
    date=SEEN,
    evidence=READ,
)
def project_etag(call: Call) -> None:
    """Who changes a policy shows the mark of the one that he has seen."""
    _etag(call)


@rule(
    "cloudresourcemanager",
    _MANAGED,
    name="cloudresourcemanager.policy-role",
    source="https://github.com/hashicorp/terraform-provider-google/issues/5107",
    date=READ_LATER,
    evidence=READ,
)
def project_role(call: Call) -> None:
    """A role is a predefined or a custom one."""
    _role(call)


@rule("compute", "subnetworks.setIamPolicy", name="compute.policy-member", source=POLICY, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def subnetwork_member(call: Call) -> None:
    """A member has one of some forms."""
    _form(call)


@rule("compute", "subnetworks.setIamPolicy", name="compute.policy-account", source=POLICY, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def subnetwork_account(call: Call) -> None:
    """A service account that gets a role is there, and known everywhere."""
    _known(call)


@rule("compute", "subnetworks.setIamPolicy", name="compute.policy-role", source=POLICY, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def subnetwork_role(call: Call) -> None:
    """A role is a predefined or a custom one."""
    _role(call)


@rule("compute", "subnetworks.setIamPolicy", name="compute.policy-etag", source=POLICY, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def subnetwork_etag(call: Call) -> None:
    """Who changes a policy shows the mark of the one that he has seen."""
    _etag(call)


@rule("cloudresourcemanager", "projects.setIamPolicy", name="cloudresourcemanager.policy-owner", source=POLICY,
      date=WRITTEN, evidence=RECALLED)  # fmt: skip
def project_owner(call: Call) -> None:
    """A project keeps an owner."""
    owners = [member for each in _bindings(call) if each.get("role") == "roles/owner" for member in each["members"]]
    if f"serviceAccount:{CALLER}" not in owners:
        text = "Policy must have at least one owner."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")
