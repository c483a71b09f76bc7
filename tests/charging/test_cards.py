"""Cards at the reader: taps become rows and facts; a turn judges their deadlines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from charging import clock, record, services
from charging.domain.authorization import Role
from charging.models import Card, CardGroup, JournalEntry, PresentedCard, Station, Transaction, Wish
from charging.services.cards import SAME_CARD_WITHIN_S, cards_expired
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, Driven, add_connectors, at, connector, kinds

pytestmark = pytest.mark.django_db
State = PresentedCard.State
ME, OTHER, TECHNICIAN, MASTER = "04A2B3C4D5E6F7", "04A2B3C4D5E6F8", "04AAAAAAAAAAAA", "04BBBBBBBBBBBB"


def known(id_tag: str, role: Role = Role.EV_DRIVER, **columns: Any) -> Card:
    return Card.objects.create(id_tag=id_tag, role=role, **columns)


def station(count: int = 2, mode: str = "card", **columns: Any) -> Driven:
    """Free connectors, a clock that goes with the real one, and the cards ME and OTHER in the list."""
    add_connectors(*count * [AC], authorization_mode=mode, **columns)
    known(ME)
    known(OTHER)
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


def tap(id_tag: str = ME, **more: Any) -> PresentedCard:
    presented = services.card_presented(id_tag, **more)
    assert presented
    return presented


def taps_were_long_ago() -> None:
    JournalEntry.objects.filter(kind="CardPresented").update(mono_s=F("mono_s") - SAME_CARD_WITHIN_S)


def later(seconds: float) -> clock.Moment:
    now = clock.now()
    return clock.Moment(now.mono_s + seconds, now.at, now.boot_id)


def test_plug_first_the_card_starts_there() -> None:
    driven = station()
    driven.see(2)
    presented = tap()
    assert (presented.state, presented.connector_number) == (State.USED, 2)
    assert driven.see(2).enable
    assert Transaction.objects.get().id_tag == ME


def test_card_first_the_plug_takes_it_with_its_next_turn() -> None:
    driven = station()
    assert tap().state == State.ACCEPTED
    station_turn(later(0.1), {})
    assert connector(1).authorization is None
    driven.see(1)
    station_turn(later(0.2), {})
    assert driven.see(1).enable
    assert PresentedCard.objects.get().state == State.USED


def test_a_card_that_waits_for_its_plug_has_a_deadline() -> None:
    driven = station(connection_timeout_s=30)
    tap()
    station_turn(later(29.0), {})
    assert PresentedCard.objects.get().state == State.ACCEPTED
    station_turn(later(30.1), {})
    assert PresentedCard.objects.get().state == State.EXPIRED
    assert "CardExpired" in kinds()
    driven.see(1)
    station_turn(later(31.0), {})
    assert connector(1).authorization is None


def test_two_cards_wait_and_each_plug_takes_the_oldest() -> None:
    driven = station()
    tap(ME)
    tap(OTHER)
    driven.see(2)
    station_turn(later(0.1), {})
    assert [p.state for p in PresentedCard.objects.order_by("pk")] == [State.USED, State.ACCEPTED]
    driven.see(1)
    station_turn(later(0.2), {})
    assert [c.authorization.id_tag for c in record.connectors() if c.authorization] == [OTHER, ME]


def test_the_same_tap_again_within_2_s_is_one_tap() -> None:
    station()
    tap()
    assert services.card_presented(ME) is None
    assert services.card_presented(ME.lower()) is None
    assert PresentedCard.objects.count() == 1
    assert services.card_presented(OTHER)


def test_the_same_tap_again_is_one_tap_also_with_another_card_between() -> None:
    station()
    assert [bool(services.card_presented(id_tag)) for id_tag in ("AA", "BB", "AA", "BB")] == [True, True, False, False]
    taps_were_long_ago()
    assert services.card_presented("AA")
    JournalEntry.objects.filter(kind="CardPresented").update(boot_id="before")
    assert services.card_presented("AA")


def test_a_card_that_taps_again_waits_once() -> None:
    driven = station()
    tap()
    JournalEntry.objects.filter(kind="CardPresented").update(mono_s=0.0)
    tap()
    assert [p.state for p in PresentedCard.objects.order_by("pk")] == [State.EXPIRED, State.ACCEPTED]
    driven.see(1)
    station_turn(later(0.1), {})
    driven.see(2)
    station_turn(later(0.2), {})
    assert connector(1).authorization
    assert connector(2).authorization is None


def test_the_own_card_stops_and_a_foreign_one_does_not() -> None:
    driven = station()
    driven.see(1)
    tap(ME)
    driven.see(1)
    assert tap(OTHER).state == State.ACCEPTED  # it waits for its own plug
    assert connector(1).stop is None
    taps_were_long_ago()
    assert tap(ME).connector_number == 1
    stop = connector(1).stop
    assert stop
    assert stop.reason == "Local"


def test_a_finished_plug_goes_on_for_its_own_card_only() -> None:
    driven = station()
    driven.see(1)
    tap(ME)
    driven.charge(1)
    services.stop(1, by="technician", who="touch")
    driven.see(1)
    driven.see(1)
    assert connector(1).finishing
    assert tap(OTHER).state == State.ACCEPTED
    assert connector(1).authorization is None
    taps_were_long_ago()
    assert tap(ME).state == State.USED
    assert driven.see(1).enable


def test_several_plugs_ask_for_a_choice() -> None:
    driven = station()
    driven.see(1)
    driven.see(2)
    presented = tap()
    assert (presented.state, presented.why) == (State.CHOOSE, "choose_connector")
    assert services.choose_card(presented.pk, 2, who="touch").accepted
    assert driven.see(2).enable
    assert services.choose_card(presented.pk, 1, who="touch").refusal == "card_unreadable"
    assert "CardChosen" in kinds()


def test_a_choice_ends_with_its_time_and_knows_its_connectors() -> None:
    driven = station()
    driven.see(1)
    driven.see(2)
    presented = tap()
    assert services.choose_card(presented.pk, 9, who="touch").refusal == "unknown_connector"
    assert services.choose_card(presented.pk + 1, 1, who="touch").refusal == "card_unreadable"
    PresentedCard.objects.update(due_s=clock.now().mono_s)
    assert services.choose_card(presented.pk, 1, who="touch").refusal == "card_unreadable"
    assert cards_expired(later(0.1)) == 1


@pytest.mark.parametrize(
    ("mode", "columns", "why"),
    [
        ("card", None, "card_unknown"),
        ("card", {"blocked": True}, "card_blocked"),
        ("card", {"valid_until": datetime(2020, 1, 1, tzinfo=UTC)}, "card_expired"),
        ("none", {"blocked": True}, "card_blocked"),
        ("central_system", {}, "central_system_absent"),
    ],
)
def test_a_refusal_says_why_on_the_row_and_in_the_journal(mode: str, columns: dict[str, Any] | None, why: str) -> None:
    station(mode=mode)
    if columns is not None:
        known("CARD", **columns)
    presented = tap("card")
    assert (presented.state, presented.why) == (State.REFUSED, why)
    assert JournalEntry.objects.get(kind="CardRefused").body["why"] == why


def test_a_refusal_of_the_rules_ends_the_tap_as_well() -> None:
    driven = station(1)
    driven.see(1, faults=frozenset({"GroundFailure"}))
    assert (tap().state, PresentedCard.objects.get().why) == (State.REFUSED, "busy")
    chosen = tap(OTHER, chosen=1)
    assert (chosen.state, chosen.why) == (State.REFUSED, "faulted")


@pytest.mark.parametrize("id_tag", ["", "  ", "X" * 21, "ключ", "A\nB"])
def test_an_impossible_id_tag_is_said_so_and_leaves_nothing(id_tag: str) -> None:
    station()
    with pytest.raises(ValueError, match="1 to 20 printable ASCII characters"):
        services.card_presented(id_tag)
    assert not PresentedCard.objects.exists()


def test_a_group_stops_each_others_transactions() -> None:
    driven = station()
    fleet = CardGroup.objects.create(parent_id_tag="FLEET")
    Card.objects.update(group=fleet)
    driven.see(1)
    tap(ME)
    driven.see(1)
    assert Transaction.objects.get().parent_id_tag == "FLEET"
    assert tap(OTHER).connector_number == 1
    assert connector(1).stop


def test_a_master_card_stops_any_and_asks_where_several_run() -> None:
    driven = station()
    known(MASTER, Role.MASTER)
    assert tap(MASTER).why == "nothing_to_stop"
    for number, id_tag in ((1, ME), (2, OTHER)):
        driven.see(number)
        tap(id_tag)
        driven.see(number)
    JournalEntry.objects.filter(kind="CardPresented").update(mono_s=0.0)
    presented = tap(MASTER)
    assert presented.state == State.CHOOSE
    assert services.choose_card(presented.pk, 2, who="touch").accepted
    assert connector(1).stop is None
    assert connector(2).stop


def test_the_next_card_is_learned_within_a_minute() -> None:
    station()
    services.learn_card("technician")
    assert tap("0411223344").state == State.LEARNED
    assert Card.objects.get(id_tag="0411223344").learned_at
    assert Station.objects.get().learning_until_s is None
    assert kinds()[-1] == "CardLearned"
    services.learn_card("technician")
    assert (tap(ME).state, tap("UNKNOWN").state) == (State.LEARNED, State.REFUSED)
    assert PresentedCard.objects.filter(id_tag=ME).get().why == "card_in_use"


@pytest.mark.parametrize("until_s", [-1.0, 3600.0])
def test_learning_ends_with_its_minute_and_with_its_boot(until_s: float) -> None:
    station()
    Station.objects.update(learning_until_s=clock.now().mono_s + until_s)
    assert tap("UNKNOWN").state == State.REFUSED
    assert not Card.objects.filter(id_tag="UNKNOWN").exists()


def test_a_technicians_card_is_a_fact_and_charges_nothing() -> None:
    driven = station(mode="central_system")
    known(TECHNICIAN, Role.TECHNICIAN)
    driven.see(1)
    assert tap(TECHNICIAN).state == State.USED
    assert JournalEntry.objects.get(kind="TechnicianPresent").who == TECHNICIAN
    assert connector(1).authorization is None


def test_a_technicians_card_acknowledges_what_is_latched() -> None:
    driven = station()
    known(TECHNICIAN, Role.TECHNICIAN)
    services.switch_off(1, "monitoring")
    assert connector(1).latches == {"EmergencyStop"}
    tap(TECHNICIAN)
    assert connector(1).latches == set()
    assert [wish.connector_number for wish in Wish.objects.filter(kind="clear_faults")] == [1]
    driven.see(1)


def test_a_technicians_card_acknowledges_the_emergency_stop() -> None:
    station()
    known(TECHNICIAN, Role.TECHNICIAN)
    services.emergency_stop("screen")
    tap(TECHNICIAN)
    assert Station.objects.get().emergency_acknowledged


@pytest.mark.parametrize(
    ("columns", "why"),
    [({"blocked": True}, "card_blocked"), ({"valid_until": datetime.now(UTC) - timedelta(days=1)}, "card_expired")],
)
def test_a_technicians_card_that_does_not_count_any_more_acknowledges_nothing(
    columns: dict[str, Any], why: str
) -> None:
    station()
    known(TECHNICIAN, Role.TECHNICIAN, **columns)
    services.emergency_stop("screen")
    assert tap(TECHNICIAN).why == why
    assert not Station.objects.get().emergency_acknowledged
    assert "TechnicianPresent" not in kinds()


def test_cards_that_waited_are_forgotten_after_a_power_cut() -> None:
    station()
    tap()
    assert services.power_returned(at(5.0, boot_id="another"))
    assert PresentedCard.objects.get().state == State.EXPIRED
