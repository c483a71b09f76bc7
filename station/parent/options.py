"""The command line of `python -m station`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What one start of the station was asked for; all paths are absolute."""

    data_dir: Path
    http_host: str
    http_port: int  # 0 = any free one
    simulate: str  # name or path of a simulated station; "" = real lines
    simulator_port: int
    lines: tuple[str, ...]
    reader: str
    config: Path | None
    central_system: str  # address from now on; "" = what the station knows
    browser: str  # of the station's own screen: "screen", "headless" for tests, "" = none


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to {HIGHEST_PORT}")
    return int(text)


def _address(text: str) -> str:
    """Only the beginning is judged here, and the text is not repeated: people write passwords into addresses."""
    if text and not text.startswith(("ws://", "wss://")):
        raise argparse.ArgumentTypeError("this is no address of a central system: write it as ws://127.0.0.1:9000/ocpp")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m station", description="Starts everything of one charging station and keeps it alive."
    )
    parser.add_argument("--data-dir", type=Path, required=True, metavar="DIR", help="all that this station keeps")
    parser.add_argument("--http-host", default="127.0.0.1", metavar="HOST", help="address to listen on (127.0.0.1)")
    parser.add_argument("--http-port", type=_port, default=8000, metavar="P", help="kiosk and console; 0 = a free one")
    parser.add_argument("--simulate", default="", metavar="FILE", help="run on a simulated station, such as `default`")
    parser.add_argument("--simulator-port", type=_port, default=0, metavar="Q", help="the simulator's calls")
    parser.add_argument("--line", action="append", default=[], metavar="DEV", help="serial line; may be repeated")
    parser.add_argument("--reader", default="", metavar="DEV", help="the card reader, if it is on none of the lines")
    parser.add_argument("--config", type=Path, metavar="FILE", help="station.json, applied when DIR is empty")
    parser.add_argument(
        "--central-system", type=_address, default="", metavar="URL", help="OCPP 1.6 central system to use from now on"
    )
    parser.add_argument(
        "--browser",
        nargs="?",
        const="screen",
        default="",
        choices=("screen", "headless"),
        help="show the kiosk on this computer's screen, and take commands from there only; headless: for tests",
    )
    return parser


def options_of(arguments: Sequence[str]) -> Options:
    """Read the command line; ends the program with a sentence (code 2) when it cannot be meant."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.simulate and given.line:
        parser.error("--simulate and --line exclude each other: give one of them")
    if given.config is not None and not given.config.is_file():
        parser.error(f"--config {given.config} is no file: give the path of a station.json")
    return Options(
        data_dir=given.data_dir.absolute(),
        http_host=given.http_host,
        http_port=given.http_port,
        simulate=str(Path(given.simulate).absolute()) if "/" in given.simulate else given.simulate,
        simulator_port=given.simulator_port,
        lines=tuple(given.line),
        reader=given.reader,
        config=given.config.absolute() if given.config else None,
        central_system=given.central_system,
        browser=given.browser,
    )
