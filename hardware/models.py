"""What is known of the boards: where each unit was last found, and who it said it was."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Controller(models.Model):
    """One unit on a serial line. Its outlet is charging's connector with the same board serial and index."""

    line_path = models.CharField(_("serial line"), max_length=200)
    baud_rate = models.PositiveIntegerField(_("speed, baud"))
    driver_name = models.CharField(_("driver"), max_length=40)
    unit = models.PositiveSmallIntegerField(_("unit"))
    board_serial = models.CharField(_("board serial"), max_length=24)
    board_index = models.PositiveSmallIntegerField(_("index on the board"))
    connector_number = models.PositiveSmallIntegerField(_("connector"), unique=True)
    vendor = models.CharField(_("vendor"), max_length=40, blank=True)
    model = models.CharField(_("model"), max_length=40, blank=True)
    firmware = models.CharField(_("firmware"), max_length=40, blank=True)
    hardware_revision = models.CharField(_("hardware revision"), max_length=40, blank=True)
    identity: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("identity"), default=dict)
    answers_as = models.CharField(_("another board answers"), max_length=24, blank=True)  # waits to be confirmed
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("found"))

    class Meta:
        ordering: ClassVar = ["connector_number"]
        verbose_name = _("controller")
        verbose_name_plural = _("controllers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["board_serial", "board_index"], name="one_controller_each")
        ]

    def __str__(self) -> str:
        return f"{self.board_serial}/{self.board_index}"


class Dump(models.Model):
    """A controller's internal log, fetched on a technician's wish. The bytes are a file below the data folder."""

    controller = models.ForeignKey(Controller, verbose_name=_("controller"), on_delete=models.CASCADE)
    fetched_at = models.DateTimeField(_("fetched"))
    file_name = models.CharField(_("file"), max_length=200)
    size_bytes = models.PositiveIntegerField(_("size, bytes"))

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("dump")
        verbose_name_plural = _("dumps")

    def __str__(self) -> str:
        return self.file_name
