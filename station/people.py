"""The first technician and their passwords."""

from __future__ import annotations

import secrets
from typing import Final

from station.models import Person

FIRST_NAME: Final = "technician"
# Without the characters that are read wrongly from a screen or a label.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH: Final = 12  # 59 bits; unique per station, derived from nothing (EN 18031-1, AUM)


def random_password() -> str:
    """A password in three groups of four, easy to read aloud."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, PASSWORD_LENGTH, 4))


def give_random_password(person: Person) -> str:
    """Set and return a random password; every session of that person ends, because its hash is part of them."""
    password = random_password()
    person.set_password(password)
    person.save(update_fields=["password"])
    return password


def create_first_technician() -> tuple[str, str] | None:
    """Name and password of the first technician; None when somebody is there already."""
    if Person.objects.exists():
        return None
    person = Person.objects.create(username=FIRST_NAME, is_staff=True, is_superuser=True)
    return person.username, give_random_password(person)
