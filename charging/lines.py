"""What the controllers process tells of its serial lines when it is asked: counters, and one line's last frames.

Asked over its own socket each time, whether Redis is there or not: nothing is kept, so nothing is stale. None
means that it did not answer, which is not the same as zero.
"""

from __future__ import annotations

from typing import TypedDict, cast

from charging import live


class UnitTold(TypedDict):
    """One unit of a line since its polling began; latencies from the request's first byte to the reply's last."""

    unit: int  # 0: whoever is alone on its line
    connector: int | None
    board_serial: str
    ok: int
    no_reply: int
    truncated: int
    corrupted: int
    implausible: int
    retries: int
    drains: int
    p50_s: float | None  # of the last 512 replies; None without any
    p99_s: float | None
    answer_age_s: float | None  # None: has not answered yet
    offline: bool
    asked_again_s: float | None  # until then it is left alone


class LineTold(TypedDict):
    """One line."""

    path: str
    baud_rate: int
    reader: bool  # of cards, not of controllers
    strays: int  # bytes that belonged to no exchange
    reopenings: int  # how often its port was opened
    units: list[UnitTold]


class FrameTold(TypedDict):
    """One frame: direction ">" sent, "<" received, "?" belongs to no exchange."""

    at_s: float  # Unix time
    direction: str
    octets: str  # hexadecimal; the beginning of a long one
    whole_bytes: int
    failure: str  # NoReply, Truncated, Corrupted, Implausible, or ""


class TraceTold(TypedDict):
    """The last frames of one line, oldest first; none of a line that is not in use."""

    reader: bool
    frames: list[FrameTold]


def lines() -> list[LineTold] | None:
    """Every line in use; None when the controllers process does not answer."""
    return cast("list[LineTold] | None", live.asked_directly(live.LINES).get("lines"))


def trace(path: str) -> TraceTold | None:
    """The last frames of the line *path*; None when the controllers process does not answer."""
    told = live.asked_directly(live.FRAMES + b" " + path.encode())
    return cast("TraceTold", told) if "frames" in told else None
