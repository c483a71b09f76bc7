"""The RFID reader's thread: every card once, a reader that goes and comes, and the wish to restart it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charging import live, record, services
from charging.models import JournalEntry, PresentedCard, Station, Wish
from charging.services.cards import SAME_CARD_WITHIN_S
from hardware import reader_loop
from hardware.reader_loop import PAUSE_S, RETRY_S, ReaderLoop, run_reader
from tests.charging.rows import locked_database
from tests.hardware.cabinets import Simulated
from tests.hardware.far_end import far_end
from tests.hardware.simulator.rig import call
from tests.hardware.test_pn532 import Chip, ChipEnd

pytestmark = pytest.mark.django_db
CARD = "04A2B3C4D5E6F7"
ANOTHER = "04112233445566"


@pytest.fixture
def simulated(station_simulator: Callable[[str], Simulated]) -> Simulated:
    return station_simulator("ac2")


@pytest.fixture
def loop(simulated: Simulated) -> Iterator[ReaderLoop]:
    found = ReaderLoop(str(simulated.data_dir / "dev" / "rfid"))
    yield found
    found.close()


def bench(simulated: Simulated, path: str, body: object = None) -> None:
    status, answer = call(simulated.url, "POST", path, body)
    assert status == 200, answer


def until(loop: ReaderLoop, fact: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Poll after poll until *fact* is true."""
    deadline_s, pace = time.monotonic() + timeout_s, threading.Event()
    loop.turn()
    while not fact():
        assert time.monotonic() < deadline_s, f"not true within {timeout_s} s"
        pace.wait(0.02)
        loop.turn()


def test_a_card_is_handed_on_once_however_long_it_lies_there(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    bench(simulated, f"/authorize?id={CARD}&type=ISO14443&hold_ms=3000")
    until(loop, PresentedCard.objects.exists)
    for _ in range(5):
        loop.turn()
    presented = PresentedCard.objects.get()
    assert (presented.id_tag, presented.reader) == (CARD, "reader")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_written_ends_nothing(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    with locked_database():
        bench(simulated, f"/authorize?id={CARD}&type=ISO14443&hold_ms=300")
        for _ in range(5):
            assert loop.turn() <= PAUSE_S
    bench(simulated, f"/authorize?id={CARD}&type=ISO14443&hold_ms=300")
    until(loop, PresentedCard.objects.exists)
    assert PresentedCard.objects.count() == 1


def test_a_telephone_authorizes_nobody(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    bench(simulated, "/authorize?id=08A2B3C4&type=ISO14443&hold_ms=2000")
    until(loop, PresentedCard.objects.exists)
    tap = PresentedCard.objects.get()
    assert (tap.state, tap.why) == (PresentedCard.State.REFUSED, "card_random")


def test_a_reader_that_goes_and_comes_is_noticed(
    simulated: Simulated, loop: ReaderLoop, caplog: pytest.LogCaptureFixture
) -> None:
    assert loop.turn() == PAUSE_S
    assert loop.present
    bench(simulated, "/reader", {"present": False})
    until(loop, lambda: loop.present is False)
    answered_s = loop.answered_s
    assert loop.turn() == RETRY_S
    assert loop.answered_s == answered_s
    bench(simulated, "/reader", {"present": True})
    until(loop, lambda: loop.present)
    said = [record.message for record in caplog.records if record.name == reader_loop.__name__]
    assert ["answers again" in message for message in said] == [False, True]  # once when lost, once when back


def test_a_port_is_not_yet_a_reader(tmp_path: Path) -> None:
    record.station_row()
    silent = ReaderLoop(str(tmp_path / "rfid"))
    with far_end(tmp_path / "rfid", lambda _request: b""):
        silent.turn()
    silent.close()
    assert not Station.objects.get().reader_found
    chip = ChipEnd(tmp_path / "rfid", Chip().answer)
    until(silent, lambda: silent.present)
    silent.close()
    chip.close()
    assert Station.objects.get().reader_found
    assert list(JournalEntry.objects.values_list("kind", flat=True)) == 2 * ["SurroundingsChanged"]


def test_a_reader_is_restarted_on_a_wish_also_when_it_is_silent(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    asked = services.wish(Wish.Kind.RESTART_READER, who="technician")
    loop._look_due_s = 0.0
    loop.turn()
    asked.refresh_from_db()
    assert (asked.state, asked.result) == ("done", reader_loop.RESTARTED)
    bench(simulated, "/reader", {"present": False})
    until(loop, lambda: loop.present is False)
    again = services.wish(Wish.Kind.RESTART_READER, who="technician")
    loop._look_due_s = 0.0
    loop.turn()
    again.refresh_from_db()
    assert (again.state, again.result) == ("failed", reader_loop.STILL_SILENT)


def test_it_beats_while_it_answers(loop: ReaderLoop, redis_server: str) -> None:
    assert redis_server
    until(loop, lambda: live.heartbeats().get("reader", 99.0) < 5.0)
    assert loop.present


def test_the_thread_ends_when_it_is_told(loop: ReaderLoop) -> None:
    stop = threading.Event()
    stop.set()
    run_reader(loop, stop)
    assert loop.present is True


def tap(simulated: Simulated, uid: str, hold_ms: int = 1000) -> None:
    bench(simulated, f"/authorize?id={uid}&type=ISO14443&hold_ms={hold_ms}")


def taps() -> list[str]:
    """The recorded taps, oldest first; the journal has the same."""
    rows = list(PresentedCard.objects.order_by("pk").values_list("id_tag", flat=True))
    entries = JournalEntry.objects.filter(kind="CardPresented").order_by("pk")
    assert [entry.body["id_tag"] for entry in entries] == rows
    return rows


def within_50_ms(simulated: Simulated, loop: ReaderLoop, first: str, second: str, recorded: int) -> float:
    """Two hands at the reader while it is polled, until *recorded* taps are there; seconds between the two."""
    begun_s: list[float] = []

    def hands() -> None:
        for uid in (first, second):
            begun_s.append(time.monotonic())
            tap(simulated, uid)

    both = threading.Thread(target=hands)
    both.start()
    until(loop, lambda: not both.is_alive() and len(taps()) >= recorded)
    return begun_s[1] - begun_s[0]


def until_gone(loop: ReaderLoop) -> None:
    """Both cards are away, and the reader has noticed."""
    until(loop, lambda: not loop._reader._present)


def test_two_cards_within_50_ms_are_two_taps_in_order(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    expected: list[str] = []
    gaps_s = []
    for n in range(3):
        first, second = f"04AA{n:010X}", f"04BB{n:010X}"
        expected += [first, second]
        gaps_s.append(within_50_ms(simulated, loop, first, second, recorded=len(expected)))
        until_gone(loop)
    assert taps() == expected
    assert min(gaps_s) < 0.05  # a call takes a few milliseconds, on a busy machine now and then longer


def test_two_cards_that_lie_there_together_are_one_tap_each(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    tap(simulated, CARD, 3000)
    tap(simulated, ANOTHER, 3000)
    gone_s = time.monotonic() + 3.0
    until(loop, lambda: time.monotonic() > gone_s)
    assert taps() == [CARD, ANOTHER]


def test_the_same_card_twice_within_50_ms_is_one_tap_and_later_another_one(
    simulated: Simulated, loop: ReaderLoop
) -> None:
    until(loop, lambda: loop.present)
    within_50_ms(simulated, loop, CARD, CARD, recorded=1)
    until_gone(loop)
    assert taps() == [CARD]
    again_s = time.monotonic() + SAME_CARD_WITHIN_S
    until(loop, lambda: time.monotonic() > again_s)
    tap(simulated, CARD)
    until(loop, lambda: len(taps()) == 2)
    assert taps() == [CARD, CARD]


@pytest.mark.django_db(transaction=True)
def test_cards_are_recorded_in_order_once_the_database_takes_them(simulated: Simulated, loop: ReaderLoop) -> None:
    until(loop, lambda: loop.present)
    with locked_database():
        for uid in (CARD, ANOTHER, CARD):
            tap(simulated, uid)
            until(loop, lambda: loop._reader._present)
            until_gone(loop)
        assert list(loop._unrecorded) == [CARD, ANOTHER]
    until(loop, lambda: len(taps()) == 2)
    assert taps() == [CARD, ANOTHER]
