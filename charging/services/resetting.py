"""A reset of the station: what runs is stopped, then everything is started anew (OCPP 1.6 section 5.14).

The wish is the row that survives a kill. Who carries it on reads it anew each time; any start of the station ends it,
so that nothing is repeated: a restart in the middle of it has done what was asked for.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from django.conf import settings

from charging import journal, live, record
from charging.clock import Moment, now
from charging.domain import events as e
from charging.domain.requests import Refusal
from charging.models import Transaction, Wish
from charging.services import restarting
from charging.services.answer import Answer, refused
from charging.services.wishing import UNFINISHED, wish, wish_ended

log = logging.getLogger(__name__)

LEAST_BETWEEN_S: Final = 15.0  # two resets: a central system that asks fifty times gets one
ANSWER_LEAVES_WITHIN_S: Final = 5.0  # after that the reset begins whether or not anybody heard of it
STOPS_WITHIN_S: Final = {"Soft": 30.0, "Hard": 5.0}  # transactions; a DC session may take 20 s
TOLD_WITHIN_S: Final = {"Soft": 45.0, "Hard": 8.0}  # their end, all counted from the beginning
RESTARTS_WITHIN_S: Final = 60.0  # after that the restart counts as unsuccessful
REASONS: Final = {"Soft": "SoftReset", "Hard": "HardReset"}  # of transactions, section 7.36
FAILED: Final = "The station was not restarted: check that the program that starts it runs."


def reset(kind: str, *, who: str) -> Answer:
    """Want a reset, "Soft" or "Hard" (section 7.42). Nothing is stopped before `reset_begins` says so.

    Accepted with the id of the wish. A hard one takes the place of a soft one. RESTARTING: there is one already, or
    was a moment ago; UPDATING: a board is being written to; NOT_SUPPORTED: there is nobody who could restart anything.
    """
    moment = now()
    with journal.one_commit():
        before = _in_hand()
        escalates = before is not None and kind == "Hard" and before.arguments["reset"] == "Soft"
        if not escalates and (before is not None or _was_just_now(moment)):
            return refused(Refusal.RESTARTING)
        if _updating():
            return refused(Refusal.UPDATING)
        if not restarting.possible():
            return refused(Refusal.NOT_SUPPORTED)
        if before is not None:
            wish_ended(before.pk, done=False, result="A hard reset has taken its place.")
        asked = wish(Wish.Kind.RESET, who=who, reset=kind, boot_id=moment.boot_id, asked_s=moment.mono_s)
    return Answer(accepted=True, wish_id=asked.pk)


def reset_in_hand() -> bool:
    """Whether the station is about to be restarted."""
    return _in_hand() is not None


def reset_failed() -> bool:
    """Whether the last reset that was asked of this start of the station has failed."""
    last = Wish.objects.filter(kind=Wish.Kind.RESET).first()
    return last is not None and last.state == Wish.State.FAILED and _is_of_this_start(last)


def reset_begins(wish_id: int) -> None:
    """The answer is on its way: what runs is wanted stopped, in the commit that says so. Once."""
    moment = now()
    with journal.one_commit():
        asked = Wish.objects.filter(pk=wish_id, state=Wish.State.WAITING).first()
        if asked is None:
            return
        _keep(asked, begun_s=moment.mono_s)
        _stop_what_runs(asked, moment)
    live.wake()
    live.changed()


def reset_step(moment: Moment, *, told: bool, retries: int) -> bool:
    """Carry the reset in hand on, if there is one; whether there is. Raises django.db.DatabaseError.

    *told*: the central system knows of every transaction that has ended, or cannot be told now. *retries*: how often
    a restart that did not come is asked for again (section 9.1.22).
    """
    asked = _in_hand()
    if asked is None:
        return False
    if asked.state == Wish.State.WAITING:
        if moment.mono_s - asked.arguments["asked_s"] >= ANSWER_LEAVES_WITHIN_S:
            reset_begins(asked.pk)
        return True
    tried_s = asked.arguments.get("tried_s")
    if tried_s is None:
        if _is_ready(asked, moment, told=told):
            _restart(asked, moment)
    elif moment.mono_s - tried_s >= RESTARTS_WITHIN_S:
        if asked.arguments["attempts"] > retries:
            wish_ended(asked.pk, done=False, result=FAILED)
        else:
            _restart(asked, moment)
    return True


def _is_ready(asked: Wish, moment: Moment, *, told: bool) -> bool:
    """Nothing runs and that is told, or it takes too long: what is not told by then is told after the restart."""
    kind, since_s = asked.arguments["reset"], moment.mono_s - asked.arguments["begun_s"]
    if _updating():
        return False
    if since_s < STOPS_WITHIN_S[kind] and Transaction.objects.filter(stopped_at__isnull=True).exists():
        with journal.one_commit():
            _stop_what_runs(asked, moment)
        return False
    return told or since_s >= TOLD_WITHIN_S[kind]


def _restart(asked: Wish, moment: Moment) -> None:
    """The attempt is in the row before anybody is asked: a kill in between costs a retry, never a loop."""
    attempts = asked.arguments.get("attempts", 0) + 1
    with journal.one_commit():
        _keep(asked, attempts=attempts, tried_s=moment.mono_s)
        journal.record(
            "Restarting", who=asked.asked_by, moment=moment, reset=asked.arguments["reset"], attempts=attempts
        )
    log.warning("%s reset of %s: the station is restarted.", asked.arguments["reset"], asked.asked_by)
    try:
        restarting.restart(machine=asked.arguments["reset"] == "Hard")
    except OSError as error:
        log.warning("Nobody who could restart the station was reached (%s).", error)


def reset_ended(moment: Moment) -> str:
    """The station was started anew, in the caller's commit: "Soft", "Hard", or "" where no reset was in hand.

    What still runs ends with the reset's reason, as soon as its board has answered.
    """
    found = Wish.objects.filter(kind=Wish.Kind.RESET, state__in=UNFINISHED)
    unfinished = [asked for asked in found if asked.arguments["boot_id"] != moment.boot_id]
    restarting.machine_restarted()
    for asked in unfinished:
        wish_ended(asked.pk, done=True, result="The station was started again.")
    if not unfinished:
        return ""
    _stop_what_runs(unfinished[0], moment)
    return str(unfinished[0].arguments["reset"])


def _stop_what_runs(asked: Wish, moment: Moment) -> None:
    wanted = e.StopRequested(now_s=moment.mono_s, reason=REASONS[asked.arguments["reset"]])
    for connector in record.connectors():
        if connector.transaction and not connector.stop:
            record.happen(connector.number, [wanted], moment=moment, who=asked.asked_by)


def _in_hand() -> Wish | None:
    """One of another start of the station is no matter of this one: its restart has come, and will be noted."""
    asked = Wish.objects.filter(kind=Wish.Kind.RESET, state__in=UNFINISHED).first()
    return asked if asked is not None and _is_of_this_start(asked) else None


def _is_of_this_start(asked: Wish) -> bool:
    return bool(asked.arguments["boot_id"] == settings.BOOT_ID)


def _was_just_now(moment: Moment) -> bool:
    """Also before the restart: the monotonic clock of one boot of the computer runs on."""
    last = Wish.objects.filter(kind=Wish.Kind.RESET).first()
    return last is not None and 0 <= moment.mono_s - last.arguments["asked_s"] < LEAST_BETWEEN_S


def _updating() -> bool:
    return Wish.objects.filter(kind=Wish.Kind.UPDATE_FIRMWARE, state__in=UNFINISHED).exists()


def _keep(asked: Wish, **more: Any) -> None:
    asked.arguments, asked.state = {**asked.arguments, **more}, Wish.State.STARTED
    asked.save(update_fields=["arguments", "state"])
