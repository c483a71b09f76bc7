"""N10: what a hostile central system does with frames. The link is closed or limited, memory stays bounded."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import zlib
from pathlib import Path
from typing import Final

import pytest

from ocpp_client import dialling
from ocpp_client.causes import Cause
from ocpp_client.dialling import dial
from ocpp_client.frames import MAX_BYTES

from .far_end import WITHIN_S
from .servers import RawServer, Station, frame, shake_hands, until_gone

CALL: Final = json.dumps([2, "7", "Nonsense", {}]).encode()
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
FIN: Final = 0x80


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE / 1e6


async def sent_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and contents of the next frame of the station."""
    head = await reader.readexactly(2)
    size = head[1] & 0x7F
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2))
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size)
    return head[0] & 0x0F, bytes(octet ^ mask[place % 4] for place, octet in enumerate(masked))


async def closed_with(*octets: bytes) -> tuple[Cause, int]:
    """Send *octets* to a station: the cause it tells, and the code it closed with."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        for each in octets:
            writer.write(each)
            await writer.drain()
        while (received := await sent_frame(reader))[0] != 8:
            pass
        codes.put_nowait(int.from_bytes(received[1][:2]))
        writer.close()

    codes: asyncio.Queue[int] = asyncio.Queue()
    server = RawServer(script)
    async with server.open(), Station(server.url).running() as station:
        lost = await station.loss()
        async with asyncio.timeout(WITHIN_S):
            code = await codes.get()
        await station.link()
        await station.link()
        assert server.most == 1
        return lost.code, code


@pytest.mark.parametrize(
    ("octets", "cause", "code"),
    [
        pytest.param(frame(b"x" * (MAX_BYTES + 1)), Cause.TOO_BIG, 1009, id="a byte too many"),
        pytest.param(frame(b"\xff\xfe"), Cause.BAD_FRAME, 1007, id="no UTF-8"),
        pytest.param(frame(b"\xed\xa0\x80"), Cause.BAD_FRAME, 1007, id="half a surrogate pair"),
        pytest.param(frame(zlib.compress(bytes(100_000_000)), first=0xC0), Cause.BAD_FRAME, 1002, id="a bomb"),
        pytest.param(frame(CALL, first=0xA0), Cause.BAD_FRAME, 1002, id="RSV2"),
        pytest.param(frame(CALL, first=0x90), Cause.BAD_FRAME, 1002, id="RSV3"),
        pytest.param(frame(CALL, masked=True), Cause.BAD_FRAME, 1002, id="masked"),
        pytest.param(frame(CALL, 0x3), Cause.BAD_FRAME, 1002, id="unknown opcode"),
        pytest.param(frame(CALL, 0x0), Cause.BAD_FRAME, 1002, id="continues nothing"),
        pytest.param(frame(b"x" * 126, 0x9), Cause.BAD_FRAME, 1002, id="long ping"),
        pytest.param(frame(b"x", 0x9, first=0), Cause.BAD_FRAME, 1002, id="fragmented ping"),
        pytest.param(frame(b"\x00\x05", 0x8), Cause.BAD_FRAME, 1002, id="close code 5"),
        pytest.param(frame(b"\x03", 0x8), Cause.BAD_FRAME, 1002, id="half a close code"),
        pytest.param(frame(b"\x03\xe8\xff", 0x8), Cause.BAD_FRAME, 1007, id="close reason no UTF-8"),
        pytest.param(b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", Cause.TOO_BIG, 1009, id="16 exabytes announced"),
    ],
)
async def test_n10_a_forbidden_frame_ends_the_link(octets: bytes, cause: Cause, code: int) -> None:
    assert await closed_with(octets) == (cause, code)


async def test_n10_a_hundred_mebibytes_in_fragments_end_the_link_after_one() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        fragment = frame(b"x" * 65_000, 0, first=0)
        writer.write(frame(b"x", first=0))
        for _ in range(1_600):
            writer.write(fragment)
            await writer.drain()

    server = RawServer(script)
    async with server.open(), Station(server.url).running() as station:
        before_mb = resident_mb()
        for _ in range(3):
            assert (await station.loss()).code is Cause.TOO_BIG
        assert resident_mb() - before_mb < 10


async def test_n10_a_message_of_many_tiny_fragments_is_bounded() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(frame(b"[", first=0))
        for _ in range(1_000):
            writer.write(frame(b" ", 0, first=0) * 100)
            await writer.drain()
        writer.write(frame(b"]", 0))
        await until_gone(reader)

    server = RawServer(script)
    async with server.open(), Station(server.url).running() as station:
        before_mb = resident_mb()
        assert (await station.loss()).code is Cause.TOO_BIG
        assert resident_mb() - before_mb < 10


async def test_n10_a_message_that_never_ends_keeps_neither_pings_nor_calls_from_their_answers() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.write(frame(CALL[:5], first=0) + frame(b"a", 9) + frame(CALL[5:6], 0, first=0) + frame(b"b", 9))
        seen.append(await sent_frame(reader))
        seen.append(await sent_frame(reader))
        writer.write(frame(CALL[6:], 0))
        seen.append(await sent_frame(reader))
        done.set()
        await until_gone(reader)

    seen: list[tuple[int, bytes]] = []
    done = asyncio.Event()
    server = RawServer(script)
    async with server.open(), Station(server.url).running():
        async with asyncio.timeout(WITHIN_S):
            await done.wait()
    assert seen[:2] == [(10, b"a"), (10, b"b")]
    assert json.loads(seen[2][1])[:3] == [4, "7", "NotImplemented"]


async def test_n10_a_flood_of_pings_is_answered_and_costs_no_memory() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        for number in range(20):
            writer.write(frame(b"x" * 125, 9) * 1_000 + frame(b"%d" % number, 9))
            while (await sent_frame(reader))[1] != b"%d" % number:
                pass
        writer.write(frame(CALL))
        answers.put_nowait((await sent_frame(reader))[1])
        await until_gone(reader)

    answers: asyncio.Queue[bytes] = asyncio.Queue()
    server = RawServer(script)
    before_mb = resident_mb()
    async with server.open(), Station(server.url).running() as station:
        async with asyncio.timeout(20):
            assert json.loads(await answers.get())[1] == "7"
        assert station.closed.empty()
    assert resident_mb() - before_mb < 10


@pytest.mark.parametrize(
    ("octets", "ping_s", "cause"),
    [
        # What the library answers by itself piles up; what the station answers has a bound of its own.
        pytest.param(frame(b"x" * 125, 9), 0, Cause.NOT_READING, id="pings"),
        pytest.param(frame(CALL), 0.5, Cause.NO_PONG, id="calls"),
        pytest.param(frame(b"garbage"), 0.5, Cause.NO_PONG, id="garbage"),
    ],
)
async def test_n10_a_flood_without_reading_is_cut_before_it_costs_memory(
    octets: bytes, ping_s: float, cause: Cause
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own transports have it
        while not writer.is_closing():
            writer.write(octets * 500)
            await writer.drain()

    server = RawServer(script)
    before_mb = resident_mb()
    async with server.open(), Station(server.url, ping_s=ping_s).running() as station:
        async with asyncio.timeout(20):
            assert (await station.closed.get()).code is cause
    assert resident_mb() - before_mb < 20


async def test_a_flood_of_calls_leaves_others_their_turn() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake_hands(reader, writer)
        for number in range(2_000):
            writer.write(frame(json.dumps([2, str(number), "Nonsense", {}]).encode()))
        for _ in range(2_000):
            answered.add(json.loads((await sent_frame(reader))[1])[1])
        done.set()
        await until_gone(reader)

    answered: set[str] = set()
    done = asyncio.Event()
    server = RawServer(script)
    async with server.open(), Station(server.url).running():
        async with asyncio.timeout(20):
            await done.wait()
    assert len(answered) == 2_000


def resolved_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every name mean these ports of this computer."""

    async def getaddrinfo(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_an_ip_address_that_refuses_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        resolved_to(monkeypatch, 9, listening.getsockname()[1])
        (await dial("central.example", 80)).close()
    resolved_to(monkeypatch, 9, 9)
    with pytest.raises(ConnectionRefusedError):
        await dial("central.example", 80)


async def test_an_ip_address_that_leads_nowhere_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialling, "_PATIENCE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.create_server(("127.0.0.1", 0)) as good:
        place = deaf.getsockname()
        # Who waits in the queue of a server that accepts nobody keeps all others out.
        queued = [socket.socket() for _ in range(4)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(place)
        resolved_to(monkeypatch, place[1], good.getsockname()[1])
        dialled = await dial("central.example", 80)
        assert dialled.getpeername() == good.getsockname()
        for each in (dialled, *queued):
            each.close()
