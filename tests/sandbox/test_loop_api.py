"""Loop's API as loop.md 1-4 describes it: shapes, windows, refusals with HTTP 200, processing, removal."""

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.strangers import Director, Json, LoopStranger, wait_for

LIST = "warehouse/return/list"


def settled(loop: LoopStranger, return_id: str) -> Json:
    found: Json = wait_for(lambda: (one := loop.details(return_id))["state"] == "closed" and one)
    assert found, loop.details(return_id)
    return found


def test_a_wrong_key_is_401_in_loops_shape(loop: LoopStranger) -> None:
    loop.shop = {**loop.shop, "api_key": "wrong"}

    answer = loop.call("GET", LIST)

    assert answer.status_code == 401
    assert answer.json()["error"]["http_code"] == "GEN-UNAUTHORIZED"


def test_a_key_opens_its_own_shop_only(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund", shop="harbour")

    assert loop.call("GET", LIST).json() == []
    assert loop.details(made["return_id"]) == {"error": {"message": "No return found with this ID."}}


def test_the_list_is_a_bare_array_of_text_ids_and_iso_times(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")

    (row,) = loop.call("GET", LIST).json()

    assert row["id"] == made["return_id"]
    assert row["created_at"].endswith("+00:00")
    assert row["line_items"][0]["return_reason"]
    assert "refunds" not in row
    assert row["outcomes_processed_at"]["return_processed"] is None


def test_details_have_number_ids_bare_times_and_other_names(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")

    found = loop.details(made["return_id"])

    assert str(found["id"]) == made["return_id"]
    assert found["created_at"][10] == " "
    assert str(found["order_id"]) == made["provider_order_id"]
    assert found["line_items"][0]["reason"]
    assert "return_reason" not in found["line_items"][0]
    assert found["edited_at"] == found["updated_at"]


def test_details_by_order_are_an_array(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")

    by_name = loop.call("GET", f"warehouse/return/details?order_name=%23{made['order_name'][1:]}").json()
    by_id = loop.call("GET", f"warehouse/return/details?order_id={made['provider_order_id']}").json()

    assert [one["id"] for one in by_name] == [one["id"] for one in by_id] == [int(made["return_id"])]


def test_cancelled_and_review_are_hidden_unless_asked_for(loop: LoopStranger, director: Director) -> None:
    director.make_return("flagged")
    cancelled = director.make_return("refund")
    director.post(f"loop/returns/{cancelled['return_id']}/cancel")

    assert loop.call("GET", LIST).json() == []
    assert len(loop.call("GET", f"{LIST}?state=review").json()) == 1
    row = loop.call("GET", f"{LIST}?state=cancelled").json()[0]
    assert row["return_total"] == "0.00"
    assert row["line_items"][0]["price"] != "0.00"


@pytest.mark.parametrize(
    "query",
    ["from=2026-01-01&to=2026-11-01", "from=yesterday", "state=open,closed", "filter=id", "paginate=true&pageSize=751"],
)
def test_bad_windows_are_422(loop: LoopStranger, query: str) -> None:
    answer = loop.call("GET", f"{LIST}?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_from_alone_is_one_day(loop: LoopStranger, director: Director) -> None:
    director.make_return("refund")

    assert loop.call("GET", f"{LIST}?from=2026-01-01T00:00:00.000Z").json() == []


def test_pages_carry_only_cursor_and_size(loop: LoopStranger, director: Director) -> None:
    wanted = {director.make_return("refund")["return_id"] for _ in range(5)}
    seen: list[str] = []
    query = "paginate=true&pageSize=2&filter=updated_at"
    cursor = ""
    while True:
        page = loop.call("GET", f"{LIST}?{query}{cursor}").json()
        seen += [row["id"] for row in page["returns"]]
        if page["nextPageUrl"] is None:
            break
        assert "filter" not in page["nextPageUrl"]
        cursor = "&cursor=" + page["nextPageUrl"].split("cursor=")[1]

    assert len(seen) == 5
    assert set(seen) == wanted


def test_processing_is_queued_and_fills_the_money_fields(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")

    assert loop.act(made["return_id"], "process") is True
    found = settled(loop, made["return_id"])

    assert found["outcomes_processed_at"]["refund_processed"]["timezone"] == "UTC"
    assert [(row["gateway"], row["amount"]) for row in found["refunds"]] == [("shopify_payments", found["refund"])]
    assert found["shopify_refund_object"][0]["provider_refund_id"]
    assert wait_for(lambda: loop.details(made["return_id"])["was_processed"])


def test_refusals_come_with_http_200(loop: LoopStranger, director: Director) -> None:
    closed = director.make_return("closed_unprocessed")["return_id"]
    flagged = director.make_return("flagged")["return_id"]

    assert loop.act(closed, "process")["errors"]["code"] == "UNPROCESSABLE_RETURN"
    assert loop.act(flagged, "process")["errors"]["code"] == "UNPROCESSABLE_FLAGGED_RETURN"
    assert "content" in loop.act(flagged, "cancel")
    assert loop.act("1", "process")["error"]["message"]


def test_closing_moves_no_money(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("refund")["return_id"]

    assert loop.act(return_id, "close") is True

    found = loop.details(return_id)
    assert (found["state"], found["refunds"], found["was_processed"]) == ("closed", [], False)


def test_removing_zeroes_the_unit_and_processes_the_rest(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund", units=2)
    refused = made["units"][0]["line_item_id"]

    assert loop.act(made["return_id"], f"remove?line_item_id={refused}") is True
    found = settled(loop, made["return_id"])

    gone, kept = found["line_items"]
    assert (gone["price"], gone["refund"], gone["returned_at"]) == ("0.00", "0.00", None)
    assert kept["refund"] == found["refund"] == found["refunds"][0]["amount"]
    again = loop.call("POST", f"warehouse/return/{made['return_id']}/remove?line_item_id={refused}")
    assert again.status_code == 422


def test_removing_every_unit_cancels(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")

    loop.act(made["return_id"], f"remove?line_item_id={made['units'][0]['line_item_id']}")

    assert loop.details(made["return_id"])["state"] == "cancelled"


def test_exchange_units_cannot_be_removed(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("exchange")
    path = f"warehouse/return/{made['return_id']}/remove?line_item_id={made['units'][0]['line_item_id']}"

    answer = loop.call("POST", path)

    assert answer.status_code == 422
    assert "qualify" in answer.text


def test_a_fee_is_shared_over_item_and_tax(loop: LoopStranger, director: Director) -> None:
    found = loop.details(director.make_return("refund_fee", units=2, tax_rate="0.0725")["return_id"])

    refund = Decimal(found["refund"])
    assert refund == Decimal(found["return_total"]) - Decimal("6.95")
    assert refund == sum(Decimal(unit["refund"]) for unit in found["line_items"])
    for unit in found["line_items"]:
        assert Decimal(unit["refund"]) == Decimal(unit["refund_item"]) + Decimal(unit["refund_tax"])


def test_twins_have_uneven_cents_that_add_up(loop: LoopStranger, director: Director) -> None:
    found = loop.details(director.make_return("twin_units", tax_rate="0.0725")["return_id"])

    first, second = found["line_items"]
    assert first["provider_line_item_id"] == second["provider_line_item_id"]
    assert first["discount"] != second["discount"]
    assert Decimal(first["discount"]) + Decimal(second["discount"]) == Decimal(found["return_discount_total"])


def test_an_even_exchange_nets_to_nothing(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("exchange")["return_id"]
    found = loop.details(return_id)
    assert (found["outcome"], found["refund"], found["upsell"]) == ("exchange", "0.00", "0.00")
    assert found["exchange_total"] == found["return_credit_total"]
    assert found["exchanges"][0]["exchange_order_id"] is None

    loop.act(return_id, "process")

    assert settled(loop, return_id)["exchanges"][0]["exchange_order_name"].startswith("EXC-")


def test_the_other_outcomes(loop: LoopStranger, director: Director) -> None:
    outcomes: dict[str, Any] = {}
    for scenario in ("store_credit", "exchange_and_refund", "upsell"):
        found = loop.details(director.make_return(scenario)["return_id"])
        outcomes[scenario] = (found["outcome"], found["gift_card"] != "0.00", found["refund"] != "0.00")

    assert outcomes == {
        "store_credit": ("credit", True, False),
        "exchange_and_refund": ("exchange+refund", False, True),
        "upsell": ("upsell", False, False),
    }


def test_a_failed_processing_ends_in_review(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("processing_fails")["return_id"]

    loop.act(return_id, "process")

    assert wait_for(lambda: loop.details(return_id)["state"] == "review")
    assert loop.details(return_id)["refunds"] == []


def test_notes(loop: LoopStranger, director: Director) -> None:
    path = f"warehouse/return/{director.make_return('refund')['return_id']}"
    assert (loop.call("GET", f"{path}/notes").status_code, loop.call("GET", f"{path}/notes").json()) == (422, False)

    assert loop.call("POST", f"{path}/note", body={"content": "Box crushed"}).json() is True

    assert loop.call("GET", f"{path}/notes").json()["notes"][0]["content"] == "Box crushed"
    assert loop.call("POST", f"{path}/note", body={"content": "x" * 255}).status_code == 422


def test_inspection_annotates_units(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")
    line = int(made["units"][0]["line_item_id"])
    item = {"line_item_id": line, "disposition_outcome": "back_to_stock", "return_processor": "dock@example.com"}

    assert loop.call("POST", "dispositioning/assess", body={"items": [item]}).json() == [item]

    unit = loop.details(made["return_id"])["line_items"][0]
    assert unit["disposition"]["disposition_outcome"] == "back_to_stock"
    wrong = {"items": [{**item, "disposition_outcome": "sold"}]}
    assert loop.call("POST", "dispositioning/assess", body=wrong).status_code == 422
    foreign = {"items": [{**item, "line_item_id": 1}]}
    assert loop.call("POST", "dispositioning/assess", body=foreign).status_code == 403


def test_the_rate_limit_is_counted_per_key(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop": {"rate_limit_per_minute": 2}})

    answers = [loop.call("GET", "destinations") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert answers[2].json() == {"message": "Too Many Attempts."}


def test_the_shipping_notice_has_a_row_per_unit(loop: LoopStranger, director: Director) -> None:
    director.make_return("refund", units=2, parcel="delivered")

    rows = loop.call("GET", "warehouse/reporting/asn").json()

    assert len(rows) == 2
    assert rows[0]["date_delivered"]


def test_an_unsent_parcel_expires(loop: LoopStranger, director: Director) -> None:
    unsent = director.make_return("refund", parcel="created")["return_id"]
    sent = director.make_return("refund", parcel="in_transit")["return_id"]

    director.post("clock", {"advance_seconds": 29 * 86_400})

    assert wait_for(lambda: loop.details(unsent)["state"] == "expired")
    assert loop.details(sent)["state"] == "open"


def test_shapes_drift_as_switched(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("refund_fee")["return_id"]
    plain = loop.details(return_id)

    switches = {"extra_fields": True, "fee": "sign", "details_as_array": True, "outcome": "refund+credit"}
    director.post("settings", {"loop": {"drift": switches}})
    (drifted,) = loop.call("GET", f"warehouse/return/details?return_id={return_id}").json()

    assert drifted["handling_fee"] == f"${plain['handling_fee']}"
    assert drifted["outcome"] == "refund+credit"
    assert set(drifted) > set(plain)


def test_a_silent_update_leaves_the_time_alone(loop: LoopStranger, director: Director) -> None:
    return_id = director.make_return("refund", parcel="created")["return_id"]
    before = loop.details(return_id)["updated_at"]
    director.post("settings", {"loop": {"drift": {"silent_updates": True}}})
    director.post("clock", {"advance_seconds": 60})

    director.post(f"loop/returns/{return_id}/advance", {"to": "delivered"})

    assert loop.details(return_id)["label_status"] == "delivered"
    assert loop.details(return_id)["updated_at"] == before
