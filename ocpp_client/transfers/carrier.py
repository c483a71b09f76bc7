"""Carries one file. A program of its own (see `asking`): a question as a line of JSON on stdin, an answer on stdout.

What it needs is loaded only for the protocol at hand. It ends when its stdin does, so that no two of them ever write
to the same file: whoever asked is gone then.
"""

from __future__ import annotations

import ftplib
import json
import os
import ssl
import sys
import threading
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from ocpp_client.masks import MASK
from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.transfers.parts import Part
from ocpp_client.transfers.places import Place, place_of, put_at
from ocpp_client.transfers.reaching import SILENCE_S, Terms, networks_of

LONGEST_SENTENCE: Final = 300
_OLD_TLS: Final = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"}


def answer(question: dict[str, Any]) -> dict[str, str]:
    """Nothing when it is done, else `code` and `sentence`."""
    try:
        place = place_of(question["location"])
    except TransferFailed as failed:
        return {"code": failed.code, "sentence": str(failed)}
    try:
        _carry(place, question)
    except TransferFailed as failed:
        return {"code": failed.code, "sentence": _said(str(failed), place)}
    return {}


def _carry(place: Place, question: dict[str, Any]) -> None:
    terms = Terms(networks_of(question["networks"]), tuple(question["roots"]), Path(question["known"]))
    file = Path(question["file"])
    try:
        if "name" in question:
            _protocol_of(place).send(put_at(place, question["name"]), file, terms)
        else:
            with Part(file, question["most_bytes"]) as part:
                _protocol_of(place).receive(place, part, terms)
    except (EOFError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise TransferFailed(Why.BROKEN, f"{place.host} has ended the connection.") from error
    except ssl.SSLError as error:
        raise _tls(place, error) from error
    except TimeoutError as error:
        sentence = f"{place.host} has said and taken nothing for {SILENCE_S:.0f} seconds."
        raise TransferFailed(Why.LATE, sentence) from error
    except (HTTPException, ftplib.error_proto, ValueError) as error:
        sentence = f"{place.host} does not speak {place.scheme} as it should ({type(error).__name__})."
        raise TransferFailed(Why.GARBLED, sentence) from error
    except OSError as error:
        raise TransferFailed(Why.BROKEN, f"The connection to {place.host} broke: {error}.") from error


def _protocol_of(place: Place) -> Any:
    """Loaded only when it is needed: SSH takes 20 MB."""
    return import_module(f"ocpp_client.transfers.over_{place.scheme.removesuffix('s')}")


def _tls(place: Place, error: ssl.SSLError) -> TransferFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = f"The certificate of {place.host} is not trusted: {error.verify_message.rstrip('.')}."
        return TransferFailed(Why.CERTIFICATE, sentence)
    if error.reason in _OLD_TLS:
        return TransferFailed(Why.TLS_VERSION, f"{place.host} and this station have no version of TLS in common.")
    return TransferFailed(Why.TLS, f"The connection to {place.host} could not be encrypted ({error.reason}).")


def _said(sentence: str, place: Place) -> str:
    """On one line, as much as anybody reads, and without the password, which servers like to repeat."""
    shown = sentence.replace(place.password, MASK) if place.password else sentence
    return "".join(character if character.isprintable() else " " for character in shown)[:LONGEST_SENTENCE]


def _end_with_whoever_asked() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    asked = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_whoever_asked, daemon=True).start()
    print(json.dumps(answer(asked)), flush=True)  # noqa: T201 - this is its answer
