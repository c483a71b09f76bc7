"""The one door: requests of screens, technicians and central systems, wishes, and the station's own turn."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from charging import clock, services
from charging.models import Connector as Row
from charging.models import JournalEntry, Station, Transaction, Wish
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, Driven, add_connectors, at, connector, kinds, locked_database

pytestmark = pytest.mark.django_db


def later(seconds: float) -> clock.Moment:
    now = clock.now()
    return clock.Moment(now.mono_s + seconds, now.at, now.boot_id)


def driven_station(count: int = 1, mode: str = "none") -> Driven:
    add_connectors(*count * [AC], authorization_mode=mode)
    return Driven(*range(1, count + 1), mono_s=clock.now().mono_s)


@pytest.mark.parametrize(
    ("mode", "by", "id_tag", "refusal"),
    [
        ("none", "screen", "", ""),
        ("card", "screen", "", "needs_card"),
        ("central_system", "screen", "", "needs_card"),
        ("card", "technician", "", ""),
        ("card", "remote", "T", ""),
    ],
)
def test_who_may_start_without_a_card(mode: str, by: str, id_tag: str, refusal: str) -> None:
    driven_station(mode=mode)
    assert services.start(1, by=by, who="w", id_tag=id_tag).refusal == refusal
    asked = connector().authorization
    assert (asked.id_tag if asked else "") == ("" if refusal else id_tag or "FREE")


def test_an_unknown_connector_is_refused_with_a_code() -> None:
    driven_station()
    assert services.start(9, by="screen", who="w").refusal == "unknown_connector"
    assert services.release_cable(9, "w").refusal == "unknown_connector"


@pytest.mark.django_db(transaction=True)
def test_a_request_that_cannot_be_recorded_is_not_called_accepted() -> None:
    add_connectors(AC, authorization_mode="none")
    with locked_database():
        assert services.stop(1, by="screen", who="w").refusal == "not_recorded"


def test_a_stop_is_journaled_with_who_and_how() -> None:
    driven = driven_station()
    services.start(1, by="screen", who="touch")
    driven.charge()
    services.stop(1, by="console", who="Anna", reason="Remote")
    entry = JournalEntry.objects.get(kind="StopWanted")
    assert (entry.who, entry.body) == ("Anna (console)", {"reason": "Remote"})
    assert services.stop(1, by="screen", who="w").accepted
    assert JournalEntry.objects.filter(kind="StopWanted").count() == 1


def test_out_of_service_is_kept_per_source_and_waits_until_idle() -> None:
    driven = driven_station(2)
    services.start(1, by="screen", who="touch")
    driven.charge(1)
    assert services.set_availability(0, operative=False, source="technician", who="Anna").accepted
    assert services.set_availability(2, operative=False, source="central_system", who="centre").accepted
    assert connector(1).transaction
    assert connector(2).inoperative == {"technician", "central_system"}
    services.stop(1, by="screen", who="touch")
    driven.end(1)
    assert connector(1).inoperative == {"technician"}
    services.set_availability(0, operative=True, source="technician", who="Anna")
    assert [connector(n).inoperative for n in (1, 2)] == [set(), {"central_system"}]
    services.power_returned(at(1.0, boot_id="two"))
    assert connector(2).inoperative == {"central_system"}
    assert services.set_availability(9, operative=True, source="technician", who="A").refusal == "unknown_connector"


def test_a_cable_is_released_only_where_a_lock_holds_it() -> None:
    driven_station()
    assert services.release_cable(1, "touch").refusal == "not_supported"
    Row.objects.update(capability={"has_lock": True})
    assert services.release_cable(1, "touch").accepted
    assert Wish.objects.get().kind == "unlock"


def test_settings_are_checked_journaled_and_seen_by_the_next_turn() -> None:
    driven = driven_station()
    driven.see(plugged=False)
    with pytest.raises(ValidationError):
        services.change_settings("owner", connection_timeout_s=1)
    assert Station.objects.get().connection_timeout_s == 60
    services.change_settings("owner", connection_timeout_s=90, name=Station.objects.get().name)
    assert JournalEntry.objects.get(kind="SettingsChanged").body == {"changes": {"connection_timeout_s": ["60", "90"]}}
    driven.see(plugged=False)
    held = driven.turns.connector(1)
    assert held
    assert held.policy.connection_timeout_s == 90.0


def test_an_equal_wish_that_waits_is_the_same_wish() -> None:
    driven_station(2)
    first = services.wish(Wish.Kind.UNLOCK, 1, who="a")
    assert services.wish(Wish.Kind.UNLOCK, 1, who="b").pk == first.pk
    others = (
        services.wish(Wish.Kind.UNLOCK, 2, who="b"),
        services.wish(Wish.Kind.FETCH_DUMP, 1, who="b"),
        services.wish(Wish.Kind.FETCH_DUMP, 1, who="b", kind_of_dump=2),
    )
    assert len({first.pk, *(wish.pk for wish in others)}) == 4
    services.wish_moved(first.pk, progress=10)
    assert services.wish(Wish.Kind.UNLOCK, 1, who="b").pk != first.pk
    assert [w.pk for w in services.wishes(("unlock",), [1])] == sorted(
        Wish.objects.filter(kind="unlock", connector_number=1).values_list("pk", flat=True)
    )
    assert kinds().count("Wished") == 5


def test_the_first_answer_to_a_wish_counts() -> None:
    driven_station()
    wish = services.wish(Wish.Kind.UNLOCK, 1, who="a")
    services.wish_ended(wish.pk, done=False, result="x" * 999)
    services.wish_ended(wish.pk, done=True, result="Done.")
    services.wish_moved(wish.pk, progress=50)
    wish.refresh_from_db()
    assert (wish.state, wish.progress, wish.result) == ("failed", 0, "x" * 300)
    assert kinds().count("WishEnded") == 1


def test_a_wish_that_nobody_carries_out_is_answered_in_time() -> None:
    driven_station()
    short = services.wish(Wish.Kind.UNLOCK, 1, who="a")
    long = services.wish(Wish.Kind.FETCH_DUMP, 1, who="a")
    station_turn(later(14.0), {})
    assert Wish.objects.filter(state="waiting").count() == 2
    station_turn(later(15.1), {})
    assert Wish.objects.get(state="waiting") == long
    short.refresh_from_db()
    assert (short.state, short.result.startswith("Nobody carried it out")) == ("expired", True)
    station_turn(later(601.0), {})
    assert not services.wishes(("unlock", "fetch_dump"), [1])


def test_a_silent_controller_is_a_fault_after_30_s_and_its_stop_ends_with_the_last_register() -> None:
    driven = driven_station()
    services.start(1, by="screen", who="touch")
    driven.charge(register_wh=1000)
    driven.turns.silent(1, clock.now())
    assert station_turn(later(26.0), {1: 1234}).moved == 0
    assert station_turn(later(27.1), {1: 1234}).moved
    assert connector().own_faults == {"ControllerLost"}
    services.stop(1, by="screen", who="touch")
    station_turn(later(3.1), {1: 1234})
    ended = Transaction.objects.get()
    assert (ended.meter_stop_wh, ended.flagged) == (1234, True)


def test_a_controller_that_answers_is_left_to_its_own_line() -> None:
    driven = driven_station()
    services.start(1, by="screen", who="touch")
    driven.charge()
    services.stop(1, by="screen", who="touch")
    driven.see(delivering=True)
    station_turn(later(3.1), {1: 1000})
    assert connector().transaction
    assert connector().faults == set()
    station_turn(later(6.2), {1: 1000})
    assert connector().transaction is None


def test_after_a_worker_restart_a_stop_waits_for_the_first_frame_and_is_no_contactor_fault() -> None:
    driven = driven_station()
    services.start(1, by="screen", who="touch")
    driven.charge()
    services.stop(1, by="screen", who="touch")
    driven.see(delivering=True)
    station_turn(later(9.0), {})
    Driven(1, mono_s=driven.now_s + 9.0).see(register_wh=1100)
    assert Transaction.objects.get().meter_stop_wh == 1100
    assert connector().faults == set()


def test_a_turn_without_anything_to_do_writes_nothing() -> None:
    driven = driven_station(2)
    services.start(1, by="screen", who="touch")
    driven.charge(1)
    station_turn(later(0.0), {1: 1000})
    before = list(Row.objects.values()), Station.objects.values().get(), kinds()
    assert station_turn(later(0.5), {1: 1000}).moved == 0
    assert (list(Row.objects.values()), Station.objects.values().get(), kinds()) == before


def test_a_fault_of_ours_is_raised_by_name() -> None:
    driven = driven_station()
    assert services.raise_fault(1, "ControllerLost", who="links").accepted
    assert connector().blocked
    driven.see()
    assert not connector().blocked


@pytest.mark.parametrize(
    ("mode", "began_with", "refusal"),
    [
        ("none", "", ""),
        ("none", "CARD", "not_yours"),
        ("card", "CARD", "not_yours"),
        ("central_system", "CARD", "not_yours"),
        ("card", "FREE", ""),  # a technician began it, without a card
    ],
)
def test_what_a_card_began_is_not_stopped_by_a_touch(mode: str, began_with: str, refusal: str) -> None:
    driven = driven_station(mode=mode)
    services.start(1, by="technician" if began_with == "FREE" else "screen", who="w", id_tag=began_with)
    driven.charge()
    assert services.stop(1, by="screen", who="touch").refusal == refusal
    assert bool(connector().stop) is (refusal == "")
    assert services.stop(1, by="technician", who="Anna").accepted


def test_a_wait_for_the_plug_is_cancelled_by_anyone() -> None:
    driven_station(mode="card")
    services.start(1, by="remote", who="w", id_tag="CARD")
    assert services.stop(1, by="screen", who="touch").accepted
    assert connector().authorization is None
