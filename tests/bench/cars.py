"""Who comes when a car has left? The next one, as soon as the station has seen the connector empty."""

from __future__ import annotations

from .stations import RunningStation
from .technician import Technician


class Cars:
    """Cars leave and the next ones come, on an open station, without anybody waiting for them meanwhile."""

    def __init__(self, station: RunningStation, technician: Technician) -> None:
        self._station, self._technician = station, technician
        self._left: set[int] = set()

    def leave(self, number: int) -> None:
        """The car of connector *number* goes."""
        self._station.simulator.post(f"/plugout/{number}")
        self._left.add(number)

    def come(self) -> None:
        """A car comes wherever the record says that nobody is there any more."""
        for number in self._left.intersection(self._technician.ask("empty") if self._left else ()):
            self._left.discard(number)
            self._station.simulator.post(f"/plugin/{number}")

    def charges(self, number: int) -> bool:
        """Whether a car that came last charges at connector *number*."""
        self.come()
        return number not in self._left and bool(self._station.simulator.state(number)["contactor"])

    def all_charge(self) -> bool:
        """Whether a car charges everywhere."""
        self.come()
        return not self._left and all(each["contactor"] for each in self._station.simulator.connectors())
