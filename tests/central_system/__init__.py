"""A scripted central system, OCPP 1.6J, for tests. It shares no code with the product.

    with CentralSystem("CP1", password="secret") as central:      # a breach of any rule fails the test at the end
        central.boots("Pending", "Accepted", interval_s=1)
        central.card("04A2B3C4D5E6F7", "Accepted", parent="FLEET")
        ...                                                        # start a station against central.url
        central.wait("StatusNotification", connectorId=1, status="Available")
        assert central.call("RemoteStartTransaction", {"idTag": "X"}) == {"status": "Accepted"}
        central.swallow("StopTransaction", times=2)                # taken, but the answer is lost
        assert central.ledger().energy_wh == 1234

All calls are made from another thread than the server's and block; in an asyncio test use `asyncio.to_thread`.
The rules are `violations.Rule`; a test that provokes a breach takes it out with `central.forgive(Rule.SCHEMA)`.
"""

from __future__ import annotations

from .central import CentralSystem, NoLink, Refused
from .door import Shut
from .frames import Direction, Frame, Kind
from .ledger import Ledger, Transaction
from .violations import Rule, Violation

__all__ = [
    "CentralSystem",
    "Direction",
    "Frame",
    "Kind",
    "Ledger",
    "NoLink",
    "Refused",
    "Rule",
    "Shut",
    "Transaction",
    "Violation",
]
