"""`port_is_free.py HOST PORT`: ends with code 1 and one sentence when another program listens there."""

from __future__ import annotations

import os
import socket
import sys


def problem_of(host: str, port: str) -> str:
    """One sentence, or nothing when the port is free."""
    try:
        socket.create_server((host, int(port))).close()
    except (ValueError, OverflowError):
        return f"HTTP_PORT is {port!r}: give a number from 1 to 65535, for example: make run HTTP_PORT=8080"
    except OSError as problem:
        reason = f"Port {port} on {host} cannot be used ({os.strerror(problem.errno or 0)})"
        return f"{reason}: choose another, for example: make run HTTP_PORT=8080"
    return ""


if __name__ == "__main__":
    sys.exit(problem_of(sys.argv[1], sys.argv[2]) or 0)
