"""What a webhook says (loop.md §5.4, §5.5): which return to fetch, and in words what it is about.

The body was signed, so it is Loop's; its shape follows the topic, which may not fit the trigger. Nothing in it is taken
for the truth but the id: the fetched return is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations.loop.fields import Fields, storable_object, unreadable

WORD_CHARS_MAX = 60
SHIPMENT = "happy.returns.shipment"
# Where each topic keeps the return's id (loop.md §5.5). Of an unknown topic either is taken.
RETURN_ID_FIELDS = {
    "return": ("id",),
    "restock": ("id",),
    "label": ("id", "return_id"),
    "giftcard": ("return_id",),
    "return.processing": ("return_id",),
    "label.request": ("return_id",),
}
EITHER_FIELD = ("return_id", "id")
# What a webhook without content still holds: subscriptions whose topic and trigger do not fit send those.
ENVELOPE = {"topic", "trigger", "shop_id"}


@dataclass(frozen=True, kw_only=True)
class LoopWebhook:
    """return_id: empty when it is about no return, or about those of shipment_id.
    shop_id: whose it is by Loop's number; empty when it does not say.
    """

    topic: str
    trigger: str
    return_id: str
    shipment_id: str
    shop_id: str = ""
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class RestockItem:
    location_id: str | None
    variant_id: str | None
    quantity: Decimal | None


def parse_webhook(body: bytes) -> LoopWebhook:
    """Raises UnreadableRecordError for what is not JSON, or holds something but not the id its topic promises."""
    payload = _parse_json(body)
    if _is_empty(payload):
        return LoopWebhook(topic=_word(payload, "topic"), trigger=_word(payload, "trigger"),
                           return_id="", shipment_id="", raw=payload)  # fmt: skip
    fields = Fields(payload, name="webhook", id_key="topic")
    topic = _word(payload, "topic")
    is_shipment = topic == SHIPMENT
    return LoopWebhook(
        topic=topic,
        trigger=_word(payload, "trigger"),
        return_id="" if is_shipment else _read_return_id(fields, topic),
        shipment_id=_read_plain_id(fields, "loop_shipment_id") if is_shipment else "",
        shop_id=fields.id("shop_id") or "",
        raw=payload,
    )


def restock_items(webhook: LoopWebhook) -> tuple[RestockItem, ...]:
    """Older ones hold an object keyed by order line instead of an array. Raises UnreadableRecordError."""
    fields = Fields(webhook.raw, name="webhook", id_key="id")
    items = [Fields(item, name="restock item", id_key="variant_id") for item in fields.rows("restock_items")]
    return tuple(
        RestockItem(
            location_id=item.id("location_id"),
            variant_id=item.id("variant_id"),
            quantity=item.amount("available_adjustment"),
        )
        for item in items
    )


def describe_webhook(webhook: LoopWebhook) -> str:
    """One line for people; empty when topic and trigger say it all. Raises UnreadableRecordError."""
    fields = Fields(webhook.raw, name="webhook", id_key="id")
    if webhook.topic == "restock":
        return "; ".join(_restock_words(item) for item in restock_items(webhook))
    if webhook.topic == "giftcard":
        bonus = fields.amount("gift_card_bonus_credit", "gift_card_bonus")
        extra = f", {bonus} of it bonus" if bonus else ""
        return f"gift card of {fields.amount('total_credit_issued')} {fields.text('currency') or ''}{extra}".strip()
    if webhook.topic == "return.processing":
        return f"{fields.text('return_state') or 'failed'}: {fields.text('message') or 'no reason told'}"
    if webhook.topic == "label":
        return f"{fields.text('carrier') or 'no carrier'}, {fields.text('label_status') or 'no status'}"
    if webhook.topic == SHIPMENT:
        return f"box {webhook.shipment_id} of a drop-off network"
    return ""


def _restock_words(item: RestockItem) -> str:
    return f"{item.quantity} of variant {item.variant_id} at location {item.location_id}"


def _parse_json(body: bytes) -> dict[str, Any]:
    """PHP writes an empty object as []; nothing at all is empty as well."""
    try:
        payload = json.loads(body, parse_float=Decimal, parse_constant=_refuse_constant) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise unreadable(f"the body is not JSON: {type(error).__name__}: {error}", path="") from error
    if payload in ([], None):
        return {}
    if not isinstance(payload, dict):
        raise unreadable(f"the body is not a JSON object but {type(payload).__name__}", path="")
    storable = storable_object(payload, name="webhook")
    assert isinstance(storable, dict)
    return storable


def _is_empty(payload: Mapping[str, Any]) -> bool:
    return all(value in (None, "", [], {}) for key, value in payload.items() if key not in ENVELOPE)


def _word(payload: Mapping[str, Any], key: str) -> str:
    value = payload.get(key)
    return value[:WORD_CHARS_MAX] if isinstance(value, str) else ""


def _read_return_id(fields: Fields, topic: str) -> str:
    """Empty if Loop says null: a gift card, for one, need not come of a return."""
    names = RETURN_ID_FIELDS.get(topic, EITHER_FIELD)
    told = [name for name in names if name in fields.raw]
    if not told:
        raise fields.unreadable("is missing", key=names[0])
    named = next((name for name in told if fields.raw[name] is not None), None)
    return _read_plain_id(fields, named) if named else ""


def _read_plain_id(fields: Fields, key: str) -> str:
    """An id is asked for by its text, so it has to be one: digits, or letters and digits of plain ASCII."""
    text = fields.id(key)
    if not text or not (text.isascii() and text.isalnum()) or len(text) > 40:
        raise fields.unreadable(f"is no id: {str(fields.raw.get(key))[:60]!r}", key=key)
    return text


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
