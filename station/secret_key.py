"""The key that signs sessions: made once per station, never shared, never in the source."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

SHORTEST_KEY: Final = 50


def secret_key_of(data_dir: Path) -> str:
    """Read `data_dir`/secret_key, or make it (mode 0600) when it is missing or cut off by a power loss."""
    path = data_dir / "secret_key"
    key = path.read_text("ascii").strip() if path.exists() else ""
    return key if len(key) >= SHORTEST_KEY else _made(path)


def _made(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key", delete=False) as file:
        file.write(secrets.token_urlsafe(50))
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return path.read_text("ascii").strip()
