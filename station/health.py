"""GET /healthz: can connectors charge, and which part is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import redis
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from charging import live
from station.models import Person
from station.upkeep import sqlite_files

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_PING_S: Final = 1.0
LEAST_FREE_BYTES: Final = 2 * 1024 * 1024  # half of what the write-ahead log grows to between two checkpoints


def database_problem() -> str:
    """Read one row; the sentence says what to do when that fails."""
    try:
        Person.objects.exists()
    except DatabaseError as problem:
        return f"The database cannot be read ({problem}): check the disk, then run `python manage.py prepare`."
    return ""


def clock_problem(known: bool) -> str:
    """What it means that the clock is not known. Connectors charge all the same, so /healthz does not tell it."""
    if known:
        return ""
    return (
        "The clock is not known: check the network, or set it. Charging goes on; times are marked, and put right "
        "as soon as the clock is known. Cards with a validity are refused until then."
    )


def disk_problem() -> str:
    """Whether there is room where the record is written."""
    folders = {Path(settings.DATA_DIR), *(file.resolve().parent for file in sqlite_files())}
    for folder in sorted(folders):
        if free_bytes(folder) < LEAST_FREE_BYTES:
            return (
                f"The disk of {folder} is full: delete files that are not needed. Until then nothing new is recorded, "
                "so nobody can start, and a connector that needs a record is switched off."
            )
    return ""


def free_bytes(folder: Path) -> int:
    """What this account may still write there."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


def redis_problem() -> str:
    """Ask Redis for a sign of life."""
    timeouts = {"socket_timeout": LONGEST_PING_S, "socket_connect_timeout": LONGEST_PING_S}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as client:
            client.ping()
    except redis.RedisError as problem:
        return f"Redis does not answer ({problem}): it is started again; if it stays so, read its log."
    return ""


def polling_problem(ages_s: Mapping[str, float]) -> str:
    """Judge the age of the last healthy turn."""
    if live.in_time(ages_s, "polling"):
        return ""
    when = f"for {ages_s['polling']:.0f} s" if "polling" in ages_s else "yet"
    return f"The controllers have not been polled {when}: read the log of the worker `controllers`."


def lines_problem(ages_s: Mapping[int, float]) -> str:
    """Name the connectors whose own line has done no turn in time; the others are polled."""
    late = {number: age_s for number, age_s in ages_s.items() if age_s >= live.LATE_AFTER_S["polling"]}
    if not late:
        return ""
    which = ("Connector " if len(late) == 1 else "Connectors ") + ", ".join(map(str, late))
    polled = "has" if len(late) == 1 else "have"
    return (
        f"{which} {polled} not been polled for {min(late.values()):.0f} s: look at the adapter of the serial line, "
        "and read the log of the worker `controllers`."
    )


def turns_told(ages_s: Mapping[str, float]) -> Mapping[str, float]:
    """Where Redis is away, or has just begun empty, the controllers process itself says how old its turns are."""
    if "polling" in ages_s:
        return ages_s
    return {str(name): float(age_s) for name, age_s in live.asked_directly().get("beats", {}).items()}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """Answer 200 when connectors can charge, else 503.

    Shape: `{"healthy": bool, "problems": [sentence, ...], "heartbeats": {name: age in seconds}}`. `healthy` is true
    with 200. `problems` tells also what is missing while connectors charge: Redis, or the turns of a single line.
    """
    away = redis_problem()
    ages_s = live.heartbeats() if not away else {}
    asked = (database_problem(), disk_problem(), polling_problem(turns_told(ages_s)))
    hindrances = [problem for problem in asked if problem]
    late = "" if hindrances else lines_problem(live.turns())
    problems = [*hindrances, *(problem for problem in (away, late) if problem)]
    rounded_s = {name: round(age_s, 2) for name, age_s in sorted(ages_s.items())}
    return JsonResponse(
        {"healthy": not hindrances, "problems": problems, "heartbeats": rounded_s},
        status=503 if hindrances else 200,
    )
