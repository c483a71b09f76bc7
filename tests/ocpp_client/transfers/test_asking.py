"""The child that carries a file: small, killed when it takes too long, and gone with whoever asked it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

import asyncssh
import pytest
from django.conf import settings

from ocpp_client.models import CentralSystem
from ocpp_client.transfers.asking import UNSAID, Servers, fetch, put, servers
from ocpp_client.transfers.failures import TransferFailed
from tests.conftest import wait_until
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.transfers.questions import LARGE
from tests.ocpp_client.transfers.servers import HERE, http_server, raw_server, sftp_server, until_gone

LONG_S: Final = 60.0
HERE_TOO: Final = Servers(networks=HERE)
MOST_PSS_KB: Final = 80 * 1024


def children() -> list[int]:
    """Carriers of ours that live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and "ocpp_client.transfers.carrier" in (path.parent / "cmdline").read_text():
                found.append(int(path.parent.name))
    return found


async def test_a_file_is_fetched_and_put(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = Servers(HERE, (authority.root.read_text(),))
    with http_server(authority.of_server(), files={"/image.bin": LARGE}) as shelf:
        into = tmp_path / "ordered-1.part"
        await fetch(shelf.url("/image.bin", "https"), into, most_bytes=len(LARGE), within_s=LONG_S, servers=trusting)
        assert into.read_bytes() == LARGE
        await put(into, shelf.url("/in/", "https"), name="d.bin", within_s=LONG_S, servers=trusting)
        assert shelf.files["/in/d.bin"] == LARGE


async def test_a_failure_is_told_with_its_code(tmp_path: Path) -> None:
    with http_server() as shelf, pytest.raises(TransferFailed, match="HTTP 404") as failed:
        await fetch(shelf.url("/a"), tmp_path / "a", most_bytes=1, within_s=LONG_S, servers=HERE_TOO)
    assert failed.value.code == "missing"


async def test_a_child_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    """N26: a server that says a little now and then cannot keep it for ever."""
    with raw_server(until_gone) as listener, pytest.raises(TransferFailed, match="not done within 1 seconds") as failed:
        await fetch(f"http://{HERE}:{listener.port}/", tmp_path / "a", most_bytes=1, within_s=1.0, servers=HERE_TOO)
    assert failed.value.code == "late"
    wait_until(lambda: not children(), 30.0)


async def test_a_transfer_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    with raw_server(until_gone) as listener:
        place = f"http://{HERE}:{listener.port}/"
        fetching = asyncio.create_task(fetch(place, tmp_path / "a", most_bytes=1, within_s=LONG_S, servers=HERE_TOO))
        await asyncio.to_thread(wait_until, lambda: listener.came, 30.0)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
    wait_until(lambda: not children(), 30.0)


async def test_a_child_that_dies_is_a_failure_of_the_program(tmp_path: Path) -> None:
    with patch("sys.executable", "/bin/false"), pytest.raises(TransferFailed) as failed:
        await fetch("http://a.example/", tmp_path / "a", most_bytes=1, within_s=LONG_S, servers=Servers())
    assert (failed.value.code, str(failed.value)) == ("program", UNSAID)


@contextmanager
def carrier(**question: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "ocpp_client.transfers.carrier"]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        child.stdin.write(json.dumps({"networks": HERE, "roots": [], "most_bytes": 10**7, **question}) + "\n")
        child.stdin.flush()
        yield child
        child.kill()


def test_a_child_ends_when_whoever_asked_is_gone(tmp_path: Path) -> None:
    """The worker was killed: the one that follows it fetches into the same file."""
    with raw_server(until_gone) as listener:
        place = f"http://{HERE}:{listener.port}/"
        with carrier(location=place, file=str(tmp_path / "a"), known=str(tmp_path / "known")) as child:
            wait_until(lambda: listener.came, 30.0)
            assert child.stdin is not None
            child.stdin.close()
            assert child.wait(30.0) == 1


def test_a_child_is_small_also_with_ssh(tmp_path: Path) -> None:
    """The whole station has 1 GB."""
    (tmp_path / "image.bin").write_bytes(LARGE * 16)
    seen_kb = [0]
    places = {"file": str(tmp_path / "a"), "known": str(tmp_path / "known")}
    with (
        sftp_server(tmp_path, asyncssh.generate_private_key("ssh-ed25519")) as url,
        carrier(location=f"{url}/image.bin", **places) as child,
    ):

        def ended() -> bool:
            with contextlib.suppress(OSError, IndexError):
                rollup = Path(f"/proc/{child.pid}/smaps_rollup").read_text()
                seen_kb.append(int(rollup.partition("Pss:")[2].split()[0]))
            return child.poll() is not None

        wait_until(ended, 60.0)
        assert child.stdout is not None
        assert child.stdout.read() == "{}\n"
    assert (tmp_path / "a").read_bytes() == LARGE * 16
    assert 0 < max(seen_kb) <= MOST_PSS_KB


@pytest.mark.django_db(databases=["default", "logs"])
def test_the_owner_says_where_a_central_system_may_send_the_station() -> None:
    assert servers() == Servers()
    CentralSystem.objects.create(pk=1, file_networks="10.20.0.0/16")
    with patch("ocpp_client.certificates.store.installed", lambda use: [use]):
        assert servers() == Servers("10.20.0.0/16", ("CentralSystemRootCertificate",))
