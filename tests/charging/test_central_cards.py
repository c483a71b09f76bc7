"""Taps where the central system decides: asked, answered, not answered; and remote starts that are checked first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from charging import clock, services
from charging.domain.authorization import Role
from charging.models import CachedIdTag, Card, JournalEntry, PresentedCard, Station, Transaction
from charging.services.local_list import ListEntry
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, Driven, add_connectors, at, connector, kinds

pytestmark = pytest.mark.django_db
State = PresentedCard.State
ME, OTHER, STAFF = "04A2B3C4D5E6F7", "04A2B3C4D5E6F8", "04BBBBBBBBBBBB"


def station(count: int = 2, *, up: bool = True, **columns: Any) -> Driven:
    """Free connectors of a station where the central system decides."""
    add_connectors(*count * [AC], authorization_mode="central_system", **columns)
    services.central_system_link(up=up)
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


def tap(id_tag: str = ME, **more: Any) -> PresentedCard:
    JournalEntry.objects.filter(kind="CardPresented").update(mono_s=0.0)  # long ago
    presented = services.card_presented(id_tag, **more)
    assert presented
    return presented


def later(seconds: float) -> clock.Moment:
    now = clock.now()
    return clock.Moment(now.mono_s + seconds, now.at, now.boot_id)


def ago(mono_s: float, seconds: float) -> clock.Moment:
    now = clock.now()
    return clock.Moment(mono_s - seconds, now.at, now.boot_id)


def answer(presented: PresentedCard, status: str = "Accepted", parent: str = "") -> str:
    return services.authorization_answered(presented.pk, status=status, parent_id_tag=parent).refusal


def state_of(presented: PresentedCard) -> tuple[str, str]:
    presented.refresh_from_db()
    return presented.state, presented.why


def listed(id_tag: str, status: str = "Accepted", parent: str = "") -> None:
    entry = ListEntry(id_tag=id_tag, status=status, parent_id_tag=parent)
    assert services.send_local_list(services.local_list_version() + 1, "Differential", [entry], who="c").accepted


def running(driven: Driven, number: int = 1, id_tag: str = ME, parent: str = "") -> None:
    driven.see(number)
    assert answer(tap(id_tag), parent=parent) == ""
    driven.see(number)
    assert connector(number).transaction


def test_a_tap_waits_for_the_answer_and_starts_with_its_parent() -> None:
    driven = station()
    driven.see(2)
    presented = tap()
    assert presented.state == State.PRESENTED
    assert 2.5 < presented.due_s - clock.now().mono_s <= 3.0
    assert connector(2).authorization is None
    assert answer(presented, parent="FLEET") == ""
    assert state_of(presented) == (State.USED, "")
    driven.see(2)
    assert (Transaction.objects.get().id_tag, Transaction.objects.get().parent_id_tag) == (ME, "FLEET")
    assert CachedIdTag.objects.get().parent_id_tag == "FLEET"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("Blocked", "card_blocked"),
        ("Expired", "card_expired"),
        ("Invalid", "card_unknown"),
        ("ConcurrentTx", "card_in_use"),
    ],
)
def test_each_refusal_of_the_central_system_has_its_own_words(status: str, why: str) -> None:
    driven = station()
    driven.see(1)
    presented = tap()
    assert answer(presented, status) == why
    assert state_of(presented) == (State.REFUSED, why)
    assert CachedIdTag.objects.get().status == status


def test_an_answer_that_comes_too_late_is_only_remembered() -> None:
    driven = station()
    driven.see(1)
    presented = tap()
    station_turn(ago(presented.due_s, 0.1), {})
    assert state_of(presented) == (State.PRESENTED, "")
    station_turn(later(3.1), {})
    assert state_of(presented) == (State.REFUSED, "central_system_absent")
    assert kinds()[-2:] == ["AuthorizationUnanswered", "CardRefused"]
    assert answer(presented) == "card_unreadable"
    assert connector(1).authorization is None
    assert CachedIdTag.objects.get().status == "Accepted"


def test_the_edge_sees_whom_to_ask_and_the_turn_says_when_it_is_wanted_again() -> None:
    station()
    assert station_turn(later(0.0), {}).due_s is None
    first, second = tap(ME), tap(OTHER)
    assert [each.pk for each in services.cards_to_ask(clock.now())] == [first.pk, second.pk]
    assert station_turn(later(0.1), {}).due_s == first.due_s
    answer(first, "Blocked")
    assert [each.pk for each in services.cards_to_ask(clock.now())] == [second.pk]
    assert station_turn(later(0.1), {}).due_s == second.due_s
    assert services.cards_to_ask(later(3.1)) == []


def test_an_unknown_tap_or_status_does_nothing() -> None:
    station()
    assert services.authorization_answered(77, status="Accepted").refusal == "card_unreadable"
    with pytest.raises(ValueError, match="Perhaps"):
        services.authorization_answered(tap().pk, status="Perhaps")
    assert not CachedIdTag.objects.exists()


@pytest.mark.parametrize(
    ("columns", "state", "why"),
    [
        ({}, State.USED, ""),
        ({"local_authorize_offline": False}, State.REFUSED, "central_system_absent"),
        ({"local_authorize_offline": False, "allow_offline_tx_for_unknown_id": True}, State.USED, ""),
        ({"authorization_cache_enabled": False}, State.REFUSED, "central_system_absent"),
    ],
)
def test_a_half_open_link_ends_in_the_offline_rule(columns: dict[str, Any], state: str, why: str) -> None:
    driven = station(1)
    services.id_tag_told(ME, status="Accepted")
    Station.objects.update(**columns)
    driven.see(1)
    presented = tap()
    assert presented.state == State.PRESENTED
    station_turn(later(3.0), {})
    assert state_of(presented) == (state, why)


def test_offline_the_list_decides_at_once() -> None:
    driven = station(up=False)
    listed(ME, parent="FLEET")
    listed(OTHER, "Blocked")
    driven.see(1)
    assert tap().state == State.USED
    driven.see(1)
    assert Transaction.objects.get().parent_id_tag == "FLEET"
    driven.see(2)
    assert state_of(tap(OTHER)) == (State.REFUSED, "card_blocked")
    assert state_of(tap("0477777777")) == (State.REFUSED, "central_system_absent")


def test_online_a_valid_entry_starts_at_once_only_with_local_pre_authorize() -> None:
    driven = station(local_pre_authorize=True)
    listed(ME)
    driven.see(1)
    assert tap().state == State.USED
    driven.see(2)
    assert tap(OTHER).state == State.PRESENTED


def test_the_same_id_tag_stops_without_asking_and_its_group_after_asking() -> None:
    driven = station()
    running(driven, parent="FLEET")
    presented = tap(OTHER)
    assert presented.state == State.PRESENTED
    assert answer(presented, parent="fleet") == ""
    assert connector(1).stop
    driven.see(1)
    driven.see(1)
    running(driven, number=2, id_tag=OTHER)
    assert tap(OTHER).state == State.USED
    assert connector(2).stop


def test_who_charges_twice_chooses_which_to_stop_and_starts_nothing_unasked() -> None:
    driven = station(3)
    running(driven, 1)
    driven.see(2)
    assert answer(tap(chosen=2)) == ""
    driven.see(2)
    presented = tap()
    assert state_of(presented) == (State.CHOOSE, "choose_connector")
    assert services.choose_card(presented.pk, 3, who="touch").refusal == "not_yours"
    assert services.choose_card(presented.pk, 2, who="touch").accepted
    assert connector(2).stop
    assert connector(3).authorization is None


def test_a_card_that_was_accepted_before_its_plug_takes_it_later() -> None:
    driven = station()
    presented = tap()
    assert answer(presented) == ""
    assert state_of(presented)[0] == State.ACCEPTED
    driven.see(2)
    station_turn(later(0.1), {})
    assert connector(2).authorization


def test_the_owners_cards_speak_only_of_the_owners_people() -> None:
    driven = station()
    Card.objects.create(id_tag=ME, label="a driver")
    Card.objects.create(id_tag=OTHER, blocked=True)
    Card.objects.create(id_tag=STAFF, role=Role.MASTER)
    assert tap(ME).state == State.PRESENTED  # the central system decides about drivers
    assert state_of(tap(OTHER)) == (State.REFUSED, "card_blocked")
    running(driven, id_tag="0412345678")
    assert tap(STAFF).state == State.USED
    assert connector(1).stop


def test_the_master_group_stops_any_transaction() -> None:
    driven = station(master_pass_group_id="WARDENS")
    running(driven)
    presented = tap(OTHER)
    assert answer(presented, parent="wardens") == ""
    assert connector(1).stop


def test_a_tap_that_waits_for_an_answer_is_forgotten_after_a_power_cut() -> None:
    station()
    presented = tap()
    services.power_returned(at(5.0, boot_id="another"))
    assert state_of(presented)[0] == State.EXPIRED
    assert answer(presented) == "card_unreadable"


def remote(number: int = 1, id_tag: str = ME) -> str:
    return services.start(number, by="remote", who="central system", id_tag=id_tag).refusal


def test_a_remote_start_is_immediate_unless_it_is_to_be_checked() -> None:
    driven = station()
    driven.see(1)
    assert remote() == ""
    driven.see(1)
    assert Transaction.objects.get().id_tag == ME
    Station.objects.update(authorize_remote_tx_requests=True)
    driven.see(2)
    assert remote(2, OTHER) == ""
    assert connector(2).authorization is None
    presented = PresentedCard.objects.get(reader="remote")
    assert (presented.state, presented.id_tag, presented.shown_until_s) == (State.PRESENTED, OTHER, 0.0)
    assert answer(presented) == ""
    asked = connector(2).authorization
    assert asked
    assert (asked.id_tag, asked.by) == (OTHER, "remote")


def test_a_remote_start_that_is_checked_is_refused_like_a_card() -> None:
    driven = station(up=False, authorize_remote_tx_requests=True)
    listed(OTHER, "Blocked")
    driven.see(1)
    assert remote(1, OTHER) == "card_blocked"
    assert remote(1, ME) == "central_system_absent"
    listed(ME)
    assert remote(1, ME) == ""
    driven.see(1)
    assert remote(1, ME) == "busy"  # it never stops its own transaction
    assert connector(1).stop is None
    assert remote(9) == "unknown_connector"


def test_a_remote_start_without_a_connector_takes_the_plug_that_waits_or_a_free_one() -> None:
    driven = station(3)
    driven.see(2)
    assert remote(0) == ""
    assert connector(2).authorization
    assert remote(0, OTHER) == ""
    assert connector(1).authorization
    assert remote(0, "T3") == ""
    assert remote(0, "T4") == "busy"


def test_a_remote_start_does_not_answer_for_a_card_at_the_reader() -> None:
    driven = station(authorize_remote_tx_requests=True)
    driven.see(1)
    remote()
    assert tap(ME).state == State.PRESENTED


def test_an_entry_that_has_expired_does_not_start_offline() -> None:
    driven = station(up=False, allow_offline_tx_for_unknown_id=True)
    services.id_tag_told(ME, status="Accepted", expires_at=clock.now().at - timedelta(seconds=1))
    driven.see(1)
    assert state_of(tap()) == (State.REFUSED, "card_expired")
