"""The words of the rules for technicians, in every language: situations, refusals, limits, standards, faults.

A technician is told the OCPP status beside them; the EV driver's words are the kiosk's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from charging.domain.faults import FAULTS
from charging.domain.requests import Refusal
from charging.domain.screen import ScreenCause
from charging.domain.security import SecurityEvent

Text = str | Promise

SITUATIONS: Final[dict[str, Text]] = {
    "free": _("Free"),
    "plug_in": _("Authorized, waiting for the plug"),
    "authorize": _("Plugged in, waiting for authorization"),
    "connecting": _("Vehicle is being prepared"),
    "waiting_turn": _("Waiting: the other connector delivers"),
    "charging": _("Charging"),
    "paused_by_car": _("Paused by the vehicle"),
    "paused_by_station": _("Paused by the station"),
    "stopping": _("Stopping"),
    "unplug": _("Finished, plug still in"),
    "reserved": _("Reserved"),
    "out_of_service": _("Out of service"),
    "fault_user": _("Fault the EV driver can clear"),
    "fault": _("Fault"),
    "emergency": _("Emergency stop"),
    "no_contact": _("No contact with the controller"),
    "no_software": _("Not polled: values are not known"),
}

REFUSALS: Final[dict[str, Text]] = {
    Refusal.BUSY: _("A transaction runs here: stop it first."),
    Refusal.OUT_OF_SERVICE: _("The connector is out of service: put it in service first."),
    Refusal.FAULTED: _("A fault blocks the connector: clear its cause first."),
    Refusal.EMERGENCY: _("The emergency stop is latched: release it at the cabinet first."),
    Refusal.RESERVED: _("The connector is reserved for another idTag."),
    Refusal.NO_CONTACT: _("The controller does not answer: check its supply and its line."),
    Refusal.NOTHING_TO_STOP: _("Nothing runs here that could be stopped."),
    Refusal.NOT_YOURS: _("The transaction belongs to another idTag."),
    Refusal.UNKNOWN_CONNECTOR: _("There is no connector of this number."),
    Refusal.OCCUPIED: _("The connector is occupied."),
    Refusal.UNPLUG_FIRST: _("This DC session is over for the vehicle: unplug, then plug in again."),
    Refusal.NOT_RECORDED: _("The request could not be recorded: check the disk, then ask again."),
    Refusal.NOT_SUPPORTED: _("This connector cannot do that."),
    Refusal.NEEDS_CARD: _("A card is needed: the station does not start without one."),
    Refusal.CARD_UNKNOWN: _("The card is not in the list."),
    Refusal.CARD_BLOCKED: _("The card is blocked."),
    Refusal.CARD_EXPIRED: _("The card is outside of its validity."),
    Refusal.CARD_IN_USE: _("The card is in the list already, or charges elsewhere."),
    Refusal.CARD_RANDOM: _("A phone or a passport draws this number anew at every tap: use a card or a key fob."),
    Refusal.CARD_UNREADABLE: _("The card could not be read, or its time is over: hold it to the reader again."),
    Refusal.CENTRAL_SYSTEM_ABSENT: _("The central system decides, and it does not answer now."),
    Refusal.CHOOSE_CONNECTOR: _("Several connectors are meant: choose one."),
    Refusal.NOT_AT_CABINET: _("This is allowed at the cabinet only: use its screen, or a technician's card."),
    Refusal.BUTTON_PRESSED: _("The emergency button is still pressed: pull it out first."),
    Refusal.NOTHING_LATCHED: _("Nothing is latched."),
    Refusal.UNKNOWN_RESERVATION: _("There is no reservation of this number."),
    Refusal.CABLE_KEPT: _("The lock keeps the cable for who started: release it with that card or in the console."),
    Refusal.TOO_LATE: _("This time has passed already: ask for a later one."),
    Refusal.CLOCK_UNKNOWN: _("The station does not know the time yet: set its clock first."),
    Refusal.LIST_OUTDATED: _("The list is not newer than the one here: send a higher version or the full list."),
    Refusal.LIST_WRONG: _("The list has an impossible version or entry, an idTag twice, or too many: correct it."),
    Refusal.PROFILE_WRONG: _("The charging profile that came with the start is impossible: correct it."),
    Refusal.CACHE_OFF: _("The authorization cache is switched off: there is nothing to clear."),
    Refusal.RESTARTING: _("The station is being restarted, or was a moment ago: ask again when it is ready."),
    Refusal.UPDATING: _("Firmware is being written to a controller: ask again when that has ended."),
}

LIMITS: Final[dict[str, Text]] = {
    "hardware": _("the connector itself"),
    "setpoint": _("the connector itself"),
    "site": _("the site limit"),
    "technician": _("a technician"),
    "profile": _("a charging profile"),
    "authorization": _("the central system: it does not accept the idTag any more"),
    "cable": _("the cable"),
    "temperature": _("the temperature"),
    "watchdog": _("the controller's watchdog"),
    "ev": _("the vehicle"),
    "car": _("the vehicle"),
    "plug": _("the plug is out"),
    "phase": _("the phases in use"),
}

STANDARDS: Final[dict[str, Text]] = {
    "TYPE2_SOCKET": _("Type 2 socket"),
    "TYPE2_CABLE": _("Type 2 cable"),
    "CCS2": "CCS 2",
    "CHADEMO": "CHAdeMO",
    "GBT_AC": "GB/T AC",
    "GBT_DC": "GB/T DC",
    "TYPE1": _("Type 1"),
    "CCS1": "CCS 1",
    "NACS": "NACS",
}

STOP_REASONS: Final[dict[str, Text]] = {  # OCPP 1.6 section 7.36
    "DeAuthorized": _("authorization withdrawn"),
    "EmergencyStop": _("emergency stop"),
    "EVDisconnected": _("plug pulled at the vehicle"),
    "HardReset": _("hard reset"),
    "Local": _("stopped at the station"),
    "Other": _("other reason"),
    "PowerLoss": _("power loss"),
    "Reboot": _("restart"),
    "Remote": _("stopped by the central system"),
    "SoftReset": _("soft reset"),
    "UnlockCommand": _("cable released"),
}

SECURITY_EVENTS: Final[dict[str, Text]] = {  # security whitepaper, edition 3, section 8
    SecurityEvent.FIRMWARE_UPDATED: _("Firmware was updated"),
    SecurityEvent.FAILED_TO_AUTHENTICATE: _("The central system did not let the station in"),
    SecurityEvent.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE: _("The central system could not prove who it is"),
    SecurityEvent.SETTING_SYSTEM_TIME: _("The clock was set"),
    SecurityEvent.STARTUP_OF_THE_DEVICE: _("The computer was started"),
    SecurityEvent.RESET_OR_REBOOT: _("The software was started again"),
    SecurityEvent.SECURITY_LOG_WAS_CLEARED: _("The security log was cleared or changed"),
    SecurityEvent.RECONFIGURATION_OF_SECURITY_PARAMETERS: _("Security settings were changed"),
    SecurityEvent.MEMORY_EXHAUSTION: _("Disk or memory is getting full"),
    SecurityEvent.INVALID_MESSAGES: _("The central system sent messages that are not valid"),
    SecurityEvent.ATTEMPTED_REPLAY_ATTACKS: _("A message was repeated with another content"),
    SecurityEvent.TAMPER_DETECTION_ACTIVATED: _("Somebody opened or moved the cabinet"),
    SecurityEvent.INVALID_FIRMWARE_SIGNATURE: _("Firmware with a wrong signature was refused"),
    SecurityEvent.INVALID_FIRMWARE_SIGNING_CERTIFICATE: _("Firmware whose certificate is not trusted was refused"),
    SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE: _("The central system's certificate is not trusted"),
    SecurityEvent.INVALID_CHARGE_POINT_CERTIFICATE: _("A certificate for this station is not valid"),
    SecurityEvent.INVALID_TLS_VERSION: _("The central system has no version of TLS that is safe"),
    SecurityEvent.INVALID_TLS_CIPHER_SUITE: _("The central system has no TLS cipher suite that is safe"),
}


@dataclass(frozen=True, slots=True)
class FaultWords:
    """A fault for a technician: what it is, and what to check first."""

    title: Text
    check: Text


_CHECK_METER: Final = _("Compare the meter with a second one; replace it, then acknowledge.")
_CHECK_WELD: Final = _("Isolate the supply, measure the contactor for welding, replace it, then acknowledge.")
_CHECK_ISOLATION: Final = _(
    "Inspect cable and vehicle inlet for moisture, then measure the isolation without a vehicle."
)

FAULT_WORDS: Final[dict[str, FaultWords]] = {
    "ConnectorLockFailure": FaultWords(
        _("Lock does not move"), _("Clear the inlet, push the plug fully in, check the actuator and its feedback.")
    ),
    "GroundFailure": FaultWords(
        _("Residual current"), _("Look for moisture in plug and vehicle; test the RCD; try another vehicle.")
    ),
    "HighTemperature": FaultWords(
        _("Cabinet is hot"), _("Clean the filters, check the fans; power is reduced meanwhile.")
    ),
    "OverCurrentFailure": FaultWords(
        _("Over-current"), _("Try another vehicle; compare the current with a clamp meter.")
    ),
    "OverVoltage": FaultWords(_("Over-voltage"), _("Measure the supply at the terminals, neutral included.")),
    "UnderVoltage": FaultWords(_("Under-voltage"), _("Measure the supply under load; check fuses and terminals.")),
    "WeakSignal": FaultWords(_("Weak radio signal"), _("Check the antenna and its cable, or the SIM card.")),
    "EmergencyStop": FaultWords(
        _("Emergency stop"), _("Make the place safe, pull the button out, then acknowledge at the cabinet.")
    ),
    "InvalidVehicleMode": FaultWords(_("Vehicle is not ready"), _("Put the vehicle in P and plug in again.")),
    "CableCheckFailure": FaultWords(_("Cable check failed"), _CHECK_ISOLATION),
    "PreChargeFailure": FaultWords(
        _("Precharge failed"), _("Check the precharge relay and the DC fuses; try another vehicle.")
    ),
    "PilotFault": FaultWords(
        _("Pilot out of range"), _("Plug in again; check the pilot wire and the plug's contacts; try another cable.")
    ),
    "PowerLoss": FaultWords(_("No mains supply"), _("Check the breaker and the supply of the cabinet.")),
    "EVContactorFault": FaultWords(_("Vehicle's contactor"), _("Try another vehicle; send this one to its workshop.")),
    "EVSEContactorFault": FaultWords(_("Contactor does not follow"), _CHECK_WELD),
    "CableOverTempDerate": FaultWords(
        _("Cable is hot, power reduced"), _("Inspect the plug's contacts for wear and burns.")
    ),
    "CableOverTempStop": FaultWords(
        _("Cable too hot, stopped"), _("Let it cool; replace the plug when contacts are burnt.")
    ),
    "PartialInsertion": FaultWords(_("Plug not fully in"), _("Push the plug in until it clicks; check the latch.")),
    "CapacitanceFault": FaultWords(_("Isolation: capacitance too high"), _CHECK_ISOLATION),
    "ResistanceFault": FaultWords(_("Isolation: resistance too low"), _CHECK_ISOLATION),
    "ProximityFault": FaultWords(
        _("Proximity out of range"), _("Check the plug's proximity contact; try another cable.")
    ),
    "ConnectorVoltageHigh": FaultWords(
        _("Voltage at the open connector"), _("Do not touch; isolate the supply and test the DC contactors.")
    ),
    "BrokenLatch": FaultWords(_("Latch broken"), _("Replace the latch or the plug.")),
    "CutCable": FaultWords(_("Cable cut"), _("Isolate the supply at once; replace the cable.")),
    "DiodeFault": FaultWords(_("Diode in the vehicle"), _("Plug in again; if it stays, try another vehicle.")),
    "VentilationNotAvailable": FaultWords(
        _("Vehicle wants ventilation"), _("This place has none: use another vehicle.")
    ),
    "ResidualCurrentSelfTest": FaultWords(
        _("RCD self test failed"), _("Restart the controller; replace the RCD sensor.")
    ),
    "PowerSupplyFailure": FaultWords(_("Power module"), _("Check the module's supply, fuses and messages.")),
    "PowerMeterFailure": FaultWords(_("Meter does not answer"), _CHECK_METER),
    "TiltDetected": FaultWords(_("Cabinet tilted"), _("Look for damage; fasten the cabinet upright.")),
    "WaterIngress": FaultWords(_("Water in the cabinet"), _("Isolate the supply, dry the cabinet, renew the seals.")),
    "EnclosureOpen": FaultWords(_("Door open"), _("Close the door; check its switch.")),
    "VendorError": FaultWords(_("Controller's own fault"), _("Fetch a dump and read the controller's log.")),
    "OverDraw": FaultWords(
        _("Vehicle draws more than allowed"), _("Compare limit and current; try another vehicle, then acknowledge.")
    ),
    "CurrentWhileOpen": FaultWords(_("Current through an open contactor"), _CHECK_WELD),
    "MeterBackward": FaultWords(_("Meter went backwards"), _CHECK_METER),
    "MeterJump": FaultWords(_("Meter jumped"), _CHECK_METER),
    "MeterFrozen": FaultWords(_("Meter stands still"), _CHECK_METER),
    "ContactorNotOpening": FaultWords(_("Contactor does not open"), _CHECK_WELD),
    "ControllerLost": FaultWords(
        _("Controller is silent"), _("Check its supply, the plug of the line, A and B, the unit.")
    ),
    "ControllerMismatch": FaultWords(
        _("Another controller answers"), _("Compare its serial number, then confirm it on the page Controllers.")
    ),
    "NotRecorded": FaultWords(
        _("The record cannot be written"), _("Check the disk: free space, errors, read-only state.")
    ),
}


def words_of(table: dict[str, Text], key: str) -> str:
    """The words of *key*, or the key itself when a later version knows more than this one."""
    return str(table.get(key, key))


def fault_shown(name: str) -> dict[str, Any]:
    """A fault for a page: name, title, check, mrec ("" where there is none), error_code, blocks, latched."""
    fault = FAULTS.get(name)
    words = FAULT_WORDS.get(name)
    return {
        "name": name,
        "title": str(words.title) if words else name,
        "check": str(words.check) if words else "",
        "mrec": fault.mrec if fault else "",
        "error_code": fault.error_code if fault else "OtherError",
        "blocks": fault.blocks if fault else True,
        "latched": fault.latched if fault else False,
    }


SCREEN_CAUSES: Final[dict[str, Text]] = {
    ScreenCause.ENDED: _("its browser had ended"),
    ScreenCause.PAGE_CRASHED: _("its page had crashed"),
    ScreenCause.SILENT: _("it had not reported what it shows for half a minute"),
    ScreenCause.BEHIND: _("it went on showing an old picture"),
}
