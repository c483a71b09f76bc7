"""Recorded exchanges of a driver, played back: what it asks must be what was asked, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from hardware.capabilities import Steps

T = TypeVar("T")
RECORDINGS: Final = Path(__file__).parent.parent / "recordings"


def recorded(driver_name: str, recording: str) -> Iterator[tuple[bytes, bytes]]:
    """The (request, reply) pairs of `recordings/DRIVER/RECORDING.txt`, lines of "> hex" and "< hex"."""
    lines = (RECORDINGS / driver_name / f"{recording}.txt").read_text(encoding="ascii").splitlines()
    frames = [(line[0], bytes.fromhex(line[2:])) for line in lines]
    for (sent, request), (received, reply) in zip(frames[::2], frames[1::2], strict=True):
        assert (sent, received) == (">", "<")
        yield request, reply


def replayed(steps: Steps[T], exchanges: Iterator[tuple[bytes, bytes]]) -> T:
    """Run *steps* on the recorded *exchanges* and return its result."""
    exchange = next(steps)
    while True:
        request, reply = next(exchanges)
        assert exchange.request == request
        assert exchange.missing is not None
        assert exchange.missing(reply) == 0
        try:
            exchange = steps.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result
