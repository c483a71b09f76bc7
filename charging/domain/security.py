"""Security events and the chain that their log is kept in (OCPP 1.6 security whitepaper, edition 3, A04 and section 8).

Pure: each entry of the log holds a hash over its own content and the hash of the entry before it, so that nothing in
the middle can be changed, left out or put in without breaking every hash that follows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

FIRST: Final = "0" * 64  # the hash before the first entry of all


class SecurityEvent(StrEnum):
    """The events of section 8, with the spelling of edition 3: this is what goes over the wire."""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    FAILED_TO_AUTHENTICATE = "FailedToAuthenticationAtCentralSystem"
    CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE = "CentralSystemFailedToAuthentication"
    SETTING_SYSTEM_TIME = "SettingSystemTime"
    STARTUP_OF_THE_DEVICE = "StartupOfTheDevice"
    RESET_OR_REBOOT = "ResetOrReboot"
    SECURITY_LOG_WAS_CLEARED = "SecurityLogWasCleared"
    RECONFIGURATION_OF_SECURITY_PARAMETERS = "ReconfigurationOfSecurityParameters"
    MEMORY_EXHAUSTION = "MemoryExhaustion"
    INVALID_MESSAGES = "InvalidMessages"
    ATTEMPTED_REPLAY_ATTACKS = "AttemptedReplayAttacks"
    TAMPER_DETECTION_ACTIVATED = "TamperDetectionActivated"
    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    INVALID_FIRMWARE_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    INVALID_CENTRAL_SYSTEM_CERTIFICATE = "InvalidCentralSystemCertificate"
    INVALID_CHARGE_POINT_CERTIFICATE = "InvalidChargePointCertificate"
    INVALID_TLS_VERSION = "InvalidTLSVersion"
    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"

    @property
    def critical(self) -> bool:
        """Whether section 8 calls it critical."""
        return self in CRITICAL

    @property
    def pushed(self) -> bool:
        """Whether the central system is told. Of its own bad messages it knows by our CALLERROR."""
        return self not in {SecurityEvent.INVALID_MESSAGES, SecurityEvent.ATTEMPTED_REPLAY_ATTACKS}


CRITICAL: Final = frozenset(
    {
        SecurityEvent.FIRMWARE_UPDATED,
        SecurityEvent.SETTING_SYSTEM_TIME,
        SecurityEvent.STARTUP_OF_THE_DEVICE,
        SecurityEvent.RESET_OR_REBOOT,
        SecurityEvent.SECURITY_LOG_WAS_CLEARED,
        SecurityEvent.MEMORY_EXHAUSTION,
        SecurityEvent.TAMPER_DETECTION_ACTIVATED,
    }
)


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry as it is chained; `number` counts from 1 without a gap, `at` is aware UTC as it was written."""

    number: int
    at: datetime
    event: str
    about: str
    previous_hash: str
    hash: str


def hash_of(number: int, at: datetime, event: str, about: str, previous_hash: str) -> str:
    """SHA-256 over the content and the hash before it, in hexadecimal digits."""
    content = json.dumps([number, at.isoformat(), event, about, previous_hash], ensure_ascii=True)
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def first_break(entries: Iterable[Logged]) -> int | None:
    """The number of the first entry, oldest first, that does not follow from the one before it; None: unbroken.

    The oldest one that was kept is the anchor: what was before it has rolled out of the log.
    """
    before: Logged | None = None
    for entry in entries:
        follows = before is None or (entry.number, entry.previous_hash) == (before.number + 1, before.hash)
        begins = before is not None or entry.number > 1 or entry.previous_hash == FIRST
        own = hash_of(entry.number, entry.at, entry.event, entry.about, entry.previous_hash)
        if not (follows and begins and own == entry.hash):
            return entry.number
        before = entry
    return None
