"""What the worker `links` outlives: `python -m tests.faults.links kills`, `... credentials` and `... frames`.

`kills` plays a session for every kill and every cut, or with --points for so many of each; `credentials` does the same
with changes of the password and of the security profile; `frames` sends injured frames for --seconds. The seed is
printed, and at the end what was found, as JSON; 0 when every bar was met.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
from typing import Any

import django

from tests.conftest import TEST_DATA_DIR  # names the folder of the databases before Django reads it


def main() -> int:
    """0 when every bar was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.links", description=__doc__)
    parser.add_argument("campaign", choices=("kills", "credentials", "frames"))
    parser.add_argument("--points", type=int, help="so many kills and so many cuts instead of all")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    given = parser.parse_args()
    say(f"seed {given.seed}")
    django.setup()
    try:
        found = {"frames": _frames, "kills": _kills, "credentials": _credentials}[given.campaign](given)
    finally:
        shutil.rmtree(TEST_DATA_DIR, ignore_errors=True)
    say(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


def _kills(given: argparse.Namespace) -> dict[str, Any]:
    from tests.faults.links_campaign import run  # noqa: PLC0415 - Django is set up first

    return run(given.points, given.seed, say)


def _frames(given: argparse.Namespace) -> dict[str, Any]:
    from tests.faults.frames_fuzz import run  # noqa: PLC0415 - as above

    return asyncio.run(run(given.seconds, given.seed))


def _credentials(given: argparse.Namespace) -> dict[str, Any]:
    from tests.faults.links_credentials import run  # noqa: PLC0415 - as above

    return run(given.points, given.seed, say)


def say(sentence: str) -> None:
    """At once, on a line."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
