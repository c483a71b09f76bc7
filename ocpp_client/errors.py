"""What can go wrong between the station and its central system. The type says whose fault it is.

OcppError
├── AddressUnusable    an address of a central system that no connection can be tried with: of who entered it
├── Malformed          a frame that cannot be read: theirs
├── Invalid            a payload that breaks the schema of its action: of whoever wrote it
├── Refuse             what an answer raises when the far end is to get a CALLERROR
├── Unanswered         what an answer raises when the far end is to get nothing at all
└── CallFailed         a call of ours that brought nothing; the type says whether the far end has seen it
    ├── CallTimedOut   no answer in time; it may have been carried out
    ├── CallRefused    answered by a CALLERROR
    ├── AnswerUnusable answered by a payload that lacks what is needed
    └── LinkLost       the link ended first; it may have been carried out
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Error codes of a CALLERROR: OCPP-J 1.6, table 7, with the spellings that its errata 5.1 and 5.2 keep."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


class OcppError(Exception):
    """Base of everything that `ocpp_client` raises; its text is one sentence for a technician."""


class AddressUnusable(OcppError):
    """The address of the central system cannot be used; the sentence says why."""


class Malformed(OcppError):
    """A frame that cannot be read.

    `message_id` is the one to answer to, frames.UNREADABLE_ID where none can be read. `answerable` is False for
    answers (an answer is never answered) and for message types that the text wants ignored (OCPP-J 1.6, 4.1.3).
    """

    def __init__(self, message_id: str, code: ErrorCode, description: str, *, answerable: bool) -> None:
        super().__init__(description)
        self.message_id = message_id
        self.code = code
        self.description = description
        self.answerable = answerable


class Invalid(OcppError):
    """A payload that breaks the schema of its action, or an action that there is no schema for."""

    def __init__(self, code: ErrorCode, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class Refuse(OcppError):
    """The station answers a call of the central system with a CALLERROR: raised by whoever answers it."""

    def __init__(self, code: ErrorCode, description: str = "") -> None:
        super().__init__(description or code)
        self.code = code
        self.description = description


class Unanswered(OcppError):
    """The station does not answer: it was rejected, and then says nothing (OCPP 1.6 section 4.2)."""


class CallFailed(OcppError):
    """A call of ours brought nothing that can be used."""


class CallTimedOut(CallFailed):
    """No answer came in time; the central system may have carried it out all the same."""


class CallRefused(CallFailed):
    """The central system answered with a CALLERROR. `code` is what it wrote, of table 7 or of its own."""

    def __init__(self, code: str, description: str, details: dict[str, Any]) -> None:
        super().__init__(f"The central system refused with {code}: {description}")
        self.code = code
        self.description = description
        self.details = details


class AnswerUnusable(CallFailed):
    """The central system answered, but without what the station needs from this answer."""


class LinkLost(CallFailed):
    """The link ended before the answer came; the central system may have carried it out all the same."""
