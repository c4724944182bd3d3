"""How long a call takes: what the latency model says, and what a fault adds to it."""

import math
import random
import threading
import time
from collections.abc import Callable

from werkzeug.wrappers import Request

from integrations.sandbox.clock import Clock
from integrations.sandbox.operations import Operation
from integrations.sandbox.settings import Reading

WAIT = "sandbox.wait"
LOOK_EVERY_S = 0.02
QUANTILE_95 = 1.6449  # of the normal distribution
# Which line of the model an operation of NetSuite follows; the others follow "get".
MODEL = {
    "query": "query",
    "list": "query",
    "create": "create",
    "upsert": "create",
    "transform": "transform",
    "update": "update",
    "delete": "update",
    "token": "token",
}


def modelled_s(switches: Reading, *, system: str, operation: Operation, method: str, draw: random.Random) -> float:
    """A draw from the lognormal distribution whose median and 95th percentile the switch names; 0 when it is off."""
    reading_or_writing = "read" if method == "GET" else "write"
    line = MODEL.get(operation.verb, "get") if system == "netsuite" else reading_or_writing
    median, late = switches.span(f"{system}.latency_model.{line}")
    if median <= 0:
        return 0.0
    return draw.lognormvariate(math.log(median), math.log(late / median) / QUANTILE_95)


def ask_to_wait(request: Request, wait: Callable[[], None]) -> None:
    """Remember it for `wait_inside`; several add up."""
    earlier: Callable[[], None] | None = request.environ.get(WAIT)

    def both() -> None:
        if earlier is not None:
            earlier()
        wait()

    request.environ[WAIT] = both


def wait_inside(request: Request) -> None:
    """A slow call takes its time while it holds its place among the calls at once."""
    wait: Callable[[], None] | None = request.environ.get(WAIT)
    if wait is not None:
        wait()


class Patience:
    """Waiting in business time, so that advancing the clock ends it; closing the sandbox ends it too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._over = threading.Event()

    def wait(self, seconds: float) -> None:
        """ConnectionAbortedError when the sandbox closes meanwhile: what was not done then is never done."""
        until = self._clock.now().timestamp() + seconds
        while (left := until - self._clock.now().timestamp()) > 0:
            if self._over.wait(min(left, LOOK_EVERY_S)):
                raise ConnectionAbortedError("the sandbox closes")

    def sleep(self, seconds: float) -> None:
        """In real time: how long a line or a server takes is not a matter of business."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._over.wait(left):
                raise ConnectionAbortedError("the sandbox closes")

    def end(self) -> None:
        self._over.set()
