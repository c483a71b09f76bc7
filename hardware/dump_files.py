"""Dumps on disk: one file each below DATA_DIR/dumps, named by us, the oldest dropped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from django.conf import settings

from charging.clock import Moment
from hardware.models import Controller, Dump

KEPT_EACH: Final = 10


def keep_dump(connector_number: int, content: bytes, moment: Moment) -> str:
    """Write the dump durably and make its row; the sentence for the wish. Raises OSError, Controller.DoesNotExist."""
    controller = Controller.objects.get(connector_number=connector_number)
    folder = Path(settings.DATA_DIR) / "dumps"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"connector-{connector_number}-{moment.at:%Y%m%dT%H%M%SZ}.bin"
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / name)
    Dump.objects.create(controller=controller, fetched_at=moment.at, file_name=name, size_bytes=len(content))
    for old in Dump.objects.filter(controller=controller).order_by("-pk")[KEPT_EACH:]:
        (folder / Path(old.file_name).name).unlink(missing_ok=True)
        old.delete()
    return f"{name}, {len(content)} bytes."
