"""`python -m station`: starts everything of one station and keeps it alive."""

from __future__ import annotations

import sys

from station.parent.options import options_of
from station.parent.run import run

if __name__ == "__main__":
    sys.exit(run(options_of(sys.argv[1:])))
