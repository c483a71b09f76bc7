"""How fast and how right is one serial line, and do four of them disturb each other?

The limit of a line is 1 / (wire time of request and reply + 1.75 ms turnaround + 1.75 ms silence), MODBUS over
Serial Line 2.5.1.1. The line and the driver run in this process, the boards in the simulator's.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from charging.domain.observation import Observation
from hardware.drivers.native import NativeDriver
from hardware.errors import HardwareError
from hardware.line import Line

from .ending import dies_with_me
from .machine import put_outside, surroundings
from .measurement import Effort, Measurement, spread_ms
from .outside import Simulator
from .station_files import BAUD_RATE, ac_station
from .stations import PROJECT_DIR, folder

BITS_PER_BYTE: Final = 10
REQUEST_BYTES: Final = 8
REPLY_BYTES: Final = 5 + 2 * 64
PAUSES_S: Final = 0.00175 + 0.00175
LIMIT_PER_S: Final = 1 / ((REQUEST_BYTES + REPLY_BYTES) * BITS_PER_BYTE / BAUD_RATE + PAUSES_S)
SPOILED: Final = (1, 2)  # of `default`: AC boards, DC boards
UNITS: Final = (1, 2)
SEED: Final = 4711
NOISE: Final = {"late_ms": 150, "late_share": 0.01, "drop_share": 0.01, "bit_error_rate": 1e-4}
CLEAN: Final = {"late_share": 0.0, "drop_share": 0.0, "bit_error_rate": 0.0}
MOVING: Final = ("uptime_s", "session_s")  # the rest of an idle board stands still
ONE_BAR: Final = 0.93
FOUR_BAR: Final = 0.9


@dataclass(slots=True)
class Reading:
    """What came of reading one line for a while."""

    blocks: int = 0
    asked: int = 0
    wrong: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    elapsed_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Status blocks a second."""
        return self.blocks / self.elapsed_s


class Board:
    """One unit as it truly is: standing still but for its clocks, so that any other value is a wrong one."""

    def __init__(self, line: Line, unit: int) -> None:
        self.driver = NativeDriver(unit)
        line.run(self.driver.identify())
        self._first = line.run(self.driver.read())
        self._first_s = time.monotonic()

    def wrong_in(self, frame: Observation) -> str:
        """What of *frame* cannot be true; "" when all is right."""
        expected, told = asdict(self._first), asdict(frame)
        wrong = [name for name in expected if name not in MOVING and told[name] != expected[name]]
        lived_s = time.monotonic() - self._first_s
        # Whole seconds, and a late reply is as old as it is late.
        wrong += [name for name in MOVING if expected[name] and abs(told[name] - expected[name] - lived_s) > 2]
        return ", ".join(f"{name}={told[name]!r}" for name in wrong)


def read_on(line: Line, boards: list[Board], *, seconds: float = 1e9, blocks: int = 10**9) -> Reading:
    """Read status blocks, boards in turn, for *seconds* or until *blocks* arrived."""
    found, begun_s = Reading(), time.monotonic()
    while found.blocks < blocks and time.monotonic() < begun_s + seconds:
        board = boards[found.asked % len(boards)]
        found.asked += 1
        asked_s = time.monotonic()
        try:
            frame = line.run(board.driver.read())
        except HardwareError as error:
            found.errors[type(error).__name__] += 1
            continue
        found.blocks += 1
        found.latencies_s.append(time.monotonic() - asked_s)
        if wrong := board.wrong_in(frame):
            found.wrong.append(wrong)
    found.elapsed_s = time.monotonic() - begun_s
    return found


@contextmanager
def boards_running(simulated: str, data_dir: Path) -> Iterator[Simulator]:
    """The simulator alone."""
    command = [sys.executable, "-m", "hardware.simulator", simulated, "--data-dir", str(data_dir), "--port", "0"]
    program = subprocess.Popen(
        command,
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with_me(),  # noqa: PLW1509 - no thread forks
    )
    assert program.stdout is not None
    try:
        url = program.stdout.readline().split()[-1]
        put_outside(program.pid)
        yield Simulator(url)
    finally:
        program.terminate()
        program.wait(10)
        program.stdout.close()


@contextmanager
def opened(data_dir: Path, number: int) -> Iterator[Line]:
    """Line *number* of the simulator."""
    line = Line(str(data_dir / "dev" / f"bus{number}"), BAUD_RATE)
    line.open()
    try:
        yield line
    finally:
        line.close()


def _campaign(effort: Effort) -> tuple[Reading, list[Reading], dict[str, int]]:
    """One line clean, then two spoiled ones with AC and DC boards at the same time; and what those counted."""
    blocks = effort.of(60, 5_000, 100_000) // len(SPOILED)
    with folder() as data_dir, boards_running("default", data_dir) as simulator, ExitStack() as ending:
        lines = [ending.enter_context(opened(data_dir, number)) for number in SPOILED]
        boards = [[Board(line, unit) for unit in UNITS] for line in lines]
        clean = read_on(lines[0], boards[0], seconds=effort.of(3.0, 60.0, 60.0))
        for number in SPOILED:
            simulator.post(f"/lines/{number}", **NOISE, seed=SEED + number)
        spoiled = at_once([partial(read_on, *each, blocks=blocks) for each in zip(lines, boards, strict=True)])
        counted = [asdict(line.counters[unit]) for line in lines for unit in UNITS]
    names = ("no_reply", "truncated", "corrupted", "implausible", "retries", "drains")
    return clean, spoiled, {name: sum(each[name] for each in counted) for name in names}


def at_once(reads: Sequence[Callable[[], Reading]]) -> list[Reading]:
    """What each of *reads* found, a thread each. Raises what one of them raised."""
    with ThreadPoolExecutor(len(reads)) as threads:
        return [each.result() for each in [threads.submit(read) for read in reads]]


def poll_one_line(effort: Effort) -> Measurement:
    """Status blocks a second on one clean line as a share of its limit, and wrong values on a spoiled one."""
    clean, spoiled, counters = _campaign(effort)
    share = clean.per_s / LIMIT_PER_S
    blocks, wrong = (
        sum(each.blocks for each in spoiled),
        clean.wrong + [what for each in spoiled for what in each.wrong],
    )
    latencies_s = [latency_s for each in spoiled for latency_s in each.latencies_s]
    errors = sum((each.errors for each in spoiled), Counter[str]())
    details: dict[str, Any] = {
        "blocks_per_s": round(clean.per_s, 2),
        "limit_per_s": round(LIMIT_PER_S, 2),
        "clean": {**spread_ms(clean.latencies_s), "errors": dict(clean.errors)},
        "spoiled": {**spread_ms(latencies_s), "errors": dict(errors), "blocks": blocks, "lines": len(spoiled)},
        "spoiled_blocks_per_s": [round(each.per_s, 2) for each in spoiled],
        "wrong_values": len(wrong),
        "first_wrong": wrong[:3],
        "counters": counters,
        "noise": {**NOISE, "seeds": [SEED + number for number in SPOILED]},
        **surroundings(),
    }
    ok = share >= ONE_BAR and not wrong and not clean.errors
    bar = f">= {ONE_BAR} of the limit clean; 0 wrong values of {blocks} spoiled blocks"
    return Measurement(name="poll_one_line", value=round(share, 4), unit="of limit", bar=bar, ok=ok, details=details)


def _together(data_dir: Path, numbers: range, seconds: float) -> list[Reading]:
    """Read lines *numbers* at the same time."""

    def read(number: int) -> Reading:
        with opened(data_dir, number) as line:
            return read_on(line, [Board(line, 1)], seconds=seconds)

    return at_once([partial(read, number) for number in numbers])


def poll_four_lines(effort: Effort) -> Measurement:
    """Blocks a second of four lines at once, against four times one line."""
    seconds = effort.of(2.0, 25.0, 300.0)
    with folder() as data_dir, boards_running(ac_station(data_dir, 4, 1), data_dir):
        [alone] = _together(data_dir, range(1, 2), seconds)
        four = _together(data_dir, range(1, 5), seconds)
    per_s = sum(each.per_s for each in four)
    share = per_s / (4 * alone.per_s)
    wrong = sum(len(each.wrong) for each in [alone, *four])
    details: dict[str, Any] = {
        "one_per_s": round(alone.per_s, 2),
        "four_per_s": [round(each.per_s, 2) for each in four],
        "limit_per_s": round(LIMIT_PER_S, 2),
        "latency": spread_ms([latency_s for each in four for latency_s in each.latencies_s]),
        "errors": sum(sum(each.errors.values()) for each in [alone, *four]),
        "wrong_values": wrong,
        "seconds": seconds,
        **surroundings(),
    }
    ok = share >= FOUR_BAR and not wrong
    bar = f">= {FOUR_BAR} of four times one line"
    return Measurement(name="poll_four_lines", value=round(share, 4), unit="ratio", bar=bar, ok=ok, details=details)
