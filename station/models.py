"""People who may use the console."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class Person(AbstractUser):
    """A technician or the owner. What they may do follows from their groups; `id_tag` is the card they hold."""

    id_tag = models.CharField(
        _("card"), max_length=20, blank=True, help_text=_("idTag of the card that opens the console at the station.")
    )
    language = models.CharField(_("language"), max_length=8, blank=True)

    class Meta:
        """One card opens the console for one person (idTag is case-insensitive, OCPP 1.6, 7.28)."""

        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = (
            models.UniqueConstraint(
                Upper("id_tag"),
                name="one_person_per_card",
                condition=~models.Q(id_tag=""),
                violation_error_message=_("This card already belongs to another person."),
            ),
        )
