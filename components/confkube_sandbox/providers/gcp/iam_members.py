"""Members of IAM policies, one at a time: what is the same for every kind of resource that has a policy.

https://github.com/hashicorp/terraform-provider-google-beta tpgiamresource/resource_iam_member.go and iam.go
at 93c65b2d60fe.
"""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError
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

VERSION = 3
"""Of the policies that are asked for and set."""
ROLE = r"roles/[^/]+|(?:projects|organizations)/.+?/roles/[^/]+"
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
# How often the real provider reads the policy back after it was set.
_LOOKS = 3


def same_member(old: object, new: object) -> bool:
    """Whether two members are the same (iamMemberCaseDiffSuppress): for most kinds letters' case does not count."""
    return old == new if _sensitive(str(old)) or _sensitive(str(new)) else str(old).lower() == str(new).lower()


class IamMember(Resource):
    """One member with one role of one resource.

    Attributes:
        noun: How the real provider calls the resource in failures.
        form: Pattern of the resource's id.
        formats: What an import id looks like, for failures.
    """

    noun: ClassVar[str]
    form: ClassVar[str]
    formats: ClassVar[str]
    rules: ClassVar = {"member": iam_member}
    computed = frozenset({"etag"})

    # ---- parts of a subclass

    @abstractmethod
    def resource_(self, gcp: Connection, inputs: Properties) -> str:
        """Return the id of the resource that inputs name."""

    @abstractmethod
    def get_(self, gcp: Connection, resource: str) -> Policy:
        """Get the policy."""

    @abstractmethod
    def set_(self, gcp: Connection, resource: str, policy: Policy) -> None:
        """Set the policy."""

    @abstractmethod
    def where_(self, resource: str, known: Properties) -> Properties:
        """Return the outputs that name the resource."""

    def failed_(self, verb: str, known: Properties, error: str) -> str:  # noqa: ARG002
        """Word a failure to change the policy."""
        return error

    # ---- what all have in common

    def place(self, id_: str) -> Properties:
        """Take an id apart; a condition stands at its end."""
        found = re.fullmatch(rf"(?P<resource>{self.form})/(?P<role>{ROLE})/(?P<rest>.+)", id_)
        if found is None:
            raise CloudError(f'Import id "{id_}" doesn\'t match any of the accepted formats: [{self.formats}]')
        member = found["rest"].partition("/")[0]
        return {**self.where_(found["resource"], {}), "role": found["role"], "member": member}

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Add the member to the policy."""
        resource = self.resource_(gcp, inputs)
        self._modify(gcp, resource, lambda policy: _added(policy, inputs), "Create", inputs)
        id_ = f"{resource}/{inputs['role']}/{_normal(str(inputs['member']))}"
        condition = cast("Properties | None", inputs.get("condition"))
        if condition:
            id_ += f"/{condition['title']}/{condition.get('description') or ''}/{condition['expression']}"
        return Made(id=id_)

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Look for the member in the policy."""
        known = {**self.place(id_), **state, **inputs}
        resource = self.resource_(gcp, known)
        described = self._described_resource(resource)
        try:
            policy = self.get_(gcp, resource)
        except ApiError as error:
            if error.status == 404:
                return None
            quoted = described.replace('"', '\\"')
            what = f'Resource "{quoted}" with IAM Member: Role "{known["role"]}" Member "{known["member"]}"'
            text = f"Error when reading or editing {what}: Error retrieving IAM policy for {described}: {error}"
            raise CloudError(text, error.reason) from None
        binding = _binding(policy, known)
        wanted = str(known["member"]).lower()
        member = next((each for each in (binding or {}).get("members", []) if each.lower() == wanted), None)
        if binding is None or member is None:
            return None
        return {
            **self.where_(resource, known),
            "condition": binding.get("condition"),
            "etag": policy.get("etag") or "",
            "member": member,
            "role": binding["role"],
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Nothing of a member can change."""

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Take the member out of the policy; a resource that is gone is a success."""
        known = {**self.place(id_), **outputs}
        resource = self.resource_(gcp, known)
        try:
            self._modify(gcp, resource, lambda policy: _removed(policy, known), "Delete", known)
        except ApiError as error:
            if error.status == 404:
                return
            what = f'Resource {resource} for IAM Member (role "{known["member"]}", "{known["role"]}")'
            raise CloudError(f"Error when reading or editing {what}: {error}", error.reason) from None

    def _described_resource(self, resource: str) -> str:
        return f'{self.noun} "{resource}"'

    def _modify(
        self, gcp: Connection, resource: str, modify: Callable[[Policy], Policy], verb: str, known: Properties
    ) -> None:
        """Read, modify and write the policy, again while others were faster (iamPolicyReadModifyWrite)."""
        pause = _FIRST_PAUSE
        described = self._described_resource(resource)
        with lock(f"iam-{described}"):
            while True:
                policy = self.get_(gcp, resource)
                try:
                    self.set_(gcp, resource, modify(policy))
                    break
                except ApiError as error:
                    said = f"Error setting IAM policy for {described}: {error}"
                    if error.status not in (409, 412) or pause > _LONGEST_PAUSE:
                        text = f"Error applying IAM policy for {described}: {said}"
                        raise CloudError(self.failed_(verb, known, text), error.reason) from None
                time.sleep(pause / gcp.speed)
                pause *= 2
            for _ in range(_LOOKS):
                time.sleep(_FIRST_PAUSE / gcp.speed)
                self.get_(gcp, resource)


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
    return {**policy, "bindings": bindings, "version": VERSION}


def _removed(policy: Policy, wanted: Properties) -> Policy:
    bindings = [dict(each) for each in parts(policy, "bindings")]
    found = _binding({"bindings": bindings}, wanted)
    if found is not None:
        gone = str(wanted["member"]).lower()
        found["members"] = [each for each in found.get("members", []) if each.lower() != gone]
    return {**policy, "bindings": [each for each in bindings if each.get("members")]}
