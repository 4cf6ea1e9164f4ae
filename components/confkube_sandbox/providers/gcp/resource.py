"""The life of a Google Cloud resource, the same for all: make, describe, change, remove."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.gcp import checks, labels
from confkube_sandbox.providers.gcp.changes import Change, Made
from confkube_sandbox.providers.gcp.connection import Connection, connect
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.gcp.live import Projection
from confkube_sandbox.providers.handler import CheckFailure, Context, Created, Plain, Properties, Read
from confkube_sandbox.providers.terraform.inputs import differing
from confkube_sandbox.providers.terraform.places import general

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkube_sandbox.providers.diff import Difference
    from confkube_sandbox.providers.gcp.live import Same
    from confkube_sandbox.providers.gcp.naming import Autoname
    from confkube_sandbox.providers.terraform.schema import Rule

_FAILURES = (ApiError, OperationError, CloudError)


class Resource(Plain, ABC):
    """Base of all Google Cloud resources. Subclasses say what they are and implement the parts ending in an underscore.

    Attributes:
        title: How the real provider names the type in failures, for example ``ComputeNetwork``; empty where it names
            the object's id instead.
        template: Pulumi's id, for example ``projects/{project}/global/networks/{name}``.
        supported: The inputs that this simulation acts on; others are refused rather than ignored.
        defaults: Inputs that the real provider's schema fills in; a path may go into objects and lists.
        name: How the type gets its name; None for types without one.
        rules: What the real provider's schema demands of an input, by path; see ``rules``.
        conflicts: Pairs of inputs that exclude each other.
        choices: Inputs of which exactly one is given.
        some: Members of an object of which at least one is given.
        constants: Outputs that cannot vary here.
        same: Path to what decides whether two spellings mean the same (``DiffSuppressFunc``).
        sets: Paths of lists without an order (``TypeSet``).
        maps: Paths of maps all of whose entries are the program's.
        filled: Paths inside of others that the cloud fills in (``Computed``), so that leaving them out of the program
            changes nothing, as with all inputs that are among ``computed``.
        unserved: Inputs inside of others that are not simulated, by path with ``*`` for list elements.
        watched: Paths that the cloud does not fill in, so that a value the program did not name is drift.
        labelled: Whether the type has labels.
        seconds: Default timeouts of the real provider for create, update and delete.
    """

    title: ClassVar[str] = ""
    template: ClassVar[str]
    supported: ClassVar[frozenset[str]]
    defaults: ClassVar[Mapping[str, Any]] = {}
    name: ClassVar[Autoname | None] = None
    rules: ClassVar[Mapping[str, Rule]] = {}
    conflicts: ClassVar[tuple[tuple[str, str], ...]] = ()
    choices: ClassVar[tuple[tuple[str, ...], ...]] = ()
    some: ClassVar[tuple[tuple[str, ...], ...]] = ()
    constants: ClassVar[Mapping[str, Any]] = {}
    same: ClassVar[Mapping[str, Same]] = {}
    sets: ClassVar[frozenset[str]] = frozenset()
    maps: ClassVar[frozenset[str]] = frozenset()
    filled: ClassVar[frozenset[str]] = frozenset()
    unserved: ClassVar[tuple[str, ...]] = ()
    watched: ClassVar[frozenset[str]] = frozenset()
    labelled: ClassVar[bool] = False
    seconds: ClassVar[tuple[float, float, float]] = (1200, 1200, 1200)

    def __init_subclass__(cls, *, token: str = "") -> None:
        super().__init_subclass__(token=token)
        if cls.labelled:
            cls.secret_outputs = cls.secret_outputs | labels.SECRET
            cls.computed = cls.computed | labels.SECRET
        cls.computed = cls.computed | cls.constants.keys() | ({"deletionPolicy", "project"} & cls._supported())

    @classmethod
    def _supported(cls) -> frozenset[str]:
        return getattr(cls, "supported", frozenset())

    # ---- parts of a subclass

    @abstractmethod
    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Make the object; a failure here leaves nothing in the state."""

    @abstractmethod
    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Return everything known about the live object; None when it is gone."""

    @abstractmethod
    def change_(self, gcp: Connection, to: Change) -> None:
        """Change the object in place."""

    @abstractmethod
    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Remove the object and wait until it is gone; an object that is gone is a success where it is one really."""

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse combinations of inputs, as the real provider's own checks do (``CustomizeDiff``)."""
        return []

    # ---- the protocol

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Refuse what is not simulated or not valid; fill in defaults and the name."""
        return checks.check(self, inputs, old, ctx)

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """Labels decide what all labels are; everything else is as stable as the subclass says."""
        return labels.SECRET if self.labelled and old.get("labels") != new.get("labels") else frozenset()

    def settle(self, found: Difference, old: Properties, new: Properties, outputs: Properties) -> None:  # noqa: ARG002
        """What the cloud fills in stays when the program no longer names it."""
        found.changes = [
            change for change in found.changes if change.kind != "DELETE" or general(change.path) not in self.kept
        ]
        found.delete_first = found.delete_first and bool(found.replaces)

    def promised(self, inputs: Properties) -> Properties:
        """The outputs that are known before there is an object, besides the inputs."""
        known = {key: inputs[key] for key in ("project", "region", "zone") if inputs.get(key)}
        return super().promised(inputs) | known

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Make the object and describe it. What fails after it was made keeps it in the state, as not healthy."""
        gcp = connect(ctx, inputs, self.seconds[0])
        full = self._labelled(inputs, labels.wanted(ctx.config, inputs, {}))
        try:
            made = self.create_(gcp, full)
        except _FAILURES as error:
            raise CloudError(str(error)) from None
        full = full | (made.known or {})
        try:
            if made.then is not None:
                made.then()
            outputs = self._described(gcp, made.id, inputs, full)
        except _FAILURES as error:
            raise PartialFailure(id=made.id, outputs=full, inputs=inputs, reasons=[str(error)]) from None
        if outputs is None:
            # The bridge takes an object that is gone when it is first read for one that was never made.
            raise CloudError(f"creating {ctx.urn}: the object was not found after it was made")
        return Created(id=made.id, outputs=outputs)

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Describe the live object, and put what it says into the inputs."""
        gcp = connect(ctx, outputs or inputs or self.place(id_), self.seconds[0])
        found = self._tried(lambda: self._described(gcp, id_, inputs, outputs))
        if found is None:
            return None
        complete = cast("Properties", found)
        recorded = inputs or {key: value for key, value in complete.items() if key in self.supported}
        return Read(inputs=self.projection.project(recorded, complete), outputs=complete)

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Change what differs between the inputs of the last update and the new ones."""
        gcp = connect(ctx, old_outputs | new_inputs, self.seconds[1])
        managed = labels.wanted(ctx.config, new_inputs, old_outputs) if self.labelled else {}
        to = Change(
            id=id_,
            state=old_outputs,
            old=old_inputs,
            new=new_inputs,
            keys={
                key
                for key in differing(old_inputs, new_inputs) - ctx.ignored
                if key not in self.kept or new_inputs.get(key) is not None
            },
            labels=labels.effective(managed, old_outputs),
            filled=self.kept,
        )
        try:
            self.change_(gcp, to)
            outputs = self._described(gcp, id_, new_inputs, old_outputs | {"pulumiLabels": managed})
        except _FAILURES as error:
            # Partial mode: the state keeps what it had (helper/schema: ResourceData.Partial).
            raise PartialFailure(id=id_, outputs=old_outputs, inputs=old_inputs, reasons=[str(error)]) from None
        if outputs is None:
            raise CloudError(f"updating {ctx.urn}: the object was not found after it was changed")
        return outputs

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:
        """Remove the object, unless its deletion policy says otherwise."""
        policy = outputs.get("deletionPolicy")
        if policy == "PREVENT":
            what = self.title or f'"{id_}"'
            text = f'cannot destroy {what} without setting deletion_policy="DELETE" and running `terraform apply`'
            raise CloudError(text)
        if policy == "ABANDON":
            return
        gcp = connect(ctx, self.place(id_) | outputs, self.seconds[2])
        self._tried(lambda: self.delete_(gcp, id_, outputs))

    # ---- shared steps

    @property
    def kept(self) -> frozenset[str]:
        """Paths of inputs that keep their value when the program no longer names them."""
        return self.filled | (self.computed & self.supported)

    @property
    def projection(self) -> Projection:
        """How live values go into the inputs."""
        return Projection(self.same, self.sets | self.maps, self.watched)

    def place(self, id_: str) -> Properties:
        """Take an id apart: project, zone or region, and names.

        Raises:
            CloudError: It is no id of this type.
        """
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.template))
        found = re.fullmatch(f"(?:https://.+?/)?{pattern}", id_)
        if found is None:
            raise CloudError(f'Import id "{id_}" doesn\'t match any of the accepted formats: [{self.template}]')
        return dict(found.groupdict())

    def _labelled(self, inputs: Properties, managed: dict[str, str]) -> Properties:
        return inputs | {"pulumiLabels": managed, "effectiveLabels": managed} if self.labelled else inputs

    def _described(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        found = self.describe_(gcp, id_, inputs, state)
        if found is None:
            return None
        if self.labelled:
            managed = cast("dict[str, str]", state.get("pulumiLabels") or {})
            own = inputs or {"labels": found.get("labels") or {}}
            found = found | labels.outputs(found.get("labels"), own, managed)
        given = {key: inputs.get(key) or gcp.world.config.get(key) or "DELETE" for key in ("deletionPolicy",)}
        policy = {key: value for key, value in given.items() if key in self.supported}
        return {**self.constants, **found, **policy}

    def _tried(self, act: Callable[[], Any]) -> Any:  # noqa: ANN401
        try:
            return act()
        except _FAILURES as error:
            raise CloudError(str(error)) from None
