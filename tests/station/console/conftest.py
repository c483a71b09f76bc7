"""A technician at the console of a station with two connectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from charging.domain.capability import Capability
from station.console.throttle import THROTTLE

if TYPE_CHECKING:
    from station.models import Person

PASSWORD = "correct horse"
HOST = "localhost"


@pytest.fixture
def anna() -> Person:
    """Anna has repaired stations for ten years: she may do everything."""
    from station.models import Person  # noqa: PLC0415 - this file is read before the models can be

    return Person.objects.create_superuser("anna", password=PASSWORD)


@pytest.fixture
def boris() -> Person:
    """Boris has begun this week: he may look, and press the emergency stop."""
    from station.models import Person  # noqa: PLC0415 - see anna

    return Person.objects.create_user("boris", password=PASSWORD, is_staff=True)


@pytest.fixture
def client() -> Client:
    return Client(HTTP_HOST=HOST)


@pytest.fixture
def beginner(boris: Person) -> Client:
    client = Client(HTTP_HOST=HOST)
    client.force_login(boris)
    return client


@pytest.fixture
def at_cabinet(anna: Person) -> Client:
    client = Client(HTTP_HOST=HOST, REMOTE_ADDR="127.0.0.1")
    client.force_login(anna)
    return client


@pytest.fixture
def remote(anna: Person) -> Client:
    client = Client(HTTP_HOST=HOST, REMOTE_ADDR="10.8.0.7")
    client.force_login(anna)
    return client


@pytest.fixture
def outlets() -> None:
    from charging import services  # noqa: PLC0415 - see anna

    capability = Capability(has_lock=True)
    found = [
        services.FoundConnector(board_serial="S1", board_index=n, connector_type="TYPE2_SOCKET", capability=capability)
        for n in (1, 2)
    ]
    services.connectors_found(found)


@pytest.fixture(autouse=True)
def forgiving_throttle() -> Iterator[None]:
    yield
    THROTTLE.__init__()  # type: ignore[misc]
