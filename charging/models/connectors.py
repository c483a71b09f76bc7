"""The outlets, who used them, and what was measured. Whatever can be computed is not here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.models.id_tags import ID_TAG_LENGTH


class Connector(models.Model):
    """One outlet. Its number and letter belong to (board serial, index) for ever. `facts` is the domain's Connector."""

    number = models.PositiveSmallIntegerField(_("number"), primary_key=True)
    letter = models.CharField(_("painted letter"), max_length=2)
    board_serial = models.CharField(_("board serial"), max_length=24)
    board_index = models.PositiveSmallIntegerField(_("index on the board"))
    connector_type = models.CharField(_("standard"), max_length=20)
    capability: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("capability"), default=dict)
    # charging.domain.firmware.Board as its controller said it; {} where it does not
    board: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("board"), default=dict)
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(_("facts"), default=dict)
    register_wh = models.PositiveBigIntegerField(_("register checkpoint, Wh"), null=True)
    due_s = models.FloatField(null=True, db_index=True)  # the earliest deadline, monotonic seconds of Station.boot_id
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["number"]
        verbose_name = _("connector")
        verbose_name_plural = _("connectors")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["board_serial", "board_index"], name="one_number_each")
        ]

    def __str__(self) -> str:
        return f"{self.letter} ({self.number})"


class ExclusionClaim(models.Model):
    """The connector of an exclusion group that delivers; taken in the same commit as the start."""

    group = models.PositiveSmallIntegerField(primary_key=True)
    connector = models.OneToOneField(Connector, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"{self.group}: {self.connector_id}"


class ChargingSession(models.Model):
    """From the first interaction until the connector is free again."""

    connector = models.ForeignKey(Connector, verbose_name=_("connector"), on_delete=models.PROTECT)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("charging session")
        verbose_name_plural = _("charging sessions")

    def __str__(self) -> str:
        return f"{self.pk}"


class Transaction(models.Model):
    """From all preconditions met until irrevocably over. Registers are lifetime Wh of the connector's meter."""

    session = models.ForeignKey(ChargingSession, verbose_name=_("session"), null=True, on_delete=models.PROTECT)
    connector = models.ForeignKey(Connector, verbose_name=_("connector"), on_delete=models.PROTECT)
    id_tag = models.CharField("idTag", max_length=ID_TAG_LENGTH)
    parent_id_tag = models.CharField("parent idTag", max_length=ID_TAG_LENGTH, blank=True)
    started_at = models.DateTimeField(_("started"))
    started_mono_s = models.FloatField(default=0.0)
    boot_id = models.CharField(max_length=64, blank=True)
    meter_start_wh = models.PositiveBigIntegerField(_("register at start, Wh"))
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    meter_stop_wh = models.PositiveBigIntegerField(_("register at stop, Wh"), null=True)
    stop_reason = models.CharField(_("stop reason"), max_length=20, blank=True)
    flagged = models.BooleanField(_("flagged"), default=False, help_text=_("A register or a time is an estimate."))
    clock_known = models.BooleanField(default=True)  # False: started_at is to be repaired from started_mono_s
    reservation_id = models.IntegerField(_("reservation"), null=True)
    central_number = models.BigIntegerField(_("transactionId"), null=True, db_index=True)  # StartTransaction.conf
    id_tag_status = models.CharField(_("status of the idTag"), max_length=12, blank=True)  # StartTransaction.conf

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connector"], condition=models.Q(stopped_at__isnull=True), name="one_open_transaction_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def energy_wh(self) -> int | None:
        """Energy of the transaction in Wh, or None while it runs."""
        return None if self.meter_stop_wh is None else self.meter_stop_wh - self.meter_start_wh


class MeterSample(models.Model):
    """One row of a transaction's curve. Lives in `logs`, may be lost, never decides a kWh."""

    transaction_id = models.PositiveBigIntegerField(db_index=True)
    at = models.DateTimeField()
    register_wh = models.PositiveBigIntegerField()
    power_w = models.IntegerField()
    current_a = models.FloatField()
    limit_w = models.PositiveIntegerField()
    soc_percent = models.FloatField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]
        verbose_name = _("meter sample")
        verbose_name_plural = _("meter samples")

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.at:%H:%M:%S}"
