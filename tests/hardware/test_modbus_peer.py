"""Our master against an independent implementation: pymodbus decodes what we ask and encodes what we read."""

from __future__ import annotations

from typing import TypeVar

import pytest
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.file_message import ReadFileRecordRequest
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest, ReadDeviceInformationResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from hardware.capabilities import Steps
from hardware.errors import Refused
from hardware.modbus_rtu import read_file, read_holding, read_identity, read_input, write_many, write_one

T = TypeVar("T")
FRAMER = FramerRTU(DecodePDU(is_server=True))


def decoded(request: bytes) -> ModbusPDU:
    used, pdu = FRAMER.handleFrame(request, 0, 0)
    assert used == len(request)
    assert pdu is not None
    return pdu


def answered(steps: Steps[T], reply: ModbusPDU) -> T:
    exchange = next(steps)
    frame = FRAMER.buildFrame(reply)
    assert exchange.missing is not None
    assert exchange.missing(frame) == 0
    with pytest.raises(StopIteration) as end:
        steps.send(frame)
    result: T = end.value.value
    return result


@pytest.mark.parametrize(
    ("steps", "kind", "facts"),
    [
        (read_holding(5, 0x200, 8), ReadHoldingRegistersRequest, {"address": 0x200, "count": 8, "dev_id": 5}),
        (read_input(5, 0x100, 64), ReadInputRegistersRequest, {"address": 0x100, "count": 64, "dev_id": 5}),
        (write_one(5, 7, 9), WriteSingleRegisterRequest, {"address": 7, "registers": [9]}),
        (write_many(5, 7, [9, 10]), WriteMultipleRegistersRequest, {"address": 7, "registers": [9, 10]}),
        (read_identity(5, 3), ReadDeviceInformationRequest, {"read_code": 3, "object_id": 0}),
    ],
)
def test_the_peer_understands_our_requests(
    steps: Steps[object], kind: type[ModbusPDU], facts: dict[str, object]
) -> None:
    pdu = decoded(next(steps).request)
    assert isinstance(pdu, kind)
    assert {name: getattr(pdu, name) for name in facts} == facts


def test_the_peer_understands_our_file_requests() -> None:
    pdu = decoded(next(read_file(5, 17, 124, 10)).request)
    assert isinstance(pdu, ReadFileRecordRequest)
    assert [(record.file_number, record.record_number) for record in pdu.records] == [(17, 124)]


def test_we_understand_the_peer() -> None:
    words = [0x5301, 0, 0xFFFF]
    assert answered(read_input(5, 0, 3), ReadInputRegistersResponse(registers=words, dev_id=5)) == tuple(words)
    assert answered(read_holding(5, 0, 3), ReadHoldingRegistersResponse(registers=words, dev_id=5)) == tuple(words)
    assert answered(write_one(5, 7, 9), WriteSingleRegisterResponse(address=7, registers=[9], dev_id=5)) is None
    confirmed = WriteMultipleRegistersResponse(address=7, count=2, dev_id=5)
    assert answered(write_many(5, 7, [9, 10]), confirmed) is None


def test_we_understand_how_the_peer_says_who_it_is() -> None:
    objects = {0: b"ACME", 1: b"AC-22", 2: b"1.4"}
    reply = ReadDeviceInformationResponse(read_code=1, information=dict(objects), dev_id=5)
    assert answered(read_identity(5), reply) == objects


def test_we_understand_when_the_peer_refuses() -> None:
    steps = read_input(5, 0, 1)
    next(steps)
    with pytest.raises(Refused) as refusal:
        steps.send(FRAMER.buildFrame(ExceptionResponse(4, 2, device_id=5)))
    assert refusal.value.code == 2
