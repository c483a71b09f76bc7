from __future__ import annotations

from pathlib import Path

import pytest

from station.environment import Misconfigured, read_environment
from station.redis_urls import celery_url, channels_url


def test_it_needs_nothing_from_the_environment() -> None:
    environment = read_environment({})
    assert environment.data_dir.parts[-2:] == ("var", "station")
    assert environment.redis_url == f"unix://{environment.data_dir}/run/redis.sock?db=0"
    assert (environment.role, environment.lines, environment.http_port) == ("tool", (), 8000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATION_DATA_DIR", "relative/folder"),
        ("STATION_DATA_DIR", "/nul\0byte"),
        ("STATION_SYSTEM_ROOT", ""),
        ("STATION_ROLE", "worker"),
        ("STATION_REDIS_URL", "http://127.0.0.1"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("STATION_HTTP_PORT", "65536"),
        ("STATION_HTTP_PORT", "-1"),
        ("STATION_HTTP_PORT", "٨"),
        ("STATION_BOOT_ID", "x" * 65),
        ("STATION_SCREEN_KEY", "x" * 31),
    ],
)
def test_it_refuses_a_value_out_of_bounds_with_one_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_environment({name: value})
    assert len(refused.value.sentences) == 1
    assert refused.value.sentences[0].startswith(name)


def test_it_lists_all_problems_at_once() -> None:
    with pytest.raises(Misconfigured) as refused:
        read_environment({"STATION_ROLE": "?", "STATION_HTTP_PORT": "?", "DATABASE_URL": "?"})
    assert len(refused.value.sentences) == 3


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ()),
        ("/dev/ttyUSB0", ("/dev/ttyUSB0",)),
        ("/dev/a:/dev/b", ("/dev/a", "/dev/b")),
        ("glob:/x/dev/bus*", ("glob:/x/dev/bus*",)),
    ],
)
def test_it_splits_the_lines(text: str, lines: tuple[str, ...]) -> None:
    assert read_environment({"STATION_LINES": text}).lines == lines


def test_it_takes_names_and_folders_as_they_are() -> None:
    environment = read_environment({"STATION_DATA_DIR": "/srv/a b", "STATION_HOST_NAMES": "one, two.example,"})
    assert (environment.data_dir, environment.host_names) == (Path("/srv/a b"), ("one", "two.example"))


@pytest.mark.parametrize(
    ("url", "celery", "channels"),
    [
        ("unix:///r/redis.sock?db=0", "redis+socket:///r/redis.sock?virtual_host=1", "unix:///r/redis.sock?db=2"),
        ("unix:///r/redis.sock", "redis+socket:///r/redis.sock?virtual_host=1", "unix:///r/redis.sock?db=2"),
        ("redis://:pw@main:6379/3", "redis://:pw@main:6379/4", "redis://:pw@main:6379/5"),
        ("redis://main", "redis://main/1", "redis://main/2"),
    ],
)
def test_it_names_one_redis_in_three_languages(url: str, celery: str, channels: str) -> None:
    assert (celery_url(url), channels_url(url)) == (celery, channels)
