"""The data folder of one station: private, and used by one station at a time."""

from __future__ import annotations

import fcntl
import os
from typing import IO, TYPE_CHECKING

from station.parent.impossible import StartImpossible

if TYPE_CHECKING:
    from pathlib import Path


def make_private(data_dir: Path) -> None:
    """Create `data_dir` and `data_dir`/run with mode 0700; raises StartImpossible."""
    try:
        (data_dir / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        data_dir.chmod(0o700)
    except OSError as problem:
        reason = f"{data_dir} cannot be used as the data folder ({problem.strerror}): choose another --data-dir."
        raise StartImpossible(reason) from problem


def lock(data_dir: Path) -> IO[str]:
    """Hold `data_dir` until the returned file is closed or this program ends, however it ends."""
    file = (data_dir / "run" / "station.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        reason = f"A station already runs in {data_dir} (pid {holder}): stop it, or choose another --data-dir."
        raise StartImpossible(reason) from problem
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
