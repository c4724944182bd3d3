"""Deep links into the shopper's portal (loop.md 2.13)."""

import hashlib
from typing import Any

from integrations.sandbox.loop.call import Answer, Call, Json

QR_TYPES = ("png", "eps", "svg")
SIZE_MAX = 2000


def make_link(call: Call) -> Answer:
    url = _url(call, call.body())
    return _bad("Order not found.") if url is None else ({"url": url}, 200)


def make_qr(call: Call) -> Answer:
    body = call.body()
    kind, size = body.get("type", "png"), body.get("size", 200)
    if kind not in QR_TYPES:
        return _bad("The selected type is invalid.")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= SIZE_MAX:
        return _bad(f"The size must be between 1 and {SIZE_MAX}.")
    url = _url(call, body)
    if url is None:
        return _bad("Order not found.")
    return {"qr": f"{url.replace('#/link', 'qr')}.{kind}?size={size}", "deeplink_url": url}, 200


def _bad(message: str) -> Answer:
    return {"errors": [message]}, 400


def _url(call: Call, body: Json) -> str | None:
    """The shopper must be known by postal code, or by email or phone if the shop has it so."""
    name, proof = body.get("name"), body.get("zip")
    if not isinstance(name, str) or not isinstance(proof, str) or not proof:
        return None
    found: Any = call.engine.store.value(
        "SELECT id FROM shop_order WHERE shop = ? AND name IN (?, ?)", (call.shop.code, name, f"#{name}")
    )
    if found is None:
        return None
    token = hashlib.sha256(f"{found} {proof} {bool(body.get('gift'))}".encode()).hexdigest()[:20]
    return f"https://{call.shop.code}.loopreturns.com/#/link/{token}"
