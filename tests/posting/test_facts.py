"""From rows to the values that a plan looks at."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from integrations.loop.parsing import parse_return
from integrations.models import Shop
from returnsops.people.models import User
from returnsops.posting.facts import facts_under, load_facts
from returnsops.posting.models import Posting
from returnsops.posting.outbox import enqueue
from returnsops.posting.settled import settled_at
from returnsops.returns.decisions import add_approval, add_override
from returnsops.returns.found import FoundThing, record_seen
from returnsops.returns.history import flatten_facts, note_fact_change
from returnsops.returns.inspection import UnitOutcome
from returnsops.returns.models import Item, KitMember, LoopReturn, NetSuiteRecord, Override, PolicyVersion
from returnsops.returns.parcels import record_arrival
from returnsops.returns.plan import plan_return
from returnsops.returns.policy_reading import parse_policy
from tests.builders import (
    CREATED,
    WRITES_ALL,
    details_payload,
    make_due,
    make_inspection,
    make_item,
    make_mapping,
    make_netsuite,
    make_policy,
    make_posting,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_unit,
    unit_payload,
)
from tests.other_side import codes_of, kinds_of

pytestmark = pytest.mark.django_db
PHP_MOMENT = {"date": "2026-11-18 10:00:00.000000", "timezone_type": 3, "timezone": "UTC"}


def plan_and_enqueue(row: LoopReturn) -> list[str]:
    with transaction.atomic():
        plan = plan_return(load_facts(row))
        enqueue(row, plan.postings)
    return [*kinds_of(plan), *codes_of(plan)]


@pytest.fixture
def siblings(shop: Shop) -> list[LoopReturn]:
    """Two returns of one order, both of the one unit that was sold."""
    make_mapping(shop)
    rows = []
    for number in (1, 2):
        row = make_return(shop, loop_id=str(number), line_items=[unit_payload(387000 + number)])
        make_record(row, make_sale([make_unit(1)]))
        rows.append(row)
    return rows


def test_sibling_that_plans_second_cannot_take_the_same_unit(siblings: list[LoopReturn]) -> None:
    first, second = siblings

    assert plan_and_enqueue(first) == ["rma"]
    assert plan_and_enqueue(second) == ["unit_not_on_order"]
    assert Posting.objects.count() == 1


def test_unit_is_free_again_once_the_sibling_gave_it_up(siblings: list[LoopReturn]) -> None:
    first, second = siblings
    plan_and_enqueue(first)

    with transaction.atomic():
        enqueue(first, [])

    assert plan_and_enqueue(second) == ["rma"]


def test_sibling_is_counted_once_when_its_authorization_is_mirrored(shop: Shop) -> None:
    make_mapping(shop)
    sold = make_sale([make_unit(1), make_unit(2)])
    rows = [make_return(shop, loop_id=str(n), line_items=[unit_payload(387000 + n)]) for n in (1, 2)]
    for row in rows:
        make_record(row, sold)
    plan_and_enqueue(rows[0])
    taken = make_rma(make_sale([make_unit(1)]), external_id=Posting.objects.get().external_id, internal_id="8050")
    make_record(rows[1], taken)

    assert load_facts(rows[1]).claims == ()
    assert plan_and_enqueue(rows[1]) == ["rma"]


def test_return_of_another_order_claims_nothing(siblings: list[LoopReturn], shop: Shop) -> None:
    plan_and_enqueue(siblings[0])
    other = make_return(shop, loop_id="3", order_id=999)

    assert load_facts(other).claims == ()


def test_outcomes_count_once_the_inspection_is_finished(shop: Shop, ada: User) -> None:
    row = make_return(shop)
    inspection = make_inspection(row, ada, "sellable")
    assert [unit.outcome for unit in load_facts(row).units] == ["sellable", ""]

    type(inspection).objects.update(finished_at=None)

    assert [unit.outcome for unit in load_facts(row).units] == ["", ""]


def test_what_the_inspector_wrote_is_a_fact(shop: Shop, ada: User) -> None:
    row = make_return(shop)
    seen, swapped = row.lines.all()
    socks = FoundThing("SOCKS", 1, uuid.uuid4(), note="Tag of another shop", in_place_of=swapped.line_item_id)

    record_seen(row, [UnitOutcome(seen.line_item_id, "damaged", uuid.uuid4(), "Heel torn off")], [socks], by=ada)

    facts = load_facts(row)
    assert [unit.note for unit in facts.units] == ["Heel torn off", "SOCKS lay there"]
    assert [one.note for one in facts.found] == ["Tag of another shop"]


def test_destination_of_the_parcel_is_a_fact(shop: Shop) -> None:
    assert load_facts(make_return(shop, destination_id=41001)).loop.destination == "41001"


def test_item_that_is_a_kit_is_a_fact(shop: Shop) -> None:
    make_mapping(shop)
    row = make_return(shop)
    assert load_facts(row).kits == ()

    Item.objects.update(item_type="Kit")

    assert [kit.item_id for kit in load_facts(row).kits] == ["501"]


def test_kit_on_the_sale_is_a_fact_where_a_unit_is_of_another_item(shop: Shop) -> None:
    make_mapping(shop)
    row = make_return(shop)
    box = make_item("BOX", "900", account=shop.account)
    Item.objects.filter(pk=box.pk).update(item_type="Kit")
    KitMember.objects.create(kit=box, item=Item.objects.get(internal_id="501"))
    sale = make_record(row, make_sale([make_unit(1)]))
    sale.lines.update(item_id="900")

    (kit,) = load_facts(row).kits

    assert (kit.item_id, kit.holds("501")) == ("900", True)


def test_first_scan_at_the_dock_is_a_fact(shop: Shop, ada: User) -> None:
    row = make_return(shop)
    assert load_facts(row).arrived_at is None

    first = record_arrival(shop, "1Z999", by=ada, client_id=uuid.uuid4(), loop_return=row)
    record_arrival(shop, "1Z998", by=ada, client_id=uuid.uuid4(), loop_return=row)

    assert load_facts(row).arrived_at == first.arrived_at


def test_withdrawn_override_is_no_fact(shop: Shop, finn: User) -> None:
    row = make_return(shop)
    for value in ("2026-11-01", "2026-11-02"):
        add_override(row, kind=Override.Kind.TRAN_DATE, subject="all", value=value, reason="why", by=finn)

    assert [one.value for one in load_facts(row).overrides] == ["2026-11-02"]


def test_approval_is_a_fact(shop: Shop, finn: User) -> None:
    row = make_return(shop)
    add_approval(row, subject="credit", seen_hash="a" * 64, amount=Decimal(1), reason="why", by=finn)

    assert load_facts(row).is_approved("credit", "a" * 64)


def test_record_gone_over_there_is_a_fact_of_its_own(shop: Shop) -> None:
    row = make_return(shop)
    record = make_record(row, make_netsuite("creditMemo", "8201"))
    type(record).objects.update(gone_at=datetime.now(UTC))

    facts = load_facts(row)

    assert facts.records[0].gone
    assert facts.record("8201") is None


def test_no_line_of_a_cancelled_authorization_is_open(shop: Shop) -> None:
    row = make_return(shop)
    sale = make_sale([make_unit(1)])
    make_record(row, replace(make_rma(sale, internal_id="8001"), status="C"))
    make_record(row, make_rma(sale, internal_id="8002"))
    make_record(row, sale)

    closed = {one.internal_id: [line.is_closed for line in one.lines] for one in load_facts(row).records}

    assert closed == {"8001": [True], "8002": [False], "7001": [False]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"state": "closed"}, None),
        ({"state": "closed", "was_processed": True}, CREATED),
        ({"refunds": [{"gateway": "manual", "amount": "0.00"}]}, None),
        ({"refunds": [{"gateway": "shopify_payments", "amount": "5.00"}]}, CREATED),
        ({"shopify_refund_object": [{"provider_refund_id": 7}]}, CREATED),
        ({"outcomes_processed_at": {"refund_processed": PHP_MOMENT}}, datetime(2026, 11, 18, 10, tzinfo=UTC)),
        ({"state": "cancelled", "was_processed": True}, None),
        ({"state": "expired", "was_processed": True}, None),
    ],
)
def test_settlement_needs_proof(changes: dict[str, Any], expected: datetime | None) -> None:
    assert settled_at(parse_return(details_payload(**changes), is_detailed=True)) == expected


def test_same_rows_give_the_same_facts(shop: Shop) -> None:
    row = make_return(shop)

    assert flatten_facts(load_facts(row)) == flatten_facts(load_facts(row))


def test_what_loop_and_netsuite_say_of_a_replacement_are_facts(shop: Shop) -> None:
    item = make_item("BOOT-43", "502", account=shop.account)
    make_mapping(shop, "BOOT-43", item)
    Item.objects.filter(pk=item.pk).update(is_inactive=True)
    exchange = {
        "exchange_id": "42098001", "exchange_order_id": None, "exchange_order_name": None, "sku": "BOOT-43",
        "title": "Boot / 43", "price": "72.00", "discount": "0.00", "tax": "5.76", "total": "77.76",
        "out_of_stock": True,
    }  # fmt: skip

    facts = load_facts(make_return(shop, exchanges=[exchange], refund_before_inspection=True))

    (one,) = facts.exchanges
    assert (one.out_of_stock, one.item_inactive, one.item_id) == (True, True, "502")
    assert facts.is_instant
    assert facts.loop.scanned_at == CREATED + timedelta(days=1)


def test_delivery_is_a_fact_only_when_the_carrier_says_so(shop: Shop) -> None:
    delivered = make_return(shop, label_status="delivered")

    assert load_facts(delivered).loop.delivered_at == CREATED + timedelta(days=1)
    assert load_facts(make_return(shop, loop_id="2")).loop.delivered_at is None


# --- Money as Loop tells it --------------------------------------------------------------------------


def test_shipping_and_the_currency_of_a_payment_are_facts(shop: Shop) -> None:
    refunds = [{"gateway": "paypal", "amount": "7.51", "currency": "EUR", "provider_refund_id": 1}]
    row = make_return(shop, refund_shipping_total="7.00", refund_shipping_tax_total="0.51", refunds=refunds)

    loop = load_facts(row).loop

    assert (loop.refund_shipping, loop.refund_shipping_tax) == (Decimal("7.00"), Decimal("0.51"))
    assert [(one.gateway, one.currency) for one in loop.refunds] == [("paypal", "EUR")]


def test_account_that_a_record_is_booked_on_is_a_fact(shop: Shop) -> None:
    row = make_return(shop)
    make_record(row, make_sale([make_unit(1)], "cashSale", account_id="221"))

    assert [one.account_id for one in load_facts(row).records] == ["221"]


def test_what_a_refund_pays_of_which_credit_is_a_fact_and_of_no_other_record(shop: Shop) -> None:
    row, pays = make_return(shop), (("8201", Decimal("10.00")),)
    make_record(row, make_netsuite("customerRefund", "9301", pays=pays))
    make_record(row, make_netsuite("creditMemo", "8201", pays=(("7001", Decimal("5.00")),)))
    make_record(row, make_netsuite("customerRefund", "9302"))

    assert {one.internal_id: one.pays for one in load_facts(row).records} == {"9301": pays, "8201": (), "9302": ()}


def test_address_that_an_order_went_to_is_a_fact(shop: Shop) -> None:
    row = make_return(shop)
    make_record(row, make_sale([make_unit(1)], ship_to="301"))

    assert [one.ship_to for one in load_facts(row).records] == ["301"]


def test_number_in_the_policys_own_field_of_an_order_is_a_fact(shop: Shop) -> None:
    row = make_return(shop)
    order = make_record(row, make_sale([make_unit(1)], "salesOrder"))
    NetSuiteRecord.objects.filter(pk=order.pk).update(raw={"custbody_original": "SO10042"})
    assert [one.link for one in load_facts(row).records] == [""]

    make_policy(shop, exchange_link_field="custbody_original")

    assert [one.link for one in load_facts(row).records] == ["SO10042"]


def test_rules_stored_with_a_field_of_netsuites_own_are_read_and_tell_of_it(shop: Shop) -> None:
    row = make_return(shop)
    PolicyVersion.objects.filter(shop=shop).update(rules=WRITES_ALL | {"exchange_link_field": "otherRefNum"})

    facts = load_facts(row)

    assert (facts.policy.exchange_link_field, facts.policy.link_field) == ("otherRefNum", "")


@pytest.mark.parametrize(
    ("shown", "told"), [("14/1", "14"), ("14/several", "14"), ("14", "14")], ids=["one", "several", "none"]
)
def test_a_status_is_no_part_of_a_place_where_the_rules_name_none(shop: Shop, shown: str, told: str) -> None:
    """NetSuite puts one on every unit of an account that keeps them (D11)."""
    row = make_return(shop, lines=1)
    sold = make_sale([make_unit(1)], "itemReceipt")
    make_record(row, replace(sold, lines=(replace(sold.lines[0], location_id=shown),)))

    (line,) = load_facts(row).records[0].lines

    assert line.location_id == told


def test_a_status_is_a_part_of_a_place_where_the_rules_name_one(shop: Shop) -> None:
    row = make_return(shop, lines=1)
    sold = make_sale([make_unit(1)], "itemReceipt")
    make_record(row, replace(sold, lines=(replace(sold.lines[0], location_id="14/1"),)))
    draft = parse_policy(WRITES_ALL | {"locations": {"holding": "31/2", "sellable": "14/1", "damaged": "14/3"}})

    (line,) = facts_under(row, draft, known=load_facts(row)).records[0].lines

    assert line.location_id == "14/1"


def test_currency_of_a_record_is_netsuites_own_name(shop: Shop) -> None:
    row = make_return(shop)
    make_record(row, make_sale([make_unit(1)], currency="US Dollar"))

    assert [one.currency for one in load_facts(row).records] == ["US Dollar"]


def test_tax_is_taken_out_of_prices_that_include_it(shop: Shop) -> None:
    row = make_return(shop, line_items=[unit_payload(price="77.76", discount="0.00", tax="5.76")])
    assert load_facts(row).units[0].worth == Decimal("77.76")

    make_policy(shop, prices_include_tax=True)

    assert load_facts(row).units[0].worth == Decimal("72.00")


NO_LABEL = {"labels": [], "label_status": "N/A", "tracking_number": "N/A", "label_updated_at": "N/A"}
SETTLED = {"state": "closed", "was_processed": True}


@pytest.mark.parametrize(
    ("sign", "changes", "is_kept"),
    [
        ("ask", NO_LABEL | SETTLED, False),
        ("no_label", NO_LABEL | SETTLED, True),
        ("no_label", NO_LABEL, False),
        ("no_label", SETTLED, False),
        ("no_label", NO_LABEL | SETTLED | {"return_method": {"provider": "boxes"}}, False),
        ("line_outcome", {"line_items": [unit_payload(outcome="keep_item")]}, True),
        ("line_outcome", {"line_items": [unit_payload(outcome="default")]}, False),
    ],
)
def test_kept_goods_are_known_by_the_sign_the_policy_trusts(
    shop: Shop, sign: str, changes: dict[str, Any], is_kept: bool
) -> None:
    make_policy(shop, kept_items=sign)

    assert load_facts(make_return(shop, **changes)).is_kept == is_kept


def leave_to_others(shop: Shop, **changes: Any) -> None:
    make_policy(shop, ownership={"receipt": "observe"}, **changes)


def test_siblings_are_loaded_where_records_of_others_have_to_be_told_apart(siblings: list[LoopReturn]) -> None:
    first, second = siblings
    assert load_facts(second).siblings == ()

    leave_to_others(first.shop)

    (told,) = load_facts(LoopReturn.objects.get(pk=second.pk)).siblings
    assert (told.loop_id, told.is_earlier, told.units) == ("1", True, ("14440012345678",))


@pytest.mark.parametrize("change", [{"state": "cancelled"}, {"line_items": []}])
def test_ended_sibling_claims_no_units_of_others_records(siblings: list[LoopReturn], change: dict[str, Any]) -> None:
    """What names it is its own all the same, so it is told."""
    first, second = siblings
    leave_to_others(first.shop)
    told: dict[str, Any] = {"line_items": [unit_payload(387001)]} | change
    make_return(first.shop, loop_id=first.loop_id, **told)

    (sibling,) = load_facts(LoopReturn.objects.get(pk=second.pk)).siblings

    assert (sibling.loop_id, sibling.units) == ("1", ())


def test_siblings_are_loaded_where_another_system_may_have_ended_the_return(siblings: list[LoopReturn]) -> None:
    first, second = siblings
    settled: dict[str, Any] = {"state": "closed", "was_processed": True, "line_items": [unit_payload(387002)]}

    row = make_return(first.shop, loop_id=second.loop_id, **settled)

    assert [one.loop_id for one in load_facts(row).siblings] == ["1"]


@pytest.mark.parametrize(
    ("kind", "status", "is_ours"),
    [("rma", "pending", False), ("rma", "voided", False), ("loop_grade", "posted", False), ("rma", "posted", True)],
)
def test_siblings_are_loaded_as_long_as_nothing_was_made_by_us(
    siblings: list[LoopReturn], kind: str, status: str, is_ours: bool
) -> None:
    """Else an authorization for the twin of this return would be taken for its own."""
    first, second = siblings
    settled: dict[str, Any] = {"state": "closed", "was_processed": True, "line_items": [unit_payload(387002)]}
    row = make_return(first.shop, loop_id=second.loop_id, **settled)
    system = "loop" if kind == "loop_grade" else "netsuite"
    made = {"posted_at": timezone.now(), "their_id": "9"} if status == "posted" else {}

    make_posting(row, make_due(kind, system=system), status=status, **made)

    assert [one.loop_id for one in load_facts(row).siblings] == ([] if is_ours else ["1"])


def test_approval_is_the_first_moment_not_in_review(shop: Shop) -> None:
    make_policy(shop, rma_trigger="approved")
    row = make_return(shop, state="review")
    note_fact_change(row, load_facts(row))
    assert load_facts(row).loop.approved_at is None

    row = make_return(shop, state="open", updated_at=f"{CREATED + timedelta(days=1):%Y-%m-%d %H:%M:%S}")
    facts = load_facts(row)
    note_fact_change(row, facts)

    assert facts.loop.approved_at == facts.now
    assert load_facts(row).loop.approved_at == facts.now


def test_return_never_in_review_is_approved_when_it_was_asked_for(shop: Shop) -> None:
    make_policy(shop, rma_trigger="approved")
    row = make_return(shop)
    assert load_facts(row).loop.approved_at == CREATED
    note_fact_change(row, load_facts(row))

    assert load_facts(row).loop.approved_at == CREATED


@pytest.mark.parametrize(
    ("labels", "parcels"),
    [([], 0), (["9400-1"], 1), (["9400-1", "9400-2"], 2), (["9400-1", "9400-1"], 1)],
)
def test_parcels_are_counted_by_their_labels(shop: Shop, labels: list[str], parcels: int) -> None:
    row = make_return(shop, labels=[{"status": "in_transit", "tracking_number": number} for number in labels])

    assert load_facts(row).loop.parcels == parcels
