"""One browser, and one kiosk in front of it, for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.kiosk.browsers import FileKiosk, running_browser, running_kiosk
from tests.kiosk.stations import four


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def shared_kiosk() -> Iterator[FileKiosk]:
    with running_kiosk(four()) as running:
        yield running


@pytest.fixture
def kiosk(shared_kiosk: FileKiosk) -> FileKiosk:
    """It shows four connectors, accepts what is asked, and was asked nothing yet."""
    (shared_kiosk.folder / "asked.jsonl").unlink(missing_ok=True)
    shared_kiosk.answer_with(accepted=True)
    shared_kiosk.show(four())
    return shared_kiosk


@pytest.fixture(scope="module")
def quick_kiosk() -> Iterator[FileKiosk]:
    """One that sends each of many pictures at once."""
    with running_kiosk(four(), closest_s=0.01) as running:
        yield running
