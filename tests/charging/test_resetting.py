"""A reset survives a kill at any point, ends with the next start of the station, and is never repeated by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from charging import services
from charging.clock import Moment, now
from charging.domain.security import SecurityEvent
from charging.models import JournalEntry, SecurityLogEntry, Transaction, Wish
from charging.services.resetting import ANSWER_LEAVES_WITHIN_S, RESTARTS_WITHIN_S, STOPS_WITHIN_S, TOLD_WITHIN_S
from charging.services.wishing import UNFINISHED
from tests.charging.rows import AC, Driven, add_connectors, connector
from tests.ocpp_client.parents import Parent, parent, started_again

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


@pytest.fixture
def asked() -> Iterator[Parent]:
    with parent() as heard:
        yield heard


@pytest.fixture
def driven() -> Driven:
    """A connector on the computer's clock at which somebody charges."""
    return charging_now()


def charging_now() -> Driven:
    driven = Driven(*add_connectors(AC), mono_s=now().mono_s)
    services.start(1, by="screen", who="touch")
    driven.charge()
    return driven


def after(seconds: float) -> Moment:
    """So long after now."""
    moment = now()
    return Moment(moment.mono_s + seconds, datetime.now(UTC), moment.boot_id)


def wanted(kind: str = "Soft") -> int:
    """A reset that has been answered."""
    answer = services.reset(kind, who="central_system")
    assert answer.wish_id is not None
    services.reset_begins(answer.wish_id)
    return answer.wish_id


def step(seconds: float = 0.0, *, told: bool = True, retries: int = 0) -> bool:
    return services.reset_step(after(seconds), told=told, retries=retries)


def state() -> str:
    return Wish.objects.filter(kind=Wish.Kind.RESET).first().state  # type: ignore[union-attr] # or it fails


def test_nothing_is_stopped_before_the_answer_has_left(asked: Parent, driven: Driven) -> None:
    assert services.reset("Soft", who="central_system").accepted
    assert step()
    assert connector().stop is None
    assert not asked.restarts()
    step(ANSWER_LEAVES_WITHIN_S)  # whoever was to say that it has left was killed
    assert connector().stop is not None
    assert driven.numbers == (1,)


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_it_waits_for_what_runs_and_for_its_end_to_be_told_but_not_for_ever(
    asked: Parent, driven: Driven, kind: str
) -> None:
    wanted(kind)
    assert step(STOPS_WITHIN_S[kind] - 0.5)
    assert not asked.restarts()
    driven.see(register_wh=1000)
    driven.see(register_wh=1000)
    assert Transaction.objects.get().stop_reason == f"{kind}Reset"
    step(STOPS_WITHIN_S[kind] + 0.1, told=False)
    assert not asked.restarts()
    step(TOLD_WITHIN_S[kind] + 0.1, told=False)
    assert asked.restarts() == 1


def test_what_does_not_end_in_time_ends_after_the_restart(asked: Parent, driven: Driven) -> None:
    wanted("Hard")
    step(STOPS_WITHIN_S["Hard"] + 0.1)
    assert asked.restarts() == 1
    with started_again():
        for _ in range(3):
            driven.see(register_wh=1001)
    assert Transaction.objects.get().stop_reason == "HardReset"
    assert state() == Wish.State.DONE


@pytest.mark.parametrize("begun", [False, True])
def test_a_power_cut_in_the_middle_has_done_what_was_asked_for(asked: Parent, driven: Driven, *, begun: bool) -> None:
    """What was accepted is kept: the transaction ends with the reset's reason, and nothing is restarted again."""
    if begun:
        wanted()
    else:
        services.reset("Soft", who="central_system")
    with override_settings(BOOT_ID="another"):
        assert not step()  # `links` was faster than whoever closes the wish
    with started_again():
        for _ in range(3):
            driven.see(register_wh=1001)
        assert not step(1000.0)
    assert Transaction.objects.get().stop_reason == "SoftReset"
    assert not asked.restarts()
    assert state() == Wish.State.DONE


def test_a_start_says_why_it_came(asked: Parent) -> None:
    add_connectors(AC)
    with started_again():
        wanted()
        step()
        assert asked.restarts() == 1
    with started_again():
        pass
    starts = JournalEntry.objects.filter(kind="StationStarted").order_by("pk")
    assert [entry.body["reset"] for entry in starts] == ["", "Soft"]
    last = SecurityLogEntry.objects.order_by("-number")[0]
    assert (last.event, last.about) == (SecurityEvent.RESET_OR_REBOOT, "Soft reset, as it was asked for.")


def test_a_restart_that_does_not_come_is_asked_for_as_often_as_was_set(asked: Parent) -> None:
    add_connectors(AC)
    wanted()
    step(retries=1)
    assert step(RESTARTS_WITHIN_S - 0.5, retries=1)
    assert asked.restarts() == 1
    step(RESTARTS_WITHIN_S, retries=1)
    assert asked.restarts() == 2
    step(2 * RESTARTS_WITHIN_S, retries=1)
    assert asked.restarts() == 2
    assert state() == Wish.State.FAILED
    assert services.reset_failed()


def test_a_hard_reset_takes_the_place_of_a_soft_one_and_not_the_other_way_round(asked: Parent) -> None:
    add_connectors(AC)
    wanted("Soft")
    assert services.reset("Soft", who="central_system").refusal == "restarting"
    hard = services.reset("Hard", who="central_system")
    assert hard.accepted
    assert services.reset("Soft", who="central_system").refusal == "restarting"
    assert [each.pk for each in Wish.objects.filter(state__in=UNFINISHED)] == [hard.wish_id]
    assert not asked.restarts()


def test_nothing_is_restarted_while_firmware_is_written(asked: Parent) -> None:
    add_connectors(AC)
    update = services.wish(Wish.Kind.UPDATE_FIRMWARE, 1, who="technician")
    assert services.reset("Hard", who="central_system").refusal == "updating"
    services.wish_ended(update.pk, done=True, result="")
    wanted("Hard")
    update = services.wish(Wish.Kind.UPDATE_FIRMWARE, 1, who="technician")
    step(TOLD_WITHIN_S["Hard"] + 1)
    assert not asked.restarts()
    services.wish_ended(update.pk, done=True, result="")
    step()
    assert asked.restarts() == 1


def test_nobody_begins_to_charge_while_a_reset_is_on(asked: Parent) -> None:
    add_connectors(AC)
    wanted()
    assert services.start(1, by="remote", who="central_system", id_tag="APP1").refusal == "restarting"
    assert not asked.restarts()


def test_a_hard_reset_restarts_the_machine_where_somebody_may(asked: Parent) -> None:
    add_connectors(AC)
    machine = Path(settings.DATA_DIR) / "run" / "machine"
    machine.mkdir()
    try:
        wanted("Hard")
        step()
        assert not asked.restarts()
        assert (machine / "restart").read_text("ascii") == f"{settings.BOOT_ID}\n"
        with started_again():
            pass
        assert list(machine.iterdir()) == []  # never twice
        assert state() == Wish.State.DONE
    finally:
        machine.rmdir()
