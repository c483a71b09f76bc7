"""Which fault is meant? Names of fault bits, MREC ids and OCPP 1.6 error codes, and what is physically broken."""

from __future__ import annotations

from typing import Final

from hardware.native_map import FAULT_BITS

# Broken without the board knowing it by itself.
DEFECTS: Final = frozenset({"ContactorStuckOpen", "ContactorWelded", "LockStuck"})
METER_FAULTS: Final = frozenset({"MeterFrozen", "MeterJump", "MeterBackward", "MeterReset"})
# OCPP 1.6, 7.6: error codes that have no bit of the same name.
_OCPP: Final = {
    "EVCommunicationError": "DiodeFault",
    "PowerSwitchFailure": "EVSEContactorFault",
    "OtherError": "VendorError",
    "InternalError": "VendorError",
}
# ChargeX minimum required error codes.
_MREC: Final = {
    "CX001": "ConnectorLockFailure",
    "CX002": "GroundFailure",
    "CX003": "HighTemperature",
    "CX004": "OverCurrentFailure",
    "CX005": "OverVoltage",
    "CX006": "UnderVoltage",
    "CX008": "EmergencyStop",
    "CX010": "InvalidVehicleMode",
    "CX011": "CableCheckFailure",
    "CX012": "PreChargeFailure",
    "CX014": "PilotFault",
    "CX015": "PowerLoss",
    "CX016": "EVContactorFault",
    "CX017": "EVSEContactorFault",
    "CX018": "CableOverTempDerate",
    "CX019": "CableOverTempStop",
    "CX020": "PartialInsertion",
    "CX021": "CapacitanceFault",
    "CX022": "ResistanceFault",
    "CX023": "ProximityFault",
    "CX024": "ConnectorVoltageHigh",
    "CX025": "BrokenLatch",
    "CX026": "CutCable",
}


def fault_bit_of(code: str) -> str | None:
    """The name of the fault bit that *code* means; None when no board can report it."""
    name = _MREC.get(code.upper(), _OCPP.get(code, code))
    return name if name in FAULT_BITS else None


def known_codes() -> list[str]:
    """Every name that a tester may use, bits first."""
    return [*FAULT_BITS, *sorted(DEFECTS | METER_FAULTS)]
