"""Which screen stands at the computer, read from the kernel's own files at each start (GEN-4). Nothing to type in."""

from __future__ import annotations

from pathlib import Path


def has_display(system_root: Path) -> bool:
    """True when a display is connected to any output (drm connector status)."""
    return any(_text(status) == "connected" for status in (system_root / "sys/class/drm").glob("card*-*/status"))


def has_touch(system_root: Path) -> bool:
    """True when an input device is there that a finger can use: a screen that nobody can touch starts nothing."""
    names = (_text(name).lower() for name in (system_root / "sys/class/input").glob("input*/name"))
    return any("touch" in name for name in names)


def has_screen(system_root: Path) -> bool:
    """A touch screen is a display and a touch device."""
    return has_display(system_root) and has_touch(system_root)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
