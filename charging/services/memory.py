"""Is there room left where the record is written, and in the computer's memory? Security whitepaper, section 8."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from charging.clock import Moment
from charging.domain.security import SecurityEvent
from charging.models import SecurityLogEntry
from charging.security_log import security_event

MIB: Final = 1024 * 1024
LEAST_DISK_BYTES: Final = 100 * MIB  # long before nothing can be recorded any more, this included
LEAST_MEMORY_BYTES: Final = 48 * MIB  # of the 1 GB of the smallest computer: below, something is killed soon
MEMORY: Final = "proc/meminfo"
AGAIN_AFTER: Final = timedelta(days=1)
DISK_FULL: Final = "The disk of the record is getting full"
MEMORY_FULL: Final = "The computer's memory is getting full"


def memory_checked(moment: Moment) -> int:
    """Tell of each shortage, once a day for as long as it lasts; how many were told now.

    Raises django.db.DatabaseError.
    """
    events = SecurityLogEntry.objects.filter(event=SecurityEvent.MEMORY_EXHAUSTION, at__gt=moment.at - AGAIN_AFTER)
    short = [(what, left) for what, left in _shortages() if not events.filter(about__startswith=what).exists()]
    for what, left in short:
        security_event(SecurityEvent.MEMORY_EXHAUSTION, f"{what}: {left // MIB} MiB are left.", moment=moment)
    return len(short)


def _shortages() -> Iterator[tuple[str, int]]:
    """What is short, and how many bytes are left of it. What cannot be known is not short."""
    room = os.statvfs(settings.DATA_DIR)
    if (left := room.f_bavail * room.f_frsize) < LEAST_DISK_BYTES:
        yield DISK_FULL, left
    available = _memory_available()
    if available is not None and available < LEAST_MEMORY_BYTES:
        yield MEMORY_FULL, available


def _memory_available() -> int | None:
    """Bytes that programs may still take, as the kernel estimates it; None where it does not say."""
    try:
        lines = (Path(settings.SYSTEM_ROOT) / MEMORY).read_text("ascii").splitlines()
        words = next(line.split() for line in lines if line.startswith("MemAvailable:"))
        return int(words[1]) * 1024
    except (OSError, ValueError, IndexError, StopIteration):
        return None
