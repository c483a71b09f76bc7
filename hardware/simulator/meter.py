"""What has this connector delivered in its life? The register of a meter, kept through any end of the simulator."""

from __future__ import annotations

import math
import mmap
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# Energy that truly flowed, and by how much the meter's display is off, both in Wh.
_CELL: Final = struct.Struct("<dd")
JUMP_WH: Final = 50_000.0
BACKWARD_WH: Final = -1_000.0


class Register:
    """Lifetime energy of one connector in Wh, in double precision.

    The cell is a mapped file: every step is in the page cache at once, so that a killed simulator comes back
    with at least the energy that any status frame has reported.
    """

    def __init__(self, path: Path, start_wh: float) -> None:
        if not _intact(path):
            _create(path, start_wh)
        with path.open("r+b") as cell:
            self._map = mmap.mmap(cell.fileno(), _CELL.size)
        self.true_wh: float
        self._shift_wh: float
        self.true_wh, self._shift_wh = _CELL.unpack_from(self._map)
        self.frozen = False

    @property
    def reported_wh(self) -> int:
        """Whole Wh as the board's status block says."""
        return max(0, math.floor(self.true_wh + self._shift_wh))

    def add(self, energy_wh: float) -> None:
        """*energy_wh* flowed through the contactor."""
        self.true_wh += energy_wh
        if self.frozen:
            self._shift_wh -= energy_wh
        self._keep()

    def shift(self, by_wh: float) -> None:
        """Let the display jump by *by_wh*: a meter that lies."""
        self._shift_wh += by_wh
        self._keep()

    def reset_display(self) -> None:
        """Let the display start at zero again, as a replaced meter would."""
        self.shift(-self.true_wh - self._shift_wh)

    def close(self) -> None:
        """Give the file back."""
        self._map.close()

    def _keep(self) -> None:
        _CELL.pack_into(self._map, 0, self.true_wh, self._shift_wh)


def _intact(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size != _CELL.size:
        return False
    true_wh, shift_wh = _CELL.unpack(path.read_bytes())
    return math.isfinite(true_wh) and math.isfinite(shift_wh) and true_wh >= 0


def _create(path: Path, start_wh: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(_CELL.pack(start_wh, 0.0))
    unfinished.replace(path)
