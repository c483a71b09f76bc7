"""`python -m station.worker controllers@station`: one of the two Celery workers, without Celery's command line.

`python -m celery` loads an interactive shell (click_repl, prompt_toolkit, pygments) into each worker, 10 MB that nobody
uses there (docs/decisions/0002). What is started is the same: Celery's own worker, with the same names and signals.
"""

from __future__ import annotations

import sys
from typing import Final

from station.start_up import forget_start_up

# Threads and queues by role; the role is the first half of the node's name.
WORKERS: Final = {
    "controllers": (2, ["hardware"]),
    "links": (8, ["ocpp", "monitoring", "updates", "default"]),
}


def main(arguments: list[str]) -> int:
    """Work until told to stop; the exit code."""
    node = arguments[0] if arguments else ""
    if node.partition("@")[0] not in WORKERS:
        names = " or ".join(f"{role}@station" for role in WORKERS)
        print(f"{node!r} is no worker of a station: give {names}.", file=sys.stderr)  # noqa: T201 - nothing logs yet
        return 2
    from station.celery import app  # noqa: PLC0415 - reads the settings, which a wrong name must not need

    threads, queues = WORKERS[node.partition("@")[0]]
    worker = app.Worker(
        hostname=node,
        pool_cls="threads",
        concurrency=threads,
        queues=queues,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    forget_start_up()  # before the first turn: later it would hold one up
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
