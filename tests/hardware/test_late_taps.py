"""A card at the reader while the database is busy: its tap is late, not lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from charging.models import PresentedCard
from hardware import reader_loop
from hardware.reader_loop import ReaderLoop
from tests.charging.rows import locked_database
from tests.conftest import wait_until
from tests.hardware.cabinets import Simulated
from tests.hardware.simulator.rig import call

pytestmark = pytest.mark.django_db(transaction=True)
CARD = "04A2B3C4D5E6F7"


@pytest.fixture
def simulated(station_simulator: Callable[[str], Simulated]) -> Simulated:
    return station_simulator("ac2")


@pytest.fixture
def loop(simulated: Simulated) -> Iterator[ReaderLoop]:
    """The loop at a reader that answers."""
    found = ReaderLoop(str(simulated.data_dir / "dev" / "rfid"))
    wait_until(lambda: found.turn() and found.present)
    yield found
    found.close()


def tap_while_locked(simulated: Simulated, loop: ReaderLoop) -> None:
    """One tap, seen by the reader while the database takes nothing."""
    with locked_database():
        status, answer = call(simulated.url, "POST", f"/authorize?id={CARD}&type=ISO14443&hold_ms=1000")
        assert status == 200, answer
        wait_until(lambda: loop.turn() is not None and loop._reader._present)
        wait_until(lambda: loop.turn() is not None and not loop._reader._present)


def test_it_records_a_tap_when_the_database_can_be_written_again(simulated: Simulated, loop: ReaderLoop) -> None:
    tap_while_locked(simulated, loop)
    for _ in range(3):
        loop.turn()
    assert [card.id_tag for card in PresentedCard.objects.all()] == [CARD]


def test_it_forgets_a_tap_of_which_nobody_waits_any_more(
    simulated: Simulated, loop: ReaderLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_loop, "KEPT_S", 0.0)
    tap_while_locked(simulated, loop)
    loop.turn()
    assert not PresentedCard.objects.exists()
