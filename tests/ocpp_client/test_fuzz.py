"""Mutated frames against a living Rpc: it goes on, answers what can be answered, and needs no memory for it.

In the normal suite 3,000 frames of a fixed seed; `make fuzz` runs for a tenth of FUZZ_SECONDS (600) with a new seed,
printed, and for all of it against a whole client (tests/faults/frames_fuzz.py).
"""

from __future__ import annotations

import gc
import json
import os
import random
import secrets
import time
from pathlib import Path
from typing import Final

import hypothesis
import pytest

from ocpp_client.errors import ErrorCode, Refuse
from ocpp_client.frames import Payload
from ocpp_client.rpc import Answer
from ocpp_client.schemas import Kind

from .far_end import NOW, FarEnd, eventually
from .mutated_frames import check, due_to, mutated, valid_frames
from .payloads import schema_of, whole

SEED: Final = 20_261_006
FRAMES: Final = 3_000
MOST_GROWTH_MB: Final = 10
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def resident_mb() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE / 1e6


class Answerer:
    """A station that answers most calls, refuses some and fails at some, as its own dice fall."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    async def answer(self, action: str, payload: Payload) -> Payload | Answer:
        json.dumps(payload, allow_nan=False).encode()  # what gets here can be stored
        fallen = self.chance.random()
        if fallen < 0.05:
            raise Refuse(ErrorCode.NOT_SUPPORTED, "Not here")
        if fallen < 0.1:
            raise RuntimeError("A mistake")
        root = schema_of(action, Kind.CONFIRMATION)
        confirmed: Payload = whole(root, root)
        return confirmed


async def run(seed: int, frames: int, seconds: float) -> int:
    """Feed one Rpc and ask it for a sign of life after every hundred frames; return the number of frames."""
    chance = random.Random(seed)
    far_end = FarEnd(Answerer(random.Random(seed)).answer)
    source = valid_frames(chance)
    end_s = time.monotonic() + seconds
    before_mb, unreadable, count = 0.0, 0, 0
    while count < frames or time.monotonic() < end_s:
        count += 1
        received = mutated(next(source), chance)
        due, unreadable = due_to(received, unreadable)
        far_end.rpc.received(received)
        if due is not None:
            check(await far_end.take(), due)
        if count % 100 == 0:
            await sign_of_life(far_end, f"sign-of-life-{count}")
            unreadable = 0
        if count == 1_000:
            before_mb = resident_mb()
    assert resident_mb() - before_mb < MOST_GROWTH_MB
    assert far_end.counters.own_invalid == far_end.counters.unanswered == far_end.counters.busy == 0
    await eventually(lambda: not far_end.rpc._tasks)
    return count


async def sign_of_life(far_end: FarEnd, message_id: str) -> None:
    """It answers a call, and a call of its own gets its answer; nothing else was said meanwhile."""
    far_end.trace.clear()
    far_end.invalid.clear()
    assert far_end.texts.empty()
    far_end.calls("Nonsense", {}, message_id)
    assert (await far_end.take())[1:3] == [message_id, "NotImplemented"]
    calling = far_end.begin()
    far_end.says(3, (await far_end.take())[1], NOW)
    assert await calling == NOW


@pytest.mark.fuzz
async def test_mutated_frames_end_no_loop_and_leave_no_call_unanswered(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(100)  # the mistakes are on purpose
    long = hypothesis.settings.get_current_profile_name() == "fuzz"
    seed = secrets.randbits(32) if long else SEED
    seconds = float(os.environ.get("FUZZ_SECONDS", "600")) / 10 if long else 0.0
    with capsys.disabled():
        print(f"\nfuzz: seed {seed}")  # noqa: T201 - a failure must be repeatable
        count = await run(seed, FRAMES, seconds)
        print(f"fuzz: {count} frames")  # noqa: T201
    assert count >= FRAMES
