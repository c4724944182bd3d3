"""Who may call: the shop's own key, further keys with fewer scopes, tokens of other programs (loop.md 1.2)."""

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.switches.loop import SCOPES

Json = dict[str, Any]
TOKEN_LIFE_S = 3600
# Tokens are made for the label and webhook calls only.
TOKEN_SCOPES = ("developer_tools", "label_requests_read", "label_requests_write", "labels_write", "returns")


@dataclass(frozen=True)
class Caller:
    shop: ShopProfile
    key: str
    scopes: frozenset[str]


def recognise(engine: Engine, *, key: str | None, bearer: str | None) -> Caller | None:
    """The one behind `X-Authorization`, the bare key, or behind a token in `Authorization`."""
    for shop in engine.shops.values():
        if key and key == shop.api_key:
            missing = engine.switches(shop.code).words("loop.missing_scopes")
            return Caller(shop, key, frozenset(SCOPES) - missing)
    found = engine.store.row("SELECT * FROM loop_key WHERE key = ?", (key or bearer or "",))
    if found is None or found["kind"] != ("key" if key else "token"):
        return None
    if found["ends"] is not None and found["ends"] < time.time():
        return None
    return Caller(engine.shops[found["shop"]], found["key"], frozenset(json.loads(found["scopes"])))


def make_key(engine: Engine, shop: str, *, scopes: list[str], kind: str = "key") -> Json:
    """Keys follow a counter, so that the same run makes the same ones."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValueError(f"no scope {', '.join(unknown)}; known: {', '.join(SCOPES)}")
    serial = engine.store.next_number(f"{kind} {shop}", start=1)
    text = hashlib.sha256(f"{engine.shops[shop].api_key} {kind} {serial}".encode()).hexdigest()[:40]
    ends = time.time() + TOKEN_LIFE_S if kind == "token" else None
    engine.store.execute(
        "INSERT INTO loop_key (key, shop, kind, scopes, ends) VALUES (?, ?, ?, ?, ?)",
        (text, shop, kind, json.dumps(sorted(set(scopes))), ends),
    )
    return {kind: text, "scopes": sorted(set(scopes))}
