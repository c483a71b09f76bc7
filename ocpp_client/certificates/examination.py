"""What is in a certificate that somebody sent? Asked of `examiner`, in a child of its own; keys are made in another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ocpp_client.certificates import child

EXAMINER: Final = "ocpp_client.certificates.examiner"
KEY_MAKER: Final = "ocpp_client.certificates.key_maker"
WITHIN_S: Final = 20.0  # the central system waits for the answer
SUBJECT_LENGTH: Final = 300


class Unexamined(Exception):
    """The program that reads certificates failed: nothing is known of this one."""


class Refused(Exception):
    """The certificate is not what it should be; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A sound certificate of an authority. `hashes`: by algorithm those of the issuer's name and key (whitepaper 6.1).

    `issuer_fingerprint` is its own where it vouches for itself.
    """

    pem: str
    subject: str
    serial_number: str
    fingerprint: str
    issuer_fingerprint: str
    hashes: dict[str, list[str]]
    valid_from: datetime
    valid_until: datetime


def of_root(pem: str, installed: list[str], at: datetime) -> Root:
    """The authority in *pem*, vouched for by itself or by one of *installed*. Raises Refused, Unexamined."""
    told = _asked({"root": pem, "installed": installed, "at": at.isoformat()})
    return Root(
        pem=pem,
        subject=told["subject"][:SUBJECT_LENGTH],
        serial_number=told["serial_number"],
        fingerprint=told["fingerprint"],
        issuer_fingerprint=told["issuer_fingerprint"],
        hashes=told["hashes"],
        valid_from=datetime.fromisoformat(told["valid_from"]),
        valid_until=datetime.fromisoformat(told["valid_until"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A certificate of this station; `pem` with whatever leads from it to an installed root."""

    pem: str
    subject: str
    serial_number: str
    fingerprint: str
    valid_from: datetime
    valid_until: datetime


def of_chain(pem: str, key: Path, installed: list[str], at: datetime, name: str) -> Own:
    """The certificate in *pem* for the private key in the file *key*, in this *name*. Raises Refused, Unexamined."""
    told = _asked({"chain": pem, "key": str(key), "installed": installed, "at": at.isoformat(), "name": name})
    return Own(
        pem=told["pem"],
        subject=told["subject"][:SUBJECT_LENGTH],
        serial_number=told["serial_number"],
        fingerprint=told["fingerprint"],
        valid_from=datetime.fromisoformat(told["valid_from"]),
        valid_until=datetime.fromisoformat(told["valid_until"]),
    )


def key_made(path: Path, organization: str, serial: str) -> str:
    """Make a private key in the file *path*; the request to certify it, PEM. Raises Refused, Unexamined."""
    question = {"path": str(path), "organization": organization, "serial": serial}
    csr: str = _asked(question, KEY_MAKER)["csr"]
    return csr


def _asked(question: dict[str, Any], program: str = EXAMINER) -> dict[str, Any]:
    told = child.asked(program, question, WITHIN_S)
    if told is None:
        raise Unexamined("The station's own program failed; its log says where.")
    if told["wrong"]:
        raise Refused(told["wrong"])
    return told
