"""What the controllers process tells over its own socket, as plain JSON values: readings, counters, frames.

Whoever asks waits; no line's thread does. Frames are told for one line and in a bounded number.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any, Final

from charging.lines import FrameTold, LineTold, TraceTold, UnitTold
from hardware.frame_trace import TracedFrame
from hardware.line import Line
from hardware.line_counters import UnitCounters
from hardware.reader_loop import ReaderLoop
from hardware.turning import LineTurns, Unit

FRAMES_TOLD: Final = 100


def readings_told(lines: Iterable[LineTurns], age_s: float, reader: ReaderLoop | None) -> dict[str, Any]:
    """The readings of every line and the age of each sign of life, as Redis would have them."""
    told, turned = [], []
    for turns in lines:
        if turns.state.turns:
            turned.append({"at_s": turns.state.turned_s, "connectors": turns.numbers})
        connectors = {str(number): reading for number, reading in turns.state.readings.items()}
        told.append(json.dumps({"at_s": turns.state.told_s, "connectors": connectors}))
    beats = {} if age_s == float("inf") else {"polling": age_s}
    if reader and reader.answered_s is not None:
        beats["reader"] = time.monotonic() - reader.answered_s
    return {"lines": told, "beats": beats, "turns": turned}


def lines_told(lines: Iterable[LineTurns], reader: ReaderLoop | None) -> dict[str, list[LineTold]]:
    """The counters of every line, the reader's last."""
    told = [_line(turns.line, [_unit(turns.line, unit) for unit in turns.units]) for turns in lines]
    if reader:
        told.append(_line(reader.line, [_unit(reader.line)], reader=True))
    return {"lines": told}


def trace_told(lines: Iterable[LineTurns], reader: ReaderLoop | None, path: str) -> dict[str, Any]:
    """The last frames of the line *path* (charging.lines.TraceTold)."""
    of_reader = reader is not None and reader.line.path == path
    known = [turns.line for turns in lines] + ([reader.line] if reader else [])
    found = [_frame(frame) for line in known if line.path == path for frame in line.trace.last(FRAMES_TOLD)]
    return dict(TraceTold(reader=of_reader, frames=found))


def _frame(frame: TracedFrame) -> FrameTold:
    return FrameTold(
        at_s=frame.at_s,
        direction=frame.direction,
        octets=frame.octets.hex(),
        whole_bytes=frame.whole_bytes,
        failure=frame.failure,
    )


def _line(line: Line, units: list[UnitTold], *, reader: bool = False) -> LineTold:
    return LineTold(
        path=line.path,
        baud_rate=line.baud_rate,
        reader=reader,
        strays=line.strays,
        reopenings=line.reopenings,
        units=units,
    )


def _unit(line: Line, unit: Unit | None = None) -> UnitTold:
    address = unit.driver.unit if unit else 0
    counters = line.counters.get(address) or UnitCounters()
    now_s = time.monotonic()
    return UnitTold(
        unit=address,
        connector=unit.number if unit else None,
        board_serial=unit.board_serial if unit else "",
        ok=counters.ok,
        no_reply=counters.no_reply,
        truncated=counters.truncated,
        corrupted=counters.corrupted,
        implausible=counters.implausible,
        retries=counters.retries,
        drains=counters.drains,
        p50_s=counters.latency_s(0.5),
        p99_s=counters.latency_s(0.99),
        answer_age_s=max(now_s - counters.last_ok_at_s, 0.0) if counters.last_ok_at_s else None,
        offline=counters.offline,
        asked_again_s=max(counters.probe_due_at_s - now_s, 0.0) if counters.offline else None,
    )
