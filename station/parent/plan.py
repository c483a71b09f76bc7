"""Which programs a station is made of, and what each of them is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from station.parent.children import Child
from station.parent.redis_server import redis_command, socket_path

if TYPE_CHECKING:
    from station.parent.options import Options

# One heap for all threads, and what is large (a socket is read into 256 KiB) outside of it: mallopt(3). By glibc's own
# choice a process under traffic grows by tens of megabytes that are holes.
ALLOCATOR: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
}
KERNEL_UUID: Final = Path("/proc/sys/kernel/random/uuid")  # another one at each look, random(4)
# Inside a container everybody is root; on the device systemd gives the station an account of its own.
ROOT_WARNING: Final = "ignore:You're running the worker with superuser privileges"


def redis_of(options: Options) -> tuple[str, Child | None]:
    """The address of Redis and, when nobody else runs one for us, the child that serves it."""
    given = os.environ.get("STATION_REDIS_URL", "")
    if given:
        return given, None
    socket = socket_path(options.data_dir)
    return f"unix://{socket}?db=0", Child("redis", redis_command(socket))


def environ_of(options: Options, redis_url: str, http_port: int) -> dict[str, str]:
    """What every Django process of this start is told (station.environment reads it)."""
    device = options.data_dir / "dev"
    lines = f"glob:{device}/bus*" if options.simulate else os.pathsep.join(options.lines)
    return ALLOCATOR | {
        "STATION_DATA_DIR": str(options.data_dir),
        "STATION_REDIS_URL": redis_url,
        "STATION_BOOT_ID": KERNEL_UUID.read_text("ascii").strip(),
        "STATION_LINES": lines,
        "STATION_READER": options.reader or (str(device / "rfid") if options.simulate else ""),
        "STATION_SYSTEM_ROOT": str(options.data_dir / "root") if options.simulate else "/",
        "STATION_HTTP_PORT": str(http_port),
        "DJANGO_SETTINGS_MODULE": "station.settings",
        "PYTHONUNBUFFERED": "1",
    }


def simulator(options: Options) -> Child:
    """The simulated station; without Django."""
    command = [sys.executable, "-m", "hardware.simulator", options.simulate, "--data-dir", str(options.data_dir)]
    return Child("simulator", [*command, "--port", str(options.simulator_port)], {"PYTHONUNBUFFERED": "1"})


def prepare(environ: dict[str, str], options: Options) -> Child:
    """Brings the database up to date, then ends."""
    command = [sys.executable, "manage.py", "prepare"]
    if options.config:
        command += ["--config", str(options.config)]
    if options.central_system:
        command += ["--central-system", options.central_system]
    return Child("prepare", command, {**environ, "STATION_ROLE": "prepare"})


def _worker(name: str, environ: dict[str, str]) -> Child:
    # Celery's start would run Django's checks, which load the pages and the console into the worker.
    told = {**environ, "STATION_ROLE": name, "CELERY_SKIP_CHECKS": "1", "PYTHONWARNINGS": ROOT_WARNING}
    return Child(name, [sys.executable, "-m", "station.worker", f"{name}@station"], told)


def services(environ: dict[str, str], web_socket: int, screen_key: str) -> list[Child]:
    """The three processes of decision 0002, in the order of their start; `web` alone is told the screen's key."""
    daphne = [sys.executable, "-m", "station.web", "--fd", str(web_socket), "-v", "0", "--no-server-name"]
    told = {**environ, "STATION_ROLE": "web", "STATION_SCREEN_KEY": screen_key}
    return [
        _worker("controllers", environ),
        Child("web", [*daphne, "station.asgi:application"], told, (web_socket,)),
        _worker("links", environ),
    ]
