"""From a downloaded file to boards that run it: connectors are held, boards asked one by one, versions read back."""

from __future__ import annotations

from charging import journal, services
from charging.clock import Moment
from charging.domain.security import SecurityEvent
from charging.models import Wish
from ocpp_client.firmware import files, holding, orders
from ocpp_client.firmware.orders import State
from ocpp_client.models import FirmwareUpdate

WHO = "central_system"
UNFINISHED = (Wish.State.WAITING, Wish.State.STARTED)


def judged(row: FirmwareUpdate, moment: Moment) -> None:
    """The file is there and its signature is right: decide what it is and which boards get it."""
    boards = services.boards()
    try:
        found = files.judge(files.file_of(row), boards)
    except files.Unusable as error:
        _unusable(row, error, moment)
        return
    except OSError as error:
        orders.move(row, State.INSTALLATION_FAILED, moment=moment, reason=f"The file cannot be read: {error}.")
        return
    before = {board.serial: board.firmware for board in boards}
    row.version = found.image.version
    row.boards = {
        serial: {"connector": number, "before": before[serial], "wish": None} for serial, number in found.boards.items()
    }
    if _is_early(row, moment) or not holding.free(_numbers(row)):
        orders.move(row, State.INSTALL_SCHEDULED, moment=moment)
    else:
        _begin(row, moment)


def _unusable(row: FirmwareUpdate, error: files.Unusable, moment: Moment) -> None:
    """A damaged file is not even begun with, where there is a status that says so (section 6.8)."""
    if row.signed and error.damaged:
        orders.move(row, State.INSTALL_VERIFICATION_FAILED, moment=moment, reason=str(error))
    else:
        orders.move(row, State.INSTALLING, State.INSTALLATION_FAILED, moment=moment, reason=str(error))


def waited(row: FirmwareUpdate, moment: Moment) -> None:
    """InstallScheduled: until its time, then until nobody uses the connectors."""
    if not _is_early(row, moment):
        _begin(row, moment)


def _is_early(row: FirmwareUpdate, moment: Moment) -> bool:
    return row.install_at is not None and (row.install_at > moment.at or not moment.clock_known)


def _begin(row: FirmwareUpdate, moment: Moment) -> None:
    if holding.hold(_numbers(row)):
        orders.move(row, State.INSTALLING, moment=moment)
    elif row.state != State.INSTALL_SCHEDULED:
        orders.move(row, State.INSTALL_SCHEDULED, moment=moment)


def _numbers(row: FirmwareUpdate) -> set[int]:
    """Every connector of the boards that get it: a board restarts as a whole."""
    return {number for board in services.boards() if board.serial in row.boards for number in board.connectors}


def installed(row: FirmwareUpdate, moment: Moment) -> None:
    """Installing: the next board that has not ended yet. All of them must say that they run it now."""
    for serial, board in row.boards.items():
        if board["wish"] is None:
            _ask(row, serial)
            return
        if not board.get("changed"):
            _look(row, serial, Wish.objects.filter(pk=board["wish"]).first(), moment)
            return
    orders.move(row, State.INSTALLED, moment=moment)


def _ask(row: FirmwareUpdate, serial: str) -> None:
    board = row.boards[serial]
    with journal.one_commit():
        asked = services.wish(Wish.Kind.UPDATE_FIRMWARE, board["connector"], who=WHO, file=files.file_of(row).name)
        board["wish"] = asked.pk
        row.save(update_fields=["boards"])


def _look(row: FirmwareUpdate, serial: str, asked: Wish | None, moment: Moment) -> None:
    if asked is not None and asked.state in UNFINISHED:
        return
    before, runs = row.boards[serial]["before"], _firmware_of(serial)
    if asked is None or asked.state != Wish.State.DONE:
        why = asked.result if asked else "What became of it is not known."
        _failed(row, f"Board {serial}: {why}", moment)
    elif runs != row.version or runs == before:
        _failed(row, f"Board {serial} says that it runs {runs}, not {row.version}.", moment)
    else:
        with journal.one_commit():
            row.boards[serial]["changed"] = True
            row.save(update_fields=["boards"])
            services.security_event(SecurityEvent.FIRMWARE_UPDATED, f"Board {serial}: {before} -> {runs}")


def _failed(row: FirmwareUpdate, reason: str, moment: Moment) -> None:
    orders.move(row, State.INSTALLATION_FAILED, moment=moment, reason=reason)


def _firmware_of(serial: str) -> str:
    return next((board.firmware for board in services.boards() if board.serial == serial), "")
