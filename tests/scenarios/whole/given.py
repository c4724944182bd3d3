"""What is true at the beginning, made in the sandbox: Loop's return to the cent, and the bill NetSuite holds of it."""

from decimal import Decimal
from typing import Any

from integrations.models import Shop
from returnsops.lib.money import ZERO
from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.models import Item
from returnsops.returns.sku_mapping import look_up_items
from tests.scenarios.book import Scenario
from tests.scenarios.given import ITEMS, begin
from tests.scenarios.whole.scene import ORDER, Scene
from tests.scenarios.whole.theatre import ACCOUNT, HOUSE_CURRENCY, Theatre

Json = dict[str, Any]
SKUS = {item: sku for sku, item in ITEMS.items()}
BILLINGS = {"invoice": "invoice", "cashSale": "cash_sale", "salesOrder": "none"}
ADDRESS = "301"  # the customer's, as stories call it
SHIPPED = "EFG"  # letters of an order that left the warehouse
ORIGINAL = ("", "5873120045678", "#20418")  # what the story calls the order the units were sold on


def set_scene(theatre: Theatre, story: Scenario) -> Scene:
    facts = begin(story.given)
    shop = theatre.shop_of(story)
    sibling = _set_sibling(theatre, story, shop=shop) if _has_sibling(story) else ""
    skus = {kit.sku: theatre.kits.sell(kit) for kit in facts.kits}
    beside = {"order_of": int(sibling)} if sibling else {}
    made = theatre.ask("loop/told", {"shop": shop} | _told_return(story, facts, skus) | beside)
    unit = facts.units[0]
    scene = Scene(
        story=story, shop=shop, account=ACCOUNT, loop_id=made["return_id"], order_number=made["order_number"],
        provider_order_id=made["provider_order_id"], units=made["units"], exchanges=made["exchanges"],
        lines=made["lines"], tax_rate=unit.tax / unit.worth if unit.worth else Decimal(0),
        sibling=sibling, skus=skus,
    )  # fmt: skip
    tell_what_differs(theatre, scene, facts, made["figures"])
    for bill in facts.records:
        bring_bill(theatre, scene, bill, facts)
    for one in facts.exchanges:
        if one.item_inactive:
            look_up_items(Shop.objects.get(code=shop), {one.sku})
            theatre.use_item(one.item_id, is_inactive=True)
    for unit in facts.units:
        if unit.category is None:
            look_up_items(Shop.objects.get(code=shop), {unit.sku})
            Item.objects.filter(internal_id=theatre.items[unit.item_id]).update(category=None)
    return scene


def _has_sibling(story: Scenario) -> bool:
    """An earlier return of the same order, which the story tells of and does not follow."""
    return bool(story.given.get("siblings")) or any("sibling_takes" in moment for moment in story.moments)


def _set_sibling(theatre: Theatre, story: Scenario, *, shop: str) -> str:
    """With the first unit of the story, or where its exchange comes first, with a unit and an order of its own."""
    given = story.given
    facts = begin(given | {"units": [given["units"][0] | ({"sku": "SOCKS"} if "exchanges" in given else {})]})
    told = theatre.ask("loop/told", {"shop": shop} | _told_return(story, facts, {}))
    if facts.exchanges:
        theatre.ask(f"loop/returns/{told['return_id']}/order_goods", {})
    return str(told["return_id"])


def _told_return(story: Scenario, facts: ReturnFacts, skus: dict[str, str]) -> Json:
    """skus: what the shop sells kits as, which the story calls by the name of other goods."""
    loop = facts.loop
    told: Json = {
        "units": [_told_unit(facts, unit) | {"sku": skus.get(unit.sku, unit.sku)} for unit in facts.units],
        "exchanges": [
            {
                "sku": one.sku,
                "price": str(one.price),
                "tax": str(one.total - one.price),
                "out_of_stock": one.out_of_stock,
            }
            for one in facts.exchanges
        ],
        "fee": str(loop.fee),
        "refund_shipping": str(loop.refund_shipping or 0),
        "refund_shipping_tax": str(loop.refund_shipping_tax or 0),
        "refund_duties": str(loop.refund_duties or 0),
        "left_over": "credit" if loop.gift_card else "refund",
        "state": "limbo" if loop.state == "unknown" else loop.state,
        "parcels": _parcels_of(story) if has_label(story) else 0,
        "exchange_mode": "native" if _is_native(story) else "separate",
        "order_prefix": loop.order_name.removesuffix("20418"),
    }
    return told | ({"destination": int(loop.destination)} if loop.destination else {})


def _told_unit(facts: ReturnFacts, unit: UnitFacts) -> Json:
    """A shop whose prices include the tax shows it inside the price, and beside it as well."""
    price = unit.price + (unit.tax if facts.policy.prices_include_tax else ZERO)
    return {
        "line": unit.provider_line, "sku": unit.sku, "title": unit.title, "price": str(price),
        "discount": str(unit.discount), "tax": str(unit.tax), "outcome": _outcome_of(facts, unit),
        "kept": unit.is_kept,
    }  # fmt: skip


def _outcome_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    """A unit that is not paid back in full is what the new goods or the gift card are had for."""
    whole = unit.worth + unit.tax
    if facts.exchanges and (unit.refund < whole or not whole):
        return "exchange"
    return "credit" if facts.loop.gift_card and not unit.refund else "refund"


def has_label(story: Scenario) -> bool:
    """A return without a label is told so at its first moment, if not before."""
    told = story.given.get("loop", {}) | story.moments[0].get("loop", {})
    return bool(told.get("had_label", True))


def _parcels_of(story: Scenario) -> int:
    return max(int(moment.get("loop", {}).get("parcels", 1)) for moment in story.moments)


def _is_native(story: Scenario) -> bool:
    named = [moment["exchange"].get("order_name") for moment in story.moments if "exchange" in moment]
    return story.given.get("policy", {}).get("exchange_form") == "native" or ORIGINAL[2] in named


def tell_what_differs(theatre: Theatre, scene: Scene, facts: ReturnFacts, figures: Json) -> None:
    """Loop's own sums stand wherever the story tells the same."""
    loop = facts.loop
    wanted = {name: getattr(loop, name) for name in figures["amounts"]}
    amounts = {name: str(value) for name, value in wanted.items() if value != Decimal(figures["amounts"][name])}
    units = {
        number: parts
        for number, unit in zip(scene.units, facts.units, strict=True)
        if (parts := parts_of(unit)) != {name: Decimal(text) for name, text in figures["units"][number].items()}
    }
    told: Json = {}
    if amounts:
        told["amounts"] = amounts
    if units:
        told["units"] = {number: {name: str(part) for name, part in parts.items()} for number, parts in units.items()}
    if loop.untold:
        told["leaves_out"] = list(loop.untold)
    if told:
        theatre.do(scene, "tell", **told)


def parts_of(unit: UnitFacts) -> dict[str, Decimal]:
    """What is left of the refund after goods and tax is shipping."""
    item, tax = unit.refund_item or ZERO, unit.refund_tax or ZERO
    return {"item": item, "tax": tax, "shipping": unit.refund - item - tax}


def bring_bill(theatre: Theatre, scene: Scene, bill: RecordFacts, facts: ReturnFacts, *, again: bool = False) -> None:
    """The record of a story that bills the order; an order not billed yet holds what the units say."""
    lines = bill.lines or begin(scene.story.given | {"bill": {}}).records[0].lines
    body: Json = {"billing": BILLINGS[bill.record_type], "again": again}
    body["shipped"] = bill.record_type != "salesOrder" or bill.status in SHIPPED
    body["lines"] = [_told_line(scene, line) for line in lines]
    symbols = {"Euro": "EUR", "EUR": "EUR", HOUSE_CURRENCY: HOUSE_CURRENCY}
    body["currency"] = symbols.get(bill.currency, facts.currency)
    made = theatre.ask(f"loop/told/{scene.loop_id}/bill", body)
    if "sales_order_id" in made:
        scene.know(ORDER, made["sales_order_id"], record_type="salesOrder")
        scene.customer = str(theatre.archive.record(made["sales_order_id"])["entity"])
    for kind in ("invoice_id", "cash_sale_id"):
        if kind in made:
            scene.know(bill.internal_id, made[kind], record_type=bill.record_type)
    _ship(theatre, scene, bill)


def _ship(theatre: Theatre, scene: Scene, bill: RecordFacts) -> None:
    """The connector gives every sale an address; where the story asks for it, one that tells none has it taken off."""
    if "exchange_address" not in scene.story.given.get("policy", {}):
        return
    sales = [scene.ids[name] for name in (ORDER, bill.internal_id)]
    scene.addresses[ADDRESS] = str(theatre.archive.record(sales[0])["extra"]["shipAddressList"])
    for sale in sales if not bill.ship_to else ():
        theatre.act("edit", record=sale, body={"shipAddressList": None})


def _told_line(scene: Scene, line: LineFacts) -> Json:
    """A line the return does not name is one of the shop's all the same."""
    sku = SKUS.get(line.item_id, line.item_name)
    reference = scene.lines.get(line.reference, f"99{line.reference.removeprefix('line-')}" if line.reference else "")
    return {
        "sku": scene.skus.get(sku, sku), "quantity": line.quantity, "amount": str(line.amount),
        "tax": str(line.tax_amount), "line": reference,
    }  # fmt: skip
