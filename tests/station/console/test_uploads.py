"""Uploads in the console: one sentence each, and no password of the server they go to."""

from __future__ import annotations

import pytest
from django.test import Client

from charging.clock import now
from ocpp_client.models import Upload

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


@pytest.mark.usefixtures("outlets")
def test_an_upload_is_one_sentence_and_its_password_is_not_shown(at_cabinet: Client) -> None:
    row = Upload.objects.create(
        kind=Upload.Kind.SECURITY_LOG,
        request_id=7,
        ordered_at=now().at,
        location="ftp://anna:verysecret@files.example/in/",
        file_name="security-log-CP1-20261126T120000Z.log",
        attempts_left=1,
        retry_interval_s=60,
        state=Upload.State.UPLOADING,
        reason="The server is away.",
    )
    listed = at_cabinet.get("/console/ocpp_client/upload/").content.decode()
    sentence = "security-log-CP1-20261126T120000Z.log is put together and uploaded now. The server is away."
    assert sentence in listed
    page = at_cabinet.get(f"/console/ocpp_client/upload/{row.pk}/change/").content.decode()
    assert "ftp://******@files.example/in/" in page
    assert "verysecret" not in page
