"""The Pulumi engine for tests that run it: found, installed or built as for any user, so that none is skipped."""

import os
from functools import cache
from pathlib import Path

from pulumi import automation as auto

from confkube_build.progress import Reporter
from confkube_sandbox.engine import pulumi as engine


@cache
def command():
    """The engine as the Automation API takes it."""
    found = engine.ensure(os.environ, Path("nowhere"), Reporter())
    if found.origin == "PATH":
        return auto.PulumiCommand()
    return auto.PulumiCommand(root=str(found.binary.parents[1]))
