"""The multi-language schema of the public components is what was reviewed."""

import json
import subprocess
import sys
from functools import cache

import golden_files

from confkube import COMPONENTS

# In a process of its own: Pulumi's component host and its provider protocol each bring a descriptor of
# google.rpc.Status, and one process that loads both refuses the second.
PROGRAM = f"""
from pulumi.provider.experimental import component
import confkube as ck
from confkube.__main__ import DescribingAnalyzer
component.Analyzer = DescribingAnalyzer
components = [getattr(ck, name) for name in {list(COMPONENTS)}]
print(component.ComponentProvider(components, "confkube", version="0.0.0").schema)
"""


@cache
def schema():
    printed = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    return json.loads(printed.stdout)


def test_schema_is_as_reviewed():
    golden_files.check("schema.json", json.dumps(schema(), indent=1, sort_keys=True) + "\n")


def test_everything_public_is_described():
    found = schema()
    for name, component in found["resources"].items():
        assert component["description"], name
        for part in ("inputProperties", "properties"):
            for key, value in component.get(part, {}).items():
                assert value.get("description"), f"{name}.{key}"
    for name, kind in found["types"].items():
        for key, value in kind.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_no_cloud_provider_is_needed_to_read_it():
    assert not schema().get("dependencies")
    assert "/schema.json#" not in json.dumps(schema())


def test_the_plugin_hosts_every_public_component():
    hosted = set(schema()["resources"])
    assert hosted == {f"confkube:index:{component}" for component in COMPONENTS}
