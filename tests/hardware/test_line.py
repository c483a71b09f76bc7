from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from charging.domain.lights import Light, Pattern
from charging.domain.outputs import Outputs
from hardware.capabilities import Exchange, Steps
from hardware.drivers.native import NativeDriver
from hardware.errors import (
    Corrupted,
    HardwareError,
    Implausible,
    LineError,
    NoReply,
    PortError,
    StoppedByEmergency,
    Truncated,
)
from hardware.frame_trace import STRAY, FrameTrace
from hardware.line import Job, Line
from hardware.modbus_rtu import read_holding, read_input, sealed, write_many, write_one

from .far_end import TURNAROUND_S, Board, FarEnd, far_end, read_reply, status_words

BAUD: Final = 115200
DARK: Final = Light(red=0, green=0, blue=0, pattern=Pattern.OFF)
ON: Final = Outputs(enable=True, available=True, authorized=True, limit_a=16, limit_w=11000, lock=True, light=DARK)
OFF: Final = Outputs(enable=False, available=True, authorized=False, limit_a=0, limit_w=0, lock=True, light=DARK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bus1"


@pytest.fixture
def line(path: Path) -> Iterator[Line]:
    line = Line(str(path), BAUD)
    yield line
    line.close()


class Far:
    """Answers of a board that a test may spoil, one after the other."""

    def __init__(self, *spoilers: Callable[[bytes], bytes]) -> None:
        self.board = Board()
        self._spoilers = list(spoilers)

    def __call__(self, request: bytes) -> bytes:
        reply = self.board.answer(request)
        return self._spoilers.pop(0)(reply) if self._spoilers else reply


def lost(_reply: bytes) -> bytes:
    return b""


def flipped(reply: bytes) -> bytes:
    return reply[:40] + bytes((reply[40] ^ 0x10,)) + reply[41:]


def cut(reply: bytes) -> bytes:
    return reply[:50]


def twice(reply: bytes) -> bytes:
    return reply + reply


def noise_before(reply: bytes) -> bytes:
    return b"\xff\x00\x7e" + reply


def noise_after(reply: bytes) -> bytes:
    return reply + b"\xff\x00"


def another_unit(reply: bytes) -> bytes:
    return sealed(b"\x02" + reply[1:-2])


def endless(reply: bytes) -> bytes:
    return reply[:3] + b"\x55" * 3000


@pytest.mark.parametrize(
    ("spoiler", "counter"),
    [
        (lost, "no_reply"),
        (flipped, "corrupted"),
        (cut, "truncated"),
        (noise_before, "corrupted"),
        (another_unit, "corrupted"),
        (endless, "corrupted"),
    ],
)
def test_a_spoiled_reply_is_counted_drained_and_asked_for_again(
    path: Path, line: Line, spoiler: Callable[[bytes], bytes], counter: str
) -> None:
    with far_end(path, Far(spoiler)) as far:
        words = line.run(read_input(1, 0, 64))
        counters = line.counters[1]
        assert words[0] == 0x5301
        assert len(far.requests) == 2
        assert (getattr(counters, counter), counters.ok, counters.retries, counters.drains) == (1, 1, 1, 1)


@pytest.mark.parametrize("spoiler", [twice, noise_after])
def test_bytes_after_a_reply_are_thrown_away_before_the_next_request(
    path: Path, line: Line, spoiler: Callable[[bytes], bytes]
) -> None:
    with far_end(path, Far(spoiler)) as far:
        driver = NativeDriver(1)
        line.run(driver.read())
        line.run(driver.read())
        assert line.strays > 0
        assert len(far.requests) == 2
        assert line.counters[1].ok == 2


@pytest.mark.parametrize(("spoiler", "error"), [(lost, NoReply), (flipped, Corrupted), (cut, Truncated)])
def test_an_exchange_that_fails_twice_says_what_happened_and_where(
    path: Path, line: Line, spoiler: Callable[[bytes], bytes], error: type[LineError]
) -> None:
    with far_end(path, Far(spoiler, spoiler)), pytest.raises(error, match=r"bus1: .*unit 1"):
        line.run(read_input(1, 0, 64))


def test_a_write_that_must_not_be_done_twice_is_not_repeated(path: Path, line: Line) -> None:
    with far_end(path, Far(lost)) as far:
        with pytest.raises(NoReply):
            line.run(write_many(1, 0x210, [1], repeatable=False))
        assert len(far.requests) == 1


def test_a_late_reply_is_never_taken_for_the_next_one(path: Path, line: Line) -> None:
    late_s = 0.12
    timers: list[threading.Timer] = []

    def answer(request: bytes) -> bytes:
        address = int.from_bytes(request[2:4], "big")
        reply = read_reply(request, [address] * 8)
        if random.Random(len(far.requests)).random() < 0.3:
            timers.append(threading.Timer(late_s, far.put, (reply,)))
            timers[-1].start()
            return b""
        return reply

    with far_end(path, answer) as far:
        right = 0
        for turn in range(12):
            address = 0x10 * (turn % 2 + 1)
            try:
                words = line.run(read_holding(1, address, 8))
            except LineError:
                continue
            assert words == (address,) * 8
            right += 1
        for timer in timers:
            timer.join()
    assert right >= 6
    assert timers


def test_no_wrong_value_comes_through_a_bad_line(path: Path, line: Line) -> None:
    chance = random.Random(7)
    spoilers = [lost, flipped, cut, twice, noise_before, noise_after, another_unit]

    def answer(request: bytes) -> bytes:
        address = int.from_bytes(request[2:4], "big")
        reply = read_reply(request, [address] * 32)
        return chance.choice(spoilers)(reply) if chance.random() < 0.4 else reply

    right = 0
    with far_end(path, answer):
        for turn in range(40):
            address = 0x100 * (turn % 3 + 1)
            try:
                words = line.run(read_holding(1, address, 32))
            except LineError:
                continue
            assert words == (address,) * 32
            right += 1
    counters = line.counters[1]
    assert right >= 25
    assert counters.ok == right
    assert counters.retries > 0


def test_a_torn_or_frozen_block_is_asked_for_again(path: Path, line: Line) -> None:
    board = Board()
    replies: list[bytes] = []

    def answer(request: bytes) -> bytes:
        replies.append(replies[-1] if len(replies) == 1 else board.answer(request))
        return replies[-1]

    with far_end(path, answer):
        driver = NativeDriver(1)
        line.run(driver.read())
        assert line.run(driver.read()).plugged is False
        assert line.counters[1].implausible == 1


def test_a_controller_that_stands_still_is_implausible(path: Path, line: Line) -> None:
    with far_end(path, lambda request: read_reply(request, status_words(7))):
        driver = NativeDriver(1)
        line.run(driver.read())
        with pytest.raises(Implausible, match="stands still at 7"):
            line.run(driver.read())


@pytest.mark.parametrize("block", ["read", "write_many", "write_one"])
def test_it_hears_itself_on_a_two_wire_adapter_and_goes_on(path: Path, line: Line, block: str) -> None:
    board = Board()

    def answer(request: bytes) -> bytes:
        if request[1] == 0x06:
            return request + request
        return request + board.answer(request)

    with far_end(path, answer):
        for _ in range(3):
            if block == "read":
                assert line.run(read_input(1, 0, 64))[0] == 0x5301
            elif block == "write_many":
                line.run(write_many(1, 0x200, [0xC0DE, 2, 0, 0, 0, 0, 30, 0]))
            else:
                line.run(read_input(1, 0, 64))
                line.run(write_one(1, 0x220, 1))
        assert (line.counters[1].corrupted, line.strays) == (0, 0)


def test_a_confirmed_write_that_repeats_its_request_is_not_an_echo(path: Path, line: Line) -> None:
    with far_end(path, lambda request: request):
        line.run(write_one(1, 0x220, 1))
        line.run(write_one(1, 0x220, 2))
        assert line.counters[1].ok == 2


def test_a_silent_unit_is_left_alone_for_five_seconds_and_comes_back(path: Path, line: Line) -> None:
    board = Board()
    powered = False
    with far_end(path, lambda request: board.answer(request) if powered else b"") as far:
        for _ in range(3):
            with pytest.raises(NoReply):
                line.run(read_input(1, 0, 2))
        assert line.counters[1].offline
        asked = len(far.requests)
        with pytest.raises(NoReply):
            line.run(read_input(1, 0, 2))
        assert len(far.requests) == asked
        powered = True
        line.counters[1].probe_due_at_s = time.monotonic()
        assert line.run(read_input(1, 0, 2))[0] == 0x5301
        assert not line.counters[1].offline


def test_damaged_replies_do_not_put_a_unit_offline(path: Path, line: Line) -> None:
    with far_end(path, Far(*[flipped] * 8)):
        for _ in range(4):
            with pytest.raises(Corrupted):
                line.run(read_input(1, 0, 64))
        assert not line.counters[1].offline


def test_a_missing_port_says_so_and_is_opened_when_it_appears(path: Path, line: Line) -> None:
    with pytest.raises(PortError, match="bus1 cannot be opened"):
        line.run(read_input(1, 0, 2))
    with pytest.raises(PortError, match="bus1 is missing"):
        line.run(read_input(1, 0, 2))
    with far_end(path, Board().answer):
        line.open()
        assert line.run(read_input(1, 0, 2))[0] == 0x5301


def test_an_unplugged_adapter_comes_back_under_another_name(
    path: Path, line: Line, wait_for: Callable[[Callable[[], object], float], None]
) -> None:
    first = FarEnd(path, Board().answer)
    line.run(read_input(1, 0, 2))
    first.close()
    with pytest.raises(PortError):
        line.run(read_input(1, 0, 2))

    def answers_again() -> bool:
        try:
            return bool(line.run(read_input(1, 0, 2)))
        except HardwareError:
            return False

    with far_end(path, Board().answer):
        wait_for(answers_again, 10.0)
        assert line.reopenings == 2


def test_a_device_that_may_think_long_is_asked_again_after_a_lost_reply(path: Path, line: Line) -> None:
    """The card reader may take 0.4 s, which is longer than a drain usually lasts."""

    def patient() -> Steps[bytes]:
        request = next(read_input(1, 0, 2)).request
        return (yield Exchange(request, lambda received: 9 - len(received), wait_s=0.4, repeatable=False))

    far = Far(lambda _reply: b"")
    with far_end(path, far):
        with pytest.raises(NoReply):
            line.run(patient())
        assert len(line.run(patient())) == 9


def test_a_port_belongs_to_one_line_alone(path: Path, line: Line) -> None:
    with far_end(path, Board().answer):
        line.open()
        with pytest.raises(PortError, match="another program uses it"):
            Line(str(path), BAUD).open()


def test_a_never_ending_talker_is_named(path: Path, line: Line) -> None:
    stop = threading.Event()
    with far_end(path, lambda _request: b"") as far:
        line.open()
        talking = threading.Event()

        def talk() -> None:
            while not stop.wait(0.002):
                far.put(b"\x55" * 20)
                talking.set()

        talker = threading.Thread(target=talk)
        talker.start()
        assert talking.wait(5)
        began = time.monotonic()
        try:
            with pytest.raises(Corrupted, match="without being asked"):
                line.run(read_input(1, 0, 2))
        finally:
            stop.set()
            talker.join()
        assert time.monotonic() - began < 5.0  # without its end a drain would last as long as the talker


def test_nothing_that_lets_energy_flow_is_sent_during_an_emergency(path: Path) -> None:
    emergency = threading.Event()
    board = Board()
    line = Line(str(path), BAUD, emergency)
    with far_end(path, board.answer):
        driver = NativeDriver(1)
        line.run(driver.write(ON))
        emergency.set()
        with pytest.raises(StoppedByEmergency, match="release it"):
            line.run(driver.write(ON))
        line.run(driver.write(OFF))
        line.run(driver.read())
        assert len(board.written) == 2
        line.close()


def test_an_emergency_goes_next_and_ends_a_drain(path: Path, line: Line) -> None:
    with far_end(path, lambda _request: b"") as far:
        line.open()

        def poll() -> None:
            with pytest.raises(NoReply):
                line.run(read_input(1, 0, 64))

        polling = threading.Thread(target=poll)
        polling.start()
        while not far.requests:
            threading.Event().wait(0.001)
        pressed_at = time.monotonic()
        sent_at = line.stop_everything(NativeDriver.broadcast_stop().request)
        assert 0 < sent_at - pressed_at < 0.12
        polling.join()
        assert [request[0] for request in far.requests] == [1, 0, 1]


def test_a_job_goes_on_one_exchange_per_call(path: Path, line: Line) -> None:
    with far_end(path, Board().answer) as far:

        def steps() -> Steps[tuple[int, int]]:
            first = yield from read_input(1, 0, 2)
            second = yield from read_input(1, 0, 2)
            return first[1], second[1]

        job = Job(steps())
        assert [line.advance(job), len(far.requests)] == [False, 1]
        assert [line.advance(job), len(far.requests)] == [True, 2]
        assert job.result == (1, 2)


def test_the_trace_shows_the_last_frames(path: Path, line: Line) -> None:
    with far_end(path, Board().answer):
        for _ in range(120):
            line.run(read_input(1, 0, 2))
    frames = line.trace.last()
    assert len(frames) == 200
    assert (frames[-2].direction, frames[-2].octets) == (">", bytes.fromhex("01 04 00 00 00 02 71 cb"))
    assert (frames[-1].direction, frames[-1].octets[:3]) == ("<", bytes.fromhex("01 04 04"))
    assert frames[-1].at_s == pytest.approx(time.time(), abs=60)
    assert {frame.failure for frame in frames} == {""}
    assert line.trace.last(2) == frames[-2:]


@pytest.mark.parametrize(
    ("reply", "failures"),
    [
        (b"", [(">", "NoReply")]),
        (bytes.fromhex("01 04 04 00"), [(">", ""), ("<", "Truncated")]),
        (bytes.fromhex("01 04 04 00 00 00 00 00 00"), [(">", ""), ("<", "Corrupted")]),
    ],
)
def test_the_trace_says_what_became_of_each_frame(
    path: Path, line: Line, reply: bytes, failures: list[tuple[str, str]]
) -> None:
    with far_end(path, lambda _request: reply), pytest.raises(LineError):
        line.run(read_input(1, 0, 2))
    assert [(frame.direction, frame.failure) for frame in line.trace.last()] == 2 * failures


def test_a_reply_that_the_driver_does_not_believe_is_no_good_reply(path: Path, line: Line) -> None:
    def steps() -> Steps[None]:
        yield from read_input(1, 0, 2)
        raise Implausible("temperature 999 cannot be true")

    with far_end(path, Board().answer), pytest.raises(Implausible):
        line.run(steps())
    assert (line.counters[1].ok, line.counters[1].implausible) == (0, 1)
    assert [frame.failure for frame in line.trace.last()] == ["", "Implausible"]


def test_the_trace_keeps_the_beginning_of_what_never_ends() -> None:
    trace = FrameTrace()
    trace.add(STRAY, bytes(5000))
    assert (len(trace.last()[0].octets), trace.last()[0].whole_bytes) == (300, 5000)


def test_it_uses_the_wire_nearly_as_well_as_possible(path: Path, line: Line) -> None:
    byte_s = 10 / BAUD
    turns = 40
    with far_end(path, Board().answer, byte_s, TURNAROUND_S):
        driver = NativeDriver(1)
        line.run(driver.read())
        shares = []
        for _ in range(3):
            began = time.monotonic()
            for _ in range(turns):
                line.run(driver.read())
            least_s = turns * ((8 + 133) * byte_s + TURNAROUND_S + 0.00175)
            shares.append(least_s / (time.monotonic() - began))
    assert max(shares) > 0.85  # 0.95 on an idle machine
    assert line.counters[1].latency_s(0.5) == pytest.approx((8 + 133) * byte_s + TURNAROUND_S, rel=0.3)
