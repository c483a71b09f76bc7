"""The station's own screen tells of itself."""

from __future__ import annotations

import logging

from django.db import DatabaseError

from charging import journal
from charging.domain.screen import ScreenCause

log = logging.getLogger(__name__)


def screen_started_again(cause: str) -> None:
    """Journal why the browser had to be started again: a ScreenCause; anything else is not told."""
    if cause not in set(ScreenCause):
        return
    try:
        with journal.one_commit():
            journal.record("ScreenStartedAgain", cause=cause)
    except DatabaseError:
        log.exception("Why the screen was started again could not be recorded: %s.", cause)
