"""Another system writes every record, in the sandbox's NetSuite: ReturnsOps expects, compares, and posts nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from exceptions.actions import adopt
from integrations.models import Shop
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn, NetSuiteRecord, PolicyVersion, ShadowVerdict
from returnsops.returns.policies import activate_policy
from returnsops.returns.policy import RECORD_KINDS
from returnsops.returns.record_changes import mirror_changes
from returnsops.returns.replan import ask_for_plan
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey


def leave_everything_to_others(how: str, *, shop: str = "northwind") -> None:
    rules = dict(PolicyVersion.objects.get(shop__code=shop, active=True).rules)
    rules |= {"ownership": dict.fromkeys(RECORD_KINDS, how)}
    activate_policy(Shop.objects.get(code=shop), rules, by=None, reason="somebody else writes")


def others(stage: Stage, row: LoopReturn, action: str, **more: Any) -> None:
    """The other connector acts; then everything is read and planned."""
    body = {"account": row.shop.account.account_id, "action": action, "as": "other_connector", **more}
    stage.ask("netsuite/act", body)
    stage.run()
    row.refresh_from_db()


def record_of(row: LoopReturn, *types: str) -> NetSuiteRecord:
    return row.records.filter(record_type__in=types, gone_at=None).latest("pk")


def authorize(stage: Stage, row: LoopReturn) -> None:
    """Exactly the units of this return, by the lines of the bill."""
    sale = record_of(row, "invoice", "cashSale")
    lines = [sale.lines.get(reference=unit.provider_line_item_id) for unit in row.lines.all()]
    rows = [{"orderLine": int(line.line), "quantity": 1} for line in lines]
    others(stage, row, "authorize", record=sale.internal_id, body={"item": {"items": rows}}, replace=["item"])


def receive(stage: Stage, row: LoopReturn, *, location: str) -> None:
    rma = record_of(row, "returnAuthorization")
    rows = [
        {"orderLine": int(line.line), "itemReceive": True, "quantity": line.quantity, "location": {"id": location}}
        for line in rma.lines.all()
    ]
    others(stage, row, "receive", record=rma.internal_id, body={"item": {"items": rows}})


def settle(stage: Stage, row: LoopReturn) -> None:
    stage.ask(f"loop/returns/{row.loop_id}/settle", {})
    stage.run()
    row.refresh_from_db()


def book_refund(stage: Stage, row: LoopReturn) -> None:
    memo = record_of(row, "creditMemo")
    apply = [{"doc": {"id": memo.internal_id}, "line": 0, "apply": True, "amount": str(memo.total)}]
    tender = PolicyVersion.objects.get(shop=row.shop, active=True).rules["tenders"]["shopify_payments"]
    body = {
        "customer": {"id": memo.entity_id},
        "account": {"id": tender["account_id"]},
        "paymentOption": {"id": tender["payment_option_id"]},
        "handlingMode": {"id": "SAVE_ONLY"},
        "apply": {"items": apply},
    }
    others(stage, row, "create", record_type="customerRefund", body=body)


def adopt_what_is_found(stage: Stage, row: LoopReturn) -> None:
    """A person looks at each, and says that it stands for what ReturnsOps would have made."""
    while "foreign_record" in stage.cases(row):
        member = stage.member(row, "foreign_record")
        adopt(
            member, record=member.case.subject.removeprefix("record:"), by=stage.person("finn"), reason="it is theirs"
        )
        stage.run()
    row.refresh_from_db()


def verdicts(row: LoopReturn) -> dict[str, str]:
    return dict(ShadowVerdict.objects.filter(loop_return=row).values_list("kind", "verdict"))


def test_shadow_follows_what_another_system_does_to_the_end(stage: Stage) -> None:
    leave_everything_to_others("shadow")
    row = stage.make("refund", units=1, billing="invoice")
    assert verdicts(row) == {"rma": "nobody"}

    authorize(stage, row)
    stage.judge(row, "sellable")
    sellable = PolicyVersion.objects.get(shop=row.shop, active=True).rules["locations"]["sellable"]
    receive(stage, row, location=sellable)
    others(stage, row, "credit", record=record_of(row, "returnAuthorization").internal_id)
    settle(stage, row)
    book_refund(stage, row)

    assert (row.stage, stage.cases(row)) == ("settled", [])
    assert {kind: verdict for kind, verdict in verdicts(row).items() if kind != "rma"} == {
        "receipt": "alike", "credit": "alike", "refund": "alike",
    }  # fmt: skip
    assert not Posting.objects.exists()


@pytest.mark.parametrize("steps", range(6))
def test_shop_that_goes_live_doubles_nothing_that_another_system_made(stage: Stage, steps: int) -> None:
    leave_everything_to_others("observe")
    row = stage.make("refund", units=1, billing="invoice")
    sellable = PolicyVersion.objects.get(shop=row.shop, active=True).rules["locations"]["sellable"]
    made_by_others: tuple[Callable[[], None], ...] = (
        lambda: authorize(stage, row),
        lambda: receive(stage, row, location=sellable),
        lambda: others(stage, row, "credit", record=record_of(row, "returnAuthorization").internal_id),
        lambda: settle(stage, row),
        lambda: book_refund(stage, row),
    )
    for step in made_by_others[:steps]:
        step()

    leave_everything_to_others("write")
    ask_for_plan([row.pk])  # a settled one, too, as whatever changes later does
    stage.run()
    stage.judge(row, "sellable")
    stage.run()
    adopt_what_is_found(stage, row)

    books = stage.books(row)
    documents = (books.rmas, books.receipts, books.credits, books.refunds)
    assert [len(one) for one in documents] == [1, 1, 1, 1]
    assert (row.stage, [code for code in stage.cases(row) if code != "loop_settled_early"]) == ("settled", [])


def test_return_that_another_system_ended_needs_nobody_when_the_shop_goes_live(stage: Stage) -> None:
    """Its authorization is at another location than ours would be, so no look adopts it."""
    leave_everything_to_others("observe")
    row = stage.make("refund", units=1, billing="invoice")
    sellable = PolicyVersion.objects.get(shop=row.shop, active=True).rules["locations"]["sellable"]
    authorize(stage, row)
    receive(stage, row, location=sellable)
    others(stage, row, "credit", record=record_of(row, "returnAuthorization").internal_id)
    settle(stage, row)
    book_refund(stage, row)

    leave_everything_to_others("write")
    ask_for_plan([row.pk])
    stage.run()
    row.refresh_from_db()

    assert (row.stage, stage.cases(row)) == ("settled", [])
    assert not Posting.objects.exists()


def test_receipt_at_another_place_is_a_difference(stage: Stage) -> None:
    leave_everything_to_others("shadow")
    row = stage.make("refund", units=1, billing="invoice")
    authorize(stage, row)
    stage.judge(row, "sellable")

    damaged = PolicyVersion.objects.get(shop=row.shop, active=True).rules["locations"]["damaged"]
    receive(stage, row, location=damaged)

    verdict = ShadowVerdict.objects.get(loop_return=row, kind="receipt")
    assert (verdict.verdict, verdict.aspects) == ("differs", ["place"])
    assert f"at location {damaged}" in verdict.differences[0]["theirs"]


def test_silence_becomes_a_case_and_ends_with_the_record(stage: Stage, settings: Any) -> None:
    leave_everything_to_others("observe")
    settings.DEADLINE_SCALE = 0.0
    row = stage.make("refund", units=1, billing="invoice", parcel="in_transit")
    assert "rma_missing" in stage.cases(row)
    mirror_changes(row.shop.account)  # from here on

    authorize(stage, row)
    mirror_changes(row.shop.account)
    stage.run()

    assert "rma_missing" not in stage.cases(row)
    assert not Posting.objects.exists()
