"""Faults on demand: for the next N calls or at a rate, by system, method and path."""

import json
import random
import re
import socket
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

Json = dict[str, Any]
DELAY = "sandbox.delay_s"
KINDS = (
    "error",
    "drop_before",
    "drop_after_commit",
    "delay_commit",
    "http_503_html",
    "429",
    "truncate",
    "401",
    "500_before",
    "500_after",
    "no_location",
)
MAINTENANCE = "<html><body><h1>503 Service Unavailable</h1><p>The server is under maintenance.</p></body></html>"


@dataclass
class Fault:
    id: int
    system: str
    kind: str
    method: str | None = None
    path: str = ""
    count: int | None = None
    rate: float | None = None
    status: int = 400
    code: str = "USER_ERROR"
    detail: str = "Error while accessing a resource. An injected fault."
    seconds: float = 3.0
    hits: int = 0

    def fits(self, request: Request, *, system: str) -> bool:
        if self.system != system or (self.method and self.method.upper() != request.method):
            return False
        return re.search(self.path, request.full_path) is not None


class BadFaultError(ValueError):
    """A fault description the sandbox cannot follow; says why."""


class Faults:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._next_id = 1

    def add(self, description: Json) -> Json:
        known = set(Fault.__dataclass_fields__) - {"id", "hits"}
        unknown = set(description) - known
        if unknown:
            raise BadFaultError(f"unknown keys {sorted(unknown)}; known: {sorted(known)}")
        if description.get("system") not in ("netsuite", "loop") or description.get("kind") not in KINDS:
            raise BadFaultError(f"system is netsuite or loop, kind one of {', '.join(KINDS)}")
        try:
            re.compile(description.get("path", ""))
        except re.error as error:
            raise BadFaultError(f"path is no regular expression: {error}") from error
        with self._lock:
            fault = Fault(id=self._next_id, **description)
            if fault.count is None and fault.rate is None:
                fault.count = 1
            self._next_id += 1
            self._rules.append(fault)
        return asdict(fault)

    def as_json(self) -> list[Json]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, request: Request, *, system: str) -> Fault | None:
        """The first rule that fits and strikes now; a counted one is used up by it."""
        with self._lock:
            for rule in self._rules:
                if not rule.fits(request, system=system) or rule.count == 0:
                    continue
                if rule.rate is not None and self._draw.random() >= rule.rate:
                    continue
                rule.hits += 1
                if rule.count is not None:
                    rule.count -= 1
                return rule
        return None


def answer_before(fault: Fault, request: Request, *, system: str) -> Response | None:
    """What the fault answers instead of doing anything; None when the work is to be done."""
    if fault.kind == "drop_before":
        drop_connection(request)
    if fault.kind == "delay_commit":
        request.environ[DELAY] = fault.seconds
    if fault.kind == "http_503_html":
        return Response(MAINTENANCE, status=503, content_type="text/html")
    described = {
        "error": (fault.status, fault.code, fault.detail),
        "429": (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
        "401": (401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail."),
        "500_before": (500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: sandbox-before"),
    }
    if fault.kind not in described:
        return None
    return _error(*described[fault.kind], system=system)


def wait_inside(request: Request) -> None:
    """A delayed call takes its time while it holds its place among the calls at once, as a slow one would."""
    time.sleep(request.environ.get(DELAY, 0.0))


def answer_after(fault: Fault, request: Request, response: Response, *, system: str) -> Response:
    """What is left of the answer once the work is done."""
    if fault.kind == "drop_after_commit":
        drop_connection(request)
    if fault.kind == "500_after":
        text = "An unexpected error occurred. Error ID: sandbox-after"
        return _error(500, "UNEXPECTED_ERROR", text, system=system)
    if fault.kind == "truncate":
        body = response.get_data()
        response.set_data(body[: len(body) // 2])
    if fault.kind == "no_location":
        response.headers.pop("Location", None)
    return response


def _error(status: int, code: str, detail: str, *, system: str) -> Response:
    if system == "loop":
        return Response(json.dumps({"message": detail}), status=status, content_type="application/json")
    body = {
        "type": "https://www.rfc-editor.org/rfc/rfc9110.html",
        "title": "Error",
        "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code}],
    }
    return Response(json.dumps(body), status=status, content_type="application/vnd.oracle.resource+json; type=error")


def drop_connection(request: Request) -> None:
    """Close the socket without an answer; the server takes the error for a client that went away."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("dropped by a fault")
