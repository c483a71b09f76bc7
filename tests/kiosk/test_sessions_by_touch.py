"""Whole sessions by touch: a real Chromium, a whole simulated station; for anyone, and with the owner's cards.

An EV driver reads, touches, holds cards, plugs and unplugs; nothing else is known here of the station.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from charging.domain.authorization import Mode
from tests.journeys.console_hand import Hand, environ_of
from tests.journeys.patience import until
from tests.journeys.running import RunningStation

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM
from tests.kiosk.ev_driver import EVDriver
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]

ANNA: Final = "04A2B3C4"
BORIS: Final = "04B2B3C4"
STRANGER: Final = "04999999"
SETTINGS: Final[dict[str, Any]] = {
    "station": {"authorization_mode": "none", "connection_timeout_s": 10},
    "cards": [{"id_tag": ANNA, "label": "Anna"}, {"id_tag": BORIS, "label": "Boris"}],
}
PATIENCE_S: Final = 30.0


@pytest.fixture(scope="module")
def station() -> Iterator[RunningStation]:
    folder = Path(tempfile.mkdtemp(prefix="touch-"))
    with RunningStation(folder / "station", settings=SETTINGS) as station:
        yield station
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def owner(station: RunningStation) -> Iterator[Hand]:
    """Changes the mode of the running station."""
    hand = Hand(environ_of(until(lambda: station.pid_of("web"), PATIENCE_S, "the web part runs")))
    yield hand
    hand.close()


@pytest.fixture
def page(browser: Browser, station: RunningStation) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1024, "height": 600}, has_touch=True)
    page = context.new_page()
    page.goto(f"http://{station.address}/")
    expect(page.locator(".tile[data-situation=free]")).to_have_count(4, timeout=PATIENCE_S * 1000)
    yield page
    context.close()


@pytest.fixture
def driver(page: Page, station: RunningStation) -> EVDriver:
    return EVDriver(page, station.bench)


@pytest.fixture
def in_mode(mode: str, owner: Hand) -> None:
    owner.call("change_settings", authorization_mode=mode)


@pytest.mark.parametrize("mode", [Mode.NONE])
@pytest.mark.usefixtures("in_mode")
def test_anyone_may_charge(driver: EVDriver, station: RunningStation) -> None:
    """By touch from the first to the last, with a socket that keeps one's own cable."""
    driver.sees(".sum", "Free for everyone")
    driver.touches_connector("A")
    driver.reads("Plug in your car", "Plug in, then touch Start.")
    driver.plugs_in(1)
    driver.reads("Touch Start to charge", "Charging is free for everyone here.")
    driver.touches("Start")
    driver.reads("Charging · ", "You may leave. Stop here or at your car.")
    driver.watches_the_figures()
    assert station.bench.state(1)["lock"]
    driver.touches("Stop charging")
    driver.touches("Go on charging")
    driver.touches("Stop charging")
    driver.touches("Yes, stop")
    driver.reads("Unplug when you are ready", "It was stopped here at the station.")
    driver.reads_the_receipt("From", card="FREE")
    until(lambda: not station.bench.state(1)["lock"], PATIENCE_S, "the cable is free")
    driver.unplugs(1)
    driver.reads("Plug in your car", "Your cable is released.")


@pytest.mark.parametrize("mode", [Mode.NONE])
@pytest.mark.usefixtures("in_mode")
def test_a_touch_while_the_page_loads_again_is_neither_lost_nor_done_twice(
    driver: EVDriver, station: RunningStation
) -> None:
    """The web process stands still, so that no answer reaches the page that has asked."""
    before = len(station.record.transactions(2))
    driver.touches_connector("B")
    driver.plugs_in(2)
    driver.reads("Touch Start to charge")
    web = station.signal("web", signal.SIGSTOP)
    driver.touches("Start")
    driver.page.evaluate("() => { location.reload(); }")
    os.kill(web, signal.SIGCONT)
    driver.reads("Charging · ")
    driver.touches("Stop charging")
    driver.touches("Yes, stop")
    driver.reads("Unplug when you are ready")
    driver.unplugs(2)
    driver.reads("Plug in your car")
    assert len(station.record.transactions(2)) == before + 1


@pytest.mark.parametrize("mode", [Mode.CARD])
@pytest.mark.usefixtures("in_mode")
def test_a_card_of_the_owners_list_starts_and_stops(driver: EVDriver) -> None:
    """In Russian. Neither a finger nor another card ends what it began."""
    driver.speaks("ru")
    driver.touches_connector("B")
    driver.reads("Подключите автомобиль", "Вставьте разъём, затем приложите карту.")
    driver.plugs_in(2)
    driver.reads("Приложите карту к считывателю", "Автомобиль подключён.")
    driver.holds(STRANGER)
    driver.reads_of_the_card("Карта не принята", "Эта карта нам неизвестна.")
    driver.holds(ANNA)
    driver.reads("Идёт зарядка · ", "Чтобы остановить, приложите ту же карту.")
    driver.watches_the_figures()
    expect(driver.page.get_by_role("button", name="Остановить")).to_have_count(0)
    driver.holds(BORIS)
    driver.reads_of_the_card("Карта принята", "Теперь подключите автомобиль.")
    driver.touches_the_card_away()
    driver.touches("Все разъёмы")  # noqa: RUF001 - Russian
    driver.touches_connector("B")
    driver.reads("Идёт зарядка · ", "Зарядку начала другая карта. Приложите её.")
    driver.holds(ANNA)
    driver.reads("Можно отключать автомобиль", "Её остановили здесь, на станции.")
    driver.reads_the_receipt("С ", card=ANNA)  # noqa: RUF001 - Russian
    driver.unplugs(2)
    driver.reads("Подключите автомобиль", "Последняя зарядка закончена.")
