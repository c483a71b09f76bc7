"""The configuration keys of OCPP 1.6 chapter 9: one table. A key that stands here does what its sentence says.

What a rule of `charging` reads is a column of `charging.models.Station`; what only the edge reads is a row of
`ConfigurationKey`; the rest is computed. A key without an effect is not declared.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.core.exceptions import ValidationError

from charging import journal, record, services
from charging.domain.measurands import MEASURANDS as MEASURED
from charging.domain.measurands import PER_PHASE, PHASES
from charging.domain.profiles import MOST_PERIODS, MOST_STACK_LEVEL
from charging.domain.profiles import MOST_PROFILES as MOST_CHARGING_PROFILES
from charging.domain.security import SecurityEvent
from charging.models import Connector, Station
from charging.models.central_rules import MOST_BLINKS
from charging.services.local_list import MOST_LISTED, MOST_SENT
from ocpp_client import rotations, security_keys
from ocpp_client.keys import Key, Kind
from ocpp_client.keys import boolean as _boolean
from ocpp_client.keys import canonical_of as _canonical
from ocpp_client.keys import fixed as _fixed
from ocpp_client.keys import items as _most
from ocpp_client.keys import kept_of as _kept
from ocpp_client.keys import listed as _listed
from ocpp_client.keys import told_of as _told
from ocpp_client.models import ConfigurationKey

MOST_KEYS_ASKED: Final = 50
PROFILES: Final = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
FILE_PROTOCOLS: Final = "FTP,FTPS,HTTP,HTTPS"  # errata v4.0, 3.90 allows no other name; SFTP is there, too
MOST_PROFILES: Final = 6  # section 9.1.29 names them
MEASURANDS: Final = frozenset({*MEASURED, *(f"{name}.{phase}" for name in PER_PHASE for phase in PHASES)})


class Change(StrEnum):
    """ConfigurationStatus, section 7.22."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"


def _connectors() -> str:
    return str(Connector.objects.count())


_ROWS: Final = (
    _boolean("AllowOfflineTxForUnknownId", "9.1.1", "allow_offline_tx_for_unknown_id", "Unknown cards charge offline."),
    _boolean("AuthorizationCacheEnabled", "9.1.2", "authorization_cache_enabled", "Answers of the past are used."),
    _boolean("AuthorizeRemoteTxRequests", "9.1.3", "authorize_remote_tx_requests", "A remote start is checked first."),
    Key(
        name="BlinkRepeat",
        kind=Kind.INTEGER,
        section="9.1.4",
        column="blink_repeat",
        most=MOST_BLINKS,
        effect="How often a light blinks until it is steady; 0: as long as it is shown. An emergency always blinks.",
    ),
    Key(
        name="ChargeProfileMaxStackLevel",
        kind=Kind.INTEGER,
        section="9.4.1",
        computed=_fixed(MOST_STACK_LEVEL),
        effect="A charging profile of a higher level is rejected.",
    ),
    Key(
        name="ChargingScheduleAllowedChargingRateUnit",
        kind=Kind.LIST,
        section="9.4.2",
        computed=_fixed("Current,Power"),
        effect="Limits in amperes per phase and in watts are applied.",
    ),
    Key(
        name="ChargingScheduleMaxPeriods",
        kind=Kind.INTEGER,
        section="9.4.3",
        computed=_fixed(MOST_PERIODS),
        effect="A schedule of more periods is rejected.",
    ),
    Key(
        name="ClockAlignedDataInterval",
        kind=Kind.INTEGER,
        section="9.1.5",
        column="clock_aligned_interval_s",
        most=86_400,
        effect="Seconds between two meter values at full multiples of it since midnight UTC; 0: none.",
    ),
    Key(
        name="ConnectionTimeOut",
        kind=Kind.INTEGER,
        section="9.1.6",
        column="connection_timeout_s",
        least=10,
        most=600,
        effect="Seconds to plug in after an authorization.",
    ),
    Key(
        name="ConnectorPhaseRotation",
        kind=Kind.LIST,
        section="9.1.7",
        column="connector_phase_rotation",
        canonical=rotations.canonical,
        told=rotations.told,
        effect="How a connector is wired to its meter: the phases of meter values are those of the meter.",
    ),
    _most("ConnectorPhaseRotationMaxLength", "9.1.8", rotations.most),
    Key(
        name="ConnectorSwitch3to1PhaseSupported",
        kind=Kind.BOOLEAN,
        section="9.4.4",
        computed=_fixed("false"),
        effect="A schedule of fewer phases than the outlet has limits the power of all of them.",
    ),
    Key(
        name="GetConfigurationMaxKeys",
        kind=Kind.INTEGER,
        section="9.1.9",
        default=str(MOST_KEYS_ASKED),
        preset=True,
        least=1,
        most=MOST_KEYS_ASKED,
        effect="A GetConfiguration for more keys is refused.",
    ),
    Key(
        name="HeartbeatInterval",
        kind=Kind.INTEGER,
        section="9.1.10",
        default="300",
        least=1,
        most=86_400,
        effect="Seconds of silence after which a Heartbeat is sent.",
    ),
    Key(
        name="LightIntensity",
        kind=Kind.INTEGER,
        section="9.1.11",
        column="light_intensity_percent",
        most=100,
        effect="Percent of the brightness that each light has by itself. An emergency is never dimmed.",
    ),
    _boolean("LocalAuthListEnabled", "9.2.1", "local_auth_list_enabled", "There is a list, and it is used."),
    Key(
        name="LocalAuthListMaxLength",
        kind=Kind.INTEGER,
        section="9.2.2",
        default=str(MOST_LISTED),
        preset=True,
        least=1,
        most=MOST_LISTED,
        effect="An update that would make the list longer fails.",
    ),
    _boolean("LocalAuthorizeOffline", "9.1.12", "local_authorize_offline", "List and cache decide offline."),
    _boolean("LocalPreAuthorize", "9.1.13", "local_pre_authorize", "List and cache decide before the central system."),
    Key(
        name="MaxChargingProfilesInstalled",
        kind=Kind.INTEGER,
        section="9.4.5",
        computed=_fixed(MOST_CHARGING_PROFILES),
        effect="One more is rejected.",
    ),
    Key(
        name="MaxEnergyOnInvalidId",
        kind=Kind.INTEGER,
        section="9.1.14",
        column="max_energy_on_invalid_id_wh",
        most=1_000_000,
        effect="Wh for a card that turned out invalid, where the transaction is not stopped.",
    ),
    Key(
        name="MeterValuesAlignedData",
        kind=Kind.LIST,
        section="9.1.15",
        column="meter_values_aligned_data",
        among=MEASURANDS,
        effect="Measurands of clock-aligned meter values.",
    ),
    _most("MeterValuesAlignedDataMaxLength", "9.1.16", _fixed(len(MEASURANDS))),
    Key(
        name="MeterValuesSampledData",
        kind=Kind.LIST,
        section="9.1.17",
        column="meter_values_sampled_data",
        among=MEASURANDS,
        effect="Measurands of periodic meter values.",
    ),
    _most("MeterValuesSampledDataMaxLength", "9.1.18", _fixed(len(MEASURANDS))),
    Key(
        name="MeterValueSampleInterval",
        kind=Kind.INTEGER,
        section="9.1.19",
        column="sample_interval_s",
        most=3600,
        effect="Seconds between two meter values of a transaction; 0: none.",
    ),
    Key(
        name="MinimumStatusDuration",
        kind=Kind.INTEGER,
        section="9.1.20",
        default="0",
        most=3600,
        effect="Seconds that a status must last before it is told.",
    ),
    Key(
        name="NumberOfConnectors",
        kind=Kind.INTEGER,
        section="9.1.21",
        computed=_connectors,
        effect="As many as were found.",
    ),
    Key(
        name="ReserveConnectorZeroSupported",
        kind=Kind.BOOLEAN,
        section="9.3.1",
        column="reserve_connector_zero_supported",
        preset=True,
        effect="Any one connector can be reserved.",
    ),
    Key(
        name="ResetRetries",
        kind=Kind.INTEGER,
        section="9.1.22",
        default="1",
        most=5,
        effect="How often a restart that did not come is asked for again.",
    ),
    Key(
        name="SendLocalListMaxLength",
        kind=Kind.INTEGER,
        section="9.2.3",
        default=str(MOST_SENT),
        preset=True,
        least=1,
        most=MOST_SENT,
        effect="An update with more idTags fails.",
    ),
    _boolean(
        "StopTransactionOnEVSideDisconnect",
        "9.1.23",
        "stop_transaction_on_ev_side_disconnect",
        "An unplugged vehicle ends its transaction.",
    ),
    _boolean(
        "StopTransactionOnInvalidId",
        "9.1.24",
        "stop_transaction_on_invalid_id",
        "A transaction whose card turns out invalid is stopped.",
    ),
    Key(
        name="StopTxnAlignedData",
        kind=Kind.LIST,
        section="9.1.25",
        column="stop_txn_aligned_data",
        among=MEASURANDS,
        effect="Clock-aligned measurands in StopTransaction.",
    ),
    _most("StopTxnAlignedDataMaxLength", "9.1.26", _fixed(len(MEASURANDS))),
    Key(
        name="StopTxnSampledData",
        kind=Kind.LIST,
        section="9.1.27",
        column="stop_txn_sampled_data",
        among=MEASURANDS,
        effect="Sampled measurands in StopTransaction.",
    ),
    _most("StopTxnSampledDataMaxLength", "9.1.28", _fixed(len(MEASURANDS))),
    _listed("SupportedFeatureProfiles", "9.1.29", PROFILES, "What is there."),
    Key(
        name="SupportedFeatureProfilesMaxLength",
        kind=Kind.INTEGER,
        section="9.1.30",
        computed=_fixed(MOST_PROFILES),
        effect="As many profiles as OCPP 1.6 has.",
    ),
    _listed("SupportedFileTransferProtocols", "9.5.1", FILE_PROTOCOLS, "How files are fetched and put, besides SFTP."),
    Key(
        name="TransactionMessageAttempts",
        kind=Kind.INTEGER,
        section="9.1.31",
        default="3",
        least=1,
        most=100,
        effect="How often a transaction message that is refused is sent before it is given up.",
    ),
    Key(
        name="TransactionMessageRetryInterval",
        kind=Kind.INTEGER,
        section="9.1.32",
        default="60",
        most=86_400,
        effect="Seconds, times the attempts so far, until it is sent again.",
    ),
    _boolean(
        "UnlockConnectorOnEVSideDisconnect",
        "9.1.33",
        "unlock_connector_on_ev_side_disconnect",
        "The lock opens when the vehicle's end was unplugged.",
    ),
    Key(
        name="WebSocketPingInterval",
        kind=Kind.INTEGER,
        section="9.1.34",
        default="60",
        most=86_400,
        effect="Seconds between two pings of the link; 0: none.",
    ),
)

KEYS: Final[dict[str, Key]] = {key.name.lower(): key for key in (*_ROWS, *security_keys.ROWS)}


def key_named(name: str) -> Key | None:
    """The key; names are compared without regard to case, as CiString50Type is (section 7)."""
    return KEYS.get(name.lower())


def text(name: str) -> str:
    """The present value as it goes over the wire."""
    key = KEYS[name.lower()]
    if key.computed is not None:
        return key.computed()
    if key.column:
        value = _told(getattr(record.station_row(), key.column))
        return key.told(value) if key.told else value
    kept = ConfigurationKey.objects.filter(pk=key.name).values_list("value", flat=True).first()
    return key.default if kept is None else kept


def integer(name: str) -> int:
    """The present value of an integer key."""
    return int(text(name))


def settable(station: Station) -> dict[str, object]:
    """Every key that can be set, by its name, with its present value: a whole number, true or false, or text."""
    rows = dict(ConfigurationKey.objects.values_list("name", "value"))
    return {
        key.name: getattr(station, key.column) if key.column else _kept(key, rows.get(key.name, key.default))
        for key in KEYS.values()
        if key.settable
    }


def value_of(key: Key, value: object) -> object:
    """*value* as the station keeps it, or None: text as ChangeConfiguration has it, a whole number, true or false."""
    canonical = _canonical(key, str(value))
    return None if canonical is None else _kept(key, canonical)


def keep_interval(interval_s: int) -> None:
    """HeartbeatInterval as BootNotification.conf sets it, within the bounds of the key (section 4.2)."""
    key = KEYS["heartbeatinterval"]
    value = str(min(max(interval_s, key.least), key.most))
    ConfigurationKey.objects.update_or_create(name=key.name, defaults={"value": value})


def change(name: str, value: str, who: str) -> Change:
    """Set a key for the central system, or leave everything as it is. Changes are journaled with both values."""
    key = key_named(name)
    if key is None:
        return Change.NOT_SUPPORTED
    if key.order:
        return Change.ACCEPTED if key.order(value, who) else Change.REJECTED
    return Change.REJECTED if key.readonly else put(key, value, who)


def put(key: Key, value: str, who: str) -> Change:
    """As `change`, also what the central system can only read."""
    canonical = _canonical(key, value) if key.settable else None
    return Change.REJECTED if canonical is None else _written(key, canonical, who)


def _written(key: Key, value: str, who: str) -> Change:
    if key.column:
        try:
            services.change_settings(who, **{key.column: _kept(key, value)})
        except ValidationError:
            return Change.REJECTED
        return Change.ACCEPTED
    with journal.one_commit():
        before = text(key.name)
        ConfigurationKey.objects.update_or_create(name=key.name, defaults={"value": value})
        journal.record("SettingsChanged", who=who, changes={key.name: [before, value]})
        if key in security_keys.ROWS and before != value:
            about = f"{who} changed {key.name}."
            services.security_event(SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS, about)
    return Change.ACCEPTED
