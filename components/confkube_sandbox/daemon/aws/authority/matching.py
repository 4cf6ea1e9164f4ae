"""How names of actions and resources meet the patterns of a policy.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html and
reference_policies_elements_action.html (2026-11-27): an action's name has no case, a resource's name has; ``*`` is any
text, ``?`` any one letter, and in a resource's name both stay within the part between two colons.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ARN_PARTS = 6


@lru_cache(maxsize=1024)
def _compiled(pattern: str, cased: bool) -> re.Pattern[str]:
    parts = (".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern)
    return re.compile("".join(parts), re.DOTALL if cased else re.DOTALL | re.IGNORECASE)


def like(text: str, pattern: str) -> bool:
    """Whether ``text`` meets a pattern with ``*`` and ``?``; letters keep their case."""
    return _compiled(pattern, True).fullmatch(text) is not None


def action(name: str, pattern: str) -> bool:
    """Whether an action such as ``ec2:RunInstances`` meets the pattern of a statement."""
    return _compiled(pattern, False).fullmatch(name) is not None


def arn(name: str, pattern: str) -> bool:
    """Whether the name of a resource meets the pattern of a statement or of an ARN operator, part by part."""
    if pattern == "*":
        return True
    parts, patterns = name.split(":", _ARN_PARTS - 1), pattern.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS or len(patterns) != _ARN_PARTS:
        return False
    return all(like(part, wanted) for part, wanted in zip(parts, patterns, strict=True))
