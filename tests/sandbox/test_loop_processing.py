"""When outcomes run, how far they get, and what exchange orders are called (loop.md 2.3, 3.7, 4.1, 4.3)."""

import pytest

from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for


def settled(loop: LoopStranger, return_id: str, *, state: str = "closed") -> Json:
    found: Json = wait_for(lambda: (one := loop.details(return_id))["state"] == state and one)
    assert found, loop.details(return_id)
    return found


@pytest.mark.parametrize("event", ["immediate", "pre_transit", "in_transit", "out_for_delivery", "delivered"])
def test_loop_refunds_by_itself_at_the_chosen_step(loop: LoopStranger, director: Director, event: str) -> None:
    director.post("settings", {"shops": {"northwind": {"processing_event.refund": event}}})
    return_id = director.make_return("refund", parcel="created")["return_id"]
    steps = ("immediate", "pre_transit", "in_transit", "out_for_delivery", "delivered")
    before = steps[steps.index(event) - 1]
    if event != "immediate":
        if before != "immediate":
            director.post(f"loop/returns/{return_id}/advance", {"to": before})
        assert not wait_for(lambda: loop.details(return_id)["state"] == "closed", seconds=0.3)
        director.post(f"loop/returns/{return_id}/advance", {"to": event})

    assert settled(loop, return_id)["refunds"]


def test_a_step_left_out_still_counts(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.processing_event.refund": "in_transit"})
    return_id = director.make_return("refund", parcel="created")["return_id"]

    director.post(f"loop/returns/{return_id}/scan", {"status": "delivered"})

    settled(loop, return_id)


def test_each_outcome_has_an_event_of_its_own(loop: LoopStranger, director: Director) -> None:
    events = {"loop.processing_event.exchange": "in_transit", "loop.processing_event.refund": "delivered"}
    director.post("settings", events)
    return_id = director.make_return("exchange_and_refund")["return_id"]
    assert wait_for(lambda: loop.details(return_id)["outcomes_processed_at"]["exchange_processed"])
    found = loop.details(return_id)
    assert (found["state"], found["refunds"], found["was_processed"]) == ("open", [], False)

    director.post(f"loop/returns/{return_id}/advance", {"to": "delivered"})

    assert len(settled(loop, return_id)["refunds"]) == 1


def test_a_return_in_review_does_not_run_by_itself(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.processing_event.refund": "in_transit"})

    return_id = director.make_return("flagged", parcel="delivered")["return_id"]

    assert not wait_for(lambda: loop.details(return_id)["state"] == "closed", seconds=0.3)


@pytest.mark.parametrize(("switch", "works"), [("accepted", True), ("refused", False)])
def test_processing_an_expired_return(loop: LoopStranger, director: Director, switch: str, works: bool) -> None:
    director.post("settings", {"loop.process_expired": switch})
    return_id = director.make_return("refund")["return_id"]
    director.post(f"loop/returns/{return_id}/expire")

    answer = loop.act(return_id, "process")

    assert (answer is True) is works
    settled(loop, return_id, state="closed" if works else "expired")


@pytest.mark.parametrize(("switch", "state"), [("stays", "expired"), ("reopens", "open")])
def test_a_scan_of_an_expired_return(loop: LoopStranger, director: Director, switch: str, state: str) -> None:
    director.post("settings", {"loop.expired_scan": switch})
    return_id = director.make_return("refund", parcel="created")["return_id"]
    director.post(f"loop/returns/{return_id}/expire")

    director.post(f"loop/returns/{return_id}/advance", {"to": "in_transit"})

    assert loop.details(return_id)["state"] == state


def test_flagged_returns_process_where_the_merchant_allows_it(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"shops": {"northwind": {"allow_flagged_processing": True}}})
    return_id = director.make_return("flagged")["return_id"]

    assert loop.act(return_id, "process") is True

    settled(loop, return_id)


@pytest.mark.parametrize(("switch", "second"), [("number", "X-{}-2"), ("letter", "X-{}-B"), ("none", "X-{}")])
def test_a_second_exchange_order_of_one_order(loop: LoopStranger, director: Director, switch: str, second: str) -> None:
    director.post("settings", {"loop.exchange_prefix": "X-", "loop.exchange_suffix": switch})
    made = director.make_return("out_of_stock", exchanged=2)
    number = made["order_name"].lstrip("#")
    settled(loop, made["return_id"], state="review")

    director.post(f"loop/returns/{made['return_id']}/restock_item")

    names = {one["exchange_order_name"] for one in settled(loop, made["return_id"])["exchanges"]}
    assert names == {f"X-{number}", second.format(number)}


@pytest.mark.parametrize(("switch", "name"), [("null", None), ("original", "order")])
def test_a_native_exchange_has_no_order_of_its_own(
    loop: LoopStranger, netsuite: NetSuiteStranger, director: Director, switch: str, name: str | None
) -> None:
    director.post("settings", {"loop.exchange_mode": "native", "loop.native_order_names": switch})
    director.post("settings", {"connector.exchange_delay_s": 0})
    made = director.make_return("exchange")
    before = len(netsuite.read("salesOrder", made["netsuite"]["sales_order_id"])["item"]["items"])
    loop.act(made["return_id"], "process")

    found = settled(loop, made["return_id"])

    assert found["exchanges"][0]["exchange_order_name"] == (made["order_name"] if name else None)
    assert found["outcomes_processed_at"]["exchange_processed"]
    order = made["netsuite"]["sales_order_id"]
    assert wait_for(lambda: len(netsuite.read("salesOrder", order)["item"]["items"]) == before + 1)
    assert netsuite.query("SELECT id FROM transaction WHERE otherrefnum LIKE 'EXC-%'") == []


def test_a_connector_may_make_an_order_of_a_native_exchange(
    loop: LoopStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    director.post("settings", {"connector.native_exchange": "extra_order", "connector.exchange_delay_s": 0})
    made = director.make_return("native_exchange")
    loop.act(made["return_id"], "process")

    sql = "SELECT id FROM transaction WHERE externalid = ?"
    assert wait_for(lambda: netsuite.query(sql, f"{made['provider_order_id']}-{made['return_id']}"))


def test_goods_that_come_later_get_an_order_of_their_own(
    loop: LoopStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    director.post("settings", {"connector.exchange_delay_s": 0})
    made = director.make_return("out_of_stock", exchanged=2, tax_rate="0.0725")
    settled(loop, made["return_id"], state="review")

    director.post(f"loop/returns/{made['return_id']}/restock_item")

    found = settled(loop, made["return_id"])
    sql = "SELECT foreigntotal AS total FROM transaction WHERE externalid = ?"
    orders = {one["exchange_order_id"] for one in found["exchanges"]}
    assert len(orders) == len(found["exchanges"])
    for order in orders:
        rows = wait_for(lambda order=order: netsuite.query(sql, order))
        assert float(rows[0]["total"]) == 0.0


@pytest.mark.parametrize(
    ("mode", "location", "status"),
    [("automatic", True, "restocked"), ("off", False, "not_restocked"), ("webhook", False, "requested")],
)
def test_restocking_shows_in_two_places_only(
    loop: LoopStranger, director: Director, mode: str, location: bool, status: str
) -> None:
    director.post("settings", {"loop.restock": mode})
    made = director.make_return("refund")
    loop.act(made["return_id"], "process")

    found = settled(loop, made["return_id"])

    assert (found["line_items"][0]["provider_restock_location_id"] is not None) is location
    assert loop.call("GET", "warehouse/reporting/asn").json()[0]["restock_status"] == status


@pytest.mark.parametrize(("switch", "kind"), [("text", str), ("number", float)])
def test_amounts_of_refunds_are_text_or_numbers(
    loop: LoopStranger, director: Director, switch: str, kind: type
) -> None:
    director.post("settings", {"loop.drift.refund_amounts": switch})
    made = director.make_return("refund")
    loop.act(made["return_id"], "process")

    assert isinstance(settled(loop, made["return_id"])["refunds"][0]["amount"], kind)


@pytest.mark.parametrize(("switch", "currency"), [("shop", "USD"), ("presentment", "CAD")])
def test_the_currency_money_goes_back_in(loop: LoopStranger, director: Director, switch: str, currency: str) -> None:
    director.post("settings", {"loop.refund_currency": switch})
    made = director.make_return("multi_currency")
    loop.act(made["return_id"], "process")

    assert settled(loop, made["return_id"])["refunds"][0]["currency"] == currency


def test_details_of_a_process_call_land_on_the_timeline(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("refund")["return_id"]

    loop.call("POST", f"warehouse/return/{return_id}/process", body={"warehouse": "Columbus", "dock": "4"})

    notes = loop.call("GET", f"warehouse/return/{return_id}/notes").json()["notes"]
    assert notes[0]["content"] == "warehouse: Columbus dock: 4"


@pytest.mark.parametrize("what", ["labels", "processing"])
def test_some_changes_may_leave_updated_at_alone(loop: LoopStranger, director: Director, what: str) -> None:
    director.post("settings", {"loop.drift.silent": [what]})
    return_id = director.make_return("refund", parcel="created")["return_id"]
    moments = [loop.details(return_id)["updated_at"]]
    for act in ("advance", "settle"):
        director.post("clock", {"advance_seconds": 60})
        director.post(f"loop/returns/{return_id}/{act}")
        if act == "settle":
            settled(loop, return_id)
        moments.append(loop.details(return_id)["updated_at"])

    moved = [later > earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert moved == [what != "labels", what != "processing"]


def test_an_edit_changes_what_a_unit_turns_into(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")
    unit = made["units"][0]["line_item_id"]

    director.post(f"loop/returns/{made['return_id']}/edit", {"outcome": {unit: "credit"}})

    found = loop.details(made["return_id"])
    assert (found["outcome"], found["refund"]) == ("credit", "0.00")
    assert found["edited_at"]
    url = f"{director.url}/_sandbox/loop/returns/{made['return_id']}/edit"
    assert director.session.post(url, json={"colour": "red"}, timeout=60).status_code == 400
