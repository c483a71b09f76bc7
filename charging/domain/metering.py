"""Plausibility of what a controller measures: wrong values are a fault; the session and its register are kept.

The numbers: current over the limit + 10 % + 0.5 A for 6 s (EVerest's soft over-current); current while the
contactor is open; a contactor that stays closed after it was told to open; a register that goes backwards,
jumps more than 1.2 x maximum power x (time + 3 s), or stands still for 60 s above 1 kW.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .capability import Capability
from .observation import Observation

OVERDRAW_SHARE = 1.10
OVERDRAW_MARGIN_A = 0.5
OVERDRAW_FOR_S = 6.0
OPEN_CURRENT_A = 1.0  # less is the noise of the current transformer
OPEN_FOR_S = 0.5  # the mirror contact and the meter are not read in the same instant
CLOSED_FOR_AC_S = 10.0  # an EV that does not let go is cut off after 6 s, IEC 61851-1 sequence 10.2
CLOSED_FOR_DC_S = 20.0  # EVerest's hard stop of a DC session
JUMP_SHARE = 1.2
JUMP_MARGIN_WH = 2  # two roundings to whole Wh
JUMP_SLACK_S = 3.0  # a busy computer judges a frame that much later than it was measured, never more (watchdog)
FROZEN_FOR_S = 60.0
FROZEN_ABOVE_W = 1000
METER_FAULTS = frozenset({"MeterBackward", "MeterJump", "MeterFrozen"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What is remembered of a connector's meter between two frames."""

    register_wh: int | None = None  # the last plausible one
    at_s: float = 0.0
    moved_s: float = 0.0  # when the register last changed, or stood still below 1 kW
    overdraw_s: float | None = None  # since when too much current flows
    open_s: float | None = None  # since when current flows through an open contactor
    closed_s: float | None = None  # since when the contactor is closed although it was told to open


def checked(
    meter: Meter, frame: Observation, capability: Capability, allowed_a: float, now_s: float
) -> tuple[Meter, frozenset[str]]:
    """The meter after *frame*, and the names of the faults that *frame* shows.

    *allowed_a*: amperes per phase that the board was last told, 0 = open the contactor; DC boards are checked
    against the same figure.
    """
    current_a = max(frame.currents_a, default=0.0)
    told_off = allowed_a <= 0
    too_much = frame.delivering and not told_off and current_a > allowed_a * OVERDRAW_SHARE + OVERDRAW_MARGIN_A
    leaking = not frame.delivering and current_a > OPEN_CURRENT_A
    overdraw_s = _since(meter.overdraw_s, now_s) if too_much else None
    open_s = _since(meter.open_s, now_s) if leaking else None
    closed_s = _since(meter.closed_s, now_s) if frame.delivering and told_off else None
    closed_for_s = CLOSED_FOR_DC_S if capability.direct_current else CLOSED_FOR_AC_S
    lasting = (
        ("OverDraw", overdraw_s, OVERDRAW_FOR_S),
        ("CurrentWhileOpen", open_s, OPEN_FOR_S),
        ("ContactorNotOpening", closed_s, closed_for_s),
    )
    faults = {name for name, since_s, for_s in lasting if since_s is not None and now_s - since_s >= for_s}
    after, wrong = _register_checked(meter, frame, capability, now_s)
    return replace(after, overdraw_s=overdraw_s, open_s=open_s, closed_s=closed_s), frozenset(faults | wrong)


def _since(since_s: float | None, now_s: float) -> float:
    return now_s if since_s is None else since_s


def _register_checked(meter: Meter, frame: Observation, capability: Capability, now_s: float) -> tuple[Meter, set[str]]:
    last_wh = meter.register_wh
    if last_wh is None:
        return Meter(register_wh=frame.register_wh, at_s=now_s, moved_s=now_s), set()
    if frame.register_wh < last_wh:
        return meter, {"MeterBackward"}
    possible_wh = JUMP_SHARE * capability.maximum_w * (now_s - meter.at_s + JUMP_SLACK_S) / 3600 + JUMP_MARGIN_WH
    if frame.register_wh - last_wh > possible_wh:
        return meter, {"MeterJump"}
    moving = frame.register_wh != last_wh or frame.power_w < FROZEN_ABOVE_W
    moved_s = now_s if moving else meter.moved_s
    frozen = {"MeterFrozen"} if now_s - moved_s >= FROZEN_FOR_S else set[str]()
    return replace(meter, register_wh=frame.register_wh, at_s=now_s, moved_s=moved_s), frozen
