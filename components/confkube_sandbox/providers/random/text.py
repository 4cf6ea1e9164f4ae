"""``RandomString`` and ``RandomPassword``: the same recipe, the second with secret results and a hash.

Source: hashicorp/terraform-provider-random ``internal/provider/resource_string.go`` and ``resource_password.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.handler import CheckFailure, Created, Plain
from confkube_sandbox.providers.random.generate import Recipe, bcrypt_hash, string
from confkube_sandbox.providers.terraform.framework import RETRY, at_least, failure, refusal
from confkube_sandbox.providers.terraform.kept import Kept
from confkube_sandbox.providers.terraform.schema import known

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.providers.handler import Context, Properties

_SWITCHES = ("upper", "lower", "special")
_MINIMUMS = ("minUpper", "minLower", "minNumeric", "minSpecial")


class RandomString(Kept, Plain):
    """``random:index/randomString:RandomString``; its id is the string itself."""

    token = "random:index/randomString:RandomString"  # noqa: S105  (a resource type)
    computed = frozenset({"result"})
    secret_outputs = frozenset[str]()

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Fill in the defaults, so that writing one out is no change, and refuse what cannot be drawn."""
        return _defaults(inputs), [*_refusals(inputs, ctx)]

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Draw the string."""
        result = _draw(inputs)
        return Created(id=result, outputs={**inputs, "result": result})


class RandomPassword(RandomString):
    """``random:index/randomPassword:RandomPassword``; its id says nothing."""

    token = "random:index/randomPassword:RandomPassword"  # noqa: S105  (a resource type)
    computed = frozenset({"result", "bcryptHash"})
    secret_outputs = frozenset({"result", "bcryptHash"})

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Draw the password and hash it."""
        result = _draw(inputs)
        return Created(id="none", outputs={**inputs, "result": result, "bcryptHash": bcrypt_hash(result)})


def _defaults(inputs: Properties) -> Properties:
    number = inputs.get("number", inputs.get("numeric", True))
    filled: dict[str, Any] = {**dict.fromkeys(_SWITCHES, True), **dict.fromkeys(_MINIMUMS, 0)}
    # The two names of one switch are kept equal; `number` is the deprecated one.
    filled |= {"number": number, "numeric": inputs.get("numeric", number)}
    return filled | inputs


def _refusals(inputs: Properties, ctx: Context) -> Iterable[CheckFailure]:
    yield from at_least(inputs, "length", 1, ctx)
    least = [inputs.get(name, 0) for name in _MINIMUMS]
    if known(inputs["length"]) and all(known(count) for count in least) and inputs["length"] < sum(least):
        detail = (
            "Attribute length value must be at least sum of min_upper + min_lower + min_numeric + min_special, "
            f"got: {inputs['length']}"
        )
        yield refusal(ctx, "length", "Invalid Attribute Value", detail)
    for name in _MINIMUMS:
        # The real provider has no such validator and panics in Create.
        yield from at_least(inputs, name, 0, ctx)
    numbers = [inputs[name] for name in ("number", "numeric") if known(inputs.get(name))]
    if len(set(numbers)) > 1:
        detail = "Number is deprecated, use numeric instead"
        yield refusal(ctx, "number", "Number and numeric are both configured with different values", detail)
    for name in ("number", "numeric"):
        if inputs.get(name) is False and all(inputs.get(switch) is False for switch in _SWITCHES):
            detail = f"At least one attribute out of [special upper lower {name}] must be specified as true"
            yield refusal(ctx, name, "Invalid Attribute Combination", detail)


def _draw(inputs: Properties) -> str:
    recipe = Recipe(
        length=inputs["length"],
        upper=inputs["upper"],
        lower=inputs["lower"],
        numeric=inputs["numeric"],
        special=inputs["special"],
        min_upper=inputs["minUpper"],
        min_lower=inputs["minLower"],
        min_numeric=inputs["minNumeric"],
        min_special=inputs["minSpecial"],
        override_special=inputs.get("overrideSpecial", ""),
    )
    try:
        return string(recipe)
    except ValueError as error:
        detail = (
            "While attempting to generate a random value for this resource, a read error was generated.\n\n"
            f"{RETRY}Original Error: {error}"
        )
        raise failure("Random Read Error", detail) from error
