"""What does the operating system seem to have? A small tree of its files below a settable root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

BOARD_MILLIC: Final = 47_200
_ALWAYS: Final = {
    "proc/device-tree/serial-number": "10000000simulated\0",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": f"{BOARD_MILLIC}\n",
    "sys/class/net/eth0/operstate": "up\n",
    "sys/class/net/eth0/carrier": "1\n",
    "sys/class/net/eth0/address": "02:00:00:00:00:01\n",
    "sys/class/net/wlan0/operstate": "down\n",
    "sys/class/net/wwan0/operstate": "down\n",
}
_TOUCH: Final = "sys/class/input/input0/name"
_CONNECTOR: Final = "sys/class/drm/card0-HDMI-A-1/status"


def write_root(root: Path, *, screen: bool) -> None:
    """Write the tree below *root*: with a *screen*, its connector is connected and a touch panel is present."""
    for place, text in _ALWAYS.items():
        _write(root / place, text)
    _write(root / _CONNECTOR, "connected\n" if screen else "disconnected\n")
    (root / "sys/class/input").mkdir(parents=True, exist_ok=True)
    if screen:
        _write(root / _TOUCH, "Simulated touch panel\n")
    else:
        (root / _TOUCH).unlink(missing_ok=True)
        if (root / _TOUCH).parent.is_dir():
            (root / _TOUCH).parent.rmdir()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text, encoding="ascii")
    unfinished.replace(path)
