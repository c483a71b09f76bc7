"""One start of the station, from the empty folder to the last child's end."""

from __future__ import annotations

import os
import selectors
import time
from typing import TYPE_CHECKING, Final

from station.parent import folder, plan, web_port
from station.parent.again import start_again
from station.parent.health_watch import Health, HealthQuestion
from station.parent.impossible import StartImpossible
from station.parent.output import last_words, say, say_of
from station.parent.restart_socket import RestartSocket
from station.parent.screen import Screen, key_of
from station.parent.supervision import Supervision, show_end

if TYPE_CHECKING:
    from station.parent.children import Child
    from station.parent.options import Options

ENDS_BEFORE_READY: Final = 5
QUESTION_BEFORE_READY_S: Final = 0.1
QUESTION_AFTER_NONSENSE_S: Final = 3.0
QUESTION_PERIOD_S: Final = 5.0
OLDEST_SIGN_S: Final = {"links": 60.0, "controllers": 30.0}
SILENT_WEB_S: Final = 30.0
PATIENCE_BEFORE_WORDS_S: Final = 20.0
SIMULATOR_READY: Final = "simulator ready "
# Redis says these at every start and stop; without files on disk the first does not concern it.
NOISE: Final = ("Memory overcommit must be enabled", "scheduling shutdown...", "is now ready to exit, bye bye...")
FIRST_TECHNICIAN: Final = "first technician "  # prepare prints: first technician NAME PASSWORD


class Station:
    """The parent's view of the station: what runs, what was said, how healthy it was when last asked."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.started_at_s = time.monotonic()
        self.ready = False
        self.problem = ""  # why the start is impossible
        self.simulator_url = ""
        self.technician = ""
        self.question: HealthQuestion | None = None
        self.answered_at_s = 0.0
        self.signs_at_s: dict[str, float] = {}  # when each sign of life was last given
        self.next_words_s = self.started_at_s + PATIENCE_BEFORE_WORDS_S
        self.server = web_port.listen(options.http_host, options.http_port)
        self.address = web_port.address_of(self.server)
        self.screen_key = key_of(options)
        self.screen = Screen(options, self.address, self.screen_key)
        redis_url, self.redis = plan.redis_of(options)
        self.environ = plan.environ_of(options, redis_url, self.address[1])
        self.supervision = Supervision(self.on_line, self.on_end)
        self.restart_socket = self.listen_for_restarts()

    def run(self) -> int:
        """Start, watch until somebody asks to stop or to start again, stop in order; the exit code."""
        self.start_ground()
        while not (self.supervision.stop_signals or self.problem or self.restart_wanted):
            longest_s = QUESTION_PERIOD_S if self.ready else QUESTION_BEFORE_READY_S
            self.supervision.turn(min(longest_s, self.screen.due_s))
            self.screen.turn()
            self.watch_health()
        say(f"stopping: {self.problem}" if self.problem else "stopping ...")
        self.supervision.stop_all()
        if self.starts_again:
            say("everything is started again, as it was asked for ...")
        else:
            say("stopped")
        return 1 if self.problem else 0

    def listen_for_restarts(self) -> RestartSocket | None:
        """A disk that is full is no reason not to start."""
        try:
            heard = RestartSocket(self.options.data_dir)
        except OSError as problem:
            say(f"nobody can ask for a restart of the station ({problem.strerror})")
            return None
        self.supervision.selector.register(heard, selectors.EVENT_READ, heard.read)
        return heard

    @property
    def restart_wanted(self) -> bool:
        """Whether a process of the station has asked for a fresh start of all of them."""
        return self.restart_socket is not None and self.restart_socket.wanted

    @property
    def starts_again(self) -> bool:
        """Whether a fresh start follows; whoever wants to stop meanwhile means it."""
        return self.restart_wanted and not (self.problem or self.supervision.stop_signals)

    def start_ground(self) -> None:
        """Start what the services stand on: Redis, the simulator, the prepared database; all at once."""
        say("preparing the database ...")
        self.supervision.start(plan.prepare(self.environ, self.options))
        if self.redis is not None:
            say("starting redis ...")
            self.supervision.start(self.redis)
        if self.options.simulate:
            say("starting simulator ...")
            self.supervision.start(plan.simulator(self.options))

    def start_services(self) -> None:
        """Start the three processes; the database is prepared."""
        del self.supervision.children["prepare"]
        for child in plan.services(self.environ, self.server.fileno(), self.screen_key):
            say(f"starting {child.name} ...")
            self.supervision.start(child)
        self.screen.start(self.supervision)

    def on_line(self, child: Child, line: str) -> None:
        """Show a child's line and pick up the two that are meant for the parent."""
        if child.name == "prepare" and line.startswith(FIRST_TECHNICIAN):
            self.technician = line.removeprefix(FIRST_TECHNICIAN)
            return
        if child.name == "simulator" and line.startswith(SIMULATOR_READY):
            self.simulator_url = line.removeprefix(SIMULATOR_READY)
        if line.strip() and not any(noise in line for noise in NOISE):
            say_of(child.name, line)

    def on_end(self, child: Child, code: int) -> None:
        """Judge an end: preparation is allowed to, the others are started again unless nothing ever worked."""
        if child.name == "prepare" and code == 0:
            self.start_services()
            return
        show_end(child, code)
        if child is self.screen.browser:
            self.screen.ended()
        elif child.name == "prepare":
            self.problem = "the database could not be prepared; the lines of `prepare` above say why."
        elif child.name == "simulator" and not self.simulator_url:
            self.problem = f"the simulated station {self.options.simulate} did not start; its lines above say why."
        elif not self.ready and child.quick_ends >= ENDS_BEFORE_READY:
            self.problem = f"{child.name} ended {child.quick_ends} times; its lines above say why."

    def watch_health(self) -> None:
        """Ask /healthz, one question at a time, and act on the answer."""
        web = self.supervision.children.get("web")
        if web is None or not web.lives:
            return
        question, now_s = self.question, time.monotonic()
        if question is None:
            self.question = HealthQuestion(self.address, self.supervision.selector)
            return
        question.give_up_when_late()
        if not question.over:
            return
        if question.health is not None:
            self.answered_at_s = now_s
            self.judge(question.health)
        elif web.age_s > SILENT_WEB_S and now_s - self.answered_at_s > SILENT_WEB_S:
            self.restart(web, f"has not answered for {SILENT_WEB_S:.0f} s")
        if now_s - question.asked_at_s >= self.pause_after(question) - 0.1:
            self.question = None

    def pause_after(self, question: HealthQuestion) -> float:
        """Often before it is ready; seldom when the web answers nonsense, which logs a traceback each time."""
        if self.ready:
            return QUESTION_PERIOD_S
        return QUESTION_BEFORE_READY_S if question.health else QUESTION_AFTER_NONSENSE_S

    def judge(self, health: Health) -> None:
        """Announce readiness once, and restart what lives but works no more."""
        if health.healthy and not self.ready:
            self.announce(health.problems)
        elif not self.ready and time.monotonic() > self.next_words_s:
            self.next_words_s += PATIENCE_BEFORE_WORDS_S
            say(f"not ready yet: {' '.join(health.problems)}")
        if (reason := self.screen.judge(health.heartbeats)) and self.screen.browser is not None:
            self.restart(self.screen.browser, reason)
        # Nothing at all in `heartbeats` means that Redis is away; a restart would not bring it back.
        if health.heartbeats:
            self.restart_when_idle("links", "canary.links", health.heartbeats, "task")
            # The controllers are judged by their turns alone: their canary says nothing about charging.
            if "polling" in health.heartbeats:
                self.restart_when_idle("controllers", "polling", health.heartbeats, "turn")

    def restart_when_idle(self, name: str, sign: str, ages_s: dict[str, float], work: str) -> None:
        """Restart a child that lives and whose sign of life is too old.

        A sign that is missing, because Redis has begun empty, is as old as when it was last told.
        """
        now_s = time.monotonic()
        if sign in ages_s:
            self.signs_at_s[sign] = now_s - ages_s[sign]
        child = self.supervision.children.get(name)
        if child is None or not child.lives:
            return
        last_s = max(self.signs_at_s.get(sign, 0.0), child.started_at_s)
        if now_s - last_s > OLDEST_SIGN_S[name]:
            self.restart(child, f"has done no {work} for {OLDEST_SIGN_S[name]:.0f} s")

    def restart(self, child: Child, reason: str) -> None:
        """Kill a child that lives but does nothing; its end is then seen like any other."""
        say_of(child.name, f"{reason}; it is started again")
        if child.program is not None:
            child.program.kill()

    def announce(self, problems: tuple[str, ...]) -> None:
        """Say where everything is, what is missing all the same, and that connectors can charge."""
        host, port = self.address
        self.ready = True
        say(f"kiosk      http://{host}:{port}/")
        say(f"console    http://{host}:{port}/console/")
        if self.simulator_url:
            say(f"simulator  {self.simulator_url}/")
        if self.technician:
            name, _, password = self.technician.partition(" ")
            say(f"technician {name}, first password {password} (shown only once)")
            self.technician = ""
        for problem in problems:
            say(problem)
        say(f"started in {time.monotonic() - self.started_at_s:.1f} s")
        say("station ready")


def run(options: Options) -> int:
    """Run the station until it is told to stop; 0 after an ordered stop, 1 when the start is impossible."""
    os.umask(0o077)
    try:
        folder.make_private(options.data_dir)
        with folder.lock(options.data_dir):
            station = Station(options)
            code = station.run()
            if station.starts_again:
                last_words()
                start_again(station.server)
            return code
    except StartImpossible as problem:
        say(str(problem))
        return 1
    finally:
        last_words()
