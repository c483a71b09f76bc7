"""A PostgreSQL server of its own for tests: a throw-away cluster on a free port of the loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDERS: Final = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
ACCOUNT: Final = "postgres"
PATIENCE_S: Final = 60


def account() -> pwd.struct_passwd | None:
    """The unprivileged account that a server of root needs; None: whoever runs the test."""
    return pwd.getpwnam(ACCOUNT) if os.getuid() == 0 else None


def impossible() -> str:
    """Why there is no server here; "" when there is one."""
    if not FOLDERS:
        return "PostgreSQL is not installed: the record was tested on SQLite only (package postgresql)."
    try:
        account()
    except KeyError:
        return f"PostgreSQL does not run as root and there is no account {ACCOUNT}: tested on SQLite only."
    return ""


def run(*command: str) -> None:
    who = account()
    subprocess.run(
        command,
        check=True,
        timeout=PATIENCE_S,
        stdout=subprocess.DEVNULL,
        user=who.pw_uid if who else None,
        group=who.pw_gid if who else None,
        cwd="/",
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running_cluster() -> Iterator[str]:
    """The address of a database on a private server that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    who = account()
    if who:
        os.chown(folder, who.pw_uid, who.pw_gid)
    tools = FOLDERS[-1]
    cluster = folder / "cluster"
    run(str(tools / "initdb"), "-D", str(cluster), "-U", "station", "-A", "trust", "-E", "UTF8", "--no-sync")
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    log = str(folder / "log")
    run(str(tools / "pg_ctl"), "-D", str(cluster), "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgresql://station@127.0.0.1:{port}/postgres"
    finally:
        run(str(tools / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
