"""Steps: what was written down, held against the simulator's truth."""

from __future__ import annotations

from typing import Final

from tests.journeys.energy import energy_error_wh
from tests.journeys.world import World, step

CLOSE_ENOUGH_WH: Final = 1.0


@step(r"connector (?P<n>\d+) has had no transaction")
def none_yet(world: World, n: int) -> None:
    assert world.transactions(n) == []


@step(r"connector (?P<n>\d+) has had (?P<count>\d+) transactions?")
def count_is(world: World, n: int, count: int) -> None:
    assert len(world.transactions(n)) == count


@step(r"remember the transaction of connector (?P<n>\d+)")
def remember(world: World, n: int) -> None:
    row = world.last(n)
    assert row["stopped_at"] is None, f"It was stopped already: {row}"
    world.remembered[n] = row["id"]


@step(r"the remembered transaction of connector (?P<n>\d+) still runs")
def still_runs(world: World, n: int) -> None:
    row = world.last(n)
    assert (row["id"], row["stopped_at"]) == (world.remembered[n], None), row


@step(r"the transaction of connector (?P<n>\d+) is stopped: (?P<reason>\w+)")
def is_stopped(world: World, n: int, reason: str) -> None:
    world.until(lambda: world.last(n)["stopped_at"], f"the transaction of connector {n} is stopped")
    row = world.last(n)
    assert row["stop_reason"] == reason, row


@step(r"the remembered transaction of connector (?P<n>\d+) is stopped: (?P<reason>\w+)")
def remembered_is_stopped(world: World, n: int, reason: str) -> None:
    def stopped() -> bool:
        rows = [row for row in world.transactions(n) if row["id"] == world.remembered[n]]
        return bool(rows and rows[0]["stopped_at"] and rows[0]["stop_reason"] == reason)

    world.until(stopped, f"transaction {world.remembered[n]} is stopped with {reason}: {world.transactions(n)}")


@step(r"the transaction of connector (?P<n>\d+) belongs to (?P<id_tag>\w+)")
def belongs_to(world: World, n: int, id_tag: str) -> None:
    assert world.last(n)["id_tag"] == id_tag


@step(r"the transaction of connector (?P<n>\d+) has the energy of the truth log")
def has_true_energy(world: World, n: int) -> None:
    row = world.last(n)
    error_wh = energy_error_wh(row, world.bench.truth())
    assert abs(error_wh) <= CLOSE_ENOUGH_WH, f"{error_wh:+.3f} Wh off: {row}"
    assert not row["flagged"], row


@step(r"the transaction of connector (?P<n>\d+) has at most the energy of the truth log")
def has_no_more_energy(world: World, n: int) -> None:
    row = world.last(n)
    assert row["meter_stop_wh"] >= row["meter_start_wh"], row
    assert energy_error_wh(row, world.bench.truth()) <= CLOSE_ENOUGH_WH, row


@step(r"the journal says (?P<kind>\w+)(?: about connector (?P<n>\d+))?")
def journal_says(world: World, kind: str, n: int | None = None) -> None:
    def told() -> bool:
        return any(row["id"] > world.journal_before for row in world.station.record.journal(kind, n))

    world.until(told, f"the journal has {kind}")
