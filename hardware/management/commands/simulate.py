"""Run the simulated station of docs/native_protocol.md as `manage.py simulate [FILE] [--port P]`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from hardware.simulator.__main__ import add_arguments, simulate

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """A thin door: the simulator itself knows nothing of Django."""

    help = "Run a simulated charging station until SIGTERM."
    requires_system_checks: list[str] = []  # it must start without a database and without settings that work

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The simulator's own arguments."""
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run; the exit status is the simulator's."""
        sys.exit(simulate(options["file"], options["data_dir"], options["port"], options["root"]))
