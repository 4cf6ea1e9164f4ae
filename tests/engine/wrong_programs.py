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


def refused_machines(stack, sentences):
    """Bring up a program whose machines, named in ``sentences``, the cloud does not make; it makes all else.

    One program for all of them, since each run of the engine costs seconds.
    """
    before = stack.inventory()
    assert set(stack.preview().changed) == {"create"}
    text = failure(lambda: stack.up("--continue-on-error"))
    said = dict(re.findall(r"\((\S+)\):\n\s*error: ?(.*(?:\n {4,}.*)*)", text[text.index("Diagnostics:") :]))
    for name, sentence in sentences.items():
        assert re.search(sentence, said.get(name, "")), (name, said)
    stack.destroy()
    assert stack.inventory() == before
