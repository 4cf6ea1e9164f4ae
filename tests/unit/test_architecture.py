"""The rules that keep a cloud in one folder and imports going one way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import source_trees

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "components" / "confkube"
SDKS = {"pulumi_aws", "pulumi_azure_native", "pulumi_command", "pulumi_gcp"}
CLOUD_WORDS = re.compile(r"\b(aws|azure|gcp|ec2|boto3|amazon|google|microsoft)\b", re.IGNORECASE)

# Who may import whom inside the library; a layer may always import itself.
LAYERS = {
    "models": {"roles", "clouds", "attest", "bootstrap", "facts", "core"},
    "roles": {"clouds", "attest", "bootstrap", "facts", "core"},
    "clouds": {"attest", "bootstrap", "facts", "core"},
    "attest": {"facts", "core"},
    "bootstrap": {"attest", "facts", "core"},
    "facts": {"errors"},
    "trust": {"core"},
}
CORE = {
    "types",
    "platform",
    "parse",
    "spec",
    "names",
    "errors",
    "placement",
    "component",
    "registry",
    "model_specs",
    "model_types",
    "role_types",
}


def modules(*folders):
    return sorted(path for folder in folders for path in (LIBRARY / folder).rglob("*.py"))


def imported(path):
    for node in ast.walk(source_trees.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", [*modules("roles", "models", "attest"), ROOT / "stacks" / "__main__.py"], ids=str)
def test_only_clouds_names_a_cloud(path):
    found = [line for line in path.read_text().splitlines() if CLOUD_WORDS.search(line)]
    assert not found, found


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_point_one_way(layer):
    for path in modules(layer):
        for module in imported(path):
            parts = module.split(".")
            if parts[0] != "confkube" or len(parts) < 2:
                continue
            target = "core" if parts[1] in CORE and "core" in LAYERS[layer] else parts[1]
            known = target in LAYERS or target in CORE or target == "core"
            assert target == layer or not known or target in LAYERS[layer], f"{path} imports {module}"


def test_only_a_clouds_own_folder_imports_its_sdk():
    for path in LIBRARY.rglob("*.py"):
        sdks = {module.split(".")[0] for module in imported(path)} & {*SDKS, "boto3", "botocore"}
        assert not sdks or path.relative_to(LIBRARY).parts[0] == "clouds", f"{path} imports {sdks}"


def foreign(path):
    """The packages of this repository that a module imports."""
    return {module for module in imported(path) if re.match(r"confkube(_\w+)?(\.|$)", module)}


def test_building_knows_nothing_but_refusals():
    for path in (LIBRARY.with_name("confkube_build")).rglob("*.py"):
        others = {module for module in foreign(path) if module.split(".")[0] != "confkube_build"}
        assert others <= {"confkube.errors", "confkube.errors.Refusal"}, f"{path} imports {others}"


def test_the_library_imports_no_other_package_but_for_showing_progress():
    """The command line names the lab and the sandbox as text, and loads them when they are asked for."""
    for path in LIBRARY.rglob("*.py"):
        others = {module for module in foreign(path) if module.split(".")[0] != "confkube"}
        shows = path.relative_to(LIBRARY).parts[0] == "trust"
        allowed = {"confkube_build.progress", "confkube_build.progress.Reporter"} if shows else set()
        assert others <= allowed, f"{path} imports {others}"


def test_the_lab_and_the_sandbox_know_nothing_of_each_other():
    for one, other in (("confkube_lab", "confkube_sandbox"), ("confkube_sandbox", "confkube_lab")):
        for path in LIBRARY.with_name(one).rglob("*.py"):
            assert not [module for module in foreign(path) if module.split(".")[0] == other], path


def test_facts_import_only_the_standard_library():
    for path in modules("facts"):
        others = {module.split(".")[0] for module in imported(path)} - set(sys.stdlib_module_names) - {"confkube"}
        assert not others, f"{path} imports {others}"


@pytest.mark.parametrize("path", modules("roles", "models"), ids=str)
def test_programs_read_no_clock_and_no_environment(path):
    text = path.read_text()
    assert not re.search(r"datetime\.now|time\.time|os\.environ|getenv|subprocess", text)


UNASKED = {*SDKS, "boto3", "botocore", "confkube_build", "confkube_lab", "confkube_sandbox"}


def loaded_by(statement):
    program = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return {name.split(".")[0] for name in result.stdout.splitlines()}


def test_import_loads_no_cloud_sdk():
    loaded = loaded_by("import confkube")
    assert not loaded & UNASKED
    assert "pulumi" not in loaded


def test_public_names_load_no_cloud_sdk():
    loaded = loaded_by("import confkube\nfor name in confkube.__all__: getattr(confkube, name)")
    assert not loaded & UNASKED


ANYBODY = "'12345678-1234-1234-1234-123456789012'"
BLOCKS = {
    "pulumi_command": "{'lab': {}}",
    "pulumi_aws": "{'aws': {'zone': 'us-east-2a'}}",
    "pulumi_azure_native": f"{{'azure': {{'subscription': {ANYBODY}, 'tenant': {ANYBODY}, 'location': 'westus'}}}}",
    "pulumi_gcp": "{'gcp': {'project': 'my-project', 'zone': 'us-central1-a'}}",
}


@pytest.mark.parametrize("sdk", BLOCKS)
def test_a_one_cloud_stack_loads_only_that_clouds_sdk(sdk):
    loaded = loaded_by(f"from confkube.clouds import resolve\nresolve({BLOCKS[sdk]})")
    assert loaded & set(BLOCKS) == {sdk}
    assert not loaded & {"boto3", "botocore", "azure", "google.cloud", "googleapiclient"}
    assert not loaded & {"confkube_lab", "confkube_sandbox"}


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_every_cloud_has_the_files_and_functions_of_the_first(cloud):
    """What one knows of a cloud's folder holds for the others: the same files, and in them the same functions."""
    first = LIBRARY / "clouds" / "aws"
    for path in first.rglob("*.*"):
        if "__pycache__" in path.parts:
            continue
        twin = LIBRARY / "clouds" / cloud / path.relative_to(first)
        assert twin.is_file(), twin
        if path.suffix == ".py" and path.stem in {"network", "machines", "identity", "images", "confidential"}:
            assert public_functions(path) & public_functions(twin), twin


def public_functions(path):
    return {each.name for each in source_trees.parse(path.read_text()).body if isinstance(each, ast.FunctionDef)}


def test_asking_for_the_daemon_loads_no_simulation():
    assert not loaded_by("import confkube_sandbox.daemon.client") & {"moto", "boto3", "botocore", "pulumi"}


def test_schema_modules_keep_real_annotations():
    for path in [LIBRARY / "types.py", LIBRARY / "clouds" / "args.py", *modules("roles", "models")]:
        assert "from __future__ import annotations" not in path.read_text(), path


def test_every_platform_of_the_registry_loads():
    from confkube.clouds import PLATFORMS

    for entry in PLATFORMS.values():
        module, _, name = entry.target.partition(":")
        program = f"import importlib; getattr(importlib.import_module({module!r}), {name!r})"
        subprocess.run([sys.executable, "-c", program], check=True)


def test_every_test_file_is_collected():
    for path in (ROOT / "tests").rglob("*.py"):
        functions = re.search(r"^(async )?def test_", path.read_text(), re.MULTILINE)
        assert not functions or path.name.startswith("test_") or path.name == "suite.py", path
