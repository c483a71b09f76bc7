"""Images of controller firmware as their maker builds them, by docs/native_protocol.md; no code of the product."""

from __future__ import annotations

import hashlib
import random
import struct

SOCKET = "Sim AC22 socket"  # the models of the shipped stations
CABLE = "Sim AC22 cable"


def firmware_image(
    model: str = CABLE,
    *,
    version: tuple[int, int, int, int] = (2, 0, 1, 300),
    revisions: tuple[int, int] = (1, 0xFFFF),
    security_counter: int = 0,
    program_bytes: int = 1500,
) -> bytes:
    """An intact image."""
    program = random.Random(5).randbytes(program_bytes)
    described = (*version, model.encode(), *revisions, security_counter, len(program), hashlib.sha256(program).digest())
    return struct.pack(">4s4H24sHHII32s", b"NFW1", *described) + program
