"""What the central system does wrong on demand really happens on the wire, and only then."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import ConnectionClosed, InvalidStatus, NegotiationError

from tests.conftest import wait_until

from . import CentralSystem, Kind, NoLink, Refused, Rule, Shut
from .tiny_station import BOOT, START, TinyStation, registered

STOP: Final = {"transactionId": 1001, "meterStop": 2000, "timestamp": "2026-01-31T09:00:00Z"}
SOON_S: Final = 0.2


@pytest.fixture
def central() -> Iterator[CentralSystem]:
    with CentralSystem(give_up_s=0.0) as central:
        yield central


@pytest.fixture
def station(central: CentralSystem) -> Iterator[TinyStation]:
    with registered(central.url) as station:
        yield station


def nothing_is_heard(station: TinyStation) -> None:
    with pytest.raises(TimeoutError):
        station.hear(SOON_S)


def link_is_gone(station: TinyStation) -> None:
    with pytest.raises(ConnectionClosed):
        station.hear()


# --- one CALL ---------------------------------------------------------------------------------------------------


def test_a_boot_is_answered_as_said_one_after_the_other(central: CentralSystem) -> None:
    central.boots("Rejected", "Pending", "Accepted", interval_s=0)
    with TinyStation(central.url) as station:
        answers = [station.call("BootNotification", BOOT) for _ in range(4)]
    assert [answer["status"] for answer in answers] == ["Rejected", "Pending", "Accepted", "Accepted"]
    assert {answer["interval"] for answer in answers} == {0}


def test_the_clock_can_be_wrong(central: CentralSystem, station: TinyStation) -> None:
    central.clock(offset_s=86400)
    told = datetime.fromisoformat(station.call("Heartbeat")["currentTime"])
    assert timedelta(hours=23) < told - datetime.now(UTC) < timedelta(hours=25)


def test_cards_are_told_apart_by_their_letters_not_by_their_case(central: CentralSystem, station: TinyStation) -> None:
    central.card("04ab", "Expired", parent="FLEET", expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    central.other_cards("Invalid")
    assert station.call("Authorize", {"idTag": "04AB"})["idTagInfo"] == {
        "status": "Expired",
        "parentIdTag": "FLEET",
        "expiryDate": "2026-01-01T00:00:00.000Z",
    }
    assert station.call("StartTransaction", START)["idTagInfo"] == {"status": "Invalid"}


def test_a_silent_call_is_not_taken(central: CentralSystem, station: TinyStation) -> None:
    central.silent("StartTransaction", times=1, connectorId=1)
    station.send("StartTransaction", START)
    nothing_is_heard(station)
    assert central.ledger().transactions == ()
    assert station.call("StartTransaction", START)["transactionId"] == 1001


def test_a_swallowed_call_is_taken_and_its_repeat_is_the_same_transaction(
    central: CentralSystem, station: TinyStation
) -> None:
    central.swallow("StartTransaction", times=1)
    station.send("StartTransaction", START)
    nothing_is_heard(station)
    assert len(central.ledger().open) == 1
    assert station.call("StartTransaction", START)["transactionId"] == 1001
    assert (len(central.ledger().transactions), central.ledger().repeats) == (1, 1)


def test_a_late_answer_is_late_and_lets_others_pass(central: CentralSystem, station: TinyStation) -> None:
    central.delay("Heartbeat", SOON_S, times=1)
    slow = station.send("Heartbeat", {})
    quick = station.send("Authorize", {"idTag": "CARD"})
    assert [station.hear()[1], station.hear()[1]] == [quick, slow]
    asked, *_, told = central.record.frames[-4:]
    assert told.at_s - asked.at_s >= SOON_S


def test_a_refused_call_is_not_taken(central: CentralSystem, station: TinyStation) -> None:
    central.refuse("StartTransaction", "GenericError", times=1)
    message_id = station.send("StartTransaction", START)
    assert station.hear()[:3] == [4, message_id, "GenericError"]
    assert central.ledger().transactions == ()


def test_a_step_may_let_some_pass_first(central: CentralSystem, station: TinyStation) -> None:
    central.refuse("Heartbeat", times=1, skip=2)
    kinds = []
    for _ in range(4):
        station.send("Heartbeat", {})
        kinds.append(station.hear()[0])
    assert kinds == [3, 3, 4, 3]


@pytest.mark.parametrize("text", ["", "<html>", '[3,"another id",{}]'])
def test_a_garbled_answer_arrives_as_it_was_said(central: CentralSystem, station: TinyStation, text: str) -> None:
    central.garble("StartTransaction", text, times=1)
    message_id = station.send("StartTransaction", START)
    heard = station.socket.recv(5)
    assert heard == text or str(heard) in f'[3, "{message_id}", {{"transactionId": 1001, "idTagInfo"'
    assert len(central.ledger().open) == 1


def test_a_test_gives_its_own_answer_and_its_own_transaction_id(central: CentralSystem, station: TinyStation) -> None:
    central.answer("StartTransaction", {"transactionId": 7, "idTagInfo": {"status": "Blocked"}}, times=1)
    assert station.call("StartTransaction", START)["idTagInfo"] == {"status": "Blocked"}
    station.call("StopTransaction", {**STOP, "transactionId": 7})
    assert central.ledger().energy_wh == 1000


def test_an_answer_may_be_a_function_of_the_call(central: CentralSystem, station: TinyStation) -> None:
    central.answer("DataTransfer", lambda frame: {"status": "Accepted", "data": frame.payload["vendorId"]})
    assert station.call("DataTransfer", {"vendorId": "Acme"}) == {"status": "Accepted", "data": "Acme"}
    central.behave()
    assert station.call("DataTransfer", {"vendorId": "Acme"}) == {"status": "UnknownVendorId"}


def test_transaction_numbers_begin_where_the_test_wants(central: CentralSystem, station: TinyStation) -> None:
    central.number_transactions_from(2**31 - 1)
    assert station.call("StartTransaction", START)["transactionId"] == 2**31 - 1


# --- cuts -------------------------------------------------------------------------------------------------------


def test_a_cut_before_loses_the_call(central: CentralSystem, station: TinyStation) -> None:
    central.cut_before("StartTransaction")
    station.send("StartTransaction", START)
    link_is_gone(station)
    assert central.ledger().transactions == ()
    assert central.record.frames[-1].lost


def test_a_cut_instead_of_the_answer_leaves_it_taken(central: CentralSystem, station: TinyStation) -> None:
    central.cut_instead("StartTransaction")
    station.send("StartTransaction", START)
    link_is_gone(station)
    assert len(central.ledger().open) == 1


def test_a_cut_after_lets_the_answer_through(central: CentralSystem, station: TinyStation) -> None:
    central.cut_after("StartTransaction")
    assert station.call("StartTransaction", START)["transactionId"] == 1001
    link_is_gone(station)


@pytest.mark.parametrize(
    ("frame", "gets_through", "is_taken", "is_answered"),
    [(3, False, False, False), (3, True, True, False), (4, False, True, False), (4, True, True, True)],
)
def test_a_cut_at_a_numbered_frame(
    central: CentralSystem, station: TinyStation, *, frame: int, gets_through: bool, is_taken: bool, is_answered: bool
) -> None:
    central.cut_at(frame, gets_through=gets_through)
    station.send("StartTransaction", START)
    if is_answered:
        assert station.hear()[0] == 3
    link_is_gone(station)
    assert bool(central.ledger().open) is is_taken


@pytest.mark.parametrize("reset", [True, False])
def test_the_link_is_cut_without_a_close_frame(central: CentralSystem, station: TinyStation, *, reset: bool) -> None:
    central.cut(reset=reset)
    link_is_gone(station)
    central.wait_disconnected()
    assert central.record.links[0].close_code == 1006
    with pytest.raises(NoLink):
        central.post("ClearCache")


def test_the_link_is_closed_with_a_code(central: CentralSystem, station: TinyStation) -> None:
    central.close(1012, "maintenance")
    with pytest.raises(ConnectionClosed) as closed:
        station.hear()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "maintenance")


def test_a_stalled_link_answers_nothing_not_even_a_ping(central: CentralSystem, station: TinyStation) -> None:
    assert station.socket.ping().wait(5)
    wait_until(lambda: len(central.record.pings) == 1)  # the pong leaves before the ping is noted
    central.stall()
    pong = station.socket.ping()
    station.send("Heartbeat", {})
    nothing_is_heard(station)
    assert not pong.is_set()
    assert len(central.record.pings) == 1
    central.resume()
    assert station.hear()[0] == 3
    assert pong.wait(5)


# --- the door ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 404, 503])
def test_the_door_answers_a_status_until_it_opens(central: CentralSystem, status: int) -> None:
    central.shut(status)
    with pytest.raises(InvalidStatus) as refused:
        TinyStation(central.url)
    assert refused.value.response.status_code == status
    assert central.record.handshakes[-1].status == status
    central.open()
    with registered(central.url):
        assert central.is_connected


def test_a_refused_connection_is_refused_by_tcp_and_the_port_stays_ours(central: CentralSystem) -> None:
    central.shut(Shut.REFUSED)
    with pytest.raises(ConnectionRefusedError):
        TinyStation(central.url)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", central.port))
    central.open()
    with registered(central.url):
        assert central.is_connected


def test_an_unreachable_port_drops_what_knocks(central: CentralSystem) -> None:
    central.shut(Shut.UNREACHABLE)
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", central.port), timeout=SOON_S)
    central.open()
    with registered(central.url):
        assert central.is_connected


def test_a_silent_port_accepts_and_says_nothing(central: CentralSystem) -> None:
    central.shut(Shut.SILENT)
    with socket.create_connection(("127.0.0.1", central.port), timeout=SOON_S) as knocking:
        knocking.sendall(b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            knocking.recv(1)
    central.open()
    with registered(central.url):
        assert central.is_connected


def test_a_link_stays_when_the_door_is_shut(central: CentralSystem, station: TinyStation) -> None:
    central.shut(Shut.REFUSED)
    assert "currentTime" in station.call("Heartbeat")


@pytest.mark.parametrize(("shut", "chosen"), [(Shut.NO_SUBPROTOCOL, None), (Shut.OTHER_SUBPROTOCOL, "ocpp2.0.1")])
def test_the_door_may_choose_the_wrong_subprotocol(central: CentralSystem, shut: Shut, chosen: str | None) -> None:
    central.shut(shut)
    with suppress(NegotiationError), TinyStation(central.url) as station:
        assert station.socket.subprotocol == chosen
        return
    assert chosen == "ocpp2.0.1"  # websockets' client refuses what it did not offer


def test_another_identity_is_not_found(central: CentralSystem) -> None:
    with pytest.raises(InvalidStatus) as refused:
        TinyStation(central.url, "CP2")
    assert refused.value.response.status_code == 404


def test_a_password_is_asked_for_and_can_be_changed(central: CentralSystem) -> None:
    central.password = bytes(range(1, 21))
    for offered in (None, ("CP1", b"wrong")):
        with pytest.raises(InvalidStatus) as refused:
            TinyStation(central.url, credentials=offered)
        assert refused.value.response.status_code == 401
    with registered(central.url, credentials=("CP1", bytes(range(1, 21)))):
        assert central.is_connected


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
    )
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(host, critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "central.pem"
    path.write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_it_speaks_tls(certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with CentralSystem(tls=tls) as central:
        with pytest.raises(ssl.SSLCertVerificationError):
            TinyStation(central.url)
        with registered(central.url, tls=ssl.create_default_context(cafile=certificate)):
            assert central.is_connected


# --- what it says and sees --------------------------------------------------------------------------------------


def test_a_call_comes_back_with_its_answer(central: CentralSystem, station: TinyStation) -> None:
    message_id = central.post("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1})
    station.answer({"status": "Rejected"})
    assert central.answer_to(message_id) == {"status": "Rejected"}
    assert central.wait("RemoteStartTransaction", kind=Kind.RESULT).payload == {"status": "Rejected"}


def test_a_call_without_an_answer_ends_with_the_story(central: CentralSystem, station: TinyStation) -> None:
    with pytest.raises(AssertionError, match=r"did not come within 0.2 s[\s\S]*BootNotification"):
        central.call("ClearCache", timeout_s=SOON_S)
    station.hear()


def test_our_own_calls_are_checked_unless_told_otherwise(central: CentralSystem, station: TinyStation) -> None:
    for action, payload in (("Reset", {"type": "Warm"}), ("Restart", {})):
        with pytest.raises(ValueError, match="checked=False"):
            central.call(action, payload)
    message_id = central.post("Restart", {}, checked=False)
    station.say(f'[4,"{station.hear()[1]}","NotImplemented","",{{}}]')
    with pytest.raises(Refused, match="NotImplemented"):
        central.answer_to(message_id)


def test_rubbish_is_said_as_it_is_and_may_be_answered_by_minus_one(
    central: CentralSystem, station: TinyStation
) -> None:
    for text in ("{", b"\x00\xff"):
        central.say(text)
        assert station.socket.recv(5) == text
    station.say('[4,"-1","FormationViolation","",{}]')
    central.say('[2,"twice","Heartbeat"]')
    central.say('[2,"twice","Heartbeat"]')
    for _ in range(2):
        station.hear()
        station.say('[4,"twice","FormationViolation","",{}]')
    station.call("Heartbeat")


def test_bytes_go_past_the_websocket(central: CentralSystem, station: TinyStation) -> None:
    central.write(b"\xff\xff\xff\xff")
    link_is_gone(station)


def test_waiting_begins_at_the_mark(central: CentralSystem, station: TinyStation) -> None:
    station.call("Authorize", {"idTag": "A"})
    assert central.wait("Authorize", idTag="A").link == 1
    central.mark()
    with pytest.raises(AssertionError, match="Authorize"):
        central.wait("Authorize", timeout_s=SOON_S, idTag="A")
    station.call("Authorize", {"idTag": "B"})
    assert central.wait("Authorize", idTag=lambda tag: tag in "BC").payload == {"idTag": "B"}


def test_quiet_is_loud_when_something_comes(central: CentralSystem, station: TinyStation) -> None:
    central.quiet("Heartbeat", SOON_S)
    late = threading.Timer(SOON_S, station.send, ("Heartbeat", {}))
    late.start()
    with pytest.raises(AssertionError, match="unwanted"):
        central.quiet("Heartbeat", 5)
    late.join()
    with pytest.raises(AssertionError, match="unwanted"):
        central.quiet("Heartbeat", 0)
    central.mark()
    central.quiet("Heartbeat", 0)


def session(start: dict[str, Any], **stop: Any) -> list[tuple[str, dict[str, Any]]]:
    return [("StartTransaction", start), ("StopTransaction", {**STOP, **stop})]


# Each row: what is told, how many sessions that is, and how much energy.
TOLD: Final[dict[str, tuple[list[tuple[str, dict[str, Any]]], int, int]]] = {
    "once": (session(START), 1, 1000),
    "the start twice": ([("StartTransaction", START), *session(START)], 1, 1000),
    "the stop twice": ([*session(START), ("StopTransaction", STOP)], 1, 1000),
    "two connectors in the same second": (
        session(START) + session({**START, "connectorId": 2}, transactionId=1002),
        2,
        2000,
    ),
    "another meter start": (
        session(START) + session({**START, "timestamp": STOP["timestamp"], "meterStart": 2000}, transactionId=1002),
        2,
        1000,
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_the_ledger_holds_each_session_once(central: CentralSystem, station: TinyStation, case: str) -> None:
    calls, sessions, energy_wh = TOLD[case]
    for action, payload in calls:
        station.call(action, payload)
    ledger = central.ledger()
    assert (len(ledger.transactions), ledger.energy_wh, ledger.open) == (sessions, energy_wh, ())
    assert ledger.repeats == len(calls) - 2 * sessions
    assert {one.reason for one in ledger.transactions} == {"Local"}


def test_the_story_tells_frames_and_breaches(central: CentralSystem, station: TinyStation) -> None:
    station.send("Heartbeat", {"extra": 1})
    station.hear()
    told = central.story()
    assert "BootNotification" in told
    assert "#3 SCHEMA" in told
    central.forgive(Rule.SCHEMA)
