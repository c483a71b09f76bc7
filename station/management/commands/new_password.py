"""`manage.py new_password NAME`: a random password for a person who lost theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from station.models import Person
from station.people import give_random_password

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Sets a random password and prints it once."""

    help = "Give a person a random password and print it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the name they log in with")

    def handle(self, *_args: Any, name: str, **_options: Any) -> None:
        try:
            person = Person.objects.filter(username=name).first()
        except DatabaseError as problem:
            raise CommandError(
                f"No station can be read in {settings.DATA_DIR} ({problem}): name the folder of yours, "
                "for example STATION_DATA_DIR=/var/lib/station."
            ) from problem
        if person is None:
            known = ", ".join(Person.objects.values_list("username", flat=True)) or "nobody"
            raise CommandError(f"There is no person named {name!r}; the station knows {known}.")
        self.stdout.write(f"new password of {name}: {give_random_password(person)}")
