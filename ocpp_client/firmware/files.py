"""The downloaded file: where it lies, and what it is."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from charging.domain.firmware import LARGEST_BYTES, Image, NotAnImage, image_of, unfit
from charging.services import BoardOfConnectors
from ocpp_client.models import FirmwareUpdate

MOST_BYTES: Final = 256 * 1024 * 1024
KEPT_FREE_BYTES: Final = 256 * 1024 * 1024  # of the disk: what charging writes comes first
PREFIX: Final = "ordered-"  # a technician's own files beside them are left alone
RELEASE: Final = "station-release.json"  # the first file of a bundle of the station's own software
LARGEST_RELEASE_BYTES: Final = 64 * 1024


class Unusable(Exception):
    """The file cannot be installed; the sentence says why. `damaged`: it is not what its maker made."""

    def __init__(self, sentence: str, *, damaged: bool = False) -> None:
        super().__init__(sentence)
        self.damaged = damaged


@dataclass(frozen=True, slots=True)
class Judged:
    """An intact image, and the connector through which each board that it is for will get it, by board serial."""

    image: Image
    boards: dict[str, int]


def folder() -> Path:
    """Where images lie; wishes name files of it."""
    found = Path(settings.DATA_DIR) / "firmware"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def file_of(row: FirmwareUpdate) -> Path:
    """Of this order. The name is ours, whatever the central system or the server calls it."""
    return folder() / f"{PREFIX}{row.pk}.bin"


def most_bytes() -> int:
    """How large a file may be now; 0 or less: there is no room."""
    return min(MOST_BYTES, shutil.disk_usage(folder()).free - KEPT_FREE_BYTES)


def keep(part: Path, row: FirmwareUpdate) -> None:
    """Make a finished download durable under its name. Raises OSError."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(file_of(row))
    directory = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def sweep(row: FirmwareUpdate | None) -> None:
    """Remove what no order in hand needs any more."""
    needed = file_of(row).stem if row else ""
    for path in folder().glob(f"{PREFIX}*"):
        if path.name.split(".")[0] != needed:
            path.unlink(missing_ok=True)


def judge(path: Path, boards: list[BoardOfConnectors]) -> Judged:
    """What the file is and which of *boards* get it. Raises Unusable, OSError."""
    if path.stat().st_size > LARGEST_BYTES:
        raise Unusable(_of_another_kind(path))
    content = path.read_bytes()
    try:
        image = image_of(content)
    except NotAnImage as error:
        damaged = content.startswith(b"NFW1")
        raise Unusable(str(error) if damaged else _of_another_kind(path), damaged=damaged) from error
    return Judged(image, _takers(image, boards))


def _takers(image: Image, boards: list[BoardOfConnectors]) -> dict[str, int]:
    """By board serial the connector to ask; a board that runs this version already is left alone."""
    takers: dict[str, int] = {}
    there, why = 0, "The station has no controller that takes firmware."
    for board in boards:
        for number, described in board.connectors.items():
            if refusal := unfit(image, described):
                why = refusal if len(boards) == 1 else f"No controller of this station takes it. {refusal}"
            elif board.firmware == image.version:
                there += 1
            else:
                takers.setdefault(board.serial, number)
    if not takers:
        raise Unusable(f"Every controller that it is for runs {image.version} already." if there else why)
    return takers


def _of_another_kind(path: Path) -> str:
    version = _bundle_version(path)
    if version:
        return (
            f"This is a bundle of the station's own software, version {version}: this version of the software "
            "cannot install it over OCPP yet."
        )
    return (
        "The file is neither an image of controller firmware (it would begin with NFW1) nor a bundle of the "
        "station's software."
    )


def _bundle_version(path: Path) -> str:
    """The version of a bundle of the station's software; "" for any other file. Nothing of it is unpacked."""
    try:
        with tarfile.open(path, "r:*") as bundle:
            first = bundle.next()
            if first is None or first.name != RELEASE or not first.isreg() or first.size > LARGEST_RELEASE_BYTES:
                return ""
            file = bundle.extractfile(first)
            described = json.loads(file.read(LARGEST_RELEASE_BYTES)) if file else {}
    except (tarfile.TarError, OSError, EOFError, ValueError, RecursionError):
        return ""
    version = described.get("version") if isinstance(described, dict) else None
    return version[:40] if isinstance(version, str) and version.isprintable() else ""
