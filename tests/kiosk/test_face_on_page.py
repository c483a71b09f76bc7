"""The owner's face on the real page: themes and their contrast, hours, message, cost, sounds, idle picture, reach."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

import pytest

from charging.domain.lights import LIGHTS
from charging.models import PresentedCard
from kiosk.models import Face
from tests.kiosk.stations import SITUATIONS, card, connector, four, snapshot

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, expect

from tests.kiosk.browsers import CHROMIUM, SIZES, FileKiosk, opened
from tests.kiosk.kiosks import browser as browser  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import kiosk as kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.kiosks import shared_kiosk as shared_kiosk  # noqa: PLC0414 - a fixture
from tests.kiosk.test_page import CUT_OFF, IS_SHOWN, SMALL

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
OWNER: Final[dict[str, Any]] = {
    "message": {
        "": "The entrance is in Mill Lane this week. Keep the red zone before the gate free for the fire brigade.",
        "ru": "На этой неделе въезд с Милл-лейн. Красную зону перед воротами оставьте свободной для пожарных.",  # noqa: RUF001 - Russian
    },
    "opening": ["07:00-22:00"] * 7,
    "billing": "billed",
    "billed_by": "City Energy",
}
PANELS: Final = SIZES | {"1080x1920": (1080, 1920)}
HIGH: Final = """() => [...document.querySelectorAll('button')]
  .filter((each) => each.getBoundingClientRect().top < innerHeight * 0.4).map((each) => `high: ${each.innerText}`)"""
LEAST: Final = {"light": 4.5, "dark": 4.5, "sunlight": 7.0}


@pytest.fixture
def page(browser: Browser, kiosk: FileKiosk) -> Iterator[Page]:
    kiosk.wear()
    kiosk.show(four())
    page = opened(browser, kiosk.url)
    expect(page.locator(".tile")).to_have_count(4)
    yield page
    page.close()


def called(page: Page, module: str, name: str, *values: Any) -> Any:
    """What `name` of a module of the page is, or answers to settings and a moment of its own zone."""
    return page.evaluate(
        """async ([module, name, values]) => {
          const found = (await import(`/static/kiosk/${module}.js`))[name];
          const [settings, moment] = values;
          return typeof found === "function" ? found(settings, moment ? new Date(moment) : null) : found;
        }""",
        [module, name, list(values)],
    )


# --- what settings mean at a moment ----------------------------------------------------------------------

WEEK: Final = ["07:00-22:00"] * 4 + ["07:00-02:00", "09:00-12:00, 13:00-18:00", ""]


@pytest.mark.parametrize(
    ("opening", "moment", "sentence"),
    [
        (WEEK, "2026-11-23T06:59", "Closed, opens at 07:00"),  # a Monday
        (WEEK, "2026-11-23T07:00", "Open until 22:00"),
        (WEEK, "2026-11-23T21:59", "Open until 22:00"),
        (WEEK, "2026-11-23T22:00", "Closed, opens tomorrow at 07:00"),
        (WEEK, "2026-11-27T23:30", "Open until 02:00"),  # Friday night
        (WEEK, "2026-11-28T01:30", "Open until 02:00"),
        (WEEK, "2026-11-28T12:30", "Closed, opens at 13:00"),
        (WEEK, "2026-11-28T18:00", "Closed, opens on Monday at 07:00"),
        (WEEK, "2026-11-29T12:00", "Closed, opens tomorrow at 07:00"),
        (["00:00-24:00"] * 7, "2026-11-29T23:59", "Open around the clock"),
        (["00:00-24:00"] * 6 + ["00:00-12:00"], "2026-11-24T12:00", "Open until Sunday, 12:00"),
        (["", "", "08:00-09:00", "", "", "", ""], "2026-11-25T10:00", "Closed, opens on Wednesday at 08:00"),
        (["", "", "", "", "", "", "20:00-06:00"], "2026-11-23T05:00", "Open until 06:00"),
        ([], "2026-11-23T12:00", ""),
        (WEEK, "", ""),
    ],
)
def test_it_tells_opening_hours(page: Page, opening: list[str], moment: str, sentence: str) -> None:
    assert called(page, "face", "hoursSentence", {"opening": opening}, moment) == sentence


@pytest.mark.parametrize(
    ("settings", "moment", "theme"),
    [
        ({"theme": "dark"}, "2026-11-23T12:00", "dark"),
        ({"theme": "automatic"}, "2026-11-23T06:59", "dark"),
        ({"theme": "automatic"}, "2026-11-23T07:00", "light"),
        ({"theme": "automatic"}, "2026-11-23T20:00", "dark"),
        ({"theme": "automatic", "sunlight_from": "11:00", "sunlight_until": "16:00"}, "2026-11-23T12:00", "sunlight"),
        ({"theme": "automatic", "light_from": "20:00", "light_until": "04:00"}, "2026-11-23T01:00", "light"),
        ({"theme": "automatic", "light_from": "", "light_until": ""}, "2026-11-23T01:00", "light"),
        ({"theme": "automatic"}, "", "light"),
    ],
)
def test_it_chooses_a_theme_by_the_clock(page: Page, settings: dict[str, str], moment: str, theme: str) -> None:
    worn = {"light_from": "07:00", "light_until": "20:00", "sunlight_from": "", "sunlight_until": "", **settings}
    assert called(page, "face", "themeOf", worn, moment) == theme


@pytest.mark.parametrize(
    ("chosen", "brightness", "theme"),
    [
        ("automatic", "dark", "dark"),
        ("automatic", "light", "light"),
        ("automatic", "sunlight", "sunlight"),
        ("automatic", "", "light"),  # no sensor: the clock decides
        ("dark", "sunlight", "dark"),  # the owner has chosen
    ],
)
def test_a_light_sensor_chooses_the_theme_where_the_owner_lets_it(
    page: Page, kiosk: FileKiosk, chosen: str, brightness: str, theme: str
) -> None:
    kiosk.wear(theme=chosen, light_from="00:00", light_until="23:59")
    kiosk.show(four() | {"station": four()["station"] | {"brightness": brightness}})
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


@pytest.mark.parametrize(("moment", "volume"), [("2026-11-23T12:00", 0.25), ("2026-11-23T23:00", 0.01), ("", 0.25)])
def test_it_is_quieter_at_night(page: Page, moment: str, volume: float) -> None:
    settings = {"sound_percent": 50, "night_percent": 10, "night_from": "22:00", "night_until": "06:00"}
    assert called(page, "face", "volumeOf", settings, moment) == pytest.approx(volume)


@pytest.mark.parametrize(
    ("until", "moment", "shown"),
    [
        (None, "", True),
        ("2026-11-23", "2026-11-23T23:59", True),
        ("2026-11-23", "2026-11-24T00:00", False),
        ("2026-11-23", "", False),
    ],
)
def test_it_shows_a_message_until_its_last_day(page: Page, until: str | None, moment: str, shown: bool) -> None:
    settings = {"message": {"": "Hello", "ru": "Привет"}, "message_until": until}
    assert called(page, "face", "messageOf", settings, moment) == ("Hello" if shown else "")


@pytest.mark.parametrize(
    ("language", "told"), [("English", "Closed early"), ("Русский", "Закрыто"), ("Deutsch", "Hello")]
)
def test_a_message_is_told_in_the_language_of_the_page(page: Page, kiosk: FileKiosk, language: str, told: str) -> None:
    kiosk.wear(message={"": "Hello", "en": "Closed early", "ru": "Закрыто"})
    page.locator(".tongue").click()
    page.get_by_role("button", name=language, exact=True).click()
    expect(page.locator(".message-of-day")).to_have_text(told)


# --- on the page -------------------------------------------------------------------------------------------


def test_it_shows_a_change_without_being_loaded_again(page: Page, kiosk: FileKiosk) -> None:
    page.evaluate("() => { window.same = true; }")
    kiosk.wear(theme="dark", accent="#7a1fa2", **OWNER)
    expect(page.locator(".daily")).to_contain_text("Mill Lane")
    expect(page.locator(".daily")).to_contain_text("Open until 22:00")
    expect(page.locator(".daily")).to_contain_text("Billed by City Energy")
    assert page.evaluate("[document.documentElement.dataset.theme, window.same]") == ["dark", True]
    mark = page.locator(".mark").evaluate("(mark) => getComputedStyle(mark).backgroundColor")
    assert mark == "rgb(122, 31, 162)"
    page.reload()  # and it is worn again before the station has told anything
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    kiosk.wear(message={"": "<b>x</b>"})
    expect(page.locator(".message-of-day")).to_have_text("<b>x</b>")
    kiosk.wear()
    expect(page.locator(".daily")).to_have_count(0)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"billing": "free"}, "Charging is free of charge"),
        ({"billing": "billed", "billed_by": "City"}, "Billed by City"),
        ({"billing": "billed", "billed_by": "City", "cost": {"": "0.45 € per kWh"}}, "0.45 € per kWh"),
        ({"billing": "free", "cost": {"en": "Free for guests", "de": "Frei"}}, "Free for guests"),
        ({"billing": "free", "cost": {"de": "Frei"}}, "Charging is free of charge"),
    ],
)
def test_it_says_what_a_charge_costs_before_it_begins(
    page: Page, kiosk: FileKiosk, settings: dict[str, Any], sentence: str
) -> None:
    kiosk.wear(**settings)
    for name in ("free", "authorize", "plug_in", "authorize-open"):
        kiosk.show(SITUATIONS[name])
        expect(page.locator(f".one[data-situation='{name.partition('-')[0]}'] .cost")).to_have_text(sentence)
    kiosk.show(SITUATIONS["charging"])
    expect(page.locator(".one[data-situation='charging']")).to_be_visible()
    expect(page.locator(".cost")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("size", "reach"),
    [*((size, False) for size in SIZES), *((size, True) for size in PANELS)],
    ids=lambda value: value if isinstance(value, str) else ("low" if value else "all"),
)
def test_what_the_owner_says_fits_every_situation(
    browser: Browser, kiosk: FileKiosk, size: str, language: str, reach: bool
) -> None:
    kiosk.wear(lower_reach=reach, **OWNER)
    page = opened(browser, f"{kiosk.url}/?lang={language}", PANELS[size])
    broken: dict[str, list[str]] = {}
    for name, situation in SITUATIONS.items():
        kiosk.show(situation | {"station": situation["station"] | {"name": f"Harbour {name}"}})
        page.wait_for_function(IS_SHOWN, arg=f"Harbour {name}")
        above = page.evaluate(HIGH) if reach else []
        wrong = page.evaluate(CUT_OFF) + page.evaluate(SMALL) + above
        if wrong:
            broken[name] = wrong
    page.close()
    assert broken == {}


# --- contrast: what is painted, patterns and all --------------------------------------------------------------

# Every line of text with its colour and its place, then the text made invisible for a picture of its ground.
TEXTS: Final = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [node, parent] = [walker.currentNode, walker.currentNode.parentElement];
    const style = getComputedStyle(parent);
    if (!node.data.trim() || style.visibility === 'hidden') continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      const [right, below] = [box.right - 1, box.bottom - 1];
      const points = [[box.x + 1, box.y + 1], [right, box.y + 1], [box.x + 1, below], [right, below]];
      const tops = points.map(([x, y]) => document.elementFromPoint(x, y));
      if (box.width < 2 || !tops.every((top) => top && (parent.contains(top) || top.contains(parent)))) continue;
      const { x: left, y: above, width, height } = box;
      found.push({ text: node.data.slice(0, 40), colour: style.color, x: left, y: above, width, height });
    }
  }
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { color: transparent !important; transition: none !important; animation: none !important; }'
    + 'svg, img { visibility: hidden !important; }');
  document.adoptedStyleSheets = [sheet];
  return found;
}"""
# The worst contrast of each text with the ground around it; 3 % of the points may belong to a neighbour's edge.
WORST: Final = """async ([picture, texts]) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + picture)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawing = canvas.getContext('2d');
  drawing.drawImage(image, 0, 0);
  const light = (parts) => parts.map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  return texts.map(({ text, colour, x, y, width, height }) => {
    const ink = light(colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
    const place = [x, y, Math.max(1, width), Math.max(1, height)].map(Math.floor);
    const points = drawing.getImageData(...place).data;
    const ratios = [];
    for (let at = 0; at < points.length; at += 4) {
      const ground = light([points[at], points[at + 1], points[at + 2]]);
      ratios.push((Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05));
    }
    ratios.sort((one, other) => one - other);
    return [text, ratios[Math.floor(ratios.length * 0.03)]];
  });
}"""


def faint_texts(page: Page, judge: Page, least: float) -> list[tuple[str, float]]:
    """The texts whose contrast with their ground is less than *least*, and that contrast."""
    texts = page.evaluate(TEXTS)
    picture = base64.b64encode(page.screenshot(animations="disabled")).decode()
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
    told = judge.evaluate(WORST, [picture, texts])
    assert len(told) >= 3
    return [(text, round(ratio, 2)) for text, ratio in told if ratio < least]


@pytest.mark.parametrize("theme", [theme for theme in Face.Theme.values if theme != Face.Theme.AUTOMATIC])
def test_it_is_read_in_every_situation(browser: Browser, kiosk: FileKiosk, theme: str) -> None:
    kiosk.wear(theme=theme, accent="#0f3fae", **OWNER)
    page = opened(browser, kiosk.url)
    judge = browser.new_page()
    faint: dict[str, list[Any]] = {}
    for name, situation in SITUATIONS.items():
        kiosk.show(situation | {"station": situation["station"] | {"name": f"Harbour {name}"}})
        page.wait_for_function(IS_SHOWN, arg=f"Harbour {name}")
        # A picture may be of a page that is just being laid out: what is faint is so at a second look.
        if faint_texts(page, judge, LEAST[theme]) and (wrong := faint_texts(page, judge, LEAST[theme])):
            faint[name] = wrong
    page.close()
    judge.close()
    assert faint == {}


# --- sounds ------------------------------------------------------------------------------------------------------

# docs: every situation of the table of lights that has a sound, and what a card sounds like.
HEARD: Final = {"plug_in": "accepted", "unplug": "finished", "fault_user": "fault"}
CARDS: Final = {
    ("presented", ""): "read",
    ("accepted", ""): "accepted",
    ("used", ""): "accepted",
    ("refused", "card_unknown"): "refused",
    ("refused", "central_system_absent"): "unchecked",
}
COUNT_TONES: Final = """() => {
  window.tones = [];
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) {
    window.tones.push([Math.round(this.frequency.value), document.body.innerText]);
    return start.call(this, at);
  };
}"""


def test_it_has_a_sound_for_each_light_that_has_one(page: Page) -> None:
    table = called(page, "sounds", "BY_SITUATION")
    tones = called(page, "sounds", "TONES")
    assert set(table) == set(LIGHTS)
    assert {situation: name for situation, name in table.items() if name} == HEARD
    assert set(called(page, "sounds", "BY_CARD")) == set(PresentedCard.State)
    assert {told: called(page, "sounds", "soundOfCard", {"state": told[0], "why": told[1]}) for told in CARDS} == CARDS
    assert set(tones) == {*HEARD.values(), *CARDS.values()}
    assert len({str(tone) for tone in tones.values()}) == len(tones)
    rising = [frequency for frequency, _length in tones["accepted"]]
    assert len(rising) == 2
    assert rising == sorted(rising)
    assert [len(tones[name]) for name in ("read", "refused", "unchecked", "finished", "fault")] == [1, 1, 2, 1, 3]


def listening(page: Page) -> None:
    page.evaluate(COUNT_TONES)
    page.evaluate("async () => { await new AudioContext().resume(); }")
    page.locator(".phone").click()  # a browser sounds after the first touch; the station's own needs none


def heard(page: Page) -> list[int]:
    return [frequency for frequency, _text in page.evaluate("window.tones")]


def warmed(page: Page, kiosk: FileKiosk) -> None:
    """The first sound only wakes the browser's audio: a test brings one before those that it counts."""
    kiosk.show(snapshot(*four()["connectors"], card=card("presented", id=1)))
    expect(page.locator(".sheet-card")).to_contain_text("Card read")
    kiosk.show(four())
    expect(page.locator(".sheet-card")).to_have_count(0)
    page.wait_for_function("() => performance.now() > 3000")


def test_a_sound_comes_with_its_words(page: Page, kiosk: FileKiosk) -> None:
    listening(page)
    kiosk.wear(sound_percent=60, night_from="", night_until="")
    warmed(page, kiosk)
    before = len(heard(page))
    kiosk.show(snapshot(*four()["connectors"], card=card("refused", why="card_unknown", id=2)))
    page.wait_for_function("(count) => window.tones.length > count", arg=before)
    frequency, _text = page.evaluate("window.tones.at(-1)")
    assert frequency == 208
    expect(page.locator(".sheet-card")).to_contain_text("We do not know this card")
    kiosk.show(snapshot(*four()["connectors"][:3], connector(4, situation="unplug", plugged=True)))
    page.wait_for_function("() => window.tones.at(-1)[0] === 990")
    expect(page.locator(".tile").nth(3)).to_contain_text("Unplug")


def test_it_is_silent_where_the_owner_wants_it(page: Page, kiosk: FileKiosk) -> None:
    listening(page)
    kiosk.wear(sound_percent=0)
    kiosk.show(snapshot(*four()["connectors"], card=card("refused", why="card_unknown", id=2)))
    expect(page.locator(".sheet-card")).to_contain_text("We do not know this card")
    assert heard(page) == []


# --- the idle picture -------------------------------------------------------------------------------------------------

IDLE: Final = {"idle_picture": f"{'0' * 32}.png", "idle_after_min": 0.02}


def test_the_first_touch_only_takes_the_idle_picture_away(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(snapshot(connector(1), connector(2)))
    kiosk.wear(**IDLE)
    expect(page.locator(".idle")).to_contain_text("Touch to begin")
    page.mouse.click(250, 300)  # on the first connector, had it been seen
    expect(page.locator(".idle")).to_have_count(0)
    expect(page.locator(".tile")).to_have_count(2)
    page.mouse.click(250, 300)
    expect(page.locator(".one")).to_be_visible()


def test_an_idle_picture_leaves_the_emergency_stop_and_hides_nobody(page: Page, kiosk: FileKiosk) -> None:
    kiosk.show(snapshot(connector(1), connector(2)))
    kiosk.wear(**IDLE)
    expect(page.locator(".idle")).to_be_visible()
    kiosk.show(snapshot(connector(1), connector(2, situation="authorize", plugged=True)))
    expect(page.locator(".idle")).to_have_count(0)
    page.wait_for_function("() => performance.now() > 6000")  # much longer than the picture waits
    expect(page.locator(".idle")).to_have_count(0)
    kiosk.show(snapshot(connector(1), connector(2)))
    expect(page.locator(".idle")).to_be_visible()
    page.get_by_role("button", name="Emergency stop").click()
    expect(page.locator(".alarm")).to_be_visible()
