from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.faults.campaign import campaign

SEED: Final = 20_261
KILLS: Final = 8


@pytest.mark.journey
def test_it_loses_nothing_whatever_is_killed_while_cars_charge(tmp_path: Path) -> None:
    assert campaign(tmp_path, kills=KILLS, seed=SEED, say=print) == []
