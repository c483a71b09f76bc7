"""The site's power, shared over rows: the budget holds at every moment, and little is written."""

from __future__ import annotations

import pytest

from charging import record
from charging.domain import events as e
from charging.domain.observation import Pilot
from charging.models import Connector as Row
from charging.models import Station
from charging.services.sharing import SitePower
from charging.services.station_turn import station_turn
from tests.charging.rows import AC, DC, Driven, add_connectors, at, connector

pytestmark = pytest.mark.django_db


class Shared(Driven):
    """Connectors whose boards answer every turn and whose cars draw all they are told, at once unless one is slow."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(*numbers)
        self.site = SitePower()
        self.slow_a: dict[int, float] = {}  # cars that do not come down, and what they go on drawing

    def look(self, number: int) -> None:
        """One turn of the line, as the board is after the outputs before."""
        told = self.outputs.get(number)
        c = connector(number)
        delivering = bool(told and told.enable and c.ev_ready)
        limit_a, limit_w = (told.limit_a, told.limit_w) if told else (0.0, 0)
        current_a = self.slow_a.get(number, limit_a) if delivering else 0.0
        pilot = (Pilot.C if c.ev_ready else Pilot.B) if c.plugged else Pilot.A
        self.see(
            number,
            passed_s=0.0,
            register_wh=1000,
            plugged=c.plugged,
            ev_ready=c.ev_ready,
            delivering=delivering,
            pilot=pilot,
            limit_a=limit_a,
            limit_w=limit_w,
            currents_a=(current_a,),
        )

    def turn(self, passed_s: float = 1.0, *, silent: tuple[int, ...] = ()) -> int:
        """A turn of every line that answers, then the station's; how much was written by the latter."""
        self.now_s += passed_s
        for number in self.numbers:
            if number in silent:
                self.turns.silent(number, at(self.now_s))
                self.outputs.pop(number, None)  # its watchdog switches it off
            else:
                self.look(number)
        self.site.saw(self.frames)
        return station_turn(at(self.now_s), dict.fromkeys(self.numbers, 1000), self.site).moved


def settle(driven: Shared) -> None:
    """Long enough for every car to follow and for what it frees to be granted."""
    for _ in range(10):
        driven.turn()


def begin(driven: Shared, number: int) -> None:
    record.happen(number, [e.Authorized(now_s=driven.now_s, id_tag=f"T{number}")], moment=at(driven.now_s))
    driven.charge(number)


def limits_w() -> list[int]:
    return [c.limit.power_w for c in record.connectors()]


def granted_w() -> int:
    """What all running transactions together may draw."""
    return sum(c.limit.power_w for c in record.connectors() if c.transaction)


def test_nothing_is_limited_where_the_site_has_enough_for_all() -> None:
    add_connectors(AC, AC, site_limit_w=44_160)
    driven = Shared(1, 2)
    settle(driven)
    assert [c.leases for c in record.connectors()] == [(), ()]
    assert driven.turn() == 0


def test_one_gets_everything_and_two_share() -> None:
    add_connectors(AC, AC, site_limit_w=22_080)
    driven = Shared(1, 2)
    settle(driven)
    begin(driven, 1)
    settle(driven)
    assert limits_w()[0] == 22_080
    begin(driven, 2)
    settle(driven)
    assert limits_w() == [11_040, 11_040]
    driven.end(2)
    settle(driven)
    assert limits_w()[0] == 22_080


def test_the_budget_holds_in_between_when_a_second_one_begins() -> None:
    add_connectors(AC, AC, AC, site_limit_w=22_080)
    driven = Shared(1, 2, 3)
    settle(driven)
    begin(driven, 1)
    settle(driven)
    for number in (2, 3):
        begin(driven, number)
        assert granted_w() <= 22_080
        for _ in range(10):
            driven.turn()
            assert granted_w() <= 22_080
    assert all(limit_w > 4000 for limit_w in limits_w())


def test_a_lower_site_limit_reduces_at_once() -> None:
    add_connectors(AC, DC, site_limit_w=72_080)
    driven = Shared(1, 2)
    begin(driven, 1)
    begin(driven, 2)
    settle(driven)
    Station.objects.update(site_limit_w=20_000)
    driven.turn()
    assert granted_w() <= 20_000
    Station.objects.update(site_limit_w=0)
    driven.turn()
    assert limits_w() == [0, 0]


def test_who_came_first_goes_on_where_it_is_not_enough_for_all() -> None:
    add_connectors(AC, AC, site_limit_w=6000)
    driven = Shared(1, 2)
    begin(driven, 2)
    settle(driven)
    begin(driven, 1)
    settle(driven)
    assert limits_w()[0] == 0
    assert limits_w()[1] > 4140
    assert connector(1).limit.source == "site"


@pytest.mark.parametrize("capabilities", [(AC, AC), (AC, DC), (DC, AC, AC)])
def test_it_renews_its_leases_twice_in_ten_minutes_and_writes_nothing_else(capabilities: tuple[object, ...]) -> None:
    add_connectors(*(AC if each is AC else DC for each in capabilities), site_limit_w=25_000)
    driven = Shared(*range(1, len(capabilities) + 1))
    settle(driven)
    begin(driven, 1)
    settle(driven)
    before = sum(Row.objects.values_list("version", flat=True))
    assert sum(driven.turn(10.0) for _ in range(58)) <= 2
    assert sum(Row.objects.values_list("version", flat=True)) - before <= 2
    lease = connector(1).leases[0]
    assert lease.expires_s is not None
    assert lease.expires_s > driven.now_s


def test_when_sharing_falls_silent_everybody_falls_to_a_part_that_is_safe_for_all() -> None:
    add_connectors(AC, AC, site_limit_w=22_080)
    driven = Shared(1, 2)
    settle(driven)
    begin(driven, 1)
    settle(driven)
    driven.see(1, passed_s=700.0, ev_ready=True, delivering=True)
    assert connector(1).limit.power_w <= 11_040
    assert granted_w() <= 22_080


def test_an_impossible_site_limit_ends_its_leases_when_it_is_lifted() -> None:
    add_connectors(AC, AC, site_limit_w=100)
    driven = Shared(1, 2)
    begin(driven, 1)
    settle(driven)
    assert limits_w()[0] == 0
    Station.objects.update(site_limit_w=100_000)
    settle(driven)
    assert limits_w() == [22_080, 22_080]


def test_a_second_car_waits_until_the_first_has_really_come_down() -> None:
    add_connectors(AC, AC, site_limit_w=22_080)
    driven = Shared(1, 2)
    settle(driven)
    begin(driven, 1)
    settle(driven)
    driven.slow_a = {1: 32.0}
    begin(driven, 2)
    for _ in range(5):
        driven.turn()
        assert limits_w() == [11_040, 0]
    driven.slow_a = {}
    for _ in range(5):
        driven.turn()
        assert limits_w() == [11_040, 0]
    settle(driven)
    assert limits_w() == [11_040, 11_040]


def test_a_silent_board_keeps_its_share_until_its_watchdog_must_have_switched_it_off() -> None:
    add_connectors(AC, AC, site_limit_w=22_080)
    driven = Shared(1, 2)
    settle(driven)
    begin(driven, 1)
    begin(driven, 2)
    settle(driven)
    for _ in range(7):
        driven.turn(silent=(1,))
        assert limits_w() == [11_040, 11_040]
    driven.turn(silent=(1,))
    driven.turn(silent=(1,))
    assert limits_w() == [0, 22_080]
    driven.turn()
    assert limits_w() == [0, 11_040]
    settle(driven)
    assert limits_w() == [11_040, 11_040]


def test_after_a_restart_everybody_counts_as_the_most_until_seen() -> None:
    add_connectors(AC, AC, AC, site_limit_w=33_120)
    driven = Shared(1, 2, 3)
    settle(driven)
    for number in (1, 2):
        begin(driven, number)
    settle(driven)
    assert limits_w() == [16_560, 16_560, 0]
    driven.site = SitePower()
    Station.objects.update(site_limit_w=40_000)
    for _ in range(5):
        driven.turn()
        assert limits_w()[:2] == [16_560, 16_560]
    settle(driven)
    assert limits_w()[:2] == [19_941, 19_941]


def test_a_start_between_the_decision_and_its_writing_keeps_its_power() -> None:
    add_connectors(DC, DC, site_limit_w=50_000)
    driven = Shared(1, 2)
    settle(driven)
    begin(driven, 2)
    idle_before = record.connectors()
    begin(driven, 1)
    before_w = limits_w()
    assert driven.site.share(record.station_row(), idle_before, at(driven.now_s)) == 0
    assert limits_w() == before_w == [25_000, 25_000]
    settle(driven)
    assert limits_w() == [25_000, 25_000]
