"""The native status block in the words of the rules. Nothing is guessed: what cannot be true is Implausible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from charging.domain.observation import Observation, Phase, Pilot
from hardware.errors import Implausible
from hardware.native_map import (
    FAULT_BITS,
    NOT_FITTED_S16,
    NOT_FITTED_U16,
    PROTOCOL_MAJOR,
    STATUS_BLOCK_ID,
    BoardState,
    Flag,
    LimitSource,
    Status,
)

_VOLTAGE_AT_MOST_V: Final = 1500.0
_CURRENT_AT_MOST_A: Final = 1000.0
_POWER_AT_MOST_W: Final = 1_500_000
_REGISTER_AT_MOST_WH: Final = 10**12
_TEMPERATURES_C: Final = (-60.0, 250.0)
_NOT_FITTED_U32: Final = 0xFFFFFFFF
_NOT_FITTED_U64: Final = 0xFFFFFFFFFFFFFFFF
_NO_PILOT: Final = b"--"

_PHASES: Final = {
    BoardState.BOOT: Phase.IDLE,
    BoardState.DISABLED: Phase.IDLE,
    BoardState.IDLE: Phase.IDLE,
    BoardState.WAIT_AUTHORIZATION: Phase.PREPARING,
    BoardState.PREPARING: Phase.PREPARING,
    BoardState.CABLE_CHECK: Phase.CABLE_CHECK,
    BoardState.PRECHARGE: Phase.PRECHARGE,
    BoardState.CHARGING: Phase.CHARGING,
    BoardState.PAUSED_EV: Phase.PAUSED_BY_EV,
    BoardState.PAUSED_EVSE: Phase.PAUSED_BY_EVSE,
    BoardState.STOPPING: Phase.STOPPING,
    BoardState.FINISHED: Phase.FINISHED,
    BoardState.FAULT: Phase.STOPPING,
    BoardState.EMERGENCY_STOP: Phase.STOPPING,
    BoardState.FIRMWARE_UPDATE: Phase.UPDATING,
}
_EV_WAITS: Final = frozenset(
    {BoardState.CABLE_CHECK, BoardState.PRECHARGE, BoardState.CHARGING, BoardState.PAUSED_EVSE},
)


def check_status(unit: int, words: Sequence[int], last_sequence: int | None) -> None:
    """Refuse a block that is not a fresh whole status block. Raises Implausible; asking again may help."""
    if words[Status.BLOCK_ID] != STATUS_BLOCK_ID:
        raise Implausible(f"unit {unit}: block {words[Status.BLOCK_ID]:#06x} came in place of the status block")
    if words[Status.SEQUENCE] != words[Status.SEQUENCE_COPY]:
        raise Implausible(f"unit {unit}: the status block changed while it was read")
    if words[Status.SEQUENCE] == last_sequence:
        raise Implausible(f"unit {unit}: the status block stands still at {last_sequence}")
    if words[Status.PROTOCOL] >> 8 != PROTOCOL_MAJOR:
        raise Implausible(f"unit {unit} speaks protocol {words[Status.PROTOCOL] >> 8}, not {PROTOCOL_MAJOR}")


def u32(words: Sequence[int], offset: int) -> int:
    """The two-word number at *offset*, high word first."""
    return words[offset] << 16 | words[offset + 1]


def _s16(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


def _s32(number: int) -> int:
    return number - 0x100000000 if number & 0x80000000 else number


def _within(what: str, value: float, most: float) -> float:
    if abs(value) > most:
        raise Implausible(f"{what} {value:g} cannot be true")
    return value


def _state(words: Sequence[int]) -> BoardState:
    try:
        return BoardState(words[Status.STATE])
    except ValueError as error:
        raise Implausible(f"state {words[Status.STATE]} is unknown") from error


def _pilot(words: Sequence[int]) -> Pilot | None:
    letters = words[Status.PILOT].to_bytes(2, "big")
    if letters == _NO_PILOT:
        return None
    try:
        return Pilot(chr(letters[0]))
    except ValueError as error:
        raise Implausible(f"pilot state {letters!r} is unknown") from error


def _limit_source(words: Sequence[int]) -> str:
    try:
        return LimitSource(words[Status.LIMIT_SOURCE]).name.lower()
    except ValueError as error:
        raise Implausible(f"limit source {words[Status.LIMIT_SOURCE]} is unknown") from error


def _fitted(words: Sequence[int], offsets: Sequence[int]) -> list[int]:
    return [words[offset] for offset in offsets if words[offset] != NOT_FITTED_U16]


def _is_direct_current(words: Sequence[int]) -> bool:
    """A board that measures an output of direct current does not measure phases."""
    return words[Status.DC_VOLTAGE_DV] != NOT_FITTED_U16


def _voltages_v(words: Sequence[int]) -> tuple[float, ...]:
    phases = (Status.VOLTAGE_L1_DV, Status.VOLTAGE_L2_DV, Status.VOLTAGE_L3_DV)
    offsets = (Status.DC_VOLTAGE_DV,) if _is_direct_current(words) else phases
    return tuple(_within("voltage", raw / 10, _VOLTAGE_AT_MOST_V) for raw in _fitted(words, offsets))


def _currents_a(words: Sequence[int]) -> tuple[float, ...]:
    if _is_direct_current(words):
        raw = words[Status.DC_CURRENT_DA]
        return () if raw == NOT_FITTED_S16 else (_within("current", _s16(raw) / 10, _CURRENT_AT_MOST_A),)
    phases = (Status.CURRENT_L1_CA, Status.CURRENT_L2_CA, Status.CURRENT_L3_CA)
    return tuple(_within("current", raw / 100, _CURRENT_AT_MOST_A) for raw in _fitted(words, phases))


def _temperatures_c(words: Sequence[int]) -> tuple[float, ...]:
    """Those that are fitted, in the order connector, cable, contactor, board."""
    sensors = words[Status.TEMPERATURE_CONNECTOR_DECIC : Status.TEMPERATURE_BOARD_DECIC + 1]
    temperatures = tuple(_s16(raw) / 10 for raw in sensors if raw not in {NOT_FITTED_S16, NOT_FITTED_U16})
    coldest, hottest = _TEMPERATURES_C
    for temperature in temperatures:
        if not coldest <= temperature <= hottest:
            raise Implausible(f"temperature {temperature:g} cannot be true")
    return temperatures


def _register_wh(words: Sequence[int]) -> int:
    register = u32(words, Status.REGISTER_WH) << 32 | u32(words, Status.REGISTER_WH + 2)
    if register == _NOT_FITTED_U64:
        return 0
    return int(_within("register", register, _REGISTER_AT_MOST_WH))


def _power_w(words: Sequence[int]) -> int:
    raw = u32(words, Status.POWER_W)
    if raw == NOT_FITTED_S16 << 16:
        return 0
    return int(_within("power", _s32(raw), _POWER_AT_MOST_W))


def _soc_percent(words: Sequence[int]) -> float | None:
    raw = words[Status.SOC_PERMILLE]
    return None if raw == NOT_FITTED_U16 else _within("state of charge", raw / 10, 100.0)


def _ev_maximum_w(words: Sequence[int]) -> int | None:
    raw = words[Status.EV_MAX_POWER_10W]
    return None if raw in {0, NOT_FITTED_U16} else raw * 10


def _faults(words: Sequence[int]) -> frozenset[str]:
    bits = u32(words, Status.FAULTS) | u32(words, Status.LATCHED_FAULTS)
    return frozenset(name for number, name in enumerate(FAULT_BITS) if bits >> number & 1)


def _ev_ready(state: BoardState, pilot: Pilot | None, words: Sequence[int]) -> bool:
    """Pilot C or D. CHAdeMO and GB/T have no letter: there the state or the current that the EV wants says it."""
    if pilot is not None:
        return pilot in {Pilot.C, Pilot.D}
    wanted_da = words[Status.EV_TARGET_CURRENT_DA]
    return state in _EV_WAITS or (state is BoardState.PREPARING and wanted_da not in {0, NOT_FITTED_U16})


def _phase(state: BoardState, *, delivering: bool) -> Phase:
    """A fault keeps no phase: the board is stopping while its contactor is closed, else idle."""
    phase = _PHASES[state]
    stopped = state in {BoardState.FAULT, BoardState.EMERGENCY_STOP} and not delivering
    return Phase.IDLE if stopped else phase


def observation_of(words: Sequence[int], *, has_lock: bool | None) -> Observation:
    """The status block *words* (64 registers) as one observation. Raises Implausible naming the value.

    *has_lock* comes from the identity; unless it is True the lock's feedback is not reported.
    """
    state, pilot = _state(words), _pilot(words)
    flags, faults = Flag(words[Status.FLAGS]), _faults(words)
    delivering = Flag.CONTACTOR_CLOSED in flags
    cable_a = words[Status.CABLE_RATING_A]
    pressed = Flag.EMERGENCY_INPUT in flags or state is BoardState.EMERGENCY_STOP
    return Observation(
        plugged=Flag.PLUGGED in flags,
        ev_ready=Flag.PLUGGED in flags and _ev_ready(state, pilot, words),
        delivering=delivering,
        phase=_phase(state, delivering=delivering),
        pilot=pilot,
        locked=Flag.LOCK_CLOSED in flags if has_lock else None,
        faults=faults,
        button_pressed=Flag.EMERGENCY_INPUT in flags,
        emergency_stop=pressed or "EmergencyStop" in faults,
        watchdog_tripped=Flag.WATCHDOG_TRIPPED in flags,
        enabled=bool(flags & (Flag.AUTHORIZED | Flag.CONTACTOR_COMMANDED)),
        rebooted=Flag.REBOOTED in flags,
        register_wh=_register_wh(words),
        power_w=_power_w(words),
        voltages_v=_voltages_v(words),
        currents_a=_currents_a(words),
        soc_percent=_soc_percent(words),
        temperatures_c=_temperatures_c(words),
        limit_a=0.0 if words[Status.LIMIT_DA] == NOT_FITTED_U16 else words[Status.LIMIT_DA] / 10,
        limit_w=0 if u32(words, Status.LIMIT_W) == _NOT_FITTED_U32 else u32(words, Status.LIMIT_W),
        limited_by=_limit_source(words),
        ev_maximum_w=_ev_maximum_w(words),
        cable_rating_a=None if cable_a in {0, NOT_FITTED_U16} else cable_a,
        session_s=u32(words, Status.SESSION_S),
        uptime_s=u32(words, Status.UPTIME_S),
    )
