"""A kiosk whose station is a file: real daphne, real page, no record and no hardware behind it.

`daphne tests.kiosk.harness:application` shows KIOSK_FOLDER/snapshot.json, appends what was asked to asked.jsonl
and answers with answer.json.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import include, path

settings.ROOT_URLCONF = __name__  # the console is not needed here
pages = get_asgi_application()

from charging.curves import CurveShown  # noqa: E402 - Django first
from charging.snapshot import Snapshot  # noqa: E402 - Django first
from kiosk import push, views  # noqa: E402
from kiosk.admission import Admission  # noqa: E402
from kiosk.answers import Answers  # noqa: E402
from kiosk.consumers import KioskConsumer  # noqa: E402
from kiosk.face import FaceShown  # noqa: E402
from kiosk.messages import Asked  # noqa: E402
from kiosk.push import Push, plain_face  # noqa: E402
from station.hosts import SameOriginOnly  # noqa: E402

FOLDER: Final = Path(os.environ["KIOSK_FOLDER"])
NO_CURVE: Final = CurveShown(transaction=None, points=[])


@dataclass(frozen=True)
class FixedAnswer:
    accepted: bool
    refusal: str


class FileStation:
    def snapshot(self) -> Snapshot:
        return cast("Snapshot", json.loads((FOLDER / "snapshot.json").read_text("utf-8")))

    def face(self) -> FaceShown:
        worn = FOLDER / "face.json"
        return cast("FaceShown", json.loads(worn.read_text("utf-8"))) if worn.exists() else plain_face()

    def curve(self, number: int) -> CurveShown:
        file = FOLDER / f"curve-{number}.json"
        return cast("CurveShown", json.loads(file.read_text("utf-8")) if file.exists() else NO_CURVE)

    def ask(self, asked: Asked, who: str) -> FixedAnswer:
        self._note(asdict(asked) | {"who": who})
        return FixedAnswer(**json.loads((FOLDER / "answer.json").read_text("utf-8")))

    def may_look(self) -> bool:
        return not (FOLDER / "nobody_looks").exists()

    def beat(self, *, painted: bool) -> None:
        self._note({"action": "beat", "painted": painted})

    def started_again(self, cause: str) -> None:
        self._note({"action": "beat", "cause": cause})

    def _note(self, what: dict[str, object]) -> None:
        with (FOLDER / "asked.jsonl").open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(what) + "\n")


async def bell_rings(woken: asyncio.Event) -> None:
    """Wake the push whenever a byte comes through the pipe `bell`."""
    bell = os.open(FOLDER / "bell", os.O_RDWR | os.O_NONBLOCK)

    def ring() -> None:
        os.read(bell, 1024)
        woken.set()

    asyncio.get_running_loop().add_reader(bell, ring)
    try:
        await asyncio.Event().wait()
    finally:
        asyncio.get_running_loop().remove_reader(bell)
        os.close(bell)


setattr(push, "CLOSEST_S", float(os.environ["KIOSK_CLOSEST_S"]))  # noqa: B010 - a constant but for measurements
setattr(views, "Hub", FileStation)  # noqa: B010 - a name that views only borrows
urlpatterns = [path("", include("kiosk.urls"))]
file_station = FileStation()
consumer = KioskConsumer.as_asgi(
    station=file_station,
    push=Push(file_station.snapshot, bell_rings, file_station.face),
    admission=Admission(),
    answers=Answers(),
)
application = ProtocolTypeRouter({"http": pages, "websocket": SameOriginOnly(URLRouter([path("ws/kiosk/", consumer)]))})
