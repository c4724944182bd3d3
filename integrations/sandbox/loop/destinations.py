"""Where returns are sent to: warehouses and donation centres (loop.md 2.11)."""

import json
from typing import Any

from integrations.sandbox.loop.call import Answer, Call, Json
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store

KINDS = ("warehouse", "donate")
MISSING: Answer = ({"code": "NOT_FOUND", "message": "The destination could not be found."}, 404)
ADDRESS = ("address1", "address2", "city", "state", "zip", "country", "country_code")
FULL: Answer = (
    {
        "code": "DESTINATION_LIMIT_EXCEEDED",
        "message": "You have reached the destination limit. Please check your settings.",
    },
    422,
)


def load_destinations(store: Store, shop: ShopProfile) -> list[Json]:
    """Those the shop began with, as they are now, and those that were added; without the deleted ones."""
    rows = store.rows("SELECT id, content FROM destination WHERE shop = ? ORDER BY id", (shop.code,))
    found = {one["id"]: one for one in shop.destinations()} | {row["id"]: json.loads(row["content"]) for row in rows}
    return [one for one in found.values() if one]


def load_destination(store: Store, shop: ShopProfile, number: Any) -> Json | None:
    wanted = whole_number(number)
    return next((one for one in load_destinations(store, shop) if one["id"] == wanted), None)


def _save(call: Call, number: int, content: Json) -> None:
    call.engine.store.execute(
        "INSERT OR REPLACE INTO destination (id, shop, content) VALUES (?, ?, ?)",
        (number, call.shop.code, json.dumps(content)),
    )


def list_all(call: Call) -> Answer:
    return {"destinations": load_destinations(call.engine.store, call.shop)}, 200


def read(call: Call) -> Answer:
    found = load_destination(call.engine.store, call.shop, call.parts[0])
    return MISSING if found is None else (found, 200)


def create(call: Call) -> Answer:
    with call.engine.store.transaction():
        known = load_destinations(call.engine.store, call.shop)
        body = call.body()
        wrong = _find_fault(body, needed=("name", "type", "address"))
        if wrong is not None:
            return {"message": wrong}, 422
        if len(known) >= call.rules.number("loop.destinations_max"):
            return FULL
        number = call.engine.store.next_number("destination", start=43_001)
        made = {"id": number, "type": body["type"], "name": body["name"], "enabled": bool(body.get("enabled", True))}
        made |= {"provider_location_id": None, "address": _address(body["address"])}
        _save(call, number, made)
    return made, 200


def change(call: Call) -> Answer:
    with call.engine.store.transaction():
        found = load_destination(call.engine.store, call.shop, call.parts[0])
        if found is None:
            return MISSING
        body = call.body()
        wrong = _find_fault(body, needed=())
        if wrong is not None:
            return {"message": wrong}, 422
        kept = {name: body[name] for name in ("name", "type") if name in body}
        address = {"address": found["address"] | _address(body["address"])} if "address" in body else {}
        enabled = {"enabled": bool(body["enabled"])} if "enabled" in body else {}
        changed = found | kept | enabled | address
        _save(call, found["id"], changed)
    return changed, 200


def delete(call: Call) -> Answer:
    with call.engine.store.transaction():
        found = load_destination(call.engine.store, call.shop, call.parts[0])
        if found is None:
            return MISSING
        _save(call, found["id"], {})
    return "Success", 200


def _address(given: Json) -> Json:
    return {name: given.get(name) for name in ADDRESS}


def _find_fault(body: Json, *, needed: tuple[str, ...]) -> str | None:
    for name in needed:
        if not body.get(name):
            return f"The {name} field is required."
    if "name" in body and not isinstance(body["name"], str):
        return "The name field must be a string."
    if "type" in body and body["type"] not in KINDS:
        return "The selected type is invalid."
    if "address" in body and not isinstance(body["address"], dict):
        return "The address field must be an array."
    return None
