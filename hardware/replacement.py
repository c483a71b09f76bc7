"""A board that was exchanged: a technician confirms it, and the outlet keeps its number and its letter."""

from __future__ import annotations

from charging import journal, services
from hardware.models import Controller


def confirmed_serial(connector_number: int) -> str:
    """The board that belongs to this connector as of now; "" when nobody knows."""
    serials = Controller.objects.filter(connector_number=connector_number).values_list("board_serial", flat=True)
    return serials.first() or ""


def answers_as(connector_number: int, board_serial: str, sentence: str) -> None:
    """Another board was met at this connector's address: a fault, and a question to the technician."""
    Controller.objects.filter(connector_number=connector_number).update(answers_as=board_serial, problem=sentence)
    services.raise_fault(connector_number, "ControllerMismatch", who=sentence)


def confirm(connector_number: int, *, who: str) -> bool:
    """Let the board that answers at this connector's address take its place. False: no other board was met."""
    with journal.one_commit():
        row = Controller.objects.filter(connector_number=connector_number).exclude(answers_as="").first()
        if row is None:
            return False
        board_serial, row.board_serial = row.answers_as, row.answers_as
        row.answers_as = row.problem = ""
        row.save(update_fields=["board_serial", "answers_as", "problem"])
        return services.confirm_replacement(connector_number, board_serial, row.board_index, who=who)
