"""Host the components for other Pulumi languages: what the engine starts for ``PulumiPlugin.yaml``."""

import ast
import inspect
import sys
from collections.abc import Iterator
from typing import is_typeddict

from pulumi.provider.experimental import component, component_provider_host
from pulumi.provider.experimental.analyzer import Analyzer

import confkube as ck


class DescribingAnalyzer(Analyzer):
    """Describes inherited properties too; Pulumi's own looks for texts in a class's own source alone."""

    def get_docstring(self, typ: type, name: str) -> str | None:
        """The text below the declaration of a property, in its class or where it comes from."""
        own = super().get_docstring(typ, name)
        return own or next((text for base in _bases(typ) if (text := self.get_docstring(base, name))), None)


def _bases(typ: type) -> Iterator[type]:
    """What a class is declared to come from; at run time a ``TypedDict`` has forgotten it."""
    if not is_typeddict(typ):
        yield from (base for base in typ.__bases__ if base.__module__.partition(".")[0] == ck.__name__)
        return
    (declared,) = ast.parse(inspect.getsource(typ)).body
    assert isinstance(declared, ast.ClassDef)
    for each in declared.bases:
        base = getattr(sys.modules[typ.__module__], ast.unparse(each))
        if is_typeddict(base):
            yield base


def main() -> None:
    """Serve the public components until the engine ends the process."""
    # The host makes its analyzer itself and takes no other.
    component.Analyzer = DescribingAnalyzer  # pyright: ignore[reportPrivateImportUsage]
    component_provider_host(
        name="confkube",
        components=[getattr(ck, name) for name in ck.COMPONENTS],
    )


if __name__ == "__main__":
    main()
