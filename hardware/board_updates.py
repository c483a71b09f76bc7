"""Updates of boards: an image is judged against the board before a byte is sent, and its version is read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.conf import settings

from charging import journal, services
from charging.domain.firmware import LARGEST_BYTES, Board, Image, image_of, unfit
from charging.models import Wish
from hardware.capabilities import ConnectorIdentity, Driver, UpdatesFirmware
from hardware.errors import Refused
from hardware.line import Line
from hardware.models import Controller

FOLDER: Final = "firmware"  # below DATA_DIR


class BoardUpdates:
    """The updates of one line's boards, by wish. The board says how far each is; this memory may be lost."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._images: dict[int, tuple[bytes, Image]] = {}

    def step(self, asked: Wish, driver: Driver) -> tuple[int, str]:
        """One step: percent done, and at the end the result's sentence. Raises HardwareError, ValueError, OSError."""
        if not isinstance(driver, UpdatesFirmware):
            raise Refused(f"The controller of connector {asked.connector_number} takes no firmware from here.")
        content, image = self._judged(asked, driver)
        done, whole = self._line.run(driver.update_firmware(content))
        if done < whole:
            return done * 100 // whole, ""
        return 100, self._read_back(asked, image, driver)

    def forget(self, asked: Wish) -> None:
        """The wish has ended."""
        self._images.pop(asked.pk, None)

    def _judged(self, asked: Wish, driver: Driver) -> tuple[bytes, Image]:
        """The board judges as well, by its boot loader; neither relies on the other."""
        held = self._images.get(asked.pk)
        if held is None:
            content = content_of(asked.arguments)
            image = image_of(content)
            if why := unfit(image, board_of(self._line.run(driver.identify()))):
                raise Refused(why)
            held = self._images[asked.pk] = content, image
        return held

    def _read_back(self, asked: Wish, image: Image, driver: Driver) -> str:
        identity = self._line.run(driver.identify())
        with journal.one_commit():
            for row in Controller.objects.filter(board_serial=identity.board_serial):
                row.firmware = identity.firmware
                row.identity |= {"firmware": identity.firmware, "security_counter": identity.security_counter}
                row.save(update_fields=["firmware", "identity"])
            services.firmware_read_back(identity.board_serial, board_of(identity), who=asked.asked_by)
        if identity.firmware != image.version:
            raise Refused(f"The board says that it runs {identity.firmware}, and the image is {image.version}.")
        return f"Firmware {identity.firmware} runs and is confirmed."


def board_of(identity: ConnectorIdentity) -> Board:
    """What decides whether an image fits. Raises ValueError for a hardware revision that is no number."""
    return Board(
        model=identity.model,
        hardware_revision=int(identity.hardware_revision),
        firmware=identity.firmware,
        security_counter=identity.security_counter,
    )


def content_of(arguments: dict[str, Any]) -> bytes:
    """The image that a wish names: a plain file name below DATA_DIR/firmware. Raises ValueError, OSError."""
    name = str(arguments.get("file", ""))
    if not name or name != Path(name).name or name.startswith("."):
        raise ValueError("The wish names no firmware file: put the image into the firmware folder and name it.")
    path = Path(settings.DATA_DIR) / FOLDER / name
    if path.is_symlink() or path.stat().st_size > LARGEST_BYTES:
        raise ValueError(f"{name} is no firmware image: it is a link or larger than 4 MB.")
    return path.read_bytes()
