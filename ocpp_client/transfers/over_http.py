"""HTTP and HTTPS: GET, and PUT for what the station has to give. A redirection is an end: nobody has looked there."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Final

from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.transfers.parts import PIECE_BYTES, Part
from ocpp_client.transfers.places import Place
from ocpp_client.transfers.reaching import Terms, connected

OK: Final = 200
PARTIAL: Final = 206
UNSATISFIABLE: Final = 416
_RANGE: Final = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_BY_STATUS: Final = {
    401: Why.DENIED,
    403: Why.DENIED,
    404: Why.MISSING,
    405: Why.UNSUPPORTED,
    410: Why.MISSING,
    411: Why.GARBLED,
    413: Why.TOO_LARGE,
    501: Why.UNSUPPORTED,
    507: Why.NO_ROOM,
}


def receive(place: Place, part: Part, terms: Terms) -> None:
    """Raises TransferFailed, OSError, http.client.HTTPException."""
    further = {"Range": f"bytes={part.size}-", "If-Range": part.mark} if part.size else {}
    with _link(place, terms) as link:
        link.request("GET", place.target, headers=_headers(place) | further)
        response = link.getresponse()
        if response.status == UNSATISFIABLE and further:
            part.begin("", None, anew=True)  # what is there is of no use: the next attempt begins at the beginning
            raise TransferFailed(Why.BROKEN, "The server has another file than the one that was begun with.")
        if response.status not in {OK, PARTIAL}:
            raise _refused(place, response)
        if response.getheader("Content-Encoding", "identity") != "identity":
            raise TransferFailed(Why.GARBLED, "The server sends the file packed, which nobody asked for.")
        whole = _begun(part, response)
        while piece := response.read(PIECE_BYTES):
            part.write(piece)
        part.end(whole)


def _begun(part: Part, response: HTTPResponse) -> int | None:
    """How many bytes the whole file has; None where the server does not say."""
    mark = response.getheader("ETag") or response.getheader("Last-Modified") or ""
    mark = mark if mark.isprintable() and not mark.startswith("W/") else ""
    if response.status == OK:
        part.begin(mark, response.length, anew=True)
        return response.length
    told = _RANGE.fullmatch(response.getheader("Content-Range", ""))
    if told is None or int(told[1]) != part.size or not part.size:
        raise TransferFailed(Why.GARBLED, "The server sends another piece of the file than was asked for.")
    whole = None if told[2] == "*" else int(told[2])
    part.begin(part.mark, whole, anew=False)
    return whole


def send(place: Place, file: Path, terms: Terms) -> None:
    """*place* names the file itself. Raises TransferFailed, OSError, http.client.HTTPException."""
    headers = {
        **_headers(place),
        "Content-Length": str(file.stat().st_size),
        "Content-Type": "application/octet-stream",
    }
    with _link(place, terms) as link, file.open("rb") as content:
        # A server that does not want it may answer, and hang up, before all of it is sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.request("PUT", place.target, body=content, headers=headers)
        response = link.getresponse()
        if response.status // 100 != OK // 100:
            raise _refused(place, response)


@contextmanager
def _link(place: Place, terms: Terms) -> Iterator[HTTPConnection]:
    link = HTTPConnection(place.host, place.port)
    try:
        link.sock = connected(place, terms)
        if place.encrypted:
            link.default_port = 443
            link.sock = terms.tls().wrap_socket(link.sock, server_hostname=place.host)
        yield link
    finally:
        link.close()


def _headers(place: Place) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "charging-station"}
    if place.user or place.password:
        pair = base64.b64encode(f"{place.user}:{place.password}".encode())
        headers["Authorization"] = f"Basic {pair.decode('ascii')}"
    return headers


def _refused(place: Place, response: HTTPResponse) -> TransferFailed:
    if response.status // 100 == 3:  # noqa: PLR2004 - the class of HTTP's redirections
        sentence = f"{place.host} sends the station elsewhere (HTTP {response.status}), which it does not follow."
        return TransferFailed(Why.REDIRECTED, sentence)
    why = _BY_STATUS.get(response.status, Why.SERVER)
    return TransferFailed(why, f"{place.host} answered HTTP {response.status} {response.reason}.")
