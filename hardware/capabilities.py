"""What a driver is and what it may be able to do: contracts of one method, told apart by isinstance.

A driver is pure. Its methods are generators that yield `Exchange` and receive the reply's bytes; the line
runs them over a port, tests run them over recorded bytes. A failed exchange is thrown into the generator
as a `hardware.errors.LineError`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from charging.domain.lights import Light
from charging.domain.observation import Observation
from charging.domain.outputs import Outputs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how its reply is recognised.

    `missing(received)` says how many bytes are still to come (0 = complete) and raises Corrupted as soon as
    the bytes cannot become the reply, so that a damaged frame does not cost the whole timeout. On the
    complete reply it raises Corrupted for a wrong checksum and Implausible for contents that cannot be
    true: the line then drains and asks again, which it could not if the generator judged alone.
    `wait_s` is how long the controller may think before its first byte. A broadcast has no reply.
    `energizes` marks a request that lets energy flow; the line refuses it during an emergency stop.
    """

    request: bytes
    missing: Callable[[bytes], int] | None  # None: broadcast, nothing comes back
    wait_s: float = 0.05
    repeatable: bool = True  # reads, and writes that may be done twice
    unit: int = 0  # whose counters and back-off this belongs to; 0 = the line itself
    energizes: bool = False


Steps = Generator[Exchange, bytes, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorIdentity:
    """What one unit says it is. Amperes per phase; watts for the whole connector."""

    vendor: str
    model: str
    board_serial: str
    board_index: int  # 1-based, on its board
    firmware: str  # "1.4.2"
    hardware_revision: str
    connector_type: str  # name of native_map.ConnectorType: "TYPE2_SOCKET", "CCS2", ...
    direct_current: bool
    phases: int
    maximum_a: float
    minimum_a: float
    maximum_w: int
    minimum_w: int
    maximum_v: float
    exclusion_group: int  # 0 = none
    has_lock: bool
    has_light: bool
    has_meter: bool
    can_restart_dc: bool
    dump_bytes: int = 0
    slot_bytes: int = 0
    reset_counter: int = 0
    security_counter: int = 0  # of the running firmware: the board takes none with a lower one
    more: Mapping[str, str] = field(default_factory=dict)


class Driver(Protocol):
    """Code that knows one kind of controller. One object a unit; it may remember the last frame's sequence."""

    title: ClassVar[str]
    baud_rates: ClassVar[tuple[int, ...]]
    units: ClassVar[range]
    turn_bytes: ClassVar[tuple[int, ...]]  # of each exchange of one turn (read, write): request and reply together
    unit: int

    def __init__(self, unit: int) -> None: ...

    def probe(self) -> Steps[bool]:
        """The cheapest question that only this kind of controller answers."""
        ...

    def identify(self) -> Steps[ConnectorIdentity]:
        """Read who the unit says it is."""
        ...

    def read(self) -> Steps[Observation]:
        """One whole status block. Raises Implausible when it is torn or its sequence stands still."""
        ...

    def write(self, outputs: Outputs) -> Steps[None]:
        """Make the controller's setpoint equal *outputs*; this feeds its watchdog (W = 3.0 s)."""
        ...


@runtime_checkable
class StopsEverything(Protocol):
    """Can stop every unit of the line at once."""

    @staticmethod
    def broadcast_stop() -> Exchange:
        """Zero for every unit of the line in one frame that nobody answers (unit 0)."""
        ...


@runtime_checkable
class SetsLight(Protocol):
    """Has a light."""

    def set_light(self, light: Light) -> Steps[None]:
        """Show *light* until the next one."""
        ...


@runtime_checkable
class SetsTime(Protocol):
    """Has a clock."""

    def set_time(self, now: datetime) -> Steps[None]:
        """Set the board's clock to *now* (aware UTC)."""
        ...


@runtime_checkable
class Unlocks(Protocol):
    """Has a lock."""

    def unlock(self) -> Steps[None]:
        """Open the station's lock once; refused by the board under current."""
        ...


@runtime_checkable
class Restarts(Protocol):
    """Can restart its board."""

    def restart(self) -> Steps[None]:
        """Restart the board, and with it every unit of its serial number."""
        ...


@runtime_checkable
class ClearsFaults(Protocol):
    """Holds latches that can be released."""

    def clear_faults(self) -> Steps[None]:
        """Release the board's own latches (emergency stop included) and acknowledge a reboot."""
        ...


@runtime_checkable
class AcknowledgesReboot(Protocol):
    """Says that it has rebooted until told."""

    def acknowledge_reboot(self) -> Steps[None]:
        """Clear the board's "rebooted" flag and nothing else."""
        ...


@runtime_checkable
class TestsItself(Protocol):
    """Can test its protection."""

    def self_test(self) -> Steps[str]:
        """Run the board's self test; the answer is one sentence."""
        ...


@runtime_checkable
class FetchesDump(Protocol):
    """Keeps an internal log."""

    def fetch_dump(self, received: bytes) -> Steps[tuple[bytes, int]]:
        """One block of the board's event log per call, resumed after *received*.

        Returns the bytes so far and the whole length; complete when both are equal. The CRC32 of the
        header has been verified by then.
        """
        ...


@runtime_checkable
class UpdatesFirmware(Protocol):
    """Takes new firmware."""

    def update_firmware(self, image: bytes) -> Steps[tuple[int, int]]:
        """One step per call (begin, block, verify, commit, confirm); resumes where the board says.

        Returns (done, of), equal when the new firmware has been confirmed. Raises Refused.
        """
        ...
