"""Plain functions that build what a test is about: rows first, then values for plans without a database.

Money as text in, Decimal out: `make_unit(price="80.00")`. What a test does not name is filled in plausibly.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from integrations.loop.parsing import parse_return
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import TransactionLine, TransactionRecord
from returnsops.lib.money import ZERO, add_up
from returnsops.people.models import Membership, User
from returnsops.posting.models import Posting
from returnsops.posting.outbox import enqueue
from returnsops.returns import mirror
from returnsops.returns.facts import (
    ExchangeFacts,
    LineFacts,
    LoopFacts,
    PostingFacts,
    RecordFacts,
    RefundFacts,
    ReturnFacts,
    UnitFacts,
)
from returnsops.returns.inspection import UnitOutcome, record_units
from returnsops.returns.models import Inspection, Item, LoopReturn, NetSuiteRecord, PolicyVersion, SkuMapping
from returnsops.returns.places import location_of, status_of
from returnsops.returns.plan import PostingDue
from returnsops.returns.plan.draft import Promise
from returnsops.returns.policies import activate_policy
from returnsops.returns.policy import ITEM_KEYS, RECORD_KINDS, Policy
from returnsops.returns.policy_reading import parse_policy

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CREATED = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
SELLABLE, HOLDING, DAMAGED = "14", "31", "33"
LINE_FIELD = "custcol_shopify_line_id"
FIRST_UNIT = 387001
PASSWORD = "a long word for tests"
WRITES_ALL: dict[str, Any] = {
    "ownership": dict.fromkeys(RECORD_KINDS, "write"),
    "locations": {"holding": HOLDING, "sellable": SELLABLE, "damaged": DAMAGED},
    "scrap_account": "640",
    "items": {key: str(900 + number) for number, key in enumerate(ITEM_KEYS)},
    "tenders": {
        "shopify_payments": {"account_id": "217", "payment_option_id": "9"},
        "gift_card": {"account_id": "218"},
    },
}


# --- Rows ------------------------------------------------------------------------------------------


def make_account(account_id: str = "1234567_SB1", **columns: Any) -> NetSuiteAccount:
    values = {
        "base_url": "http://127.0.0.1:9",
        "client_id": "client-1",
        "certificate_id": "cert-1",
        "line_reference_field": LINE_FIELD,
    }
    account, _ = NetSuiteAccount.objects.get_or_create(account_id=account_id, defaults=values | columns)
    return account


def make_shop(
    code: str = "fern", *, policy: bool = True, account: NetSuiteAccount | None = None, **columns: Any
) -> Shop:
    """A shop with its account; with policy=True ReturnsOps writes everything there."""
    values: dict[str, Any] = {
        "name": code.title(),
        "currency": "USD",
        "base_url": "http://127.0.0.1:9",
        "start_from": CREATED - timedelta(days=30),
        "key_looked_at": timezone.now(),
    }
    shop = Shop.objects.create(code=code, account=account or make_account(), **values | columns)
    if policy:
        make_policy(shop)
    return shop


def make_policy(shop: Shop, **changes: Any) -> PolicyVersion:
    """The rules that write everything, with these settings changed."""
    return activate_policy(shop, WRITES_ALL | changes, by=None, reason="for a test")


def make_user(role: str = "", shop: Shop | None = None, *, username: str = "", limit: str | None = None) -> User:
    """A person with one role in one shop; without a role they see nothing."""
    name = username or f"{role or 'nobody'}-{User.objects.count() + 1}"
    user = User.objects.create(username=name, password=_hashed(PASSWORD))
    if role:
        assert shop is not None, "a role is held in a shop"
        approval_limit = None if limit is None else Decimal(limit)
        Membership.objects.create(user=user, shop=shop, role=role, approval_limit=approval_limit)
    return user


@cache
def _hashed(password: str) -> str:
    """Hashing is slow on purpose; once is enough."""
    return make_password(password)


def make_item(sku: str = "BOOT-42", internal_id: str = "501", *, account: NetSuiteAccount | None = None) -> Item:
    item, _ = Item.objects.get_or_create(
        account=account or make_account(),
        internal_id=internal_id,
        defaults={"sku": sku, "display_name": f"{sku} in NetSuite", "fetched_at": NOW},
    )
    return item


def make_mapping(shop: Shop, sku: str = "BOOT-42", item: Item | None = None, **columns: Any) -> SkuMapping:
    return SkuMapping.objects.create(shop=shop, sku=sku, item=item or make_item(sku, account=shop.account), **columns)


def make_return(
    shop: Shop | None = None,
    *,
    lines: int = 2,
    loop_id: str = "110700123",
    raw: dict[str, Any] | None = None,
    fetched_at: datetime | None = None,
    **changes: Any,
) -> LoopReturn:
    """A mirrored return as Loop's details tell it. changes: keys of the payload, e.g. state="closed"."""
    shop = shop or Shop.objects.first() or make_shop()
    payload = raw or details_payload(loop_id=loop_id, lines=lines, **changes)
    record = parse_return(payload, is_detailed=True)
    return mirror.apply_return(shop, record, fetched_at=fetched_at or datetime.now(UTC))


def details_payload(*, loop_id: str = "110700123", lines: int = 2, **changes: Any) -> dict[str, Any]:
    """What Loop's details call answers for an open refund of `lines` units of one order line."""
    units = [unit_payload(FIRST_UNIT + number) for number in range(lines)]
    total = add_up(Decimal(unit["refund"]) for unit in units)
    payload: dict[str, Any] = {
        "id": int(loop_id),
        "state": "open",
        "was_processed": False,
        "outcomes_processed_at": [],
        "created_at": f"{CREATED:%Y-%m-%d %H:%M:%S}",
        "updated_at": f"{CREATED:%Y-%m-%d %H:%M:%S}",
        "outcome": "refund",
        "order_id": 5873120045678,
        "order_name": "#20418",
        "customer_email": "pat@example.com",
        "currency": "USD",
        "return_total": str(total),
        "exchange_total": "0.00",
        "exchange_credit_total": "0.00",
        "gift_card": "0.00",
        "handling_fee": "0.00",
        "refund": str(total),
        "upsell": "0.00",
        "line_items": units,
        "exchanges": [],
        "refunds": [],
        "tracking_number": "9400100000000000000001",
        "label_status": "in_transit",
        "label_updated_at": f"{CREATED + timedelta(days=1):%Y-%m-%d %H:%M:%S}",
        "labels": [],
        "shopify_refund_object": [],
    }
    return payload | changes


def unit_payload(line_item_id: int = FIRST_UNIT, **changes: Any) -> dict[str, Any]:
    unit = {
        "line_item_id": line_item_id,
        "provider_line_item_id": 14440012345678,
        "sku": "BOOT-42",
        "barcode": "0000000000017",
        "title": "Boot / 42",
        "price": "80.00",
        "discount": "8.00",
        "tax": "5.76",
        "refund": "77.76",
        "refund_item": "72.00",
        "refund_tax": "5.76",
        "returned_at": f"{CREATED:%Y-%m-%d %H:%M:%S}",
        "reason": "Too small",
    }
    return unit | changes


def exchange_payload(**changes: Any) -> dict[str, Any]:
    """A replacement that Loop has ordered."""
    exchange = {
        "exchange_id": "42098001", "exchange_order_id": "61001", "exchange_order_name": "#EXC-1", "sku": "BOOT-43",
        "title": "Boot / 43", "price": "72.00", "discount": "0.00", "tax": "5.76", "total": "77.76",
        "out_of_stock": False,
    }  # fmt: skip
    return exchange | changes


def make_inspection(row: LoopReturn, by: User, *outcomes: str) -> Inspection:
    """Judge the return's units in their order: make_inspection(row, ada, "sellable", "refused")."""
    lines = list(row.lines.filter(removed=False))
    judged = [
        UnitOutcome(line.line_item_id, outcome, uuid.uuid4()) for line, outcome in zip(lines, outcomes, strict=False)
    ]
    return record_units(row, judged, by=by)


def make_record(row: LoopReturn, record: RecordFacts, *, fetched_at: datetime | None = None) -> NetSuiteRecord:
    """Mirror a NetSuite record for this return, e.g. make_record(row, make_sale(units))."""
    account = row.shop.account
    mirror.apply_records(account, [transaction_of(record)], fetched_at=fetched_at or datetime.now(UTC))
    mirrored = account.records.get(internal_id=record.internal_id)
    row.records.add(mirrored)
    LoopReturn.objects.filter(pk=row.pk).update(records_fetched_at=datetime.now(UTC))
    row.refresh_from_db()
    return mirrored


def transaction_of(record: RecordFacts) -> TransactionRecord:
    lines = tuple(
        TransactionLine(
            line=int(one.line),
            order_line=int(one.order_line) if one.order_line else None,
            unique_key=None,
            item_id=one.item_id,
            item_name=one.item_name,
            quantity=one.quantity,
            rate=one.rate,
            amount=one.amount,
            tax_amount=one.tax_amount,
            location_id=location_of(one.location_id) or None,
            statuses=frozenset({status_of(one.location_id)} - {""}),
            is_closed=one.is_closed,
            quantity_received=one.received,
            quantity_billed=one.billed,
            custom={LINE_FIELD: one.reference},
            raw={},
        )
        for one in record.lines
    )
    return TransactionRecord(
        record_type=record.record_type,
        internal_id=record.internal_id,
        external_id=record.external_id or None,
        tran_id=record.tran_id,
        tran_date=NOW.date(),
        status=record.status,
        status_label=record.status_label,
        created_from_id=record.created_from_id or None,
        created_from_type=None,
        entity_id=record.entity_id,
        currency=record.currency or "USD",
        currency_id="1",
        location_id=None,
        subtotal=None,
        tax_total=None,
        total=record.total,
        amount_remaining=record.amount_remaining,
        other_ref_num=record.other_ref_num or None,
        memo=None,
        last_modified=NOW,
        created_at=NOW,
        lines=lines,
        applies=(),
        raw=_raw_of(record),
    )


def _raw_of(record: RecordFacts) -> dict[str, Any]:
    """What facts read from the record as it came."""
    currency = {"currency": {"id": "1", "refName": record.currency}} if record.currency else {}
    address = {"shipAddressList": {"id": record.ship_to}} if record.ship_to else {}
    rows = [{"doc": {"id": name}, "line": 1, "apply": True, "amount": float(amount)} for name, amount in record.pays]
    applied = {"apply": {"items": rows}} if rows else {}
    return currency | address | applied | ({"account": {"id": record.account_id}} if record.account_id else {})


def make_due(kind: str = "rma", *, covers: Iterable[str] = ("unit:387001",), **changes: Any) -> PostingDue:
    """A posting as a plan wants it."""
    request = {
        "operation": "transform",
        "source_type": "invoice",
        "source_id": "7001",
        "target_type": "returnAuthorization",
        "replace": ["item"],
        "body": {"memo": "for a test", "item": {"items": []}},
    }
    values: dict[str, Any] = {
        "system": "netsuite",
        "request": request,
        "covers": frozenset(covers),
        "serial_key": "1234567_SB1:7001",
    }
    return PostingDue(kind=kind, **values | changes)


def make_posting(row: LoopReturn, due: PostingDue | None = None, **columns: Any) -> Posting:
    """A posting in the outbox, planned and ready to be claimed; columns overwrite its row."""
    with transaction.atomic():
        (posting,) = enqueue(row, [*_standing(row), due or make_due()])
    LoopReturn.objects.filter(pk=row.pk).update(look_again_at=None)
    row.refresh_from_db()
    if columns:
        Posting.objects.filter(pk=posting.pk).update(**columns)
    return Posting.objects.get(pk=posting.pk)


def _standing(row: LoopReturn) -> list[PostingDue]:
    """What the outbox holds already, wanted once more, so that a second posting does not withdraw the first."""
    return [
        PostingDue(
            kind=one.kind,
            system=one.system,
            request=one.request,
            covers=frozenset(cover.unit for cover in one.covers.all()),
            serial_key=one.serial_key,
            hinges_on=tuple(one.hinges_on),
            promise=Promise(one.promise),
        )
        for one in row.postings.filter(status__in=Posting.CHANGEABLE, uncertain_since=None)
    ]


# --- Values for plans ------------------------------------------------------------------------------


def make_facts(**changes: Any) -> ReturnFacts:
    """A return of two units of one order line, NetSuite read, its invoice there. changes: fields of ReturnFacts.

    The sale is made to fit the units; give records=() for a return whose order is not in NetSuite.
    """
    units: tuple[UnitFacts, ...] = changes.pop("units", (make_unit(1), make_unit(2)))
    values: dict[str, Any] = {
        "now": NOW,
        "shop_code": "fern",
        "currency": "USD",
        "account_id": "1234567_SB1",
        "account_time_zone": "America/Los_Angeles",
        "refund_apply_line": 1,
        "start_from": CREATED - timedelta(days=30),
        "policy": policy(),
        "loop": make_loop(units),
        "units": units,
        "records": (make_sale(units),),
        "records_read": True,
    }
    return ReturnFacts(**values | changes)


def policy(**changes: Any) -> Policy:
    return parse_policy(WRITES_ALL | changes)


def make_unit(number: int = 1, outcome: str = "", **changes: Any) -> UnitFacts:
    """Unit 387001, 387002, … Amounts may be given as text."""
    values: dict[str, Any] = {
        "unit": str(FIRST_UNIT - 1 + number),
        "provider_line": "14440012345678",
        "sku": "BOOT-42",
        "title": "Boot / 42",
        "item_id": "501",
        "price": "80.00",
        "discount": "8.00",
        "tax": "5.76",
        "refund": "77.76",
        "refund_item": "72.00",
        "refund_tax": "5.76",
        "outcome": outcome,
        "inspected_at": NOW - timedelta(hours=1) if outcome else None,
    }
    values |= changes
    for name in ("price", "discount", "tax", "refund", "refund_item", "refund_tax"):
        values[name] = Decimal(values[name])
    return UnitFacts(**values)


def make_loop(units: Sequence[UnitFacts], **changes: Any) -> LoopFacts:
    """The return of these units in Loop: open, refunded to the card, all of it."""
    live = [unit for unit in units if not unit.removed]
    values: dict[str, Any] = {
        "loop_id": "110700123",
        "state": "open",
        "outcome": "refund",
        "order_name": "#20418",
        "provider_order_id": "5873120045678",
        "created_at": CREATED,
        "updated_at": CREATED,
        "return_total": add_up(unit.worth + unit.tax for unit in live),
        "exchange_credit": ZERO,
        "upsell": ZERO,
        "refund": add_up(unit.refund for unit in live),
        "gift_card": ZERO,
        "fee": add_up(unit.worth + unit.tax - unit.refund for unit in live),
        "label_status": "in_transit",
    }
    for name in ("return_total", "exchange_credit", "upsell", "refund", "gift_card", "fee"):
        if name in changes:
            changes[name] = Decimal(changes[name])
    return LoopFacts(**values | changes)


def settled(loop: LoopFacts, **changes: Any) -> LoopFacts:
    """The same return after Loop carried its outcomes out and closed it."""
    at = NOW - timedelta(minutes=10)
    values: dict[str, Any] = {"state": "closed", "settled_at": at, "updated_at": at}
    done = replace(loop, **values | changes)
    if done.refund and not done.refunds:
        done = replace(done, refunds=(RefundFacts("shopify_payments", done.refund),))
    return done


def make_exchange(number: int = 1, **changes: Any) -> ExchangeFacts:
    values: dict[str, Any] = {
        "exchange_id": str(5000 + number),
        "sku": "BOOT-43",
        "title": "Boot / 43",
        "item_id": "502",
        "price": Decimal("72.00"),
        "total": Decimal("77.76"),
        "order_id": "",
        "order_name": "",
    }
    return ExchangeFacts(**values | changes)


def make_line(line: str = "3", **changes: Any) -> LineFacts:
    values: dict[str, Any] = {
        "line": line,
        "order_line": "",
        "item_id": "501",
        "item_name": "BOOT-42",
        "quantity": 1,
        "rate": Decimal("72.00"),
        "amount": Decimal("72.00"),
        "tax_amount": Decimal("5.76"),
    }
    for name in ("rate", "amount", "tax_amount"):
        if name in changes:
            changes[name] = Decimal(changes[name])
    return LineFacts(**values | changes)


def make_netsuite(record_type: str, internal_id: str, **changes: Any) -> RecordFacts:
    """Any NetSuite transaction."""
    values: dict[str, Any] = {
        "internal_id": internal_id,
        "record_type": record_type,
        "tran_id": f"{record_type[:3].upper()}{internal_id}",
        "external_id": "",
        "status": "A",
        "status_label": "Open",
        "created_from_id": "",
        "entity_id": "8801",
        "other_ref_num": "",
        "total": ZERO,
        "amount_remaining": ZERO,
        "ours": False,
    }
    return RecordFacts(**values | changes)


def make_sale(units: Sequence[UnitFacts], record_type: str = "invoice", **changes: Any) -> RecordFacts:
    """The bill on which these units were sold: one line for all units of one shop line, numbers not from one."""
    by_line: dict[str, list[UnitFacts]] = {}
    for unit in units:
        by_line.setdefault(unit.provider_line, []).append(unit)
    lines = tuple(
        make_line(
            str(3 * number),
            item_id=same[0].item_id or "501",
            item_name=same[0].sku,
            quantity=len(same),
            rate=same[0].worth,
            amount=add_up(unit.worth for unit in same),
            tax_amount=add_up(unit.tax for unit in same),
            reference=reference,
        )
        for number, (reference, same) in enumerate(by_line.items(), start=1)
    )
    total = add_up(line.amount + line.tax_amount for line in lines)
    return make_netsuite(record_type, "7001", **{"other_ref_num": "20418", "total": total, "lines": lines} | changes)


def make_rma(sale: RecordFacts, **changes: Any) -> RecordFacts:
    """Our Return Authorization for all of the sale, pending receipt."""
    lines = tuple(
        replace(one, line=str(number), order_line=one.line, location_id=HOLDING, reference="")
        for number, one in enumerate(sale.lines, start=1)
    )
    values: dict[str, Any] = {
        "external_id": "loop-fern-110700123-rma-1",
        "status": "B",
        "status_label": "Pending Receipt",
        "created_from_id": sale.internal_id,
        "total": sale.total,
        "ours": True,
        "lines": lines,
    }
    return make_netsuite("returnAuthorization", changes.pop("internal_id", "8001"), **values | changes)


def make_posted(kind: str, their_id: str, covers: Iterable[str] = (), **changes: Any) -> PostingFacts:
    """A posting that is over there; change status for one that is not."""
    values: dict[str, Any] = {
        "external_id": f"loop-fern-110700123-{kind.replace('_', '-')}-1",
        "kind": kind,
        "number": 1,
        "status": "posted",
        "their_id": their_id,
        "covers": frozenset(covers),
        "request": {},
        "posted_at": NOW - timedelta(minutes=20),
    }
    return PostingFacts(**values | changes)


def with_rma(facts: ReturnFacts, **changes: Any) -> ReturnFacts:
    """The same return once its Return Authorization is in NetSuite and mirrored."""
    (sale,) = facts.records_of("invoice", "cashSale")
    posting = make_posted("rma", "8001", [unit.cover for unit in facts.units])
    return replace(facts, records=(*facts.records, make_rma(sale, **changes)), postings=(*facts.postings, posting))


def with_receipts(facts: ReturnFacts) -> ReturnFacts:
    """The same return once every accepted unit is received."""
    covers = [unit.cover for unit in facts.accepted_units]
    posted = replace(facts, postings=(*facts.postings, make_posted("receipt", "8101", covers)))
    return _with_counts(posted, "received", status="F")


def _with_counts(facts: ReturnFacts, name: str, *, status: str) -> ReturnFacts:
    """Write on the authorization's lines how many accepted units of each were received or billed."""
    (sale,) = facts.records_of("invoice", "cashSale")
    (rma,) = facts.records_of("returnAuthorization")
    line_of = {line.reference: line.line for line in sale.lines}
    counts = Counter(line_of[unit.provider_line] for unit in facts.accepted_units)
    changed: list[dict[str, Any]] = [{name: counts[line.order_line]} for line in rma.lines]
    lines = tuple(replace(line, **change) for line, change in zip(rma.lines, changed, strict=True))
    others = tuple(one for one in facts.records if one.internal_id != rma.internal_id)
    return replace(facts, records=(*others, replace(rma, lines=lines, status=status)))


def with_credit(facts: ReturnFacts, *, total: str, remaining: str | None = None) -> ReturnFacts:
    """The same return once its Credit Memo is in NetSuite and mirrored."""
    memo = make_netsuite(
        "creditMemo",
        "8201",
        created_from_id="8001",
        total=Decimal(total),
        amount_remaining=Decimal(remaining if remaining is not None else total),
        ours=True,
    )
    covers = [unit.cover for unit in facts.accepted_units]
    posting = make_posted("credit", "8201", covers, request={"source_id": "8001", "body": {"item": {"items": []}}})
    booked = replace(facts, records=(*facts.records, memo), postings=(*facts.postings, posting))
    return _with_counts(booked, "billed", status="G")


def with_settlement(facts: ReturnFacts, **changes: Any) -> ReturnFacts:
    """The same return once Loop settled it at our word. changes: fields of its LoopFacts, e.g. refunds."""
    asked = make_posted("loop_process", facts.loop.loop_id, [f"part:settlement:{facts.loop.loop_id}"])
    return replace(facts, loop=settled(facts.loop, **changes), postings=(*facts.postings, asked))
