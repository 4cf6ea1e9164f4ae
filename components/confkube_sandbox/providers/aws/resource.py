"""The life of an AWS resource, the same for all: make, finish, describe, change, remove."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import live, missing, naming, rules, tags, waiting
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.connection import Connection, connect
from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.handler import CheckFailure, Context, Created, Plain, Properties, Read
from confkube_sandbox.providers.terraform import unsimulated
from confkube_sandbox.providers.terraform.bridge import located
from confkube_sandbox.providers.terraform.inputs import differing, with_default

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkube_sandbox.providers.terraform.schema import Rule

    Ask = Callable[[], Any]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an update is about.

    Attributes:
        id: The object.
        live: Its outputs as they are now.
        old: The inputs of the last update.
        new: The inputs wanted now.
        keys: The inputs in which the object or the last update differs from ``new``.
    """

    id: str
    live: Properties
    old: Properties
    new: Properties
    keys: set[str]


class Resource(Plain, ABC):
    """Base of all AWS resources. Subclasses say what they are and implement the parts ending in an underscore.

    Attributes:
        noun: How the real provider names the object in failures, for example ``EC2 VPC``.
        supported: The inputs that this simulation acts on; others are refused rather than ignored.
        defaults: Inputs that the real provider fills in when they are left out.
        rules: What the real provider's schema demands of an input, by path; see ``rules``.
        conflicts: Pairs of inputs that exclude each other.
        needs: Property path to the operation that changes it in place, where the simulated cloud may lack it.
        constants: Outputs that cannot vary here, because what they tell of is not simulated, as the real provider
            reports them then.
        longest_name: Length limit of generated names; 0 for resources without a name.
        documents: Inputs that hold JSON.
        seconds: Default timeouts of the real provider for create, update and delete.
        gone: Error codes that mean that the object does not exist.
    """

    noun: ClassVar[str]
    supported: ClassVar[frozenset[str]]
    defaults: ClassVar[Mapping[str, Any]] = {}
    rules: ClassVar[Mapping[str, Rule]] = {}
    conflicts: ClassVar[tuple[tuple[str, str], ...]] = ()
    needs: ClassVar[Mapping[str, str]] = {}
    constants: ClassVar[Mapping[str, Any]] = {}
    longest_name: ClassVar[int] = 0
    documents: ClassVar[frozenset[str]] = frozenset()
    seconds: ClassVar[tuple[float, float, float]] = (600, 600, 600)
    gone: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, token: str = "") -> None:
        super().__init_subclass__(token=token)
        cls.computed = cls.computed | cls.constants.keys()

    # ---- parts of a subclass

    @abstractmethod
    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Make the object with the first call and return its id; a failure here leaves nothing."""

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait, and set what the first call could not."""

    @abstractmethod
    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Return everything known about the live object; None when it is gone."""

    def change_(self, aws: Connection, to: Change) -> None:
        """Change the object in place."""

    @abstractmethod
    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Remove the object and wait until it is gone."""

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:  # noqa: ARG002
        """Refuse combinations of inputs as given, as the real provider's own validation does."""
        return []

    def unchangeable_(self, old: Properties, new: Properties) -> list[CheckFailure]:
        """Refuse changes that the simulated cloud cannot make."""
        return unsimulated.changes(missing.OPERATIONS, self.token, self.needs, old, new)

    # ---- the protocol

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Refuse what is not simulated or not valid; fill in defaults and the name."""
        failures = unsimulated.properties(self.token, sorted(inputs.keys() - self.supported))
        filled = self._filled(inputs, old, ctx)
        refused = [
            *rules.conflicts(self.conflicts, inputs),
            *self.refuse_(inputs),
            *rules.violations(self.rules, filled),
            *self.unchangeable_(old, filled),
        ]
        return filled, failures + [located(failure, ctx.name) for failure in refused]

    def _filled(self, inputs: Properties, old: Properties, ctx: Context) -> Properties:
        for key in self.documents & inputs.keys():
            if isinstance(inputs[key], dict):
                inputs = inputs | {key: json.dumps(inputs[key], separators=(",", ":"))}
        if "tags" in self.supported and not isinstance(inputs.get("tags"), list):
            inputs = tags.with_defaults(inputs, ctx.config)
        for key, value in self.defaults.items():
            inputs = with_default(inputs, key, value)
        if self.longest_name:
            inputs = naming.autoname(inputs, old, ctx, longest=self.longest_name)
        return inputs

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """Tags decide ``tagsAll``; everything else is as stable as the subclass says."""
        return frozenset({"tagsAll"} if "tags" in self.supported and old.get("tags") != new.get("tags") else ())

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Make, finish, describe. A failure after the first call keeps the object in the state, as not healthy."""
        aws = connect(ctx, inputs, self.seconds[0])
        try:
            id_ = self.create_(aws, inputs)
        except (ApiError, CloudError) as error:
            raise CloudError(f"creating {self.noun}: {error}", getattr(error, "code", "")) from None
        try:
            # A new object may be unknown to a part of AWS for a while.
            waiting.retry(aws, self.gone, lambda: self.finish_(aws, id_, inputs))
            outputs = waiting.retry(aws, self.gone, lambda: self.describe_(aws, id_, inputs, {}))
        except (ApiError, CloudError) as error:
            reason = f"waiting for {self.noun} ({id_}) create: {error}"
            raise PartialFailure(
                id=id_, outputs=self._known(aws, id_, inputs), inputs=inputs, reasons=[reason]
            ) from None
        if outputs is None:
            reason = f"reading {self.noun} ({id_}): couldn't find resource"
            raise PartialFailure(id=id_, outputs=inputs, inputs=inputs, reasons=[reason])
        return Created(id=id_, outputs=self._complete(aws, outputs))

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Describe the live object, and put what it says into the inputs."""
        aws = connect(ctx, outputs or inputs, self.seconds[0])
        found = self._ask(f"reading {self.noun} ({id_})", lambda: self.describe_(aws, id_, inputs, outputs))
        if found is None:
            return None
        complete = self._complete(aws, found)
        recorded = inputs or {
            key: value for key, value in complete.items() if key in self.supported and key != "region"
        }
        return Read(inputs=live.project(recorded, complete, documents=self.documents), outputs=complete)

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Change what differs between the new inputs and either the old ones or the live object."""
        aws = connect(ctx, new_inputs, self.seconds[1])
        what = f"updating {self.noun} ({id_})"
        found = self._ask(what, lambda: self.describe_(aws, id_, new_inputs, old_outputs))
        if found is None:
            raise CloudError(f"{what}: couldn't find resource", "NotFound")
        drifted = differing(new_inputs, live.project(new_inputs, found, documents=self.documents))
        changed = (differing(old_inputs, new_inputs) | drifted) - {"region"} - ctx.ignored
        try:
            self.change_(aws, Change(id=id_, live=found, old=old_inputs, new=new_inputs, keys=changed))
            outputs = self.describe_(aws, id_, new_inputs, old_outputs)
        except (ApiError, CloudError) as error:
            known = self._known(aws, id_, old_inputs)
            raise PartialFailure(id=id_, outputs=known, inputs=old_inputs, reasons=[f"{what}: {error}"]) from None
        return self._complete(aws, outputs or found)

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:
        """Remove the object; one that is gone already is fine."""
        aws = connect(ctx, outputs, self.seconds[2])
        self._ask(f"deleting {self.noun} ({id_})", lambda: self.delete_(aws, id_, outputs))

    # ---- shared steps

    def _ask(self, what: str, act: Ask) -> Any:  # noqa: ANN401
        try:
            return act()
        except ApiError as error:
            if error.code in self.gone:
                return None
            raise CloudError(f"{what}: {error}", error.code) from None
        except CloudError as error:
            raise CloudError(f"{what}: {error}", error.code) from None

    def _known(self, aws: Connection, id_: str, inputs: Properties) -> Properties:
        try:
            found = self.describe_(aws, id_, inputs, {})
        except (ApiError, CloudError):
            found = None
        return inputs | self._complete(aws, found or {})

    def _complete(self, aws: Connection, outputs: Properties) -> Properties:
        located = {"region": aws.region} if "region" in self.supported else {}
        return {**self.constants, **outputs, **located}


class Tagged(Resource):
    """An EC2 object whose tags live in EC2's own tag store."""

    def change_(self, aws: Connection, to: Change) -> None:
        """Bring the tags up to date."""
        tags.update_ec2(aws, to.id, to.live, to.new)
