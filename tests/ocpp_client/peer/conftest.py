"""The peer at the other end of the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ocpp_client.peer.peer import INSTALLED, Peer


@pytest.fixture
def peer(redis_server: str) -> Iterator[Peer]:
    """At the end it has seen no bad frame and none that breaks its schema."""
    assert redis_server
    if not INSTALLED:
        pytest.skip("ocpp-rpc is not installed: run make test where node and npm are")
    with Peer() as peer:
        yield peer
