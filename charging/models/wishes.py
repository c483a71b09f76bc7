"""What devices are asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Wish(models.Model):
    """Something a device should do once, such as unlock or restart; carried out by who owns the device."""

    class Kind(models.TextChoices):
        """What a device may be asked for."""

        UNLOCK = "unlock", _("release the cable")
        CLEAR_FAULTS = "clear_faults", _("clear the board's latches")
        RESTART_BOARD = "restart_board", _("restart the controller")
        SET_TIME = "set_time", _("set the controller's clock")
        FETCH_DUMP = "fetch_dump", _("fetch a dump")
        UPDATE_FIRMWARE = "update_firmware", _("update the firmware")
        SELF_TEST = "self_test", _("run the self test")
        TEST_LIGHT = "test_light", _("test the light")
        RESTART_READER = "restart_reader", _("restart the RFID reader")
        DISCOVER = "discover", _("search for controllers")
        RESET = "reset", _("restart the station")

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("waiting")
        STARTED = "started", _("started")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("too late")

    kind = models.CharField(_("what"), max_length=20, choices=Kind.choices)
    connector_number = models.PositiveSmallIntegerField(_("connector"), default=0)
    arguments: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("arguments"), default=dict)
    asked_by = models.CharField(_("asked by"), max_length=150)
    asked_at = models.DateTimeField(_("asked"))
    due_s = models.FloatField()  # monotonic
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING, db_index=True)
    progress = models.PositiveSmallIntegerField(_("progress, %"), default=0)
    result = models.CharField(_("result"), max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("wish")
        verbose_name_plural = _("wishes")

    def __str__(self) -> str:
        return f"{self.kind} {self.connector_number}"
