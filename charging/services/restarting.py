"""How the station is restarted: the parent starts all processes anew, a privileged program restarts the machine.

The parent listens at run/parent.sock (station.parent.wishes). The program that may restart the machine shows that it
is there by the folder run/machine, in which it waits for a file called `restart` (docs/decisions/0022-resets.md).
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Final

from django.conf import settings

from charging import live

RESTART: Final = b"restart"


def possible() -> bool:
    """Whether anybody listens who could do it."""
    return _parent().is_socket() or _machine().is_dir()


def restart(*, machine: bool) -> None:
    """Ask for it; of a machine that nobody may restart, all processes are. Raises OSError where it cannot be asked."""
    if machine and _machine().is_dir():
        _ask_for_machine()
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        live.send_to(_parent(), wire, RESTART)


def machine_restarted() -> None:
    """A start of the station: what was asked of the machine is not asked again, whoever forgot to take it away."""
    with contextlib.suppress(OSError):
        (_machine() / "restart").unlink()


def _ask_for_machine() -> None:
    """Whole and on the disk, or not at all: the machine may restart in the next moment."""
    folder = _machine()
    fresh = folder / f".restart.{os.getpid()}"
    with fresh.open("w", encoding="ascii") as file:
        file.write(f"{settings.BOOT_ID}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "restart")


def _parent() -> Path:
    return Path(settings.DATA_DIR) / "run" / "parent.sock"


def _machine() -> Path:
    return Path(settings.DATA_DIR) / "run" / "machine"
