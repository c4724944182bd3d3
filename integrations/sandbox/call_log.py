"""What was asked of Loop and NetSuite: every call with its beginning and end, whatever became of the answer.

The span of a call lies inside the time for which its caller waits, so that calls which overlap here overlapped there.
"""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.faults import Call, Fault
from integrations.sandbox.operations import WRITES

Json = dict[str, Any]
CALLS_MAX = 200_000
PAGE_MAX = 10_000


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call; times are real, in seconds since 1970.

    status: what the system answered, even if a fault spoiled the answer on its way; None: it was never asked.
    is_gone: nobody waited for the answer any more. external_id and digest: of writes that carry an id of their caller.
    """

    number: int
    system: str
    subject: str | None
    method: str
    operation: str
    started: float
    ended: float
    status: int | None
    fault: str | None
    is_gone: bool
    external_id: str = ""
    digest: str = ""


class CallLog:
    """The newest calls, numbered in the order of their ends; kept in memory only."""

    def __init__(self) -> None:
        self._rows: deque[LoggedCall] = deque(maxlen=CALLS_MAX)
        self._number = 0
        self._lock = threading.Lock()

    def note(
        self, request: Request, call: Call, *, started: float, status: int | None, fault: Fault | None = None
    ) -> None:
        external_id, digest = _identity_of(request, call)
        ended, is_gone = time.time(), _is_gone(request)
        with self._lock:
            self._number += 1
            self._rows.append(
                LoggedCall(
                    number=self._number,
                    system=call.system,
                    subject=call.subject,
                    method=call.method,
                    operation=f"{call.operation.verb} {call.operation.what}".strip(),
                    started=started,
                    ended=ended,
                    status=status,
                    fault=fault.kind if fault else None,
                    is_gone=is_gone,
                    external_id=external_id,
                    digest=digest,
                )
            )

    def read(self, *, after: int, limit: int) -> list[Json]:
        """In their order from the first one after that number; what is older than the log keeps is gone."""
        with self._lock:
            oldest = self._number - len(self._rows)
            start = max(after - oldest, 0)
            found = [self._rows[place] for place in range(start, min(start + limit, len(self._rows)))]
        return [asdict(one) for one in found]


def _identity_of(request: Request, call: Call) -> tuple[str, str]:
    """The id under which its caller wants the record known, and a digest of what it is to hold."""
    if call.system != "netsuite" or call.operation.verb not in WRITES:
        return "", ""
    body = request.get_data()
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return "", ""
    external_id = str(sent.get("externalId", "")) if isinstance(sent, dict) else ""
    return external_id, blake2b(request.path.encode() + body, digest_size=8).hexdigest()


def _is_gone(request: Request) -> bool:
    """Whoever waits for an answer keeps the line open; a line that is closed can be read, and holds nothing."""
    line: socket.socket | None = request.environ.get("werkzeug.socket")
    if line is None:
        return False
    try:
        return line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
