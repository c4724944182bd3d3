"""Where Loop keeps its returns, subscriptions and log: one SQLite database for all shops."""

import json
from typing import Any

from integrations.sandbox.loop.model import LoopReturn, from_json
from integrations.sandbox.store import Store

Json = dict[str, Any]
TABLES = """
CREATE TABLE IF NOT EXISTS loop_return (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, order_name TEXT NOT NULL, provider_order_id INTEGER NOT NULL,
  tracking_number TEXT, is_underway INTEGER NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS loop_return_updated ON loop_return (shop, updated_at, id, state);
CREATE INDEX IF NOT EXISTS loop_return_created ON loop_return (shop, created_at, id, state);
CREATE INDEX IF NOT EXISTS loop_return_order ON loop_return (shop, order_name);
CREATE INDEX IF NOT EXISTS loop_return_provider ON loop_return (shop, provider_order_id);
CREATE INDEX IF NOT EXISTS loop_return_underway ON loop_return (is_underway) WHERE is_underway = 1;
CREATE TABLE IF NOT EXISTS loop_unit (line_item_id INTEGER PRIMARY KEY, return_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS subscription (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, topic TEXT NOT NULL, trigger_name TEXT NOT NULL,
  url TEXT NOT NULL, status TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS loop_secret (seq INTEGER PRIMARY KEY, shop TEXT NOT NULL, secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loop_key (
  key TEXT PRIMARY KEY, shop TEXT NOT NULL, kind TEXT NOT NULL, scopes TEXT NOT NULL, ends REAL);
CREATE TABLE IF NOT EXISTS destination (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS label_request (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, return_id INTEGER NOT NULL, parcel_id INTEGER NOT NULL,
  status TEXT NOT NULL, created_at TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS label_request_return ON label_request (return_id);
CREATE INDEX IF NOT EXISTS label_request_shop ON label_request (shop, id);
CREATE TABLE IF NOT EXISTS parcel (id INTEGER PRIMARY KEY, return_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shipment (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, theirs TEXT NOT NULL, at TEXT NOT NULL, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS shipment_shop ON shipment (shop, theirs);
CREATE TABLE IF NOT EXISTS shop_order (
  id INTEGER PRIMARY KEY, shop TEXT NOT NULL, external_id TEXT NOT NULL, name TEXT NOT NULL,
  updated_at TEXT NOT NULL, content TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS shop_order_external ON shop_order (shop, external_id);
CREATE INDEX IF NOT EXISTS shop_order_name ON shop_order (shop, name);
CREATE INDEX IF NOT EXISTS shop_order_page ON shop_order (shop, id);
CREATE TABLE IF NOT EXISTS loop_log (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, shop TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  return_id INTEGER, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, shop TEXT NOT NULL, trigger_name TEXT NOT NULL, url TEXT NOT NULL,
  attempt INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS job (
  id INTEGER PRIMARY KEY, due REAL NOT NULL, kind TEXT NOT NULL, content TEXT NOT NULL,
  is_running INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS job_due ON job (is_running, due);
CREATE INDEX IF NOT EXISTS job_kind ON job (kind);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


HIDDEN = "hidden"  # stands for the state of a return that no call finds


def save_return(store: Store, loop_return: LoopReturn) -> None:
    is_underway = loop_return.walks and loop_return.state == "open"  # a parcel nobody inspects counts as well
    store.execute(
        "INSERT OR REPLACE INTO loop_return (id, shop, state, created_at, updated_at, order_name,"
        " provider_order_id, tracking_number, is_underway, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            loop_return.id,
            loop_return.shop,
            HIDDEN if loop_return.is_hidden else loop_return.state,
            loop_return.created_at,
            loop_return.updated_at,
            loop_return.order_name,
            loop_return.provider_order_id,
            loop_return.tracking_number,
            int(is_underway),
            loop_return.to_json(),
        ),
    )
    store.execute_many(
        "INSERT OR IGNORE INTO loop_unit (line_item_id, return_id) VALUES (?, ?)",
        [(unit.line_item_id, loop_return.id) for unit in loop_return.units],
    )
    store.execute_many(
        "INSERT OR IGNORE INTO parcel (id, return_id) VALUES (?, ?)",
        [(parcel.id, loop_return.id) for parcel in loop_return.parcels],
    )


def load_return(store: Store, *, return_id: int, shop: str | None = None) -> LoopReturn | None:
    found = store.row("SELECT shop, content FROM loop_return WHERE id = ?", (return_id,))
    if found is None or (shop is not None and found["shop"] != shop):
        return None
    return from_json(found["content"])


def load_visible(store: Store, *, return_id: int, shop: str) -> LoopReturn | None:
    """As a caller of the API finds it: of the own shop, and not deleted."""
    found = load_return(store, return_id=return_id, shop=shop)
    return None if found is None or found.is_hidden else found


def load_returns_of_order(store: Store, *, shop: str, column: str, value: str) -> list[LoopReturn]:
    rows = store.rows(
        f"SELECT content FROM loop_return WHERE shop = ? AND {column} = ? AND state != ? ORDER BY id",
        (shop, value, HIDDEN),
    )
    return [from_json(row["content"]) for row in rows]


def write_log(store: Store, *, at: str, shop: str, who: str, action: str, return_id: int | None, content: Json) -> None:
    store.execute(
        "INSERT INTO loop_log (at, shop, who, action, return_id, content) VALUES (?, ?, ?, ?, ?, ?)",
        (at, shop, who, action, return_id, json.dumps(content)),
    )
