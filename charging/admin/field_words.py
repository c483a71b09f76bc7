"""What the fields of facts, outputs, readings and capabilities are called on the page of a connector."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from charging.words import Text

FIELD_WORDS: Final[dict[str, Text]] = {
    # facts: charging.domain.connector.Connector
    "plugged": _("plugged in"),
    "loose": _("perhaps unplugged (one frame)"),
    "ev_ready": _("vehicle asks for energy"),
    "delivering": _("contactor closed (feedback)"),
    "locked": _("lock closed (feedback)"),
    "pilot": _("pilot state"),
    "phase": _("phase of the board"),
    "board_faults": _("faults of the board"),
    "lost_s": _("silent since (monotonic), s"),
    "own_faults": _("faults found here"),
    "latches": _("latched, to be acknowledged"),
    "session": _("session open"),
    "authorization": _("authorization"),
    "transaction": _("transaction"),
    "stop": _("wanted stop"),
    "finishing": _("finished, plug still in"),
    "cable_owner": _("cable kept for"),
    "returning": _("after an interruption"),
    "reservation": _("reservation"),
    "inoperative": _("held out of service by"),
    "becomes_inoperative": _("out of service when idle, by"),
    "leases": _("limits granted"),
    "claimed_by": _("in use by connector"),
    # outputs: charging.domain.outputs.Outputs
    "enable": _("charging enabled"),
    "available": _("available"),
    "authorized": _("authorized"),
    "limit_a": _("limit, A per phase"),
    "limit_w": _("limit, W"),
    "lock": _("lock wanted"),
    "light": _("light"),
    # reading: charging.snapshot.ReadingShown
    "age_s": _("age, s"),
    "power_w": _("power, W"),
    "currents_a": _("currents, A"),
    "voltages_v": _("voltages, V"),
    "register_wh": _("register, Wh"),
    "soc_percent": _("state of charge, %"),
    "limited_by": _("limited by"),
    "temperatures_c": _("temperatures, °C"),
    # serial line: charging.lines
    "line_path": _("line"),
    "unit": _("unit"),
    "line_health": _("health"),
    "reply_time": _("reply time, p50 · p99"),
    "contact": _("contact"),
    # capability: charging.domain.capability.Capability, and which board
    "board_serial": _("board serial"),
    "board_index": _("index on the board"),
    "register_checkpoint_wh": _("register checkpoint, Wh"),
    "direct_current": _("direct current"),
    "phases": _("phases"),
    "minimum_a": _("minimum, A"),
    "maximum_a": _("maximum, A"),
    "minimum_w": _("minimum, W"),
    "maximum_w": _("maximum, W"),
    "has_lock": _("has a lock"),
    "can_resume": _("can go on without plugging in again"),
    "exclusion_group": _("one at a time in group"),
}
