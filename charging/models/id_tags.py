"""What an idTag is, and what a central system has said of some: the Local Authorization List and the cache."""

from __future__ import annotations

from typing import ClassVar, Final

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.domain.central_authorization import IdTagStatus

ID_TAG_LENGTH: Final = 20  # CiString20Type, OCPP 1.6 section 7.28
id_tag_characters = RegexValidator(r"^[\x21-\x7e]{1,20}$", _("1 to 20 printable ASCII characters."))


class IdTagStatusChoice(models.TextChoices):
    """AuthorizationStatus, OCPP 1.6 section 7.2."""

    ACCEPTED = IdTagStatus.ACCEPTED, _("accepted")
    BLOCKED = IdTagStatus.BLOCKED, _("blocked")
    EXPIRED = IdTagStatus.EXPIRED, _("expired")
    INVALID = IdTagStatus.INVALID, _("unknown to the central system")
    CONCURRENT_TX = IdTagStatus.CONCURRENT_TX, _("charges elsewhere")


class ToldIdTag(models.Model):
    """An idTag as a central system described it. Upper case: idTags are compared without regard to case."""

    id_tag = models.CharField("idTag", max_length=ID_TAG_LENGTH, primary_key=True)
    status = models.CharField(_("status"), max_length=12, choices=IdTagStatusChoice.choices)
    parent_id_tag = models.CharField("parent idTag", max_length=ID_TAG_LENGTH, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.id_tag


class ListedIdTag(ToldIdTag):
    """An entry of the Local Authorization List (OCPP 1.6 section 3.5.2). Only SendLocalList changes it."""

    class Meta:
        ordering: ClassVar = ["id_tag"]
        verbose_name = _("idTag of the central system's list")
        verbose_name_plural = _("central system's list")


class CachedIdTag(ToldIdTag):
    """An entry of the Authorization Cache (OCPP 1.6 section 3.5.1)."""

    use = models.PositiveBigIntegerField(default=0, db_index=True)  # grows with every use: the order of forgetting

    class Meta:
        ordering: ClassVar = ["-use"]
        verbose_name = _("remembered idTag")
        verbose_name_plural = _("authorization cache")
