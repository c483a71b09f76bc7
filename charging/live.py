"""Redis as a wire: wake-ups, heartbeats and live readings with a time to live. Never state, never needed.

Nothing here raises when Redis is away: a caller gets False, an empty answer, or waits out its own period.
After a failure Redis is left alone for a second, so that no loop pays for it every turn.
"""

from __future__ import annotations

import json
import logging
import math
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import redis
from django.conf import settings

log = logging.getLogger(__name__)

READING_LIVES_S: Final = 5
BRIGHTNESS_LIVES_S: Final = 10  # five readings of the sensor
HEARTBEAT_LIVES_S: Final = 3600
# Signs of life that come periodically, and when each is late. Other beats tell of something that was done once.
LATE_AFTER_S: Final = {
    "polling": 3.0,  # the watchdog's time: later the controllers have switched off by themselves
    "reader": 15.0,
    "canary.controllers": 30.0,
    "canary.links": 30.0,
}
CHANGED: Final = "station:changed"  # "read the rows again": kiosk, console
WAKE: Final = "station:wake"  # "take a turn now": polling
READINGS: Final = "station:readings"
BRIGHTNESS: Final = "station:brightness"
TURNS: Final = "station:turns"
ASK: Final = b"ask"
LINES: Final = b"lines"
FRAMES: Final = b"frames"  # and a space, and the line's path
STOP: Final = b"stop"
ANSWER_BYTES: Final = 200_000
LEAVE_ALONE_S: Final = 1.0
ANSWER_WITHIN_S: Final = 0.25


class _Wire:
    """One connection pool a process, and the moment until which a failed Redis is left alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: redis.Redis | None = None
        self._alone_until_s = 0.0

    def client(self) -> redis.Redis | None:
        if time.monotonic() < self._alone_until_s:
            return None
        with self._lock:
            if self._client is None:
                self._client = redis.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S
                )
            return self._client

    def failed(self, error: Exception) -> None:
        if self._alone_until_s == 0.0:
            log.warning("Redis does not answer (%s): the station goes on at its own period.", error)
        self._alone_until_s = time.monotonic() + LEAVE_ALONE_S

    def answered(self) -> None:
        if self._alone_until_s:
            log.warning("Redis answers again.")
            self._alone_until_s = 0.0


_wire = _Wire()


def _told(name: str, *arguments: Any) -> Any:
    """The answer of one command, or None when Redis is away."""
    client = _wire.client()
    if client is None:
        return None
    try:
        answer = client.execute_command(name, *arguments)  # type: ignore[no-untyped-call] # redis-py has no types here
    except (redis.RedisError, OSError) as error:
        _wire.failed(error)
        return None
    _wire.answered()
    return answer


def present() -> bool:
    """Whether Redis answers."""
    return bool(_told("PING"))


def changed() -> None:
    """Tell whoever shows something that the rows have changed."""
    _told("PUBLISH", CHANGED, "1")


def wake() -> None:
    """Make the polling loops take their next turn at once."""
    _told("PUBLISH", WAKE, "1")


def put_readings(line: str, readings: Mapping[int, Mapping[str, Any]]) -> None:
    """Live readings of one line's connectors, by number; gone READING_LIVES_S after the last line told.

    A reading that says when it was read ("at_s", monotonic) is as old as that.
    """
    told = json.dumps({"at_s": time.monotonic(), "connectors": {str(n): dict(r) for n, r in readings.items()}})
    _told("HSET", READINGS, line, told)
    _told("EXPIRE", READINGS, READING_LIVES_S)


def readings() -> dict[int, dict[str, Any]]:
    """The latest readings by connector number, each with its `age_s`.

    Without Redis the controllers process is asked directly; empty when that is away as well.
    """
    told = _told("HGETALL", READINGS)
    lines = told.values() if told is not None else asked_directly().get("lines", [])
    found: dict[int, dict[str, Any]] = {}
    for raw in lines:
        line = json.loads(raw)
        for number, reading in line["connectors"].items():
            age_s = max(time.monotonic() - reading.get("at_s", line["at_s"]), 0.0)
            # A board that moved is told by two lines, one of which will never tell again.
            if int(number) not in found or age_s < found[int(number)]["age_s"]:
                found[int(number)] = reading | {"age_s": age_s}
    return found


def put_brightness(level: str) -> None:
    """How bright it is at the screen; forgotten BRIGHTNESS_LIVES_S after the last time."""
    _told("SET", BRIGHTNESS, level, "EX", BRIGHTNESS_LIVES_S)


def brightness() -> str:
    """The level told last, or "" where no sensor tells one."""
    told = _told("GET", BRIGHTNESS)
    return told.decode("ascii") if told else ""


def turned(line: str, numbers: Iterable[int], at_s: float) -> None:
    """Say that *line* did a turn at *at_s* (monotonic): the sign of life of its own connectors, and of no others."""
    _told("HSET", TURNS, line, json.dumps({"at_s": at_s, "connectors": list(numbers)}))
    _told("EXPIRE", TURNS, HEARTBEAT_LIVES_S)


def turns() -> dict[int, float]:
    """Age in seconds of the last turn that any line did with a connector, by its number.

    Where Redis is away, has begun empty or tells of late turns, the controllers process itself is asked as well.
    """
    told = _told("HGETALL", TURNS) or {}
    ages_s = _ages_of([json.loads(raw) for raw in told.values()])
    if not ages_s or max(ages_s.values()) >= LATE_AFTER_S["polling"]:
        direct_s = _ages_of(asked_directly().get("turns", []))
        ages_s = {n: min(ages_s.get(n, math.inf), direct_s.get(n, math.inf)) for n in {*ages_s, *direct_s}}
    return dict(sorted(ages_s.items()))


def _ages_of(told: Iterable[Mapping[str, Any]]) -> dict[int, float]:
    """A board that moved is told by two lines, one of which will never tell again: the younger turn counts."""
    now_s = time.monotonic()
    ages_s: dict[int, float] = {}
    for line in told:
        for number in line["connectors"]:
            ages_s[number] = min(max(now_s - line["at_s"], 0.0), ages_s.get(number, math.inf))
    return ages_s


def beat(name: str) -> None:
    """Say that *name* is alive now."""
    _told("SET", f"beat:{name}", f"{time.monotonic():.3f}", "EX", HEARTBEAT_LIVES_S)


def heartbeats() -> dict[str, float]:
    """Age in seconds of every heartbeat by name. Without Redis only what the controllers process says of itself."""
    found = _told("KEYS", "beat:*")
    if found is None:
        return {str(name): float(age_s) for name, age_s in asked_directly().get("beats", {}).items()}
    names = sorted(found)
    if not names:
        return {}
    now_s = time.monotonic()
    ages = zip(names, _told("MGET", *names) or [], strict=False)
    return {name.decode().removeprefix("beat:"): max(now_s - float(at), 0.0) for name, at in ages if at}


def in_time(ages_s: Mapping[str, float], name: str) -> bool:
    """Whether the last sign of life of *name* is no older than it may be (LATE_AFTER_S)."""
    return ages_s.get(name, math.inf) < LATE_AFTER_S[name]


def controllers_socket() -> Path:
    """The datagram socket of the controllers process: software stops, and what is live when Redis is away."""
    return Path(settings.DATA_DIR) / "run" / "estop.sock"


def asked_directly(question: bytes = ASK) -> dict[str, Any]:
    """What the controllers process answers over its own socket; empty when it does not in time."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ask") as folder,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire,
        ):
            wire.settimeout(ANSWER_WITHIN_S)
            wire.bind(f"{folder}/answer")
            send_to_controllers(wire, question)
            answer: dict[str, Any] = json.loads(wire.recv(ANSWER_BYTES))
            return answer
    except (OSError, ValueError):
        return {}


def send_to_controllers(wire: socket.socket, datagram: bytes) -> None:
    """Send one datagram; raises OSError."""
    send_to(controllers_socket(), wire, datagram)


def send_to(path: Path, wire: socket.socket, datagram: bytes) -> None:
    """Send one datagram; raises OSError. The folder goes by its descriptor: a path may not exceed 107 bytes."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        wire.sendto(datagram, f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


class Listener:
    """Waits for one channel. Its own thread; `wait` returns within its timeout whatever Redis does."""

    def __init__(self, channel: str, heard: threading.Event) -> None:
        self._channel = channel
        self._heard = heard
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"listen {channel}", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End within a second."""
        self._stop.set()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._subscribed()
            except (redis.RedisError, OSError):
                self._stop.wait(LEAVE_ALONE_S)

    def _subscribed(self) -> None:
        # socket_timeout None: redis-py 8 would end an idle subscription after 5 s.
        client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=1.0)
        with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call] # as above
            subscription.subscribe(self._channel)
            self._heard.set()  # what was said while nobody listened
            while not self._stop.is_set():
                if subscription.get_message(timeout=1.0):
                    self._heard.set()
