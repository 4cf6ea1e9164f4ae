"""The input types of a provider's own Python SDK, loaded one module at a time.

Importing ``pulumi_aws.ec2`` executes several hundred modules. The types of one resource need two of them, so they are
imported under a private package name whose ``__init__`` files are never executed.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_type_hints

from pulumi import _types as sdk_types  # pyright: ignore[reportPrivateUsage]  (the SDK's only description of its types)

_ALIAS = "confkube_sdk_types"
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Shape:
    """The properties of one object: camelCase name to Python annotation, and which of them must be given."""

    properties: dict[str, Any]
    required: frozenset[str]


@dataclass(frozen=True)
class Token:
    """A Pulumi token such as ``aws:ec2/vpc:Vpc`` taken apart."""

    module: str
    file: str
    member: str

    @classmethod
    def parse(cls, text: str) -> Token:
        """Read a token; the module ``index`` is the package itself."""
        _, middle, member = text.split(":")
        module, _, file = middle.partition("/")
        # The first letter is small in a token, also that of an abbreviation: ``iAMMember`` is in ``iam_member.py``.
        return cls("" if module == "index" else module, _snake(file[:1].upper() + file[1:] or member), member)


def resource_shape(sdk: str, token: str) -> Shape:
    """Describe the inputs of a resource type of the SDK package ``sdk``."""
    parts = Token.parse(token)
    module = _module(sdk, parts)
    # Where a nested type has taken the plain name, the resource's own inputs are called ``…InitArgs``.
    args = getattr(module, f"{parts.member}InitArgs", None) or getattr(module, f"{parts.member}Args")
    return object_shape(cast("type", args))


def result_types(sdk: str, token: str) -> dict[str, Any]:
    """Describe the outputs of a resource type: camelCase name to Python annotation."""
    parts = Token.parse(token)
    resource = getattr(_module(sdk, parts), parts.member)
    return dict(sdk_types.resource_types(cast("type", resource)))


def object_results(annotation: type) -> dict[str, Any]:
    """Describe a class of answers: camelCase name to Python annotation."""
    return dict(sdk_types.output_type_types(annotation))


def function_shape(sdk: str, token: str) -> Shape:
    """Describe the arguments of a function of the SDK package ``sdk``."""
    parts = Token.parse(token)
    module = _module(sdk, parts)
    function = getattr(module, _snake(parts.member))
    hints = get_type_hints(inspect.unwrap(function), vars(module))
    names = [name for name in inspect.signature(function).parameters if name != "opts"]
    required = [n for n in names if inspect.signature(function).parameters[n].default is inspect.Parameter.empty]
    return Shape({_camel(name): hints[name] for name in names}, frozenset(map(_camel, required)))


def provider_shape(sdk: str) -> Shape:
    """Describe the settings of the provider itself."""
    return object_shape(cast("type", _module(sdk, Token("", "provider", "Provider")).ProviderArgs))


def object_shape(args: type) -> Shape:
    """Describe an ``…Args`` class."""
    names = sdk_types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters.values()
    required = {names[p.name] for p in parameters if p.name in names and p.default is inspect.Parameter.empty}
    return Shape(dict(sdk_types.input_type_types(args)), frozenset(required))


def is_object(annotation: object) -> bool:
    """Whether the annotation is an ``…Args`` class."""
    return isinstance(annotation, type) and sdk_types.is_input_type(annotation)


def is_result(annotation: object) -> bool:
    """Whether the annotation is a class of answers, which the SDK's functions also name for their arguments."""
    return isinstance(annotation, type) and sdk_types.is_output_type(annotation)


def _module(sdk: str, token: Token) -> ModuleType:
    with _LOCK:
        package = _package(sdk)
        if token.module:
            package = _bare(
                f"{package.__name__}.{token.module.replace('/', '.')}", Path(package.__path__[0]) / token.module
            )
        return importlib.import_module(f"{package.__name__}.{token.file}")


def _package(sdk: str) -> ModuleType:
    alias = f"{_ALIAS}.{sdk}"
    if alias in sys.modules:
        return sys.modules[alias]
    spec = importlib.util.find_spec(sdk)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the Python package {sdk} is not installed")
    root = Path(spec.origin).parent
    _bare(_ALIAS, root)
    package = _bare(alias, root)
    # This module asks for the version of the distribution it is named after, so it keeps its own name.
    spec = importlib.util.spec_from_file_location(f"{sdk}._utilities", root / "_utilities.py")
    assert spec is not None
    assert spec.loader is not None
    utilities = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(utilities)
    sys.modules[f"{alias}._utilities"] = utilities
    package.__dict__["_utilities"] = utilities
    return package


def _bare(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        module = ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module
    return sys.modules[name]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
