"""One car at one connector of a station that is open to all: started, watched, stopped, held against the truth."""

from __future__ import annotations

from typing import Any

from tests.journeys.energy import energy_error_wh
from tests.journeys.patience import until
from tests.journeys.running import RunningStation

PATIENCE_S = 20.0


class ChargingCar:
    """`start` plugs in and touches start; afterwards `transaction_id` is the transaction that must survive."""

    def __init__(self, station: RunningStation, connector: int) -> None:
        self.station, self.connector = station, connector
        self.transaction_id = 0

    def start(self) -> None:
        self.station.bench.plug_in(self.connector)
        self.wait_for("authorize")
        assert self.station.screen.ask("start", connector=self.connector)["accepted"]
        self.wait_for("charging")
        self.transaction_id = self.row()["id"]

    def wait_for(self, situation: str, timeout_s: float = PATIENCE_S) -> None:
        """Until the screen shows it."""
        screen = self.station.screen
        until(
            lambda: screen.connector(self.connector).get("situation") == situation,
            timeout_s,
            f"connector {self.connector} is {situation}: {screen.connector(self.connector)}",
        )

    def wait_for_energy(self, more_wh: float) -> None:
        """Until that much more has physically flowed."""
        begin_wh = self.station.bench.state(self.connector)["register_wh"]
        until(
            lambda: self.station.bench.state(self.connector)["register_wh"] >= begin_wh + more_wh,
            60,
            f"{more_wh} Wh more flow at connector {self.connector}",
        )

    def stop(self) -> dict[str, Any]:
        """Touch stop; the stopped transaction."""
        assert self.station.screen.ask("stop", connector=self.connector)["accepted"]
        until(lambda: self.row()["stopped_at"], PATIENCE_S, f"the transaction is stopped: {self.row()}")
        return self.row()

    def row(self) -> dict[str, Any]:
        """The last transaction of the connector."""
        return self.station.record.transactions(self.connector)[-1]

    def runs_on(self) -> bool:
        """Whether the transaction that was started still runs."""
        row = self.row()
        return row["id"] == self.transaction_id and row["stopped_at"] is None

    def error_wh(self) -> float:
        """Recorded minus true energy of the last transaction."""
        return energy_error_wh(self.row(), self.station.bench.truth())

    def leave(self) -> None:
        """Unplug and wait until the connector is free."""
        if self.station.bench.state(self.connector)["plugged"]:
            self.station.bench.plug_out(self.connector)
        self.wait_for("free", 30)
