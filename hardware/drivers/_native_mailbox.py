"""Commands to a native controller: written once, executed once, however often the write is repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hardware.capabilities import Steps
from hardware.errors import Refused
from hardware.modbus_rtu import crc16, octets_of, write_many
from hardware.native_map import COMMAND_ADDRESS, COMMAND_COUNT, Command, CommandResult, Opcode, Status

_POLLS: Final = 20
_RESTARTING: Final = frozenset({Opcode.RESET, Opcode.FIRMWARE_COMMIT})
_REASONS: Final = {
    CommandResult.BUSY: "it is still busy",
    CommandResult.WRONG_STATE: "it cannot do that in its present state",
    CommandResult.BAD_ARGUMENT: "it has no such thing or does not accept the value",
    CommandResult.HARDWARE_FAILURE: "its hardware failed",
    CommandResult.UNKNOWN: "it does not know the command",
}


class Mailbox:
    """The command mailbox of one unit. Identifiers go on from the one that the board saw last."""

    def __init__(self, unit: int, read_status: Callable[[], Steps[tuple[int, ...]]]) -> None:
        """*read_status* reads a fresh status block and tells `seen` about it."""
        self._unit = unit
        self._read_status = read_status
        self._last_id: int | None = None

    def seen(self, words: tuple[int, ...]) -> None:
        """A status block came: remember which command the board did last."""
        self._last_id = words[Status.COMMAND_ID]

    @property
    def last_id(self) -> int:
        """The identifier of the last command, ours or the board's."""
        return self._last_id or 0

    def post(self, opcode: Opcode, *arguments: int) -> Steps[int]:
        """Write one command and return its identifier, without waiting for its result."""
        if self._last_id is None:
            yield from self._read_status()
        # Taken before it is written: an identifier whose reply was lost must not be given to another command.
        self._last_id = identifier = self.last_id % 0xFFFF + 1
        words = [identifier, opcode, *arguments, *[0] * (Command.CRC16 - Command.ARGUMENT_1 - len(arguments))]
        words.append(crc16(octets_of(words)))
        words += [0] * (COMMAND_COUNT - len(words))
        # A board that has restarted knows no identifiers: a repeated restart would be done twice.
        repeatable = opcode not in _RESTARTING
        yield from write_many(self._unit, COMMAND_ADDRESS, words, repeatable=repeatable)
        return identifier

    def order(self, opcode: Opcode, *arguments: int, polls: int = _POLLS) -> Steps[CommandResult]:
        """Write one command and read its result; BUSY when it is not done after *polls* looks."""
        identifier = yield from self.post(opcode, *arguments)
        for _ in range(polls):
            words = yield from self._read_status()
            if words[Status.COMMAND_ID] != identifier:
                raise Refused(f"unit {self._unit} forgot {opcode.name}: it has restarted meanwhile")
            result = self._result_of(words)
            if result is not CommandResult.BUSY:
                return result
        return CommandResult.BUSY

    def demand(self, opcode: Opcode, *arguments: int) -> Steps[None]:
        """Write one command that must succeed. Raises Refused with the command result as its code."""
        result = yield from self.order(opcode, *arguments)
        if result is not CommandResult.OK:
            raise self.refusal(opcode, result)

    def refusal(self, opcode: Opcode, result: CommandResult) -> Refused:
        """The error that says why *opcode* was not done."""
        return Refused(f"unit {self._unit} refused {opcode.name}: {_REASONS[result]}", result)

    def _result_of(self, words: tuple[int, ...]) -> CommandResult:
        try:
            return CommandResult(words[Status.COMMAND_RESULT])
        except ValueError:
            return CommandResult.UNKNOWN
