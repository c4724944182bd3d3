"""The sender: claim, commit, call, record. The main thread talks to the database, its threads only make calls."""

import logging
import os
import socket
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import close_old_connections, connections
from django.utils import timezone

from integrations.connections import loop_client, netsuite_client
from integrations.errors import ConfigurationError
from returnsops.posting.claim import claim_postings
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import Answer, record_answer, try_call
from returnsops.posting.wire import Call

logger = logging.getLogger(__name__)

POLL_S = 0.2  # how long an idle sender waits before it looks again
CALLS_WAIT_S = 0.05


class Sender:
    """One process full of calls. `stop` lets calls in flight end and claims nothing more."""

    def __init__(self, *, threads: int) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._threads = threads
        self._stopping = threading.Event()
        self._in_flight: dict[Future[Answer], Posting] = {}

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Send until stopped, then wait for the answers that are still out."""
        with ThreadPoolExecutor(self._threads, thread_name_prefix="call") as pool:
            while not self._stopping.is_set():
                close_old_connections()
                started = self.fill(pool)
                self._collect(timeout_s=CALLS_WAIT_S)
                if not started and not self._in_flight:
                    self._stopping.wait(POLL_S)
            while self._in_flight:
                self._collect(timeout_s=1.0)

    def drain(self) -> int:
        """Send everything that may be sent now, then return. Gives how many calls were made."""
        calls = 0
        with ThreadPoolExecutor(self._threads, thread_name_prefix="call") as pool:
            while True:
                started = self.fill(pool)
                calls += started
                if not started and not self._in_flight:
                    return calls
                self._collect(timeout_s=CALLS_WAIT_S)

    def fill(self, pool: ThreadPoolExecutor) -> int:
        """Claim postings for the free threads and start their calls."""
        claimed = claim_postings(self.name, count=self._threads - len(self._in_flight))
        for posting in claimed:
            call = self._prepare(posting)
            if call:
                future = pool.submit(_call_in_thread, call)
                self._in_flight[future] = posting
        return len(claimed)

    def _prepare(self, posting: Posting) -> Call | None:
        is_loop = posting.system == Posting.System.LOOP
        try:
            client = loop_client(posting.shop) if is_loop else netsuite_client(posting.account)
        except ConfigurationError as error:
            record_answer(posting, Answer(posting.request, timezone.now(), 0.0, error=error))
            return None
        return Call(posting.external_id, posting.request, client)

    def _collect(self, *, timeout_s: float) -> None:
        done, _ = wait(self._in_flight, timeout=timeout_s, return_when=FIRST_COMPLETED)
        for future in done:
            record_answer(self._in_flight.pop(future), future.result())


def _call_in_thread(call: Call) -> Answer:
    """Threads touch the database only to hold a lane; their connection must not outlive the call."""
    try:
        return try_call(call)
    finally:
        connections.close_all()
