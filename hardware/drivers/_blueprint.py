"""The smallest driver there can be: copy this file, rename it, put your controller's registers in.

The underscore keeps it out of the registry; a copy without one is a driver at once. Each method is a
generator: it yields what to ask and goes on with the reply. Nothing here opens a port, knows a clock or
keeps a thread, so a recorded exchange is a test (tests/recordings/NAME/*.txt, see QUALITY.md).
"""

from __future__ import annotations

from typing import ClassVar, Final

from charging.domain.observation import Observation, Phase, Pilot
from charging.domain.outputs import Outputs
from hardware.capabilities import ConnectorIdentity, Driver, Steps
from hardware.errors import Implausible
from hardware.modbus_rtu import bytes_of_read, bytes_of_write, octets_of, read_holding, write_many

_PILOT_AND_CONTACTOR: Final = 0x0000  # pilot letter (ASCII), contactor closed, lifetime register in Wh (u32)
_LIMIT_A: Final = 0x0010
_SERIAL: Final = 0x0020  # 16 ASCII characters
_SERIAL_WORDS: Final = 8


class BlueprintDriver:
    """A Type 2 cable of 16 A, three phases, without lock, light and meter per phase."""

    title: ClassVar[str] = "Blueprint"
    baud_rates: ClassVar[tuple[int, ...]] = (9600,)
    units: ClassVar[range] = range(1, 2)
    turn_bytes: ClassVar[tuple[int, ...]] = (bytes_of_read(4), bytes_of_write(1))

    def __init__(self, unit: int) -> None:
        """Speak to *unit*."""
        self.unit = unit

    def probe(self) -> Steps[bool]:
        """Ask for the pilot: only this controller has a letter in its first register."""
        words = yield from read_holding(self.unit, _PILOT_AND_CONTACTOR, 1)
        return chr(words[0]) in set(Pilot)

    def identify(self) -> Steps[ConnectorIdentity]:
        """Read the serial number; everything else is the same for all of them."""
        words = yield from read_holding(self.unit, _SERIAL, _SERIAL_WORDS)
        serial = octets_of(words).rstrip(b"\0").decode("ascii", "replace")
        if not serial or not serial.isprintable():
            raise Implausible(f"unit {self.unit}: serial number {serial!r} is not printable text")
        return ConnectorIdentity(
            vendor="Blueprint",
            model="16 A",
            board_serial=serial,
            board_index=1,
            firmware="",
            hardware_revision="",
            connector_type="TYPE2_CABLE",
            direct_current=False,
            phases=3,
            maximum_a=16.0,
            minimum_a=6.0,
            maximum_w=11040,
            minimum_w=4140,
            maximum_v=400.0,
            exclusion_group=0,
            has_lock=False,
            has_light=False,
            has_meter=True,
            can_restart_dc=False,
        )

    def read(self) -> Steps[Observation]:
        """Read everything in one block, so that it is true of one moment."""
        letter, closed, high, low = yield from read_holding(self.unit, _PILOT_AND_CONTACTOR, 4)
        try:
            pilot = Pilot(chr(letter))
        except ValueError as error:
            raise Implausible(f"unit {self.unit}: pilot state {letter} is unknown") from error
        return Observation(
            plugged=pilot in {Pilot.B, Pilot.C, Pilot.D},
            ev_ready=pilot in {Pilot.C, Pilot.D},
            delivering=bool(closed),
            phase=Phase.CHARGING if closed else Phase.IDLE,
            pilot=pilot,
            register_wh=high << 16 | low,
        )

    def write(self, outputs: Outputs) -> Steps[None]:
        """Write the limit; this is its heartbeat too."""
        limit_a = int(outputs.limit_a) if outputs.enable else 0
        yield from write_many(self.unit, _LIMIT_A, [limit_a], energizes=limit_a > 0)


DRIVER: Final[type[Driver]] = BlueprintDriver
