"""What happens in a moment, done to the systems themselves: the table of words, and what concerns Loop."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.scenarios.given import begin
from tests.scenarios.whole.given import has_label
from tests.scenarios.whole.people import (
    goods_are_found,
    inspection_is_finished,
    parcel_is_scanned,
    person_approves,
    person_notes,
    person_retries,
    person_says,
    person_says_of_goods,
    rules_change,
    sku_is_mapped,
    units_are_judged,
)
from tests.scenarios.whole.records import (
    applied_by_hand,
    bill_arrives,
    exchange_is_billed,
    others_authorise,
    others_refund,
    record_appears,
    record_changes,
    record_is_deleted,
    refunded_by_hand,
    sibling_takes,
    stock_is_elsewhere,
    stock_is_there,
)
from tests.scenarios.whole.scene import Scene
from tests.scenarios.whole.theatre import Theatre
from tests.scenarios.whole.trouble import (
    WORDS,
    documents_are_refused,
    netsuite_adds,
    period_is_closed,
    something_stands_still,
    stock_is_untold,
)

Json = dict[str, Any]
FIGURES = ("refund", "gift_card", "exchange_credit", "upsell", "fee")
STATES = {"cancelled": "cancel", "review": "flag", "closed": "close", "expired": "expire", "open": "reopen"}
# Of the moment's answers, and what Loop shows by itself: nothing has to be done for them.
SHOWN_ANYWAY = (
    "return_total", "had_label", "scanned_at", "state", "label_status", "refunds", "before_inspection", "parcels",
)  # fmt: skip


def happen(theatre: Theatre, scene: Scene, moment: Json) -> None:
    unknown = moment.keys() - HAPPENINGS.keys() - {"what", "after", "expect", "loop_answers", "netsuite_answers"}
    assert not unknown, f"nobody can make {sorted(unknown)} happen"
    answer = moment.get("loop_answers")
    if answer in ANSWERS:
        theatre.do(scene, ANSWERS[answer])
    for name, act in HAPPENINGS.items():
        if name in moment and not (scene.is_company and name in WORDS):
            act(theatre, scene, moment[name])
    if "found" in moment:
        inspection_is_finished(theatre, scene)
    if "judged" in moment:
        _print_label(theatre, scene)


ANSWERS = {"accepted": "hold", "review": "fail_next"}  # partly: by itself, where goods are out of stock


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
    for parcel in theatre.loop_return(scene)["parcels"] if "parcels" in told else ():
        theatre.do(scene, "scan", status="new", tracking_number=parcel["tracking_number"])
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
    """Those that get an order of their own now: by Loop itself, where it has waited for the goods; or whose item is
    taken back into use in NetSuite."""
    for number, change in told.items():
        if "item_inactive" in change:
            exchange = begin(scene.story.given).exchanges[int(number) - 1]
            theatre.use_item(exchange.item_id, is_inactive=change["item_inactive"])
        if change.get("out_of_stock") is False:
            theatre.do(scene, "restock_item")
        elif "order_id" in change:
            theatre.do(scene, "order_goods", exchanges=[int(scene.exchanges[int(number) - 1])])


def _missing(theatre: Theatre, scene: Scene, told: bool) -> None:
    """Seen when ids are compared, as they are once a week."""
    theatre.do(scene, "hide" if told else "show")
    theatre.changed.discard(scene.loop_id)
    theatre.compare_ids(scene)
    theatre.plan_what_is_due()


def items_are_read(theatre: Theatre, scene: Scene, told: bool) -> None:
    assert told, "nothing else happens here"
    for unit in begin(scene.story.given).units:
        theatre.read_item(unit.item_id)


HAPPENINGS: dict[str, Callable[[Theatre, Scene, Any], None]] = {
    "missing": _missing,
    "loop": loop_tells,
    "replacement": replacements_change,
    "loop_settles": loop_settles,
    "units": units_change,
    "exchange": exchange_is_ordered,
    "bills_exchange": exchange_is_billed,
    "restocked": units_are_restocked,
    "scanned": parcel_is_scanned,
    "found": goods_are_found,
    "judged": units_are_judged,
    "units_added": units_are_added,
    "items_read": items_are_read,
    "stock": stock_is_there,
    "stock_elsewhere": stock_is_elsewhere,
    "others_authorise": others_authorise,
    "bill_arrives": bill_arrives,
    "record_changes": record_changes,
    "record_appears": record_appears,
    "sibling_takes": sibling_takes,
    "record_deleted": record_is_deleted,
    "refunded_by_hand": refunded_by_hand,
    "applied_by_hand": applied_by_hand,
    "others_refund": others_refund,
    "mapped": sku_is_mapped,
    "approved": person_approves,
    "noted": person_notes,
    "refused": documents_are_refused,
    "stopped": something_stands_still,
    "period_closed": period_is_closed,
    "netsuite_adds": netsuite_adds,
    "stock_untold": stock_is_untold,
    "retried": person_retries,
    "said": person_says,
    "goods": person_says_of_goods,
    "rules": rules_change,
}
