"""The example of another repository, as it is committed, on the real engine: on a network of its own."""

import json
import shutil

import pytest
from conftest import ROOT
from short_life import live

EXAMPLE = ROOT / "examples" / "another-repository"


@pytest.fixture
def stack(stack_in):
    made = stack_in("payments", {"aws:region": "us-east-2"}, program="")
    shutil.rmtree(made.folder / "stacks")
    shutil.copytree(EXAMPLE / "infrastructure", made.folder / "infrastructure")
    text = (EXAMPLE / "Pulumi.yaml").read_text()
    (made.folder / "Pulumi.yaml").write_text(text.replace("../.venv", ".venv").replace("payments-platform", "confkube"))
    (made.folder / "Pulumi.payments.yaml").write_text(json.dumps({"config": {"aws:region": "us-east-2"}}))
    return made


def test_goes_up_beside_what_is_there_and_leaves_nothing(stack):
    live(stack, world=None)
