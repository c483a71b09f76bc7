"""F9, F10: the computer came up in 1970. What needs the date is refused, what needs a duration is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from charging import journal, record, services
from charging.clock import Moment, now
from charging.domain.capability import Capability
from charging.domain.observation import Observation, Phase, Pilot
from charging.models import Card, ChargingSession, JournalEntry, MeterSample, PresentedCard, Station, Transaction
from charging.services.dating import times_repaired
from charging.turns import Turns

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
EPOCH: Final = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
REGISTER_WH: Final = 5000


def frame() -> Observation:
    return Observation(
        phase=Phase.IDLE,
        plugged=True,
        pilot=Pilot.C,
        ev_ready=True,
        delivering=False,
        register_wh=REGISTER_WH,
        uptime_s=30,
        session_s=30,
    )


def connector_found() -> int:
    found = services.FoundConnector(
        board_serial="S", board_index=1, connector_type="TYPE2_CABLE", capability=Capability()
    )
    return next(iter(services.connectors_found([found]).values()))


def test_it_refuses_a_card_with_a_validity_and_takes_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    real = now()
    monkeypatch.setattr("charging.services.cards.now", lambda: Moment(real.mono_s, EPOCH, real.boot_id))
    Station.objects.update_or_create(pk=1, defaults={"authorization_mode": "card"})
    connector_found()
    Card.objects.create(id_tag="LIMITED", valid_until=real.at + timedelta(days=365))
    Card.objects.create(id_tag="PLAIN")
    limited, plain = services.card_presented("LIMITED"), services.card_presented("PLAIN")
    assert limited is not None
    assert plain is not None
    assert (limited.state, limited.why) == (PresentedCard.State.REFUSED, "card_expired")
    assert plain.state in {PresentedCard.State.ACCEPTED, PresentedCard.State.USED}
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize(("at", "reasons"), [(EPOCH, ["PowerLoss"]), (None, [""])], ids=["in 1970", "with a clock"])
def test_it_closes_what_it_cannot_date_after_a_power_cut(
    monkeypatch: pytest.MonkeyPatch, at: datetime | None, reasons: list[str]
) -> None:
    before = now()
    number = connector_found()
    services.power_returned(before)
    services.start(number, by="technician", who="test", id_tag="T")
    turns = Turns([number])
    turns.refresh()
    turns.observe(number, frame(), before)
    record.checkpoint({number: REGISTER_WH}, moment=before, kernel_boot_id="the boot before")
    # another boot of the computer: its monotonic clock began anew
    monkeypatch.setattr("charging.services.commissioning.kernel_boot_id", lambda: "this boot")
    back = Moment(40.0, at or before.at + timedelta(seconds=20), "another start")
    assert services.power_returned(back)
    turns = Turns([number])
    for turn in range(3):
        turns.refresh()
        turns.observe(number, frame(), Moment(back.mono_s + turn, back.at, back.boot_id))
    assert list(Transaction.objects.values_list("stop_reason", flat=True)) == reasons


def test_times_are_put_right_as_soon_as_the_clock_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    real = now()
    wrong = Moment(real.mono_s - 300.0, EPOCH, real.boot_id)
    monkeypatch.setattr("charging.services.starting.now", lambda: wrong)
    number = connector_found()
    services.power_returned(wrong)
    services.start(number, by="technician", who="test", id_tag="T")
    turns = Turns([number])
    turns.refresh()
    turns.observe(number, frame(), wrong)
    row = Transaction.objects.get()
    assert (row.clock_known, row.started_at) == (False, EPOCH)
    MeterSample.objects.create(
        transaction_id=row.pk,
        at=EPOCH + timedelta(seconds=60),
        register_wh=REGISTER_WH,
        power_w=0,
        current_a=0,
        limit_w=0,
    )
    assert times_repaired(wrong) == 0
    marked = JournalEntry.objects.filter(clock_known=False).count()
    assert times_repaired(real) == marked > 0
    row.refresh_from_db()
    begun = real.at - timedelta(seconds=300)
    assert (row.clock_known, row.started_at) == (True, begun)
    assert ChargingSession.objects.get().opened_at == begun
    assert MeterSample.objects.get().at == begun + timedelta(seconds=60)
    assert not JournalEntry.objects.filter(clock_known=False).exists()
    assert JournalEntry.objects.filter(kind="ClockBecameKnown").count() == 1
    # whoever took the time before the clock was set may commit a little later
    journal.record("StopWanted", moment=wrong)
    assert times_repaired(Moment(real.mono_s + 10.0, real.at + timedelta(seconds=10), real.boot_id)) == 1
    assert JournalEntry.objects.get(kind="StopWanted").at == begun
