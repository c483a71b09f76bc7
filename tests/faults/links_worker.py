"""The client of `links` as a process that kills itself at a point: `python -m tests.faults.links_worker LOG`.

A line on stdin starts one and says at which point it ends: before or after a send, a receive or
a commit, counted from its start; 0 is none. It is forked from this process, in which everything is loaded already, so
that a hundred starts cost seconds. On stdout: its process id, and how it ended. LOG gets a line for each point.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from unittest.mock import patch

import django

django.setup()

from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402 - needs loaded settings, like all below
from django.db.backends.utils import CursorWrapper  # noqa: E402

from ocpp_client import connection  # noqa: E402
from ocpp_client.client import Client  # noqa: E402
from ocpp_client.models import CentralSystem  # noqa: E402
from ocpp_client.rpc import Rpc  # noqa: E402

WRITES: Final = ("INSERT", "UPDATE", "DELETE")
PACE: Final = connection.Pace(shortest_wait_s=0.05, longest_wait_s=0.2)  # nobody waits seconds for each of a hundred


class Points:
    """Counts what the process does and ends it, as a power cut would, when its number comes."""

    def __init__(self, log: str, deadly: int) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._deadly = deadly
        self._count = 0
        self._lock = threading.Lock()

    def pass_by(self, what: str) -> None:
        """One more."""
        with self._lock:
            self._count += 1
            os.write(self._log, f"{self._count} {what}\n".encode())
            if self._count == self._deadly:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """*work* with a point before and one after it."""

        def done(*arguments: Any, **more: Any) -> Any:
            self.pass_by(f"before {what}")
            result = work(*arguments, **more)
            self.pass_by(f"after {what}")
            return result

        return done

    def around_send(self, send: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """The same for what is awaited."""

        async def sent(socket: Any, text: str) -> None:
            self.pass_by(f"before send {text[:70]}")
            await send(socket, text)
            self.pass_by(f"after send {text[:70]}")

        return sent

    def around_statement(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        """A statement that writes outside of a transaction is a commit of its own."""
        marked = self.around("commit of one statement", execute)

        def executed(cursor: Any, sql: str, *arguments: Any) -> Any:
            alone = sql.startswith(WRITES) and not cursor.db.in_atomic_block
            return (marked if alone else execute)(cursor, sql, *arguments)

        return executed


def work(log: str, deadly: int) -> None:
    """The loop of the worker until the end."""
    points = Points(log, deadly)
    row = CentralSystem.objects.get(pk=1)
    wrapper, cursor = cast("Any", BaseDatabaseWrapper), cast("Any", CursorWrapper)  # their stubs hide it
    with (
        patch.object(connection, "_send", points.around_send(connection._send)),
        patch.object(connection, "Pace", lambda: PACE),
        patch.object(Rpc, "received", points.around("receive", Rpc.received)),
        patch.object(wrapper, "_commit", points.around("commit", wrapper._commit)),
        patch.object(cursor, "_execute", points.around_statement(cursor._execute)),
    ):
        asyncio.run(Client(row).run(threading.Event()))


def main() -> None:
    """One after the other, until stdin ends."""
    log = sys.argv[1]
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                work(log, int(line))
            finally:
                traceback.print_exc()
                os._exit(1)
        sys.stdout.write(f"pid {pid}\n")
        sys.stdout.flush()
        _pid, status = os.waitpid(pid, 0)
        sys.stdout.write(f"ended {os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
