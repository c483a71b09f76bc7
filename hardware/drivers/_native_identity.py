"""The native identity block as a connector's identity. Text must be printable, numbers possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hardware.capabilities import ConnectorIdentity
from hardware.errors import Implausible
from hardware.modbus_rtu import octets_of
from hardware.native_map import (
    IDENTITY_BLOCK_ID,
    MODEL_WORDS,
    NOT_FITTED_U16,
    SERIAL_WORDS,
    VENDOR_WORDS,
    Capability,
    ConnectorType,
    Identity,
)

from ._native_status import u32

_DIRECT_CURRENT: Final = frozenset(
    {
        ConnectorType.CCS2,
        ConnectorType.CHADEMO,
        ConnectorType.GBT_DC,
        ConnectorType.CCS1,
        ConnectorType.NACS,
    },
)


def check_identity(unit: int, words: Sequence[int]) -> None:
    """Refuse another block. Raises Implausible."""
    if words[Identity.BLOCK_ID] != IDENTITY_BLOCK_ID:
        raise Implausible(f"unit {unit}: block {words[0]:#06x} came in place of the identity block")


def _text(what: str, words: Sequence[int]) -> str:
    octets = octets_of(words).rstrip(b"\0 ")
    if not octets.isascii() or not octets.decode("ascii").isprintable():
        raise Implausible(f"{what} {octets!r} is not printable text")
    return octets.decode("ascii").strip()


def _connector_type(words: Sequence[int]) -> ConnectorType:
    try:
        return ConnectorType(words[Identity.CONNECTOR_TYPE])
    except ValueError as error:
        raise Implausible(f"connector type {words[Identity.CONNECTOR_TYPE]} is unknown") from error


def _or_zero(word: int) -> int:
    return 0 if word == NOT_FITTED_U16 else word


def _serial(unit: int, words: Sequence[int]) -> str:
    serial = _text("serial number", words[Identity.SERIAL : Identity.SERIAL + SERIAL_WORDS])
    if not serial:
        raise Implausible(f"unit {unit} has no serial number: it cannot be told from another controller")
    return serial


def identity_of(unit: int, words: Sequence[int]) -> ConnectorIdentity:
    """The identity block *words* (64 registers). Raises Implausible naming the value."""
    kind = _connector_type(words)
    abilities = Capability(words[Identity.CAPABILITIES])
    firmware = words[Identity.FIRMWARE_MAJOR : Identity.FIRMWARE_PATCH + 1]
    return ConnectorIdentity(
        vendor=_text("vendor", words[Identity.VENDOR : Identity.VENDOR + VENDOR_WORDS]),
        model=_text("model", words[Identity.MODEL : Identity.MODEL + MODEL_WORDS]),
        board_serial=_serial(unit, words),
        board_index=words[Identity.BOARD_INDEX],
        firmware=".".join(str(part) for part in firmware),
        hardware_revision=str(words[Identity.HARDWARE_REVISION]),
        connector_type=kind.name,
        direct_current=kind in _DIRECT_CURRENT,
        phases=_or_zero(words[Identity.PHASES]),
        maximum_a=_or_zero(words[Identity.MAXIMUM_DA]) / 10,
        minimum_a=_or_zero(words[Identity.MINIMUM_DA]) / 10,
        maximum_w=u32(words, Identity.MAXIMUM_W),
        minimum_w=_or_zero(words[Identity.MINIMUM_10W]) * 10,
        maximum_v=_or_zero(words[Identity.MAXIMUM_DV]) / 10,
        exclusion_group=_or_zero(words[Identity.EXCLUSION_GROUP]),
        has_lock=Capability.LOCK in abilities,
        has_light=Capability.LIGHT in abilities,
        has_meter=Capability.METER in abilities,
        can_restart_dc=Capability.DC_RESTART in abilities,
        dump_bytes=u32(words, Identity.DUMP_BYTES),
        slot_bytes=u32(words, Identity.SLOT_BYTES),
        reset_counter=words[Identity.RESET_COUNTER],
        security_counter=u32(words, Identity.SECURITY_COUNTER),
        more={
            "firmware_build": str(words[Identity.FIRMWARE_BUILD]),
            "firmware_crc32": f"{u32(words, Identity.FIRMWARE_CRC32):08X}",
            "bootloader": str(words[Identity.BOOTLOADER]),
            "protocol": f"{words[Identity.PROTOCOL] >> 8}.{words[Identity.PROTOCOL] & 0xFF}",
        },
    )
