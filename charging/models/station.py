"""The cabinet itself."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.domain.authorization import Mode
from charging.models.central_rules import CentralRules, off_or_a_while
from charging.models.id_tags import ID_TAG_LENGTH, id_tag_characters


class Station(CentralRules):
    """The cabinet itself: the owner's settings that rules read, and the facts of connector 0. One row, pk 1."""

    class AuthorizationMode(models.TextChoices):
        """How people may charge here."""

        NONE = Mode.NONE, _("Anyone may charge")
        CARD = Mode.CARD, _("RFID cards of the local list")
        CENTRAL_SYSTEM = Mode.CENTRAL_SYSTEM, _("The central system decides")

    name = models.CharField(_("name"), max_length=50, default="Energy Station")
    support_phone = models.CharField(_("support telephone"), max_length=30, blank=True)
    messenger_url = models.URLField(_("messenger address"), blank=True)
    authorization_mode = models.CharField(
        _("authorization"), max_length=20, choices=AuthorizationMode.choices, default=AuthorizationMode.CARD
    )
    free_id_tag = models.CharField(
        _("idTag of charging without a card"), max_length=ID_TAG_LENGTH, default="FREE", validators=[id_tag_characters]
    )
    site_limit_w = models.PositiveIntegerField(
        _("site limit, W"), default=150_000, validators=[MaxValueValidator(2_000_000)]
    )
    connection_timeout_s = models.PositiveIntegerField(
        _("time to plug in, s"), default=60, validators=[MinValueValidator(10), MaxValueValidator(600)]
    )
    resume_within_s = models.PositiveIntegerField(
        _("go on after a power cut of at most, s"),
        default=600,
        validators=[MaxValueValidator(86_400)],
        help_text=_("0: a transaction is always closed with PowerLoss."),
    )
    sample_interval_s = models.PositiveIntegerField(
        _("meter sample interval, s"),
        default=60,
        validators=[MaxValueValidator(3600), off_or_a_while],
        help_text=_("0: no sampled meter values for the central system."),
    )
    has_screen = models.BooleanField(
        _("has a screen"), null=True, blank=True, help_text=_("Unknown: what was found at the last start.")
    )
    has_reader = models.BooleanField(
        _("has an RFID reader"), null=True, blank=True, help_text=_("Unknown: what was found at the last start.")
    )
    screen_found = models.BooleanField(default=True, editable=False)
    reader_found = models.BooleanField(default=True, editable=False)

    emergency = models.BooleanField(default=False, editable=False)
    emergency_acknowledged = models.BooleanField(default=False, editable=False)
    learning_until_s = models.FloatField(null=True, editable=False)  # monotonic, of learning_boot
    learning_by = models.CharField(max_length=150, blank=True, editable=False)
    boot_id = models.CharField(max_length=64, blank=True, editable=False)
    kernel_boot_id = models.CharField(max_length=64, blank=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    seen_mono_s = models.FloatField(default=0.0, editable=False)
    clock_zero = models.DateTimeField(null=True, editable=False)  # told by a server: when clock_zero_kernel began
    clock_zero_kernel = models.CharField(max_length=64, blank=True, editable=False)
    version = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("station")
        verbose_name_plural = _("station")

    def __str__(self) -> str:
        return self.name

    @property
    def with_screen(self) -> bool:
        """What the owner says, else what was found at the last start (GEN-4)."""
        return self.screen_found if self.has_screen is None else self.has_screen

    @property
    def with_reader(self) -> bool:
        """As with_screen."""
        return self.reader_found if self.has_reader is None else self.has_reader
