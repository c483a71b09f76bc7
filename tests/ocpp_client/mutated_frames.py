"""Frames of a central system that were injured on the way, and what is due to each of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from ocpp_client.errors import ErrorCode, Malformed
from ocpp_client.frames import UNREADABLE_ID, Call, parse
from ocpp_client.rpc import MOST_UNADDRESSED
from ocpp_client.schemas import REQUESTS_OF_CENTRAL_SYSTEM

from .far_end import ACCEPTED, NOW
from .payloads import schema_of, whole

ACTIONS: Final = sorted(REQUESTS_OF_CENTRAL_SYSTEM)
NASTY: Final = (
    *("null", "true", "[]", "{}", '""', "NaN", "-Infinity", "1e999", "-0", "1.5", "9" * 30, "-9223372036854775809"),
    *('"\\u0000"', '"\\ud800"', '"\\u202e"', '"' + "x" * 600 + '"', "[" * 40 + "]" * 40, '{"a":1,"a":2}', "\x00", '"'),
    *("'; DROP TABLE", "{{7*7}}", "%n%s", "<script>", "\r\nINFO fake", ",", "[", "}", "\\", "\ufeff"),
)
# Codes of OCPP-J 1.6, table 7; an answer carries no other.
CODES: Final = set(ErrorCode)


def valid_frames(chance: random.Random) -> Iterator[str]:
    """Calls with every field, and answers to nobody; ids repeat now and then."""
    number = 0
    while True:
        number += 1
        message_id = str(chance.randrange(number)) if chance.random() < 0.1 else f"{number}"
        action = chance.choice(ACTIONS)
        payload = whole(schema_of(action), schema_of(action))
        if chance.random() < 0.15:
            payload = chance.choice([NOW, ACCEPTED, None, {"idTagInfo": ACCEPTED}])
            yield json.dumps(chance.choice([[3, message_id, payload], [4, message_id, "GenericError", "", {}]]))
        else:
            yield json.dumps([2, message_id, action, payload])


def mutated(text: str, chance: random.Random) -> str | bytes:
    """*text* with up to four injuries; one in twenty stays whole, one in fifty is binary."""
    for _ in range(0 if chance.random() < 0.05 else chance.randint(1, 4)):
        at, length = chance.randrange(len(text) + 1), chance.choice([0, 0, 1, 1, 2, 8, 40])
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(NASTY) + text[at + length :]
            case 1:
                odd = chr(chance.choice([0, 9, 34, 44, 91, 93, 123, 125, 0xD7FF, chance.randrange(0xD7FF)]))
                text = text[:at] + odd + text[at + length :]
            case 2:
                text = text[:at] + text[at + length :]
            case _:
                begin = chance.randrange(len(text) + 1)
                text = text[:at] + text[begin : begin + 60] + text[at:]
    return text.encode() if chance.random() < 0.02 else text


def due_to(received: str | bytes, unreadable: int) -> tuple[str | None, int]:
    """The id that an answer has to carry, and how many unreadable frames came in a row."""
    try:
        frame = parse(received)
    except Malformed as why:
        if not why.answerable:
            return None, unreadable
        unreadable += why.message_id == UNREADABLE_ID
        silent = why.message_id == UNREADABLE_ID and unreadable > MOST_UNADDRESSED
        return None if silent else why.message_id, unreadable
    return frame.message_id if isinstance(frame, Call) else None, 0


def check(answer: list[Any], message_id: str) -> None:
    assert answer[1] == message_id
    if answer[0] == 4:
        assert answer[2] in CODES
        assert (len(answer), answer[4]) == (5, {})
        assert len(json.dumps(answer)) < 1_000
    else:
        assert (answer[0], len(answer)) == (3, 3)
