"""Marks of this folder."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "journey: plays a journey in plain text on a whole simulated station")
