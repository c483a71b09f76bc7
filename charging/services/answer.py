"""What every request is answered with: accepted, or a code that has a sentence in every language."""

from __future__ import annotations

from dataclasses import dataclass

from charging.domain.requests import Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """Accepted, or refused with a code."""

    accepted: bool
    refusal: str = ""  # code of charging.domain.requests.Refusal
    scheduled: bool = False  # accepted, and takes effect when the connector is idle
    wish_id: int | None = None  # the Wish whose result tells how it went


ACCEPTED = Answer(accepted=True)


def refused(code: Refusal) -> Answer:
    """A refusal."""
    return Answer(accepted=False, refusal=code.value)


def answer_of(refusal: Refusal | None) -> Answer:
    """Accepted, unless there is a refusal."""
    return refused(refusal) if refusal else ACCEPTED
