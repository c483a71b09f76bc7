"""The web server, the channel layer and Redis together: the traps that show only between real programs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from station.parent.web_port import address_of, listen
from station.redis_urls import channels_url
from tests.conftest import PROJECT_DIR, running_redis

IDLE_S: Final = 7.0  # redis-py 8 ends an idle connection after 5 s unless told otherwise


@contextmanager
def web_server(redis_socket: Path) -> Iterator[int]:
    """Daphne on a socket of ours, as the parent starts it; the port."""
    with listen("127.0.0.1", 0) as server:
        command = [sys.executable, "-m", "daphne", "--fd", str(server.fileno()), "-v", "0"]
        child = subprocess.Popen(
            [*command, "tests.station.room:application"],
            cwd=PROJECT_DIR,
            env={**os.environ, "STATION_REDIS_URL": f"unix://{redis_socket}?db=0", "STATION_ROLE": "web"},
            pass_fds=(server.fileno(),),
            stderr=subprocess.DEVNULL,
        )
        yield address_of(server)[1]
        child.terminate()
        child.wait(10)


@pytest.fixture(scope="module")
def redis_socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="station-ws-") as folder:
        yield Path(folder) / "redis.sock"


@pytest.fixture(scope="module")
def port(redis_socket: Path) -> Iterator[int]:
    with running_redis(redis_socket), web_server(redis_socket) as port:
        yield port


async def say(redis_socket: Path, text: str) -> None:
    url = channels_url(f"unix://{redis_socket}?db=0")
    layer = RedisPubSubChannelLayer(hosts=[{"address": url, "socket_timeout": None}], prefix="station")
    await layer.group_send("room", {"type": "said", "text": text})
    await layer.flush()


async def heard(browser: ClientConnection, text: str, redis_socket: Path) -> bool:
    """Say `text` until it is heard: the subscription may still be on its way."""
    async with asyncio.timeout(10):
        while True:
            await say(redis_socket, text)
            try:
                async with asyncio.timeout(1):
                    return bool(json.loads(await browser.recv()) == text)
            except TimeoutError:
                continue


async def test_it_keeps_an_idle_page_connected(port: int, redis_socket: Path) -> None:
    async with connect(f"ws://127.0.0.1:{port}/room") as browser:
        assert await heard(browser, "before", redis_socket)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(browser.recv(), IDLE_S)
        assert await heard(browser, "after", redis_socket)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "http://localhost:1"])
async def test_it_refuses_a_websocket_that_a_page_of_another_site_opens(port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{port}/room", additional_headers={"Origin": origin})
    assert refused.value.response.status_code == 403


async def test_it_refuses_a_name_that_somebody_pointed_at_the_station(port: int) -> None:
    name = "evil.example"
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{name}/room", host="127.0.0.1", port=port, additional_headers={"Origin": f"http://{name}"})
    assert refused.value.response.status_code == 403


async def test_it_accepts_the_page_that_the_station_served(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/room", additional_headers={"Origin": f"http://127.0.0.1:{port}"}) as own:
        assert own.response is not None
        assert own.response.status_code == 101
