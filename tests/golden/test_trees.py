"""The resource tree of every stack file: names and parents are API, a change of them is an entry in the changelog."""

from pathlib import Path

import golden_files
import pytest
import recorder
import yaml

import confkube as ck

CONFIGS = sorted((Path(__file__).parents[2] / "stacks" / "config").glob("Pulumi.*.yaml"))


def tree(registered):
    """One line for each resource: its type, and below it what belongs to it."""
    return "".join(sorted(f"{each.typ} {each.name}\n" for each in registered))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name.split(".")[1])
def test_tree(path):
    config = yaml.safe_load(path.read_text())["config"]
    name = path.name.split(".")[1]

    def program():
        return ck.model(config["confkube:model"])(name, config["confkube:args"]).outputs

    place = config["confkube:args"]["platform"].get("azure", {})
    seen = recorder.Recorder(subscription=(place.get("subscription"), place.get("tenant")))
    recorded, _ = recorder.run(program, stack=name, recorder=seen)
    golden_files.check(f"trees/{name}.txt", tree(recorded.registered))
