"""The curve of a transaction as an inline SVG: power and limit over time, state of charge where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from charging.domain.curve import thinned
from charging.models import MeterSample

WIDTH: Final = 720
HEIGHT: Final = 220
LEFT: Final = 56  # room for the kW at the axis
RIGHT: Final = 40  # room for the percent
TOP: Final = 12
BOTTOM: Final = 26
MOST_POINTS: Final = 600  # one per horizontal pixel is enough
STEPS: Final = (1, 2, 2.5, 5, 10)

Point = tuple[float, float]


def curve_of(samples: Sequence[MeterSample]) -> SafeString:
    """The picture, "" with fewer than two samples (a line needs two)."""
    drawn = thinned(samples, MOST_POINTS)
    if len(drawn) < 2:  # noqa: PLR2004 - a line needs two points
        return SafeString("")
    top_w = ceiling_of(max(max(sample.power_w, sample.limit_w) for sample in drawn))
    begin, end = drawn[0].at, drawn[-1].at
    power = [_point(sample.at, begin, end, sample.power_w / top_w) for sample in drawn]
    limit = [_point(sample.at, begin, end, sample.limit_w / top_w) for sample in drawn]
    known = [(sample.at, sample.soc_percent) for sample in drawn if sample.soc_percent is not None]
    soc = [_point(at, begin, end, percent / 100) for at, percent in known]
    return format_html(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="kW">{}{}'
        '<polygon class="curve-area" points="{}"/><polyline class="curve-power" points="{}"/>'
        '<polyline class="curve-limit" points="{}"/><polyline class="curve-soc" points="{}"/></svg>',
        WIDTH,
        HEIGHT,
        _kilowatt_lines(top_w),
        _times(begin, end),
        _joined([(power[0][0], _y(0)), *power, (power[-1][0], _y(0))]),
        _joined(power),
        _joined(limit),
        _joined(soc),
    )


def ceiling_of(power_w: float) -> float:
    """The next round number above *power_w* for the axis, at least 1 kW."""
    scale = 1000.0
    while True:
        for step in STEPS:
            if power_w <= step * scale:
                return step * scale
        scale *= 10


def _point(at: datetime, begin: datetime, end: datetime, share: float) -> Point:
    seconds = max((end - begin).total_seconds(), 1.0)
    place = min(max((at - begin).total_seconds() / seconds, 0.0), 1.0)
    return LEFT + place * (WIDTH - LEFT - RIGHT), _y(share)


def _y(share: float) -> float:
    return TOP + (1 - min(max(share, 0.0), 1.0)) * (HEIGHT - TOP - BOTTOM)


def _joined(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _kilowatt_lines(top_w: float) -> SafeString:
    heights = [f"{_y(n / 4):.1f}" for n in range(5)]
    rows = [(LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y, f"{top_w * n / 4000:g}") for n, y in enumerate(heights)]
    return format_html_join(
        "",
        '<line class="curve-grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="curve-text" x="{}" y="{}" '
        'text-anchor="end" dominant-baseline="middle">{}</text>',
        rows,
    )


def _times(begin: datetime, end: datetime) -> SafeString:
    span = end - begin
    moments = [begin + span * n / 4 for n in range(5)]
    return format_html_join(
        "",
        '<text class="curve-text" x="{}" y="{}" text-anchor="middle">{}</text>',
        [(f"{_point(at, begin, end, 0)[0]:.1f}", HEIGHT - 6, f"{at:%H:%M}") for at in moments],
    )
