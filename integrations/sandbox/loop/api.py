"""Loop's REST paths: `X-Authorization` decides the shop; many refusals come with HTTP 200 (loop.md 1.5)."""

import json
import time
import uuid
from collections import deque
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.loop import actions, listing, subscriptions
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.pace import wait_inside
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
VERSIONS = ("v1", "2026-07", "2026-10", "latest", "unstable")
UNAUTHORIZED = {"error": {"code": "401", "http_code": "GEN-UNAUTHORIZED", "message": "Unauthorized."}}


class LoopApi:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_key = {shop.api_key: shop for shop in engine.shops.values()}
        self._calls: dict[str, deque[float]] = {code: deque() for code in engine.shops}

    def answer(self, request: Request) -> Response:
        shop = self._by_key.get(request.headers.get("X-Authorization", ""))
        if shop is None:
            return _json(UNAUTHORIZED, status=401)
        limit = int(self._engine.switches(shop.code).number("loop.rate_limit_per_minute"))
        used = self._count(shop.code)
        if used > limit:
            response = _json({"message": "Too Many Attempts."}, status=429)
        else:
            self._wait(shop)
            wait_inside(request)
            response = self._route(request, shop=shop)
        response.headers["x-ratelimit-limit"] = str(limit)
        response.headers["x-ratelimit-remaining"] = str(max(limit - used, 0))
        response.headers["x-loop-request-id"] = str(uuid.uuid4())
        response.headers["x-loop-api-version"] = self._engine.switches(shop.code).text("loop.api_version")
        return response

    def _count(self, shop: str) -> int:
        calls = self._calls[shop]
        now = time.monotonic()
        while calls and calls[0] < now - 60:
            calls.popleft()
        calls.append(now)
        return len(calls)

    def _wait(self, shop: ShopProfile) -> None:
        low, high = self._engine.switches(shop.code).span("loop.latency_s")
        if high:
            time.sleep(self._engine.draw.uniform(low, high))

    def _route(self, request: Request, *, shop: ShopProfile) -> Response:
        parts = request.path.strip("/").split("/")[1:]
        version, path = (parts[0], parts[1:]) if parts and parts[0] in VERSIONS else ("v1", parts)
        engine = self._engine
        answer: tuple[Any, int]
        match (request.method, path):
            case ("GET", ["warehouse", "return", "list"]):
                answer = listing.list_returns(engine, shop, request)
            case ("GET", ["warehouse", "return", "details"]):
                answer = listing.return_details(engine, shop, request)
            case ("GET", ["warehouse", "reporting", "asn"]):
                answer = listing.shipping_notice(engine, shop, request)
            case ("GET", ["warehouse", "return", return_id, "notes"]):
                answer = actions.notes(engine, shop, return_id)
            case ("POST", ["warehouse", "return", return_id, action]):
                answer = actions.act(engine, shop, return_id, action, request)
            case ("POST", ["dispositioning", ("grade" | "assess") as what]):
                answer = actions.inspect(engine, shop, what, request, version=version)
            case ("GET", ["destinations"]):
                answer = {"destinations": shop.destinations()}, 200
            case (method, ["webhooks", *rest]):
                answer = subscriptions.manage(engine, shop, method, rest, request)
            case _:
                answer = {"message": "Not Found"}, 404
        body, status = answer
        return _json(body, status=status)


def _json(body: Any, *, status: int) -> Response:
    text = "" if status == 204 else json.dumps(body)
    return Response(text, status=status, content_type="application/json")
