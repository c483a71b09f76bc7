"""What does the board call its state? Computed from the facts of a unit, the first true row wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.native_map import BoardState, Enable

from .dc_session import DcPhase

if TYPE_CHECKING:
    from .unit import Unit

STARTABLE: Final = Enable.CHARGE | Enable.AVAILABLE | Enable.AUTHORIZED
ASKED_WITHIN_S: Final = 10.0  # after that, an offer that nobody takes is a pause of the EV


def state_of(unit: Unit) -> BoardState:
    """The state of register Status.STATE."""
    rows = (
        (unit.updating, BoardState.FIRMWARE_UPDATE),
        (not unit.running, BoardState.BOOT),
        (unit.emergency_latched, BoardState.EMERGENCY_STOP),
        (unit.blocked, BoardState.FAULT),
        (not unit.setpoint.enable & Enable.AVAILABLE, BoardState.DISABLED),
        (not unit.plugged, BoardState.IDLE),
        (unit.dc.phase is DcPhase.ENDED, BoardState.FINISHED),
        (unit.setpoint.enable & STARTABLE != STARTABLE, _not_wanted(unit)),
        (unit.dc.under_way and unit.dc.phase is not DcPhase.ENERGY, unit.dc.state),
        (not unit.permitted, BoardState.PAUSED_EVSE),
        (unit.contactor_closed and unit.asks, BoardState.CHARGING),
    )
    return next((state for true, state in rows if true), _not_taken(unit))


def _not_wanted(unit: Unit) -> BoardState:
    if unit.contactor_closed:
        return BoardState.STOPPING
    return BoardState.FINISHED if unit.session_wh > 0 else BoardState.WAIT_AUTHORIZATION


def _not_taken(unit: Unit) -> BoardState:
    """Energy is offered and the EV does not take it."""
    patient = unit.offered_s < ASKED_WITHIN_S and unit.session_wh == 0
    return BoardState.PREPARING if patient else BoardState.PAUSED_EV
