from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from station.environment import PROJECT_DIR
from station.models import Person
from station.people import create_first_technician, random_password
from station.secret_key import secret_key_of

pytestmark = pytest.mark.django_db(databases=["default", "logs"])


def said_by(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


def test_it_never_makes_the_same_password_twice() -> None:
    passwords = {random_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(re.fullmatch(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}", password) for password in passwords)


def test_it_creates_the_first_technician_once() -> None:
    created = create_first_technician()
    assert created is not None
    assert authenticate(username=created[0], password=created[1]) is not None
    assert create_first_technician() is None


def test_it_prints_the_first_password_when_the_station_is_prepared() -> None:
    _first, _technician, name, password = said_by("prepare").split()
    assert authenticate(username=name, password=password) is not None
    assert said_by("prepare") == ""


def test_it_gives_a_person_another_password() -> None:
    person = Person.objects.create_user("anna", password="old")
    password = said_by("new_password", "anna").split()[-1]
    person.refresh_from_db()
    assert person.check_password(password)
    assert not person.check_password("old")


def test_it_says_who_is_known_when_the_name_is_not() -> None:
    Person.objects.create_user("anna")
    with pytest.raises(CommandError, match=r"no person named 'ana'; the station knows anna\."):
        call_command("new_password", "ana")


def test_it_says_in_one_sentence_that_the_folder_holds_no_station(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "new_password", "anna"]
    environ = os.environ | {"STATION_DATA_DIR": str(tmp_path)}
    said = subprocess.run(command, cwd=PROJECT_DIR, env=environ, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert said.stderr.startswith(f"CommandError: No station can be read in {tmp_path}")
    assert said.stderr.count("\n") == 1


def test_it_gives_one_card_to_one_person_whatever_its_case() -> None:
    Person.objects.create_user("anna", id_tag="04A2B3C4")
    with pytest.raises(IntegrityError):
        Person.objects.create_user("boris", id_tag="04a2b3c4")


def test_it_lets_any_number_of_people_be_without_a_card() -> None:
    Person.objects.create_user("anna")
    Person.objects.create_user("boris")
    assert Person.objects.filter(id_tag="").count() == 2


def test_it_makes_the_secret_key_once_and_again_when_a_power_cut_emptied_it(tmp_path: Path) -> None:
    key = secret_key_of(tmp_path)
    assert secret_key_of(tmp_path) == key
    (tmp_path / "secret_key").write_text("")
    assert len(secret_key_of(tmp_path)) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
