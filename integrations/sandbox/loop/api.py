"""Loop's API from the outside: versions, keys, the rate limit and the headers of every answer (loop.md 1)."""

import json
import time
import uuid
from collections import deque
from threading import Lock
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.loop.call import Call
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.keys import Caller, recognise
from integrations.sandbox.loop.routes import find_route
from integrations.sandbox.pace import wait_inside
from integrations.sandbox.settings import Reading

Json = dict[str, Any]
OLDEST, NEWEST = "2026-07", "2026-10"
VERSIONS = {"v1": OLDEST, OLDEST: OLDEST, NEWEST: NEWEST, "unstable": "unstable"}
UNAUTHORIZED = {"error": {"code": "401", "http_code": "GEN-UNAUTHORIZED", "message": "Unauthorized."}}
UNAUTHORIZED_IN_TEXT = {"errors": "Unauthorized."}
NOT_FOUND = {"message": "Not Found"}
TOO_MANY = {"message": "Too Many Attempts."}
MINUTE_S = 60


class LoopApi:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._calls: dict[str, deque[float]] = {}
        self._counting = Lock()

    def answer(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        caller = recognise(self._engine, key=request.headers.get("X-Authorization"), bearer=bearer)
        if caller is None:
            return self._with_headers(_json(UNAUTHORIZED, status=401), version=OLDEST)
        rules = self._engine.switches(caller.shop.code)
        version, path = _split(request.path, rules=rules)
        limit = int(rules.number("loop.rate_limit_per_minute"))
        used = self._count(caller.key, limit=limit)
        if used > limit:
            response = _too_many(rules)
        else:
            self._wait(rules)
            wait_inside(request)
            response = self._route(request, caller=caller, version=version, path=path)
        response.headers["x-ratelimit-limit"] = str(limit)
        response.headers["x-ratelimit-remaining"] = str(max(limit - used, 0))
        named = rules.text("loop.api_version")
        return self._with_headers(response, version=version or OLDEST if named == "told" else named)

    def _with_headers(self, response: Response, *, version: str) -> Response:
        response.headers["x-loop-request-id"] = str(uuid.uuid4())
        response.headers["x-loop-api-version"] = version
        return response

    def _count(self, key: str, *, limit: int) -> int:
        """Calls of the last minute, this one included; refused ones do not count."""
        now = time.monotonic()
        with self._counting:
            calls = self._calls.setdefault(key, deque())
            while calls and calls[0] < now - MINUTE_S:
                calls.popleft()
            if len(calls) >= limit:
                return limit + 1
            calls.append(now)
            return len(calls)

    def _wait(self, rules: Reading) -> None:
        low, high = rules.span("loop.latency_s")
        if high:
            time.sleep(self._engine.draw.uniform(low, high))

    def _route(self, request: Request, *, caller: Caller, version: str | None, path: list[str]) -> Response:
        route, parts = find_route(request.method, path) if version else (None, ())
        if route is None or version is None:
            return _json(NOT_FOUND, status=404)
        call = Call(self._engine, caller.shop, request, version, parts)
        if route.scope not in caller.scopes:
            is_text = call.rules.text("loop.unauthorized_shape") == "text"
            return _json(UNAUTHORIZED_IN_TEXT if is_text else UNAUTHORIZED, status=401)
        body, status = route.work(call)
        return _json(body, status=status)


def _split(path: str, *, rules: Reading) -> tuple[str | None, list[str]]:
    """Version and the rest. With no version the oldest answers; of an unknown one nothing is found."""
    parts = path.strip("/").split("/")[1:]
    first = parts[0] if parts else ""
    if first == "latest":
        return rules.text("loop.latest_version"), parts[1:]
    if first in VERSIONS:
        return VERSIONS[first], parts[1:]
    is_version = first[:4].isdigit() or (first[:1] == "v" and first[1:].isdigit())
    return (None, []) if is_version else (OLDEST, parts)


def _too_many(rules: Reading) -> Response:
    response = _json(TOO_MANY, status=429)
    seconds = int(rules.number("loop.retry_after_s"))
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def _json(body: Any, *, status: int) -> Response:
    text = "" if status == 204 else json.dumps(body)
    return Response(text, status=status, content_type="application/json")
