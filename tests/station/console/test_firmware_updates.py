"""Firmware updates in the console: one sentence each, and no password of the server they come from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from charging import services
from charging.clock import now
from charging.models import Wish
from ocpp_client.masks import without_user
from ocpp_client.models import FirmwareUpdate

pytestmark = pytest.mark.django_db(databases=["default", "logs"])
State = FirmwareUpdate.State


def update(state: str, **more: Any) -> FirmwareUpdate:
    at = now().at
    ordered = {"ordered_at": at, "retrieve_at": at, "attempts_left": 3, "retry_interval_s": 60, "signed": True}
    location = "ftp://anna:verysecret@firmware.example/image.bin"
    return FirmwareUpdate.objects.create(**{"state": state, "location": location, "request_id": 7} | ordered | more)


@pytest.mark.usefixtures("outlets")
def test_an_update_is_one_sentence_and_its_password_is_not_shown(at_cabinet: Client) -> None:
    asked = services.wish(Wish.Kind.UPDATE_FIRMWARE, 1, who="test", file="ordered-1.bin")
    services.wish_moved(asked.pk, progress=40)
    boards = {"S1": {"connector": 1, "before": "1.4.2", "wish": asked.pk}, "S2": {"connector": 2, "wish": None}}
    row = update(State.INSTALLING, version="2.0.1", boards=boards)
    failed = update(State.INSTALLATION_FAILED, version="2.0.1", reason="Board S1: it has no supply.")
    listed = at_cabinet.get("/console/ocpp_client/firmwareupdate/").content.decode()
    assert "Firmware 2.0.1 is written to the controllers now. 20 % of it are done." in listed
    assert "Firmware 2.0.1 could not be installed. Board S1: it has no supply." in listed
    for each in (row, failed):
        page = at_cabinet.get(f"/console/ocpp_client/firmwareupdate/{each.pk}/change/").content.decode()
        assert "ftp://******@firmware.example/image.bin" in page
        assert "verysecret" not in page


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://firmware.example/a@b", "https://firmware.example/a@b"),
        ("ftp://u:p@ss@firmware.example/x", "ftp://******@firmware.example/x"),
        ("sftp://u@firmware.example", "sftp://******@firmware.example"),
        ("<script>", "<script>"),
    ],
)
def test_a_password_ends_at_the_last_at_sign(location: str, shown: str) -> None:
    assert without_user(location) == shown
