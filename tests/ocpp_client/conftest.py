"""The central system at the other end of the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.central_system import CentralSystem


@pytest.fixture
def central(redis_server: str) -> Iterator[CentralSystem]:
    """It gives up no sooner than the station may."""
    assert redis_server
    with CentralSystem("CP1", give_up_s=2.0) as central:
        yield central
