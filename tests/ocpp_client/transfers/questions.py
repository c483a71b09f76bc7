"""What a test asks the carrier of files, in this program: the answer is a code and a sentence, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ocpp_client.transfers.carrier import answer
from tests.ocpp_client.certificates import Authority
from tests.ocpp_client.transfers.servers import HERE

LARGE = bytes(range(256)) * 2048  # 512 KiB


class Carrier:
    """Asks with *into* as its file; the station trusts this authority and lets itself be sent to 127.0.0.1."""

    def __init__(self, folder: Path, networks: str = HERE) -> None:
        self.into, self.known = folder / "ordered-1.part", folder / "security" / "sftp_servers"
        self.networks = networks
        self.authority = Authority(folder)
        self.roots = [self.authority.root.read_text()]

    def fetch(self, location: str, *, most_bytes: int = 10_000_000) -> dict[str, str]:
        return self._asked({"location": location, "file": str(self.into), "most_bytes": most_bytes})

    def put(self, content: bytes, location: str, name: str = "diagnostics.tar.gz") -> dict[str, str]:
        self.into.write_bytes(content)
        return self._asked({"location": location, "file": str(self.into), "name": name})

    @property
    def fetched(self) -> bytes:
        return self.into.read_bytes()

    def _asked(self, question: dict[str, Any]) -> dict[str, str]:
        beside = {"networks": self.networks, "roots": self.roots, "known": str(self.known)}
        return answer({**question, **beside})
