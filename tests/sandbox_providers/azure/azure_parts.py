"""What all tests of the azure-native provider share."""

from __future__ import annotations

import re

from confkube_sandbox.providers import azure_native

SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"
TENANT = "00000000-0000-4000-8000-000000000000"
CALLER = "00000000-0000-4000-8000-0000000c0fbe"
LOCATION = "westeurope"
HANDLERS = {handler.token: handler for handler in azure_native.handlers()}


def kind(name: str) -> str:
    """The token of ``network:Subnet``."""
    return f"azure-native:{name}"


def exactly(text: str) -> str:
    """A pattern for a whole text."""
    return f"^{re.escape(text)}$"
