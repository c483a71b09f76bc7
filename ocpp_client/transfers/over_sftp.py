"""SFTP: the file transfer of SSH. A server's key is believed the first time, and has to stay the same from then on.

OCPP has no place for keys of servers; who does not want to trust the first time removes or writes the line beforehand.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import asyncssh

from ocpp_client.transfers.failures import TransferFailed, Why
from ocpp_client.transfers.parts import PIECE_BYTES, Part
from ocpp_client.transfers.places import Place
from ocpp_client.transfers.reaching import CONNECT_WITHIN_S, SILENCE_S, Terms, connected

OPERATIONS: Final = {
    asyncssh.FX_NO_SUCH_FILE: Why.MISSING,
    asyncssh.FX_NO_SUCH_PATH: Why.MISSING,
    asyncssh.FX_PERMISSION_DENIED: Why.DENIED,
    asyncssh.FX_WRITE_PROTECT: Why.DENIED,
    asyncssh.FX_OP_UNSUPPORTED: Why.UNSUPPORTED,
    asyncssh.FX_BAD_MESSAGE: Why.GARBLED,
    asyncssh.FX_CONNECTION_LOST: Why.BROKEN,
    asyncssh.FX_NO_CONNECTION: Why.BROKEN,
    asyncssh.FX_NO_SPACE_ON_FILESYSTEM: Why.NO_ROOM,
    asyncssh.FX_QUOTA_EXCEEDED: Why.NO_ROOM,
}


class KnownServers:
    """Lines of `host:port algorithm key`, each key as OpenSSH writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys_of(self, place: Place) -> list[asyncssh.SSHKey]:
        """Of this server; none before its first time."""
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        told = [line.partition(" ") for line in lines]
        return [asyncssh.import_public_key(key) for name, _space, key in told if name == _name(place)]

    def believe(self, place: Place, key: asyncssh.SSHKey) -> None:
        """From now on. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        algorithm, content = key.export_public_key("openssh").decode("ascii").split()[:2]
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{_name(place)} {algorithm} {content}\n")


class _Client(asyncssh.SSHClient):
    def __init__(self, place: Place, known: KnownServers) -> None:
        self._place, self._known = place, known

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002
        """Asked for keys that are not known."""
        if self._known.keys_of(self._place):
            return False
        self._known.believe(self._place, key)
        return True


def receive(place: Place, part: Part, terms: Terms) -> None:
    """Raises TransferFailed, OSError."""
    _run(place, lambda: _received(place, part, terms))


def send(place: Place, file: Path, terms: Terms) -> None:
    """*place* names the file itself. Raises TransferFailed, OSError."""
    with file.open("rb") as content:
        _run(place, lambda: _sent(place, content, file.stat().st_size, terms))


async def _received(place: Place, part: Part, terms: Terms) -> None:
    async with _session(place, terms) as session, session.open(place.file_path, "rb") as file:
        seen = await _soon(file.stat())
        mark = f"{seen.size} {seen.mtime}"
        part.begin(mark, seen.size, anew=not part.goes_on(mark))
        while piece := await _soon(file.read(PIECE_BYTES, part.size)):
            part.write(piece)
        part.end(seen.size)


async def _sent(place: Place, content: BinaryIO, size: int, terms: Terms) -> None:
    async with _session(place, terms) as session, session.open(place.file_path, "wb") as there:
        while piece := content.read(PIECE_BYTES):
            await _soon(there.write(piece))
        seen = await _soon(there.stat())
    if seen.size != size:
        raise TransferFailed(Why.SERVER, f"{place.host} has kept {seen.size} of {size} bytes.")


@asynccontextmanager
async def _session(place: Place, terms: Terms) -> AsyncIterator[asyncssh.SFTPClient]:
    """Nothing of this account's own SSH is used: no configuration, no agent, no keys."""
    known = KnownServers(terms.known)
    link, _client = await asyncssh.create_connection(
        lambda: _Client(place, known),
        sock=connected(place, terms),
        username=place.user or "anonymous",
        password=place.password,
        known_hosts=(known.keys_of(place), [], []),
        client_keys=None,
        agent_path=None,
        config=None,
        compression_algs=None,
        connect_timeout=CONNECT_WITHIN_S,
        login_timeout=SILENCE_S,
        host=place.host,
    )
    async with link, link.start_sftp_client() as session:
        yield session


async def _soon(work: Coroutine[Any, Any, Any]) -> Any:
    async with asyncio.timeout(SILENCE_S):
        return await work


def _run(place: Place, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        asyncio.run(work())
    except asyncssh.HostKeyNotVerifiable as error:
        sentence = f"The key of {place.host} is not the one that it had before: sftp_servers has that one."
        raise TransferFailed(Why.CERTIFICATE, sentence) from error
    except asyncssh.PermissionDenied as error:
        raise TransferFailed(Why.DENIED, f"{place.host} does not accept user and password.") from error
    except asyncssh.ConnectionLost as error:
        raise TransferFailed(Why.BROKEN, f"The connection to {place.host} ended: {error.reason}.") from error
    except asyncssh.SFTPError as error:
        why = OPERATIONS.get(error.code, Why.SERVER)
        raise TransferFailed(why, f"{place.host} answered: {error.reason}.") from error
    except asyncssh.Error as error:
        raise TransferFailed(Why.GARBLED, f"{place.host} does not speak SSH as it should: {error.reason}.") from error


def _name(place: Place) -> str:
    return f"{place.host}:{place.port}"
