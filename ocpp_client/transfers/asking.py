"""Fetch a file, put a file: asked of `carrier`, a child that is killed when it takes too long or nobody waits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings

from charging.domain.security import SecurityEvent
from ocpp_client.certificates import store
from ocpp_client.models import CentralSystem
from ocpp_client.transfers.failures import TransferFailed, Why

USE: Final = "CentralSystemRootCertificate"
KNOWN_SERVERS: Final = "sftp_servers"  # below DATA_DIR/security
UNSAID: Final = "The station's own program failed; its log says where."
SECURITY_EVENTS: Final = {  # whitepaper, section 8: whoever stands in for the central system is treated alike
    Why.CERTIFICATE: SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
    Why.TLS_VERSION: SecurityEvent.INVALID_TLS_VERSION,
}


@dataclass(frozen=True, slots=True)
class Servers:
    """Which servers may be used besides those of the internet, and whose certificates besides the system's."""

    networks: str = ""
    roots: tuple[str, ...] = ()


def servers() -> Servers:
    """As the station's owner and the central system have set it. Called in the thread of the database."""
    row = CentralSystem.objects.filter(pk=1).first()
    return Servers(row.file_networks if row else "", tuple(store.installed(USE)))


async def fetch(location: str, into: Path, *, most_bytes: int, within_s: float, servers: Servers) -> None:
    """Write what lies at *location* into *into*, going on with what an attempt before has left there.

    Raises TransferFailed.
    """
    await _asked({"location": location, "file": str(into), "most_bytes": most_bytes}, within_s, servers)


async def put(file: Path, location: str, *, name: str, within_s: float, servers: Servers) -> None:
    """Put *file* under this *name* into the folder at *location*. Raises TransferFailed."""
    await _asked({"location": location, "file": str(file), "name": name}, within_s, servers)


async def _asked(question: dict[str, Any], within_s: float, servers: Servers) -> None:
    known = str(Path(settings.DATA_DIR) / "security" / KNOWN_SERVERS)
    whole = {**question, "networks": servers.networks, "roots": servers.roots, "known": known}
    try:
        async with asyncio.timeout(within_s):
            told = await _answer(json.dumps(whole))
        failed = TransferFailed(Why(told["code"]), str(told["sentence"])) if told else None
    except TimeoutError:
        failed = TransferFailed(Why.LATE, f"It was not done within {within_s:.0f} seconds.")
    except (OSError, ValueError, LookupError, TypeError):
        failed = TransferFailed(Why.PROGRAM, UNSAID)
    if failed:
        raise failed


async def _answer(question: str) -> Any:
    """What the child says. It ends with this function, and with this program."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ocpp_client.transfers.carrier"),
        cwd=settings.BASE_DIR,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        cast("asyncio.StreamWriter", child.stdin).write(f"{question}\n".encode())
        return json.loads(await cast("asyncio.StreamReader", child.stdout).read())
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
