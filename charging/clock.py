"""What time it is: the monotonic clock for durations, the wall clock for people, and whether to believe it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

EARLIEST_CREDIBLE: Final = datetime(2026, 1, 1, tzinfo=UTC)  # this software did not exist before
LATEST_CREDIBLE: Final = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks. `mono_s` counts within one boot of the computer."""

    mono_s: float
    at: datetime
    boot_id: str

    @property
    def clock_known(self) -> bool:
        """Whether the wall clock can be believed."""
        return is_credible(self.at)

    @property
    def zero(self) -> datetime:
        """The wall time at which the monotonic clock began."""
        return self.at - timedelta(seconds=self.mono_s)


def is_credible(at: datetime) -> bool:
    """Whether a computer that runs this software may have this time."""
    return EARLIEST_CREDIBLE <= at < LATEST_CREDIBLE


class _Told:
    """What a server told a computer without a clock: the wall time at which the monotonic clock began."""

    zero: datetime | None = None


def learn(zero: datetime | None) -> None:
    """Take *zero* for the beginning of the monotonic clock from now on, where the computer knows no better."""
    _Told.zero = zero


def now() -> Moment:
    """This instant: by the computer's wall clock when it is credible, else by what a server told."""
    mono_s, at = time.monotonic(), datetime.now(UTC)
    if _Told.zero is not None and not is_credible(at):
        at = _Told.zero + timedelta(seconds=mono_s)
    return Moment(mono_s, at, settings.BOOT_ID)


@cache
def kernel_boot_id() -> str:
    """The identity of this boot of the computer, within which the monotonic clock runs on; "" when unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
