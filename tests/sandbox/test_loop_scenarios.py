"""Every kind of return by name: what Loop shows of it, over the API."""

import random
from decimal import Decimal
from typing import Any

import pytest

from integrations.sandbox import scenario_recipes as recipes
from integrations.sandbox.making import Making
from integrations.sandbox.scenario_kinds import SCENARIOS
from integrations.sandbox.server import Served
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for

LIST = "warehouse/return/list"


def settled(loop: LoopStranger, return_id: str, *, state: str = "closed") -> Json:
    found: Json = wait_for(lambda: (one := loop.details(return_id))["state"] == state and one)
    assert found, loop.details(return_id)
    return found


def processed(loop: LoopStranger, made: Json) -> Json:
    assert loop.act(made["return_id"], "process") is True
    return settled(loop, made["return_id"])


def amount(row: Json, name: str) -> Decimal:
    return Decimal(row[name])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_header_is_the_sum_of_its_units(loop: LoopStranger, director: Director, scenario: str) -> None:
    made = director.make_return(scenario, tax_rate="0.0725")
    found = loop.details(made["return_id"])

    units = found["line_items"]
    for name in ("product", "discount", "tax"):
        key = "price" if name == "product" else name
        assert amount(found, f"return_{name}_total") == sum(amount(unit, key) for unit in units)
    bonus = Decimal("10.00") if scenario == "gift_card_provider" else Decimal(0)
    shipping = amount(found, "refund_shipping_total") + amount(found, "refund_shipping_tax_total")
    given = sum(amount(found, name) for name in ("exchange_credit_total", "refund", "gift_card", "handling_fee"))
    duties = Decimal("4.20") if scenario == "refunded_duties" else Decimal(0)  # Loop has no key for them
    assert amount(found, "return_total") + bonus + shipping + duties == given
    assert amount(found, "exchange_total") == amount(found, "exchange_credit_total") + amount(found, "upsell")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_makes_the_same_goods(director: Director, scenario: str) -> None:
    first, second = (director.make_return(scenario, seed="twice") for _ in range(2))

    assert [unit["sku"] for unit in first["units"]] == [unit["sku"] for unit in second["units"]]


def test_the_kinds_describe_themselves(director: Director) -> None:
    shown = director.get("loop/scenarios")

    assert shown["scenarios"] == [one["name"] for one in shown["described"]] == list(SCENARIOS)
    assert {"name": "differs", "meaning": SCENARIOS["differs"].meaning, "params": ["amount"]} in shown["described"]
    assert "seed" in shown["params_of_all"]


def test_parameters_nobody_knows_are_refused(director: Director) -> None:
    body = {"scenario": "refund", "params": {"colour": "red"}}

    answer = director.session.post(f"{director.url}/_sandbox/loop/returns", json=body, timeout=60)

    assert answer.status_code == 400
    assert "takes no colour" in answer.json()["error"]


def test_goods_out_of_stock_leave_a_paid_return_in_review(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("out_of_stock")["return_id"]
    found = settled(loop, return_id, state="review")
    assert found["outcomes_processed_at"]["refund_processed"]
    assert found["outcomes_processed_at"]["exchange_processed"] is None
    assert (found["exchanges"][0]["out_of_stock"], found["exchanges"][0]["exchange_order_id"]) == (True, None)
    paid = found["refunds"]

    director.post(f"loop/returns/{return_id}/restock_item")

    done = settled(loop, return_id)
    assert done["exchanges"][0]["exchange_order_name"].startswith("EXC-")
    assert done["refunds"] == paid


def test_goods_out_of_stock_come_by_themselves(loop: LoopStranger, director: Director) -> None:
    settled(loop, director.make_return("out_of_stock", restocked_after=0.3)["return_id"])


def test_one_outcome_fails_while_the_other_is_issued(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("partly_fails")
    loop.act(made["return_id"], "process")

    found = settled(loop, made["return_id"], state="review")

    assert found["outcomes_processed_at"]["refund_processed"]
    assert found["outcomes_processed_at"]["exchange_processed"] is None


def test_an_instant_exchange_that_never_ships_is_charged(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("instant_never_shipped")

    found = settled(loop, made["return_id"], state="expired")

    row = next(one for one in director.get("dump")["loop"]["northwind"]["returns"] if one["id"] == made["return_id"])
    assert row["card_charged"] == found["exchange_total"]
    assert (found["refunds"], found["refund_before_inspection"]) == ([], True)


def test_a_late_delivery_after_expiry(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("expired_late_delivery", delivered_after=0.2)["return_id"]

    assert wait_for(lambda: loop.details(return_id)["label_status"] == "delivered")

    assert loop.details(return_id)["state"] == "expired"


def test_flagged_then_opened_then_closed(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("flagged_reviewed", delay=0.1, processed_after=0.4)["return_id"]

    assert wait_for(lambda: loop.details(return_id)["state"] == "open")
    settled(loop, return_id)


@pytest.mark.parametrize(("params", "after_s"), [({}, 2), ({"after_s": 3}, 3), ({"delay": 0}, 0)])
def test_a_shopper_cancels_when_asked_to(served: Served, params: Json, after_s: float) -> None:
    sandbox = served.sandbox
    making = Making(sandbox.engine.shops["northwind"], params=params, draw=random.Random(1), engine=sandbox.engine)

    recipes.cancelled(making)

    assert making.later == [{"what": "cancel", "after_s": after_s}]


def test_a_cancel_while_the_parcel_is_on_its_way(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("cancelled_late", delay=0.1)["return_id"]

    found = settled(loop, return_id, state="cancelled")

    assert (found["label_status"], found["return_total"]) == ("in_transit", "0.00")
    assert found["line_items"][0]["price"] != "0.00"


def test_goods_of_an_exchange_order_come_back(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director
) -> None:
    made = director.make_return("exchange_return")

    earlier = loop.details(made["first_return_id"])

    assert made["order_name"] == earlier["exchanges"][0]["exchange_order_name"]
    assert made["provider_order_id"] == earlier["exchanges"][0]["exchange_order_id"]
    assert made["units"][0]["sku"] == earlier["exchanges"][0]["sku"]
    sql = "SELECT id FROM transaction WHERE externalid = ?"
    assert netsuite.query(sql, made["provider_order_id"]) == [{"id": made["netsuite"]["sales_order_id"]}]


def test_parcels_have_labels_and_units_of_their_own(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("multi_parcel", parcel="delivered")

    found = loop.details(made["return_id"])

    assert [label["status"] for label in found["labels"]] == ["delivered", "pre_transit"]
    assert sorted(sum((label["line_items"] for label in found["labels"]), [])) == sorted(
        unit["line_item_id"] for unit in found["line_items"]
    )
    assert [label["tracking_number"] for label in found["labels"]] == made["tracking_numbers"]
    assert found["tracking_number"] == made["tracking_numbers"][0]


def test_one_of_several_parcels_walks_on(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("multi_parcel", parcel="created")
    behind = made["tracking_numbers"][1]

    director.post(f"loop/returns/{made['return_id']}/advance", {"to": "in_transit", "tracking_number": behind})

    statuses = {label["tracking_number"]: label["status"] for label in loop.details(made["return_id"])["labels"]}
    assert statuses == {made["tracking_numbers"][0]: "new", behind: "in_transit"}


def test_amounts_in_the_shoppers_currency(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("multi_currency", currency="CAD", rate="2.00")
    query = f"warehouse/return/details?return_id={made['return_id']}"

    shown = loop.call("GET", query).json()
    foreign = loop.call("GET", f"{query}&currency_type=presentment").json()

    assert (shown["multi_currency"], shown["currency"], foreign["currency"]) == (True, "USD", "CAD")
    assert amount(foreign, "refund") == amount(shown, "refund") * 2 == amount(shown["presentment"], "refund")
    assert shown["presentment"]["line_items"][0]["line_item_id"] == str(shown["line_items"][0]["line_item_id"])
    assert loop.call("GET", f"{query}&currency_type=moon").status_code == 422


def test_a_part_of_a_bundle_is_not_on_the_order(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director
) -> None:
    made = director.make_return("bundle_component", components=2, tax_rate="0.0725")
    order = netsuite.read("salesOrder", made["netsuite"]["sales_order_id"])
    sold = {line["custcol_shopify_line_id"]: line for line in order["item"]["items"]}

    units = loop.details(made["return_id"])["line_items"]

    assert len({unit["sku"] for unit in units}) == 2
    assert len({unit["provider_line_item_id"] for unit in units}) == 1
    line = sold[str(units[0]["provider_line_item_id"])]
    assert line["item"]["refName"] not in [unit["sku"] for unit in units]
    assert sum(amount(unit, "price") - amount(unit, "discount") for unit in units) == Decimal(str(line["amount"]))


def test_a_part_of_a_kit_is_a_member_of_what_netsuite_sold(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director, account: Json
) -> None:
    made = director.make_return("bundle_component", components=2, kit=True)
    sold = netsuite.read("salesOrder", made["netsuite"]["sales_order_id"])["item"]["items"][0]["item"]["id"]

    units = loop.details(made["return_id"])["line_items"]

    (kit,) = director.books(account)["kits"]
    assert kit["item"] == sold
    assert [unit["sku"] for unit in units] == [member["sku"] for member in kit["members"]]


def test_a_kit_comes_back_as_it_was_sold(loop: LoopStranger, director: Director) -> None:
    units = loop.details(director.make_return("kit")["return_id"])["line_items"]

    assert [unit["sku"] for unit in units] == ["GIFTSET-ALDER-S"]


def test_a_gift_is_sent_back_for_credit(loop: LoopStranger, director: Director) -> None:
    found = processed(loop, director.make_return("gift_return"))

    assert (found["outcome"], found["refunds"]) == ("credit", [])
    assert found["outcomes_processed_at"]["gift_card_processed"]


def test_a_warranty_sends_the_same_goods_again(loop: LoopStranger, director: Director) -> None:
    found = loop.details(director.make_return("warranty")["return_id"])

    assert found["type"] == "warranty"
    assert found["exchanges"][0]["sku"] == found["line_items"][0]["sku"]
    assert found["refund"] == "0.00"


@pytest.mark.parametrize(("mode", "rows"), [("kept", 2), ("gone", 1)])
def test_a_removed_line_stays_emptied_or_is_gone(loop: LoopStranger, director: Director, mode: str, rows: int) -> None:
    director.post("settings", {"loop.drift.removed_lines": mode, "loop.presentment": "lines"})

    found = loop.details(director.make_return("removed_line")["return_id"])

    assert len(found["line_items"]) == rows
    assert len(found["presentment"]["line_items"]) == 1
    emptied = [unit for unit in found["line_items"] if unit["returned_at"] is None]
    assert all((unit["price"], unit["refund"]) == ("0.00", "0.00") for unit in emptied)


def test_shipping_is_given_back_on_top(loop: LoopStranger, director: Director) -> None:
    found = processed(loop, director.make_return("refunded_shipping", shipping="7.00", shipping_tax="0.51"))

    assert (found["refund_shipping_total"], found["refund_shipping_tax_total"]) == ("7.00", "0.51")
    assert amount(found, "refund") == amount(found, "return_total") + Decimal("7.51")
    for unit in found["line_items"]:
        parts = ("refund_item", "refund_tax", "refund_shipping", "refund_shipping_tax")
        assert amount(unit, "refund") == sum(amount(unit, part) for part in parts)
    assert found["refunds"][0]["amount"] == found["refund"]


def test_duties_are_given_back_on_top_and_named_only_where_the_switch_says_so(
    loop: LoopStranger, director: Director
) -> None:
    made = director.make_return("refunded_duties", duties="4.20")
    hidden = loop.details(made["return_id"])
    director.post("settings", {"loop.duties": "told"})
    told = loop.details(made["return_id"])

    assert "refund_duties_total" not in hidden
    assert told["refund_duties_total"] == "4.20"
    assert amount(told, "refund") == amount(told, "return_total") + Decimal("4.20")


def test_a_gift_card_is_paid_back_before_the_card(loop: LoopStranger, director: Director) -> None:
    found = processed(loop, director.make_return("split_tender", gift_card="15.00"))

    assert [row["gateway"] for row in found["refunds"]] == ["gift_card", "shopify_payments"]
    assert found["refunds"][0]["amount"] == "15.00"
    assert sum(amount(row, "amount") for row in found["refunds"]) == amount(found, "refund")


def test_goods_that_cost_nothing_leave_a_manual_row(loop: LoopStranger, director: Director) -> None:
    found = processed(loop, director.make_return("zero_refund"))

    assert [(row["gateway"], row["amount"]) for row in found["refunds"]] == [("manual", "0.00")]


def test_a_refund_by_another_gateway(loop: LoopStranger, director: Director) -> None:
    found = processed(loop, director.make_return("refund", gateway="manual"))

    assert [(row["gateway"], row["amount"]) for row in found["refunds"]] == [("manual", found["refund"])]


@pytest.mark.parametrize(("left_over", "outcome"), [("credit", "exchange+credit"), ("refund", "exchange+refund")])
def test_cheaper_goods_leave_credit_or_money(
    loop: LoopStranger, director: Director, left_over: str, outcome: str
) -> None:
    found = processed(loop, director.make_return("shop_now", left_over=left_over, seed="dear"))

    assert found["outcome"] == outcome
    assert amount(found, "return_total") == amount(found, "exchange_total") + amount(found, "gift_card") + amount(
        found, "refund"
    )


def test_a_balance_blocks_processing_until_it_is_paid(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("outstanding_balance")
    refusal: Any = loop.act(made["return_id"], "process")
    assert "outstanding balance" in refusal["errors"]["message"]

    director.post(f"loop/returns/{made['return_id']}/pay_balance")

    processed(loop, made)


@pytest.mark.parametrize("marker", ["none", "note", "outcome"])
def test_kept_goods_are_told_as_the_switch_says(loop: LoopStranger, director: Director, marker: str) -> None:
    director.post("settings", {"loop.keep_item_marker": marker})
    return_id = director.make_return("keep_item")["return_id"]

    found = settled(loop, return_id)

    notes = loop.call("GET", f"warehouse/return/{return_id}/notes")
    assert (notes.status_code == 200) is (marker == "note")
    assert (found["line_items"][0]["outcome"] == "keep_item") is (marker == "outcome")
    assert (found["label_url"], found["labels"]) == (None, [])


def test_a_drop_off_has_its_method_and_its_box(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("drop_off", parcel="created")
    found = loop.details(made["return_id"])
    assert (found["return_method"]["state"], found["label_status"]) == ("initiated", "N/A")

    director.post(f"loop/returns/{made['return_id']}/drop_off")
    director.post(f"loop/returns/{made['return_id']}/consolidate")

    (shipment,) = loop.call("GET", "happy-returns/shipments").json()["data"]
    items = loop.call("GET", f"happy-returns/shipments/{shipment['loop_shipment_id']}/items").json()
    assert (shipment["line_item_count"], items["total"]) == (1, 1)
    assert str(items["data"][0]["return_id"]) == made["return_id"]
    assert items["data"][0]["happy_returns_return_bag_barcodes"] == [f"HR{made['units'][0]['line_item_id']}"]
    theirs = shipment["happy_returns_shipment_id"]
    assert loop.call("GET", f"happy-returns/shipments/{theirs}").json() == shipment
    assert loop.call("GET", "happy-returns/shipments/1").status_code == 404


def test_a_hidden_return_is_found_by_no_call(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")
    path = f"loop/returns/{made['return_id']}"

    director.post(f"{path}/hide")
    assert loop.call("GET", LIST).json() == []
    assert "error" in loop.details(made["return_id"])
    assert loop.call("GET", f"warehouse/return/details?order_id={made['provider_order_id']}").json() == []
    assert loop.act(made["return_id"], "flag") == {"error": {"message": "No return found with this ID."}}

    director.post(f"{path}/show")
    assert loop.details(made["return_id"])["state"] == "open"


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_an_ended_return_can_be_reopened_by_a_person(loop: LoopStranger, director: Director, end: str) -> None:
    return_id = director.make_return("refund")["return_id"]
    loop.act(return_id, end)

    director.post(f"loop/returns/{return_id}/reopen")

    assert loop.details(return_id)["state"] == "open"
