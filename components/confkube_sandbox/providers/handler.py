"""What a package of the sandbox implements: resources and functions. The server does the protocol around them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from confkube_sandbox.providers.wire import UNKNOWN
from confkube_sandbox.providers.words import BRIDGE, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.diff import Difference

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CheckFailure:
    """One reason why inputs are refused before anything happens.

    Attributes:
        property: Path of the property, for example ``cpuOptions.amdSevSnp``; empty for the resource as a whole.
        reason: One sentence for the user.
    """

    property: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What one call is about.

    Attributes:
        home: The sandbox that the call works on.
        config: The provider's configuration (stack configuration or explicit provider), decoded.
        urn: The resource's URN; empty for functions.
        name: The resource's logical name; empty for functions.
        timeout: Seconds from the program's ``custom_timeouts``; None where it sets none.
        random_seed: Bytes that decide generated names; only given to ``check``, and may be empty.
        preview: Nothing may be changed; values may be unknown.
        ignored: Property paths of the program's ``ignore_changes``; only given to ``update``.
    """

    home: SandboxHome
    config: Mapping[str, Any]
    urn: str = ""
    name: str = ""
    timeout: float | None = None
    random_seed: bytes = b""
    preview: bool = False
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new object: its id and everything known about it. The inputs need not be repeated in ``outputs``."""

    id: str
    outputs: Properties = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Read:
    """A living object: the user's inputs with the live values put in (this is how drift shows), and its outputs."""

    inputs: Properties
    outputs: Properties


class ResourceHandler(Protocol):
    """One resource type. Methods raise ``CloudError`` or ``PartialFailure``; anything else is a defect."""

    @property
    def token(self) -> str:
        """For example ``aws:ec2/vpc:Vpc``."""
        ...

    @property
    def computed(self) -> frozenset[str]:
        """Outputs that are unknown until the object exists (inputs that were given stay known)."""
        ...

    @property
    def secret_outputs(self) -> frozenset[str]:
        """Outputs that the real provider marks secret."""
        ...

    @property
    def words(self) -> Words:
        """How bad inputs are refused."""
        ...

    @property
    def added(self) -> frozenset[str]:
        """Inputs that the SDK does not have: ``check`` adds them, and an import gives them back to it."""
        ...

    @property
    def echoes(self) -> bool:
        """Whether inputs that the cloud did not report are outputs too."""
        ...

    def check(self, inputs: Properties, old: Properties, ctx: Context, /) -> tuple[Properties, list[CheckFailure]]:
        """Normalise inputs (defaults, generated names) and refuse bad ones; SDK types were checked before.

        Args:
            inputs: As the program gave them; parts may be ``wire.UNKNOWN``.
            old: The inputs of the last update, empty for a new resource.
            ctx: What the call is about.
        """
        ...

    def changed(self, old: Properties, new: Properties, /) -> frozenset[str]:
        """Name the outputs that an update from ``old`` to ``new`` inputs makes unknown until it has run."""
        ...

    def forced(self, new: Properties, outputs: Properties, ctx: Context, /) -> frozenset[str]:
        """Name the properties that force a new object for what the living one is, such as a certificate's end."""
        ...

    def settle(self, found: Difference, old: Properties, new: Properties, outputs: Properties, /) -> None:
        """Correct what the facts say of a difference by what only values can tell, such as equal spellings."""
        ...

    def promised(self, inputs: Properties, /) -> Properties:
        """Say which outputs a preview of a new object knows already."""
        ...

    def promised_change(self, old: Properties, new: Properties, outputs: Properties, /) -> Properties:
        """Say which outputs a preview of an update knows already."""
        ...

    def create(self, inputs: Properties, ctx: Context, /) -> Created:
        """Make the object, or leave nothing behind."""
        ...

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context, /) -> Read | None:
        """Look at the live object; None when it is gone. ``inputs`` and ``outputs`` are empty on import."""
        ...

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Change the object in place and return its outputs."""
        ...

    def delete(self, id_: str, outputs: Properties, ctx: Context, /) -> None:
        """Remove the object; one that is already gone is a success."""
        ...


class FunctionHandler(Protocol):
    """One function (an ``invoke``, for example ``get_ami``)."""

    @property
    def token(self) -> str:
        """For example ``aws:ec2/getAmi:getAmi``."""
        ...

    def invoke(self, args: Properties, ctx: Context, /) -> Properties:
        """Answer, or raise ``CloudError``."""
        ...


class Plain:
    """Base for resources: nothing computed, nothing secret, inputs taken as they are.

    Subclasses name their type in the class statement: ``class Vpc(Plain, token="aws:ec2/vpc:Vpc")``.
    """

    token: str = ""
    computed: frozenset[str] = frozenset()
    secret_outputs: frozenset[str] = frozenset()
    words: Words = BRIDGE
    added: frozenset[str] = frozenset()
    echoes: bool = True

    def __init_subclass__(cls, *, token: str = "") -> None:
        if token:
            cls.token = token

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Accept the inputs unchanged."""
        return inputs, []

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:  # noqa: ARG002
        """No output is made unknown by an update."""
        return frozenset()

    def forced(self, new: Properties, outputs: Properties, ctx: Context) -> frozenset[str]:  # noqa: ARG002
        """Nothing but a changed input replaces the object."""
        return frozenset()

    def settle(self, found: Difference, old: Properties, new: Properties, outputs: Properties) -> None:
        """The facts are right for all values."""

    def promised(self, inputs: Properties) -> Properties:
        """Inputs that were given stay as they are."""
        return inputs | {key: UNKNOWN for key in self.computed if key not in inputs}

    def promised_change(self, old: Properties, new: Properties, outputs: Properties) -> Properties:
        """Outputs stay as they are, but those of removed inputs, and those that the update decides."""
        kept = {key: value for key, value in outputs.items() if key in new or key not in old}
        return kept | new | dict.fromkeys(self.changed(old, new), UNKNOWN)


class Function:
    """Base for functions: ``class GetAmi(Function, token="aws:ec2/getAmi:getAmi")``."""

    token: str = ""
    words: Words = BRIDGE

    def __init_subclass__(cls, *, token: str) -> None:
        cls.token = token


class Package(Protocol):
    """The module ``confkube_sandbox.providers.<name>``."""

    SDK: str
    """The Python package whose types say which inputs exist, for example ``pulumi_aws``."""

    def handlers(self) -> Iterable[ResourceHandler]:
        """All resource types of the package."""
        ...

    def functions(self) -> Iterable[FunctionHandler]:
        """All functions of the package."""
        ...
