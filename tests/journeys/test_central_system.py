"""A whole station and a central system: sessions that outlive a killed part, and a central system that is away."""

from __future__ import annotations

import base64
import io
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from charging.services.resetting import LEAST_BETWEEN_S
from tests.central_system import CentralSystem, Shut, Transaction
from tests.journeys.energy import SLACK, Delivery, deliveries
from tests.journeys.patience import until
from tests.journeys.running import PROJECT_DIR, RunningStation
from tests.ocpp_client.transfers.servers import HERE, http_server

pytestmark = pytest.mark.journey

IDENTITY: Final = "CP1"
PASSWORD: Final = "correct-horse-battery"
CARD: Final = "04A2B3C4D5E6F7"
SETTINGS: Final[dict[str, Any]] = {
    "station": {"authorization_mode": "central_system"},
    "ocpp_keys": {"MeterValueSampleInterval": 5, "LocalAuthorizeOffline": True},
}
PATIENCE_S: Final = 30.0
PROMPT: Final = timedelta(seconds=2)


@pytest.fixture(scope="module")
def central() -> Iterator[CentralSystem]:
    with CentralSystem(IDENTITY, password=PASSWORD, give_up_s=5.0) as central:
        yield central


@pytest.fixture(scope="module")
def station(central: CentralSystem) -> Iterator[RunningStation]:
    """`ac2`, registered by nothing but its station.json."""
    folder = Path(tempfile.mkdtemp(prefix="ocpp-"))
    named = {
        "enabled": True,
        "primary_url": central.url,
        "charge_point_id": IDENTITY,
        "authorization_key": PASSWORD,
        "vendor": "Vendor",
        "file_networks": HERE,
    }
    with RunningStation(folder / "station", simulate="ac2", settings={**SETTINGS, "central_system": named}) as station:
        central.wait("BootNotification", timeout_s=PATIENCE_S, chargePointVendor="Vendor")
        for number in (0, 1, 2):
            central.wait("StatusNotification", timeout_s=PATIENCE_S, connectorId=number, status="Available")
        yield station
        assert [line for line in station.lines if "breaks its schema" in line] == []  # ocpp_client.rpc
    shutil.rmtree(folder, ignore_errors=True)


def wait_for_contactor(station: RunningStation, *, closed: bool) -> None:
    """The simulator's own word, not the station's."""
    what = f"the contactor is {'closed' if closed else 'open'}"
    until(lambda: station.bench.state(1)["contactor"] is closed, PATIENCE_S, what)


def wait_for_energy(station: RunningStation, more_wh: float) -> None:
    wanted_wh = station.bench.state(1)["register_wh"] + more_wh
    until(lambda: station.bench.state(1)["register_wh"] >= wanted_wh, PATIENCE_S, f"{more_wh} Wh more flow")


def start_remotely(station: RunningStation, central: CentralSystem) -> int:
    """A car charges at connector 1; the number of its transaction, once the station knows it."""
    central.mark()
    station.bench.plug_in(1)
    central.wait("StatusNotification", connectorId=1, status="Preparing")
    assert central.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD}) == {"status": "Accepted"}
    wait_for_contactor(station, closed=True)
    central.wait("StatusNotification", connectorId=1, status="Charging")
    central.wait("StartTransaction", connectorId=1, idTag=CARD)
    return int(until(lambda: station.record.transactions(1)[-1]["central_number"], PATIENCE_S, "it has a number"))


def stop_remotely(station: RunningStation, central: CentralSystem, number: int) -> None:
    """Stop, and let the car leave."""
    central.mark()
    assert central.call("RemoteStopTransaction", {"transactionId": number}) == {"status": "Accepted"}
    wait_for_contactor(station, closed=False)
    central.wait("StopTransaction", transactionId=number, reason="Remote")
    leave(station, central)


def leave(station: RunningStation, central: CentralSystem) -> None:
    station.bench.plug_out(1)
    if central.is_connected:
        central.wait("StatusNotification", connectorId=1, status="Available")


def reset(station: RunningStation, central: CentralSystem, kind: str, status: str) -> None:
    """Everything is started again, under the same parent; what connector 1 is then."""
    parts, starts = station.pids(), starts_after(station, kind)
    central.mark()
    assert central.call("Reset", {"type": kind}) == {"status": "Accepted"}
    central.wait("BootNotification", timeout_s=PATIENCE_S)
    central.wait("StatusNotification", timeout_s=PATIENCE_S, connectorId=1, status=status)
    until(lambda: starts_after(station, kind) == starts + 1, PATIENCE_S, "the journal says why it was started")
    assert station.lives
    assert not set(parts) & set(station.pids())


def starts_after(station: RunningStation, kind: str) -> int:
    """How many starts of the station the journal knows that followed such a reset."""
    rows = station.record.rows("SELECT body FROM charging_journalentry WHERE kind = 'StationStarted'")
    return [json.loads(row["body"])["reset"] for row in rows].count(kind)


def delivered_since(station: RunningStation, begun_at: datetime) -> Delivery:
    """The only interval with a closed contactor since then, by the truth log."""
    [found] = [each for each in deliveries(station.bench.truth(), 1) if each.closed_at >= begun_at]
    return found


def told_since(central: CentralSystem, known: int) -> Transaction:
    """The only transaction beyond the first *known* ones."""
    [told] = central.ledger().transactions[known:]
    return told


def test_a_session_whose_links_worker_is_killed_is_told_once_and_whole(
    station: RunningStation, central: CentralSystem
) -> None:
    begun_at, known = datetime.now(UTC), len(central.ledger().transactions)
    number = start_remotely(station, central)
    wait_for_energy(station, 10)
    killed = station.signal("links", signal.SIGKILL)
    central.wait_disconnected()
    central.mark()
    central.wait("StatusNotification", timeout_s=PATIENCE_S, connectorId=1, status="Charging")
    assert station.pid_of("links") != killed
    assert central.frames("BootNotification") == []  # a restarted worker is no restarted station
    wait_for_energy(station, 10)
    stop_remotely(station, central, number)
    delivery, told = delivered_since(station, begun_at), told_since(central, known)
    assert delivery.opened_at is not None
    assert told.transaction_id == number
    assert told.energy_wh == pytest.approx(delivery.energy_wh, abs=1)
    assert delivery.energy_wh > 20


def test_a_soft_reset_ends_the_transaction_restarts_everything_and_registers_again(
    station: RunningStation, central: CentralSystem
) -> None:
    """OCPP 1.6 section 5.14; the parent keeps its process and its port."""
    begun_at, known = datetime.now(UTC), len(central.ledger().transactions)
    number = start_remotely(station, central)
    wait_for_energy(station, 10)
    reset(station, central, "Soft", "Finishing")
    assert station.record.transactions(1)[-1]["stop_reason"] == "SoftReset"
    told = told_since(central, known)
    assert (told.transaction_id, len(told.stops)) == (number, 1)
    assert told.stop is not None
    assert told.stop["reason"] == "SoftReset"
    assert told.energy_wh == pytest.approx(delivered_since(station, begun_at).energy_wh, abs=1)
    leave(station, central)


def test_a_card_session_without_a_central_system_arrives_once_with_its_true_times(
    station: RunningStation, central: CentralSystem
) -> None:
    stop_remotely(station, central, start_remotely(station, central))  # now the station remembers the card
    begun_at, known = datetime.now(UTC), len(central.ledger().transactions)
    central.mark()
    central.shut(Shut.REFUSED)
    central.cut()
    central.wait_disconnected()
    station.bench.plug_in(1)
    station.bench.hold_card(CARD)
    wait_for_contactor(station, closed=True)
    wait_for_energy(station, 10)
    station.bench.hold_card(CARD)
    wait_for_contactor(station, closed=False)
    leave(station, central)
    until(lambda: station.record.transactions(1)[-1]["stopped_at"], PATIENCE_S, "the transaction is stopped")
    assert len(central.ledger().transactions) == known
    central.open()
    central.wait("StopTransaction", timeout_s=PATIENCE_S, reason="Local", idTag=CARD)
    delivery, told = delivered_since(station, begun_at), told_since(central, known)
    assert (told.id_tag, len(told.starts), len(told.stops)) == (CARD, 1, 1)
    assert told.energy_wh == pytest.approx(delivery.energy_wh, abs=1)
    assert told.stop is not None
    assert delivery.opened_at is not None
    assert -SLACK <= delivery.closed_at - told.started_at <= PROMPT
    assert -SLACK <= datetime.fromisoformat(told.stop["timestamp"]) - delivery.opened_at <= PROMPT


def test_diagnostics_arrive_though_the_links_worker_is_killed(station: RunningStation, central: CentralSystem) -> None:
    """With the last frames of the serial lines, which another process has, and without a password."""
    central.mark()
    with http_server(status=503) as server:
        order = {"location": server.url("/in/"), "retries": 100, "retryInterval": 1}
        name = central.call("GetDiagnostics", order)["fileName"]
        until(lambda: server.asked, PATIENCE_S, "it was tried")
        station.signal("links", signal.SIGKILL)
        central.wait_disconnected()
        server.status = 0
        central.wait("DiagnosticsStatusNotification", timeout_s=60.0, status="Uploaded")
        with zipfile.ZipFile(io.BytesIO(server.files[f"/in/{name}"])) as archive:
            parts = {part: archive.read(part).decode() for part in archive.namelist()}
    told = [frame.payload["status"] for frame in central.frames("DiagnosticsStatusNotification")]
    assert told == ["Uploading", "Uploaded"]
    assert all(json.loads(parts["lines.json"])["frames"].values())
    assert [part for part, content in parts.items() if PASSWORD in content or CARD in content] == []


def test_n17_the_password_is_in_its_row_and_nowhere_else(station: RunningStation, central: CentralSystem) -> None:
    central.wait_connected(PATIENCE_S)  # by this password
    written = {
        "spoken": "\n".join(station.lines),
        "exported": exported(station),
        **{str(path): path.read_bytes().decode("latin-1") for path in kept_files(station.data_dir)},
        **{table: str(station.record.rows(f'SELECT * FROM "{table}"')) for table in tables(station)},  # noqa: S608
    }
    assert '"charge_point_id": "CP1"' in written["exported"]
    assert "ConfigurationChanged" in written["charging_journalentry"]
    pair = base64.b64encode(f"{IDENTITY}:{PASSWORD}".encode()).decode()
    holding = {place for place, text in written.items() if PASSWORD in text}
    assert holding == {"ocpp_client_centralsystem"}
    assert [place for place, text in written.items() if pair in text or PASSWORD.encode().hex() in text] == []


def test_a_hard_reset_restarts_everything_and_registers_again(station: RunningStation, central: CentralSystem) -> None:
    def is_late_enough() -> bool:
        resets = station.record.rows("SELECT arguments FROM charging_wish WHERE kind = 'reset'")
        asked_s = max((json.loads(row["arguments"])["asked_s"] for row in resets), default=0.0)
        return time.monotonic() - asked_s > LEAST_BETWEEN_S

    until(is_late_enough, PATIENCE_S, "a reset is not too soon after the one before")
    reset(station, central, "Hard", "Available")


def kept_files(folder: Path) -> list[Path]:
    """Everything in the folder but the main database, which is read by its tables."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("station.sqlite3")]


def tables(station: RunningStation) -> list[str]:
    return [row["name"] for row in station.record.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]


def exported(station: RunningStation) -> str:
    """station.json as the technician gets it."""
    return subprocess.run(
        [sys.executable, "manage.py", "configuration", "export"],
        cwd=PROJECT_DIR,
        env={**station.environ(), "STATION_DATA_DIR": str(station.data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    ).stdout
