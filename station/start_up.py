"""How the start of a process ends: what was loaded stays for its whole life and is not looked through again."""

from __future__ import annotations

import gc


def forget_start_up() -> None:
    """Free the garbage of the start, and take everything else out of the garbage collector's sight.

    A full collection would otherwise look through 100,000 objects of libraries, which holds up every thread, and
    Python puts it off until a quarter as many have been added: megabytes of garbage in `web`. Afterwards full
    collections are short and come early.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # finds nothing; the next full collection is measured against what is not frozen
