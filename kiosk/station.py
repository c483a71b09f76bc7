"""What the kiosk asks of the rest of the station: one document to show, one door for what people want."""

from __future__ import annotations

from typing import Protocol

from charging.curves import CurveShown
from charging.snapshot import Snapshot

from .face import FaceShown
from .messages import Asked


class Answer(Protocol):
    """Whether a request was taken; `refusal` is a code of charging.domain.requests.Refusal, or ""."""

    @property
    def accepted(self) -> bool: ...  # noqa: D102 - the class says it

    @property
    def refusal(self) -> str: ...  # noqa: D102 - the class says it


class Station(Protocol):
    """Called from threads of the kiosk's own; may block, may raise django.db.Error."""

    def snapshot(self) -> Snapshot:
        """The whole station as it is now."""
        ...

    def face(self) -> FaceShown:
        """How the owner wants the screen to look and sound."""
        ...

    def curve(self, number: int) -> CurveShown:
        """The power of what runs at a connector, from its start on."""
        ...

    def ask(self, asked: Asked, who: str) -> Answer:
        """Pass on what somebody at the screen wants; every action but SHOWN."""
        ...

    def may_look(self) -> bool:
        """Whether the owner lets other devices see the page."""
        ...

    def beat(self, *, painted: bool) -> None:
        """The station's own screen has reported what it shows; `painted`: that it is the newest picture."""
        ...

    def started_again(self, cause: str) -> None:
        """The station's own screen was started again, for a cause of charging.domain.screen.ScreenCause or none."""
        ...
