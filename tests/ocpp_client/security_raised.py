"""Each of the 18 security events: where it is raised, when, and which test shows it; or why it cannot happen here.

Security whitepaper, edition 3, section 8. docs/ocpp.md gets its table from here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from charging.domain.security import SecurityEvent as Event
from tests.ocpp_client.conformance.marked import ROOT

NAMED_ONLY: Final = {"charging/domain/security.py", "charging/words.py"}
PACKAGES: Final = ("charging", "hardware", "kiosk", "monitoring", "ocpp_client", "station")
CASES: Final = "tests/ocpp_client/conformance"
LINK: Final = "tests/ocpp_client/test_security_events.py::test_the_end_of_a_link_is_the_event_that_its_cause_means"


@dataclass(frozen=True, slots=True)
class Raised:
    """In which file, when, and the test that shows it."""

    file: str
    when: str
    test: str


RAISED: Final[dict[Event, Raised]] = {
    Event.FIRMWARE_UPDATED: Raised(
        "ocpp_client/firmware/installing.py",
        "another version was read back from a controller that got firmware",
        f"{CASES}/test_signed_firmware.py::test_signed_firmware_is_downloaded_verified_and_installed",
    ),
    Event.FAILED_TO_AUTHENTICATE: Raised(
        "ocpp_client/security_events.py",
        "the central system answers HTTP 401 or 403, or does not take the station's certificate",
        LINK,
    ),
    Event.SETTING_SYSTEM_TIME: Raised(
        "charging/services/dating.py",
        "a station without a clock takes the central system's time, or the computer's clock is set by 10 s or more",
        "tests/charging/test_dating.py::test_a_time_that_was_told_is_a_security_event",
    ),
    Event.STARTUP_OF_THE_DEVICE: Raised(
        "charging/services/commissioning.py",
        "the first start of the software after the computer was started",
        "tests/charging/test_security_log.py::test_every_start_is_an_event_and_tells_a_computer_from_a_program",
    ),
    Event.RESET_OR_REBOOT: Raised(
        "charging/services/commissioning.py",
        "the software starts again on a computer that runs on, or after a Reset",
        "tests/charging/test_security_log.py::test_every_start_is_an_event_and_tells_a_computer_from_a_program",
    ),
    Event.SECURITY_LOG_WAS_CLEARED: Raised(
        "charging/security_log.py",
        "at a start the log is shorter or another one than was written",
        "tests/charging/test_security_log.py::test_a_log_that_was_touched_says_so_at_the_next_start_and_goes_on",
    ),
    Event.RECONFIGURATION_OF_SECURITY_PARAMETERS: Raised(
        "ocpp_client/central_system.py",
        "a password, an address or the identity of the station there, a root, or a key of the whitepaper changes",
        "tests/ocpp_client/test_security_events.py::test_a_change_of_whom_to_trust_is_an_event_without_its_secrets",
    ),
    Event.MEMORY_EXHAUSTION: Raised(
        "charging/services/memory.py",
        "less than 100 MiB of the disk or 48 MiB of the memory are left, once a day",
        "tests/charging/test_memory.py::test_a_shortage_is_told_once_a_day",
    ),
    Event.INVALID_MESSAGES: Raised(
        "ocpp_client/security_events.py",
        "the central system sends what is no message or breaks its schema, once in 5 minutes; it is not told",
        f"{CASES}/test_security_events.py::test_bad_frames_are_one_entry_of_the_log_and_no_message",
    ),
    Event.ATTEMPTED_REPLAY_ATTACKS: Raised(
        "ocpp_client/security_events.py",
        "the id of another CALL is used again, once in 5 minutes; the central system is not told",
        f"{CASES}/test_security_events.py::test_an_id_that_was_used_for_another_call_is_one_entry_of_the_log",
    ),
    Event.TAMPER_DETECTION_ACTIVATED: Raised(
        "charging/record.py",
        "a controller sees that its door is open or its cabinet tilted",
        "tests/charging/test_security_log.py::test_a_door_that_opens_is_an_event_once",
    ),
    Event.INVALID_FIRMWARE_SIGNATURE: Raised(
        "ocpp_client/firmware/updating.py",
        "a file does not have the signature that came with its order",
        f"{CASES}/test_signed_firmware.py::test_firmware_with_another_signature_is_not_installed",
    ),
    Event.INVALID_FIRMWARE_SIGNING_CERTIFICATE: Raised(
        "ocpp_client/incoming/firmware.py",
        "a SignedUpdateFirmware comes with a certificate that proves nothing",
        f"{CASES}/test_signed_firmware.py::test_a_certificate_that_proves_nothing_is_answered_at_once",
    ),
    Event.INVALID_CENTRAL_SYSTEM_CERTIFICATE: Raised(
        "ocpp_client/security_events.py",
        "the central system's certificate cannot be verified, or that of a server of files",
        LINK,
    ),
    Event.INVALID_CHARGE_POINT_CERTIFICATE: Raised(
        "ocpp_client/incoming/certificates.py",
        "a CertificateSigned does not bring a sound certificate for the key that waits",
        f"{CASES}/test_station_certificates.py::test_a_wrong_certificate_is_rejected_and_told",
    ),
    Event.INVALID_TLS_VERSION: Raised(
        "ocpp_client/security_events.py",
        "there is no version of TLS in common, also with a server of files: this station has 1.2 and 1.3",
        LINK,
    ),
    Event.INVALID_TLS_CIPHER_SUITE: Raised(
        "ocpp_client/security_events.py", "there is no cipher suite in common", LINK
    ),
}
NEVER: Final[dict[Event, str]] = {
    Event.CENTRAL_SYSTEM_FAILED_TO_AUTHENTICATE: "a certificate is all that a central system has to present, and "
    "InvalidCentralSystemCertificate says more of it",
}


def raised_in(file: str) -> set[Event]:
    """The events that a file of the product names."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    named = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return {
        Event[node.attr]
        for node in named
        if isinstance(node.value, ast.Name) and node.value.id == "SecurityEvent" and node.attr in Event.__members__
    }


def raised_anywhere() -> set[Event]:
    """The events that any file of the product names, but those that declare and translate them."""
    files = (path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    return {event for file in files if file not in NAMED_ONLY for event in raised_in(file)}
