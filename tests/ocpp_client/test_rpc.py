"""Calls and answers: W1..W22 are the weak points of the `ocpp` package that ours closes, N1..N10 negative tests."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from ocpp_client import rpc as rpc_module
from ocpp_client.errors import AnswerUnusable, CallRefused, CallTimedOut, LinkLost
from ocpp_client.frames import Payload
from ocpp_client.rpc import (
    MOST_IN_WORK,
    Answer,
)

from .far_end import ACCEPTED, BOOT, NOW, FarEnd, Gate, accept, eventually, turns_of_the_loop


async def test_a_call_brings_its_answer() -> None:
    far_end = FarEnd()
    calling = far_end.begin("BootNotification", BOOT)
    kind, message_id, action, payload = await far_end.take()
    assert (kind, action, payload) == (2, "BootNotification", BOOT)
    assert uuid.UUID(message_id).version == 4
    assert len(message_id) == 36
    far_end.says(3, message_id, {"status": "Accepted", "interval": 300, **NOW, "surplus": 1})
    assert await calling == {"status": "Accepted", "interval": 300, **NOW}


async def test_w11_calls_leave_one_at_a_time_in_the_order_they_were_made() -> None:
    far_end = FarEnd()
    big = {"vendorId": "v", "data": "x" * 100_000}
    calls = [far_end.begin("DataTransfer", big), far_end.begin("Heartbeat"), far_end.begin("BootNotification", BOOT)]
    for action, answer in [("DataTransfer", ACCEPTED), ("Heartbeat", NOW), ("BootNotification", ACCEPTED)]:
        _, message_id, sent, _ = await far_end.take()
        assert sent == action
        assert await far_end.silent()
        far_end.says(3, message_id, answer)
    assert [len(answer) for answer in await asyncio.gather(*calls)] == [1, 1, 2]


async def test_a_call_is_answered_while_ours_is_outstanding() -> None:
    far_end = FarEnd(accept)
    calling = far_end.begin()
    _, message_id, _, _ = await far_end.take()
    far_end.calls("Reset", {"type": "Soft"})
    assert await far_end.take() == [3, "7", ACCEPTED]
    far_end.says(3, message_id, NOW)
    assert await calling == NOW


async def test_w9_who_answers_may_call() -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        await far_end.rpc.call("Heartbeat", {}, 5)
        return ACCEPTED

    far_end = FarEnd(answer)
    far_end.calls("Reset", {"type": "Soft"})
    _, message_id, action, _ = await far_end.take()
    assert action == "Heartbeat"
    far_end.says(3, message_id, NOW)
    assert await far_end.take() == [3, "7", ACCEPTED]


async def test_w10_a_stuck_answer_blocks_neither_receiving_nor_calling() -> None:
    gate = Gate()
    far_end = FarEnd(gate.answer)
    far_end.calls("Reset", {"type": "Soft"}, "stuck")
    far_end.calls("Nonsense", {}, "other")
    assert (await far_end.take())[1:3] == ["other", "NotImplemented"]
    calling = far_end.begin()
    far_end.says(3, (await far_end.take())[1], NOW)
    assert await calling == NOW
    gate.open.set()
    assert await far_end.take() == [3, "stuck", ACCEPTED]


async def test_w10_an_answer_that_never_comes_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rpc_module, "ANSWER_TIMEOUT_S", 0.01)
    far_end = FarEnd(Gate().answer)
    far_end.calls("Reset", {"type": "Soft"})
    assert (await far_end.take())[:3] == [4, "7", "InternalError"]
    assert far_end.counters.failed == 1
    assert "Reset of the central system could not be answered" in caplog.text


async def test_calls_beyond_the_bound_are_refused_as_busy() -> None:
    gate = Gate()
    far_end = FarEnd(gate.answer)
    for number in range(MOST_IN_WORK + 3):
        far_end.calls("ClearCache", {}, f"id-{number}")
    for number in range(MOST_IN_WORK, MOST_IN_WORK + 3):
        kind, message_id, code, description, _ = await far_end.take()
        assert (kind, message_id, code) == (4, f"id-{number}", "InternalError")
        assert "busy" in description
    assert (len(gate.asked), far_end.counters.busy) == (MOST_IN_WORK, 3)
    gate.open.set()
    answered = {(await far_end.take())[1] for _ in range(MOST_IN_WORK)}
    assert len(answered) == MOST_IN_WORK
    # A refusal for want of room is no answer to remember.
    far_end.calls("ClearCache", {}, f"id-{MOST_IN_WORK}")
    assert await far_end.take() == [3, f"id-{MOST_IN_WORK}", ACCEPTED]


async def test_w12_pending_calls_fail_at_once_when_the_link_is_lost() -> None:
    far_end = FarEnd()
    calls = [far_end.begin(timeout_s=3_600) for _ in range(3)]
    await far_end.take()
    far_end.rpc.close("The connection broke")
    far_end.rpc.close("A second reason")
    async with asyncio.timeout(1):
        lost = await asyncio.gather(*calls, return_exceptions=True)
    assert [str(error) for error in lost] == ["The connection broke"] * 3
    with pytest.raises(LinkLost, match="The connection broke"):
        await far_end.rpc.call("Heartbeat", {}, 5)
    assert await far_end.silent()


async def test_w12_a_call_that_cannot_leave_fails_at_once_when_the_link_is_lost() -> None:
    far_end = FarEnd()
    far_end.reads.clear()
    calling = far_end.begin(timeout_s=3_600)
    await turns_of_the_loop()
    far_end.rpc.close("The connection broke")
    with pytest.raises(LinkLost, match="The connection broke"):
        await calling


async def test_w12_a_call_fails_when_the_socket_says_so() -> None:
    far_end = FarEnd()
    far_end.lost = "The connection broke"
    with pytest.raises(LinkLost, match="The connection broke"):
        await far_end.rpc.call("Heartbeat", {}, 3_600)


async def test_w20_a_call_has_its_own_time_and_the_next_one_goes_on() -> None:
    far_end = FarEnd()
    with pytest.raises(CallTimedOut, match=r"Heartbeat was not answered within 0\.01 s"):
        await far_end.rpc.call("Heartbeat", {}, 0.01)
    _, late, _, _ = await far_end.take()
    calling = far_end.begin("BootNotification", BOOT)
    _, message_id, _, _ = await far_end.take()
    far_end.says(3, late, NOW)
    assert not calling.done()
    far_end.says(3, message_id, ACCEPTED)
    assert (await calling)["status"] == "Accepted"
    assert (far_end.counters.late, far_end.counters.unknown) == (1, 0)


async def test_w20_the_time_of_a_call_begins_when_it_is_sent() -> None:
    far_end = FarEnd()
    first = far_end.begin(timeout_s=0.2)
    second = far_end.begin("BootNotification", BOOT, timeout_s=0.2)
    with pytest.raises(CallTimedOut):
        await first
    await far_end.take()
    _, message_id, _, _ = await far_end.take()
    far_end.says(3, message_id, ACCEPTED)
    assert (await second)["status"] == "Accepted"


async def test_w20_a_far_end_that_does_not_read_holds_no_call_beyond_its_time() -> None:
    far_end = FarEnd()
    far_end.reads.clear()
    for _ in range(2):
        with pytest.raises(CallTimedOut):
            await far_end.rpc.call("Heartbeat", {}, 0.01)
    await eventually(lambda: not far_end.rpc._tasks)


async def test_a_cancelled_call_makes_room_for_the_next() -> None:
    far_end = FarEnd()
    first, waiting, last = far_end.begin(), far_end.begin(), far_end.begin()
    _, message_id, _, _ = await far_end.take()
    waiting.cancel()
    first.cancel()
    _, second_id, _, _ = await far_end.take()
    far_end.says(3, message_id, NOW)
    far_end.says(3, second_id, NOW)
    assert await last == NOW
    assert first.cancelled()
    assert waiting.cancelled()
    assert far_end.counters.late == 1


async def test_w13_a_refusal_is_told_whole() -> None:
    far_end = FarEnd()
    calling = far_end.begin()
    far_end.says(4, (await far_end.take())[1], "Vendor.Mood", "not today", {"until": "tomorrow"})
    with pytest.raises(CallRefused, match=r"refused with Vendor\.Mood: not today") as raised:
        await calling
    assert (raised.value.code, raised.value.description) == ("Vendor.Mood", "not today")
    assert raised.value.details == {"until": "tomorrow"}


async def test_w13_a_refusal_of_three_elements_is_one() -> None:
    far_end = FarEnd()
    calling = far_end.begin()
    far_end.says(4, (await far_end.take())[1], "GenericError")
    with pytest.raises(CallRefused, match="GenericError"):
        await calling


async def test_w15_an_answer_without_what_is_needed_fails_the_call_at_once() -> None:
    far_end = FarEnd()
    calling = far_end.begin("BootNotification", BOOT, timeout_s=3_600)
    far_end.says(3, (await far_end.take())[1], {"status": "Perhaps"})
    with pytest.raises(AnswerUnusable, match="BootNotification cannot be used: status is none of the values"):
        await calling
    assert [why.code for why in far_end.invalid] == ["PropertyConstraintViolation"]


async def test_w18_answers_that_nobody_waits_for_are_dropped_at_once() -> None:
    far_end = FarEnd()
    for number in range(2_000):
        far_end.says(3, f"unsolicited-{number}", NOW)
        far_end.says(4, f"unsolicited-{number}", "GenericError", "", {})
    calling = far_end.begin()
    far_end.says(3, "unsolicited", {"currentTime": "2000-01-01T00:00:00Z"})
    far_end.says(3, (await far_end.take())[1], NOW)
    assert await calling == NOW
    assert (far_end.counters.unknown, far_end.counters.late) == (4_001, 0)
    assert await far_end.silent()


async def test_n8_the_first_of_two_answers_counts() -> None:
    far_end = FarEnd()
    calling = far_end.begin()
    message_id = (await far_end.take())[1]
    far_end.says(3, message_id, NOW)
    far_end.says(4, message_id, "GenericError", "", {})
    assert await calling == NOW
    far_end.says(3, message_id, NOW)
    assert far_end.counters.late == 2


@pytest.mark.parametrize("rest", ["", ',"text"', ",[]", ',{"currentTime":', ',{"currentTime":"x"},{}'])
async def test_n8_an_unreadable_answer_leaves_the_call_waiting(rest: str) -> None:
    far_end = FarEnd()
    calling = far_end.begin()
    message_id = (await far_end.take())[1]
    far_end.rpc.received(f'[3,"{message_id}"{rest}]')
    assert await far_end.silent()
    assert not calling.done()
    assert far_end.counters.malformed == 1
    far_end.says(3, message_id, NOW)
    assert await calling == NOW
