"""The real station behind the kiosk: charging's snapshot, services and heartbeat."""

from __future__ import annotations

from typing import Final

from charging import curves, live, services
from charging import snapshot as whole
from charging.curves import CurveShown
from charging.snapshot import Snapshot

from . import face
from .face import FaceShown
from .messages import Action, Asked
from .station import Answer

BY: Final = "screen"
HEARD: Final = "screen.heard"  # station.parent.screen judges the browser by these two
PAINTED: Final = "screen"


class Hub:
    """Implements kiosk.station.Station."""

    def snapshot(self) -> Snapshot:
        """The whole station as it is now."""
        return whole.snapshot()

    def face(self) -> FaceShown:
        """How the owner wants the screen to look and sound."""
        return face.shown()

    def curve(self, number: int) -> CurveShown:
        """The power of what runs at a connector, from its start on."""
        return curves.curve(number)

    def ask(self, asked: Asked, who: str) -> Answer:
        """Call the service that the action names."""
        match asked.action:
            case Action.START:
                return services.start(asked.connector, by=BY, who=who)
            case Action.STOP:
                return services.stop(asked.connector, by=BY, who=who)
            case Action.CHOOSE:
                return services.choose_card(asked.card, asked.connector, who)
            case Action.RELEASE:
                return services.release_cable(asked.connector, who)
            case Action.EMERGENCY_STOP:
                return services.emergency_stop(who)
            case Action.SHOWN:
                raise ValueError("A page's report is a heartbeat, not a request: call beat().")

    def may_look(self) -> bool:
        """Whether the owner lets other devices see the page."""
        return face.face_row().seen_over_network

    def beat(self, *, painted: bool) -> None:
        """The station's own screen has reported what it shows."""
        live.beat(HEARD)
        if painted:
            live.beat(PAINTED)

    def started_again(self, cause: str) -> None:
        """Journal why the screen was started again."""
        services.screen_started_again(cause)
