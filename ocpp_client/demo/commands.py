"""What can be asked of a station? Every command of a central system, with the values its form opens with.

`$now`, `$hour` (in an hour), `$connector` and `$transaction` are filled in by the page.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from .answers import BOOTS, CARDS
from .schemas import commands, schema_of

LIMIT_A: Final = 16
ID_TAG: Final = "DEMO"


def _profile(purpose: str, limit_a: int) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}]}
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {**schedule, "startSchedule": "$now"},
    }


_HASH: Final = {"hashAlgorithm": "SHA256", "issuerNameHash": "", "issuerKeyHash": "", "serialNumber": ""}
DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "CancelReservation": {"reservationId": 1},
    "CertificateSigned": {"certificateChain": "-----BEGIN CERTIFICATE-----"},
    "ChangeAvailability": {"connectorId": "$connector", "type": "Inoperative"},
    "ChangeConfiguration": {"key": "MeterValueSampleInterval", "value": "10"},
    "ClearCache": {},
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "EnergyStation", "messageId": "StationFacts"},
    "DeleteCertificate": {"certificateHashData": _HASH},
    "ExtendedTriggerMessage": {"requestedMessage": "BootNotification"},
    "GetCompositeSchedule": {"connectorId": "$connector", "duration": 3600, "chargingRateUnit": "A"},
    "GetConfiguration": {},
    "GetDiagnostics": {"location": "ftp://user:password@files.example/diagnostics/"},
    "GetInstalledCertificateIds": {"certificateType": "CentralSystemRootCertificate"},
    "GetLocalListVersion": {},
    "GetLog": {
        "logType": "SecurityLog",
        "requestId": 1,
        "log": {"remoteLocation": "ftp://user:password@files.example/logs/"},
    },
    "InstallCertificate": {
        "certificateType": "CentralSystemRootCertificate",
        "certificate": "-----BEGIN CERTIFICATE-----",
    },
    "RemoteStartTransaction": {"connectorId": "$connector", "idTag": ID_TAG},
    "RemoteStopTransaction": {"transactionId": "$transaction"},
    "ReserveNow": {"connectorId": "$connector", "expiryDate": "$hour", "idTag": ID_TAG, "reservationId": 1},
    "Reset": {"type": "Soft"},
    "SendLocalList": {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": ID_TAG, "idTagInfo": {"status": "Accepted"}}],
    },
    "SetChargingProfile": {
        "connectorId": "$connector",
        "csChargingProfiles": _profile("TxDefaultProfile", LIMIT_A),
    },
    "SignedUpdateFirmware": {
        "requestId": 1,
        "firmware": {
            "location": "https://files.example/firmware.bin",
            "retrieveDateTime": "$now",
            "signingCertificate": "-----BEGIN CERTIFICATE-----",
            "signature": "",
        },
    },
    "TriggerMessage": {"requestedMessage": "StatusNotification"},
    "UnlockConnector": {"connectorId": "$connector"},
    "UpdateFirmware": {"location": "https://files.example/firmware.bin", "retrieveDate": "$now"},
}


@cache
def catalogue() -> dict[str, Any]:
    """For the page: schema and first values of every command, and what may be answered."""
    return {
        "commands": {action: {"schema": schema_of(action), "values": DEFAULTS[action]} for action in commands()},
        "boots": BOOTS,
        "cards": CARDS,
    }
