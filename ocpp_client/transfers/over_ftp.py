"""FTP, and FTP with TLS where the address says ftps: the station asks for it at the ordinary port (RFC 4217).

Passive only (security whitepaper, edition 3, N01 and L01), and to the server itself, whatever host it names for it.
"""

from __future__ import annotations

import contextlib
import ftplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.transfers.parts import PIECE_BYTES, Part
from ocpp_client.transfers.places import Place
from ocpp_client.transfers.reaching import SILENCE_S, Terms, connected

MOST_SAID: Final = 100_000  # characters of replies in one session
_BY_REPLY: Final = {  # RFC 959, 4.2.2
    "500": Why.UNSUPPORTED,
    "502": Why.UNSUPPORTED,
    "504": Why.UNSUPPORTED,
    "522": Why.UNSUPPORTED,
    "530": Why.DENIED,
    "532": Why.DENIED,
    "534": Why.DENIED,
    "553": Why.DENIED,
    "452": Why.NO_ROOM,
    "552": Why.NO_ROOM,
}


class _Brief(ftplib.FTP):
    """A server that talks without end is not listened to."""

    said = 0

    def getline(self) -> str:
        """One line of a reply."""
        line = super().getline()
        self.said += len(line)
        if self.said > MOST_SAID:
            raise ftplib.error_proto("its replies have no end")
        return line


class _Encrypted(_Brief, ftplib.FTP_TLS):
    """With TLS for commands and content."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """In the TLS session of the commands: many servers take no other one for the content."""
        link, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        session = cast("ssl.SSLSocket", self.sock).session
        return self.context.wrap_socket(link, server_hostname=self.host, session=session), size


def receive(place: Place, part: Part, terms: Terms) -> None:
    """Raises TransferFailed, OSError, EOFError, ftplib.Error."""
    path = place.file_path.lstrip("/")
    with _session(place, terms, Why.MISSING) as session:
        whole = _size_of(session, path)
        mark = _mark_of(session, path, whole)
        anew = not (part.goes_on(mark) and _may_begin_at(session, part.size))
        part.begin(mark, whole, anew=anew)
        link, _told = session.ntransfercmd(f"RETR {path}", None if anew else part.size)
        with link:
            while piece := link.recv(PIECE_BYTES):
                part.write(piece)
            _closed(link)
        session.voidresp()
        part.end(whole)


def send(place: Place, file: Path, terms: Terms) -> None:
    """*place* names the file itself; what an attempt before has left of it there is continued.

    Raises TransferFailed, OSError, EOFError, ftplib.Error.
    """
    path, size = place.file_path.lstrip("/"), file.stat().st_size
    with _session(place, terms, Why.DENIED) as session, file.open("rb") as content:
        there = _size_of(session, path) or 0
        goes_on = 0 < there < size and _may_begin_at(session, there)
        link, _size = session.ntransfercmd(f"STOR {path}", there if goes_on else None)
        with link:
            content.seek(there if goes_on else 0)
            while piece := content.read(PIECE_BYTES):
                link.sendall(piece)
            _closed(link)
        session.voidresp()
        kept = _size_of(session, path)
        if kept is not None and kept != size:
            raise TransferFailed(Why.SERVER, f"{place.host} has kept {kept} of {size} bytes.")


@contextmanager
def _session(place: Place, terms: Terms, unavailable: Why) -> Iterator[ftplib.FTP]:
    """*unavailable*: what reply 550 means for what is asked here."""
    session = _Encrypted(context=terms.tls()) if place.encrypted else _Brief()
    try:
        session.host, session.port, session.timeout = place.host, place.port, SILENCE_S
        session.sock = connected(place, terms)
        session.af = session.sock.family
        session.file = session.sock.makefile("r", encoding=session.encoding)
        session.welcome = session.getresp()
        session.login(place.user, place.password)
        if isinstance(session, _Encrypted):
            session.prot_p()
        session.voidcmd("TYPE I")
        yield session
        with contextlib.suppress(ftplib.Error, OSError, EOFError):
            session.quit()
    except ftplib.Error as error:
        reply = str(error)
        why = unavailable if reply[:3] == "550" else _BY_REPLY.get(reply[:3], Why.SERVER)
        why = why if isinstance(error, ftplib.error_perm | ftplib.error_temp) else Why.GARBLED
        raise TransferFailed(why, f"{place.host} answered: {reply}") from error
    finally:
        session.close()


def _size_of(session: ftplib.FTP, path: str) -> int | None:
    """In bytes; None where the server does not say, or has no such file."""
    with contextlib.suppress(ftplib.error_perm, ValueError):
        return session.size(path)
    return None


def _mark_of(session: ftplib.FTP, path: str, size: int | None) -> str:
    """Which version of the file it is; "" where the server does not say."""
    with contextlib.suppress(ftplib.error_perm):
        return f"{size} {session.voidcmd(f'MDTM {path}')}" if size is not None else ""
    return ""


def _may_begin_at(session: ftplib.FTP, position: int) -> bool:
    """Whether the server can begin in the middle. It is asked again with the transfer itself."""
    with contextlib.suppress(ftplib.error_perm):
        return session.sendcmd(f"REST {position}").startswith("3")
    return False


def _closed(link: socket.socket) -> None:
    """Say that this was all of it; servers that hang up without a word are many."""
    if isinstance(link, ssl.SSLSocket):
        with contextlib.suppress(OSError):
            link.unwrap()
