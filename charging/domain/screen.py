"""Why the station's own screen had to be started again."""

from __future__ import annotations

from enum import StrEnum


class ScreenCause(StrEnum):
    """What the parent saw of the browser; the journal has a sentence for each."""

    ENDED = "ended"
    PAGE_CRASHED = "page_crashed"
    SILENT = "silent"  # no report of the page
    BEHIND = "behind"  # reports of an old picture
