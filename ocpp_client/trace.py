"""The frames of the link as rows for the console: secrets masked, written in batches, the oldest dropped."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError

from ocpp_client.masks import MASK, without_user
from ocpp_client.models import LONGEST_FRAME, Frame

log = logging.getLogger(__name__)

MOST_FRAMES: Final = 20_000  # about 10 MB
MOST_WAITING: Final = 1_000
LARGEST_CONNECTOR: Final = 32_767  # of its column
WORTH_A_COMMIT: Final = 50  # frames; fewer of them wait
WAITS_S: Final = 5.0  # a commit a second would wear the flash
# The value of a ChangeConfiguration that sets a password, whatever stands between the two fields (A01.FR.12).
_SECRET_KEYS: Final = ("authorizationkey",)
_ADDRESSES: Final = ("location", "remotelocation")  # of a server, perhaps with a password
_LOOKS_SECRET: Final = re.compile("|".join((*_SECRET_KEYS, *_ADDRESSES)), re.IGNORECASE)


class Trace:
    """Frames wait here, in memory, until the thread of the database writes them. The event loop calls `add`."""

    def __init__(self) -> None:
        self._waiting: deque[Frame] = deque(maxlen=MOST_WAITING)
        self._actions: deque[tuple[str, str]] = deque(maxlen=64)  # message id -> action, of calls just seen
        self._written_s = 0.0

    def add(self, text: str, *, sent: bool, problem: str = "") -> None:
        """Remember one frame; never raises."""
        masked = masked_of(text)
        kind, message_id, action, connector = self._read(text)
        if kind == "call":
            self._actions.append((message_id, action))
        else:
            action = next((name for known, name in reversed(self._actions) if known == message_id), "")
        self._waiting.append(
            Frame(
                at=datetime.now(UTC),
                sent=sent,
                action=_storable(action, 40),
                message_id=_storable(message_id, 36),
                connector_number=connector,
                text=_storable(masked, LONGEST_FRAME),
                problem=_storable(problem, 300),
            )
        )

    def _read(self, text: str) -> tuple[str, str, str, int | None]:
        try:
            frame = json.loads(text)
            if frame[0] == 2:  # noqa: PLR2004 - CALL, OCPP-J 1.6 section 4.2.1
                connector = frame[3].get("connectorId")
                of_one = type(connector) is int and 0 <= connector <= LARGEST_CONNECTOR
                return "call", str(frame[1]), str(frame[2]), connector if of_one else None
            return "answer", str(frame[1]), "", None
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return "unreadable", "", "", None

    def write_when_due(self) -> int:
        """As write(), when enough waits or the first of it has waited long enough."""
        due = len(self._waiting) >= WORTH_A_COMMIT or time.monotonic() - self._written_s >= WAITS_S
        return self.write() if due else 0

    def write(self) -> int:
        """Write what waits, in the thread of the database; how many. What cannot be written is lost."""
        self._written_s = time.monotonic()
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not batch:
            return 0
        try:
            Frame.objects.bulk_create(batch, batch_size=WORTH_A_COMMIT)
            newest = Frame.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            Frame.objects.filter(pk__lte=newest - MOST_FRAMES).delete()
        except DatabaseError as error:
            log.warning("%d frames of the link were not kept (%s).", len(batch), error)
        return len(batch)


def _storable(text: str, most: int) -> str:
    """What a database takes: JSON can say half of a surrogate pair and NUL, which no row can hold."""
    return text[:most].encode("utf-8", "replace").decode().replace("\0", "?")


def masked_of(text: str) -> str:
    """*text* without passwords. What cannot be read and may hold one is not shown at all."""
    if not _LOOKS_SECRET.search(text):
        return text
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return MASK
    return json.dumps(_masked(frame), ensure_ascii=False, separators=(",", ":"))


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, dict):
        return value
    value = {key: _without_user(key, each) for key, each in value.items()}
    names_a_secret = any(isinstance(each, str) and each.lower() in _SECRET_KEYS for each in value.values())
    return {
        key: MASK if key.lower() in _SECRET_KEYS or (names_a_secret and key == "value") else _masked(each)
        for key, each in value.items()
    }


def _without_user(key: str, value: Any) -> Any:
    return without_user(value) if key.lower() in _ADDRESSES and isinstance(value, str) else value
