"""The settings of OCPP 1.6 that our rules read: one column a configuration key (section 9).

The edge that speaks OCPP maps its keys to these columns; the rules never see a key.
"""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from charging.domain.measurands import DEFAULT_LIST, measurands_of
from charging.domain.phase_rotation import rotations_of
from charging.models.id_tags import ID_TAG_LENGTH

ONE_DAY_S: Final = 86_400
LEAST_INTERVAL_S: Final = 5
MOST_BLINKS: Final = 100
LONGEST_LIST: Final = 500  # CiString500Type: a value of GetConfiguration.conf
optional_id_tag: Final = RegexValidator(r"^[\x21-\x7e]{0,20}$", _("At most 20 printable ASCII characters."))


def off_or_a_while(value: int) -> None:
    """An interval in seconds: 0, which means off, or long enough for a meter. Raises ValidationError."""
    if not (value == 0 or value >= LEAST_INTERVAL_S):
        raise ValidationError(_("0 (off) or at least %(least)d s."), params={"least": LEAST_INTERVAL_S})


def measured_here(value: str) -> None:
    """A list of measurands that this station has (OCPP 1.6 section 3.16.4). Raises ValidationError."""
    try:
        measurands_of(value)
    except ValueError as error:
        raise ValidationError("%(why)s", params={"why": str(error)}) from None


def rotations_here(value: str) -> None:
    """ConnectorPhaseRotation as the key has it (section 9.1.7). Raises ValidationError."""
    try:
        rotations_of(value)
    except ValueError as error:
        raise ValidationError("%(why)s", params={"why": str(error)}) from None


def _measurands(key: str, default: str = "") -> Any:
    return models.CharField(key, max_length=LONGEST_LIST, default=default, blank=True, validators=[measured_here])


class CentralRules(models.Model):
    """The columns of the station's row that are configuration keys of OCPP 1.6; each is named after its key."""

    # Authorization: sections 3.5, 9.1 and 9.2; the table is charging.domain.central_authorization.
    local_auth_list_enabled = models.BooleanField("LocalAuthListEnabled", default=True)
    authorization_cache_enabled = models.BooleanField("AuthorizationCacheEnabled", default=True)
    local_authorize_offline = models.BooleanField("LocalAuthorizeOffline", default=True)
    local_pre_authorize = models.BooleanField("LocalPreAuthorize", default=False)
    allow_offline_tx_for_unknown_id = models.BooleanField("AllowOfflineTxForUnknownId", default=False)
    authorize_remote_tx_requests = models.BooleanField("AuthorizeRemoteTxRequests", default=False)
    master_pass_group_id = models.CharField(
        _("parent idTag that may stop any transaction"),
        max_length=ID_TAG_LENGTH,
        blank=True,
        validators=[optional_id_tag],
        help_text=_("MasterPassGroupId, a key of OCPP 2.0.1."),
    )

    # Transactions: sections 3.5.4 and 4.10.
    stop_transaction_on_invalid_id = models.BooleanField("StopTransactionOnInvalidId", default=True)
    max_energy_on_invalid_id_wh = models.PositiveIntegerField(
        "MaxEnergyOnInvalidId, Wh", default=0, validators=[MaxValueValidator(1_000_000)]
    )
    stop_transaction_on_ev_side_disconnect = models.BooleanField("StopTransactionOnEVSideDisconnect", default=True)
    unlock_connector_on_ev_side_disconnect = models.BooleanField("UnlockConnectorOnEVSideDisconnect", default=True)

    # Meter values: section 3.16. The sample interval is Station.sample_interval_s.
    clock_aligned_interval_s = models.PositiveIntegerField(
        "ClockAlignedDataInterval, s", default=0, validators=[MaxValueValidator(ONE_DAY_S), off_or_a_while]
    )
    meter_values_sampled_data = _measurands("MeterValuesSampledData", DEFAULT_LIST)
    meter_values_aligned_data = _measurands("MeterValuesAlignedData", DEFAULT_LIST)
    stop_txn_sampled_data = _measurands("StopTxnSampledData")
    stop_txn_aligned_data = _measurands("StopTxnAlignedData")

    # In which order the phases of each connector are wired to its meter: section 9.1.7.
    connector_phase_rotation = models.CharField(
        "ConnectorPhaseRotation", max_length=LONGEST_LIST, blank=True, validators=[rotations_here]
    )

    # Lights: sections 9.1.4 and 9.1.11.
    light_intensity_percent = models.PositiveSmallIntegerField(
        "LightIntensity, %", default=100, validators=[MaxValueValidator(100)]
    )
    blink_repeat = models.PositiveSmallIntegerField(
        "BlinkRepeat",
        default=0,
        validators=[MaxValueValidator(MOST_BLINKS)],
        help_text=_("0: a light blinks for as long as it is shown."),
    )

    # Reservations: section 5.13.
    reservations_accepted = models.BooleanField(_("reservations are accepted"), default=True)
    reserve_connector_zero_supported = models.BooleanField("ReserveConnectorZeroSupported", default=True)

    # Facts about the central system, not settings.
    has_central_system = models.BooleanField(default=False, editable=False)  # transactions and meter values are owed
    central_link_until_s = models.FloatField(default=0.0, editable=False)  # monotonic, of central_link_boot_id
    central_link_boot_id = models.CharField(max_length=64, blank=True, editable=False)
    local_list_version = models.PositiveIntegerField(default=0, editable=False)
    inoperative: models.JSONField[list[str], list[str]] = models.JSONField(default=list, editable=False)  # sources

    class Meta:
        abstract = True
