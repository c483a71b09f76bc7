"""What the trace keeps of frames that nobody should have sent."""

from __future__ import annotations

import pytest

from ocpp_client.models import Frame
from ocpp_client.trace import Trace

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


@pytest.mark.parametrize(
    ("text", "action", "message_id", "connector"),
    [
        (r'[2,"\ud800","Reset",{}]', "Reset", "?", None),
        (r'[2,"1","\udfffReset",{}]', "?Reset", "1", None),
        (r'[2,"1","Re\u0000set",{}]', "Re?set", "1", None),
        ('[2,"1","Reset",{"connectorId":1000000000000000000000000000000}]', "Reset", "1", None),
        ('[2,"1","Reset",{"connectorId":-1}]', "Reset", "1", None),
        ('[2,"1","Reset",{"connectorId":true}]', "Reset", "1", None),
        ('[2,"1","Reset",{"connectorId":2}]', "Reset", "1", 2),
        (r'[2,"1","X",{"key":"AuthorizationKey","value":"x","more":"\ud800"}]', "X", "1", None),
        (r'[2,"1","X",{"location":"ftp://anna:secret@files.example/\ud800"}]', "X", "1", None),
        ("[2,\0", "", "", None),
    ],
)
def test_n5_n7_a_frame_that_no_row_can_hold_is_kept_as_far_as_it_goes(
    text: str, action: str, message_id: str, connector: int | None
) -> None:
    trace = Trace()
    trace.add(text, sent=False, problem="\ud800\0")
    assert trace.write() == 1
    frame = Frame.objects.get()
    assert (frame.action, frame.message_id, frame.connector_number) == (action, message_id, connector)
    assert frame.problem == "??"
    assert "secret" not in frame.text
