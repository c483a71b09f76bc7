"""The health of a serial line in words: of one unit, and of everything that is heard over a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as now_

from charging.lines import UnitTold

UNKNOWN_MS = "—"


def counted(number: int) -> str:
    """A whole number as it is read: 10,412."""
    return str(number_format(number, use_l10n=True, force_grouping=True))


def milliseconds(seconds: float | None) -> str:
    """A duration of the line; a dash where none was measured."""
    return UNKNOWN_MS if seconds is None else now_("%(number).1f ms") % {"number": seconds * 1000}


def damaged_of(units: Iterable[UnitTold]) -> tuple[int, int]:
    """(damaged, all) replies: cut short, wrong checksum, or what cannot be true."""
    told = list(units)
    damaged = sum(unit["truncated"] + unit["corrupted"] + unit["implausible"] for unit in told)
    return damaged, damaged + sum(unit["ok"] for unit in told)


def health_words(units: Iterable[UnitTold]) -> str:
    """One phrase: how many replies were damaged, how many requests got none."""
    told = list(units)
    damaged, replies = damaged_of(told)
    silent = sum(unit["no_reply"] for unit in told)
    if not replies:
        return now_("no reply yet")
    numbers: dict[str, Any] = {"damaged": counted(damaged), "replies": counted(replies), "silent": counted(silent)}
    words = now_("%(damaged)s of %(replies)s replies damaged") % numbers
    return f"{words}, {now_('%(silent)s not answered') % numbers}" if silent else words


def contact_words(unit: UnitTold) -> str:
    """Whether it answers, or when it is asked again."""
    if unit["asked_again_s"] is not None:
        return now_("silent, asked again in %(seconds).0f s") % {"seconds": unit["asked_again_s"]}
    if unit["answer_age_s"] is None:
        return now_("no reply yet")
    return now_("answered %(age).1f s ago") % {"age": unit["answer_age_s"]}
