"""Who is killed and what falls: SIGKILL for one process or a whole family, and a database that goes away."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from returnsops.lib import postgres
from returnsops.lib.family import Relative, find_descendants, kill_at_once
from returnsops.lib.processes import Processes
from returnsops.management.stack import Stack, ensure_database, web_program, worker_program

VICTIMS = ("sender", "queue process", "worker", "web process", "sender", "queue", "web", "watchdog")
RESTARTS = ("crash of the database", "restart of the database")
WEB = "web"
QUEUE, SENDER = "qcluster", "manage.py send"


@dataclass
class Killer:
    """Kills by SIGKILL; `revive` starts again what nobody else would. count: kills by program."""

    processes: Processes
    stack: Stack
    draw: Random
    count: Counter[str] = field(default_factory=Counter)
    restarts: Counter[str] = field(default_factory=Counter)

    def strike(self, what: str) -> bool:
        """False: there was nobody to kill just now."""
        if what in RESTARTS:
            self._restart_database(what, crash=what.startswith("crash"))
            return True
        victims = self._find(what)
        kill_at_once([one.process_id for one in victims])
        if victims:
            self.count[what] += 1
        return bool(victims)

    def revive(self) -> None:
        """As an init system does: a worker or a web server that has ended is started again."""
        for name in (WEB, *self.stack.worker_names):
            if not self.processes.is_running(name):
                if self.processes.knows(name):
                    self.processes.bury(name)
                program = web_program(self.stack) if name == WEB else worker_program(self.stack, name=name)
                self.processes.start(program)

    def _find(self, what: str) -> list[Relative]:
        if what in ("web", "web process"):
            return self._of_web(what)
        worker = self.draw.choice(self.stack.worker_names)
        if not self.processes.is_running(worker):
            return []
        leader = self.processes.process_id(worker)
        family = find_descendants(leader)
        if what == "worker":
            return [Relative(leader, 0, worker), *family]
        if what == "watchdog":
            return [Relative(leader, 0, worker)]
        if what == "sender":
            return self._one_of([one for one in family if SENDER in one.command])
        queue = [one for one in family if QUEUE in one.command]
        is_main = [one for one in queue if one.parent_id == leader]
        return self._one_of(is_main if what == "queue" else [one for one in queue if one not in is_main])

    def _of_web(self, what: str) -> list[Relative]:
        if not self.processes.is_running(WEB):
            return []
        server = self.processes.process_id(WEB)
        children = find_descendants(server)
        return [Relative(server, 0, WEB), *children] if what == "web" else self._one_of(children)

    def _one_of(self, relatives: list[Relative]) -> list[Relative]:
        return [self.draw.choice(relatives)] if relatives else []

    def _restart_database(self, what: str, *, crash: bool) -> None:
        postgres.stop(self.stack.data_dir / "postgres", crash=crash)
        ensure_database(self.stack)
        self.restarts[what] += 1
