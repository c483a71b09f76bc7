from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from kombu.transport.virtual import base

from station.beat import BeatStep, UnhurriedScheduler
from station.celery import app
from station.celery_consumer import QuickReconnectConsumer
from station.schedule import SCHEDULE
from tests.conftest import PROJECT_DIR

TIMER = "celery.worker.components:Timer"


def said_by_python(script: str, role: str) -> str:
    found = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {script}"],
        cwd=PROJECT_DIR,
        env={**os.environ, "STATION_ROLE": role},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.strip()


@pytest.mark.parametrize("role", ["web", "prepare", "links"])
def test_it_publishes_tasks_through_redis_from_everywhere(role: str) -> None:
    script = "from station.tasks import canary; print(canary.app.main, canary.app.conf.broker_url.split(':')[0])"
    assert said_by_python(script, role) == "station redis+socket"


@pytest.mark.parametrize("role", ["controllers", "links"])
def test_it_keeps_the_console_and_the_web_server_out_of_the_workers(role: str) -> None:
    script = "import sys, station.tasks; print({'unfold', 'twisted', 'daphne', 'station.urls'} & set(sys.modules))"
    assert said_by_python(script, role) == "set()"


def test_it_starts_its_steps_with_the_worker_and_not_with_the_broker_connection() -> None:
    assert BeatStep in app.steps["worker"]
    assert app.steps["consumer"] == set()


def test_it_ends_every_step_after_the_running_tasks() -> None:
    wanted = {step: set(step.requires) for step in app.steps["worker"]}
    assert wanted
    assert all(requires == {TIMER} for requires in wanted.values()), wanted


def test_it_does_not_spin_before_a_due_entry() -> None:
    assert UnhurriedScheduler(app, lazy=True).adjust(0.5) == 0.5


def test_it_lets_every_periodic_message_expire() -> None:
    assert {name: entry["options"]["expires"] for name, entry in SCHEDULE.items()} == {
        name: entry["schedule"] for name, entry in SCHEDULE.items()
    }


def test_it_knows_every_task_that_beat_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_SKIP_CHECKS", "1")
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("accept_content", ["json"]),
        ("task_serializer", "json"),
        ("task_ignore_result", True),
        ("result_backend", None),
        ("task_acks_late", False),
        ("worker_prefetch_multiplier", 1),
        ("broker_connection_max_retries", None),
        ("broker_connection_retry_on_startup", True),
        ("worker_redirect_stdouts", False),
        ("worker_cancel_long_running_tasks_on_connection_loss", True),
        ("worker_hijack_root_logger", False),
        ("worker_consumer", "station.celery_consumer:QuickReconnectConsumer"),
    ],
)
def test_it_is_set_up_for_years_without_attendance(setting: str, value: object) -> None:
    assert getattr(app.conf, setting) == value


def test_no_task_is_acknowledged_late_and_so_none_is_cancelled_with_redis() -> None:
    app.loader.import_default_modules()
    assert {name for name, task in app.tasks.items() if task.acks_late} == set()


def test_what_a_worker_puts_back_at_its_end_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    base.logger.warning(base.W_NO_CONSUMERS, "hardware")
    base.logger.warning("something else")
    assert caplog.messages == ["something else"]


def test_it_looks_for_redis_every_three_seconds_at_the_longest() -> None:
    asked: dict[str, Any] = {}

    class Connection:
        def ensure_connection(self, *_args: object, **waits: Any) -> None:
            asked.update(waits)

    consumer: Any = QuickReconnectConsumer.__new__(QuickReconnectConsumer)
    consumer.app = app
    connection: Any = Connection()
    assert consumer.ensure_connected(connection) is connection
    assert (asked["interval_start"], asked["interval_step"], asked["interval_max"]) == (0.5, 0.5, 3.0)


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("hardware.tasks.poll_now", "hardware"),
        ("ocpp_client.tasks.drain_outbox", "ocpp"),
        ("monitoring.tasks.monitoring_sync", "monitoring"),
        ("station.updates.tasks.install", "updates"),
        ("station.tasks.checkpoint", "default"),
    ],
)
def test_it_sends_each_kind_of_work_to_its_queue(task: str, queue: str) -> None:
    assert app.amqp.router.route({}, task)["queue"].name == queue
