"""Which register is what? One unit of a board as Modbus sees it, addresses by native_map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hardware.native_map import (
    COMMAND_ADDRESS,
    COMMAND_COUNT,
    FIRMWARE_BLOCK_BYTES,
    FIRMWARE_STATUS_ADDRESS,
    FIRMWARE_STATUS_COUNT,
    FIRMWARE_WINDOW_ADDRESS,
    IDENTITY_ADDRESS,
    LIGHT_ADDRESS,
    LIGHT_COUNT,
    SETPOINT_ADDRESS,
    SETPOINT_COUNT,
    SETPOINT_KEY,
    STATUS_ADDRESS,
    TIME_ADDRESS,
    TIME_COUNT,
    CommandResult,
    FirmwareState,
    FirmwareStatus,
    FirmwareWindow,
    Flag,
    IdentityObject,
    Light,
    LightMode,
    Refusal,
    Setpoint,
    Status,
    Time,
)

from .dumps import Snapshots
from .firmware import HARDWARE_REVISION
from .limits import Wanted
from .mailbox import Mailbox
from .modbus import RefusedRequest, crc16
from .status_block import BOOTLOADER, VENDOR, identity_words, put_u32, status_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board import Board
    from .unit import Unit

HIGHEST_LIGHT_MODE: Final = max(LightMode)
DECI: Final = 10.0
MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Block:
    """One block of registers, read whole or in part."""

    address: int
    words: Callable[[float], list[int]]


class UnitRegisters:
    """Reads and writes of one unit of *board*."""

    def __init__(self, unit: Unit, board: Board) -> None:
        self.unit, self.board = unit, board
        self._snapshots = Snapshots()
        self.mailbox = Mailbox(unit, board, self._snapshots)
        self._light = [0] * LIGHT_COUNT
        self._light_ends_s: float | None = None
        self._sequence = 0
        self._stop_told = self._stop_is_news = False
        self._frozen_status: list[int] | None = None
        self._resets_seen = board.reset_counter
        self._setpoint = [0] * SETPOINT_COUNT
        self._input = (
            Block(STATUS_ADDRESS, self._status),
            Block(IDENTITY_ADDRESS, lambda _now_s: identity_words(unit, board)),
            Block(FIRMWARE_STATUS_ADDRESS, self._firmware_status),
        )
        self._holding = (
            Block(SETPOINT_ADDRESS, lambda _now_s: self._setpoint),
            Block(COMMAND_ADDRESS, lambda _now_s: self.mailbox.words),
            Block(LIGHT_ADDRESS, self.light),
            Block(TIME_ADDRESS, self._time),
        )

    @property
    def answers(self) -> bool:
        """The board is there and not silent."""
        return self.board.answers

    def read_input(self, address: int, count: int, now_s: float) -> list[int]:
        """Registers of the status, identity and firmware blocks."""
        self._notice_reset()
        return _part(self._input, address, count, now_s)

    def read_holding(self, address: int, count: int, now_s: float) -> list[int]:
        """Registers of the setpoint, mailbox, light and time blocks."""
        self._notice_reset()
        return _part(self._holding, address, count, now_s)

    def read_file(self, number: int, record: int, count: int) -> bytes:
        """A piece of a dump, see dumps.Snapshots."""
        return self._snapshots.read(number, record, count)

    def write(self, address: int, words: list[int], now_s: float, *, broadcast: bool) -> None:
        """Obey a write. Raises RefusedRequest; then nothing has changed."""
        self._notice_reset()
        if self.board.frozen:
            return
        if address == SETPOINT_ADDRESS:
            self._take_setpoint(words, now_s)
        elif broadcast:
            raise RefusedRequest(Refusal.ADDRESS)
        elif address == COMMAND_ADDRESS and len(words) == COMMAND_COUNT:
            self.mailbox.take(words, now_s)
        elif address == TIME_ADDRESS and len(words) == TIME_COUNT:
            self._set_time(words, now_s)
        elif address == FIRMWARE_WINDOW_ADDRESS and len(words) > FirmwareWindow.BYTES:
            self._store_block(words)
        else:
            self._set_light(address, words, now_s)

    def identity_objects(self) -> dict[int, bytes]:
        """The objects of function 43/14."""
        spec, version = self.unit.spec, self.board.slots.running
        texts = {
            IdentityObject.VENDOR: VENDOR,
            IdentityObject.MODEL: spec.model,
            IdentityObject.REVISION: version.text,
            IdentityObject.PRODUCT: spec.model,
            IdentityObject.APPLICATION: "Charge controller",
            IdentityObject.SERIAL: spec.serial,
            IdentityObject.HARDWARE: str(HARDWARE_REVISION),
            IdentityObject.BOOTLOADER: str(BOOTLOADER),
            IdentityObject.CONNECTOR_TYPE: spec.connector_type.name,
            IdentityObject.BUILD: str(version.build),
        }
        return {int(key): text.encode("ascii") for key, text in texts.items()}

    def light(self, now_s: float) -> list[int]:
        """The registers of the light; automatic again when its duration is over."""
        if self._light_ends_s is not None and now_s >= self._light_ends_s:
            self._light, self._light_ends_s = [0] * LIGHT_COUNT, None
        return self._light

    def take_stop_news(self) -> bool:
        """True once after the first status frame that carries the emergency input."""
        is_news, self._stop_is_news = self._stop_is_news, False
        return is_news

    # --- reads ------------------------------------------------------------------------------------------------

    def _status(self, now_s: float) -> list[int]:
        if self.board.frozen and self._frozen_status is not None:
            return self._frozen_status
        self._sequence = (self._sequence + 1) & 0xFFFF
        words = status_words(self.unit, self.board, now_s)
        words[Status.SEQUENCE] = words[Status.SEQUENCE_COPY] = self._sequence
        words[Status.COMMAND_ID] = self.mailbox.command_id
        words[Status.COMMAND_RESULT] = self._command_result(now_s)
        self._frozen_status = words
        stop = bool(words[Status.FLAGS] & Flag.EMERGENCY_INPUT)
        self._stop_is_news = self._stop_is_news or (stop and not self._stop_told)
        self._stop_told = stop
        return words

    def _command_result(self, now_s: float) -> CommandResult:
        slots = self.board.slots
        erasing = slots.state in {FirmwareState.ERASING, FirmwareState.VERIFYING}
        if erasing and self.mailbox.command_id:
            return CommandResult.BUSY
        return self.mailbox.result(now_s)

    def _firmware_status(self, _now_s: float) -> list[int]:
        slots = self.board.slots
        words = [0] * FIRMWARE_STATUS_COUNT
        words[FirmwareStatus.STATE] = slots.state
        put_u32(words, FirmwareStatus.NEXT_OFFSET, slots.next_offset)
        words[FirmwareStatus.ERROR] = slots.error
        words[FirmwareStatus.PROGRESS] = slots.progress_percent
        words[FirmwareStatus.SLOT] = slots.slot
        return words

    def _time(self, now_s: float) -> list[int]:
        clock_s = max(0.0, self.board.clock_s(now_s))
        words = [0] * TIME_COUNT
        put_u32(words, Time.UNIX_S, int(clock_s))
        words[Time.MILLISECOND] = int(clock_s * MILLISECONDS) % MILLISECONDS
        return words

    def _notice_reset(self) -> None:
        """A board that restarted has forgotten its command, its sequence and its light."""
        if self._resets_seen == self.board.reset_counter:
            return
        self._resets_seen = self.board.reset_counter
        self._sequence = 0
        self.mailbox.restart()
        self._light, self._light_ends_s = [0] * LIGHT_COUNT, None
        self._setpoint = [0] * SETPOINT_COUNT

    # --- writes -----------------------------------------------------------------------------------------------

    def _take_setpoint(self, words: list[int], now_s: float) -> None:
        if len(words) != SETPOINT_COUNT or words[Setpoint.KEY] != SETPOINT_KEY:
            raise RefusedRequest(Refusal.VALUE)
        if words[Setpoint.WATCHDOG_DS] == 0 and not self.unit.test_mode:
            raise RefusedRequest(Refusal.VALUE)
        if not self.unit.running:
            raise RefusedRequest(Refusal.BUSY)
        wanted = Wanted(
            enable=words[Setpoint.ENABLE],
            limit_a=words[Setpoint.LIMIT_DA] / DECI,
            limit_w=words[Setpoint.LIMIT_W] << 16 | words[Setpoint.LIMIT_W + 1],
            voltage_cap_v=words[Setpoint.VOLTAGE_CAP_DV] / DECI,
            watchdog_s=words[Setpoint.WATCHDOG_DS] / DECI,
            fallback_a=words[Setpoint.FALLBACK_DA] / DECI,
        )
        self._setpoint = list(words)
        self.unit.obey(wanted, now_s)

    def _set_light(self, address: int, words: list[int], now_s: float) -> None:
        offset = address - LIGHT_ADDRESS
        if offset < 0 or offset + len(words) > LIGHT_COUNT:
            raise RefusedRequest(Refusal.ADDRESS)
        light = self._light[:offset] + words + self._light[offset + len(words) :]
        if light[Light.MODE] > HIGHEST_LIGHT_MODE:
            raise RefusedRequest(Refusal.VALUE)
        self._light = light
        duration_s = light[Light.DURATION_S]
        self._light_ends_s = now_s + duration_s if duration_s else None

    def _set_time(self, words: list[int], now_s: float) -> None:
        if words[Time.MILLISECOND] >= MILLISECONDS:
            raise RefusedRequest(Refusal.VALUE)
        unix_s = (words[Time.UNIX_S] << 16 | words[Time.UNIX_S + 1]) + words[Time.MILLISECOND] / MILLISECONDS
        self.board.set_clock(unix_s, now_s)

    def _store_block(self, words: list[int]) -> None:
        slots = self.board.slots
        if slots.state is FirmwareState.ERASING:
            raise RefusedRequest(Refusal.BUSY)
        length = words[FirmwareWindow.LENGTH]
        content = b"".join(word.to_bytes(2, "big") for word in words[FirmwareWindow.BYTES :])
        if not 0 < length <= min(FIRMWARE_BLOCK_BYTES, len(content)):
            raise RefusedRequest(Refusal.VALUE)
        block = content[:length]
        session, crc = words[FirmwareWindow.SESSION], words[FirmwareWindow.CRC16]
        if slots.state is not FirmwareState.RECEIVING or session != slots.session or crc != crc16(block):
            raise RefusedRequest(Refusal.VALUE)
        offset = words[FirmwareWindow.OFFSET] << 16 | words[FirmwareWindow.OFFSET + 1]
        if not slots.store(offset, block):
            raise RefusedRequest(Refusal.VALUE)


def _part(blocks: tuple[Block, ...], address: int, count: int, now_s: float) -> list[int]:
    for block in blocks:
        if block.address <= address < block.address + 64:
            words = block.words(now_s)
            start = address - block.address
            if start + count <= len(words):
                return words[start : start + count]
    raise RefusedRequest(Refusal.ADDRESS)
