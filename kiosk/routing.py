"""The websocket address of the kiosk, and what all its pages share in one web process."""

from __future__ import annotations

from typing import Final

from django.urls import URLPattern, path

from .admission import Admission
from .answers import Answers
from .consumers import KioskConsumer
from .hub import Hub
from .push import Push

admission: Final = Admission()
answers: Final = Answers()
hub: Final = Hub()
push: Final = Push(hub.snapshot, face=hub.face)
websocket_urlpatterns: Final[list[URLPattern]] = [
    path("ws/kiosk/", KioskConsumer.as_asgi(station=hub, push=push, admission=admission, answers=answers)),
]
