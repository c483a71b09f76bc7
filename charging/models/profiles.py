"""Charging profiles as the central system set them; what they mean is charging.domain.profiles."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChargingProfile(models.Model):
    """One profile. Kept over restarts (OCPP 1.6 errata v4.0, 3.37); a TxProfile ends with its transaction."""

    profile_id = models.BigIntegerField(_("profile"), unique=True)  # chargingProfileId
    connector_number = models.PositiveSmallIntegerField(_("connector"))  # 0: the station, or every connector
    purpose = models.CharField(_("purpose"), max_length=30)
    stack_level = models.PositiveIntegerField(_("stack level"))
    transaction_id = models.PositiveBigIntegerField(_("transaction"), null=True)  # of charging.Transaction
    id_tag = models.CharField(max_length=20, blank=True)  # of a remote start whose transaction is awaited
    received_at = models.DateTimeField(_("received"))
    calendar: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("schedule"))  # Profile's own fields

    class Meta:
        ordering: ClassVar = ["connector_number", "purpose", "-stack_level"]
        verbose_name = _("charging profile")
        verbose_name_plural = _("charging profiles")

    def __str__(self) -> str:
        return f"{self.profile_id} {self.purpose}"
