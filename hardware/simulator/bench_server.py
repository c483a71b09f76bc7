"""How is the bench called? HTTP on 127.0.0.1, JSON answers, one table of calls."""

from __future__ import annotations

import json
import logging
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from .bench import CAR_FIELDS, CONTROLLER_FIELDS, LINE_FIELDS, Bench, BenchError
from .bench_page import bench_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)
LONGEST_BODY: Final = 100_000


class Call(NamedTuple):
    """What a call does, and which fields it understands: in the query, in the body, or as the number in its path."""

    act: Callable[[Bench, dict[str, Any]], dict[str, Any]]
    fields: frozenset[str]


def _call(act: Callable[[Bench, dict[str, Any]], dict[str, Any]], *fields: str) -> Call:
    return Call(act, frozenset(fields))


NUMBER: Final = "connector_id"
# (method, path without its number) -> call. A trailing number is the connector, or the line.
CALLS: Final[dict[tuple[str, str], Call]] = {
    ("GET", "/state"): _call(Bench.state, NUMBER),
    ("GET", "/truth"): _call(Bench.truth, "since"),
    ("POST", "/plugin"): _call(Bench.plug_in, NUMBER, "car"),
    ("POST", "/plugout"): _call(Bench.plug_out, NUMBER),
    ("POST", "/authorize"): _call(Bench.authorize, "id", "type", "hold_ms"),
    ("POST", "/cars"): _call(Bench.change_car, NUMBER, *CAR_FIELDS),
    ("POST", "/faults"): _call(Bench.fault, NUMBER, "code", "on"),
    ("POST", "/estop"): _call(Bench.emergency_stop, "pressed", "wired"),
    ("POST", "/controllers"): _call(Bench.controller, NUMBER, *CONTROLLER_FIELDS),
    ("POST", "/lines"): _call(Bench.line, NUMBER, *LINE_FIELDS),
    ("POST", "/reader"): _call(Bench.reader, "present"),
    ("POST", "/heartbeats"): _call(Bench.heartbeats, "forget"),
}


class BenchServer(ThreadingHTTPServer):
    """Serves *bench* on 127.0.0.1:*port*; 0 takes a free port."""

    daemon_threads = True

    def __init__(self, bench: Bench, port: int) -> None:
        self.bench = bench
        super().__init__(("127.0.0.1", port), BenchRequest)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A caller that went away is no news; anything else is."""
        failure = sys.exc_info()[1]
        if not isinstance(failure, ConnectionError):
            logger.error("A call of the bench failed.", exc_info=failure)

    @property
    def address(self) -> str:
        """Where a tester reaches the bench."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class BenchRequest(BaseHTTPRequestHandler):
    """One request."""

    server: BenchServer
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 30.0

    def do_GET(self) -> None:
        """The page, the state and the record."""
        if urlsplit(self.path).path == "/":
            self._send(HTTPStatus.OK, bench_page(), "text/html; charset=utf-8")
        else:
            self._answer("GET")

    def do_POST(self) -> None:
        """Everything that changes something."""
        self._answer("POST")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What the library refuses by itself, such as another method, is a sentence in JSON as well."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code, message = HTTPStatus.METHOD_NOT_ALLOWED, f"{self.command[:20]} is not understood; use GET or POST."
        self.close_connection = True
        facts = {"error": message or "This is no request."}
        self._send(HTTPStatus(code), json.dumps(facts).encode(), "application/json")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are of interest to nobody but a debugger."""
        logger.debug(format, *args)

    def _answer(self, method: str) -> None:
        try:
            fields = self._fields()
            path = self._route(fields)
            call = CALLS.get((method, path))
            if call is None:
                raise self._no_such_call(method, path)
            _understood(fields, call)
            status, facts = HTTPStatus.OK, call.act(self.server.bench, fields)
        except BenchError as error:
            status, facts = error.status, {"error": str(error)}
        self._send(status, json.dumps(facts).encode(), "application/json")

    def _no_such_call(self, method: str, path: str) -> BenchError:
        if any(known == path for _, known in CALLS):
            return BenchError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} does not take {method}; see GET / for the bench.")
        known = ", ".join(sorted({known for _, known in CALLS}))
        return BenchError(HTTPStatus.NOT_FOUND, f"There is no call {path[:80]!r}; known are {known}.")

    def _route(self, fields: dict[str, Any]) -> str:
        path = urlsplit(self.path).path.rstrip("/")
        head, _, tail = path.rpartition("/")
        if head and tail.isascii() and tail.isdigit():
            fields[NUMBER] = tail[:9]
            return head
        return path

    def _fields(self) -> dict[str, Any]:
        """Query parameters and the JSON object of the body; the body wins."""
        pairs = parse_qsl(urlsplit(self.path).query, keep_blank_values=True)
        fields: dict[str, Any] = dict(pairs)
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True
            raise BenchError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have {LONGEST_BODY} bytes at most.")
        body = self.rfile.read(int(length))
        if len(fields) < len(pairs):
            raise BenchError(HTTPStatus.BAD_REQUEST, "A parameter of the query is given twice; give it once.")
        if not body.strip():
            return fields
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise BenchError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
        return {**fields, **content}

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


def _understood(fields: Mapping[str, Any], call: Call) -> None:
    """A field that is spelled wrong must not be the default of the right one: `presed` would press the button."""
    unknown = sorted(fields.keys() - call.fields)
    if unknown:
        known = ", ".join(sorted(call.fields))
        raise BenchError(HTTPStatus.BAD_REQUEST, f"`{unknown[0][:40]}` is not known; use {known}.")
