"""Is it due to say what the station's own codes of faults mean? Once to each central system that wants these codes.

A DataTransfer (OCPP 1.6 section 4.3), so that an operator can read a vendorErrorCode before the first fault comes. It
is told after every status, again with other software, and not again where it was refused.
"""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.utils import translation

from charging.domain.faults import FAULTS
from charging.words import fault_shown
from ocpp_client.due import Due, Failure, Payload
from ocpp_client.models import CentralSystem
from ocpp_client.statuses import OWN

log = logging.getLogger(__name__)

MESSAGE: Final = "FaultCatalogue"


def told_in(language: str) -> str:
    """What each vendorErrorCode of vendorId EnergyStation means, as JSON; the sentences in *language*.

    `errorCode` is the one of section 7.6 that comes with it, `mrec` the code of the ChargeX consortium ("": none).
    """
    with translation.override(language):
        faults = [_told_of(name) for name in sorted(FAULTS)]
    return json.dumps({"software": settings.SOFTWARE_VERSION, "faults": faults}, ensure_ascii=False)


def _told_of(name: str) -> dict[str, Any]:
    shown = fault_shown(name)
    return {
        "vendorErrorCode": name,
        "errorCode": shown["error_code"],
        "mrec": shown["mrec"],
        "stopsCharging": shown["blocks"],
        "staysUntilAcknowledged": shown["latched"],
        "sentence": shown["title"],
        "check": shown["check"],
    }


def due() -> Due | None:
    """The catalogue, when this central system wants our own codes and has not heard yet what they mean."""
    wanting = CentralSystem.objects.filter(pk=1, fault_codes=CentralSystem.FaultCodes.OWN)
    row = wanting.only("registered_url", "catalogue_told").first()
    if row is None or row.catalogue_told == (told := f"{settings.SOFTWARE_VERSION} {row.registered_url}"):
        return None
    return Due(
        action="DataTransfer",
        payload={"vendorId": OWN, "messageId": MESSAGE, "data": told_in(settings.LANGUAGE_CODE)},
        confirmed=partial(_told, told),
        failed=partial(_refused, told),
    )


def _told(told: str, answer: Payload) -> None:
    if answer["status"] != "Accepted":
        log.info("The central system has no use for the catalogue of faults (%s).", answer["status"])
    CentralSystem.objects.filter(pk=1).update(catalogue_told=told)


def _refused(told: str, failure: Failure) -> None:
    """Not told a second time even where no answer came: no central system waits for it."""
    log.info("The central system did not take the catalogue of faults: %s", failure.sentence)
    CentralSystem.objects.filter(pk=1).update(catalogue_told=told)
