from __future__ import annotations

from typing import Any

from django.conf import settings


def test_it_leaves_daphne_out_of_the_installed_apps() -> None:
    assert "daphne" not in settings.INSTALLED_APPS


def test_it_uses_the_pubsub_channel_layer_without_a_socket_timeout() -> None:
    layer: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    assert layer["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"
    assert [host["socket_timeout"] for host in layer["CONFIG"]["hosts"]] == [None]
