"""Reservations of the whole station. Those of one connector are facts of that connector."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.models.id_tags import ID_TAG_LENGTH


class StationReservation(models.Model):
    """Some connector stays free for this idTag (OCPP 1.6 section 5.13, connectorId 0)."""

    reservation_id = models.IntegerField(_("reservation"), primary_key=True)
    id_tag = models.CharField("idTag", max_length=ID_TAG_LENGTH)
    parent_id_tag = models.CharField("parent idTag", max_length=ID_TAG_LENGTH, blank=True)
    expires_s = models.FloatField()  # monotonic

    class Meta:
        ordering: ClassVar = ["reservation_id"]
        verbose_name = _("reservation of the station")
        verbose_name_plural = _("reservations of the station")

    def __str__(self) -> str:
        return f"{self.reservation_id}"
