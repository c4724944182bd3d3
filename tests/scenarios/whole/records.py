"""What happens in NetSuite in a moment: one function per word of the language."""

from collections import Counter
from decimal import Decimal
from typing import Any

from tests.builders import make_netsuite, make_sale
from tests.scenarios.given import ITEMS, begin
from tests.scenarios.whole.foreign import RECORDS, read_told_line
from tests.scenarios.whole.given import SHIPPED, bring_bill
from tests.scenarios.whole.scene import FIRST_BILL, ORDER, Scene
from tests.scenarios.whole.theatre import Theatre
from tests.scenarios.whole.trouble import stock_is_untold

Json = dict[str, Any]


def bill_arrives(theatre: Theatre, scene: Scene, told: str | Json) -> None:
    """Of an order that is there, all of it or the units of these numbers; or together with it."""
    row: Json = {"kind": told} if isinstance(told, str) else told
    facts, kind, bill = begin(scene.story.given), row["kind"], row.get("id", FIRST_BILL)
    if ORDER not in scene.ids:
        bring_bill(theatre, scene, make_sale(facts.units, kind), facts)
        return
    order = theatre.archive.record(scene.ids[ORDER])
    numbers = row.get("units", range(1, len(facts.units) + 1))
    billed = Counter(scene.lines[facts.units[number - 1].provider_line] for number in numbers)
    rows = [
        {"orderLine": line["line"], "quantity": billed[line["custom"]["custcol_shopify_line_id"]]}
        for line in order["lines"]
        if line["custom"]["custcol_shopify_line_id"] in billed
    ]
    action = {"invoice": "invoice", "cashSale": "cash_sale"}[kind]
    body = {"item": {"items": rows}}
    made = theatre.act(action, record=order["id"], body=body, replace=["item"], **{"as": "connector"})
    scene.know(bill, made["id"], record_type=kind)


def record_appears(theatre: Theatre, scene: Scene, told: Json) -> None:
    if told.get("id") in scene.ids or told.get("id") == ORDER:
        return  # the sandbox had it from the beginning
    if told["type"] in ("invoice", "cashSale") and "created_from_id" not in told:
        lines = tuple(read_told_line(number, row) for number, row in enumerate(told["lines"], 1))
        bill = make_netsuite(told["type"], told["id"], lines=lines)
        bring_bill(theatre, scene, bill, begin(scene.story.given), again=True)
        return
    their_id = RECORDS[told["type"]](theatre, scene, told)
    scene.know(told.get("id", "9101"), their_id, record_type=told["type"])


def others_authorise(theatre: Theatre, scene: Scene, number: str) -> None:
    """Every unit of the return, from its bill; the lines of a story's bill are numbered 3, 6, 9."""
    facts = begin(scene.story.given)
    counts = Counter(unit.provider_line for unit in facts.units)
    lines = [{"order_line": str(3 * place), "quantity": count} for place, count in enumerate(counts.values(), 1)]
    record_appears(theatre, scene, {"type": "returnAuthorization", "id": number, "lines": lines})


def stock_is_there(theatre: Theatre, scene: Scene, told: dict[str, int]) -> None:
    """None of these items had any at the beginning; more come in by a count. The theatre has it read while it works,
    by a role that sees it."""
    stock_is_untold(theatre, scene, False)
    for sku, count in told.items():
        more = count - theatre.counted.get(sku, 0)
        theatre.counted[sku] = count
        if more:
            _count_in(theatre, sku, more, place=theatre.places.world["sellable"])


def stock_is_elsewhere(theatre: Theatre, scene: Scene, told: dict[str, int]) -> None:
    """At another location that sells its stock."""
    for sku, count in told.items():
        _count_in(theatre, sku, count, place=theatre.places.further["15"])


def _count_in(theatre: Theatre, sku: str, count: int, *, place: str) -> None:
    row = {"item": {"id": theatre.items[ITEMS[sku]]}, "location": {"id": place}, "adjustQtyBy": count}
    body = {"account": {"id": theatre.world["adjustment_account_id"]}, "inventory": {"items": [row]}}
    theatre.act("create", record_type="inventoryAdjustment", body=body)


def exchange_is_billed(theatre: Theatre, scene: Scene, amount: str) -> None:
    order = theatre.exchange_order(scene)
    made = theatre.act("invoice", record=order, **{"as": "connector"})
    scene.know("9201", made["id"], record_type="invoice")


def record_changes(theatre: Theatre, scene: Scene, told: Json) -> None:
    record = theatre.newest(scene, told["type"], scene.ids.get(told.get("id", "")))
    undone = {"V": "void", "C": "cancel"}.get(told.get("status", ""))
    if undone:
        theatre.act(undone, record=record["id"])
        return
    if told["type"] == "returnAuthorization" and told.get("status") == "B" and "lines" not in told:
        theatre.act("approve", record=record["id"])
        return
    if told["type"] == "salesOrder" and told.get("status", "none") in tuple(SHIPPED):
        theatre.act("fulfill", record=record["id"], **{"as": "connector"})
    if "ship_to" in told:
        body = {"shipAddressList": {"id": scene.addresses[told["ship_to"]]}}
        theatre.act("edit", record=record["id"], body=body)
    if "account_id" in told:
        account = theatre.money_account(scene, told["account_id"])
        theatre.act("edit", record=record["id"], body={"account": {"id": account}})
    for number, change in told.get("lines", {}).items():
        if "received" in change:
            _receipt_is_changed(theatre, scene, record, change["received"])
            continue
        place = min(int(number), len(record["lines"])) - 1  # those of others are numbered 3, 6, 9
        row = {"line": record["lines"][place]["line"]}
        row |= {"isClosed": change["is_closed"]} if "is_closed" in change else {"quantity": change["quantity"]}
        theatre.act("edit", record=record["id"], body={"item": {"items": [row]}})


def _receipt_is_changed(theatre: Theatre, scene: Scene, rma: Json, received: int) -> None:
    """More is received by another system; less, because a person edits the receipt."""
    line = rma["lines"][0]
    if received > line["received"]:
        theatre.act("receive", record=rma["id"], **{"as": "other_connector"})
        return
    receipts = [one for one in theatre.archive.family(scene) if one["record_type"] == "itemReceipt"]
    if received and receipts:
        row = {"line": receipts[-1]["lines"][0]["line"], "quantity": received}
        theatre.act("edit", record=receipts[-1]["id"], body={"item": {"items": [row]}})


def sibling_takes(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    """It has taken what it takes before the story begins; nothing: it is cancelled."""
    if not told:
        theatre.cancel_sibling(scene)


def record_is_deleted(theatre: Theatre, scene: Scene, record_type: str) -> None:
    theatre.act("delete", record=theatre.newest(scene, record_type)["id"])


def refunded_by_hand(theatre: Theatre, scene: Scene, amount: str) -> None:
    if Decimal(theatre.newest(scene, "creditMemo")["amountremaining"]) < Decimal(amount):
        return  # the story has told of the refund itself already
    RECORDS["customerRefund"](theatre, scene, {"total": amount})


def applied_by_hand(theatre: Theatre, scene: Scene, amount: str) -> None:
    """To another bill of the customer; a negative amount takes it back."""
    memo = theatre.newest(scene, "creditMemo")
    if "other bill" not in scene.ids:
        goods = {"item": {"id": theatre.items["504"]}, "quantity": 1, "rate": memo["total"], "amount": memo["total"]}
        body = {"entity": {"id": scene.customer}, "item": {"items": [goods]}}
        made = theatre.act("create", record_type="invoice", body=body, **{"as": "connector"})
        scene.know("other bill", made["id"], record_type="invoice")
    applied = Decimal(memo["total"]) - Decimal(memo["amountremaining"]) + Decimal(amount)
    row = {"doc": {"id": scene.ids["other bill"]}, "apply": True, "amount": str(applied)}
    theatre.act("edit", record=memo["id"], body={"apply": {"items": [row]}})


def others_refund(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    for row in told:
        RECORDS["customerRefund"](theatre, scene, {"total": row["amount"], "by": row["by"]})
