"""The station is started anew: this program becomes a fresh one of the same pid, and keeps the web port meanwhile."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from station.parent.web_port import KEPT

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

ONCE: Final = "--central-system"  # said at the first start only; the console may have said something else since


def start_again(server: socket.socket) -> NoReturn:
    """Never returns. Every child must have ended."""
    os.set_inheritable(server.fileno(), True)
    os.environ[KEPT] = str(server.fileno())
    os.execv(sys.executable, [sys.executable, *arguments_again(sys.orig_argv[1:])])  # noqa: S606 - ourselves


def arguments_again(arguments: Sequence[str]) -> list[str]:
    """The command line without what counts once."""
    kept: list[str] = []
    skipped = False
    for word in arguments:
        if skipped or word == ONCE or word.startswith(f"{ONCE}="):
            skipped = word == ONCE and not skipped
            continue
        kept.append(word)
    return kept
