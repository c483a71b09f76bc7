"""The link, against real servers: W12 and W21 are weak points of the `ocpp` package that ours closes."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any, Final

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State
from websockets.typing import Subprotocol

from ocpp_client import connection as connection_module
from ocpp_client.addresses import Address
from ocpp_client.causes import Cause
from ocpp_client.connection import Pace
from ocpp_client.errors import LinkLost
from ocpp_client.rpc import Rpc, Send

from .far_end import NOW, WITHIN_S, eventually, turns_of_the_loop
from .servers import FAST, OCPP, CentralSystem, RawServer, Station, shake_hands, until_gone

NOWHERE: Final = "ws://127.0.0.1:9"
KEY: Final = bytes(range(240, 256)) + b"\xff\xff\xff\xff"


async def answer_heartbeats(socket: ServerConnection) -> None:
    async for text in socket:
        await socket.send(json.dumps([3, json.loads(text)[1], NOW]))


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Open the link and say nothing more, not even goodbye."""
    await shake_hands(reader, writer)
    await until_gone(reader)


async def begin_to_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say goodbye with 1001, and leave it at that."""
    await shake_hands(reader, writer)
    writer.write(b"\x88\x02\x03\xe9")
    await until_gone(reader)


async def test_it_connects_as_the_text_wants_and_carries_calls() -> None:
    server = CentralSystem(answer_heartbeats)
    async with server.open(), Station(server.url, password=KEY).running() as station:
        rpc = await station.link()
        assert await rpc.call("Heartbeat", {}, WITHIN_S) == NOW
        assert station.connection.address == station.addresses[0]
        request = server.requests[0]
        assert request.path == "/ocpp/CP%201"
        assert request.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
        assert base64.b64decode(request.headers["Authorization"].split()[1]) == b"CP 1:" + KEY
        # No compression is offered, so no bomb can come (N10); nothing tells what runs here.
        assert "Sec-WebSocket-Extensions" not in request.headers
        assert "User-Agent" not in request.headers


async def test_w21_a_message_of_a_mebibyte_passes() -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send(json.dumps([2, "7", "x" * 1_000_000, {}]))
        answers.put_nowait(json.loads(await socket.recv()))

    answers: asyncio.Queue[Any] = asyncio.Queue()
    server = CentralSystem(talk)
    async with server.open(), Station(server.url).running():
        assert (await answers.get())[:3] == [4, "7", "NotImplemented"]


async def test_w12_a_pending_call_fails_when_the_socket_dies_and_another_rpc_serves_the_next() -> None:
    server = CentralSystem()
    async with server.open(), Station(server.url).running() as station:
        first = await station.link()
        calling = asyncio.create_task(first.call("Heartbeat", {}, 3_600))
        await server.sockets[0].recv()
        server.sockets[0].transport.abort()
        with pytest.raises(LinkLost, match="broke"):
            await calling
        assert (await station.loss()).code is Cause.BROKEN
        assert await station.link() is not first


@pytest.mark.parametrize(("code", "cause"), [(1000, Cause.CLOSED), (1001, Cause.CLOSED), (1008, Cause.CLOSED)])
async def test_it_comes_back_after_the_central_system_closed(code: int, cause: Cause) -> None:
    server = CentralSystem()
    async with server.open(), Station(server.url).running() as station:
        for _ in range(3):
            await station.link()
            await server.sockets[-1].close(code, "maintenance")
            lost = await station.loss()
            assert (lost.code, station.connection.last) == (cause, lost)
            assert f"code {code} (maintenance)" in lost.sentence
        assert server.most == 1


async def test_never_two_sockets_whatever_the_far_end_does() -> None:
    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        match server.came % 4:
            case 0:
                writer.transport.abort()
            case 1:
                writer.write(b"\x88\x02\x03\xe8")  # a close frame, and then silence: the station has to cut
                await until_gone(reader)
            case 2:
                writer.write(b"\xf1\x01x")  # reserved bits; the station's goodbye is not answered
                await until_gone(reader)
            case 3:
                station.connection.drop("The password changed.")
                await until_gone(reader)

    server = RawServer(end)
    station = Station("")
    async with server.open():
        station.addresses = [Address(server.url, "CP 1"), Address(f"{server.url}/second", "CP 1")]
        async with station.running():
            await eventually(lambda: server.came >= 40)
    assert server.most == 1


async def test_a_goodbye_that_hangs_is_cut() -> None:
    server = RawServer(hang)
    async with server.open(), Station(server.url).running() as station:
        await station.link()
        began_s = asyncio.get_running_loop().time()
        station.connection.drop("The password changed.")
        lost = await station.loss()
        assert FAST.close_s <= asyncio.get_running_loop().time() - began_s < 2
        assert (lost.code, lost.sentence) == (Cause.ASKED, "The password changed.")
        await station.link()


async def test_a_close_that_the_central_system_does_not_finish_is_cut() -> None:
    server = RawServer(begin_to_close)
    async with server.open(), Station(server.url, ping_s=0.02).running() as station:
        rpc = await station.link()
        with pytest.raises(LinkLost, match="code 1001"):
            await rpc.call("Heartbeat", {}, WITHIN_S)
        assert (await station.loss()).code is Cause.CLOSED


async def test_w12_a_call_that_meets_a_closing_socket_fails_with_the_reason() -> None:
    server = RawServer(begin_to_close)
    async with server.open():
        uri = f"{server.url}/CP%201"
        async with connect(uri, subprotocols=OCPP, close_timeout=FAST.close_s, proxy=None) as socket:
            await eventually(lambda: socket.state is not State.OPEN)
            with pytest.raises(LinkLost, match="code 1001"):
                await connection_module._send(socket, "[]")
            assert (await Station(ping_s=0.01).connection._ping(socket))[0] is Cause.CLOSED


async def test_it_waits_by_chance_between_a_second_and_a_growing_ceiling() -> None:
    asked: list[tuple[float, float]] = []
    waited: list[float] = []

    def chance(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    async def wait(wait_s: float) -> None:
        waited.append(wait_s)
        await turns_of_the_loop(1)

    pace = Pace(chance=chance, wait=wait)
    async with Station(NOWHERE, pace=pace).running():
        await eventually(lambda: len(waited) >= 6)
    assert asked[:6] == [(1, 2), (1, 4), (1, 8), (1, 8), (1, 8), (1, 8)]
    assert waited[:6] == [2, 4, 8, 8, 8, 8]


def test_the_real_chance_stays_within_its_bounds() -> None:
    connection = Station(pace=Pace()).connection
    waits = [connection._wait_s(failures) for failures in range(20) for _ in range(200)]
    assert min(waits) >= 1
    assert max(waits) <= 8
    assert len(set(waits)) > 3_000


async def test_the_wait_is_short_again_after_a_link_that_stayed() -> None:
    waited: list[float] = []

    async def wait(wait_s: float) -> None:
        waited.append(wait_s)
        await turns_of_the_loop(1)

    pace = replace(FAST, shortest_wait_s=1, longest_wait_s=8, stayed_s=0, chance=max, wait=wait)
    server = CentralSystem()
    async with server.open():
        station = Station(NOWHERE, pace=pace)
        async with station.running():
            await eventually(lambda: len(waited) >= 4)
            station.addresses = [Address(server.url, "CP 1")]
            await station.link()
            waited.clear()
            station.addresses = [Address(NOWHERE, "CP 1")]
            await server.sockets[-1].close()
            await eventually(lambda: len(waited) >= 3)
    assert waited[:3] == [2, 2, 4]


async def test_the_second_address_is_tried_at_once_and_the_first_again_after_a_loss() -> None:
    second = CentralSystem()
    first = CentralSystem()
    async with first.open():
        pass
    async with second.open():
        station = Station(first.url, second.url, pace=replace(FAST, stayed_s=0))
        async with station.running():
            await station.link()
            assert (await station.loss()).code is Cause.REFUSED
            assert station.connection.address == station.addresses[1]
            async with first.open():
                await second.sockets[0].close()
                await station.link()
                assert station.connection.address == station.addresses[0]


async def test_an_address_whose_links_do_not_last_is_left_for_the_next() -> None:
    async def end(socket: ServerConnection) -> None:
        await socket.close(1011)

    moody, steady = CentralSystem(end), CentralSystem()
    async with moody.open(), steady.open(), Station(moody.url, steady.url).running() as station:
        await eventually(lambda: steady.live == 1)
        assert (len(moody.sockets), (await station.loss()).code) == (1, Cause.CLOSED)


async def test_without_an_address_it_waits_for_one() -> None:
    server = CentralSystem()
    async with server.open():
        station = Station()
        async with station.running():
            station.addresses = [Address(server.url, "CP 1")]
            await station.link()


async def test_it_finds_a_central_system_that_comes_back() -> None:
    server = CentralSystem()
    async with server.open():
        pass
    async with Station(server.url).running() as station:
        assert (await station.loss()).code is Cause.REFUSED
        async with server.open():
            await station.link()


@pytest.mark.parametrize("reads", [True, False])
async def test_a_half_open_link_is_noticed_within_two_intervals_and_the_pong_time(reads: bool) -> None:
    async def play_dead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        if not reads:
            writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own transports have it
        await dead.wait()

    dead = asyncio.Event()
    server = RawServer(play_dead)
    async with server.open(), Station(server.url, ping_s=0.2).running() as station:
        await station.link()
        began_s = asyncio.get_running_loop().time()
        assert (await station.loss()).code is Cause.NO_PONG
        # 2 x interval + pong time + closing, and what a busy machine needs
        assert asyncio.get_running_loop().time() - began_s < 2 * 0.2 + FAST.pong_s + FAST.close_s + 1
        dead.set()


async def test_a_server_that_stops_reading_is_noticed_though_pings_cannot_leave() -> None:
    async def stop_reading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own transports have it
        await dead.wait()

    dead = asyncio.Event()
    server = RawServer(stop_reading)
    async with server.open(), Station(server.url).running() as station:
        rpc = await station.link()
        socket = rpc._send.args[0]  # type: ignore[attr-defined] # it is a partial
        calls = []
        while socket.transport.get_write_buffer_size() < 100_000:
            big = {"vendorId": "v", "data": "x" * 200_000}
            calls.append(asyncio.create_task(rpc.call("DataTransfer", big, 0.01)))
            await asyncio.wait(calls)
        station.ping_s = 0.05
        assert (await station.loss()).code is Cause.NO_PONG
        assert all(isinstance(end, Exception) for end in await asyncio.gather(*calls, return_exceptions=True))
        dead.set()


async def pinged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pings: list[bytes]) -> None:
    """Answer every ping and remember it."""
    await shake_hands(reader, writer)
    while True:
        head = await reader.readexactly(2)
        mask = await reader.readexactly(4)
        octets = bytes(octet ^ mask[place % 4] for place, octet in enumerate(await reader.readexactly(head[1] & 0x7F)))
        if head[0] == 0x88:
            return
        pings.append(octets)
        writer.write(bytes([0x8A, len(octets)]) + octets)


async def test_pings_follow_their_setting_while_the_link_is_open() -> None:
    def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Awaitable[None]:
        return pinged(reader, writer, pings)

    pings: list[bytes] = []
    server = RawServer(script)
    async with server.open(), Station(server.url, ping_s=0).running() as station:
        await station.link()
        await asyncio.wait([asyncio.create_task(asyncio.Event().wait())], timeout=5 * FAST.look_s)
        assert pings == []
        station.ping_s = 0.02
        await eventually(lambda: len(pings) >= 5)
        station.ping_s = 0
        assert (station.closed.empty(), server.came) == (True, 1)


async def test_a_link_that_is_being_opened_can_be_dropped() -> None:
    async def change_meanwhile(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        station.connection.drop("The password changed.")
        await shake_hands(reader, writer)
        await until_gone(reader)

    server = RawServer(change_meanwhile)
    station = Station("")
    async with server.open():
        station.addresses = [Address(server.url, "CP 1"), Address(NOWHERE, "CP 1")]
        async with station.running():
            for _ in range(3):
                assert (await station.loss()).code is Cause.ASKED


async def test_a_dropped_link_ends_and_a_drop_without_a_link_does_nothing() -> None:
    server = CentralSystem()
    station = Station(server.url)
    station.connection.drop("Nothing there.")
    async with server.open():
        station.addresses = [Address(server.url, "CP 1")]
        async with station.running():
            await station.link()
            station.connection.drop("The password changed.")
            station.connection.drop("A second reason.")
            assert (await station.loss()).sentence == "The password changed."
            assert server.sockets[0].close_code == 1001
            await station.link()


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, Cause.UNAUTHORIZED), (403, Cause.UNAUTHORIZED), (404, Cause.NOT_FOUND), (503, Cause.HTTP)],
)
async def test_a_refusal_by_http_has_its_cause_and_is_tried_again(status: int, cause: Cause) -> None:
    server = CentralSystem(status=status)
    async with server.open(), Station(server.url).running() as station:
        assert (await station.loss()).code is cause
        server.status = None
        await station.link()


async def test_a_redirect_is_not_followed() -> None:
    elsewhere = CentralSystem()
    async with elsewhere.open():
        server = CentralSystem(status=302, location=elsewhere.url)
        async with server.open(), Station(server.url, password="secret").running() as station:
            for _ in range(3):
                assert (await station.loss()).code is Cause.REDIRECT
    assert elsewhere.requests == []


async def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server = CentralSystem()
    async with server.open(), Station(server.url).running() as station:
        await station.link()


async def test_a_server_that_agrees_on_no_protocol_is_left() -> None:
    server = CentralSystem()
    async with server.open(subprotocols=None), Station(server.url).running() as station:
        assert (await station.loss()).code is Cause.SUBPROTOCOL
        assert (await station.loss()).code is Cause.SUBPROTOCOL
        assert (station.opened.empty(), server.most <= 1) == (True, True)


async def test_a_server_that_picks_what_was_not_offered_is_left() -> None:
    server = CentralSystem()
    picks = server.open(select_subprotocol=lambda *_: Subprotocol("ocpp2.0.1"))
    async with picks, Station(server.url).running() as station:
        assert (await station.loss()).code is Cause.SUBPROTOCOL


@pytest.mark.parametrize("octets", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 101 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""])
async def test_what_is_no_websocket_server_is_left(octets: bytes) -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)

    server = RawServer(babble)
    async with server.open(), Station(server.url).running() as station:
        assert (await station.loss()).code in {Cause.HANDSHAKE, Cause.HTTP, Cause.BROKEN}
        assert server.most == 1


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await until_gone(reader)

    server = RawServer(say_nothing)
    async with server.open(), Station(server.url, pace=replace(FAST, open_s=0.05)).running() as station:
        assert (await station.loss()).code is Cause.TIMEOUT
        await eventually(lambda: server.came >= 3)
        assert server.most == 1


async def test_an_address_that_cannot_be_used_is_told_and_the_next_one_tried() -> None:
    server = CentralSystem()
    async with server.open(), Station("http://x", server.url).running() as station:
        lost = await station.loss()
        assert (lost.code, "write it as ws://" in lost.sentence) == (Cause.ADDRESS, True)
        await station.link()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("when", ["connecting", "open", "closing", "waiting"])
async def test_it_can_be_cancelled_at_any_time_and_leaves_no_socket(when: str, times: int) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if when != "connecting":
            await shake_hands(reader, writer)
        await until_gone(reader)

    server = RawServer(script)
    pace = replace(FAST, shortest_wait_s=60, longest_wait_s=60)
    async with server.open():
        station = Station(NOWHERE if when == "waiting" else server.url, pace=pace)
        task = asyncio.create_task(station.connection.run())
        if when == "waiting":
            await station.loss()
        elif when == "connecting":
            await eventually(lambda: server.live)
        else:
            await station.link()
        if when == "closing":
            station.connection.drop("The password changed.")
            await eventually(lambda: station.connection.address is None)
        for _ in range(times):
            task.cancel()
            await asyncio.wait([task], timeout=0)
        await asyncio.wait([task], timeout=WITHIN_S)
        assert task.cancelled()
        await eventually(lambda: server.live == 0)


async def test_calls_fail_when_the_station_ends_the_link() -> None:
    server = CentralSystem()
    async with server.open():
        async with Station(server.url).running() as station:
            rpc = await station.link()
            calling = asyncio.create_task(rpc.call("Heartbeat", {}, 3_600))
            await server.sockets[0].recv()
        with pytest.raises(LinkLost, match="The station ended the connection"):
            await calling
        assert server.sockets[0].close_code == 1001
        with pytest.raises(LinkLost):
            await rpc.call("Heartbeat", {}, 3_600)


async def test_a_mistake_of_the_program_costs_one_link(caplog: pytest.LogCaptureFixture) -> None:
    class Mistaken(Station):
        def open(self, send: Send, address: Address) -> Rpc:
            if self.connection.last is None:
                raise ValueError("a mistake")
            return super().open(send, address)

    server = CentralSystem()
    async with server.open(), Mistaken(server.url).running() as station:
        assert (await station.loss()).code is Cause.INTERNAL
        await station.link()
        assert "a mistake" in caplog.text
        assert server.most == 1


async def test_it_logs_once_that_the_link_is_gone_and_once_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ocpp_client")
    server = CentralSystem()
    async with server.open():
        pass
    async with Station(server.url).running() as station:
        for _ in range(5):
            await station.loss()
        async with server.open():
            await station.link()
            ours = [record.message for record in caplog.records if record.name == "ocpp_client.connection"]
            assert [line.split()[-1] for line in ours] == ["down.", "system"]


async def test_neither_password_nor_frames_are_logged_however_much_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = CentralSystem(answer_heartbeats)
    async with server.open(logger=logging.getLogger("silent.server")):
        logging.getLogger("silent.server").setLevel(logging.CRITICAL)
        async with Station(server.url, password="secret-password").running() as station:
            rpc = await station.link()
            assert await rpc.call("Heartbeat", {}, WITHIN_S) == NOW
    encoded = base64.b64encode(b"CP 1:secret-password").decode()
    assert "secret" not in caplog.text
    assert encoded not in caplog.text
    assert "currentTime" not in caplog.text
