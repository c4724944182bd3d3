"""Webhook subscriptions over the API (loop.md 2.10)."""

from typing import Any

from integrations.sandbox.loop.call import Answer, Call, Json
from integrations.sandbox.numbers import whole_number

OLD_TOPICS = ("return", "label", "restock", "label.request", "giftcard", "happy.returns.shipment")
OLD_TRIGGERS = (
    "return.created",
    "return.updated",
    "return.closed",
    "label.created",
    "label.updated",
    "restock.requested",
    "label.request.issued",
    "label.request.cancelled",
    "giftcard.requested",
    "shipment.processed",
)
STATUSES = ("active", "inactive")
URL_MAX = 2048
MISSING: Answer = ({"errors": {"code": "NOT_FOUND"}}, 404)


def _known(call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Topics and triggers; older pages have none for a processing that failed."""
    if call.rules.text("loop.webhooks.topics") == "old":
        return OLD_TOPICS, OLD_TRIGGERS
    return (*OLD_TOPICS, "return.processing"), (*OLD_TRIGGERS, "return.processing.failed")


def list_all(call: Call) -> Answer:
    rows = call.engine.store.rows("SELECT * FROM subscription WHERE shop = ? ORDER BY id", (call.shop.code,))
    return {"webhooks": [_shown(call, row) for row in rows]}, 200


def read(call: Call) -> Answer:
    found = _find(call)
    return MISSING if found is None else (_shown(call, found), 200)


def create(call: Call) -> Answer:
    body = call.body()
    refusal = _refuse(call, body)
    if refusal is not None:
        return refusal
    status = str(body.get("status") or call.rules.text("loop.webhooks.default_status"))
    number = call.engine.webhooks.create(
        call.shop.code, topic=body["topic"], trigger=body["trigger"], url=body["url"], status=status
    )
    return _shown(call, _find(call, number)), int(call.rules.number("loop.webhooks.created_code"))


def change(call: Call) -> Answer:
    found = _find(call)
    if found is None:
        return MISSING
    body = call.body()
    refusal = _refuse(call, body)
    if refusal is not None:
        return refusal
    call.engine.store.execute(
        "UPDATE subscription SET topic = ?, trigger_name = ?, url = ?, status = ?, failures = 0 WHERE id = ?",
        (body["topic"], body["trigger"], body["url"], str(body.get("status") or found["status"]), found["id"]),
    )
    return None, 204


def delete(call: Call) -> Answer:
    found = _find(call)
    if found is None:
        return MISSING
    call.engine.store.execute("DELETE FROM subscription WHERE id = ?", (found["id"],))
    return None, 204


def _find(call: Call, number: int | None = None) -> Any:
    wanted = whole_number(call.parts[0]) if number is None else number
    return call.engine.store.row("SELECT * FROM subscription WHERE id = ? AND shop = ?", (wanted, call.shop.code))


def _shown(call: Call, row: Any) -> Json:
    """The secret stands in no answer."""
    return {
        "id": row["id"],
        "shop_id": call.shop.loop_shop_id,
        "topic": row["topic"],
        "trigger": row["trigger_name"],
        "url": row["url"],
        "status": row["status"],
    }


def _refuse(call: Call, body: Json) -> Answer | None:
    topics, triggers = _known(call)
    for name, values in (("topic", topics), ("trigger", triggers)):
        if not body.get(name):
            return _unprocessable(f"The {name} field is required.")
        if body[name] not in values:
            return _unprocessable(f"Must be one of the following values:{','.join(values)}")
    url = body.get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > URL_MAX:
        return _unprocessable("The url field must be a valid URL.")
    if body.get("status") is not None and body["status"] not in STATUSES:
        return _unprocessable(f"Must be one of the following values:{','.join(STATUSES)}")
    return None


def _unprocessable(message: str) -> Answer:
    return {"message": message, "errors": {}}, 422
