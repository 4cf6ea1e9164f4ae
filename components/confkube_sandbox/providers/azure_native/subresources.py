"""Lists inside an object whose elements are resources of their own, and who may change them.

After SetUnsetSubresourcePropertiesToDefaults and MaintainSubResourcePropertiesIfNotSet in
provider/pkg/provider/crud/crud.go at 0354c94d74f1, and removeUnsetSubResourceProperties in provider.go at
006a62afe453, of github.com/pulumi/pulumi-azure-native, read on 2026-11-25.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.azure_native.kinds import Kind

Values = dict[str, Any]
_CONTAINER = "properties"


def empty(kind: Kind, body: Values) -> None:
    """Give a new object empty lists where the program gave none; some services want them."""
    for path in _unset(kind, body):
        _put(body, path, [])


def maintain(kind: Kind, body: Values, look: Callable[[], Values]) -> None:
    """Send back what is there for lists that the program does not give: PUT would empty them."""
    missing = _unset(kind, body)
    if not missing:
        return
    live = look()
    for path in missing:
        value = _get(live, path)
        if value is not None:
            _put(body, path, value)


def without_unset(kind: Kind, outputs: Values, inputs: Values) -> Values:
    """Return outputs without lists that the program does not give, so that they do not become inputs."""
    hidden = [path for path in kind.kept if _get(inputs, path) is None]
    if not hidden:
        return outputs
    visible = copy.deepcopy(outputs)
    for path in hidden:
        container = _get(visible, path[:-1])
        if isinstance(container, dict):
            cast("Values", container).pop(path[-1], None)
    return visible


def _unset(kind: Kind, body: Values) -> list[tuple[str, ...]]:
    # In a body all of them are properties; in inputs, those of flattened types are not.
    paths = [path if path[0] == _CONTAINER else (_CONTAINER, *path) for path in kind.kept]
    return [path for path in paths if _get(body, path) is None]


def _get(values: Values, path: tuple[str, ...]) -> object:
    found: Any = values
    for part in path:
        found = cast("Values", found).get(part) if isinstance(found, dict) else None
    return cast("object", found)


def _put(values: Values, path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
    values[path[-1]] = value
