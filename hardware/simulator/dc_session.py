"""How far is a DC vehicle? Cable check, precharge, energy; what was interrupted is over (IEC 61851-23, CC.3)."""

from __future__ import annotations

from enum import Enum

from hardware.native_map import BoardState


class DcPhase(Enum):
    """`ENDED` needs a new plug-in, or a board that may restart a session."""

    WAITING = BoardState.PREPARING
    CABLE_CHECK = BoardState.CABLE_CHECK
    PRECHARGE = BoardState.PRECHARGE
    ENERGY = BoardState.CHARGING
    ENDED = BoardState.FINISHED


class DcSession:
    """The phases of one vehicle; the shortened times are of the station file."""

    def __init__(self, cable_check_s: float, precharge_s: float) -> None:
        self._durations_s = {DcPhase.CABLE_CHECK: cable_check_s, DcPhase.PRECHARGE: precharge_s}
        self.phase = self._since = DcPhase.WAITING
        self._due_s = 0.0

    @property
    def under_way(self) -> bool:
        """Begun and not over."""
        return self.phase not in {DcPhase.WAITING, DcPhase.ENDED}

    @property
    def state(self) -> BoardState:
        """What the board calls this phase."""
        return self.phase.value

    def settle(self, *, permitted: bool, plugged: bool, wants: bool, now_s: float) -> float | None:
        """Start or end what the facts say; the answer is when the phase that began now is over."""
        if self.under_way and not (permitted and plugged):
            self.phase = DcPhase.ENDED
        elif self.phase is DcPhase.WAITING and permitted and plugged and wants:
            self._begin(DcPhase.CABLE_CHECK, now_s)
        if self.phase in self._durations_s and self._since is not self.phase:
            self._begin(self.phase, now_s)
        return self._due_s if self.phase in self._durations_s else None

    def _begin(self, phase: DcPhase, now_s: float) -> None:
        self.phase = self._since = phase
        self._due_s = now_s + self._durations_s[phase]

    def step(self) -> None:
        """The time of the current phase is over."""
        following = {DcPhase.CABLE_CHECK: DcPhase.PRECHARGE, DcPhase.PRECHARGE: DcPhase.ENERGY}
        self.phase = following.get(self.phase, self.phase)

    def rearm(self) -> None:
        """A vehicle that was plugged in anew, or a restart that the board is able to do."""
        self.phase = DcPhase.WAITING

    def end_if_under_way(self) -> None:
        """Whatever was begun is over."""
        if self.under_way:
            self.phase = DcPhase.ENDED
