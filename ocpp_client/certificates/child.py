"""Questions to a program of our own that reads what strangers have made: it takes memory and gives it back.

The library for certificates would keep 12 MB of the worker `links` for ever, for one certificate a year.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from django.conf import settings


def asked(module: str, question: dict[str, Any], within_s: float) -> dict[str, Any] | None:
    """What `python -m module` answers; None when it fails, hangs or says nothing. Blocks for as long as it takes."""
    try:
        answer = subprocess.run(
            [sys.executable, "-m", module],
            cwd=settings.BASE_DIR,
            input=json.dumps(question),
            stdout=subprocess.PIPE,
            text=True,
            timeout=within_s,
            check=True,
        )
        told = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return told if isinstance(told, dict) else None
