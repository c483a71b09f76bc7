"""What happened to the station's security: a rolling log whose entries are chained by hashes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SecurityLogEntry(models.Model):
    """One event (charging.domain.security). Never changed; the oldest go first."""

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)  # from 1, without a gap
    at = models.DateTimeField(_("time"))  # as it was written; the journal's entry is dated when the clock is known
    event = models.CharField(_("event"), max_length=50, db_index=True)
    about = models.CharField(_("details"), max_length=255, blank=True)  # techInfo: CiString255Type
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        ordering: ClassVar = ["-number"]
        verbose_name = _("security event")
        verbose_name_plural = _("security log")

    def __str__(self) -> str:
        return f"{self.number} {self.event}"
