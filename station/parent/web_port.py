"""The web port, taken before anything is started and kept while the web process restarts."""

from __future__ import annotations

import errno
import os
import socket
from typing import Final

from station.parent.impossible import StartImpossible

KEPT: Final = "STATION_WEB_SOCKET"  # the descriptor that a restart has kept open


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that the web process inherits; raises StartImpossible.

    Browsers that call while the web process restarts, or everything, wait in its queue instead of being refused.
    """
    if kept := os.environ.pop(KEPT, ""):
        server = socket.socket(fileno=int(kept))
        server.set_inheritable(False)
        return server
    try:
        return socket.create_server((host, port), backlog=128)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            reason = f"Port {port} on {host} is in use by another program: stop it, or choose another --http-port."
        else:
            name = problem.strerror if isinstance(problem, socket.gaierror) else os.strerror(problem.errno or 0)
            reason = f"The station cannot listen on {host} port {port} ({name}): check --http-host."
        raise StartImpossible(reason) from problem


def address_of(server: socket.socket) -> tuple[str, int]:
    """Where a program on this computer reaches `server`."""
    host, port = server.getsockname()[:2]
    return ("127.0.0.1" if host == "0.0.0.0" else host), port  # noqa: S104 - compared, not bound
