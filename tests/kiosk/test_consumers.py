"""The kiosk's websocket: what it sends, what it takes, what it survives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from kiosk import consumers
from kiosk.admission import FLOOD_MESSAGES, MESSAGES_PER_S, SOCKETS_PER_ADDRESS, Admission
from kiosk.answers import Answers
from kiosk.consumers import ONE_AT_A_TIME, POLICY_VIOLATION, TOO_FAST, KioskConsumer
from kiosk.push import Push
from tests.conftest import wait_until
from tests.kiosk.fakes import FixedAnswer, StationInMemory

WITHIN_S = 5.0


async def never_woken(_woken: asyncio.Event) -> None:
    """A Redis that is stopped."""


@pytest.fixture
def station() -> StationInMemory:
    return StationInMemory()


@pytest.fixture
def page(station: StationInMemory) -> Callable[[], WebsocketCommunicator]:
    shared = {
        "station": station,
        "push": Push(station.snapshot, never_woken),
        "admission": Admission(),
        "answers": Answers(),
    }
    return lambda: seen_from("127.0.0.1", WebsocketCommunicator(KioskConsumer.as_asgi(**shared), "/ws/kiosk/"))


def seen_from(address: str, communicator: WebsocketCommunicator) -> WebsocketCommunicator:
    communicator.scope["client"] = [address, 40_000]
    return communicator


@asynccontextmanager
async def opened(page: Callable[[], WebsocketCommunicator]) -> AsyncIterator[WebsocketCommunicator]:
    communicator = page()
    accepted, _ = await communicator.connect(WITHIN_S)
    assert accepted
    yield communicator
    await communicator.disconnect()


async def heard(page: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next message of that kind; others are passed over."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            told: dict[str, Any] = json.loads(await page.receive_from(WITHIN_S))
            if told["kind"] == kind:
                return told


async def told(page: WebsocketCommunicator, **message: Any) -> None:
    await page.send_to(text_data=json.dumps(message))


async def until(fact: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, fact, WITHIN_S)


async def test_it_sends_the_whole_station_at_once(page: Any, station: StationInMemory) -> None:
    async with opened(page) as one:
        first = await heard(one, "snapshot")
        assert first["snapshot"] == json.loads(json.dumps(station.shown))
        assert first["age_s"] < 1.0
        assert first["made_at"].startswith("20")


async def test_it_sends_again_every_second_without_redis(page: Any) -> None:
    async with opened(page) as one:
        first, second = await heard(one, "snapshot"), await heard(one, "snapshot")
        assert second["sequence"] > first["sequence"]


@pytest.mark.parametrize("action", ["start", "stop", "release"])
async def test_it_passes_on_what_is_asked(page: Any, station: StationInMemory, action: str) -> None:
    async with opened(page) as one:
        await told(one, action=action, connector=2, request="r1")
        assert await heard(one, "answer") == {"kind": "answer", "request": "r1", "accepted": True, "refusal": ""}
        asked, who, thread = station.asked[0]
        assert (asked.action, asked.connector) == (action, 2)
        assert who.startswith("screen")
        assert thread.startswith("kiosk action")


@pytest.mark.parametrize("action", ["start", "stop", "emergency_stop"])
@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "nonsense"])
async def test_whoever_looks_over_the_network_changes_nothing(
    page: Any, station: StationInMemory, action: str, address: str
) -> None:
    async with opened(lambda: seen_from(address, page())) as one:
        await heard(one, "snapshot")
        await told(one, action=action, connector=1, request="r")
        answer = await heard(one, "answer")
    assert (answer["accepted"], answer["refusal"]) == (False, "not_at_cabinet")
    assert station.asked == []


async def test_nobody_looks_over_the_network_where_the_owner_does_not_want_it(
    page: Any, station: StationInMemory
) -> None:
    station.seen_over_network = False
    assert not (await seen_from("192.0.2.7", page()).connect(WITHIN_S))[0]
    station.seen_over_network, station.locked = True, True
    assert not (await seen_from("192.0.2.7", page()).connect(WITHIN_S))[0]
    async with opened(page) as own:
        assert (await heard(own, "place"))["acts"]


async def test_a_proxy_on_the_station_is_not_the_cabinet(page: Any, station: StationInMemory) -> None:
    def through_a_proxy() -> WebsocketCommunicator:
        communicator: WebsocketCommunicator = page()
        communicator.scope["headers"] = [(b"X-Forwarded-For", b"192.0.2.7")]
        return communicator

    async with opened(through_a_proxy) as one:
        await told(one, action="stop", connector=1, request="r")
        assert (await heard(one, "answer"))["refusal"] == "not_at_cabinet"
    assert station.asked == []


async def test_it_answers_with_the_code_of_a_refusal(page: Any, station: StationInMemory) -> None:
    station.answer = FixedAnswer(accepted=False, refusal="needs_card")
    async with opened(page) as one:
        await told(one, action="start", connector=1, request="r1")
        assert (await heard(one, "answer"))["refusal"] == "needs_card"


async def test_it_refuses_what_could_not_be_recorded(page: Any, station: StationInMemory) -> None:
    async with opened(page) as one:
        station.locked = True
        await told(one, action="stop", connector=1, request="r1")
        answer = await heard(one, "answer")
        assert (answer["accepted"], answer["refusal"]) == (False, "not_recorded")


@pytest.mark.parametrize("text", [" ", "{", "[]", '{"action":"reboot"}', "x" * 10_000, "[" * 2000])
async def test_it_stays_alive_after_nonsense(page: Any, station: StationInMemory, text: str) -> None:
    async with opened(page) as one:
        await one.send_to(text_data=text)
        assert (await heard(one, "error"))["sentence"].endswith(".")
        await told(one, action="start", connector=1, request="r1")
        assert (await heard(one, "answer"))["accepted"]
        assert len(station.asked) == 1


async def test_it_stays_alive_after_a_binary_frame(page: Any) -> None:
    async with opened(page) as one:
        await one.send_to(bytes_data=b"\x00\xff")
        assert "Binary" in (await heard(one, "error"))["sentence"]
        await heard(one, "snapshot")


async def test_it_ignores_and_tells_a_page_that_talks_too_fast(page: Any, station: StationInMemory) -> None:
    async with opened(page) as one:
        for number in range(200):
            await told(one, action="shown", sequence=number)
        assert (await heard(one, "error"))["sentence"] == TOO_FAST
        await until(lambda: station.beats >= 10)
        assert station.beats <= 20


async def test_it_never_limits_an_emergency_stop(page: Any, station: StationInMemory) -> None:
    async with opened(page) as one:
        for number in range(200):
            await told(one, action="shown", sequence=number)
        await told(one, action="emergency_stop", request="stop")
        assert (await heard(one, "answer"))["request"] == "stop"
        assert station.asked[-1][2].startswith("kiosk emergency")


async def test_it_stops_everything_while_other_requests_hang(page: Any, station: StationInMemory) -> None:
    station.may_answer.clear()
    async with opened(page) as one, opened(page) as two, opened(page) as three:
        for number, each in enumerate((one, two)):
            await told(each, action="start", connector=1, request=f"slow {number}")
        await until(lambda: len(station.asked) == 2)
        await told(three, action="emergency_stop", request="now")
        assert (await heard(three, "answer"))["request"] == "now"
        station.may_answer.set()
        assert (await heard(one, "answer"))["request"] == "slow 0"
        assert (await heard(two, "answer"))["request"] == "slow 1"


async def test_it_does_one_request_of_a_page_at_a_time(page: Any, station: StationInMemory) -> None:
    station.may_answer.clear()
    async with opened(page) as one:
        await told(one, action="start", connector=1, request="first")
        await told(one, action="start", connector=2, request="second")
        error = await heard(one, "error")
        assert (error["request"], error["sentence"]) == ("second", ONE_AT_A_TIME)
        station.may_answer.set()
        assert (await heard(one, "answer"))["request"] == "first"


async def test_it_finishes_what_a_page_asked_before_it_left(page: Any, station: StationInMemory) -> None:
    station.may_answer.clear()
    async with opened(page) as one:
        await told(one, action="stop", connector=1)
        await until(lambda: station.asked)
    station.may_answer.set()
    assert station.asked[0][0].action == "stop"


async def test_a_page_that_has_not_painted_for_five_seconds_is_told_to_load_itself_again(
    page: Any, station: StationInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(page) as one:
        newest = (await heard(one, "snapshot"))["sequence"]
        await told(one, action="shown", sequence=newest)
        await until(lambda: station.painted == 1)
        monkeypatch.setattr(consumers, "BEHIND_S", 0.0)
        await told(one, action="shown", sequence=newest - 1)
        assert await heard(one, "load_again") == {"kind": "load_again"}
        await until(lambda: station.beats == 2)
        assert station.painted == 1


async def test_a_page_that_floods_is_shut_out(page: Any, station: StationInMemory) -> None:
    async with opened(page) as one:
        for _ in range(FLOOD_MESSAGES + 2 * MESSAGES_PER_S):
            await one.send_to(text_data="{")
        assert await closed(one) == POLICY_VIOLATION
        assert station.asked == []


async def test_it_tells_a_page_whether_it_may_act(page: Any) -> None:
    for address, acts in (("127.0.0.1", True), ("192.0.2.7", False)):
        async with opened(partial(seen_from, address, page())) as one:
            assert await heard(one, "place") == {"kind": "place", "acts": acts}


@pytest.mark.parametrize("cookie", ["", "station_screen=", f"station_screen={'k' * 39}", "other=1; station_screen"])
async def test_with_a_key_the_loopback_alone_commands_nothing(
    page: Any, station: StationInMemory, settings: Any, cookie: str
) -> None:
    settings.SCREEN_KEY = "k" * 40
    async with opened(partial(with_cookie, cookie, page())) as one:
        for action in ("start", "emergency_stop"):
            await told(one, action=action, connector=1, request=action)
            answer = await heard(one, "answer")
            assert (answer["accepted"], answer["refusal"]) == (False, "not_at_cabinet")
    assert station.asked == []
    async with opened(partial(with_cookie, f"a=b; station_screen={settings.SCREEN_KEY}", page())) as one:
        await told(one, action="start", connector=1, request="r")
        assert (await heard(one, "answer"))["accepted"]


async def closed(page: WebsocketCommunicator) -> int:
    """The code with which the station closes the socket; what it says before is passed over."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            sent = await page.receive_output(WITHIN_S)
            if sent["type"] == "websocket.close":
                return int(sent["code"])


def with_cookie(cookie: str, communicator: WebsocketCommunicator) -> WebsocketCommunicator:
    communicator.scope["headers"] = [(b"cookie", cookie.encode())]
    return communicator


async def test_it_refuses_a_page_too_many_and_takes_one_when_another_leaves(page: Any) -> None:
    pages = [page() for _ in range(SOCKETS_PER_ADDRESS)]
    assert [(await each.connect(WITHIN_S))[0] for each in pages] == [True] * SOCKETS_PER_ADDRESS
    assert not (await page().connect(WITHIN_S))[0]
    await pages[0].disconnect()
    async with opened(page) as one:
        await heard(one, "snapshot")
    for each in pages[1:]:
        await each.disconnect()


async def test_it_does_nothing_twice_that_is_asked_again_by_its_mark(page: Any, station: StationInMemory) -> None:
    station.may_answer.clear()
    async with opened(page) as lost:
        await told(lost, action="start", connector=1, request="mark")
        await until(lambda: station.asked)
    async with opened(page) as loaded_anew:
        await told(loaded_anew, action="start", connector=1, request="mark")
        station.may_answer.set()
        assert (await heard(loaded_anew, "answer"))["accepted"]
        await told(loaded_anew, action="start", connector=1, request="another")
        assert (await heard(loaded_anew, "answer"))["request"] == "another"
    assert [asked.request for asked, *_ in station.asked] == ["mark", "another"]


async def test_the_mark_of_a_stranger_is_never_somebody_elses(page: Any, station: StationInMemory) -> None:
    async with opened(lambda: seen_from("192.168.1.7", page())) as stranger, opened(page) as one:
        for each, accepted in ((stranger, False), (one, True), (stranger, False)):
            await told(each, action="stop", connector=1, request="mark")
            assert (await heard(each, "answer"))["accepted"] is accepted
    assert len(station.asked) == 1
