"""Run a simulated station until SIGTERM: `python -m hardware.simulator [FILE] --data-dir DIR [--port P]`."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from .bench import Bench
from .bench_server import BenchServer
from .operating_system import write_root
from .pn532 import Reader
from .station import Station
from .station_file import StationFileError, read_station

SERVER_POLL_S = 0.1  # how soon the bench notices that it has to end
logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the simulator, here and for the Django command."""
    parser.add_argument("file", nargs="?", default="default", help="a shipped station, or the path of a JSON file")
    parser.add_argument("--data-dir", type=Path, default=Path("var"), help="where dev/, truth.jsonl and registers/ are")
    parser.add_argument("--port", type=int, default=0, help="HTTP port of the bench; 0 takes a free one")
    parser.add_argument("--root", type=Path, default=None, help="where the simulated sys/ tree is written")


def simulate(file: str, data_dir: Path, port: int, root: Path | None) -> int:
    """Run until SIGTERM or SIGINT. Prints `simulator ready URL` when all lines are open; the exit status."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    broken = threading.Event()

    def give_up(failure: threading.ExceptHookArgs) -> None:
        logger.error("The thread %s has ended.", failure.thread, exc_info=failure.exc_value)
        broken.set()
        stopping.set()

    threading.excepthook = give_up  # half a simulator would mislead every test that stands on it
    try:
        spec = read_station(file)
        write_root(root or data_dir / "root", screen=spec.screen)
        station = Station(spec, data_dir)
        reader = Reader(data_dir / "dev" / "rfid") if spec.reader else None
        server = BenchServer(Bench(station, reader), port)
    except (StationFileError, OSError) as error:
        sys.stderr.write(f"The simulator cannot start: {error}\n")
        return 1
    station.start()
    if reader is not None:
        reader.plug(present=True)
    threading.Thread(target=server.serve_forever, args=(SERVER_POLL_S,), name="bench", daemon=True).start()
    sys.stdout.write(f"simulator ready {server.address}\n")
    sys.stdout.flush()
    stopping.wait()
    server.shutdown()
    if reader is not None:
        reader.plug(present=False)
    station.stop()
    return 1 if broken.is_set() else 0


def main() -> int:
    """Parse the command line and run; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(prog="python -m hardware.simulator", description="A simulated charging station.")
    add_arguments(parser)
    given = parser.parse_args()
    return simulate(given.file, given.data_dir, given.port, given.root)


if __name__ == "__main__":
    sys.exit(main())
