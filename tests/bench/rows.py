"""Which rows are there? In the order in which they run; those of beside.BESIDE come last, together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from . import (
    costs,
    emergencies,
    first_paint,
    flash,
    hostile,
    lines,
    links,
    locks,
    pixels,
    queues,
    remote,
    screen_soak,
    screens,
    starts,
    touches,
    traffic,
    watchdogs,
)
from .measurement import Effort, Measurement

ROWS: Final[dict[str, Callable[[Effort], Measurement]]] = {
    "poll_one_line": lines.poll_one_line,
    "poll_four_lines": lines.poll_four_lines,
    "estop_to_wire": emergencies.estop_to_wire,
    "stop_to_contactor": touches.stop_to_contactor,
    "cpu": costs.cpu,
    "ready": starts.ready,
    "estop_from_screen": touches.estop_from_screen,
    "plug_to_pixel": pixels.plug_to_pixel,
    "commit_to_pixel": pixels.commit_to_pixel,
    "first_paint": first_paint.first_paint,
    "screen_soak": screen_soak.screen_soak,
    "screen_recovers": screens.screen_recovers,
    "hostile_screen": hostile.hostile_screen,
    "longest_write_lock": locks.longest_write_lock,
    "queue_drain": queues.queue_drain,
    "remote_start": remote.remote_start,
    "profile_to_current": remote.profile_to_current,
    "reconnect": remote.reconnect,
    "links_kills": links.links_kills,
    "links_frames": links.links_frames,
    "many": costs.many,
    "flash_bytes": flash.flash_bytes,
    "links_memory": traffic.links_memory,
    "memory": costs.memory,
    "watchdog": watchdogs.watchdog,
}
