"""What a program that the cloud refuses has to end like."""

import re

import pytest
from pulumi import automation as auto


def failure(operation, sentence=""):
    """Run what must fail; return what the user reads, which holds ``sentence`` and no traceback."""
    with pytest.raises(auto.CommandError) as failed:
        operation()
    text = str(failed.value)
    assert "Traceback" not in text
    assert re.search(sentence, text), text[-3000:]
    return text
