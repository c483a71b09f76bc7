"""What may a station never do? One name for each rule that the central system checks on every frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Rule(StrEnum):
    """A rule of OCPP-J 1.6 (J), OCPP 1.6 edition 2 (C), their errata (E), or of reliability.md 5.2 (I)."""

    NOT_TEXT = "a message is one text frame"  # J 4.1.2
    NOT_JSON = "a message is JSON: no NaN, no name twice"  # J 4.2
    NOT_A_FRAME = "a message is a CALL of 4, a CALLRESULT of 3 or a CALLERROR of 5 elements"  # J 4.2.1-4.2.3
    TEXT = "text has no NUL and no lone surrogate"  # J 3.1, UTF-8
    MESSAGE_ID = "a message id has 1 to 36 characters"  # J 4.1.4
    MESSAGE_ID_TWICE = "no message id is used twice, but for the very same unanswered message"  # E-J 3.1
    SECOND_CALL = "one CALL at a time"  # J 4.1.1
    ACTION = "the action is one that a charge point may call"  # C 4
    SCHEMA = "the payload follows the JSON schema"  # J 4.2.4
    TIMESTAMP = "a time is UTC: 2026-01-31T08:15:00Z or with up to three decimals"  # C 3.14
    ID_TAG = "an idTag is printable ASCII"  # C 7.28, CiString20Type
    VALUE = "a raw sampled value is a decimal number"  # C 7.43
    UNASKED = "an answer answers a CALL of the central system"  # J 4.1.4
    ANSWERED_TWICE = "a CALL is answered once"  # J 4.1.1
    ERROR_CODE = "a CALLERROR has a code of table 7, a description of up to 255 characters and an object"  # J 4.2.3
    BEFORE_ACCEPTED = "before it is accepted a station sends its BootNotification only, or what was triggered"  # C 4.2
    WHILE_REJECTED = "a rejected station answers nothing"  # C 4.2
    BOOT_TOO_SOON = "a station that was not accepted waits for the interval"  # C 4.2
    SUBPROTOCOL = "the station offers the sub-protocol ocpp1.6"  # J 3.2
    COMPRESSION = "the station offers no compression"  # J 5.1
    BASIC_AUTH = "the user of basic authentication is the identity in the address"  # J 6.2
    TWO_SOCKETS = "the old socket is closed before a new one opens"  # J 5.4
    UNKNOWN_TRANSACTION = "a transactionId is one that the central system gave"  # I1
    REPEAT_DIFFERS = "a repeated transaction message is equal in every field"  # I6
    OUT_OF_ORDER = "transaction messages of a connector arrive in the order of their times"  # C 3.7, I3
    METER_BACKWARDS = "the register of a transaction never runs backwards"  # I2


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach: which rule, what was seen, and the number of the frame (0: of no frame)."""

    rule: Rule
    seen: str
    frame: int

    def __str__(self) -> str:
        return f"#{self.frame} {self.rule.name} ({self.rule}): {self.seen}"


class Breach(Exception):
    """Raised where a rule is broken; the record turns it into a Violation."""

    def __init__(self, rule: Rule, seen: str) -> None:
        self.rule, self.seen = rule, seen
        super().__init__(f"{rule.name}: {seen}")


ERROR_CODES: Final = frozenset(
    {
        *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError"),
        *("FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"),  # 1.6's own spelling
        *("TypeConstraintViolation", "GenericError"),
    }
)
