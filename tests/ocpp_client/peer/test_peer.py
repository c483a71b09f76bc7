"""The sessions of a whole station against a central system that shares no code with ours, in its strict mode.

At the end of each test the peer itself says that no frame was bad and that none broke its schema.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from charging import services
from charging.domain.security import SecurityEvent
from tests.conftest import wait_until
from tests.ocpp_client.clients import (
    CARD,
    COLLEAGUE,
    SOCKET,
    link_is_up_now,
    number_of_running,
    of_context,
    offline,
    registered,
)
from tests.ocpp_client.firmware_orders import IMAGE, Boards, described, order, shelf
from tests.ocpp_client.peer.peer import NOTHING_WRONG, PATIENCE_S, Peer, Refused

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

ACCEPTED: Final = {"status": "Accepted"}


def transactions(peer: Peer) -> list[tuple[str, int, str]]:
    """idTag, energy in Wh and reason of every transaction that has begun and ended, each told once."""
    starts, stops = peer.frames("StartTransaction"), peer.frames("StopTransaction")
    ended = {stop.payload["transactionId"]: stop.payload for stop in stops}
    assert len(ended) == len(stops)
    found = [(start.payload, ended[start.answered["transactionId"]]) for start in starts]
    return [(begun["idTag"], stop["meterStop"] - begun["meterStart"], stop["reason"]) for begun, stop in found]


def test_a_card_and_a_plug(peer: Peer) -> None:
    with registered(peer, sample_interval_s=60) as station:
        station.begin(register_wh=1000)
        station.tells("Charging")
        station.flow(register_wh=1000, power_w=7000)
        station.measure()
        station.later(60.0)
        station.flow(register_wh=1005, power_w=7000)
        station.measure()
        peer.wait("MeterValues", transactionId=number_of_running(), meterValue=of_context("Sample.Periodic"))
        station.finish(register_wh=1007)
        station.tells("Finishing")
        station.leave(register_wh=1007)
        assert transactions(peer) == [(CARD, 7, "Local")]


def test_a_card_that_is_blocked_and_one_of_a_group(peer: Peer) -> None:
    peer.card(CARD, "Blocked", expiryDate="2099-01-01T00:00:00Z")
    peer.card(COLLEAGUE, "Accepted", parentIdTag="FLEET")
    with registered(peer) as station:
        station.look(plugged=True)
        assert station.tap(CARD, ends="refused").why == "card_blocked"
        station.tap(COLLEAGUE)
        station.charge_now()
        station.started()
        station.tap(COLLEAGUE)
        station.open_contactor(register_wh=1002)
        peer.wait("StopTransaction", idTag=COLLEAGUE)
        assert transactions(peer) == [(COLLEAGUE, 2, "Local")]


def test_a_start_and_a_stop_from_afar(peer: Peer) -> None:
    with registered(peer) as station:
        station.look(plugged=True)
        station.tells("Preparing")
        assert peer.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "APP1"}) == ACCEPTED
        station.charge_now()
        station.started()
        number = number_of_running()
        assert peer.call("RemoteStopTransaction", {"transactionId": number}) == ACCEPTED
        station.open_contactor(register_wh=1001)
        peer.wait("StopTransaction", transactionId=number)
        assert transactions(peer) == [("APP1", 1, "Remote")]


def test_a_session_while_nobody_can_be_reached(peer: Peer) -> None:
    with registered(peer, allow_offline_tx_for_unknown_id=True) as station:
        with offline(peer):
            station.look(plugged=True)
            station.tap()
            station.charge_now()
            station.tap()
            station.open_contactor(register_wh=1007)
            station.leave(register_wh=1007)
        peer.wait("StopTransaction", meterStop=1007)
        assert transactions(peer) == [(CARD, 7, "Local")]


def test_reservations(peer: Peer) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    asked = {"connectorId": 1, "expiryDate": until, "idTag": CARD, "reservationId": 7}
    with registered(peer) as station:
        assert peer.call("ReserveNow", {**asked, "parentIdTag": "FLEET"}) == ACCEPTED
        station.tells("Reserved")
        assert peer.call("CancelReservation", {"reservationId": 8}) == {"status": "Rejected"}
        assert peer.call("CancelReservation", {"reservationId": 7}) == ACCEPTED
        assert peer.call("ReserveNow", {**asked, "reservationId": 9}) == ACCEPTED
        station.begin()
        assert peer.wait("StartTransaction").payload["reservationId"] == 9
        assert peer.call("ReserveNow", asked) == {"status": "Occupied"}
        station.finish(register_wh=1001)


def test_the_local_list(peer: Peer) -> None:
    entries = [{"idTag": CARD, "idTagInfo": {"status": "Accepted", "expiryDate": "2099-01-01T00:00:00Z"}}]
    sent = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    with registered(peer, local_pre_authorize=True) as station:
        assert peer.call("GetLocalListVersion") == {"listVersion": 0}
        assert peer.call("SendLocalList", sent) == ACCEPTED
        assert peer.call("SendLocalList", {**sent, "updateType": "Differential"}) == {"status": "VersionMismatch"}
        assert peer.call("GetLocalListVersion") == {"listVersion": 3}
        station.begin()
        assert peer.frames("Authorize") == []
        station.finish(register_wh=1001)


def test_keys_availability_and_the_cache(peer: Peer) -> None:
    with registered(peer, connectors=2) as station:
        told = peer.call("GetConfiguration", {"key": []})["configurationKey"]
        assert {"HeartbeatInterval", "NumberOfConnectors"} <= {each["key"] for each in told}
        assert peer.call("GetConfiguration", {"key": ["Nonsense"]})["unknownKey"] == ["Nonsense"]
        for value, status in (("600", "Accepted"), ("soon", "Rejected")):
            assert peer.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": value})["status"] == status
        assert peer.call("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}) == ACCEPTED
        for number in (0, 1, 2):
            station.tells("Unavailable", number)
        peer.mark()
        assert peer.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"}) == ACCEPTED
        station.tells("Available", 0)
        assert peer.call("ClearCache") == ACCEPTED
        assert peer.call("DataTransfer", {"vendorId": "com.example"}) == {"status": "UnknownVendorId"}


def test_what_is_triggered(peer: Peer) -> None:
    with registered(peer, connectors=2) as station:
        station.tell_readings()
        peer.mark()
        for message in ("Heartbeat", "StatusNotification", "MeterValues", "FirmwareStatusNotification"):
            assert peer.call("TriggerMessage", {"requestedMessage": message}) == ACCEPTED
            peer.wait(message)
        assert peer.call("TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Rejected"}
        assert (
            peer.call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 9})["status"] == "Rejected"
        )


def test_faults_statuses_and_the_lock(peer: Peer) -> None:
    with registered(peer, capability=SOCKET) as station:
        station.look(plugged=False, locked=False, faults=frozenset({"GroundFailure"}))
        station.tells("Faulted", errorCode="GroundFailure")
        peer.mark()
        station.look(plugged=False, locked=False)
        station.tells("Available", errorCode="NoError")
        station.begin(locked=True)
        station.leave(locked=True, register_wh=1001)
        peer.wait("StopTransaction", reason="EVDisconnected")
        assert peer.call("UnlockConnector", {"connectorId": 9}) == {"status": "NotSupported"}


def test_security_events_and_firmware(peer: Peer) -> None:
    boards = Boards()
    with registered(peer), shelf(file=IMAGE), boards.at_work():
        described()
        services.security_event(SecurityEvent.FIRMWARE_UPDATED, "by hand")
        peer.wait("SecurityEventNotification", type="FirmwareUpdated", techInfo="by hand")
        assert peer.call("UpdateFirmware", order()) == {}
        peer.wait("FirmwareStatusNotification", status="Installed")


def test_a_link_that_breaks_boots_once(peer: Peer) -> None:
    with registered(peer) as station:
        peer.mark()
        peer.cut()
        station.tells("Available", 0)
        station.tells("Available", 1)
        wait_until(link_is_up_now)
        assert peer.frames("BootNotification") == []


def test_what_the_station_refuses_is_an_error_of_1_6(peer: Peer) -> None:
    most = [f"Key{number}" for number in range(500)]
    with registered(peer):
        with pytest.raises(Refused) as refused:
            peer.call("GetConfiguration", {"key": most})
        assert refused.value.code == "PropertyConstraintViolation"
        assert peer.report()["errorsOfStation"] == 1


def test_it_counts_what_is_wrong(peer: Peer) -> None:
    """The judge is awake: a text that is no frame, a field too many, and a second CALL before the first is answered."""
    with connect(f"{peer.url}/{peer.identity}", subprotocols=[Subprotocol("ocpp1.6")]) as link:
        link.send("nonsense")
        link.send('[2,"1","Heartbeat",{"colour":"red"}]')
        for number in (2, 3):
            link.send(f'[2,"{number}","Heartbeat",{{}}]')
        for _ in range(4):
            link.recv(timeout=PATIENCE_S)
        report = peer.report()
    assert {name: report[name] for name in NOTHING_WRONG} == dict.fromkeys(NOTHING_WRONG, 1)
    peer.forgive()
