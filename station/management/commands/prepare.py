"""`manage.py prepare`: brings the data folder up to date before anything else runs."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from station.models import Person
from station.people import create_first_technician

if TYPE_CHECKING:
    from argparse import ArgumentParser


def is_up_to_date(alias: str) -> bool:
    """Whether every migration was applied; asking is much cheaper than migrating."""
    executor = MigrationExecutor(connections[alias])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def migrate() -> None:
    """Migrate both files."""
    # On a server both aliases name the same tables.
    for alias in ("default", "logs") if settings.DATABASE_ROUTERS else ("default",):
        if not is_up_to_date(alias):
            call_command("migrate", database=alias, interactive=False, verbosity=0)


class Command(BaseCommand):
    """Migrates, applies station.json to a fresh station, and creates the first technician."""

    help = "Bring the data folder up to date; safe to run again."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--config", type=Path, help="station.json, applied when the station is fresh")
        parser.add_argument("--central-system", default="", help="address of the central system to use from now on")

    def handle(self, *_args: Any, config: Path | None, central_system: str, **_options: Any) -> None:
        try:
            migrate()
        except DatabaseError as problem:
            folder = settings.DATA_DIR / "backups"
            raise CommandError(
                f"The database cannot be brought up to date ({problem}): free some disk space or restore {folder}."
            ) from problem
        # The first technician is created last, so a document that was refused is asked for again.
        if config is not None and not Person.objects.exists():
            self.apply(config)
        if central_system:
            self.use(central_system)
        created = create_first_technician()
        if created is not None:
            self.stdout.write(f"first technician {created[0]} {created[1]}")

    def apply(self, config: Path) -> None:
        """Hand station.json to the configuration document."""
        if find_spec("station.document") is None:
            raise CommandError("--config was given, but this version has no configuration document: leave it out.")
        importlib.import_module("station.document").apply_file(config)
        self.stdout.write(f"applied {config}")

    def use(self, address: str) -> None:
        """Put the central system at *address* in use, as a document would; journaled when that changes anything."""
        document = importlib.import_module("station.document")
        try:
            entry = document.apply({"central_system": {"enabled": True, "primary_url": address}}, "start")
        except document.Invalid as error:
            raise CommandError(f"--central-system was not applied.\n{error}") from error
        if entry is not None:
            self.stdout.write(f"central system {address}")
