"""What does the board do when it is commanded? One command at a time; the same id is never done twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hardware.native_map import BoardState, Command, CommandResult, Opcode, Refusal

from .board import Entry, ResetReason
from .limits import DERATING
from .modbus import RefusedRequest, crc16

if TYPE_CHECKING:
    from collections.abc import Callable

    from .board import Board
    from .dumps import Snapshots
    from .unit import Unit

SELF_TEST_S: Final = 1.0
UPDATABLE: Final = frozenset({BoardState.DISABLED, BoardState.IDLE, BoardState.FAULT, BoardState.FIRMWARE_UPDATE})


class Mailbox:
    """The command mailbox of one unit."""

    def __init__(self, unit: Unit, board: Board, snapshots: Snapshots) -> None:
        self._unit, self._board, self._snapshots = unit, board, snapshots
        self.command_id = 0
        self._result = CommandResult.OK
        self._busy_until_s: float | None = None
        self._argument: tuple[int, ...] = ()
        self.words = [0] * len(Command)

    def result(self, now_s: float) -> CommandResult:
        """The result of the last command, BUSY while it is under way."""
        if self._busy_until_s is not None and now_s < self._busy_until_s:
            return CommandResult.BUSY
        return self._result

    def restart(self) -> None:
        """The board forgot its last command."""
        self.command_id, self._result, self._busy_until_s = 0, CommandResult.OK, None

    def take(self, words: list[int], now_s: float) -> None:
        """Execute the command in *words* unless its id was executed before. Raises RefusedRequest."""
        body = b"".join(word.to_bytes(2, "big") for word in words[: Command.CRC16])
        if words[Command.CRC16] != crc16(body) or words[Command.ID] == 0:
            raise RefusedRequest(Refusal.VALUE)
        if words[Command.ID] == self.command_id:
            return
        if self.result(now_s) is CommandResult.BUSY:
            raise RefusedRequest(Refusal.BUSY)
        self.words = list(words)
        self.command_id = words[Command.ID]
        self._busy_until_s = None
        self._argument = tuple(words[Command.ARGUMENT_1 : Command.ARGUMENT_4 + 1])
        self._board.log(Entry.COMMAND, now_s, words[Command.OPCODE])
        action = _ACTIONS.get(words[Command.OPCODE])
        self._result = CommandResult.UNKNOWN if action is None else action(self, now_s)

    # --- commands, in the order of Opcode -----------------------------------------------------------------

    def _unlock(self, now_s: float) -> CommandResult:
        return self._move_lock(closed=False, now_s=now_s)

    def _lock(self, now_s: float) -> CommandResult:
        return self._move_lock(closed=True, now_s=now_s)

    def _move_lock(self, *, closed: bool, now_s: float) -> CommandResult:
        if not self._unit.spec.lock:
            return CommandResult.BAD_ARGUMENT
        if not closed and self._unit.contactor_closed:
            return CommandResult.WRONG_STATE
        self._unit.lock_wanted = closed
        self._unit.settle(now_s)
        return CommandResult.HARDWARE_FAILURE if "LockStuck" in self._unit.defects else CommandResult.OK

    def _reset(self, now_s: float) -> CommandResult:
        self._board.restart(now_s, ResetReason.SOFTWARE)
        return CommandResult.OK

    def _clear_faults(self, now_s: float) -> CommandResult:
        self._unit.latched &= self._unit.faults
        self._unit.settle(now_s)
        return CommandResult.WRONG_STATE if self._unit.faults - DERATING else CommandResult.OK

    def _emergency_stop(self, now_s: float) -> CommandResult:
        for unit in self._board.units:
            unit.emergency_latched = True
            unit.settle(now_s)
        return CommandResult.OK

    def _release_emergency_stop(self, now_s: float) -> CommandResult:
        if any(unit.emergency_input for unit in self._board.units):
            return CommandResult.WRONG_STATE
        for unit in self._board.units:
            unit.emergency_latched = False
            unit.settle(now_s)
        return CommandResult.OK

    def _self_test(self, now_s: float) -> CommandResult:
        if self._unit.contactor_closed:
            return CommandResult.WRONG_STATE
        self._busy_until_s = now_s + SELF_TEST_S
        failed = "ResidualCurrentSelfTest" in self._unit.faults
        return CommandResult.HARDWARE_FAILURE if failed else CommandResult.OK

    def _snapshot(self, now_s: float) -> CommandResult:
        taken = self._snapshots.take(self._argument[0], self._unit, self._board, now_s)
        self._board.new_log = False
        return CommandResult.OK if taken else CommandResult.BAD_ARGUMENT

    def _power_off(self, now_s: float) -> CommandResult:
        self._unit.obey(type(self._unit.setpoint)(enable=self._unit.setpoint.enable & ~1), now_s)
        return CommandResult.OK

    def _light_test(self, _now_s: float) -> CommandResult:
        return CommandResult.OK if self._unit.spec.light else CommandResult.BAD_ARGUMENT

    def _acknowledge_reboot(self, _now_s: float) -> CommandResult:
        self._board.rebooted = False
        return CommandResult.OK

    def _replug(self, now_s: float) -> CommandResult:
        """A simulated unplug and plug-in on the pilot wakes a car that sleeps."""
        if self._unit.car is None or self._unit.contactor_closed:
            return CommandResult.WRONG_STATE
        self._unit.car.wake()
        self._unit.dc.rearm()
        self._unit.settle(now_s)
        return CommandResult.OK

    def _firmware_begin(self, now_s: float) -> CommandResult:
        size = self._argument[0] << 16 | self._argument[1]
        crc32 = self._argument[2] << 16 | self._argument[3]
        if any(unit.plugged or unit.state not in UPDATABLE for unit in self._board.units):
            return CommandResult.WRONG_STATE
        if not self._board.slots.begin(size, crc32, self.command_id, now_s):
            return CommandResult.BAD_ARGUMENT
        return CommandResult.OK

    def _firmware_verify(self, now_s: float) -> CommandResult:
        return CommandResult.OK if self._board.slots.verify(now_s) else CommandResult.WRONG_STATE

    def _firmware_commit(self, now_s: float) -> CommandResult:
        return CommandResult.OK if self._board.commit(now_s) else CommandResult.WRONG_STATE

    def _firmware_confirm(self, _now_s: float) -> CommandResult:
        return CommandResult.OK if self._board.slots.confirm() else CommandResult.WRONG_STATE

    def _firmware_abort(self, _now_s: float) -> CommandResult:
        if not self._board.slots.receiving:
            return CommandResult.WRONG_STATE
        self._board.slots.abort()
        return CommandResult.OK


_ACTIONS: Final[dict[int, Callable[[Mailbox, float], CommandResult]]] = {
    Opcode.UNLOCK: Mailbox._unlock,  # noqa: SLF001
    Opcode.LOCK: Mailbox._lock,  # noqa: SLF001
    Opcode.RESET: Mailbox._reset,  # noqa: SLF001
    Opcode.CLEAR_FAULTS: Mailbox._clear_faults,  # noqa: SLF001
    Opcode.EMERGENCY_STOP: Mailbox._emergency_stop,  # noqa: SLF001
    Opcode.RELEASE_EMERGENCY_STOP: Mailbox._release_emergency_stop,  # noqa: SLF001
    Opcode.SELF_TEST: Mailbox._self_test,  # noqa: SLF001
    Opcode.SNAPSHOT_DUMP: Mailbox._snapshot,  # noqa: SLF001
    Opcode.POWER_OFF: Mailbox._power_off,  # noqa: SLF001
    Opcode.LIGHT_TEST: Mailbox._light_test,  # noqa: SLF001
    Opcode.ACKNOWLEDGE_REBOOT: Mailbox._acknowledge_reboot,  # noqa: SLF001
    Opcode.REPLUG: Mailbox._replug,  # noqa: SLF001
    Opcode.FIRMWARE_BEGIN: Mailbox._firmware_begin,  # noqa: SLF001
    Opcode.FIRMWARE_VERIFY: Mailbox._firmware_verify,  # noqa: SLF001
    Opcode.FIRMWARE_COMMIT: Mailbox._firmware_commit,  # noqa: SLF001
    Opcode.FIRMWARE_CONFIRM: Mailbox._firmware_confirm,  # noqa: SLF001
    Opcode.FIRMWARE_ABORT: Mailbox._firmware_abort,  # noqa: SLF001
}
