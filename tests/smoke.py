"""`python -m tests.smoke`: one charge by touch and one by card on a station of its own, checked against physics."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.journeys.energy import energy_error_wh
from tests.journeys.patience import until
from tests.journeys.running import RunningStation

CARD: Final = "04A2B3C4"
CHARGED_WH: Final = 12
CLOSE_ENOUGH_WH: Final = 1.0
SETTINGS: Final[dict[str, Any]] = {
    "station": {"authorization_mode": "card", "connection_timeout_s": 30},
    "cards": [{"id_tag": CARD, "label": "smoke"}],
}
OPEN_SETTINGS: Final[dict[str, Any]] = {"station": {"authorization_mode": "none"}}


def say(sentence: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def wait_for_situation(station: RunningStation, connector: int, situation: str) -> None:
    """Until the screen shows *connector* as *situation*."""
    until(
        lambda: station.screen.connector(connector).get("situation") == situation,
        20,
        f"the screen shows connector {connector} as {situation}",
    )
    say(f"  the screen shows connector {connector} as {situation}")


def wait_for_energy(station: RunningStation, connector: int) -> None:
    """Until the screen shows CHARGED_WH."""
    until(
        lambda: ((station.screen.connector(connector).get("transaction") or {}).get("energy_wh") or 0) >= CHARGED_WH,
        30,
        f"the screen shows {CHARGED_WH} Wh at connector {connector}",
    )


def charge_by_touch(station: RunningStation) -> None:
    """Anyone may charge: plug in, touch start, touch stop, unplug."""
    say("charging by touch at connector 2 ...")
    station.bench.plug_in(2)
    wait_for_situation(station, 2, "authorize")
    assert station.screen.ask("start", connector=2)["accepted"], "The touch on start was refused."
    wait_for_situation(station, 2, "charging")
    wait_for_energy(station, 2)
    assert station.screen.ask("stop", connector=2)["accepted"], "The touch on stop was refused."
    wait_for_situation(station, 2, "unplug")
    station.bench.plug_out(2)
    wait_for_situation(station, 2, "free")
    check(station, 2)


def charge_by_card(station: RunningStation) -> None:
    """A known card starts and stops; the cable is let go."""
    say(f"charging by card {CARD} at connector 1 ...")
    station.bench.plug_in(1)
    wait_for_situation(station, 1, "authorize")
    station.bench.hold_card(CARD)
    wait_for_situation(station, 1, "charging")
    wait_for_energy(station, 1)
    station.bench.hold_card(CARD)
    wait_for_situation(station, 1, "unplug")
    station.bench.plug_out(1)
    wait_for_situation(station, 1, "free")
    check(station, 1)


def check(station: RunningStation, connector: int) -> None:
    """The recorded energy is that of the simulator's truth, to 1 Wh. AssertionError otherwise."""
    (transaction,) = station.record.transactions(connector)
    error_wh = energy_error_wh(transaction, station.bench.truth())
    recorded_wh = transaction["meter_stop_wh"] - transaction["meter_start_wh"]
    say(f"  recorded {recorded_wh} Wh, {error_wh:+.3f} Wh against the truth; stopped: {transaction['stop_reason']}")
    assert recorded_wh >= CHARGED_WH, "Less was recorded than the screen had shown."
    assert abs(error_wh) <= CLOSE_ENOUGH_WH, "The recorded energy is not the energy that flowed."


def smoke(folder: Path) -> None:
    """Both charges, on two stations that start at the same time. Raises AssertionError with what went wrong."""
    by_card = RunningStation(folder / "card", settings=SETTINGS)
    by_touch = RunningStation(folder / "open", settings=OPEN_SETTINGS)
    try:
        say("starting two simulated stations ...")
        by_card.start(wait=False)
        by_touch.start(wait=False)
        for station, charge in ((by_touch, charge_by_touch), (by_card, charge_by_card)):
            station.wait_until_ready()
            charge(station)
            assert station.stop() == 0, "The station did not stop in order."
            say("  stopped in order")
    finally:
        by_card.cut_power()
        by_touch.cut_power()


def main() -> int:
    """The exit status: 0 when all is well."""
    begun_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="smoke-"))
    try:
        smoke(folder)
    except AssertionError as problem:
        say(f"smoke failed: {problem}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(f"smoke passed in {time.monotonic() - begun_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
