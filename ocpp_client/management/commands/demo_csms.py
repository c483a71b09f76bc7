"""Run a small central system to look at: `manage.py demo_csms [--port P]`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.contrib.staticfiles import finders
from django.core.management.base import BaseCommand, CommandError

from ocpp_client.demo.server import DemoCentralSystem

if TYPE_CHECKING:
    from argparse import ArgumentParser

PORT: Final = 9000
# The screen's letters, when the station has them; else the browser's own.
FONTS: Final = ("Inter-Regular.woff2", "Inter-SemiBold.woff2", "Inter-Bold.woff2")


class Command(BaseCommand):
    """A thin door: the central system itself knows nothing of Django."""

    help = "Run a small OCPP 1.6J central system with a page, until Ctrl-C. It stores nothing and asks for no password."
    requires_system_checks: list[str] = []  # it needs neither database nor settings

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--port", type=int, default=PORT, help=f"port, {PORT} at first; 0 takes a free one")
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on; anything but 127.0.0.1 lets the network command"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        """Serve."""
        logging.getLogger("ocpp_client.demo").setLevel(logging.INFO)
        logging.getLogger("demo_csms.websockets").setLevel(logging.CRITICAL)  # strangers' handshakes are no news
        host = options["host"]
        found = {name: finders.find(f"kiosk/fonts/{name}") for name in FONTS}
        fonts = {name: Path(path) for name, path in found.items() if isinstance(path, str)}

        def ready(port: int) -> None:
            sys.stdout.write(f"page     http://{host}:{port}/\n")
            sys.stdout.write(f"stations ws://{host}:{port}/ocpp/<identity>\n")
            sys.stdout.write("demo central system ready\n")
            sys.stdout.flush()

        try:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(DemoCentralSystem(host, fonts).run(options["port"], ready))
        except OSError as error:
            raise CommandError(
                f"{host}:{options['port']} cannot be used: {error}. Choose another with --port."
            ) from error
