"""What a body looks like, from the official SDK's model classes: which name lives in which container.

The models are loaded under a private package name whose ``__init__`` files are never executed: importing
``azure.mgmt.network`` brings all its operations, which take seconds and are not needed to know the names.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
import threading
import typing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast, get_args, get_origin

_ALIAS = "confkube_azure_models"
_LOCK = threading.RLock()
# The two generations of generated models: those of TypeSpec, and msrest's with the older ``_attribute_map``.
_FILES = ("_models", "_models_py3")


@dataclass(frozen=True)
class Member:
    """One name of a body.

    Attributes:
        path: Where it is, for example ``("properties", "hardwareProfile")``.
        model: The model of the value, or of its elements; None for plain values.
        keyed: The value is an object with free keys.
    """

    path: tuple[str, ...]
    model: type | None
    keyed: bool


@cache
def model(package: str, name: str) -> type:
    """Load a model class, for example ``("network", "PublicIPAddress")`` or ``("msi.v2024_11_30", "Identity")``."""
    with _LOCK:
        return cast("type", getattr(_module(package), name))


@cache
def members(cls: type) -> dict[str, Member]:
    """Describe a model: the name on the wire to where it is; flattened names come with their container."""
    found = _mapped(cls) if hasattr(cls, "_attribute_map") else _fields(cls)
    container = found.get("properties")
    if container is not None and container.model is not None:
        for name, inner in members(container.model).items():
            found.setdefault(name, Member((*container.path, *inner.path), inner.model, inner.keyed))
    return found


def _fields(cls: type) -> dict[str, Member]:
    module = sys.modules[cls.__module__]
    enums = vars(importlib.import_module(f"{cls.__module__.rpartition('.')[0]}._enums"))
    names = SimpleNamespace(**{**enums, **vars(module)})
    hints = typing.get_type_hints(cls, vars(module), {"_models": names})
    found: dict[str, Member] = {}
    for base in reversed(cls.__mro__):
        for attribute, field in vars(base).items():
            if type(field).__name__ == "_RestField":
                name = str(getattr(field, "_rest_name_input", None) or attribute)
                inner, keyed = _element(hints[attribute])
                found[name] = Member((name,), inner, keyed)
    return found


def _element(annotation: object) -> tuple[type | None, bool]:
    """The model inside ``Optional``, ``list`` and ``dict``, and whether a ``dict`` is around it."""
    origin, keyed = get_origin(annotation), False
    if origin is dict:
        keyed = True
    if origin is not None:
        for part in get_args(annotation):
            inner, deeper = _element(part)
            keyed = keyed or deeper
            if inner is not None:
                return inner, keyed
        return None, keyed
    is_model = isinstance(annotation, type) and any(base.__name__ == "Model" for base in annotation.__mro__)
    return (cast("type", annotation) if is_model else None), False


def _mapped(cls: type) -> dict[str, Member]:
    module = sys.modules[cls.__module__]
    table = cast("dict[str, dict[str, str]]", cast("Any", cls)._attribute_map)  # noqa: SLF001
    found: dict[str, Member] = {}
    for row in table.values():
        path = tuple(row["key"].split("."))
        name = re.sub(r"[\[\]{}]", "", row["type"])
        inner = getattr(module, name, None)
        # Of two with the same name, the inner one stays known by its whole path.
        key = path[-1] if path[-1] not in found or len(path) == 1 else ".".join(path)
        found[key] = Member(path, inner if isinstance(inner, type) else None, row["type"].startswith("{"))
    return found


def _module(package: str) -> ModuleType:
    models = f"{_ALIAS}.{package}.models"
    if models not in sys.modules:
        spec = importlib.util.find_spec("azure.mgmt")
        assert spec is not None
        root = Path(next(iter(spec.submodule_search_locations or ())))
        _bare(_ALIAS, root)
        parts = package.split(".")
        for number in range(1, len(parts) + 1):
            _bare(".".join([_ALIAS, *parts[:number]]), root.joinpath(*parts[:number]))
        _bare(models, root.joinpath(*parts, "models"))
    folder = Path(sys.modules[models].__path__[0])
    file = next(name for name in _FILES if (folder / f"{name}.py").is_file())
    return importlib.import_module(f"{models}.{file}")


def _bare(name: str, path: Path) -> None:
    if name not in sys.modules:
        module = ModuleType(name)
        module.__path__ = [str(path)]
        sys.modules[name] = module
