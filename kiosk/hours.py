"""Times of a day as the owner writes them: `07:00`, and `07:00-12:00, 13:00-18:00` for the hours of a weekday."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
SPAN: Final = re.compile(rf"({TIME.pattern})-({TIME.pattern}|24:00)")
LONGEST_HOURS: Final = 40  # three spans
DAY_MIN: Final = 24 * 60


def time_of_day(text: str) -> None:
    """Raises ValidationError for what is no time of a day."""
    if not TIME.fullmatch(text):
        raise ValidationError(_("This is no time of a day: write it as 07:00."))


def opening_hours(text: str) -> None:
    """Raises ValidationError for what cannot be read as the hours of one weekday.

    A span that ends at or before its begin goes on into the next day, and only the last of a day may.
    """
    spans = [SPAN.fullmatch(part.strip()) for part in text.split(",")]
    if not all(spans):
        raise ValidationError(_("These are no hours: write them as 07:00-22:00, or 07:00-12:00, 13:00-18:00."))
    edges = [_minutes(edge) for span in spans if span for edge in (span[1], span[3])]
    if edges[-1] <= edges[-2]:
        edges[-1] += DAY_MIN
    if any(later <= earlier for earlier, later in pairwise(edges)):
        raise ValidationError(_("These hours overlap, or are not in their order: write the earlier ones first."))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
