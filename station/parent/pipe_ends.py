"""`python -m station.parent.pipe_ends READ WRITE PROGRAM ...`: become PROGRAM with the two pipes as its files 3 and 4.

That is where Chromium looks for them (--remote-debugging-pipe). It cannot be said with pass_fds, which keeps numbers,
and in the parent these two numbers are something else.
"""

from __future__ import annotations

import fcntl
import os
import sys
from typing import Final

READS_AT: Final = 3
WRITES_AT: Final = 4
OUT_OF_THE_WAY: Final = 10


def main(arguments: list[str]) -> None:
    """Never returns. Raises OSError where the program cannot be run."""
    read_end, write_end = (fcntl.fcntl(int(number), fcntl.F_DUPFD_CLOEXEC, OUT_OF_THE_WAY) for number in arguments[:2])
    os.closerange(READS_AT, OUT_OF_THE_WAY)
    os.dup2(read_end, READS_AT)
    os.dup2(write_end, WRITES_AT)
    os.execv(arguments[2], arguments[2:])  # noqa: S606 - the parent's own choice of a program


if __name__ == "__main__":
    main(sys.argv[1:])
