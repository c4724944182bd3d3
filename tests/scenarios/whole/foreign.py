"""Records that somebody else makes in NetSuite: the shop's connector, another connector, a person."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from returnsops.lib.money import round_money
from tests.builders import WRITES_ALL
from tests.scenarios.given import begin, read_line
from tests.scenarios.whole.people import line_number
from tests.scenarios.whole.policies import account_of
from tests.scenarios.whole.scene import FIRST_BILL, Scene
from tests.scenarios.whole.theatre import Theatre

Json = dict[str, Any]
read_told_line = read_line
CONNECTOR, ANOTHER = {"as": "connector"}, {"as": "other_connector"}
EXCHANGE_ORDERS = ("61001", "61002")  # what stories call the first and the second that Loop makes


def _order(theatre: Theatre, scene: Scene, told: Json) -> str:
    """The exchange order as the connector brings it: the new goods, and what of their price Loop's discount covers."""
    facts = begin(scene.story.given)
    body: Json = {
        "entity": {"id": scene.customer},
        "location": {"id": theatre.places.world["sellable"]},
        "orderStatus": {"id": "B"},
    }
    wanted = told.get("external_id") or ("61001" if told.get("other_ref_num") == "EXC-20418" else "")
    goods = facts.exchanges
    if wanted:
        goods_of_order = [
            one for number in _returns_of(scene) for one in theatre.archive.loop_return(scene.shop, number)["exchanges"]
        ]
        ordered = [one for one in goods_of_order if one["order_id"]]
        names = sorted({(one["order_id"], one["order_name"]) for one in ordered}, key=lambda one: int(one[0]))
        order_id, name = names[min(EXCHANGE_ORDERS.index(wanted), len(names) - 1)]
        body |= {"externalId": order_id, "otherRefNum": name.lstrip("#")}
        mine = {one["exchange_id"] for one in ordered if one["order_id"] == order_id}
        own = [one for one, number in zip(facts.exchanges, scene.exchanges, strict=True) if int(number) in mine]
        goods = tuple(own) or goods  # or those of the other return, which are alike
    rows = [_row(theatre.items[one.item_id], one.price) for one in goods]
    worth = sum((one.price + round_money(one.price * scene.tax_rate, facts.currency) for one in goods), Decimal(0))
    less = worth - Decimal(told.get("total", "0"))
    if less:
        rows.append(_row(theatre.world["items"][_covered_by(told)], -less))
    body["item"] = {"items": rows}
    if "link" in told:
        body[begin(scene.story.given).policy.exchange_link_field] = told["link"]
    return str(theatre.act("create", record_type="salesOrder", body=body, **CONNECTOR)["id"])


def _returns_of(scene: Scene) -> list[str]:
    """Of the order, the earlier one first."""
    return [number for number in (scene.sibling, scene.loop_id) if number]


def _covered_by(told: Json) -> str:
    """By which charge the return pays for the new goods: a row of the clearing item where the story tells of one."""
    clearing = WRITES_ALL["items"]["exchange_clearing"]
    return (
        "exchange_clearing"
        if any(line.get("item") == clearing for line in told.get("lines", []))
        else "exchange_discount"
    )


def _row(item: str, amount: Decimal) -> Json:
    return {"item": {"id": item}, "quantity": 1, "rate": str(amount), "amount": str(amount)}


def _bill(action: str) -> Callable[[Theatre, Scene, Json], str]:
    def make(theatre: Theatre, scene: Scene, told: Json) -> str:
        source = scene.ids.get(told["created_from_id"]) or theatre.exchange_order(scene)
        body = {"account": {"id": theatre.money_account(scene, told["account_id"])}} if "account_id" in told else {}
        made = theatre.act(action, record=source, body=body, **CONNECTOR)
        if told.get("amount_remaining") == "0":
            theatre.act("pay", record=made["id"], **CONNECTOR)
        return str(made["id"])

    return make


def _authorization(theatre: Theatre, scene: Scene, told: Json) -> str:
    rows = [{"orderLine": line_number(row["order_line"]), "quantity": row.get("quantity", 1)} for row in told["lines"]]
    body: Json = {"item": {"items": rows}, "orderStatus": {"id": "A" if told.get("status") == "A" else "B"}}
    if told.get("ours"):
        body["externalId"] = f"loop-{scene.shop}-99-rma-1"
    source = scene.ids[told.get("created_from_id", FIRST_BILL)]
    made = theatre.act("authorize", record=source, body=body, replace=["item"], **ANOTHER)
    is_received = any(row.get("received") for row in told["lines"])
    if is_received and not _appears(scene, "itemReceipt"):
        theatre.act("receive", record=made["id"], **ANOTHER)
    if told.get("status") == "G" and not _appears(scene, "creditMemo"):
        theatre.act("credit", record=made["id"], **ANOTHER)
    return str(made["id"])


def _appears(scene: Scene, record_type: str) -> bool:
    """At a moment of its own; what the authorization shows of it before is told twice."""
    return any(moment.get("record_appears", {}).get("type") == record_type for moment in scene.story.moments)


def _receipt(theatre: Theatre, scene: Scene, told: Json) -> str:
    """On the authorization of another system, or else on ours."""
    theirs = scene.ids.get(told["created_from_id"])
    rma = theatre.archive.record(theirs) if theirs else theatre.newest(scene, "returnAuthorization")
    if not _is_open(rma):
        return str(theatre.newest(scene, "itemReceipt")["id"])
    rows = [{"orderLine": line["line"], "itemReceive": True} for line in rma["lines"]]
    place = told["lines"][0].get("location_id") if told.get("lines") else None
    if place:
        rows = [row | {"location": {"id": theatre.places.ids.get(place, theatre.places.further["15"])}} for row in rows]
    made = theatre.act("receive", record=rma["id"], body={"item": {"items": rows}}, **ANOTHER)
    return str(made["id"])


def _cash_refund(theatre: Theatre, scene: Scene, told: Json) -> str:
    _receive_what_is_open(theatre, scene.ids[told["created_from_id"]])
    return str(theatre.act("cash_refund", record=scene.ids[told["created_from_id"]], **ANOTHER)["id"])


def _is_open(rma: Json) -> bool:
    return any(line["received"] < line["quantity"] for line in rma["lines"])


def _receive_what_is_open(theatre: Theatre, source: str) -> None:
    """Stories leave out a receipt that nobody looks at; NetSuite credits nothing without it."""
    record = theatre.archive.record(source)
    if record["record_type"] == "returnAuthorization" and _is_open(record):
        theatre.act("receive", record=source, **ANOTHER)


def _credit(theatre: Theatre, scene: Scene, told: Json) -> str:
    source = scene.ids[told["created_from_id"]]
    _receive_what_is_open(theatre, source)
    made = theatre.act("credit", record=source, body={}, **ANOTHER)
    record = theatre.archive.record(made["id"])
    more = Decimal(told["total"]) - Decimal(record["total"])
    if more:
        row = _row(theatre.world["items"]["difference_rounding"], more)
        theatre.act("edit", record=made["id"], body={"item": {"items": [row]}}, **ANOTHER)
    return str(made["id"])


def _customer_refund(theatre: Theatre, scene: Scene, told: Json) -> str:
    """by: through which gateway; by card unless told."""
    memo = theatre.newest(scene, "creditMemo")
    method = account_of(told.get("by", "shopify_payments"), theatre.world)
    option = {"paymentOption": {"id": method["payment_option_id"]}} if "payment_option_id" in method else {}
    body = {
        "customer": {"id": scene.customer},
        "account": {"id": method["account_id"]},
        **option,
        "apply": {"items": [{"doc": {"id": memo["id"]}, "line": 1, "apply": True, "amount": told["total"]}]},
    }
    return str(theatre.act("create", record_type="customerRefund", body=body)["id"])


RECORDS: dict[str, Callable[[Theatre, Scene, Json], str]] = {
    "salesOrder": _order,
    "invoice": _bill("invoice"),
    "cashSale": _bill("cash_sale"),
    "returnAuthorization": _authorization,
    "itemReceipt": _receipt,
    "cashRefund": _cash_refund,
    "creditMemo": _credit,
    "customerRefund": _customer_refund,
}
