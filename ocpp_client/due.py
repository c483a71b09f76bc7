"""One message that is due now, and what becomes of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

Payload = dict[str, Any]
ANSWER_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that was refused (`code` of the CALLERROR) or never answered ("")."""

    code: str
    sentence: str

    @property
    def answered(self) -> bool:
        """Whether the central system said something."""
        return bool(self.code)


def _nothing(_outcome: Any) -> None:
    """Level-triggered: what was not delivered is due again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A CALL to make. What is called of it is called in the thread that owns the database.

    `following`, where there is one, makes the CALL that may go out as soon as this one is confirmed, even before that
    is kept: so only where the answer says nothing that the next message needs.
    """

    action: str
    payload: Payload
    confirmed: Callable[[Payload], None] = field(default=_nothing)
    failed: Callable[[Failure], None] = field(default=_nothing)
    following: Callable[[], Due | None] | None = None
    within_s: float = ANSWER_WITHIN_S
