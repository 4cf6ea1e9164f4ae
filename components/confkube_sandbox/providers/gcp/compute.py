"""Resources of Compute Engine that follow the one pattern of Google's generated providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import operations
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.translate import Translator

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

NOT_FOUND = 404


class Compute(Resource):
    """A resource with insert, get and delete.

    Attributes:
        noun: How the real provider calls it in failures, for example ``Network``.
        collection: For example ``networks``.
        parameter: The name of its parameter in the client's methods, for example ``network``.
        model: The official model of its body.
    """

    noun: ClassVar[str]
    collection: ClassVar[str]
    parameter: ClassVar[str]
    model: ClassVar[str]

    # ---- parts of a subclass

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new object."""
        raise NotImplementedError

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:
        """Return the outputs for the live object, without its project."""
        raise NotImplementedError

    # ---- what all have in common

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the object and wait. An operation that fails means that it was not made."""
        place = self._place(gcp)
        body = self.body_(gcp, inputs)
        operation = self.started(
            f"Error creating {self.noun}: ", lambda: gcp.compute(f"{self.collection}.insert", body=body, **place)
        )
        try:
            operations.wait(gcp, operation, f"Creating {self.noun}")
        except (OperationError, CloudError) as error:
            raise CloudError(f"Error waiting to create {self.noun}: {error}") from None
        return Made(id=self.template.format(project=gcp.project, name=inputs["name"], **place))

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:
        """Get the object."""
        answer = self.get(gcp, id_)
        if answer is None:
            return None
        place = self.place(id_)
        return {"project": place["project"], **self.outputs_(gcp.at(place), answer, inputs, state)}

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete the object and wait; one that is gone is a success."""
        try:
            operation = gcp.compute(f"{self.collection}.delete", **self.target(id_))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return
            raise CloudError(f"Error when reading or editing {self.noun}: {error}") from None
        operations.wait(gcp, operation, f"Deleting {self.noun}")

    # ---- steps for subclasses

    def get(self, gcp: Connection, id_: str) -> dict[str, Any] | None:
        """Get the object; None when it is gone."""
        try:
            return gcp.compute(f"{self.collection}.get", **self.target(id_))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            what = f'{self.title} "{id_}"' if self.title else f"{self.noun} {self.place(id_)['name']}"
            raise CloudError(f"Error when reading or editing {what}: {error}") from None

    def target(self, id_: str) -> dict[str, Any]:
        """Return the parameters that name the object."""
        place = self.place(id_)
        return {self.parameter: place.pop("name"), **place}

    def translator(self, gcp: Connection) -> Translator:
        """Return what translates this API's bodies."""
        return Translator(gcp.world.api.schemas("compute"))

    def started(self, before: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Start an operation; ``before`` is put in front of a refusal."""
        try:
            return act()
        except ApiError as error:
            raise CloudError(f"{before}{error}", error.reason) from None

    def run(self, gcp: Connection, method: str, refused: str, activity: str, /, **parameters: Any) -> None:  # noqa: ANN401
        """Start an operation on an object and wait until it is done."""
        operation = self.started(refused, lambda: gcp.compute(method, **parameters))
        operations.wait(gcp, operation, activity)

    def edit(self, gcp: Connection, to: Change, method: str, /, **parameters: Any) -> None:  # noqa: ANN401
        """Change the object the way generated providers do, in their words."""
        text = f'Error updating {self.noun} "{to.id}": '
        self.run(gcp, f"{self.collection}.{method}", text, f"Updating {self.noun}", **self.target(to.id), **parameters)

    def _place(self, gcp: Connection) -> dict[str, str]:
        if "{zone}" in self.template:
            return {"zone": gcp.zone}
        if "{region}" in self.template:
            return {"region": gcp.region}
        return {}
