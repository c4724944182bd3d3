"""Returns told to the cent: what Loop shows and what NetSuite holds is what was told, and Loop's sums follow it."""

from decimal import Decimal

import pytest

from integrations.sandbox.loop.views import money
from integrations.sandbox.money import places_of, share_out
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for

BOOT: Json = {"sku": "BOOT-42", "price": "72.00", "tax": "5.76"}
SOCKS: Json = {"sku": "SOCKS", "price": "10.00", "tax": "0.80", "outcome": "credit"}


@pytest.fixture
def goods(director: Director, account: Json) -> None:
    for sku in ("BOOT-42", "SOCKS"):
        director.post("netsuite/act", {"account": account["account_id"], "action": "create_item", "sku": sku})


def test_told_return_is_shown_to_the_cent(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT, SOCKS], "fee": "5.00"})

    shown = loop.details(told["return_id"])
    assert (shown["refund"], shown["gift_card"], shown["handling_fee"]) == ("72.76", "10.80", "5.00")
    assert [unit["sku"] for unit in shown["line_items"]] == ["BOOT-42", "SOCKS"]


def test_told_bill_stands_in_netsuite(director: Director, netsuite: NetSuiteStranger, goods: None) -> None:
    told = director.post("loop/told", {"units": [BOOT]})
    line = {"sku": "BOOT-42", "amount": "72.00", "tax": "5.73", "line": told["lines"]["line-1"]}

    made = director.post(f"loop/told/{told['return_id']}/bill", {"lines": [line]})
    again = director.post(f"loop/told/{told['return_id']}/bill", {"lines": [line], "again": True})

    totals = [
        Decimal(str(netsuite.call("GET", f"record/v1/invoice/{one['invoice_id']}").json()["total"]))
        for one in (made, again)
    ]
    assert totals == [Decimal("77.73")] * 2


def test_told_bill_in_another_currency(director: Director, netsuite: NetSuiteStranger, goods: None) -> None:
    told = director.post("loop/told", {"units": [BOOT]})
    body = {"currency": "JPY", "billing": "cash_sale", "lines": [{"sku": "BOOT-42", "amount": "7200", "tax": "720"}]}

    made = director.post(f"loop/told/{told['return_id']}/bill", body)

    sale = netsuite.call("GET", f"record/v1/cashSale/{made['cash_sale_id']}").json()
    assert (sale["total"], sale["currency"]["refName"]) == (7920, "JPY")


def test_told_figures_are_shown_and_paid_until_the_return_changes(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT, BOOT]})
    act = f"loop/returns/{told['return_id']}"

    director.post(f"{act}/tell", {"amounts": {"refund": "150.00"}, "leaves_out": ["handling_fee"]})
    shown = loop.details(told["return_id"])
    assert shown["refund"] == "150.00"
    assert "handling_fee" not in shown

    director.post(f"{act}/edit", {"remove": [int(told["units"][0])]})
    assert loop.details(told["return_id"])["refund"] == "77.76"


def test_held_return_is_settled_by_a_person_alone(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT]})
    act = f"loop/returns/{told['return_id']}"
    director.post(f"{act}/hold", {})

    loop.call("POST", f"warehouse/return/{told['return_id']}/process")
    assert wait_for(lambda: not director.get("health")["due_jobs"])
    assert loop.details(told["return_id"])["state"] == "open"

    director.post(f"{act}/settle", {})
    assert wait_for(lambda: loop.details(told["return_id"])["state"] == "closed")


def test_next_processing_fails_when_told_so(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT]})
    director.post(f"loop/returns/{told['return_id']}/fail_next", {})

    loop.call("POST", f"warehouse/return/{told['return_id']}/process")

    assert wait_for(lambda: loop.details(told["return_id"])["state"] == "review")


def test_goods_are_ordered_before_the_settlement(director: Director, loop: LoopStranger) -> None:
    new = {"sku": "SOCKS", "price": "72.00", "tax": "5.76"}
    told = director.post("loop/told", {"units": [BOOT | {"outcome": "exchange"}], "exchanges": [new]})

    director.post(f"loop/returns/{told['return_id']}/order_goods", {})

    (shown,) = loop.details(told["return_id"])["exchanges"]
    assert shown["exchange_order_name"] == f"EXC-{told['order_number']}"


def test_unit_is_added_like_another(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT]})

    director.post(f"loop/returns/{told['return_id']}/add_units", {"units": [{"like": int(told["units"][0])}]})

    shown = loop.details(told["return_id"])
    assert (len(shown["line_items"]), shown["refund"]) == (2, "155.52")


def test_state_may_be_any_word(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT]})

    director.post(f"loop/returns/{told['return_id']}/set_state", {"state": "limbo"})

    assert loop.details(told["return_id"])["state"] == "limbo"


def test_shop_opened_beside_another_has_keys_and_order_numbers_of_its_own(director: Director) -> None:
    first = director.get("world")["loop_shops"][0]

    opened = director.post("loop/shops", {"code": "outlet", "beside": "northwind", "currency": "EUR"})

    assert opened["netsuite_account"] == first["netsuite_account"]
    assert opened["api_key"] != first["api_key"]
    director.post("settings", {"shops": {"outlet": {"loop": {"loop_discount": False}}}})
    numbers = {
        director.post("loop/told", {"shop": one, "units": [BOOT]})["order_number"] for one in ("northwind", "outlet")
    }
    assert len(numbers) == 2


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("loop/told", {"units": []}, "units is a list"),
        ("loop/told", {"units": [BOOT | {"price": "much"}]}, "an amount such as"),
        ("loop/told", {"units": [BOOT], "colour": "red"}, "unknown: colour"),
        ("loop/shops", {"code": "northwind"}, "no other shop's"),
        ("loop/told/1/bill", {"lines": []}, "no return 1"),
    ],
)
def test_nonsense_is_refused_with_what_can_be_told(director: Director, path: str, body: Json, words: str) -> None:
    answer = director.session.post(f"{director.url}/_sandbox/{path}", json=body, timeout=60)

    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_amounts_have_the_places_of_their_currency() -> None:
    weights = [Decimal(1), Decimal(1), Decimal(1)]

    assert share_out(Decimal(100), weights=weights, decimals=places_of("JPY")) == [33, 34, 33]
    assert sum(share_out(Decimal("22.444"), weights=weights, decimals=places_of("KWD"))) == Decimal("22.444")
    assert [money(Decimal(text)) for text in ("7920", "22.44", "22.444")] == ["7920.00", "22.44", "22.444"]


def test_second_return_of_the_order_names_its_line(director: Director, loop: LoopStranger) -> None:
    first = director.post("loop/told", {"units": [BOOT]})
    second = director.post("loop/told", {"units": [BOOT, SOCKS], "order_of": int(first["return_id"])})

    assert second["provider_order_id"] == first["provider_order_id"]
    assert second["lines"]["line-1"] == first["lines"]["line-1"] != second["lines"]["line-2"]
    assert loop.details(first["return_id"])["order_name"] == loop.details(second["return_id"])["order_name"]


def test_return_of_several_parcels_shows_a_label_for_each(director: Director, loop: LoopStranger) -> None:
    told = director.post("loop/told", {"units": [BOOT, SOCKS], "parcels": 2})
    (shop,) = [one for one in director.get("dump")["loop"].values() if one["returns"]]
    (shown,) = shop["returns"]

    for parcel in shown["parcels"]:
        body = {"status": "new", "tracking_number": parcel["tracking_number"]}
        director.post(f"loop/returns/{told['return_id']}/scan", body)

    assert len(loop.details(told["return_id"])["labels"]) == 2


@pytest.mark.parametrize(("rule", "shipping"), [("kept", "7.00"), ("in_proportion", "3.50")])
def test_shipping_of_a_unit_that_is_taken_out_stays_or_goes_with_it(
    director: Director, loop: LoopStranger, rule: str, shipping: str
) -> None:
    director.post("settings", {"loop": {"extras_of_removed": rule}})
    told = director.post("loop/told", {"units": [BOOT, BOOT], "refund_shipping": "7.00"})

    loop.act(told["return_id"], f"remove?line_item_id={told['units'][0]}")

    shown = loop.details(told["return_id"])
    assert Decimal(shown["refund"]) == Decimal("77.76") + Decimal(shipping)
