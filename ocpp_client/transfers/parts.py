"""A file that is being received: how large it may become, and what an attempt before has left of it."""

from __future__ import annotations

import errno
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from ocpp_client.transfers.failures import TransferFailed, Why

PIECE_BYTES: Final = 64 * 1024
LONGEST_MARK: Final = 300


class Part:
    """*path* grows piece by piece. Beside it lies the mark of what is fetched: a version, as the server tells it.

    Only what has the same mark is continued; two halves of two versions make no file.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self.path, self.most_bytes = path, most_bytes
        self._mark_path = path.with_suffix(".mark")
        self._file: BinaryIO = BytesIO()  # until it begins
        self.mark = self._mark_path.read_text("utf-8") if self._mark_path.exists() and path.exists() else ""
        self.size = path.stat().st_size if self.mark else 0  # in bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        """What is too large, or fills the disk, is not kept for another attempt; nor is the mark of a whole file."""
        self._file.close()
        hopeless = isinstance(error, TransferFailed) and error.code in {Why.TOO_LARGE, Why.NO_ROOM}
        if hopeless:
            self.path.unlink(missing_ok=True)
        if hopeless or error is None:
            self._mark_path.unlink(missing_ok=True)

    def goes_on(self, mark: str) -> bool:
        """Whether what is there is the beginning of what the server has now."""
        return bool(self.size and mark == self.mark)

    def begin(self, mark: str, whole_bytes: int | None, *, anew: bool) -> None:
        """Write from now on, *anew* or behind what is there; *whole_bytes*: of the server. Raises TransferFailed."""
        if whole_bytes is not None and whole_bytes > self.most_bytes:
            raise self._too_large()
        try:
            if anew:
                self.size = 0
                self._mark_path.unlink(missing_ok=True)
            self._file = self.path.open("wb" if anew else "ab")
            if mark:
                self._mark_path.write_text(mark[:LONGEST_MARK], "utf-8")
        except OSError as error:
            raise _unwritten(error) from error

    def write(self, piece: bytes) -> None:
        """Raises TransferFailed."""
        self.size += len(piece)
        if self.size > self.most_bytes:
            raise self._too_large()
        try:
            self._file.write(piece)
        except OSError as error:
            raise _unwritten(error) from error

    def end(self, whole_bytes: int | None) -> None:
        """All of it has come, as far as the server says how much that is. Raises TransferFailed."""
        try:
            self._file.flush()
        except OSError as error:
            raise _unwritten(error) from error
        if whole_bytes is not None and self.size != whole_bytes:
            raise TransferFailed(Why.BROKEN, f"The connection ended after {self.size} of {whole_bytes} bytes.")

    def _too_large(self) -> TransferFailed:
        return TransferFailed(
            Why.TOO_LARGE, f"The file has more than the {self.most_bytes} bytes that there is room for."
        )


def _unwritten(error: OSError) -> TransferFailed:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return TransferFailed(Why.NO_ROOM, "There is no room for it on the disk: free some.")
    return TransferFailed(Why.NO_ROOM, f"The file could not be written: {error.strerror}.")
