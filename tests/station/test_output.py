"""The parent's output: nothing is lost for a slow reader, and nobody waits for one that sleeps."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.parent.output import MOST_KEPT_BYTES, Output

LINE = "x" * 99
PIPE_BYTES = 4096


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A small pipe: the end to read and the end to write, which both wait."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    yield read_end, write_end
    for descriptor in {read_end, write_end}:
        try:
            os.close(descriptor)
        except OSError:  # the test has closed it
            continue


def read(descriptor: int) -> str:
    """Everything that is there now."""
    os.set_blocking(descriptor, False)
    text = b""
    try:
        while arrived := os.read(descriptor, 65_536):
            text += arrived
    except BlockingIOError:
        pass
    return text.decode()


def test_it_keeps_what_finds_no_room_until_there_is_some(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    output = Output(write_end)
    written = [f"{number:03} {LINE}" for number in range(300)]
    for line in written:
        output.line(line)
    text = ""
    while arrived := read(read_end):
        text += arrived
        output.push()
    assert text.splitlines() == written


def test_it_leaves_out_what_nobody_reads_and_says_so_once(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    output = Output(write_end)
    for number in range(2000):
        output.line(f"{number:04} {LINE}")
    text = read(read_end)
    output.line("awake")
    while arrived := read(read_end):
        text += arrived
        output.push()
    output.line("later")
    text += read(read_end)
    lines = text.splitlines()
    numbered = [line for line in lines if line.endswith(LINE)]
    assert [int(line[:4]) for line in numbered] == list(range(len(numbered)))
    assert MOST_KEPT_BYTES < sum(len(line) + 1 for line in numbered) < MOST_KEPT_BYTES + 2 * PIPE_BYTES
    missing = f"({2000 - len(numbered)} lines are missing here: nobody read the output.)"
    assert lines[len(numbered) :] == [missing, "awake", "later"]


def test_it_leaves_the_flags_of_a_shared_descriptor_alone(pipe: tuple[int, int]) -> None:
    Output(pipe[1]).line("x")
    assert os.get_blocking(pipe[1])


def test_a_reader_that_went_away_is_no_trouble(pipe: tuple[int, int]) -> None:
    output = Output(pipe[1])
    os.close(pipe[0])
    for _ in range(3):
        output.line(LINE)
    output.last_words()


def test_last_words_are_given_a_second_and_no_more(pipe: tuple[int, int]) -> None:
    output = Output(pipe[1])
    for _ in range(100):
        output.line(LINE)
    output.last_words()
    assert read(pipe[0])


def test_it_writes_to_a_socket_without_waiting() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        output = Output(ours.fileno())
        for _ in range(10_000):
            output.line(LINE)
        assert theirs.recv(100).decode() == LINE + "\n"


def test_it_goes_on_at_the_end_of_a_file(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        file.write(b"before\n")
        file.flush()
        Output(file.fileno()).line("\udcff after")
    assert (tmp_path / "log").read_text() == "before\n\\udcff after\n"
