"""Windows, states and pages of the list, and the shipping notice's days (loop.md 1.4, 2.1, 2.9)."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.sandbox.server import Served
from tests.sandbox.strangers import Director, Json, LoopStranger

LIST = "warehouse/return/list"
ASN = "warehouse/reporting/asn"
ROW_KEYS = (
    "id refund_before_inspection state was_processed outcomes_processed_at created_at updated_at edited_at total"
    " outcome order_id order_name provider_order_id order_number provider_order_number customer origin_country"
    " origin_country_code multi_currency currency return_product_total return_discount_total return_tax_total"
    " return_total return_credit_total exchange_product_total exchange_discount_total exchange_tax_total"
    " exchange_total exchange_credit_total gift_card gift_card_order_name gift_card_order_id handling_fee refund"
    " upsell line_items exchanges carrier tracking_number label_status label_url label_rate status_page_url"
    " label_updated_at labels destination_id return_method package_reference type shopify_refund_object"
)
NOTICE_KEYS = (
    "id return_line_item_id order_id order_name order_number provider_order_number state customer_email title"
    " purchase_price sku barcode carrier service label_status tracking_number integration_tracking_url"
    " restock_status currency label_updated_at label_url label_rate closed_at updated_at created_at"
    " return_reason actioned_by return_method return_method_rma_code return_method_state date_delivered"
    " outcome scannable_id package_reference shipping_box_barcode provider_created_at destination_id"
    " destination_name destination_address1 destination_address2 destination_city destination_state"
    " destination_zip consolidation_tracking"
)


def ids(rows: list[Json]) -> list[str]:
    return [str(row["id"]) for row in rows]


def make_several(director: Director, count: int) -> list[str]:
    return [director.make_return("refund")["return_id"] for _ in range(count)]


def walk(loop: LoopStranger, query: str) -> list[str]:
    """All pages, only the cursor taken from the address of the next."""
    seen: list[str] = []
    cursor = ""
    for _ in range(20):
        page = loop.call("GET", f"{LIST}?paginate=true&{query}{cursor}").json()
        seen += ids(page["returns"])
        if page["nextPageUrl"] is None:
            return seen
        cursor = "&cursor=" + parse_qs(urlsplit(page["nextPageUrl"]).query)["cursor"][0]
    raise AssertionError("pages without end")


def set_moments(served: Served, moments: dict[str, str]) -> None:
    """Rows of one moment cannot be made by waiting: enter the moment."""
    engine = served.sandbox.engine
    for return_id, moment in moments.items():
        loop_return = engine.load(int(return_id))
        assert loop_return is not None
        loop_return.created_at = moment
        engine.save(loop_return)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%S.000Z",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S%%2B00:00",
    ],
)
def test_moments_in_every_form_are_read(loop: LoopStranger, director: Director, form: str) -> None:
    made = make_several(director, 1)
    now = datetime.now(UTC)
    start, end = (now - timedelta(days=1)).strftime(form), (now + timedelta(days=1)).strftime(form)

    assert ids(loop.call("GET", f"{LIST}?from={start}&to={end}").json()) == made


def test_to_alone_is_ignored(loop: LoopStranger, director: Director) -> None:
    made = make_several(director, 1)

    assert ids(loop.call("GET", f"{LIST}?to=2020-01-01").json()) == made


@pytest.mark.parametrize(("days", "status"), [(120, 200), (121, 422)])
def test_a_window_has_120_days_at_most(loop: LoopStranger, days: int, status: int) -> None:
    end = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)).strftime("%Y-%m-%d")

    assert loop.call("GET", f"{LIST}?from=2026-01-01&to={end}").status_code == status


@pytest.mark.parametrize("query", ["state=open,review", "state[]=open&state[]=review"])
def test_several_states_as_the_switch_has_it(loop: LoopStranger, director: Director, query: str) -> None:
    open_one, flagged = director.make_return("refund")["return_id"], director.make_return("flagged")["return_id"]
    refused = loop.call("GET", f"{LIST}?{query}")
    assert refused.json() == {
        "message": "The given data was invalid.",
        "errors": {"state": ["The selected state is invalid."]},
    }

    director.post("settings", {"loop.state_lists": "accepted"})

    assert ids(loop.call("GET", f"{LIST}?{query}").json()) == [open_one, flagged]


def test_updated_at_finds_what_created_at_does_not(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")["return_id"]
    director.post("clock", {"advance_seconds": 3 * 86_400})
    director.post(f"loop/returns/{made}/advance", {"to": "delivered"})

    assert loop.call("GET", LIST).json() == []
    assert ids(loop.call("GET", f"{LIST}?filter=updated_at").json()) == [made]


@pytest.mark.parametrize(("ties", "seen"), [("exact", [0, 1, 2, 3]), ("skipped", [0, 1, 3]), ("repeated", None)])
def test_rows_of_one_moment_at_a_pages_edge(
    loop: LoopStranger, director: Director, served: Served, ties: str, seen: list[int] | None
) -> None:
    made = make_several(director, 4)
    now = datetime.now(UTC)
    moments = [(now - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S") for minutes in (9, 8, 8, 7)]
    set_moments(served, dict(zip(made, moments, strict=True)))
    director.post("settings", {"loop.cursor_ties": ties})

    if seen is not None:
        assert walk(loop, "pageSize=2") == [made[place] for place in seen]
    else:
        first = loop.call("GET", f"{LIST}?paginate=true&pageSize=3").json()
        cursor = parse_qs(urlsplit(first["nextPageUrl"]).query)["cursor"][0]
        assert ids(loop.call("GET", f"{LIST}?paginate=true&pageSize=3&cursor={cursor}").json()["returns"]) == made[1:]


def test_a_cursor_is_the_moment_in_base64(loop: LoopStranger, director: Director) -> None:
    make_several(director, 3)
    director.post("settings", {"loop.cursor_ties": "skipped"})
    page = loop.call("GET", f"{LIST}?paginate=true&pageSize=1").json()

    cursor = json.loads(base64.b64decode(parse_qs(urlsplit(page["nextPageUrl"]).query)["cursor"][0]))

    assert set(cursor) == {"created_at", "_pointsToNextItems"}
    assert cursor["_pointsToNextItems"] is True


def test_the_previous_page_leads_back(loop: LoopStranger, director: Director) -> None:
    made = make_several(director, 3)
    first = loop.call("GET", f"{LIST}?paginate=true&pageSize=2").json()
    second = loop.session.get(
        first["nextPageUrl"], headers={"X-Authorization": loop.shop["api_key"]}, timeout=60
    ).json()

    back = loop.session.get(
        second["previousPageUrl"], headers={"X-Authorization": loop.shop["api_key"]}, timeout=60
    ).json()

    assert (ids(first["returns"]), ids(second["returns"])) == (made[:2], made[2:])
    assert (ids(back["returns"]), back["previousPageUrl"]) == (made[:2], None)


def test_the_next_page_may_repeat_all_that_was_asked(loop: LoopStranger, director: Director) -> None:
    make_several(director, 2)
    director.post("settings", {"loop.next_url": "full"})

    page = loop.call("GET", f"{LIST}?paginate=true&pageSize=1&filter=updated_at").json()

    assert {"filter", "paginate", "pageSize", "cursor"} == set(parse_qs(urlsplit(page["nextPageUrl"]).query))


@pytest.mark.parametrize("cursor", ["x", "bnVsbA==", "e30=", "WzFd"])
def test_a_broken_cursor_is_422(loop: LoopStranger, cursor: str) -> None:
    assert loop.call("GET", f"{LIST}?paginate=true&cursor={cursor}").status_code == 422


@pytest.mark.parametrize(("switch", "shown"), [("as_is", "20001"), ("empty", ""), ("null", None)])
def test_order_numbers_as_the_switch_has_them(
    loop: LoopStranger, director: Director, switch: str, shown: str | None
) -> None:
    director.post("settings", {"loop.drift.order_number": switch})
    director.make_return("refund")

    assert loop.call("GET", LIST).json()[0]["order_number"] == shown


def test_the_keys_come_in_the_captured_order(loop: LoopStranger, director: Director) -> None:
    director.make_return("exchange")

    (row,) = loop.call("GET", LIST).json()

    captured = ROW_KEYS.split()
    assert list(row)[: len(captured)] == captured


@pytest.mark.parametrize(
    ("switch", "header", "below"), [("mixed", 7.85, 785), ("major", 7.85, 7.85), ("cents", 785, 785)]
)
def test_the_unit_of_a_labels_rate(
    loop: LoopStranger, director: Director, switch: str, header: float, below: float
) -> None:
    director.post("settings", {"loop.label_rate": switch})
    director.make_return("refund")

    (row,) = loop.call("GET", LIST).json()

    assert (row["label_rate"], row["labels"][0]["rate"]) == (header, below)


@pytest.mark.parametrize(("switch", "words"), [("N/A", ("N/A", "N/A")), ("pending", ("", "pending"))])
def test_label_fields_before_there_is_a_label(
    loop: LoopStranger, director: Director, switch: str, words: tuple[str, str]
) -> None:
    director.post("settings", {"loop.before_label": switch})
    director.make_return("keep_item")

    row = loop.call("GET", LIST).json()[0]

    assert (row["carrier"], row["label_status"]) == words


@pytest.mark.parametrize(
    ("scenario", "owed", "moved"), [("upsell", "-upsell", "upsell"), ("store_credit", "0.00", "gift_card")]
)
def test_total_of_upsell_and_credit(
    loop: LoopStranger, director: Director, scenario: str, owed: str, moved: str
) -> None:
    director.make_return(scenario, seed="total")
    (plain,) = loop.call("GET", LIST).json()
    assert plain["total"] == "0.00"

    for switch, expected in (("owed", owed), ("moved", moved)):
        director.post("settings", {"loop.total": switch})
        (row,) = loop.call("GET", LIST).json()
        wanted = row.get(expected.lstrip("-"), expected)
        assert row["total"] == ("-" if expected.startswith("-") else "") + wanted


# --- the shipping notice


def test_the_notice_has_all_columns(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund", parcel="delivered")
    loop.act(made["return_id"], "close")

    (row,) = loop.call("GET", ASN).json()

    assert set(row) == set(NOTICE_KEYS.split())
    assert (row["state"], row["actioned_by"], row["destination_city"]) == ("closed", "api", "Columbus")
    assert row["closed_at"].endswith("+00:00")
    assert row["date_delivered"]


def test_a_day_nobody_can_read_is_the_epoch(loop: LoopStranger, director: Director) -> None:
    director.make_return("refund")

    assert len(loop.call("GET", f"{ASN}?from=yesterday").json()) == 1
    assert loop.call("GET", f"{ASN}?from=2026-01-01&to=whenever").json() == []


@pytest.mark.parametrize(("version", "status"), [("v1", 200), ("2026-10", 422)])
def test_the_notices_range_is_capped_from_2026_10(loop: LoopStranger, version: str, status: int) -> None:
    loop.version = version

    assert loop.call("GET", f"{ASN}?from=2026-01-01&to=2026-06-30").status_code == status
    assert loop.call("GET", f"{ASN}?from=2026-01-01&to=2026-04-30").status_code == 200


@pytest.mark.parametrize(("switch", "count"), [("all", 1), ("listed", 0)])
def test_states_of_the_notice(loop: LoopStranger, director: Director, switch: str, count: int) -> None:
    director.post("settings", {"loop.asn_states": switch, "loop.drift.restock_status": "queued"})
    director.make_return("flagged")

    rows = loop.call("GET", ASN).json()

    assert len(rows) == count
    assert all(row["restock_status"] == "queued" for row in rows)


# --- readings left open, each by its switch


@pytest.mark.parametrize(
    ("switch", "answer"), [("empty", []), ("error", {"error": {"message": "No return found with this ID."}})]
)
def test_an_order_without_returns(loop: LoopStranger, director: Director, switch: str, answer: object) -> None:
    director.post("settings", {"loop.unknown_order": switch})

    assert loop.call("GET", "warehouse/return/details?order_name=SO1").json() == answer


@pytest.mark.parametrize(
    ("shape", "scenario", "keys"),
    [
        ("absent", "multi_currency", None),
        ("foreign", "refund", None),
        ("lines", "refund", {"line_items"}),
        ("full", "refund", {"currency", "refund", "return_total", "line_items"}),
    ],
)
def test_the_shape_of_presentment(
    loop: LoopStranger, director: Director, shape: str, scenario: str, keys: set[str] | None
) -> None:
    director.post("settings", {"loop.presentment": shape})

    found = loop.details(director.make_return(scenario)["return_id"]).get("presentment")

    assert (found is None) is (keys is None)
    assert (keys or set()) <= set(found or {})


def test_words_nobody_knows_yet(loop: LoopStranger, director: Director) -> None:
    words = {"loop.unit_outcome": "real", "loop.exchange_type": "shop_now", "loop.out_of_stock_resolution": "waited"}
    director.post("settings", words | {"loop.shop_cash": True})
    return_id = director.make_return("out_of_stock")["return_id"]
    director.post(f"loop/returns/{return_id}/restock_item")

    found = loop.details(return_id)

    assert [unit["outcome"] for unit in found["line_items"]] == ["exchange", "refund"]
    assert (found["exchanges"][0]["type"], found["exchanges"][0]["out_of_stock_resolution"]) == ("shop_now", "waited")
    assert found["outcomes_processed_at"]["shop_cash_processed"] is None
