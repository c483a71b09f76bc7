"""The journal and how far its readers have come."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class JournalEntry(models.Model):
    """What became true: history, outbox and audit in one. Append-only; readers keep a Cursor."""

    at = models.DateTimeField(_("time"))
    boot_id = models.CharField(max_length=64, blank=True)
    mono_s = models.FloatField(default=0.0)
    clock_known = models.BooleanField(default=True)
    kind = models.CharField(_("what"), max_length=40, db_index=True)
    connector_number = models.PositiveSmallIntegerField(_("connector"), default=0)  # 0 = the station
    transaction_id = models.PositiveBigIntegerField(_("transaction"), null=True)
    who = models.CharField(_("who"), max_length=150, blank=True)
    body: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("details"), default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes: ClassVar = [
            models.Index(fields=["connector_number", "id"], name="journal_by_connector"),
            models.Index(fields=["id"], condition=models.Q(clock_known=False), name="journal_undated"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class Cursor(models.Model):
    """How far one reader of the journal has come."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.position}"
