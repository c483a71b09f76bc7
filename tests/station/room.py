"""A smallest possible web process with the real channel layer: every socket hears what is said to the group."""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

pages = get_asgi_application()

from station.hosts import SameOriginOnly  # noqa: E402 - needs loaded settings


class Room(AsyncJsonWebsocketConsumer):  # type: ignore[misc] # Channels is not typed
    """Joins the group `room` and passes on what is sent there."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def said(self, event: dict[str, Any]) -> None:
        await self.send_json(event["text"])


application = ProtocolTypeRouter(
    {"http": pages, "websocket": SameOriginOnly(URLRouter([path("room", Room.as_asgi())]))}
)
