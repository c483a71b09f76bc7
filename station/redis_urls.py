"""One Redis, three names for it: what redis-py, Celery and Channels each want to read."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit


def _database_of(url: str) -> int:
    parts = urlsplit(url)
    text = parse_qs(parts.query).get("db", ["0"])[0] if parts.scheme == "unix" else parts.path.strip("/") or "0"
    return int(text) if text.isdigit() else 0


def with_database(url: str, offset: int) -> str:
    """The same server, `offset` databases further: live readings use +0, Celery +1, Channels +2."""
    number = _database_of(url) + offset
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def celery_url(url: str) -> str:
    """Celery's broker address: kombu wants `redis+socket://` where redis-py wants `unix://`."""
    own = with_database(url, 1)
    if not own.startswith("unix://"):
        return own
    return f"redis+socket://{urlsplit(own).path}?virtual_host={_database_of(own)}"


def channels_url(url: str) -> str:
    """The channel layer's address."""
    return with_database(url, 2)
