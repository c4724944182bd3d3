"""Orders and deep links (loop.md 1.4, 2.13)."""

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.strangers import Director, Json, LoopStranger

OURS: Json = {
    "external_id": "1500001",
    "name": "SO10075",
    "line_items": [{"external_id": "1", "quantity": 2}],
    "created_at": "2026-10-01T12:00:00+00:00",
}


def test_an_order_is_told_in_minor_units_under_a_long_id(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund", units=2)

    order = loop.call("GET", f"orders/external/{made['provider_order_id']}").json()["order"]

    assert order["id"] > 2**53
    assert loop.call("GET", f"orders/{order['id']}").json()["order"] == order
    total = sum(
        line["quantity"] * (line["unit_price"]["amount"] - line["unit_discounts"]["amount"])
        for line in order["line_items"]
    )
    assert order["total_price"]["amount"] - order["total_taxes"]["amount"] == total
    price = Decimal(loop.details(made["return_id"])["line_items"][0]["price"])
    assert order["line_items"][0]["unit_price"] == {"amount": int(price * 100), "currency_code": "USD"}


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_orders_come_in_pages_there_and_back(loop: LoopStranger, director: Director, way: str) -> None:
    made = [director.make_return("refund")["provider_order_id"] for _ in range(5)]
    made = made if way == "asc" else made[::-1]
    path, seen, pages = f"orders?limit=2&sort_order={way}", [], []
    while path:
        page = loop.call("GET", path).json()
        pages.append([order["external_id"] for order in page["orders"]])
        seen += pages[-1]
        cursor = page["next_page_url"] and parse_qs(urlsplit(page["next_page_url"]).query)["cursor"][0]
        path = f"orders?limit=2&sort_order={way}&cursor={cursor}" if cursor else ""
        previous = page["previous_page_url"]

    back = loop.session.get(previous, headers={"X-Authorization": loop.shop["api_key"]}, timeout=60).json()

    assert seen == made
    assert [order["external_id"] for order in back["orders"]] == pages[1]


@pytest.mark.parametrize("query", ["limit=0", "limit=251", "sort_order=up", "cursor=x"])
def test_bad_pages_are_422(loop: LoopStranger, query: str) -> None:
    assert loop.call("GET", f"orders?{query}").status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_order_is_inserted_then_changed(loop: LoopStranger, method: str) -> None:
    first = loop.call(method, "orders", body=OURS).json()["order"]

    second = loop.call(method, "orders", body=OURS | {"name": "SO10076"}).json()["order"]

    assert (second["id"], second["name"]) == (first["id"], "SO10076")
    assert len(loop.call("GET", "orders?external_id=1500001").json()["orders"]) == 1
    assert loop.call(method, "orders", body={"name": "x"}).status_code == 422


@pytest.mark.parametrize(("version", "status"), [("v1", 200), ("2026-10", 422)])
def test_the_date_of_an_order_must_be_atom_from_2026_10(loop: LoopStranger, version: str, status: int) -> None:
    loop.version = version

    assert loop.call("POST", "orders", body=OURS | {"created_at": "2026-10-01 12:00:00"}).status_code == status
    assert loop.call("POST", "orders", body=OURS).status_code == 200


def test_units_in_a_return_are_not_eligible_until_it_is_cancelled(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")
    ours = made["units"][0]["provider_line_item_id"]

    def eligible() -> bool:
        body = {"order_name": made["order_name"]}
        found = loop.call("POST", "orders/return-eligibility", body=body).json()["return_eligibility"]
        return bool(next(item for item in found["items"] if item["external_id"] == ours)["eligible"])

    assert not eligible()
    loop.act(made["return_id"], "cancel")
    assert eligible()
    assert loop.call("POST", "orders/return-eligibility", body={"order_name": "#1"}).status_code == 404
    assert loop.call("POST", "orders/return-eligibility", body={}).status_code == 422


def test_links_into_the_portal(loop: LoopStranger, director: Director) -> None:
    name = director.make_return("refund")["order_name"]

    link = loop.call("POST", "order/link", body={"name": name, "zip": "43215"}).json()
    code = loop.call("POST", "order/qr", body={"name": name, "zip": "43215", "type": "svg", "size": 300}).json()

    assert link["url"].startswith("https://northwind.loopreturns.com/#/link/")
    assert code["deeplink_url"] == link["url"]
    assert code["qr"].endswith(".svg?size=300")


@pytest.mark.parametrize(
    ("path", "body"),
    [("order/link", {"name": "#1", "zip": "1"}), ("order/link", {}), ("order/qr", {"name": "#1", "type": "gif"})],
)
def test_a_link_to_nowhere_is_400_with_a_list(loop: LoopStranger, path: str, body: Json) -> None:
    answer = loop.call("POST", path, body=body)

    assert answer.status_code == 400
    assert isinstance(answer.json()["errors"][0], str)
