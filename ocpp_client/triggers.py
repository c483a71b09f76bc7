"""Messages that the central system wants to see again, beside those that rows make due (OCPP 1.6 section 5.17)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Triggers:
    """Set by the answers, taken by what is due."""

    heartbeat: bool = False
    boot: bool = False
    firmware: bool = False
    signed_firmware: bool = False  # SignedFirmwareStatusNotification, by ExtendedTriggerMessage
    present_anew: bool = False  # with other credentials: the link ends, and another one is opened
    diagnostics: bool = False
    log: bool = False  # LogStatusNotification, by ExtendedTriggerMessage
    statuses: list[int] = field(default_factory=list)  # of these connectors, also while the station is Pending
    meter_values: list[int] = field(default_factory=list)  # of these connectors, before the station is accepted
