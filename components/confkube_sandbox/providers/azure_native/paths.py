"""From an id back to the inputs that it was made of, for imports.

After ParseResourceID in provider/pkg/resources/parseResourceId.go of github.com/pulumi/pulumi-azure-native.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from confkube_sandbox.providers.errors import CloudError


def parsed(id_: str, path: str) -> dict[str, str]:
    """Take an id apart by the path of its type; Azure's paths know no case.

    Raises:
        CloudError: The id is of another type.
    """
    literal = [re.escape(part) for part in re.split(r"{\w+}", path)]
    names = re.findall(r"{(\w+)}", path)
    groups = [f"(?P<{name}>{'.+?' if name == 'scope' else '[^/]+'})" for name in names]
    pattern = "".join(part for pair in zip(literal, [*groups, ""], strict=True) for part in pair)
    found = re.fullmatch(pattern, id_, re.IGNORECASE)
    if found is None:
        raise CloudError(f"failed to parse '{id_}' against the path '{path}'")
    return {name: unquote(value) for name, value in found.groupdict().items() if name != "subscriptionId"}
