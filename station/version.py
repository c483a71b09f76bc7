"""Which version of the software this is."""

from __future__ import annotations

import tomllib

from station.environment import PROJECT_DIR


def software_version() -> str:
    """As pyproject.toml says."""
    project = tomllib.loads((PROJECT_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])
