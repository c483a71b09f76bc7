"""Calls of the central system: W1..W22 are weak points of the `ocpp` package that ours closes, N1..N10 bad input."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from ocpp_client.errors import ErrorCode, Invalid, Refuse
from ocpp_client.frames import Payload
from ocpp_client.rpc import (
    MOST_IN_WORK,
    MOST_REMEMBERED,
    MOST_REPETITIONS,
    MOST_UNADDRESSED,
    MOST_UNSENT,
    Answer,
    Direction,
)
from ocpp_client.schemas import REQUESTS_OF_CENTRAL_SYSTEM

from .far_end import ACCEPTED, NOW, FarEnd, Gate, accept, eventually, turns_of_the_loop
from .payloads import spoilt


async def test_w19_n7_a_repeated_call_gets_the_same_answer_and_is_done_once() -> None:
    asked = []

    async def answer(action: str, _payload: Payload) -> Payload | Answer:
        asked.append(action)
        return ACCEPTED if len(asked) == 1 else {"status": "Rejected"}

    far_end = FarEnd(answer)
    for _ in range(3):
        far_end.calls("RemoteStartTransaction", {"idTag": "x"})
        assert await far_end.take() == [3, "7", ACCEPTED]
    assert (asked, far_end.counters.repeated) == (["RemoteStartTransaction"], 2)


async def test_w19_n7_a_call_repeated_while_it_is_in_work_is_done_once() -> None:
    gate = Gate()
    far_end = FarEnd(gate.answer)
    for _ in range(3):
        far_end.calls("RemoteStartTransaction", {"idTag": "x"})
    assert await far_end.silent()
    gate.open.set()
    assert [await far_end.take() for _ in range(3)] == [[3, "7", ACCEPTED]] * 3
    assert len(gate.asked) == 1
    assert await far_end.silent()


async def test_w19_a_flood_of_one_call_in_work_is_answered_within_bounds() -> None:
    gate = Gate()
    far_end = FarEnd(gate.answer)
    for _ in range(1_000):
        far_end.calls("ClearCache", {})
    gate.open.set()
    await eventually(lambda: far_end.texts.qsize() == 1 + MOST_REPETITIONS)
    await turns_of_the_loop()
    assert far_end.texts.qsize() == 1 + MOST_REPETITIONS


async def test_w19_a_refusal_is_remembered_too() -> None:
    far_end = FarEnd()
    far_end.calls("Reset", {"type": "Sideways"})
    refusal = await far_end.take()
    far_end.calls("Reset", {"type": "Sideways"})
    assert await far_end.take() == refusal
    assert len(far_end.invalid) == 1


async def test_n7_an_id_that_was_used_for_another_call_is_refused() -> None:
    gate = Gate()
    far_end = FarEnd(gate.answer)
    far_end.calls("Reset", {"type": "Soft"})
    far_end.calls("Reset", {"type": "Hard"})
    assert (await far_end.take())[:3] == [4, "7", "GenericError"]
    gate.open.set()
    assert await far_end.take() == [3, "7", ACCEPTED]
    far_end.calls("ClearCache", {})
    assert (await far_end.take())[:3] == [4, "7", "GenericError"]
    assert gate.asked == ["Reset"]
    assert [why.code for why in far_end.invalid] == ["GenericError"] * 2


async def test_w19_the_memory_of_answers_is_bounded_in_number() -> None:
    gate = Gate()
    gate.open.set()
    far_end = FarEnd(gate.answer)
    for number in range(MOST_REMEMBERED + 1):
        far_end.calls("ClearCache", {}, f"id-{number}")
        await far_end.take()
    far_end.calls("ClearCache", {}, "id-1")
    await far_end.take()
    assert len(gate.asked) == MOST_REMEMBERED + 1
    far_end.calls("ClearCache", {}, "id-0")
    await far_end.take()
    assert len(gate.asked) == MOST_REMEMBERED + 2


async def test_w19_the_memory_of_answers_is_bounded_in_size() -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        return {"status": "Accepted", "data": "x" * 100_000}

    far_end = FarEnd(answer)
    for number in range(20):
        far_end.calls("DataTransfer", {"vendorId": "v"}, f"id-{number}")
        await far_end.take()
    assert sum(len(asked.reply or "") for asked in far_end.rpc._remembered.values()) <= 512 * 1024
    assert len(far_end.rpc._remembered) == 5


@pytest.mark.parametrize(
    ("received", "message_id", "code"),
    [
        ("garbage", "-1", "FormationViolation"),
        (b"\xff\x00\x01", "-1", "FormationViolation"),
        ('[2,"1","Reset"]', "1", "FormationViolation"),
        ('[2,"1","Reset",{},{}]', "1", "FormationViolation"),
        ('[2,"1",{},{}]', "1", "NotImplemented"),
        ('[2,"1",["Reset"],{}]', "1", "NotImplemented"),
        ('[2,"1","' + "x" * 10_000 + '",{}]', "1", "NotImplemented"),
        ('[2,"1","reset",{"type":"Hard"}]', "1", "NotImplemented"),
        ('[2,"1","BootNotification",{}]', "1", "NotSupported"),
        ('[2,"1","Reset",{"type":' + "9" * 5_000 + "}]", "1", "PropertyConstraintViolation"),
        ('[2,"1","Reset",' + "[" * 100_000, "1", "FormationViolation"),
        ('[2,"1","SetChargingProfile",{"limit":NaN}]', "1", "FormationViolation"),
        ('[2,"1","Reset",{"type":"Hard","x":1}]', "1", "FormationViolation"),
        ('[2,"1","Reset",{"type":"Sideways"}]', "1", "PropertyConstraintViolation"),
        ('[2,"1","Reset",{"type":1}]', "1", "TypeConstraintViolation"),
        ('[2,"1","Reset",{}]', "1", "OccurenceConstraintViolation"),
        ('[2,"1","Reset",null]', "1", "OccurenceConstraintViolation"),
    ],
)
async def test_w1_to_w7_what_is_wrong_is_refused_and_the_next_call_is_answered(
    received: str | bytes, message_id: str, code: str
) -> None:
    far_end = FarEnd(accept)
    far_end.rpc.received(received)
    kind, answered_id, answered_code, description, details = await far_end.take()
    assert (kind, answered_id, answered_code, details) == (4, message_id, code, {})
    assert 0 < len(description) < 255
    assert [why.code for why in far_end.invalid] == [code]
    assert far_end.counters.malformed + far_end.counters.invalid == 1
    far_end.calls("Reset", {"type": "Soft"}, "next")
    assert await far_end.take() == [3, "next", ACCEPTED]


async def test_n6_every_spoilt_field_of_every_action_is_refused_with_its_code() -> None:
    far_end = FarEnd()
    spoilt_frames = [(action, bad) for action in sorted(REQUESTS_OF_CENTRAL_SYSTEM) for bad in spoilt(action)]
    wrong = []
    for number, (action, bad) in enumerate(spoilt_frames):
        far_end.calls(action, bad.payload, f"id-{number}")
        if (await far_end.take())[:3] != [4, f"id-{number}", bad.code]:
            wrong.append((action, str(bad)))
    assert wrong == []
    assert far_end.counters.invalid == len(spoilt_frames) > 900


@pytest.mark.parametrize("received", ['[9,"1","Reset",{}]', '[true,"1","Reset",{}]', '[3,"1"]', "[4]"])
async def test_n1_what_the_text_ignores_is_counted_and_not_answered(received: str) -> None:
    far_end = FarEnd()
    far_end.rpc.received(received)
    assert await far_end.silent()
    assert (far_end.counters.malformed, len(far_end.invalid)) == (1, 1)


async def test_two_systems_do_not_quarrel_about_garbage_for_ever() -> None:
    far_end = FarEnd(accept)
    for _ in range(100):
        far_end.rpc.received("garbage")
    for _ in range(MOST_UNADDRESSED):
        assert (await far_end.take())[1] == "-1"
    assert await far_end.silent()
    # Who says something sensible is listened to again; a call that names its id always is.
    far_end.rpc.received('[2,"1","Reset"]')
    assert (await far_end.take())[1] == "1"
    far_end.calls("ClearCache", {})
    await far_end.take()
    far_end.rpc.received("garbage")
    assert (await far_end.take())[1] == "-1"


async def test_w8_a_huge_mistake_gets_a_small_answer() -> None:
    far_end = FarEnd()
    far_end.calls("Reset", {"type": "Hard", "x" * 200_000: "x" * 200_000})
    assert len(json.dumps(await far_end.take())) < 200


async def test_a_refusal_of_who_answers_is_passed_on() -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        raise Refuse(ErrorCode.NOT_SUPPORTED, "No reservations here")

    far_end = FarEnd(answer)
    far_end.calls("ReserveNow", {"connectorId": 1, "expiryDate": NOW["currentTime"], "idTag": "x", "reservationId": 1})
    assert await far_end.take() == [4, "7", "NotSupported", "No reservations here", {}]
    assert far_end.counters.failed == 0


async def test_a_mistake_of_who_answers_is_an_internal_error_that_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        raise KeyError("secret")

    far_end = FarEnd(answer)
    far_end.calls("ClearCache", {})
    refusal = await far_end.take()
    assert refusal[:3] == [4, "7", "InternalError"]
    assert "secret" not in json.dumps(refusal)
    assert "secret" in caplog.text
    assert far_end.counters.failed == 1


@pytest.mark.parametrize("answered", [{"status": "Accepted", "at": object()}, {"status": float("nan")}])
async def test_an_answer_that_json_does_not_know_is_an_internal_error(answered: Any) -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        return answered  # type: ignore[no-any-return]

    far_end = FarEnd(answer, strict=False)
    far_end.calls("ClearCache", {})
    assert (await far_end.take())[:3] == [4, "7", "InternalError"]


async def test_w5_w22_what_follows_an_answer_runs_after_it_left() -> None:
    followed = []

    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        async def restart() -> None:
            followed.append(far_end.texts.qsize())

        return Answer(ACCEPTED, restart)

    far_end = FarEnd(answer)
    far_end.reads.clear()
    far_end.calls("Reset", {"type": "Soft"})
    await turns_of_the_loop()
    assert followed == []
    far_end.reads.set()
    assert await far_end.take() == [3, "7", ACCEPTED]
    await eventually(lambda: followed == [1])


async def test_w5_w22_what_follows_an_answer_may_fail_without_harm(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise KeyError("lost")

    async def answer(action: str, _payload: Payload) -> Payload | Answer:
        return Answer(ACCEPTED, fail) if action == "Reset" else ACCEPTED

    far_end = FarEnd(answer)
    far_end.calls("Reset", {"type": "Soft"})
    assert await far_end.take() == [3, "7", ACCEPTED]
    await eventually(lambda: far_end.counters.failed == 1)
    assert "KeyError: 'lost'" in caplog.text
    far_end.calls("ClearCache", {}, "next")
    assert await far_end.take() == [3, "next", ACCEPTED]
    await eventually(lambda: not far_end.rpc._tasks)


async def test_w22_what_follows_an_answer_does_not_run_when_the_answer_could_not_leave() -> None:
    followed = []

    async def follow() -> None:
        followed.append(1)

    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        await gate.open.wait()
        return Answer(ACCEPTED, follow)

    gate = Gate()
    far_end = FarEnd(answer)
    far_end.calls("Reset", {"type": "Soft"})
    await turns_of_the_loop()
    far_end.rpc.close("The connection broke")
    gate.open.set()
    assert await far_end.silent()
    assert (followed, far_end.counters.unanswered) == ([], 1)


async def test_what_was_begun_is_finished_when_the_link_is_lost() -> None:
    finished: list[str] = []

    async def answer(action: str, _payload: Payload) -> Payload | Answer:
        await gate.open.wait()
        finished.append(action)
        return ACCEPTED

    gate = Gate()
    far_end = FarEnd(answer)
    far_end.calls("RemoteStartTransaction", {"idTag": "x"})
    await turns_of_the_loop()
    far_end.rpc.close("The connection broke")
    gate.open.set()
    await eventually(lambda: finished)
    assert await far_end.silent()


async def test_a_far_end_that_does_not_read_costs_no_memory() -> None:
    far_end = FarEnd(accept)
    far_end.reads.clear()
    for number in range(2_000):
        far_end.calls("ClearCache", {}, f"id-{number}")
        far_end.rpc.received('[2,"1","Reset"]')
        await turns_of_the_loop(1)
    assert len(far_end.rpc._tasks) == MOST_IN_WORK + MOST_UNSENT
    assert far_end.counters.unanswered == 4_000 - MOST_IN_WORK - MOST_UNSENT
    far_end.lost = "The connection broke"
    far_end.reads.set()
    await eventually(lambda: not far_end.rpc._tasks)
    assert far_end.counters.unanswered == 4_000


async def test_t22_a_call_of_ours_that_breaks_its_schema_is_an_error_in_tests() -> None:
    far_end = FarEnd()
    with pytest.raises(Invalid, match="chargePointModel is missing"):
        await far_end.rpc.call("BootNotification", {"chargePointVendor": "V"}, 1)
    assert far_end.counters.own_invalid == 1


async def test_t22_an_answer_of_ours_that_breaks_its_schema_is_an_error_in_tests() -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        return {"status": "Perhaps"}

    far_end = FarEnd(answer)
    far_end.calls("ClearCache", {})
    assert (await far_end.take())[2] == "InternalError"
    assert far_end.counters.own_invalid == 1


async def test_t22_frames_of_ours_that_break_their_schema_are_sent_and_counted_in_production(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(_action: str, _payload: Payload) -> Payload | Answer:
        return {"status": "Perhaps"}

    far_end = FarEnd(answer, strict=False)
    far_end.calls("ClearCache", {})
    assert await far_end.take() == [3, "7", {"status": "Perhaps"}]
    calling = far_end.begin("Heartbeat", {"surplus": 1})
    far_end.says(3, (await far_end.take())[1], NOW)
    assert await calling == NOW
    assert far_end.counters.own_invalid == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_the_trace_shows_every_frame_in_its_order() -> None:
    far_end = FarEnd(accept)
    calling = far_end.begin()
    message_id = (await far_end.take())[1]
    far_end.says(3, message_id, NOW)
    await calling
    far_end.calls("ClearCache", {})
    await far_end.take()
    far_end.rpc.received(b"\xff")
    await far_end.take()
    sent, received = Direction.SENT, Direction.RECEIVED
    assert [direction for direction, _ in far_end.trace] == [sent, received, received, sent, received, sent]
    assert [text for _, text in far_end.trace][4] == "\ufffd"
