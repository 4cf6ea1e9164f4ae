"""Members of a secret's IAM policy, one at a time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.locks import lock
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.rules.values import iam_member

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

Policy = dict[str, Any]

_VERSION = 3
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
# How often the real provider reads the policy back after it was set.
_LOOKS = 3


def _same_member(old: object, new: object) -> bool:
    """Whether two members are the same (iamMemberCaseDiffSuppress): for most kinds letters' case does not count."""
    return old == new if _sensitive(str(old)) or _sensitive(str(new)) else str(old).lower() == str(new).lower()


class SecretIamMember(Resource, token="gcp:secretmanager/secretIamMember:SecretIamMember"):
    """``gcp.secretmanager.SecretIamMember``; tpgiamresource and services/secretmanager/iam_secret_manager_secret.go."""

    template: ClassVar = "projects/{project}/secrets/{secretId}/{role}/{member}"
    supported: ClassVar = frozenset({"condition", "member", "project", "role", "secretId"})
    rules: ClassVar = {"member": iam_member}
    same: ClassVar = {"member": _same_member, "secretId": links.same}
    computed = frozenset({"etag"})

    def place(self, id_: str) -> Properties:
        """Take an id apart; a condition stands at its end."""
        found = re.fullmatch(
            r"projects/([^/]+)/secrets/([^/]+)/(roles/[^/]+|(?:projects|organizations)/.+?/roles/[^/]+)/(.+)", id_
        )
        if found is None:
            formats = "projects/{project}/secrets/{secretId} {role} {member}"
            raise CloudError(f'Import id "{id_}" doesn\'t match any of the accepted formats: [{formats}]')
        member = found[4].partition("/")[0]
        return {
            "project": found[1],
            "secretId": f"projects/{found[1]}/secrets/{found[2]}",
            "role": found[3],
            "member": member,
        }

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Add the member to the policy."""
        secret = self._secret(gcp, inputs)
        self._modify(gcp, secret, lambda policy: _added(policy, inputs))
        id_ = f"{secret}/{inputs['role']}/{_normal(str(inputs['member']))}"
        condition = cast("Properties | None", inputs.get("condition"))
        if condition:
            id_ += f"/{condition['title']}/{condition.get('description') or ''}/{condition['expression']}"
        return Made(id=id_)

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Look for the member in the policy."""
        known = {**self.place(id_), **state, **inputs}
        secret = self._secret(gcp, known)
        try:
            policy = self._get(gcp, secret)
        except ApiError as error:
            if error.status == 404:
                return None
            what = f'Resource "secretmanager secret \\"{secret}\\"" with IAM Member: Role "{known["role"]}" Member '
            text = f'Error when reading or editing {what}"{known["member"]}": Error retrieving IAM policy for '
            raise CloudError(f'{text}secretmanager secret "{secret}": {error}') from None
        binding = _binding(policy, known)
        wanted = str(known["member"]).lower()
        member = next((each for each in (binding or {}).get("members", []) if each.lower() == wanted), None)
        if binding is None or member is None:
            return None
        return {
            "condition": binding.get("condition"),
            "etag": policy.get("etag") or "",
            "member": member,
            "project": secret.split("/")[1],
            "role": binding["role"],
            "secretId": secret,
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Nothing of a member can change."""

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Take the member out of the policy; a secret that is gone is a success."""
        known = {**self.place(id_), **outputs}
        secret = self._secret(gcp, known)
        try:
            self._modify(gcp, secret, lambda policy: _removed(policy, known))
        except ApiError as error:
            if error.status == 404:
                return
            what = f'Resource {secret} for IAM Member (role "{known["member"]}", "{known["role"]}")'
            raise CloudError(f"Error when reading or editing {what}: {error}", error.reason) from None

    def _secret(self, gcp: Connection, inputs: Properties) -> str:
        found = re.search(r"(?:(?:projects/)?([^/]+)/(?:secrets/)?)?([^/]+)$", str(inputs["secretId"]))
        if found is None:
            raise CloudError(f"Import id {inputs['secretId']!r} doesn't match any of the accepted formats")
        return f"projects/{found[1] or gcp.project}/secrets/{found[2]}"

    def _get(self, gcp: Connection, secret: str) -> Policy:
        version = {"options_requestedPolicyVersion": _VERSION}
        return gcp.call("secretmanager", "projects.secrets.getIamPolicy", resource=secret, **version)

    def _modify(self, gcp: Connection, secret: str, modify: Callable[[Policy], Policy]) -> None:
        """Read, modify and write the policy, again while others were faster (iamPolicyReadModifyWrite)."""
        pause = _FIRST_PAUSE
        with lock(f"iam-secretmanager-secret-{secret}"):
            while True:
                policy = self._get(gcp, secret)
                body = {"policy": modify(policy)}
                try:
                    gcp.call("secretmanager", "projects.secrets.setIamPolicy", resource=secret, body=body)
                    break
                except ApiError as error:
                    text = f'Error applying IAM policy for secretmanager secret "{secret}": '
                    said = f'{text}Error setting IAM policy for secretmanager secret "{secret}": {error}'
                    if error.status not in (409, 412) or pause > _LONGEST_PAUSE:
                        raise CloudError(said, error.reason) from None
                time.sleep(pause / gcp.speed)
                pause *= 2
            for _ in range(_LOOKS):
                time.sleep(_FIRST_PAUSE / gcp.speed)
                self._get(gcp, secret)


def _sensitive(member: str) -> bool:
    """Whether letters' case counts in a member (IamPrincipalIsCaseSensitive)."""
    kinds = ("principalSet:", "principal:", "principalHierarchy:")
    return "allAuthenticatedUsers" in member or "allUsers" in member or member.startswith(kinds)


def _normal(member: str) -> str:
    """Return a member with the part in small letters that has no case (NormalizeIamPrincipalCasing)."""
    if _sensitive(member):
        return member
    kind, colon, rest = member.partition(":")
    return f"{kind}{colon}{rest.lower()}"


def _condition(values: Properties) -> tuple[str, str, str]:
    found = part(values, "condition")
    return tuple(str(found.get(key) or "") for key in ("title", "description", "expression"))  # pyright: ignore[reportReturnType]


def _binding(policy: Policy, wanted: Properties) -> dict[str, Any] | None:
    bindings = parts(policy, "bindings")
    key = _condition(wanted)
    return next((each for each in bindings if each["role"] == wanted["role"] and _condition(each) == key), None)


def _added(policy: Policy, wanted: Properties) -> Policy:
    bindings = [dict(each) for each in parts(policy, "bindings")]
    found = _binding({"bindings": bindings}, wanted)
    member = _normal(str(wanted["member"]))
    if found is None:
        condition = {"condition": wanted["condition"]} if wanted.get("condition") else {}
        bindings.append({"role": wanted["role"], "members": [member], **condition})
    else:
        found["members"] = sorted({*found.get("members", []), member})
    return {**policy, "bindings": bindings, "version": _VERSION}


def _removed(policy: Policy, wanted: Properties) -> Policy:
    bindings = [dict(each) for each in parts(policy, "bindings")]
    found = _binding({"bindings": bindings}, wanted)
    if found is not None:
        gone = str(wanted["member"]).lower()
        found["members"] = [each for each in found.get("members", []) if each.lower() != gone]
    return {**policy, "bindings": [each for each in bindings if each.get("members")]}
