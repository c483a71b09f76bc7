"""The datagram socket of the controllers process: a few words, no database, no Redis."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from charging import live
from hardware.control_socket import ControlSocket
from hardware.emergency import Emergency
from tests.conftest import wait_until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A station folder whose path is far longer than a socket's address may be."""
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(settings, "DATA_DIR", deep)
    return deep


@pytest.fixture
def control(folder: Path) -> Iterator[tuple[Emergency, dict[str, Any]]]:
    emergency, told = Emergency(), {"lines": ["x" * 100_000], "beats": {"polling": 0.1}}
    listening = ControlSocket(emergency, {live.ASK: lambda _about: told, live.FRAMES: lambda about: {"about": about}})
    listening.bind()
    listening.start()
    yield emergency, told
    listening.stop()
    listening.join(5)
    assert not listening.is_alive()
    assert folder.exists()


def send(*datagrams: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        for datagram in datagrams:
            live.send_to_controllers(wire, datagram)


def test_one_word_stops_the_station(control: tuple[Emergency, dict[str, Any]]) -> None:
    emergency, _told = control
    send(live.STOP)
    wait_until(emergency.event.is_set)
    assert emergency.heard[0][0] == "screen, console or remote"


def test_who_asks_is_answered_also_at_length(control: tuple[Emergency, dict[str, Any]]) -> None:
    assert live.asked_directly() == control[1]


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("about", ["/dev/serial/by-id/usb-FTDI_FT232R-if00-port0", "", "a b", "x" * 200, "ключ"])
def test_a_question_may_name_what_it_is_about(about: str) -> None:
    assert live.asked_directly(live.FRAMES + b" " + about.encode()) == {"about": about}


@pytest.mark.parametrize(
    "datagram", [b"", b"STOP", b"stop\n", b"stop" * 100, b"\x00\xff", b"release", b"lines", b"stop now"]
)
def test_anything_else_is_ignored(control: tuple[Emergency, dict[str, Any]], datagram: bytes) -> None:
    send(datagram, live.ASK)
    assert live.asked_directly() == control[1]
    assert not control[0].event.is_set()


def test_who_asks_and_leaves_does_not_disturb(control: tuple[Emergency, dict[str, Any]], tmp_path: Path) -> None:
    for number in range(3):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.bind(str(tmp_path / f"gone{number}"))
            live.send_to_controllers(wire, live.ASK)
        (tmp_path / f"gone{number}").unlink()
    assert live.asked_directly() == control[1]


def test_who_does_not_read_its_answers_does_not_block(
    control: tuple[Emergency, dict[str, Any]], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lazy:
        lazy.bind(str(tmp_path / "lazy"))
        lazy.setblocking(False)
        for _ in range(50):
            try:
                live.send_to_controllers(lazy, live.ASK)
            except BlockingIOError:
                break
        send(live.STOP)
        wait_until(control[0].event.is_set)


def test_the_socket_is_for_this_user_only_and_taken_over_from_the_dead(folder: Path) -> None:
    first = ControlSocket(Emergency(), {})
    first.bind()
    second = ControlSocket(Emergency(), {live.ASK: lambda _about: {"who": "second"}})
    second.bind()
    second.start()
    assert live.controllers_socket().stat().st_mode & 0o777 == 0o600
    assert folder.joinpath("run").stat().st_mode & 0o077 == 0
    assert live.asked_directly() == {"who": "second"}
    for listening in (first, second):
        listening.stop()
    second.join(5)


def test_a_station_that_is_not_there_is_an_error_and_not_a_wait(folder: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        send(live.STOP)
    assert live.asked_directly() == {}
    assert not (folder / "run").exists()
