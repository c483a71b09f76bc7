"""`manage.py configuration export|check FILE|apply FILE`: the configuration document from the command line."""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from station import document as configuration
from station.document_check import LARGEST_BYTES, Unreadable, parse, validate


class Command(BaseCommand):
    """Exports, checks or applies station.json."""

    help = "Export the configuration document, check one, or apply one."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("export", help="print the document of this station")
        for verb, does in (("check", "list problems and differences"), ("apply", "apply the file whole")):
            verbs.add_parser(verb, help=does).add_argument("file", type=Path)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        if verb == "export":
            self.stdout.write(configuration.written(configuration.export()))
        elif verb == "check":
            self.check_file(options["file"])
        else:
            entry = configuration.apply_file(options["file"], who=getpass.getuser())
            self.stdout.write("nothing differed" if entry is None else f"applied, journal entry {entry}")

    def check_file(self, path: Path) -> None:
        """Print what would change; CommandError lists every problem."""
        try:
            with path.open("rb") as file:
                document = parse(file.read(LARGEST_BYTES + 1))
        except OSError as error:
            raise CommandError(f"{path} cannot be read ({error.strerror}): check the path.") from error
        except Unreadable as error:
            raise CommandError(str(error)) from error
        problems = validate(document)
        if problems:
            raise CommandError("\n".join(str(problem) for problem in problems))
        for change in configuration.difference(document):
            self.stdout.write(f"{change.path}: {json.dumps(change.now)} -> {json.dumps(change.then)}")
