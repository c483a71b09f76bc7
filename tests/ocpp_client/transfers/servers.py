"""Servers of files on real ports: HTTP, FTP and SFTP ones that behave, also with TLS, and raw ones that do not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, cast

import asyncssh

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it stands on a module that Python 3.12 has no more
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

USER: Final = "user"
PASSWORD: Final = "p@ss:word"
LOGIN: Final = "user:p%40ss%3Aword"
HERE: Final = "127.0.0.1"
Script = Callable[[socket.socket], object]


@dataclass
class Shelf:
    """What an HTTP server has and gets, by path."""

    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 0  # of every answer; 0: as it should be
    headers: dict[str, str] = field(default_factory=dict)  # besides, or instead
    ranges: bool = True
    cut_after: int | None = None  # bytes of a body, then the connection ends
    password: bool = False  # whether USER has to say who it is
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    def url(self, path: str, scheme: str = "http", login: str = "") -> str:
        return f"{scheme}://{login}{HERE}:{self.port}{path}"


class _Answering(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        pass

    @property
    def shelf(self) -> Shelf:
        return cast("_Server", self.server).shelf

    def _refuses(self) -> int:
        self.shelf.asked.append((self.command, self.path, dict(self.headers)))
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.shelf.password and self.headers["Authorization"] != f"Basic {pair}":
            return 401
        return self.shelf.status

    def do_GET(self) -> None:
        status, content = self._refuses(), self.shelf.files.get(self.path.partition("?")[0])
        if status or content is None:
            self._answer(status or 404, b"", {})
            return
        begin = 0
        if self.shelf.ranges and "Range" in self.headers and self.headers["If-Range"] == self.shelf.headers.get("ETag"):
            begin = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
        told = {"Content-Length": str(len(content) - begin)}
        if begin:
            told["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        self._answer(206 if begin else 200, content[begin:][: self.shelf.cut_after], told)

    def do_PUT(self) -> None:
        status = self._refuses()
        if not status:
            self.shelf.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(status or 201, b"", {"Content-Length": "0"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | self.shelf.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    shelf: Shelf

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


@contextmanager
def http_server(tls: ssl.SSLContext | None = None, **shelf: Any) -> Iterator[Shelf]:
    server = _Server((HERE, 0), _Answering)
    server.shelf = Shelf(**shelf, port=server.server_address[1])
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.shelf
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def ftp_server(folder: Path, certificate: tuple[Path, Path] | None = None, **more: Any) -> Iterator[str]:
    """The server's address with user and password; *certificate*: both channels have to be encrypted."""
    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(folder), perm=more.pop("perm", "elradfmwMT"))
    kind: type[FTPHandler] = TLS_FTPHandler if certificate else FTPHandler
    tls: dict[str, Any] = {"tls_control_required": True, "tls_data_required": True, "ssl_context": None}
    if certificate:
        tls |= {"certfile": str(certificate[0]), "keyfile": str(certificate[1])}
    serving = type("Serving", (kind,), {"authorizer": authorizer, **(tls if certificate else {}), **more})
    server = FTPServer((HERE, 0), serving, ioloop=IOLoop())
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.serve_forever(timeout=0.02, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"{'ftps' if certificate else 'ftp'}://{LOGIN}@{HERE}:{server.address[1]}"
    finally:
        ended.set()
        thread.join()


class _Doorkeeper(asyncssh.SSHServer):
    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@contextmanager
def sftp_server(folder: Path, key: asyncssh.SSHKey, port: int = 0) -> Iterator[str]:
    """The server's address with user and password; *folder* is its root."""
    loop = asyncio.new_event_loop()

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            HERE, port, server_host_keys=[key], server_factory=_Doorkeeper, sftp_factory=files, gss_host=None
        )

    acceptor = loop.run_until_complete(begin())
    at = acceptor.get_port()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"sftp://{LOGIN}@{HERE}:{at}"
    finally:

        async def end() -> None:
            acceptor.close()
            await acceptor.wait_closed()

        asyncio.run_coroutine_threadsafe(end(), loop).result(10.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class Listener:
    """Where a raw server listens, and how many came."""

    port: int
    came: int = 0


@contextmanager
def raw_server(script: Script) -> Iterator[Listener]:
    """*script* gets every connection, one after the other, and the connection ends with it."""
    with socket.create_server((HERE, 0)) as listening:
        listener = Listener(listening.getsockname()[1])
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                link, _from = listening.accept()
                if ended.is_set():
                    link.close()
                    return
                listener.came += 1
                with link, contextlib.suppress(OSError):
                    script(link)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener
        finally:
            ended.set()
            socket.create_connection((HERE, listener.port)).close()
            thread.join()


def said(*lines: str) -> bytes:
    """Lines of FTP, or of an HTTP answer."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def ftp_script(*replies: str, greeting: str = "220 ready") -> Script:
    """An FTP server that gives these replies one after the other, whatever it is told, and then says nothing more."""

    def talk(link: socket.socket) -> None:
        link.sendall(said(greeting))
        commands = link.makefile("rb")
        for reply in replies:
            if not commands.readline():
                return
            link.sendall(said(reply))
        while commands.readline():
            pass

    return talk


def until_gone(link: socket.socket) -> None:
    """Say nothing until the other end has enough of it."""
    while link.recv(65_536):
        pass
