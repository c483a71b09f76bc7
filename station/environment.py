"""What the surroundings tell a process of the station: read once, checked with bounds, typed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ROLES: Final = ("web", "controllers", "links", "prepare", "tool")
REDIS_SCHEMES: Final = ("unix", "redis", "rediss")
DATABASE_SCHEMES: Final = ("postgres", "postgresql")
LONGEST_BOOT_ID: Final = 64
SHORTEST_SCREEN_KEY: Final = 32
PROJECT_DIR: Final = Path(__file__).resolve().parent.parent


class Misconfigured(Exception):
    """The environment cannot be used; `sentences` names every problem at once."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The settings that differ between two stations on one computer, or between two processes of a station."""

    data_dir: Path
    redis_url: str  # unix:///path?db=0, redis://host:port/0
    role: str  # one of ROLES
    boot_id: str  # one per start of the parent; "" outside of it
    lines: tuple[str, ...]  # device paths, or one "glob:PATTERN"
    reader: str  # device path; "" = none
    system_root: Path  # where /sys and /proc are looked up
    http_port: int
    database_url: str  # "" = SQLite in data_dir
    screen_key: str = field(repr=False)  # what the screen's browser shows; "" = the loopback is enough
    host_names: tuple[str, ...]  # further names by which browsers may call the station


def _port_of(text: str, sentences: list[str]) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65_535:  # noqa: PLR2004 - 16 bits
        return int(text)
    sentences.append(f"STATION_HTTP_PORT is {text!r}: set it to a number from 0 to 65535.")
    return 0


def _url_of(name: str, text: str, schemes: tuple[str, ...], sentences: list[str]) -> str:
    if text and urlsplit(text).scheme not in schemes:
        sentences.append(f"{name} does not begin with {' or '.join(f'{s}://' for s in schemes)}: correct or unset it.")
    return text


def _absolute(name: str, text: str, sentences: list[str]) -> Path:
    if not text.startswith("/") or "\0" in text:
        sentences.append(f"{name} is {text!r}: set it to an absolute path.")
    return Path(text)


def _words_of(text: str, separator: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(separator) if word.strip())


def _lines_of(text: str) -> tuple[str, ...]:
    return (text,) if text.startswith("glob:") else _words_of(text, os.pathsep)


def read_environment(environ: Mapping[str, str]) -> Environment:
    """Every STATION_... variable with its default; raises Misconfigured with all problems listed at once."""
    sentences: list[str] = []
    data_dir = _absolute(
        "STATION_DATA_DIR", environ.get("STATION_DATA_DIR", str(PROJECT_DIR / "var/station")), sentences
    )
    role = environ.get("STATION_ROLE", "tool")
    if role not in ROLES:
        sentences.append(f"STATION_ROLE is {role!r}: set it to one of {', '.join(ROLES)}.")
    boot_id = environ.get("STATION_BOOT_ID", "")
    if len(boot_id) > LONGEST_BOOT_ID:
        sentences.append(f"STATION_BOOT_ID is longer than {LONGEST_BOOT_ID} characters: shorten it.")
    screen_key = environ.get("STATION_SCREEN_KEY", "")
    if screen_key and len(screen_key) < SHORTEST_SCREEN_KEY:
        sentences.append(f"STATION_SCREEN_KEY is shorter than {SHORTEST_SCREEN_KEY} characters: lengthen or unset it.")
    redis_url = environ.get("STATION_REDIS_URL") or f"unix://{data_dir}/run/redis.sock?db=0"
    environment = Environment(
        data_dir=data_dir,
        redis_url=_url_of("STATION_REDIS_URL", redis_url, REDIS_SCHEMES, sentences),
        role=role,
        boot_id=boot_id,
        lines=_lines_of(environ.get("STATION_LINES", "")),
        reader=environ.get("STATION_READER", ""),
        system_root=_absolute("STATION_SYSTEM_ROOT", environ.get("STATION_SYSTEM_ROOT", "/"), sentences),
        http_port=_port_of(environ.get("STATION_HTTP_PORT", "8000"), sentences),
        database_url=_url_of("DATABASE_URL", environ.get("DATABASE_URL", ""), DATABASE_SCHEMES, sentences),
        screen_key=screen_key,
        host_names=_words_of(environ.get("STATION_HOST_NAMES", ""), ","),
    )
    if sentences:
        raise Misconfigured(sentences)
    return environment
