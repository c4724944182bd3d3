"""What a return is made from, and how an exchange of a cash sale is settled, by the sandbox's own books."""

from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Shop
from returnsops.lib.money import add_up
from returnsops.returns.mirror import doubt_records, hint_records
from returnsops.returns.models import LoopReturn, NetSuiteRecord, PolicyVersion
from returnsops.returns.policies import activate_policy
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey
CLEARING_ACCOUNT = "220"


def set_rules(**changes: Any) -> dict[str, Any]:
    shop = Shop.objects.get(code="northwind")
    rules: dict[str, Any] = PolicyVersion.objects.get(shop=shop, active=True).rules
    activate_policy(shop, rules | changes, by=None, reason="For this test")
    return rules


def act(stage: Stage, row: LoopReturn, action: str, record: NetSuiteRecord, **more: Any) -> None:
    body = {"account": row.shop.account.account_id, "action": action, "record": record.internal_id}
    stage.ask("netsuite/act", body | more)


def stage_of(row: LoopReturn) -> str:
    row.refresh_from_db()
    return row.stage


@pytest.mark.parametrize(("bill", "credit"), [("invoice", "CustCred"), ("cash_sale", "CashRfnd")])
def test_return_from_the_order_is_credited_when_the_order_is_billed(stage: Stage, bill: str, credit: str) -> None:
    set_rules(rma_source="order")
    row = stage.make("refund", billing="none")
    stage.judge(row, "sellable")
    stage.run()

    order = row.records.get(record_type="salesOrder")
    assert stage.books(row).rmas[0]["createdfrom"] == order.internal_id
    assert (stage_of(row), stage.books(row).credits) == ("waiting", [])
    act(stage, row, bill, order)
    stage.run()

    assert [one["type"] for one in stage.books(row).credits] == [credit]
    assert stage_of(row) == "settled"


def test_units_billed_on_invoices_of_their_own_come_back_by_one_authorization_from_the_order(stage: Stage) -> None:
    set_rules(rma_source="bill_else_order")
    row = stage.make("refund", billing="invoices", units=2)

    stage.judge(row, "sellable", "damaged")
    stage.run()

    books = stage.books(row)
    assert (len(books.rmas), len(books.credits)) == (1, 1)
    assert stage_of(row) == "settled"


def test_exchange_order_of_a_cash_sale_takes_off_the_clearing_what_the_refund_put_there(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"loop_discount": False}, "connector": {"exchange_orders": False}})
    rules = set_rules(
        exchange_settlement="value_in_value_out",
        exchange_order="create",
        exchange_link_field="custbody_loop_exchange",
    )
    row = stage.make("exchange", billing="cash_sale")

    stage.judge(row, "sellable")
    stage.run()
    assert stage_of(row) == "waiting"
    order = row.records.get(record_type="salesOrder", other_ref_num__startswith="EXC-")
    original = row.records.get(record_type="salesOrder", external_id=row.provider_order_id)
    assert order.raw["custbody_loop_exchange"] == original.tran_id
    act(stage, row, "cash_sale", order)
    stage.run()

    assert stage_of(row) == "settled"
    item = rules["items"]["exchange_clearing"]
    put, taken = (_rows_of_item(stage, row, item=item, code=code) for code in ("CashRfnd", "CashSale"))
    assert put < 0
    assert put == taken
    assert all(Decimal(one["total"]) == 0 for one in stage.books(row).credits)


def test_exchange_of_a_cash_sale_billed_where_money_comes_in_is_a_case_until_it_is_moved(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"loop_discount": False}})
    rules = set_rules(exchange_settlement="value_in_value_out")
    set_rules(tenders=rules["tenders"] | {"exchange_clearing": {"account_id": CLEARING_ACCOUNT}})
    row = stage.make("exchange", billing="cash_sale")
    stage.judge(row, "sellable")
    stage.run()
    order = row.records.get(record_type="salesOrder", other_ref_num__startswith="EXC-")

    act(stage, row, "cash_sale", order, body={"account": {"id": "217"}})
    stage.run()
    assert stage.cases(row) == ["exchange_value_open"]
    bill = row.records.get(created_from_id=order.internal_id)
    act(stage, row, "edit", bill, body={"account": {"id": CLEARING_ACCOUNT}})
    doubt_records(bill.account, [bill.internal_id])  # it may be the second of the change that we saw
    hint_records([row.pk])  # as the sweep of changes would
    stage.run()

    assert (stage_of(row), stage.cases(row)) == ("settled", [])


def test_duties_that_loop_names_are_a_row_of_their_own(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"duties": "told"}})
    rules = set_rules(duties_field="refund_duties_total")
    row = stage.make("refunded_duties", duties="4.20")

    stage.judge(row, "sellable")
    stage.run()

    assert stage_of(row) == "settled"
    assert _rows_of_item(stage, row, item=rules["items"]["duties"], code="CustCred") == Decimal("4.20")


def _rows_of_item(stage: Stage, row: LoopReturn, *, item: str, code: str) -> Decimal:
    """What the account's documents of this type hold of it."""
    documents = stage.ask("dump", method="GET")["netsuite"][row.shop.account.account_id]["transactions"]
    lines = [line for one in documents if one["type"] == code for line in one["lines"]]
    return add_up(Decimal(line["amount"]) for line in lines if str(line["item"]) == item)
