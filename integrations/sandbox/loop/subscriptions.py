"""Webhook subscriptions over the API (loop.md 2.10)."""

import json
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
Answer = tuple[Any, int]
TOPICS = ("return", "return.processing", "label", "restock", "giftcard", "label.request", "happy.returns.shipment")
MISSING: Answer = ({"errors": {"code": "NOT_FOUND"}}, 404)


def manage(engine: Engine, shop: ShopProfile, method: str, rest: list[str], request: Request) -> Answer:
    if method == "GET" and not rest:
        rows = engine.store.rows("SELECT * FROM subscription WHERE shop = ? ORDER BY id", (shop.code,))
        return {"webhooks": [_shown(row, shop=shop) for row in rows]}, 200
    if method == "POST" and not rest:
        return _create(engine, shop, request)
    found = _find(engine, shop, rest[0] if rest else "")
    if found is None:
        return MISSING
    if method == "GET":
        return _shown(found, shop=shop), 200
    if method == "DELETE":
        engine.store.execute("DELETE FROM subscription WHERE id = ?", (found["id"],))
        return None, 204
    if method == "PUT":
        return _change(engine, found, request)
    return MISSING


def _find(engine: Engine, shop: ShopProfile, number: str) -> Any:
    return engine.store.row("SELECT * FROM subscription WHERE id = ? AND shop = ?", (number, shop.code))


def _shown(row: Any, *, shop: ShopProfile) -> Json:
    return {
        "id": row["id"],
        "shop_id": shop.loop_shop_id,
        "topic": row["topic"],
        "trigger": row["trigger_name"],
        "url": row["url"],
        "status": row["status"],
    }


def _checked(request: Request) -> tuple[Json, Answer | None]:
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        body = {}
    if not isinstance(body, dict) or body.get("topic") not in TOPICS:
        text = f"Must be one of the following values:{','.join(TOPICS)}"
        return body, ({"message": text, "errors": {}}, 422)
    if not all(isinstance(body.get(name), str) and body[name] for name in ("trigger", "url")):
        return body, ({"message": "The trigger and url fields are required.", "errors": {}}, 422)
    return body, None


def _create(engine: Engine, shop: ShopProfile, request: Request) -> Answer:
    body, refusal = _checked(request)
    if refusal is not None:
        return refusal
    status = str(body.get("status", "inactive"))  # the transcription's default: send it to be sure
    number = engine.webhooks.create(
        shop.code, topic=body["topic"], trigger=body["trigger"], url=body["url"], status=status
    )
    return _shown(_find(engine, shop, str(number)), shop=shop), 201


def _change(engine: Engine, found: Any, request: Request) -> Answer:
    body, refusal = _checked(request)
    if refusal is not None:
        return refusal
    engine.store.execute(
        "UPDATE subscription SET topic = ?, trigger_name = ?, url = ?, status = ? WHERE id = ?",
        (body["topic"], body["trigger"], body["url"], str(body.get("status", found["status"])), found["id"]),
    )
    return None, 204
