"""The owner's cards, and the taps at the readers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.domain.authorization import Role
from charging.models.id_tags import ID_TAG_LENGTH, id_tag_characters


class CardGroup(models.Model):
    """Cards that may stop each other's transactions (parent idTag)."""

    parent_id_tag = models.CharField(
        _("parent idTag"), max_length=ID_TAG_LENGTH, unique=True, validators=[id_tag_characters]
    )
    name = models.CharField(_("name"), max_length=50, blank=True)

    class Meta:
        ordering: ClassVar = ["parent_id_tag"]
        verbose_name = _("card group")
        verbose_name_plural = _("card groups")

    def __str__(self) -> str:
        return self.name or self.parent_id_tag


class Card(models.Model):
    """A card of the local list. idTags are compared without regard to case and stored in upper case."""

    class CardRole(models.TextChoices):
        """What a card may do."""

        EV_DRIVER = Role.EV_DRIVER, _("EV driver")
        MASTER = Role.MASTER, _("Master: may stop any transaction")
        TECHNICIAN = Role.TECHNICIAN, _("Technician")

    id_tag = models.CharField("idTag", max_length=ID_TAG_LENGTH, unique=True, validators=[id_tag_characters])
    label = models.CharField(_("label"), max_length=50, blank=True)
    group = models.ForeignKey(CardGroup, verbose_name=_("group"), null=True, blank=True, on_delete=models.PROTECT)
    role = models.CharField(_("role"), max_length=20, choices=CardRole.choices, default=CardRole.EV_DRIVER)
    blocked = models.BooleanField(_("blocked"), default=False)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    learned_at = models.DateTimeField(_("learned"), null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["label", "id_tag"]
        verbose_name = _("card")
        verbose_name_plural = _("cards")

    def __str__(self) -> str:
        return self.label or self.id_tag

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the idTag in upper case."""
        self.id_tag = self.id_tag.upper()
        super().save(*args, **kwargs)


class PresentedCard(models.Model):
    """A tap: waits for an answer, then for a connector, never in a thread."""

    class State(models.TextChoices):
        """How far it has come."""

        PRESENTED = "presented", _("being checked")
        ACCEPTED = "accepted", _("accepted, waiting for the plug")
        CHOOSE = "choose", _("accepted, waiting for a choice on the screen")
        USED = "used", _("used")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("expired")
        LEARNED = "learned", _("learned")

    id_tag = models.CharField("idTag", max_length=ID_TAG_LENGTH)
    parent_id_tag = models.CharField(max_length=ID_TAG_LENGTH, blank=True)
    reader = models.CharField(_("reader"), max_length=20, default="reader")
    connector_number = models.PositiveSmallIntegerField(_("connector"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PRESENTED)
    why = models.CharField(_("why"), max_length=30, blank=True)
    authorized = models.BooleanField(default=False)  # it may start; without it, it may only stop its own transaction
    presented_at = models.DateTimeField(_("time"))
    due_s = models.FloatField(db_index=True)  # monotonic
    shown_until_s = models.FloatField(default=0.0)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("presented card")
        verbose_name_plural = _("presented cards")

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"
