"""Which credentials are tried when, and what comes of them: nothing that may still be needed is ever given up."""

from __future__ import annotations

from typing import Any

import pytest

from charging.models import JournalEntry, SecurityLogEntry
from ocpp_client import central_system, credentials
from ocpp_client.causes import Cause
from ocpp_client.credentials import Credentials, candidates_of, present_of, turn
from ocpp_client.models import CentralSystem
from ocpp_client.presentation import Presentation

OLD = "a password of old"
KEY = "00112233445566778899AABBCCDDEEFF"

PRESENT = Credentials(key=OLD, octets=False, profile=1)
OCTETS = Credentials(key=KEY, octets=True, profile=1)
TEXT = Credentials(key=KEY, octets=False, profile=1)


def row(**columns: Any) -> CentralSystem:
    settings = {"enabled": True, "primary_url": "ws://central.example/ocpp", "authorization_key": OLD}
    return CentralSystem.objects.create(pk=1, **settings | {"security_profile": 1} | columns)


def test_the_candidates_go_first_and_then_everybody_in_turn_for_ever() -> None:
    order = [turn(PRESENT, (OCTETS, TEXT), refusals) for refusals in range(12)]
    assert order == [OCTETS, TEXT] * 3 + [PRESENT, OCTETS, TEXT] * 2
    assert {turn(PRESENT, (), refusals) for refusals in range(9)} == {PRESENT}


def test_a_hexadecimal_key_is_sent_as_octets_and_as_text() -> None:
    assert OCTETS.password == bytes.fromhex(KEY)
    assert TEXT.password == KEY
    assert Credentials(key="", octets=False, profile=1).password is None
    assert Credentials(key=KEY, octets=True, profile=3).password is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (KEY, True),
        (KEY.lower(), True),
        ("0" * 16, True),
        ("0" * 40, True),
        ("0" * 14, False),
        ("0" * 42, False),
        ("0" * 17, False),
        ("not hexadecimal!", False),
        (f" {KEY}", False),
        (f"{KEY}\n", False),
        ("", False),
    ],
)
def test_a_key_is_an_even_number_of_16_to_40_hexadecimal_digits(value: str, taken: bool) -> None:
    row()
    assert credentials.order_key(value, "test") is taken
    assert CentralSystem.objects.get().candidate_key == (value if taken else "")


@pytest.mark.django_db
class TestSettling:
    def test_what_was_let_in_is_kept_and_the_other_one_forgotten(self) -> None:
        tried = candidates_of(row(candidate_key=KEY))
        assert tried == (OCTETS, TEXT)
        credentials.settle(TEXT, tried)
        after = CentralSystem.objects.get()
        assert (present_of(after), candidates_of(after)) == (TEXT, ())

    def test_what_was_used_before_stays_when_it_is_let_in(self) -> None:
        credentials.settle(PRESENT, candidates_of(row(candidate_key=KEY)))
        after = CentralSystem.objects.get()
        assert (present_of(after), candidates_of(after)) == (PRESENT, ())
        assert "stays" in SecurityLogEntry.objects.get().about

    def test_a_link_that_was_opened_before_the_order_decides_nothing(self) -> None:
        row(candidate_key=KEY)
        assert credentials.settle(PRESENT, ()) is None
        assert CentralSystem.objects.get().candidate_key == KEY

    def test_one_change_at_a_time(self) -> None:
        row(candidate_key=KEY)
        assert not credentials.order_key("0" * 40, "test")
        assert not credentials.order_profile("2", "test")
        assert CentralSystem.objects.get().candidate_key == KEY

    def test_whoever_enters_a_password_ends_the_trial(self) -> None:
        row(candidate_key=KEY, authorization_key_octets=True)
        central_system.change("anna", authorization_key="entered by a technician")
        after = CentralSystem.objects.get()
        assert present_of(after).password == "entered by a technician"
        assert candidates_of(after) == ()

    def test_no_key_is_written_anywhere_else(self) -> None:
        row()
        assert credentials.order_key(KEY, "test")
        credentials.settle(OCTETS, candidates_of(CentralSystem.objects.get()))
        told = [str(each.body) for each in JournalEntry.objects.all()]
        told += [each.about for each in SecurityLogEntry.objects.all()]
        assert told
        assert not any(KEY in each or OLD in each for each in told)


@pytest.mark.django_db
class TestRounds:
    def password(self, presentation: Presentation) -> object:
        return presentation.addresses()[0].password

    def refused(self, presentation: Presentation, cause: Cause) -> object:
        presentation.ended(cause)
        return self.password(presentation)

    def test_only_a_refusal_is_one(self) -> None:
        row(candidate_key=KEY)
        presentation = Presentation()
        assert self.password(presentation) == bytes.fromhex(KEY)
        for cause in (Cause.DNS, Cause.UNREACHABLE, Cause.REFUSED, Cause.TIMEOUT, Cause.ASKED):
            assert self.refused(presentation, cause) == bytes.fromhex(KEY), cause
        assert self.refused(presentation, Cause.UNAUTHORIZED) == KEY
        presentation.opened()
        assert self.refused(presentation, Cause.CLOSED) == bytes.fromhex(KEY), "opened, and closed without a word"

    def test_a_second_address_is_of_the_same_round(self) -> None:
        row(candidate_key=KEY, secondary_url="ws://other.example/ocpp")
        presentation = Presentation()
        assert [each.password for each in presentation.addresses()] == [bytes.fromhex(KEY)] * 2
        presentation.ended(Cause.UNAUTHORIZED)
        assert self.refused(presentation, Cause.UNAUTHORIZED) == KEY

    def test_another_profile_is_refused_by_whatever_happens(self) -> None:
        row(candidate_profile=2)
        presentation = Presentation()
        assert presentation.addresses()[0].url == "wss://central.example/ocpp"
        for cause in (Cause.REFUSED, Cause.TLS, Cause.CERTIFICATE):
            presentation.ended(cause)
            url = presentation.addresses()[0].url
        assert url == "ws://central.example/ocpp"

    def test_an_order_that_comes_later_begins_anew(self) -> None:
        row()
        presentation = Presentation()
        for _ in range(9):
            assert self.refused(presentation, Cause.UNAUTHORIZED) == OLD
        CentralSystem.objects.update(candidate_key=KEY)
        assert self.refused(presentation, Cause.UNAUTHORIZED) == bytes.fromhex(KEY)
