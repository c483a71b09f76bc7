"""Is this certificate the manufacturer's, and this signature its own? Asked of `signatures`, in a child of its own.

Whatever the child cannot say is no: one that fails, hangs or says nothing has not verified anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from ocpp_client.certificates import child, store
from ocpp_client.models import Certificate

Use = Certificate.Use
REVOKED: Final = "revoked"  # below DATA_DIR/security: what a technician puts there
CERTIFICATE_WITHIN_S: Final = 20.0  # the central system waits for the answer
FILE_WITHIN_S: Final = 300.0  # a large file on slow flash
UNSAID: Final = "It could not be verified: the station's own program failed, its log says where."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, as a sentence; nothing when it can be trusted."""

    wrong: str = ""
    revoked: bool = False


def roots() -> list[str]:
    """The manufacturers that are trusted, PEM; with one of them signed firmware is possible and no other is taken."""
    return store.installed(Use.MANUFACTURER_ROOT)


def of_certificate(pem: str, at: datetime) -> Verdict:
    """May this certificate sign firmware for this station at *at*? Blocks for as long as a child takes to start."""
    revoked = Path(settings.DATA_DIR) / "security" / REVOKED
    question = {"certificate": pem, "roots": roots(), "at": at.isoformat(), "revoked": str(revoked)}
    return _asked(question, CERTIFICATE_WITHIN_S)


def of_file(path: Path, pem: str, signature: str) -> Verdict:
    """Has the owner of the certificate *pem* signed this file? *signature*: base64."""
    return _asked({"file": str(path), "certificate": pem, "signature": signature}, FILE_WITHIN_S)


def _asked(question: dict[str, Any], within_s: float) -> Verdict:
    try:
        told = child.asked("ocpp_client.firmware.signatures", question, within_s) or {}
        return Verdict(str(told["wrong"]), bool(told["revoked"]))
    except LookupError:
        return Verdict(UNSAID)
