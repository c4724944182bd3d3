"""The whole truth of the sandbox as JSON: what NetSuite really holds and what Loop really paid."""

import json
from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn, from_json
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.money import places_of
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account

Json = dict[str, Any]


def dump_account(account: Account) -> Json:
    store = account.store
    with store.transaction():
        return {
            "transactions": transactions_of(account, rows=store.rows("SELECT * FROM txn ORDER BY id")),
            "stock": stock_of(account),
            "kits": kits_of(account),
            "ledger": [ledger_row(row) for row in store.rows(f"{LEDGER} ORDER BY g.seq")],
            "periods": periods_of(account),
            "card_operations": card_operations_of(account),
            "log": [log_row(row) for row in store.rows("SELECT * FROM history ORDER BY seq")],
        }


def card_operations_of(account: Account) -> int:
    return int(account.store.value("SELECT value FROM counter WHERE name = 'card_operations'") or 0)


def transactions_of(account: Account, *, rows: list[Any]) -> list[Json]:
    """rows: of txn by ascending id."""
    if not rows:
        return []
    span = (rows[0]["id"], rows[-1]["id"])
    lines = _grouped_lines(account, span=span)
    applies: dict[int, list[Any]] = {}
    sql = "SELECT txn, doc, amount FROM txn_apply WHERE txn BETWEEN ? AND ? ORDER BY txn, doc"
    for row in account.store.rows(sql, span):
        applies.setdefault(row["txn"], []).append(row)
    return [_transaction(row, lines=lines.get(row["id"], []), applies=applies.get(row["id"], [])) for row in rows]


def periods_of(account: Account) -> list[Json]:
    return [dict(row) for row in account.store.rows("SELECT * FROM accountingperiod ORDER BY startdate")]


def money(value: float | None, *, places: int) -> str | None:
    return None if value is None else f"{Decimal(str(value)):.{places}f}"


def text_id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _transaction(row: Any, *, lines: list[Any], applies: list[Any]) -> Json:
    kind, places = kinds.BY_CODE[row["type"]], row["decimals"]
    return {
        "id": str(row["id"]),
        "type": row["type"],
        "record_type": kind.record_type,
        "tranid": row["tranid"],
        "externalid": row["externalid"],
        "createdfrom": text_id(row["createdfrom"]),
        "status": row["status"],
        "status_label": kind.status_label(row["status"]),
        "trandate": row["trandate"],
        "entity": text_id(row["entity"]),
        "subtotal": money(row["subtotal"], places=places),
        "taxtotal": money(row["taxtotal"], places=places),
        "total": money(row["total"], places=places),
        "amountremaining": money(row["amountremaining"], places=places),
        "memo": row["memo"],
        "otherrefnum": row["otherrefnum"],
        "voided": bool(row["voided"]),
        "deleted": bool(row["deleted"]),
        "created_by": row["createdby"],
        "created_at": row["createddate"],
        "modified_at": row["lastmodifieddate"],
        "extra": json.loads(row["extra"]),
        "lines": [_line(one, places=places) for one in lines],
        "applies": [{"doc": str(one["doc"]), "amount": money(one["amount"], places=places)} for one in applies],
    }


def _grouped_lines(account: Account, *, span: tuple[int, int]) -> dict[int, list[Any]]:
    sql = (
        "SELECT l.*, i.itemid, p.makeinventoryavailable FROM txn_line l LEFT JOIN item i ON i.id = l.item"
        " LEFT JOIN location p ON p.id = l.location"
        " WHERE l.txn BETWEEN ? AND ? AND l.role = 'item' ORDER BY l.txn, l.seq"
    )
    grouped: dict[int, list[Any]] = {}
    for row in account.store.rows(sql, span):
        grouped.setdefault(row["txn"], []).append(row)
    return grouped


def _line(row: Any, *, places: int) -> Json:
    detail = json.loads(row["detail"])
    return {
        "line": row["id"],
        "item": text_id(row["item"]),
        "sku": row["itemid"],
        "item_type": row["itemtype"],
        "quantity": row["quantity"],
        "rate": row["rate"],
        "amount": money(row["amount"], places=places),
        "tax_amount": money(row["taxamount"], places=places),
        "location": text_id(row["location"]),
        "location_sellable": row["makeinventoryavailable"] == "T",
        "source_transaction": text_id(row["orderdoc"]),
        "source_line": row["orderline"],
        "is_closed": row["isclosed"] == "T",
        "received": row["received"],
        "billed": row["billed"],
        "kit_member_of": detail.get("kitMemberOf"),
        "assignments": detail.get("assignments", []),
        "custom": json.loads(row["custom"]),
    }


def stock_of(account: Account) -> list[Json]:
    sql = (
        "SELECT s.*, i.itemid, p.makeinventoryavailable, t.inventoryavailable FROM stock s"
        " JOIN item i ON i.id = s.item JOIN location p ON p.id = s.location"
        " LEFT JOIN inventorystatus t ON t.id = s.status ORDER BY s.location, s.item, s.bin, s.status"
    )
    return [
        {
            "item": str(row["item"]),
            "sku": row["itemid"],
            **_place(row),
            "on_hand": row["on_hand"],
            "available": row["on_hand"] if _is_sellable(row) else 0,
        }
        for row in account.store.rows(sql)
    ]


def kits_of(account: Account) -> list[Json]:
    """Every kit with what it is made of."""
    sql = (
        "SELECT k.id AS kit, k.itemid AS kit_sku, m.item, i.itemid, i.itemtype, m.quantity FROM item k"
        " LEFT JOIN itemmember m ON m.parentitem = k.id LEFT JOIN item i ON i.id = m.item"
        " WHERE k.itemtype = 'Kit' ORDER BY k.id, m.linenumber"
    )
    kits: dict[int, Json] = {}
    for row in account.store.rows(sql):
        kit = kits.setdefault(row["kit"], {"item": str(row["kit"]), "sku": row["kit_sku"], "members": []})
        if row["item"] is not None:
            member = {"item": str(row["item"]), "sku": row["itemid"], "item_type": row["itemtype"]}
            kit["members"].append(member | {"quantity": row["quantity"]})
    return list(kits.values())


def _place(row: Any) -> Json:
    return {
        "location": str(row["location"]),
        "bin": text_id(row["bin"] or None),
        "status": text_id(row["status"] or None),
        "sellable": _is_sellable(row),
    }


def _is_sellable(row: Any) -> bool:
    """The location offers its stock, and so does the status where stock has one."""
    return bool(row["makeinventoryavailable"] == "T" and row["inventoryavailable"] != "F")


LEDGER = (
    "SELECT g.*, p.makeinventoryavailable, t.inventoryavailable FROM stock_ledger g"
    " JOIN location p ON p.id = g.location LEFT JOIN inventorystatus t ON t.id = g.status"
)


def ledger_row(row: Any) -> Json:
    return {
        "at": row["at"],
        "transaction": str(row["txn"]),
        "type": row["type"],
        "item": str(row["item"]),
        **_place(row),
        "quantity": row["quantity"],
    }


def log_row(row: Any) -> Json:
    """Of NetSuite's history."""
    return {**dict(row), "record_id": str(row["record_id"]), "content": json.loads(row["content"])}


def dump_shop(engine: Engine, *, shop: str) -> Json:
    store = engine.store
    rows = store.rows("SELECT content FROM loop_return WHERE shop = ? ORDER BY id", (shop,))
    log = store.rows("SELECT * FROM loop_log WHERE shop = ? ORDER BY seq", (shop,))
    deliveries = store.rows("SELECT * FROM delivery WHERE shop = ? ORDER BY seq DESC LIMIT 1000", (shop,))
    return {
        "returns": [return_row(row) for row in rows],
        "log": [loop_log_row(row) for row in log],
        "deliveries": [dict(row) for row in reversed(deliveries)],
    }


def loop_log_row(row: Any) -> Json:
    return {**dict(row), "content": json.loads(row["content"])}


def return_row(row: Any) -> Json:
    return _return(from_json(row["content"]))


def _return(loop_return: LoopReturn) -> Json:
    totals = total_up(loop_return)
    content: Json = json.loads(loop_return.to_json())
    paid = sum((Decimal(row["amount"]) for row in loop_return.refunds), Decimal(0))
    exchange_ids = [one.order_id for one in loop_return.exchanges if one.order_id]
    return content | {
        "id": str(loop_return.id),
        "provider_order_id": str(loop_return.provider_order_id),
        "outcome": totals.outcome,
        "return_total": str(totals.returned),
        "refund": str(totals.refund),
        "amount_paid_out": f"{paid:.{places_of(loop_return.currency)}f}",
        "gift_card": loop_return.gift_card_issued,
        "exchange_order_id": exchange_ids[0] if exchange_ids else None,
        "exchange_total": str(totals.exchange),
        "cancelled": loop_return.state == "cancelled",
    }
