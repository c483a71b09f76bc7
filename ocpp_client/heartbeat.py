"""Is a sign of life due? OCPP 1.6 section 4.6: after HeartbeatInterval without any other message."""

from __future__ import annotations

from charging.clock import Moment
from ocpp_client import configuration, registering
from ocpp_client.due import Due


def due(moment: Moment, sent_s: float) -> Due | None:
    """A Heartbeat, when the last message of ours is an interval old."""
    interval_s = configuration.integer("HeartbeatInterval")
    silent = interval_s > 0 and moment.mono_s - sent_s >= interval_s
    return message() if silent else None


def message() -> Due:
    """A Heartbeat now."""
    return Due(action="Heartbeat", payload={}, confirmed=registering.time_told)
