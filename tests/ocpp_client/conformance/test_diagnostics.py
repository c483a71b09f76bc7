"""Diagnostics and logs on a server of the central system: OCPP 1.6 sections 4.4 and 5.9, security whitepaper N01."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from charging import services
from charging.domain.security import SecurityEvent
from ocpp_client.models import CentralSystem as Row
from ocpp_client.models import Upload
from tests.central_system import CentralSystem
from tests.conftest import wait_until
from tests.ocpp_client.clients import registered
from tests.ocpp_client.conformance.cases import case
from tests.ocpp_client.transfers.servers import HERE, http_server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "logs"])

DIAGNOSTICS = "DiagnosticsStatusNotification"
LOG = "LogStatusNotification"
PATIENCE_S = 30.0


def told(central: CentralSystem, message: str) -> list[dict[str, Any]]:
    """What was told since the mark."""
    return [frame.payload for frame in central.frames(message)]


def allowed() -> None:
    """The station's owner lets the central system use servers of this computer."""
    Row.objects.update(file_networks=HERE)


def log_order(url: str, kind: str = "SecurityLog", request_id: int = 7, **log: Any) -> dict[str, Any]:
    """GetLog."""
    return {"logType": kind, "requestId": request_id, "log": {"remoteLocation": url, **log}}


@case(
    "TC_045_1",
    file="ocpp_client/uploads/uploading.py",
    before="orders.move(row, State.UPLOADED, moment=moment)",
    after="pass",
)
def test_diagnostics_are_uploaded_under_the_name_that_was_told(central: CentralSystem) -> None:
    """TC_045_1."""
    with registered(central), http_server() as server:
        allowed()
        central.mark()
        name = central.call("GetDiagnostics", {"location": server.url("/in/")})["fileName"]
        central.wait(DIAGNOSTICS, status="Uploaded", timeout_s=PATIENCE_S)
        assert told(central, DIAGNOSTICS) == [{"status": "Uploading"}, {"status": "Uploaded"}]
        with zipfile.ZipFile(io.BytesIO(server.files[f"/in/{name}"])) as archive:
            assert archive.testzip() is None
            assert {"about.json", "configuration.json", "connectors.json", "journal.jsonl"} <= set(archive.namelist())


@case(
    "TC_045_2",
    file="ocpp_client/uploads/orders.py",
    before="move(row, FAILURES.get(why, State.UPLOAD_FAILURE), moment=moment, reason=reason)",
    after="pass",
)
def test_an_upload_that_fails_is_tried_as_often_as_asked_and_told_once(central: CentralSystem) -> None:
    """TC_045_2."""
    with registered(central), http_server(status=500) as server:
        allowed()
        central.mark()
        order = {"location": server.url("/in/"), "retries": 2, "retryInterval": 0}
        assert central.call("GetDiagnostics", order)["fileName"]
        central.wait(DIAGNOSTICS, status="UploadFailed", timeout_s=PATIENCE_S)
        assert told(central, DIAGNOSTICS) == [{"status": "Uploading"}, {"status": "UploadFailed"}]
        assert len(server.asked) == 2
        assert Upload.objects.get().reason == "127.0.0.1 answered HTTP 500 Internal Server Error."


def test_there_is_no_file_of_a_time_of_which_nothing_is_known(central: CentralSystem) -> None:
    """Section 5.9: then the answer holds no file name, and nothing is uploaded."""
    with registered(central), http_server() as server:
        allowed()
        before = {"stopTime": "2020-01-01T00:00:00Z"}
        turned = {"startTime": "2026-02-01T00:00:00Z", "stopTime": "2026-01-01T00:00:00Z"}
        for times in (before, turned, {"startTime": "2099-01-01T00:00:00Z"}):
            assert central.call("GetDiagnostics", {"location": server.url("/in/"), **times}) == {}
        assert not Upload.objects.exists()


@case(
    "TC_079",
    file="ocpp_client/uploads/notifications.py",
    before='return "LogStatusNotification", {"status": status, "requestId": row.request_id}',
    after='return "LogStatusNotification", {"status": status}',
)
def test_the_security_log_is_uploaded(central: CentralSystem) -> None:
    """TC_079: every status names the request (N01.FR.07)."""
    with registered(central), http_server() as server:
        allowed()
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION, "The disk is full.")
        central.mark()
        answer = central.call("GetLog", log_order(server.url("/in/")))
        assert answer["status"] == "Accepted"
        central.wait(LOG, status="Uploaded", timeout_s=PATIENCE_S)
        statuses = [{"status": "Uploading", "requestId": 7}, {"status": "Uploaded", "requestId": 7}]
        assert told(central, LOG) == statuses
        assert "MemoryExhaustion\tThe disk is full.\t" in server.files[f"/in/{answer['filename']}"].decode()


def test_a_log_of_diagnostics_is_the_same_as_diagnostics(central: CentralSystem) -> None:
    """N01.FR.04."""
    with registered(central), http_server() as server:
        allowed()
        answer = central.call("GetLog", log_order(server.url("/in/"), "DiagnosticsLog"))
        central.wait(LOG, status="Uploaded", requestId=7, timeout_s=PATIENCE_S)
        with zipfile.ZipFile(io.BytesIO(server.files[f"/in/{answer['filename']}"])) as archive:
            assert "journal.jsonl" in archive.namelist()


def test_a_log_of_a_time_of_which_nothing_is_known_is_rejected(central: CentralSystem) -> None:
    with registered(central), http_server() as server:
        order = log_order(server.url("/in/"), latestTimestamp="2020-01-01T00:00:00Z")
        assert central.call("GetLog", order) == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("status", "told_status"),
    [(400, "UploadFailure"), (403, "PermissionDenied"), (405, "NotSupportedOperation"), (411, "BadMessage")],
)
def test_a_failure_is_told_as_precisely_as_it_can_be(central: CentralSystem, status: int, told_status: str) -> None:
    """N01.FR.10."""
    with registered(central), http_server(status=status) as server:
        allowed()
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION)
        central.call("GetLog", {**log_order(server.url("/in/")), "retries": 1})
        central.wait(LOG, status=told_status, requestId=7, timeout_s=PATIENCE_S)


def test_another_log_takes_the_place_of_the_one_in_hand(central: CentralSystem) -> None:
    """N01.FR.11: nothing more is told of the first one."""
    with registered(central), http_server(status=500) as server:
        allowed()
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION)
        central.mark()
        first = {**log_order(server.url("/first/")), "retries": 5, "retryInterval": 3600}
        assert central.call("GetLog", first)["status"] == "Accepted"
        wait_until(lambda: server.asked, PATIENCE_S)
        server.status = 0
        answer = central.call("GetLog", log_order(server.url("/second/"), request_id=8))
        assert answer["status"] == "AcceptedCanceled"
        central.wait(LOG, status="Uploaded", requestId=8, timeout_s=PATIENCE_S)
        assert [payload for payload in told(central, LOG) if payload["requestId"] == 7] == [
            {"status": "Uploading", "requestId": 7}
        ]


def test_the_status_is_told_again_when_it_is_triggered(central: CentralSystem) -> None:
    """Section 4.4 and N01.FR.12: Idle, and no request, while nothing goes on."""
    with registered(central), http_server(status=500) as server:
        allowed()
        services.security_event(SecurityEvent.MEMORY_EXHAUSTION)
        slowly = {"retries": 5, "retryInterval": 3600}
        assert triggered(central, "TriggerMessage", DIAGNOSTICS) == {"status": "Idle"}
        assert triggered(central, "ExtendedTriggerMessage", LOG) == {"status": "Idle"}
        central.call("GetDiagnostics", {"location": server.url("/in/"), **slowly})
        central.wait(DIAGNOSTICS, status="Uploading", timeout_s=PATIENCE_S)
        assert triggered(central, "TriggerMessage", DIAGNOSTICS) == {"status": "Uploading"}
        assert triggered(central, "ExtendedTriggerMessage", LOG) == {"status": "Idle"}
        central.call("GetLog", {**log_order(server.url("/in/")), **slowly})
        central.wait(LOG, status="Uploading", requestId=7, timeout_s=PATIENCE_S)
        central.wait(DIAGNOSTICS, status="UploadFailed", timeout_s=PATIENCE_S)
        assert triggered(central, "ExtendedTriggerMessage", LOG) == {"status": "Uploading", "requestId": 7}
        assert triggered(central, "TriggerMessage", DIAGNOSTICS) == {"status": "Idle"}


def triggered(central: CentralSystem, trigger: str, message: str) -> Any:
    """What is told because it was asked for."""
    central.mark()
    assert central.call(trigger, {"requestedMessage": message}) == {"status": "Accepted"}
    return central.wait(message, timeout_s=PATIENCE_S).payload
