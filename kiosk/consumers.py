"""The websocket of a kiosk page: sends whole snapshots, takes small requests, survives nonsense."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import Error as DatabaseProblem
from django.db import close_old_connections
from django.http.cookie import parse_cookie

from charging.cabinet import KEY_COOKIE, is_at_cabinet
from charging.domain.requests import Refusal

from .admission import MESSAGES_PER_S, OWN_SCREEN, Admission, Pace
from .answers import Answers
from .messages import Action, Asked, Nonsense, asked_of
from .push import Push, text_of
from .station import Station

log = logging.getLogger(__name__)

# Not the framework's one shared thread: a slow page of the console must not hold up somebody at the screen.
actions: Final = ThreadPoolExecutor(2, thread_name_prefix="kiosk action")
emergencies: Final = ThreadPoolExecutor(1, thread_name_prefix="kiosk emergency")

ONE_AT_A_TIME: Final = "The last request of this page is still being done: wait for its answer."
TOO_FAST: Final = f"More than {MESSAGES_PER_S} messages in a second: the others are ignored, send fewer."
BEHIND_S: Final = 5.0  # a page that has not painted for so long loads itself again
POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1


class KioskConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc] # channels has no types
    """One open page. `station`, `push`, `admission` and `answers` are shared by all pages of the process."""

    # A name that no layer has: with a layer, a stopped Redis would end the page's websocket.
    channel_layer_alias: ClassVar[str] = "none"

    def __init__(self, *, station: Station, push: Push, admission: Admission, answers: Answers) -> None:
        super().__init__()
        self._station = station
        self._push = push
        self._admission = admission
        self._answers = answers
        self._pace = Pace()
        self._address = ""
        self._at_cabinet = False
        self._opened_s = 0.0
        self._told_to_load_s = float("-inf")
        self._sending: asyncio.Task[None] | None = None
        self._acting: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Take the page in when there is room, and begin to send."""
        address = str((self.scope.get("client") or ["?"])[0])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"]}
        key = parse_cookie(headers.get("cookie", "")).get(KEY_COOKIE, "")
        self._at_cabinet = is_at_cabinet(address, headers, key)
        if not self._at_cabinet and not await asyncio.get_running_loop().run_in_executor(actions, self._may_look):
            await self.close()
            return
        place = OWN_SCREEN if self._at_cabinet else address
        if not self._admission.admit(place):
            if self._admission.is_worth_telling(time.monotonic()):
                log.warning("Too many pages are open, more of %s are refused: close some.", address)
            await self.close()
            return
        self._address, self._opened_s = place, time.monotonic()
        await self.accept()
        await self._say({"kind": "place", "acts": self._at_cabinet})
        self._sending = asyncio.create_task(self._send_snapshots())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - the framework's signature
        """Free the page's place. What it asked for is still carried out."""
        if self._sending:
            self._sending.cancel()
        if self._address:
            self._admission.leave(self._address)
            self._address = ""

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """End without asking a channel layer to forget groups that were never joined."""
        await self.disconnect(message.get("code", 1006))
        raise StopConsumer

    async def _send_snapshots(self) -> None:
        queue = self._push.subscribe()
        try:
            while True:
                await self.send(text_data=await queue.get())
        finally:
            self._push.unsubscribe(queue)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:  # noqa: ARG002 - the framework's signature
        """Judge one message. Emergency stops of the station's own screen are never limited; everything else is."""
        now_s = time.monotonic()
        allowed = self._pace.allows(now_s)
        if not (allowed or self._at_cabinet):
            await self._ignore(now_s, TOO_FAST)
            return
        try:
            asked = asked_of(text_data)
        except Nonsense as problem:
            await (self._say_error(str(problem)) if allowed else self._ignore(now_s, str(problem)))
            return
        if asked.action is Action.EMERGENCY_STOP and self._at_cabinet:
            self._stop_everything(asked)
        elif allowed:
            await self._take(asked)
        else:
            await self._ignore(now_s, TOO_FAST)

    async def _ignore(self, now_s: float, sentence: str) -> None:
        """Say so once a second; whoever goes on all the same is shut out."""
        if self._pace.is_worth_telling(now_s):
            await self._say_error(sentence)
        if self._pace.is_flood:
            await self.close(POLICY_VIOLATION)

    def _stop_everything(self, asked: Asked) -> None:
        """One at a time: the thread that stops is never behind a queue of the same wish."""
        if self._stopping is None or self._stopping.done():
            self._stopping = asyncio.create_task(self._carry_out(asked, emergencies))

    async def _take(self, asked: Asked) -> None:
        if asked.action is Action.SHOWN:
            await self._judge(self._push.behind_s(asked.sequence))
        elif self._acting and not self._acting.done():
            await self._say_error(ONE_AT_A_TIME, asked.request)
        else:
            self._acting = asyncio.create_task(self._carry_out(asked, actions))

    async def _judge(self, behind_s: float) -> None:
        """A page is as far behind as the first newer picture is old, but no longer than it has been open."""
        now_s = time.monotonic()
        behind = behind_s > BEHIND_S and now_s - self._opened_s > BEHIND_S
        if behind and now_s - self._told_to_load_s > BEHIND_S:
            self._told_to_load_s = now_s
            await self._say({"kind": "load_again"})
        if self._at_cabinet:
            beat = partial(self._station.beat, painted=not behind)
            asyncio.get_running_loop().run_in_executor(actions, beat)

    async def _carry_out(self, asked: Asked, executor: Executor) -> None:
        loop = asyncio.get_running_loop()
        done = self._answers if self._at_cabinet else Answers()  # a stranger's mark is never somebody else's
        accepted, refusal = await done.once(asked, lambda: loop.run_in_executor(executor, self._ask, asked))
        # The page may have gone meanwhile; what it asked for is done all the same.
        with suppress(RuntimeError):
            await self._say({"kind": "answer", "request": asked.request, "accepted": accepted, "refusal": refusal})

    def _may_look(self) -> bool:
        close_old_connections()
        try:
            return self._station.may_look()
        except DatabaseProblem:
            log.exception("Whether others may look at the screen could not be read; they may not.")
            return False
        finally:
            close_old_connections()

    def _ask(self, asked: Asked) -> tuple[bool, str]:
        if not self._at_cabinet:
            return False, Refusal.NOT_AT_CABINET
        close_old_connections()
        try:
            answer = self._station.ask(asked, f"screen {self._address}".strip())
        except DatabaseProblem:
            log.exception("What was asked at the screen could not be recorded; it was refused.")
            return False, Refusal.NOT_RECORDED
        finally:
            close_old_connections()
        return answer.accepted, answer.refusal

    async def _say_error(self, sentence: str, request: str = "") -> None:
        await self._say({"kind": "error", "sentence": sentence, "request": request})

    async def _say(self, message: dict[str, Any]) -> None:
        await self.send(text_data=text_of(message))
