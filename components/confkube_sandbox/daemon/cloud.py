"""What the daemon asks of each simulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from confkube_sandbox.daemon.http import Incoming, Reply
    from confkube_sandbox.daemon.settings import Settings

Found = tuple[str, str, str]
"""Something alive: account (subscription, project), kind, and id that says where it is."""


class Cloud(Protocol):
    """All accounts of one simulated cloud. Every call may come from any thread."""

    @property
    def settings(self) -> Settings:
        """What the user has set; kept with the cloud's own state."""
        ...

    def handle(self, request: Incoming) -> Reply | None:
        """Answer one HTTP request; None means that the connection is cut without an answer."""
        ...

    def inventory(self, account: str | None = None) -> list[Found]:
        """List what is alive in one account, or in all; without what an empty account has by itself."""
        ...

    def change_settings(self, wanted: dict[str, Any], /) -> Settings:
        """Apply and keep new settings; a fault plan starts counting anew.

        Raises:
            Refusal: An unknown setting or a value of the wrong kind.
        """
        ...

    def reset(self) -> None:
        """Delete everything in all accounts; settings return to their defaults."""
        ...
