"""What reaches the disk? Block writes of an ext4 of our own on a loop device; without the right to mount, what the
processes sent towards their disk (write_bytes of /proc/PID/io), which misses the file system's own journal."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from .machine import surroundings, written_bytes
from .measurement import Effort, Measurement
from .stations import RunningStation, charge_everywhere, folder, started

SAMPLE_INTERVAL_S: Final = 60
BAR_MB_AN_HOUR: Final = 20.0
DISK_BYTES: Final = 1 << 29
SECTOR_BYTES: Final = 512  # of /sys/block/*/stat, whatever the device's own are
WRITTEN_SECTORS: Final = 6
SETTLED_AFTER_S: Final = 20.0
BATTERY_KWH: Final = 400
MB: Final = 1e6
DATABASES: Final = ("station.sqlite3", "logs.sqlite3")
# Nothing is left to be formatted in the background while we count.
FORMAT: Final = ("-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0")


@contextmanager
def disk_of_our_own(made: Path) -> Iterator[tuple[Path, str]]:
    """A mounted folder and the name of its block device; the plain folder and "" where mounting is not allowed."""
    image, mounted = made / "disk.img", made / "disk"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    if not (_done("mkfs.ext4", *FORMAT, str(image)) and _done("mount", "-o", "loop", str(image), str(mounted))):
        yield mounted, ""
        return
    try:
        yield mounted, _device_of(mounted)
    finally:
        _done("umount", str(mounted))


def _done(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _device_of(mounted: Path) -> str:
    for line in Path("/proc/mounts").read_text("utf-8").splitlines():
        device, place, *_rest = line.split()
        if place == str(mounted):
            return Path(device).name
    raise RuntimeError(f"{mounted.name} is mounted and not listed")


def _counting(station: RunningStation, device: str) -> tuple[str, Callable[[], int]]:
    if device:
        statistics = Path("/sys/block") / device / "stat"
        return "block device", lambda: int(statistics.read_text().split()[WRITTEN_SECTORS]) * SECTOR_BYTES
    return "write_bytes of the processes", lambda: sum(written_bytes(pid) for pid in station.own_pids().values())


def _folder_of_station(made: Path, mounted: Path) -> Path:
    """A station's folder whose databases lie on our disk: the simulator's own files are no flash of a station."""
    data_dir = made / "station"
    data_dir.mkdir(mode=0o700)
    for name in DATABASES:
        for suffix in ("", "-wal"):
            (data_dir / f"{name}{suffix}").symlink_to(mounted / f"{name}{suffix}")
    return data_dir


def _sizes(station: RunningStation) -> dict[str, int]:
    """Bytes of the databases and their logs."""
    return {path.name: path.stat().st_size for path in station.data_dir.glob("*.sqlite3*") if path.is_file()}


def _written(seconds: float) -> tuple[int, dict[str, Any]]:
    with (
        folder() as made,
        disk_of_our_own(made) as (mounted, device),
        started(_folder_of_station(made, mounted), sample_interval_s=SAMPLE_INTERVAL_S) as station,
    ):
        numbers = charge_everywhere(station)
        for number in numbers:  # nobody is full before the end
            station.simulator.post(f"/cars/{number}", battery_kwh=BATTERY_KWH)
        time.sleep(SETTLED_AFTER_S)
        how, count = _counting(station, device)
        _done("sync", "-f", str(mounted))
        before, own_before, sizes_before = count(), _own(station), _sizes(station)
        time.sleep(seconds)
        _done("sync", "-f", str(mounted))
        written, own = count() - before, _own(station)
        sizes = {name: size - sizes_before.get(name, 0) for name, size in _sizes(station).items()}
        charging = sum(bool(each["contactor"]) for each in station.simulator.connectors())
    by_role = {role: own[role] - own_before.get(role, 0) for role in own}
    details = {"measured_by": how, "connectors": len(numbers), "charging_at_the_end": charging}
    return written, {**details, "write_bytes_by_role": by_role, "files_grew": sizes}


def _own(station: RunningStation) -> dict[str, int]:
    return {role: written_bytes(pid) for role, pid in station.pids().items()}


def flash_bytes(effort: Effort) -> Measurement:
    """Four cars charge and nobody touches anything."""
    seconds = effort.of(10.0, 900.0, 3_600.0)
    written, details = _written(seconds)
    an_hour = written * 3600 / seconds / MB
    details |= {
        "seconds": seconds,
        "written_bytes": written,
        "scaled": f"{seconds:g} s to an hour",
        "sample_interval_s": SAMPLE_INTERVAL_S,
        **surroundings(),
    }
    bar = f"<= {BAR_MB_AN_HOUR:g} MB an hour"
    ok = an_hour <= BAR_MB_AN_HOUR and details["charging_at_the_end"] == details["connectors"]
    return Measurement(name="flash_bytes", value=round(an_hour, 2), unit="MB/h", bar=bar, ok=ok, details=details)
