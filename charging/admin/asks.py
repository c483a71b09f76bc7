"""What a technician may ask of a connector or of the station (number 0): one table, one view, always POST.

Each ask goes through the same services as the card, the screen and the central system, and leaves a journal line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from charging import journal, services
from charging.cabinet import is_asked_at_cabinet
from charging.models import Connector, Wish
from charging.services import Answer
from charging.snapshot import ConnectorShown
from charging.words import REFUSALS, Text, words_of

PERMISSION: Final = "charging.change_connector"
BY: Final = "technician"
ACCEPTED: Final = Answer(accepted=True)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and whether from the cabinet's own screen."""

    who: str
    at_cabinet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One button. `offered` says for which connectors; `confirm` is asked before, "" when it must be quick."""

    title: Text
    icon: str  # Material Symbols
    carry_out: Callable[[int, Asker], Answer]
    offered: Callable[[ConnectorShown], bool] = lambda _shown: True
    confirm: Text = ""
    look: str = "plain"  # plain, good, danger
    everyone: bool = False  # every person of the console, also without PERMISSION


def _start(number: int, asker: Asker) -> Answer:
    return services.start(number, by=BY, who=asker.who)


def _stop(number: int, asker: Asker) -> Answer:
    return services.stop(number, by=BY, who=asker.who)


def _availability(*, operative: bool) -> Callable[[int, Asker], Answer]:
    def carry_out(number: int, asker: Asker) -> Answer:
        return services.set_availability(number, operative=operative, source=BY, who=asker.who)

    return carry_out


def _release(number: int, asker: Asker) -> Answer:
    return services.release_cable(number, asker.who, by=BY)


def _acknowledge_faults(number: int, asker: Asker) -> Answer:
    return services.acknowledge_faults(number, asker.who, at_cabinet=asker.at_cabinet)


def _emergency_stop(_number: int, asker: Asker) -> Answer:
    return services.emergency_stop(asker.who)


def _acknowledge(_number: int, asker: Asker) -> Answer:
    return services.acknowledge(asker.who, at_cabinet=asker.at_cabinet)


def _learn_card(_number: int, asker: Asker) -> Answer:
    services.learn_card(asker.who)
    return ACCEPTED


def _wish(kind: str) -> Callable[[int, Asker], Answer]:
    def carry_out(number: int, asker: Asker) -> Answer:
        services.wish(kind, number, who=asker.who)
        return ACCEPTED

    return carry_out


# What a connector is asked every day: on its card and over the list. The rest is on its own page.
EVERYDAY: Final = ("start", "stop", "out_of_service", "in_service", "release_cable", "acknowledge_faults")

CONNECTOR_ASKS: Final[dict[str, Ask]] = {
    "start": Ask(
        title=_("Start"), icon="play_arrow", carry_out=_start, offered=lambda shown: shown["can_start"], look="good"
    ),
    "stop": Ask(title=_("Stop"), icon="stop", carry_out=_stop, offered=lambda shown: shown["can_stop"], look="danger"),
    "release_cable": Ask(
        title=_("Release cable"), icon="lock_open", carry_out=_release, offered=lambda shown: shown["has_lock"]
    ),
    "acknowledge_faults": Ask(
        title=_("Acknowledge faults"),
        icon="task_alt",
        carry_out=_acknowledge_faults,
        offered=lambda shown: bool(shown["faults"]),
        confirm=_("Has the cause been seen and removed?"),
    ),
    "out_of_service": Ask(
        title=_("Take out of service"),
        icon="block",
        carry_out=_availability(operative=False),
        offered=lambda shown: shown["status"] != "Unavailable" and not shown["leaves_service"],
    ),
    "in_service": Ask(
        title=_("Put in service"),
        icon="check_circle",
        carry_out=_availability(operative=True),
        offered=lambda shown: shown["status"] == "Unavailable" or shown["leaves_service"],
        look="good",
    ),
    "test_light": Ask(title=_("Test the light"), icon="lightbulb", carry_out=_wish(Wish.Kind.TEST_LIGHT)),
    "self_test": Ask(
        title=_("Self test"),
        icon="fact_check",
        carry_out=_wish(Wish.Kind.SELF_TEST),
        confirm=_("The controller tests itself; charging on this connector stops. Go on?"),
    ),
    "set_time": Ask(title=_("Set the clock"), icon="schedule", carry_out=_wish(Wish.Kind.SET_TIME)),
    "fetch_dump": Ask(title=_("Fetch a dump"), icon="download", carry_out=_wish(Wish.Kind.FETCH_DUMP)),
    "restart_board": Ask(
        title=_("Restart the controller"),
        icon="restart_alt",
        carry_out=_wish(Wish.Kind.RESTART_BOARD),
        confirm=_("The controller restarts; charging on this connector is interrupted. Go on?"),
        look="danger",
    ),
}
STATION_ASKS: Final[dict[str, Ask]] = {
    "emergency_stop": Ask(
        title=_("Emergency stop"), icon="emergency_home", carry_out=_emergency_stop, look="danger", everyone=True
    ),
    "acknowledge": Ask(
        title=_("Acknowledge the emergency stop"),
        icon="task_alt",
        carry_out=_acknowledge,
        confirm=_("Is the place safe, and is the button out?"),
    ),
    "learn_card": Ask(title=_("Learn the next card"), icon="contactless", carry_out=_learn_card),
    "restart_reader": Ask(title=_("Restart the reader"), icon="restart_alt", carry_out=_wish(Wish.Kind.RESTART_READER)),
    "discover": Ask(title=_("Search for controllers"), icon="radar", carry_out=_wish(Wish.Kind.DISCOVER)),
}


def asker_of(request: HttpRequest) -> Asker:
    """The person of *request*, and whether it comes from the cabinet's own screen."""
    return Asker(request.user.get_username(), is_asked_at_cabinet(request))


def may_ask(request: HttpRequest, ask: Ask) -> bool:
    """Whether the person of *request* sees the button and may press it."""
    return ask.everyone or request.user.has_perm(PERMISSION)


def carry_out(request: HttpRequest, number: int, what: str) -> bool:
    """Ask, journal it and tell the person how it went; True when accepted. Raises Http404 and PermissionDenied."""
    ask = (CONNECTOR_ASKS if number else STATION_ASKS).get(what)
    if ask is None or (number and not Connector.objects.filter(pk=number).exists()):
        raise Http404
    if not may_ask(request, ask):
        raise PermissionDenied
    asker = asker_of(request)
    try:
        answer = ask.carry_out(number, asker)
        journal.record("Asked", connector_number=number, who=asker.who, what=what, refusal=answer.refusal)
    except DatabaseError:
        messages.error(request, now_("The database is busy or cannot be written: check the disk, then ask again."))
        return False
    _tell(request, number, ask, answer)
    return answer.accepted


def _tell(request: HttpRequest, number: int, ask: Ask, answer: Answer) -> None:
    letter = Connector.objects.filter(pk=number).values_list("letter", flat=True).first() if number else ""
    title = f"{letter}: {ask.title}" if letter else str(ask.title)
    if answer.accepted:
        messages.success(request, now_("%(title)s: recorded.") % {"title": title})
    else:
        messages.error(request, f"{title}: {words_of(REFUSALS, answer.refusal)}")


@require_POST
def ask_view(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """POST: carry out one ask and return to where the button was."""
    carry_out(request, number, what)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = reverse("admin:index")
    return HttpResponseRedirect(target)
