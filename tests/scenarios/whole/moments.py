"""What happens in a moment, done to the systems themselves: one function per word of the language."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.builders import make_netsuite, make_sale
from tests.scenarios.given import ITEMS, begin
from tests.scenarios.whole.foreign import RECORDS, read_told_line
from tests.scenarios.whole.given import INACTIVE, SHIPPED, bring_bill, has_label
from tests.scenarios.whole.people import (
    goods_are_found,
    inspection_is_finished,
    parcel_is_scanned,
    person_approves,
    person_notes,
    person_retries,
    person_says,
    person_says_of_goods,
    sku_is_mapped,
    units_are_judged,
)
from tests.scenarios.whole.scene import FIRST_BILL, ORDER, Scene
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]
FIGURES = ("refund", "gift_card", "exchange_credit", "upsell", "fee")
STATES = {"cancelled": "cancel", "review": "flag", "closed": "close", "expired": "expire", "open": "reopen"}
# Of the moment's answers, and what Loop shows by itself: nothing has to be done for them.
SHOWN_ANYWAY = ("return_total", "had_label", "scanned_at", "state", "label_status", "refunds", "before_inspection")


def happen(theatre: Theatre, scene: Scene, moment: Json) -> None:
    unknown = moment.keys() - HAPPENINGS.keys() - {"what", "after", "expect", "loop_answers", "netsuite_answers"}
    assert not unknown, f"nobody can make {sorted(unknown)} happen"
    answer = moment.get("loop_answers")
    if answer in ANSWERS and not _is_short_of_goods(theatre, scene):
        theatre.do(scene, ANSWERS[answer])
    for name, act in HAPPENINGS.items():
        if name in moment:
            act(theatre, scene, moment[name])
    if "found" in moment:
        inspection_is_finished(theatre, scene)
    if "judged" in moment:
        _print_label(theatre, scene)


ANSWERS = {"accepted": "hold", "review": "fail_next"}


def _is_short_of_goods(theatre: Theatre, scene: Scene) -> bool:
    """Then Loop goes into review by itself, once it has ordered what it has."""
    return any(one["out_of_stock"] for one in theatre.loop_return(scene)["exchanges"])


def _print_label(theatre: Theatre, scene: Scene) -> None:
    """What came back or was settled had a label, unless the story says otherwise."""
    shown = theatre.loop_return(scene)
    if has_label(scene.story) and not shown["label_status"] and shown["state"] in ("open", "review"):
        theatre.do(scene, "scan", status="new")


# --- Loop ------------------------------------------------------------------------------------------


def loop_tells(theatre: Theatre, scene: Scene, told: Json) -> None:
    unknown = told.keys() - {*SHOWN_ANYWAY, *FIGURES}
    assert not unknown, f"nobody can make Loop tell {sorted(unknown)}"
    if "state" in told:
        theatre.do(scene, STATES[told["state"]])
    _tell_figures(theatre, scene, told)
    if told.get("label_status"):
        theatre.do(scene, "scan", status=told["label_status"])


def _tell_figures(theatre: Theatre, scene: Scene, told: Json) -> None:
    """A cancelled return shows zero by itself."""
    tells: Json = {}
    amounts = {name: told[name] for name in FIGURES if name in told}
    if amounts and told.get("state") not in ("cancelled", "open"):
        tells["amounts"] = amounts
    if told.get("refunds"):
        tells["refunds"] = [_payment(gateway, text) for gateway, text in told["refunds"].items()]
    if "before_inspection" in told:
        tells["instant"] = told["before_inspection"]
    if tells:
        theatre.do(scene, "tell", **tells)


def _payment(gateway: str, text: str) -> Json:
    amount, _, currency = text.partition(" ")
    return {"gateway": gateway, "amount": amount} | ({"currency": currency} if currency else {})


def loop_settles(theatre: Theatre, scene: Scene, told: Json) -> None:
    """A person processes it there, or its own rules do; nobody sees the moment in which a closed one is open."""
    loop_tells(theatre, scene, {name: value for name, value in told.items() if name != "state"})
    if theatre.loop_return(scene)["state"] in ("closed", "cancelled", "expired"):
        theatre.do(scene, "reopen")
    _print_label(theatre, scene)
    theatre.do(scene, "settle")


def units_change(theatre: Theatre, scene: Scene, told: Json) -> None:
    removed = [int(scene.units[int(number) - 1]) for number, row in told.items() if row.get("removed")]
    if removed:
        theatre.do(scene, "edit", remove=removed)
    units = {scene.units[int(number) - 1]: _parts(row) for number, row in told.items() if "refund" in row}
    if units:
        theatre.do(scene, "tell", units=units)


def _parts(row: Json) -> Json:
    rest = Decimal(row["refund"]) - Decimal(row["refund_item"]) - Decimal(row["refund_tax"])
    return {"item": row["refund_item"], "tax": row["refund_tax"], "shipping": str(rest)}


def units_are_added(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    assert told == [{}], "only another unit of the first line can be added"
    theatre.do(scene, "add_units", units=[{"like": int(scene.units[0])}])
    scene.units = [str(unit["line_item_id"]) for unit in theatre.loop_return(scene)["units"]]


def units_are_restocked(theatre: Theatre, scene: Scene, told: list[str]) -> None:
    theatre.do(scene, "tell", restocked=[scene.units[int(number) - 1] for number in told])


def exchange_is_ordered(theatre: Theatre, scene: Scene, told: Json) -> None:
    """Loop has made its order when it settled; before that it makes it now."""
    if not all(one["order_id"] for one in theatre.loop_return(scene)["exchanges"]):
        theatre.do(scene, "order_goods")


def replacements_change(theatre: Theatre, scene: Scene, told: Json) -> None:
    """Those that get an order of their own now."""
    for number, change in told.items():
        if "item_inactive" in change:
            theatre.act("activate_item", sku=INACTIVE)
        if "order_id" in change:
            theatre.do(scene, "order_goods", exchanges=[int(scene.exchanges[int(number) - 1])])


# --- NetSuite --------------------------------------------------------------------------------------


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
    """None of these items had any at the beginning; more come in by a count. The theatre has it read while it works."""
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
    if told.get("status") == "V":
        theatre.act("void", record=record["id"])
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


def record_is_deleted(theatre: Theatre, scene: Scene, record_type: str) -> None:
    theatre.act("delete", record=theatre.newest(scene, record_type)["id"])


def refunded_by_hand(theatre: Theatre, scene: Scene, amount: str) -> None:
    """A negative amount undoes what was done before."""
    if Decimal(amount) < 0:
        theatre.act("delete", record=scene.ids["by hand"])
        return
    if Decimal(theatre.newest(scene, "creditMemo")["amountremaining"]) < Decimal(amount):
        return  # the story has told of the refund itself already
    made = RECORDS["customerRefund"](theatre, scene, {"total": amount})
    scene.know("by hand", made, record_type="customerRefund")


def others_refund(theatre: Theatre, scene: Scene, told: list[Json]) -> None:
    for row in told:
        RECORDS["customerRefund"](theatre, scene, {"total": row["amount"], "by": row["by"]})


def _missing(theatre: Theatre, scene: Scene, told: bool) -> None:
    theatre.do(scene, "hide" if told else "show")


HAPPENINGS: dict[str, Callable[[Theatre, Scene, Any], None]] = {
    "loop": loop_tells,
    "loop_settles": loop_settles,
    "units": units_change,
    "exchange": exchange_is_ordered,
    "replacement": replacements_change,
    "bills_exchange": exchange_is_billed,
    "restocked": units_are_restocked,
    "scanned": parcel_is_scanned,
    "found": goods_are_found,
    "judged": units_are_judged,
    "missing": _missing,
    "units_added": units_are_added,
    "stock": stock_is_there,
    "stock_elsewhere": stock_is_elsewhere,
    "others_authorise": others_authorise,
    "bill_arrives": bill_arrives,
    "record_changes": record_changes,
    "record_appears": record_appears,
    "record_deleted": record_is_deleted,
    "refunded_by_hand": refunded_by_hand,
    "others_refund": others_refund,
    "mapped": sku_is_mapped,
    "approved": person_approves,
    "noted": person_notes,
    "retried": person_retries,
    "said": person_says,
    "goods": person_says_of_goods,
}
