"""Orders of firmware in tests: files to be fetched, boards that carry out their wishes, and who signs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from django.db import connections

from charging import services
from charging.domain.firmware import Board, image_of
from charging.models import Connector, Wish
from hardware.board_updates import content_of
from ocpp_client.models import FirmwareUpdate
from ocpp_client.transfers.asking import Servers
from ocpp_client.transfers.failures import TransferFailed, Why
from tests.hardware.firmware_images import CABLE, firmware_image
from tests.ocpp_client.manufacturers import Manufacturer, Signer

OLD: Final = Board(model=CABLE, hardware_revision=2, firmware="1.4.2")
LOCATION: Final = "https://firmware.example/image.bin"
LONG_AGO: Final = "2026-01-01T00:00:00Z"
FAR: Final = "2099-01-01T00:00:00Z"


@dataclass
class Boards:
    """The boards behind the connectors, as the controllers process treats their wishes."""

    broken: dict[int, str] = field(default_factory=dict)  # by connector: why its board does not take firmware
    lazy: set[int] = field(default_factory=set)  # says that it is done and runs what it ran
    held: threading.Event = field(default_factory=threading.Event)  # while not set nothing is carried out

    def __post_init__(self) -> None:
        self.held.set()

    def carry_out(self) -> None:
        """Every wish that waits."""
        for asked in services.wishes(
            (Wish.Kind.UPDATE_FIRMWARE,), list(Connector.objects.values_list("pk", flat=True))
        ):
            number = asked.connector_number
            if why := self.broken.get(number):
                services.wish_ended(asked.pk, done=False, result=why)
                continue
            row = Connector.objects.get(pk=number)
            version = image_of(content_of(asked.arguments)).version
            board = Board(**row.board) if number in self.lazy else replace(Board(**row.board), firmware=version)
            services.firmware_read_back(row.board_serial, board, who="test")
            services.wish_ended(asked.pk, done=True, result="Done.")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """In a thread beside the client."""
        ended = threading.Event()

        def work() -> None:
            try:
                while not ended.wait(0.02):
                    if self.held.is_set():
                        self.carry_out()
            finally:
                connections.close_all()

        thread = threading.Thread(target=work, name="boards")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(10.0)


def described(*numbers: int, board: Board = OLD) -> None:
    """These connectors have boards that say what they are; all of them without a number."""
    rows = Connector.objects.filter(pk__in=numbers) if numbers else Connector.objects.all()
    rows.update(board=asdict(board))


@contextmanager
def shelf(**files: bytes | str) -> Iterator[list[str]]:
    """What lies at LOCATION: bytes, or a sentence why it cannot be had, one for each attempt. The attempts so far."""
    asked = list[str]()
    outcomes = list(files.values())

    async def fetch(location: str, into: Path, *, most_bytes: int, within_s: float, servers: Servers) -> None:
        assert most_bytes > 0
        assert servers.networks == ""
        assert within_s > 0
        asked.append(location)
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, str):
            raise TransferFailed(Why.SERVER, outcome)
        into.write_bytes(outcome)  # noqa: ASYNC240 - a few bytes

    with patch("ocpp_client.firmware.updating.fetch", fetch):
        yield asked


def order(**more: Any) -> dict[str, Any]:
    """UpdateFirmware."""
    return {"location": LOCATION, "retrieveDate": LONG_AGO, **more}


def newest() -> FirmwareUpdate:
    """The order that came last."""
    found = FirmwareUpdate.objects.order_by("-pk").first()
    assert found is not None
    return found


IMAGE: Final = firmware_image()


@contextmanager
def trusted(*makers: Manufacturer) -> Iterator[None]:
    """Their roots are installed."""
    with patch("ocpp_client.certificates.store.installed", lambda _use: [maker.pem for maker in makers]):
        yield


def signed_order(signer: Signer, content: bytes = IMAGE, *, request_id: int = 7, **more: Any) -> dict[str, Any]:
    """SignedUpdateFirmware for a file that *signer* has signed."""
    firmware: dict[str, Any] = {
        "location": LOCATION,
        "retrieveDateTime": LONG_AGO,
        "signingCertificate": signer.pem,
        "signature": signer.sign(content),
    }
    beside: dict[str, Any] = {name: more.pop(name) for name in ("retries", "retryInterval") if name in more}
    return {"requestId": request_id, "firmware": {**firmware, **more}, **beside}
