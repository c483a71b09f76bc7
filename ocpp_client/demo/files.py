"""The page's own files. Nothing comes from elsewhere, and the browser is told so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from websockets.datastructures import Headers
from websockets.http11 import Response

from .commands import catalogue

_PAGE: Final = Path(__file__).parent / "page"
KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page_files(fonts: Mapping[str, Path]) -> dict[str, Path]:
    """Every address that is a file; *fonts* are files of the station that the page may use."""
    own = {f"/{path.name}": path for path in _PAGE.iterdir() if path.suffix in KINDS}
    return {**own, "/": _PAGE / "index.html", **{f"/fonts/{name}": path for name, path in fonts.items()}}


def response_of(address: str, files: Mapping[str, Path]) -> Response:
    """200 with the file, or 404."""
    if address == "/catalogue.json":
        return _response(HTTPStatus.OK, json.dumps(catalogue()).encode(), ".json")
    path = files.get(address)
    if path is None:
        return plain(HTTPStatus.NOT_FOUND, "There is nothing here; the page is at /.")
    return _response(HTTPStatus.OK, path.read_bytes(), path.suffix)


def plain(status: HTTPStatus, sentence: str) -> Response:
    """A refusal in a sentence."""
    return _response(status, f"{sentence}\n".encode(), "")


def _response(status: HTTPStatus, body: bytes, suffix: str) -> Response:
    headers = Headers()
    headers["Content-Type"] = KINDS.get(suffix, "text/plain; charset=utf-8")
    headers["Content-Length"] = str(len(body))
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cache-Control"] = "no-store"
    headers["Connection"] = "close"
    return Response(status, status.phrase, headers, body)
