"""What the real provider's Check refuses beyond types: missing properties, and limits of path parameters.

After Check and validateProperty in provider/pkg/provider/provider.go of github.com/pulumi/pulumi-azure-native at
006a62afe453, read on 2026-11-25.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.providers.azure_native.words import WORDS
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.providers.azure_native.kinds import Kind, Limits
    from confkube_sandbox.providers.handler import Properties


def failures(kind: Kind, inputs: Properties) -> list[CheckFailure]:
    """Refuse complete inputs."""
    missing = sorted(name for name in kind.required if inputs.get(name) is None)
    found = [CheckFailure(property=name, reason=WORDS.missing(name)) for name in missing]
    for name, limits in kind.limits:
        value = inputs.get(name)
        if isinstance(value, str) and value != UNKNOWN:
            found += [CheckFailure(property=name, reason=reason) for reason in _limited(name, value, limits)]
    return found


def _limited(name: str, value: str, limits: Limits) -> Iterator[str]:
    # Go counts bytes.
    length = len(value.encode())
    if length < limits.least:
        yield f"'{name}' is too short ({length}): at least {limits.least} characters required"
    if limits.most and length > limits.most:
        yield f"'{name}' is too long ({length}): at most {limits.most} characters allowed"
    if limits.pattern and not re.search(limits.pattern, value):
        yield f"'{name}' does not match expression '{limits.pattern}'"
