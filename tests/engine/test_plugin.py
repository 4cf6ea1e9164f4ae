"""The multi-language package, run as the engine runs it for programs in other languages."""

import json
import shutil
import subprocess

import golden_files
import pytest
from conftest import ROOT
from short_life import live

PROGRAM = """
import pulumi


class CvmNodes(pulumi.ComponentResource):
    kubeconfig: pulumi.Output[str]

    def __init__(self, name, args, opts=None):
        made = dict.fromkeys(("kubeconfig", "world", "attestation")) | args
        super().__init__("confkube:index:CvmNodes", name, made, opts, remote=True)


config = pulumi.Config()
cluster = CvmNodes("shop", config.require_object("args"))
for output in ("kubeconfig", "world", "attestation"):
    pulumi.export(output, getattr(cluster, output))
"""
"""What a generated SDK does: it registers the component by its type and leaves the rest to the package."""


@pytest.fixture
def stack(stack_in):
    args = {"platform": {"aws": {"zone": "us-east-2a"}}, "tee": "snp", "pools": [{"name": "api", "diskGib": 60}]}
    made = stack_in("shop", {"aws:region": "us-east-2", "confkube:args": args}, program=PROGRAM)
    shutil.copytree(ROOT / "plugin", made.folder / "plugin")
    project = made.folder / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}plugins:\n  providers:\n    - {{name: confkube, path: plugin}}\n")
    return made


def inputs(schema):
    """Component -> its arguments; the engine writes a schema in its own way."""
    return {kind: sorted(component["inputProperties"]) for kind, component in schema["resources"].items()}


def test_its_schema_is_the_reviewed_one(stack):
    done = subprocess.run(
        [stack.engine, "package", "get-schema", "./plugin"],
        cwd=stack.folder,
        env=stack.stack.workspace.env_vars,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert inputs(json.loads(done.stdout)) == inputs(json.loads((golden_files.FOLDER / "schema.json").read_text()))


def test_a_component_of_it_goes_up_and_leaves_nothing(stack):
    live(stack)


def test_a_refusal_of_it_reaches_the_program(stack):
    """What the program's own language makes of it is that language's affair; Python's SDK adds a traceback."""
    wrong = {"platform": {"aws": {"zone": "us-east-2a"}}, "tee": "tdx"}
    stack.configure({"aws:region": "us-east-2", "confkube:args": wrong})
    with pytest.raises(Exception, match="aws has no tdx vm: aws offers no Intel TDX"):
        stack.preview()
