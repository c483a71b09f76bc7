"""What is getting full is told before it is full, and not every minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from charging import services
from charging.models import SecurityLogEntry
from charging.services import memory
from charging.services.memory import DISK_FULL, MEMORY_FULL
from tests.charging.rows import at

pytestmark = pytest.mark.django_db(transaction=True)

DAY_S = 86_400.0
MORE_THAN_THERE_IS = 2**62


@pytest.fixture(autouse=True)
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk with enough room, and a computer whose kernel says what a test wants."""
    monkeypatch.setattr(memory, "LEAST_DISK_BYTES", 0)
    with override_settings(DATA_DIR=tmp_path, SYSTEM_ROOT=tmp_path):
        yield tmp_path


def kernel_says(root: Path, text: str) -> None:
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc" / "meminfo").write_text(text, "ascii")


def told() -> list[str]:
    events = SecurityLogEntry.objects.filter(event="MemoryExhaustion").order_by("number")
    return list(events.values_list("about", flat=True))


def test_a_shortage_is_told_once_a_day(station: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_says(station, f"MemTotal: 1000000 kB\nMemAvailable:    {20 * 1024} kB\n")
    assert [services.memory_checked(at(seconds)) for seconds in (0.0, 60.0, DAY_S - 1)] == [1, 0, 0]
    assert told() == [f"{MEMORY_FULL}: 20 MiB are left."]
    monkeypatch.setattr(memory, "LEAST_DISK_BYTES", MORE_THAN_THERE_IS)
    assert services.memory_checked(at(DAY_S - 1)) == 1
    assert told()[-1].startswith(f"{DISK_FULL}: ")
    assert services.memory_checked(at(DAY_S + 60)) == 1


def test_enough_room_is_nothing_to_tell(station: Path) -> None:
    kernel_says(station, f"MemAvailable: {500 * 1024} kB\n")
    assert services.memory_checked(at(0.0)) == 0


@pytest.mark.parametrize("text", ["", "MemTotal: 5 kB\n", "MemAvailable:\n", "MemAvailable: many kB\n"])
def test_a_kernel_that_does_not_say_is_no_shortage(station: Path, text: str) -> None:
    assert services.memory_checked(at(0.0)) == 0
    kernel_says(station, text)
    assert services.memory_checked(at(0.0)) == 0
