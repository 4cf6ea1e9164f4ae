"""What a provider's schema demands: rules for values by their place in the inputs, and combinations of inputs.

Texts are those of github.com/hashicorp/terraform-plugin-sdk helper/schema/schema.go: what follows the property's name
was read at 008f6de9336e, the summaries in front of it are recalled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.places import places
from confkube_sandbox.providers.wire import UNKNOWN

Rule = Callable[[str, Any], list[str]]
"""Gets the name that the real provider's schema has for a value, and the value; returns what is wrong with it."""


@dataclass(frozen=True)
class Schema:
    """The schema of one provider.

    Attributes:
        singular: Pulumi's plurals to the schema's names (the bridge makes plurals of lists).
    """

    singular: Mapping[str, str]

    def name(self, key: str) -> str:
        """Return the name of a property in the schema."""
        return self.singular.get(key) or snake(key)

    def path(self, path: str) -> str:
        """Return the schema's name for a path; an object is a list of one there."""
        return ".0.".join(map(self.name, path.split(".")))

    def violations(self, rules: Mapping[str, Rule], inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Apply rules to the values that are known.

        Args:
            rules: By path, for example ``logConfig.metadata``; ``*`` stands for every element of a list.
            inputs: The inputs as they will be used, with defaults and generated names.
        """
        return [
            CheckFailure(property=shown, reason=reason)
            for path, rule in rules.items()
            for shown, name, value in places(path, inputs, self.name)
            for reason in rule(name, value)
        ]

    def given(self, paths: Iterable[str], inputs: Mapping[str, Any]) -> list[str]:
        """Return the places of those paths that have a value."""
        return [shown for path in paths for shown, _, _ in places(path, inputs, self.name)]

    def conflicts(self, pairs: Iterable[tuple[str, str]], inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Refuse inputs that exclude each other (``ConflictsWith``, which both sides state); paths without lists."""
        return [
            CheckFailure(
                property=one,
                reason=(f'Conflicting configuration arguments. "{self.path(one)}": conflicts with {self.path(other)}'),
            )
            for pair in pairs
            if all(known(at(inputs, key)) for key in pair)
            for one, other in (pair, pair[::-1])
        ]

    def exactly_one(self, keys: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Refuse none or more than one of several inputs (``ExactlyOneOf``, which every one of them states)."""
        values = {key: at(inputs, key) for key in keys}
        given = [key for key, value in values.items() if known(value)]
        # One that is not known yet may be the one.
        if len(given) == 1 or (not given and UNKNOWN in values.values()):
            return []
        listed = self._listed(keys)
        if given:
            said = f"only one of `{listed}` can be specified, but `{self._listed(given)}` were specified."
        else:
            said = f"one of `{listed}` must be specified"
        return [
            CheckFailure(property=key, reason=f'Invalid combination of arguments. "{self.path(key)}": {said}')
            for key in given or keys
        ]

    def at_least_one(self, keys: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Refuse an object in which none of its members is given (``AtLeastOneOf``)."""
        holder = keys[0].rpartition(".")[0]
        if not isinstance(at(inputs, holder), dict) or any(at(inputs, key) is not None for key in keys):
            return []
        said = f"one of `{self._listed(keys)}` must be specified"
        return [CheckFailure(property=holder, reason=f'Missing required argument. "{self.path(keys[0])}": {said}')]

    def required_with(self, key: str, others: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
        """Refuse an input without those it needs (``RequiredWith``)."""
        if at(inputs, key) is None or all(at(inputs, other) is not None for other in others):
            return []
        said = f"all of `{self._listed(sorted((key, *others)))}` must be specified"
        return [CheckFailure(property=key, reason=f'Missing required argument. "{self.path(key)}": {said}')]

    def _listed(self, keys: Iterable[str]) -> str:
        return ",".join(map(self.path, keys))


def snake(name: str) -> str:
    """Terraform's name of a Pulumi property: ``validityPeriodHours`` is ``validity_period_hours``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def known(value: object) -> bool:
    """Whether a validator looks at the value: it is given, and it is not waiting for another resource."""
    return value is not None and value != UNKNOWN


def at(inputs: Mapping[str, Any], path: str) -> object:
    """Return what a dotted path leads to, None where there is nothing."""
    found: object = inputs
    for step in path.split("."):
        if not isinstance(found, dict):
            return found if found == UNKNOWN else None
        found = cast("dict[str, object]", found).get(step)
    return found
