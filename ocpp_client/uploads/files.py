"""The file that will be uploaded: where it lies until then, and how much room it may take."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from django.conf import settings

from ocpp_client.models import Upload

KEPT_FREE_BYTES: Final = 256 * 1024 * 1024  # of the disk: what charging writes comes first
PREFIX: Final = "ordered-"


def folder() -> Path:
    """Where files lie until they are uploaded."""
    found = Path(settings.DATA_DIR) / "uploads"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def file_of(row: Upload) -> Path:
    """Of this order, once it is made."""
    return folder() / f"{PREFIX}{row.pk}{Path(row.file_name).suffix}"


def is_room() -> bool:
    """Whether the disk can spare what such a file takes."""
    return shutil.disk_usage(folder()).free > KEPT_FREE_BYTES


def sweep(row: Upload | None) -> None:
    """Remove what no order in hand needs any more."""
    needed = file_of(row).stem if row else ""
    for path in folder().glob(f"{PREFIX}*"):
        if path.name.split(".")[0] != needed:
            path.unlink(missing_ok=True)
