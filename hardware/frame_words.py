"""What a frame says, in words, as far as its bytes tell by themselves: for who reads the trace of a line.

Frames of native controllers (hardware.native_map) and of the card reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from charging.lines import FrameTold
from charging.words import Text, words_of
from hardware import native_map as native
from hardware.frame_trace import SENT, STRAY
from hardware.modbus_rtu import crc16
from hardware.modbus_rtu import words_of as registers_of
from hardware.readers import pn532

SHORTEST_BYTES: Final = 4  # unit, function, CRC
EXCEPTION: Final = 0x80

FAILURES: Final[dict[str, Text]] = {
    "NoReply": _("no reply"),
    "Truncated": _("cut short"),
    "Corrupted": _("damaged"),
    "Implausible": _("cannot be true"),
}
BLOCKS: Final[dict[tuple[int, int], Text]] = {
    (native.Function.READ_INPUT, native.STATUS_ADDRESS): _("status"),
    (native.Function.READ_INPUT, native.IDENTITY_ADDRESS): _("identity"),
    (native.Function.READ_INPUT, native.FIRMWARE_STATUS_ADDRESS): _("progress of the update"),
    (native.Function.WRITE_MANY, native.SETPOINT_ADDRESS): _("setpoint"),
    (native.Function.WRITE_MANY, native.COMMAND_ADDRESS): _("command"),
    (native.Function.WRITE_MANY, native.LIGHT_ADDRESS): _("light"),
    (native.Function.WRITE_MANY, native.TIME_ADDRESS): _("clock"),
    (native.Function.WRITE_MANY, native.FIRMWARE_WINDOW_ADDRESS): _("piece of the update"),
}
REFUSED: Final[dict[int, Text]] = {
    native.Refusal.FUNCTION: _("it does not know the function"),
    native.Refusal.ADDRESS: _("it has no such register"),
    native.Refusal.VALUE: _("it does not accept the value"),
    native.Refusal.HARDWARE: _("its hardware failed"),
    native.Refusal.BUSY: _("it is busy"),
}
STATES: Final[dict[int, Text]] = {
    native.BoardState.BOOT: _("starts up"),
    native.BoardState.DISABLED: _("not available"),
    native.BoardState.IDLE: _("free"),
    native.BoardState.WAIT_AUTHORIZATION: _("waits for authorization"),
    native.BoardState.PREPARING: _("prepares"),
    native.BoardState.CABLE_CHECK: _("checks the cable"),
    native.BoardState.PRECHARGE: _("precharges"),
    native.BoardState.CHARGING: _("charges"),
    native.BoardState.PAUSED_EV: _("paused by the vehicle"),
    native.BoardState.PAUSED_EVSE: _("paused by the station"),
    native.BoardState.STOPPING: _("stops"),
    native.BoardState.FINISHED: _("finished"),
    native.BoardState.FAULT: _("fault"),
    native.BoardState.EMERGENCY_STOP: _("emergency stop"),
    native.BoardState.FIRMWARE_UPDATE: _("is being updated"),
}
READER_ASKS: Final[dict[int, Text]] = {
    pn532.GET_FIRMWARE_VERSION: _("who are you"),
    pn532.SAM_CONFIGURATION: _("set up"),
    pn532.RF_CONFIGURATION: _("set up the radio"),
    pn532.IN_LIST_PASSIVE_TARGET: _("look for a card"),
    pn532.IN_RELEASE: _("let the card go"),
}


@dataclass(frozen=True, slots=True)
class FrameShown:
    """One frame of a trace for a page."""

    at: datetime
    direction: str  # as in FrameTold
    unit: int | None  # 0: all units; None: not known, or the line has none
    words: str  # "" when the bytes tell nothing by themselves
    octets: str  # "01 04 00 00"
    whole_bytes: int
    failure: str  # in words, "" for none


def frames_shown(frames: Sequence[FrameTold], *, reader: bool) -> list[FrameShown]:
    """The frames of a trace, newest first; a reply is told by the request before it."""
    shown, request = [], b""
    for frame in frames:
        octets = bytes.fromhex(frame["octets"])
        sent, stray = frame["direction"] == SENT, frame["direction"] == STRAY
        request = octets if sent else request
        words = "" if stray else _reader_words(octets, sent=sent) if reader else _words(octets, request, sent=sent)
        shown.append(
            FrameShown(
                at=datetime.fromtimestamp(frame["at_s"], UTC),
                direction=frame["direction"],
                unit=None if reader or stray or not octets else octets[0],
                words=words,
                octets=octets.hex(" "),
                whole_bytes=frame["whole_bytes"],
                failure=words_of(FAILURES, frame["failure"]),
            )
        )
    return shown[::-1]


def _words(octets: bytes, request: bytes, *, sent: bool) -> str:
    if len(octets) < SHORTEST_BYTES or crc16(octets):
        return ""
    return _request(octets) if sent else _reply(octets, request)


def _request(octets: bytes) -> str:
    function = octets[1]
    match function:
        case native.Function.READ_HOLDING | native.Function.READ_INPUT:
            return now_("read: %(what)s") % {"what": _block(octets)}
        case native.Function.WRITE_ONE | native.Function.WRITE_MANY:
            return now_("write: %(what)s") % {"what": _written(octets)}
        case native.Function.READ_FILE:
            return now_("read: %(what)s") % {"what": now_("dump")}
        case native.Function.READ_IDENTITY:
            return now_("read: %(what)s") % {"what": now_("identity")}
    return now_("function %(code)d") % {"code": function}


def _block(request: bytes) -> str:
    """What the registers of a request are called."""
    if len(request) < 6:  # noqa: PLR2004 - unit, function, address, count
        return ""
    address = int.from_bytes(request[2:4], "big")
    name = BLOCKS.get((request[1], address))
    return str(name) if name else now_("registers from %(address)s") % {"address": f"0x{address:04X}"}


def _written(request: bytes) -> str:
    name, values = _block(request), registers_of(request[7:-2]) if len(request) % 2 else ()
    address = int.from_bytes(request[2:4], "big")
    if address == native.SETPOINT_ADDRESS and len(values) == native.SETPOINT_COUNT:
        allowed = values[native.Setpoint.ENABLE] & native.Enable.CHARGE
        limits = now_("%(amperes).1f A, %(watts)d W") % {
            "amperes": values[native.Setpoint.LIMIT_DA] / 10,
            "watts": values[native.Setpoint.LIMIT_W] << 16 | values[native.Setpoint.LIMIT_W + 1],
        }
        return f"{name}, {now_('charging allowed') if allowed else now_('charging not allowed')}, {limits}"
    if address == native.COMMAND_ADDRESS and len(values) == native.COMMAND_COUNT:
        opcode = values[native.Command.OPCODE]
        return f"{name} {native.Opcode(opcode).name if opcode in set(native.Opcode) else opcode}"
    return name


def _reply(octets: bytes, request: bytes) -> str:
    function = octets[1]
    if function & EXCEPTION:
        return now_("refused: %(why)s") % {"why": REFUSED.get(octets[2], octets[2])}
    if request[:2] != octets[:2]:
        return ""
    if function in {native.Function.WRITE_ONE, native.Function.WRITE_MANY}:
        return now_("done: %(what)s") % {"what": _block(request)}
    if function == native.Function.READ_INPUT and len(octets) == 5 + 2 * native.STATUS_COUNT:
        values = registers_of(octets[3:-2])
        if values[native.Status.BLOCK_ID] == native.STATUS_BLOCK_ID:
            return _status(values)
    return now_("answer: %(what)s") % {"what": _block(request)} if function in _READS else now_("answer")


_READS: Final = {native.Function.READ_HOLDING, native.Function.READ_INPUT}


def _status(values: Sequence[int]) -> str:
    state = values[native.Status.STATE]
    pilot = values[native.Status.PILOT].to_bytes(2, "big").decode("ascii", "replace")
    power_w = values[native.Status.POWER_W] << 16 | values[native.Status.POWER_W + 1]
    parts = [str(STATES.get(state, state)), now_("sequence %(number)d") % {"number": values[native.Status.SEQUENCE]}]
    if pilot != "--" and pilot.isprintable():
        parts.append(now_("pilot %(letter)s") % {"letter": pilot})
    if power_w < 0x80000000:  # noqa: PLR2004 - signed; the mark of a board without a meter is negative
        parts.append(now_("%(watts)d W") % {"watts": power_w})
    return now_("answer: %(what)s") % {"what": ", ".join(parts)}


def _reader_words(octets: bytes, *, sent: bool) -> str:
    """The command, or the command that is answered (code + 1), of a frame of the card reader."""
    mark = b"\xd4" if sent else b"\xd5"
    at = octets.rfind(b"\x00\xff", 0, octets.rfind(mark) + 1) if mark in octets else -1
    if at < 0 or octets[at + 4 : at + 5] != mark or len(octets) < at + 6:
        return ""
    code = octets[at + 5] - (not sent)
    words = str(READER_ASKS.get(code, f"0x{code:02X}"))
    if sent:
        return words
    return now_("answer: %(what)s") % {"what": words}
