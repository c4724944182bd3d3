"""The main job, end to end, against what the sandbox's books really hold (design §1, issue journeys 2 to 7)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from exceptions import actions
from exceptions.models import Case, CaseMember
from integrations.connections import FAILING_FOR
from integrations.loop.signature import sign_body
from integrations.models import InboundEvent, NetSuiteAccount
from returnsops import tick
from returnsops.lib import clock
from returnsops.people import audit
from returnsops.people.models import AuditEvent, Role
from returnsops.posting.models import Posting
from returnsops.returns.errors import AlreadyInspectedError, NotPossibleError
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import Item, LoopReturn, PolicyVersion
from returnsops.returns.plan.sale import SOLD_AS
from returnsops.returns.policies import activate_policy
from returnsops.returns.sku_mapping import map_sku
from tests.builders import make_user
from tests.journey.stage import Stage, places

pytestmark = pytest.mark.journey


def stage_of(loop_return: LoopReturn) -> str:
    loop_return.refresh_from_db()
    return loop_return.stage


def test_two_units_of_one_order_line_are_received_at_their_places_after_inspection(stage: Stage) -> None:
    twin = stage.make("twin_units")
    assert [len(stage.books(twin).rmas), len(stage.books(twin).receipts)] == [1, 0]  # A43, A44

    stage.judge(twin, "sellable", "damaged")
    stage.run()

    books = stage.books(twin)
    locations = locations_of(twin)
    assert places(books.receipts) == sorted([(locations["sellable"], 1), (locations["damaged"], 1)])
    assert [one["status_label"] for one in books.rmas] == ["Refunded"]
    assert [one["status_label"] for one in books.credits] == ["Fully Applied"]
    assert stage_of(twin) == "settled"


def in_order_of_posting(loop_return: LoopReturn, *kinds: str) -> bool:
    posted = Posting.objects.filter(loop_return=loop_return, kind__in=kinds).order_by("posted_at")
    return tuple(posted.values_list("kind", flat=True)) == kinds


def locations_of(loop_return: LoopReturn) -> dict[str, str]:
    rules = PolicyVersion.objects.get(shop=loop_return.shop, active=True).rules
    return dict(rules["locations"])


def test_refund_goes_credit_then_loop_then_customer_refund(stage: Stage) -> None:
    plain = stage.make("refund", units=2)

    stage.judge(plain, "sellable", "sellable")
    stage.run()

    books = stage.books(plain)
    assert stage_of(plain) == "settled"
    assert Decimal(books.credits[0]["total"]) == Decimal(books.refunds[0]["total"])
    assert in_order_of_posting(plain, "credit", "loop_process", "customer_refund")


def test_cash_sale_ends_in_a_cash_refund_after_loop_settled(stage: Stage) -> None:
    cash = stage.make("refund", billing="cash_sale")

    stage.judge(cash, "sellable")
    stage.run()

    books = stage.books(cash)
    assert [one["type"] for one in books.credits] == ["CashRfnd"]
    assert in_order_of_posting(cash, "loop_process", "cash_refund")
    assert stage.ask("dump", method="GET")["netsuite"][cash.shop.account.account_id]["card_operations"] == 0
    assert stage_of(cash) == "settled"


def test_refused_unit_is_removed_in_one_call_and_taken_off_the_authorization(stage: Stage) -> None:
    partly = stage.make("refund", units=2)

    stage.judge(partly, "refused", "sellable")
    stage.run()

    books = stage.books(partly)
    assert stage_of(partly) == "settled"
    assert len([row for row in stage.loop_log(partly) if row["action"] == "remove"]) == 1
    assert sum(line["quantity"] for one in books.credits for line in one["lines"]) == 1
    assert sorted(line["is_closed"] for line in books.rmas[0]["lines"]) == [False, True]


@pytest.mark.parametrize("scenario", ["refund_fee", "store_credit", "exchange", "exchange_and_refund", "differs"])
def test_credit_equals_what_loop_settled_to_the_cent(stage: Stage, scenario: str) -> None:
    loop_return = stage.make(scenario, **({"amount": "0.01"} if scenario == "differs" else {}))

    stage.judge(loop_return, *["sellable"] * loop_return.lines.count())
    stage.run()

    returns = stage.ask("dump", method="GET")["loop"]["northwind"]["returns"]
    theirs = next(one for one in returns if str(one["id"]) == loop_return.loop_id)
    settled = Decimal(theirs["amount_paid_out"]) + Decimal(theirs["gift_card_issued"] or 0)
    assert Decimal(stage.books(loop_return).credits[0]["total"]) == settled
    assert stage_of(loop_return) == "settled"


def test_loop_that_settled_early_goes_on_without_being_asked(stage: Stage) -> None:
    early = stage.make("settled_early")

    stage.judge(early, "sellable")
    stage.run()

    assert stage_of(early) == "settled"
    assert not Posting.objects.filter(loop_return=early, system="loop").exists()
    assert stage.cases(early) == ["loop_settled_early"]


def test_difference_waits_for_somebody_who_may_approve_what_they_see(stage: Stage) -> None:
    differs = stage.make("differs", amount="0.03")
    stage.judge(differs, "sellable")
    stage.run()
    member = stage.member(differs, "amount_differs")
    assert stage.books(differs).credits == []

    with pytest.raises(PermissionDenied):
        actions.approve(member, seen_hash=member.problem["seen_hash"], by=stage.person("ada"))
    with pytest.raises(NotPossibleError, match="changed while you looked"):
        actions.approve(member, seen_hash="of something else", by=stage.person("fay"))
    actions.approve(member, seen_hash=member.problem["seen_hash"], by=stage.person("fay"), reason="Tax rounding")
    stage.run()

    assert stage_of(differs) == "settled"
    amounts = [Decimal(line["amount"]) for line in stage.books(differs).credits[0]["lines"]]
    assert Decimal("0.03") in amounts  # a line of its own


def test_exchange_order_of_the_connector_is_found_and_linked(stage: Stage) -> None:
    exchange = stage.make("exchange")

    stage.judge(exchange, "sellable")
    stage.run()

    assert exchange.records.filter(record_type="salesOrder", other_ref_num__startswith="EXC-").exists()
    assert Decimal(stage.books(exchange).credits[0]["total"]) == 0
    assert stage_of(exchange) == "settled"


def test_refused_unit_of_an_exchange_is_noted_and_flagged_in_loop_once(stage: Stage) -> None:
    exchange = stage.make("exchange")

    stage.judge(exchange, "refused")
    stage.run()

    exchange.refresh_from_db()
    kinds = [one.kind for one in exchange.postings.order_by("pk") if one.system == "loop"]
    assert (exchange.state, kinds) == ("review", ["loop_note", "loop_flag"])
    assert stage.cases(exchange) == ["refused_exchange_unit"]


def test_credit_of_an_exchange_at_full_value_pays_its_invoice(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"loop_discount": False}})
    exchange = stage.make("exchange")
    rules = PolicyVersion.objects.get(shop=exchange.shop, active=True).rules
    activate_policy(exchange.shop, rules | {"exchange_settlement": "value_in_value_out"}, by=None, reason="No discount")

    stage.judge(exchange, "sellable")
    stage.run()
    assert stage_of(exchange) == "waiting"
    order = exchange.records.get(record_type="salesOrder", other_ref_num__startswith="EXC-")
    act = {"account": exchange.shop.account.account_id, "action": "invoice", "record": order.internal_id}
    stage.ask("netsuite/act", act)
    stage.run()

    assert Decimal(stage.books(exchange).credits[0]["amountremaining"]) == 0
    assert stage_of(exchange) == "settled"


def test_exchange_order_is_created_once_where_no_connector_brings_it(stage: Stage) -> None:
    stage.ask("settings", {"connector": {"exchange_orders": False}})
    exchange = stage.make("exchange")
    rules = PolicyVersion.objects.get(shop=exchange.shop, active=True).rules
    activate_policy(exchange.shop, rules | {"exchange_order": "create"}, by=None, reason="No connector")

    stage.judge(exchange, "sellable")
    stage.run()

    account = stage.ask("dump", method="GET")["netsuite"][exchange.shop.account.account_id]
    orders = [one for one in account["transactions"] if str(one["otherrefnum"]).startswith("EXC-")]
    assert [one["externalid"] for one in orders] == [f"loop-northwind-{exchange.loop_id}-exchange-order-1"]
    assert Decimal(orders[0]["total"]) == 0
    assert stage_of(exchange) == "settled"


def test_unknown_sku_is_a_case_at_once_and_goes_on_when_mapped(stage: Stage) -> None:
    odd = stage.make("unknown_sku", sku="OLD-NAME")
    member = stage.member(odd, "sku_unmapped")
    sold_as = dict(member.problem["detail"])[SOLD_AS]
    assert stage.books(odd).rmas == []

    item = Item.objects.get(account=odd.shop.account, sku=sold_as)
    map_sku(odd.shop, "OLD-NAME", item, by=stage.person("dana"), reason="As sold")
    stage.run()

    assert stage.cases(odd) == []
    assert len(stage.books(odd).rmas) == 1


def test_closed_period_is_a_case_with_netsuites_words_and_a_corrected_date_goes_through(stage: Stage) -> None:
    old = stage.make("refund")
    stage.judge(old, "sellable", inspected_at=clock.now() - timedelta(days=45))
    stage.run()
    member = stage.member(old, "period_closed")
    assert "closed period" in member.problem["words"]
    first = Posting.objects.get(loop_return=old, kind="receipt")

    today = clock.today(first.account.time_zone)
    actions.correct_date(member, tran_date=today, by=stage.person("finn"), reason="Booked today")
    stage.run()

    assert stage_of(old) == "settled"
    receipt = Posting.objects.get(loop_return=old, kind="receipt")
    assert (receipt.external_id, receipt.tries.count()) == (first.external_id, 2)
    assert len(stage.books(old).receipts) == 1


def test_cancelled_return_has_its_authorization_closed(stage: Stage) -> None:
    cancelled = stage.make("refund", parcel="in_transit")
    assert len(stage.books(cancelled).rmas) == 1

    stage.ask(f"loop/returns/{cancelled.loop_id}/cancel", {})
    stage.run()

    assert stage.books(cancelled).rmas[0]["status_label"] == "Closed"
    assert stage_of(cancelled) == "ended"


@pytest.mark.parametrize("target", ["returnAuthorization", "itemReceipt", "creditMemo", "customerRefund"])
def test_lost_answer_makes_no_second_record(stage: Stage, target: str, settings: object) -> None:
    fault = {"system": "netsuite", "method": "POST", "path": f"/{target}", "kind": "drop_after_commit", "count": 1}
    stage.ask("faults", fault)
    unlucky = stage.make("refund")
    let_doubts_be_settled(stage)
    stage.judge(unlucky, "sellable")
    stage.run()
    let_doubts_be_settled(stage)

    books = stage.books(unlucky)
    counts = [len(books.rmas), len(books.receipts), len(books.credits), len(books.refunds)]
    assert counts == [1, 1, 1, 1]
    assert Posting.objects.filter(loop_return=unlucky, adopted_from="ours").count() == 1
    assert stage_of(unlucky) == "settled"


def let_doubts_be_settled(stage: Stage) -> None:
    """As if the wait before the next look had passed, as often as needed."""
    for _ in range(3):
        stage.forget_outage()
        Posting.objects.filter(status="uncertain").update(not_before=clock.now())
        for account_pk in Posting.objects.filter(status="uncertain").values_list("account_id", flat=True):
            stage.queue.append(("doubts", account_pk))
        stage.run()


def test_record_a_person_deleted_is_a_case_and_is_not_posted_again(stage: Stage) -> None:
    undone = stage.make("refund", parcel="in_transit")
    rma = stage.books(undone).rmas[0]

    act = {"account": undone.shop.account.account_id, "action": "delete", "record": rma["id"]}
    stage.ask("netsuite/act", act)
    LoopReturn.objects.update(records_fetched_at=None)
    hint_records([undone.pk])
    stage.run()

    assert stage.books(undone).rmas == []
    assert stage.cases(undone) == ["record_gone"]


def test_everything_waits_while_netsuite_is_down_and_goes_on_alone(stage: Stage) -> None:
    stage.ask("faults", {"system": "netsuite", "kind": "http_503_html", "rate": 1.0})
    waiting = stage.make("refund")
    NetSuiteAccount.objects.update(failing_since=timezone.now() - FAILING_FOR)  # few calls fail, as few are made
    stage.run()
    tick.sweep_connections()
    assert Case.objects.filter(code="connection_down", shop=waiting.shop, status="open").count() == 1
    assert CaseMember.objects.count() == 0

    stage.ask("faults", method="DELETE")
    stage.forget_outage()
    stage.run()
    tick.sweep_connections()

    assert len(stage.books(waiting).rmas) == 1
    assert not Case.objects.filter(code="connection_down").exclude(status="closed").exists()


def test_refused_credentials_stop_the_account_until_a_person_resumes(stage: Stage) -> None:
    stage.ask("faults", {"system": "netsuite", "kind": "401", "rate": 1.0})
    held = stage.make("refund")

    account = NetSuiteAccount.objects.get(pk=held.shop.account_id)
    assert account.paused_at is not None
    assert Posting.objects.filter(status="posted").count() == 0


def test_second_inspector_is_told_and_nothing_is_doubled(stage: Stage) -> None:
    one = stage.make("refund")
    stage.judge(one, "sellable")
    make_user(Role.WAREHOUSE, one.shop, username="bo")

    with pytest.raises(AlreadyInspectedError, match="already judged sellable by Ada Lindqvist"):
        stage.judge(one, "damaged", by="bo")
    stage.run()

    assert places(stage.books(one).receipts) == [(locations_of(one)["sellable"], 1)]


def test_what_people_did_is_on_the_record_with_who_when_and_why(stage: Stage) -> None:
    differs = stage.make("differs", amount="0.03")
    stage.judge(differs, "sellable")
    stage.run()
    member = stage.member(differs, "amount_differs")

    actions.approve(member, seen_hash=member.problem["seen_hash"], by=stage.person("fay"), reason="Checked")

    events = AuditEvent.objects.filter(object_type="returns.loopreturn", object_id=str(differs.pk))
    assert [(one.actor.username, one.action) for one in events if one.actor] == [
        ("ada", "finished inspection"),
        ("fay", "approved"),
    ]
    assert audit.find_broken_link() is None


# --- Webhooks ---------------------------------------------------------------------------------------


def send_webhook(stage: Stage, body: bytes, *, signature: str | None = None) -> int:
    secret = stage.ask("world", method="GET")["loop_shops"][0]["webhook_secret"]
    signed = signature if signature is not None else sign_body(secret, body)
    answer = Client().post(
        "/hooks/loop/northwind", data=body, content_type="application/json", headers={"X-Loop-Signature": signed}
    )
    return answer.status_code


def test_webhook_brings_the_return_in_without_any_sweep(stage: Stage) -> None:
    made = stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {}})
    body = f'{{"topic":"return","trigger":"return.created","id":"{made["return_id"]}"}}'.encode()

    assert send_webhook(stage, body) == 200
    stage.work_through_queue()

    assert LoopReturn.objects.filter(loop_id=made["return_id"]).exists()
    assert InboundEvent.objects.get().verdict == "read"


def test_webhook_sent_twice_is_one_event_that_counts_up(stage: Stage) -> None:
    body = b'{"topic":"return","trigger":"return.created","id":"1"}'

    assert [send_webhook(stage, body), send_webhook(stage, body)] == [200, 200]

    assert InboundEvent.objects.get().times_received == 2


def test_unsigned_webhook_is_refused_recorded_and_nothing_else(stage: Stage) -> None:
    body = b'{"topic":"return","trigger":"return.created","id":"1"}'

    assert send_webhook(stage, body, signature="forged") == 401

    assert InboundEvent.objects.get().verdict == "bad_signature"
    assert not stage.queue


def test_garbage_with_a_right_signature_becomes_a_case_not_a_loop(stage: Stage) -> None:
    assert send_webhook(stage, b'{"topic":"return","id":') == 200

    stage.work_through_queue()
    tick.sweep_events()
    tick.sweep_connections()

    assert not stage.queue
    assert InboundEvent.objects.get().verdict == "unreadable"
    assert Case.objects.get().code == "event_unreadable"
