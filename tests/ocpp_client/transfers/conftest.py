"""One carrier for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ocpp_client.transfers.questions import Carrier


@pytest.fixture
def carrier(tmp_path: Path) -> Carrier:
    return Carrier(tmp_path)
