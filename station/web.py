"""`python -m station.web ARGUMENTS`: daphne with the same arguments, without what its libraries load unasked.

TLS ends outside of the station and is 4 MB of Twisted; PostgreSQL's field types are 5 MB of the console's look
wherever psycopg is installed. Both do without a library that is not there (docs/decisions/0002).
"""

from __future__ import annotations

import os
import sys
from typing import Final

TLS: Final = "OpenSSL"
POSTGRESQL: Final = "psycopg"


def leave_out_unused() -> None:
    """Make the import of what this process never uses raise ModuleNotFoundError, as if it were not installed."""
    unused = [TLS] if os.environ.get("DATABASE_URL") else [TLS, POSTGRESQL]
    # None in this table is the import system's own way to say so (Python's reference, 5.3.1).
    sys.modules.update(dict.fromkeys(unused))  # type: ignore[arg-type] # the stubs know modules only


def main() -> None:
    """Serve until told to stop."""
    leave_out_unused()
    from daphne.cli import CommandLineInterface  # noqa: PLC0415 - after what it shall not load

    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
