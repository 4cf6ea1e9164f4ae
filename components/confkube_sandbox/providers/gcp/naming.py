"""Names that the real provider makes when the program gives none: the logical name and seven hexadecimal digits.

github.com/pulumi/pulumi-terraform-bridge pkg/tfbridge/info/autonaming.go at 59de6c661df1. A name that is too long is
refused there, not cut (sdk/go/common/resource/resource_id.go of pulumi: NewUniqueName, recalled).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.inputs import kept_default, with_default
from confkube_sandbox.providers.terraform.naming import RANDOM, suffix
from confkube_sandbox.providers.terraform.naming import unique as digits

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties


@dataclass(frozen=True, kw_only=True)
class Autoname:
    """How a type gets its name (github.com/pulumi/pulumi-gcp provider/resources.go at ed6078aacc64).

    Attributes:
        key: The input.
        longest: The longest name that is made.
        lower: Whether the logical name is put into lower case.
        unless: An input that stands in for the name.
    """

    key: str = "name"
    longest: int = 255
    lower: bool = False
    unless: str = ""


# lowercaseAutoName, and what prov.SetAutonaming(255, "-") gives to every other input called "name".
LOWER = Autoname(longest=63, lower=True)
ANY = Autoname()


def autoname(how: Autoname, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
    """Return inputs with the name filled in, and noted as not chosen by the program."""
    if inputs.get(how.key) is not None or inputs.get(how.unless) is not None:
        return inputs, []
    kept = kept_default(old, how.key)
    if kept:
        return with_default(inputs, how.key, kept), []
    begin = f"{ctx.name.lower() if how.lower else ctx.name}-"
    if len(begin) + RANDOM > how.longest:
        reason = (
            f"could not make instance of '{ctx.urn.split('::')[2].rsplit('$', maxsplit=1)[-1]}': "
            f"name '{begin}' plus {RANDOM} random chars is longer than maximum length {how.longest}"
        )
        return inputs, [CheckFailure(property="", reason=reason)]
    return with_default(inputs, how.key, begin + suffix(ctx)), []


def unique(prefix: str) -> str:
    """Return a name behind a ``namePrefix``: 26 digits, or nine behind a long one (ReducedPrefixedUniqueId)."""
    # tpgresource/tpgtools_utils.go: a time and a counter.
    return prefix + (secrets.token_hex(5)[:9] if len(prefix) > 37 else digits())
