"""The one catalogue of faults: our name -> OCPP 1.6 errorCode -> MREC code -> what it does to charging.

OCPP 1.6 section 7.6 (ChargePointErrorCode); MREC: ChargeX minimum required error codes, CX001..CX026.
A fault is an overlay: the connector keeps its state underneath and returns to it when the fault is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the catalogue."""

    name: str
    error_code: str  # OCPP 1.6 errorCode
    mrec: str  # "" where MREC has none
    blocks: bool = True  # no charging while it is active
    latched: bool = False  # stays until a technician acknowledges it
    by_user: bool = False  # the EV driver can do something about it
    ends_with: str = ""  # OCPP stop reason, where the transaction cannot go on
    tampering: bool = False  # seen by a sensor that somebody trips who has no business there

    @property
    def text_key(self) -> str:
        """Key of the sentences in every language (kiosk/words.py)."""
        return f"fault.{self.name}"


_ROWS: Final = (
    Fault("ConnectorLockFailure", "ConnectorLockFailure", "CX001", by_user=True),
    Fault("GroundFailure", "GroundFailure", "CX002"),
    Fault("HighTemperature", "HighTemperature", "CX003", blocks=False),
    Fault("OverCurrentFailure", "OverCurrentFailure", "CX004"),
    Fault("OverVoltage", "OverVoltage", "CX005"),
    Fault("UnderVoltage", "UnderVoltage", "CX006"),
    Fault("WeakSignal", "WeakSignal", "CX007", blocks=False),
    Fault("EmergencyStop", "OtherError", "CX008", latched=True, ends_with="EmergencyStop"),
    Fault("InvalidVehicleMode", "OtherError", "CX010", by_user=True),
    Fault("CableCheckFailure", "OtherError", "CX011"),
    Fault("PreChargeFailure", "OtherError", "CX012"),
    Fault("PilotFault", "OtherError", "CX014", by_user=True),
    Fault("PowerLoss", "OtherError", "CX015"),
    Fault("EVContactorFault", "OtherError", "CX016", by_user=True),
    Fault("EVSEContactorFault", "OtherError", "CX017", latched=True),
    Fault("CableOverTempDerate", "OtherError", "CX018", blocks=False),
    Fault("CableOverTempStop", "OtherError", "CX019"),
    Fault("PartialInsertion", "OtherError", "CX020", by_user=True),
    Fault("CapacitanceFault", "OtherError", "CX021"),
    Fault("ResistanceFault", "OtherError", "CX022"),
    Fault("ProximityFault", "OtherError", "CX023", by_user=True),
    Fault("ConnectorVoltageHigh", "OtherError", "CX024"),
    Fault("BrokenLatch", "OtherError", "CX025"),
    Fault("CutCable", "OtherError", "CX026"),
    # Beyond MREC: what our controllers and our own checks see.
    Fault("DiodeFault", "EVCommunicationError", "", by_user=True),
    Fault("VentilationNotAvailable", "OtherError", ""),
    Fault("ResidualCurrentSelfTest", "GroundFailure", ""),
    Fault("PowerSupplyFailure", "PowerSwitchFailure", ""),
    Fault("PowerMeterFailure", "PowerMeterFailure", ""),
    Fault("TiltDetected", "OtherError", "", tampering=True),
    Fault("WaterIngress", "OtherError", ""),
    Fault("EnclosureOpen", "OtherError", "", tampering=True),
    Fault("VendorError", "OtherError", ""),
    Fault("OverDraw", "OverCurrentFailure", "CX004", latched=True),
    Fault("CurrentWhileOpen", "PowerSwitchFailure", "CX017", latched=True),
    Fault("MeterBackward", "PowerMeterFailure", "", latched=True),
    Fault("MeterJump", "PowerMeterFailure", "", latched=True),
    Fault("MeterFrozen", "PowerMeterFailure", "", latched=True),
    Fault("ContactorNotOpening", "PowerSwitchFailure", "CX017", latched=True),
    Fault("ControllerLost", "InternalError", ""),
    Fault("ControllerMismatch", "InternalError", ""),
    Fault("NotRecorded", "InternalError", ""),
)

FAULTS: Final[dict[str, Fault]] = {fault.name: fault for fault in _ROWS}
TAMPERING: Final = frozenset(fault.name for fault in _ROWS if fault.tampering)


def blocks(names: frozenset[str]) -> bool:
    """True when any of *names* forbids charging. An unknown name does: fail closed."""
    return any(name not in FAULTS or FAULTS[name].blocks for name in names)
