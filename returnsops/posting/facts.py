"""Loading the facts of one return: from rows to the values that `plan_return` looks at."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models.fields.json import KeyTextTransform

from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from integrations.netsuite.parsing import read_applies
from returnsops.lib import clock
from returnsops.lib.money import ZERO
from returnsops.posting import fact_rows
from returnsops.posting.fact_rows import Row, Rows
from returnsops.posting.goods import STOCKED, Goods, find_goods
from returnsops.posting.kits import find_kits, sold_as_others
from returnsops.posting.models import Pause
from returnsops.posting.pauses import pauses_of
from returnsops.posting.restocks import find_restocked_units
from returnsops.posting.settled import settled_at
from returnsops.returns.facts import (
    CANCELLED,
    ApprovalFacts,
    ClaimFacts,
    ExchangeFacts,
    FoundFacts,
    LineFacts,
    LoopFacts,
    OverrideFacts,
    PauseFacts,
    PostingFacts,
    RecordFacts,
    RefundFacts,
    ReturnFacts,
    SiblingFacts,
    UnitFacts,
)
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.plan.authorization import MOVING
from returnsops.returns.plan.taking_over import has_begun
from returnsops.returns.policies import active_policy
from returnsops.returns.policy import KeptItems, Policy, RmaTrigger
from returnsops.returns.sku_mapping import Meaning, meanings_of

KEPT_OUTCOME = "keep_item"
REVIEW = LoopReturn.State.REVIEW
ENDED_STATES = (LoopReturn.State.CANCELLED, LoopReturn.State.EXPIRED)
NO_LABEL = frozenset({None, "", "n/a", "pending"})
# Settings that say what is read and how; all others are asked by the plan alone.
READ_BY = (
    "ownership",
    "rma_trigger",
    "prices_include_tax",
    "duties_field",
    "kept_items",
    "exchange_order",
    "exchange_stock",
    "exchange_location",
    "exchange_link_field",
    "names_statuses",
)


def load_facts(row: LoopReturn, *, policy: Policy | None = None, claims_stock: bool = False) -> ReturnFacts:
    """Everything known about one return now. Call it under the lock of the order, or for reading only.

    policy: rules to try out, instead of the shop's own. claims_stock: for a plan that may order goods.
    """
    shop, account = row.shop, row.shop.account
    record = parse_return(row.raw, is_detailed=row.is_detailed)
    rows, policy = fact_rows.rows_of(row.pk), policy or active_policy(shop)
    now = clock.now()
    duties = record.amount_under(policy.duties_field)
    loop = replace(_loop_facts(row, record), refund_duties=duties, approved_at=_approved_at(row, policy, now=now))
    kept, restocked = find_kept_units(record, policy), find_restocked_units(row, record)
    meanings = meanings_of(shop, {one.sku or "" for one in (*rows.units, *rows.found, *record.exchanges)})
    items = {sku: one.item_id for sku, one in meanings.items()}
    kits = {sku for sku, one in meanings.items() if one.is_kit}
    goods = find_goods(
        row,
        {items[one.sku] for one in record.exchanges if one.sku in items},
        stock_at=policy.stock_counted_at,
        now=now,
        claims=claims_stock,
    )
    outcomes = {one.line_id: one for one in rows.outcomes}
    units = tuple(
        _unit_facts(line, meanings.get(line.sku), outcomes.get(line.id), policy=policy, kept=kept, restocked=restocked)
        for line in rows.units
    )
    records = _record_facts_of(row, rows, policy)
    came_as_kits = {items[one.sku] for one in (*rows.units, *rows.found) if one.sku in kits}
    postings = tuple(_posting_facts(one) for one in rows.postings)
    may_be_ended_by_others = loop.settled_at is not None and not has_begun(postings)
    return ReturnFacts(
        now=now,
        shop_code=shop.code,
        currency=row.currency or shop.currency,
        account_id=account.account_id,
        account_time_zone=account.time_zone,
        refund_apply_line=account.refund_apply_line,
        start_from=shop.start_from,
        deadline_scale=settings.DEADLINE_SCALE,
        policy=policy,
        loop=loop,
        exchanges=_exchange_facts(record, items, goods),
        units=units,
        found=tuple(_found_facts(one, items) for one in rows.found),
        records=records,
        records_read=row.records_fetched_at is not None,
        arrived_at=min((one.arrived_at for one in rows.arrivals), default=None),
        postings=postings,
        overrides=tuple(
            OverrideFacts(one.kind, one.subject, str(one.value), one.author_id, one.created_at)
            for one in rows.overrides
        ),
        approvals=tuple(ApprovalFacts(one.subject, one.seen_hash) for one in rows.approvals),
        claims=_claims_of_siblings(row),
        pauses=tuple(_pause_facts(one) for one in pauses_of(account)),
        kits=find_kits(account.pk, came_as_kits | sold_as_others(units, records)),
        siblings=_siblings(row, policy, may_be_ended_by_others=may_be_ended_by_others),
        shop_currency=shop.currency,
    )


def facts_under(row: LoopReturn, draft: Policy, *, known: ReturnFacts) -> ReturnFacts:
    """The facts as they would be under a draft; read again only where it changes what is read."""
    if all(getattr(draft, name) == getattr(known.policy, name) for name in READ_BY):
        return replace(known, policy=draft)
    return replace(load_facts(row, policy=draft), now=known.now)


def _loop_facts(row: LoopReturn, record: LoopReturnRecord) -> LoopFacts:
    return LoopFacts(
        loop_id=row.loop_id,
        state=row.state,
        outcome=row.outcome,
        order_name=row.order_name,
        provider_order_id=row.provider_order_id,
        created_at=record.created_at,
        updated_at=record.updated_at,
        return_total=record.worth,
        exchange_credit=(record.exchange_credit_total or ZERO) if record.exchanges else ZERO,
        upsell=record.upsell,
        refund=record.refund or ZERO,
        gift_card=record.gift_card or ZERO,
        fee=record.handling_fee,
        refund_shipping=record.refund_shipping_total,
        refund_shipping_tax=record.refund_shipping_tax_total,
        label_status=row.label_status,
        destination=record.destination_id or "",
        scanned_at=(record.label_updated_at or record.updated_at) if row.label_status in MOVING else None,
        before_inspection=record.refund_before_inspection,
        had_label=had_label(record),
        parcels=len({one.tracking_number for one in record.labels if one.tracking_number}),
        delivered_at=row.delivered_at,
        settled_at=settled_at(record),
        missing_since=row.missing_since,
        refunds=tuple(RefundFacts(one.gateway or "unknown", one.amount, one.currency or "") for one in record.refunds),
        untold=record.untold_amounts,
    )


def _approved_at(row: LoopReturn, policy: Policy, *, now: datetime) -> datetime | None:
    """The first moment not in review, by the history of our looks; read only where a clock starts there (C07)."""
    if policy.rma_trigger != RmaTrigger.APPROVED and policy.writes("rma"):
        return None
    states = [(one.at, one.state) for one in fact_rows.LOOP_STATES.ask(return_pk=row.pk)]
    released = next((at for at, state in states if state != REVIEW), None)
    if released and released == states[0][0]:
        return row.created_at
    if released or row.state == REVIEW:
        return released
    return now if states else row.created_at


def _siblings(row: LoopReturn, policy: Policy, *, may_be_ended_by_others: bool) -> tuple[SiblingFacts, ...]:
    """Other returns of the order, where records of another system have to be told apart.

    may_be_ended_by_others: as far as Loop tells, which `plan.taking_over` looks into.
    """
    writes_all = policy.writes("rma") and policy.writes("credit") and policy.writes("refund")
    if not row.provider_order_id or (writes_all and not may_be_ended_by_others):
        return ()
    units: dict[tuple[str, bool], list[str]] = {}
    for one in fact_rows.SIBLING_UNITS.ask(shop_pk=row.shop_id, order_id=row.provider_order_id, return_pk=row.pk):
        is_earlier = (one.asked_at, one.loop_id) < (row.created_at, row.loop_id)
        told = units.setdefault((one.loop_id, is_earlier), [])
        if not (one.removed or one.state in ENDED_STATES):
            told.append(one.provider_line_item_id or one.sku)
    return tuple(SiblingFacts(*name, units=tuple(sorted(told))) for name, told in sorted(units.items()))


def find_kept_units(record: LoopReturnRecord, policy: Policy) -> frozenset[str]:
    """Units that the customer keeps, by the sign that the policy trusts. Loop documents none (loop.md §3.3)."""
    if policy.kept_items == KeptItems.LINE_OUTCOME:
        kept = [one for one in record.units if one.raw.get("outcome") == KEPT_OUTCOME]
    elif policy.kept_items == KeptItems.NO_LABEL and settled_at(record) and not had_label(record):
        kept = list(record.units)
    else:
        kept = []
    return frozenset(one.line_item_id for one in kept)


def had_label(record: LoopReturnRecord) -> bool:
    """Whether a parcel was ever to come; drop-off networks have no label, but name their way (loop.md §3.2)."""
    return bool(record.labels or record.tracking_number or record.raw.get("return_method")) or (
        record.label_status not in NO_LABEL
    )


def _unit_facts(
    line: Row,
    meaning: Meaning | None,
    judged: Row | None,
    *,
    policy: Policy,
    kept: frozenset[str],
    restocked: dict[str, datetime],
) -> UnitFacts:
    """Where Loop's prices include the tax, it is taken out, so that an amount means the same everywhere."""
    return UnitFacts(
        unit=line.line_item_id,
        provider_line=line.provider_line_item_id,
        sku=line.sku,
        title=line.title,
        item_id=meaning.item_id if meaning else "",
        category=meaning.category if meaning else None,
        price=line.price - (line.tax if policy.prices_include_tax else ZERO),
        discount=line.discount,
        tax=line.tax,
        refund=line.refund,
        refund_item=line.refund_item,
        refund_tax=line.refund_tax,
        removed=line.removed,
        outcome=judged.outcome if judged else "",
        inspected_at=judged.inspected_at if judged else None,
        inspection_id=judged.inspection_id if judged else None,
        note=judged.note if judged else "",
        is_kept=line.line_item_id in kept,
        keeps_stock=meaning is None or meaning.is_kit or meaning.item_type in STOCKED,
        restocked_at=restocked.get(line.line_item_id),
    )


def _found_facts(row: Row, items: dict[str, str]) -> FoundFacts:
    item_id, place = items.get(row.sku, ""), row.place or ""
    return FoundFacts(str(row.id), row.sku, item_id, row.count, row.found_at, place, row.note)


def _exchange_facts(
    record: LoopReturnRecord, items: dict[str, str], goods: dict[str, Goods]
) -> tuple[ExchangeFacts, ...]:
    unknown = Goods()
    return tuple(
        ExchangeFacts(
            exchange_id=one.exchange_id,
            sku=one.sku or "",
            title=one.title or "",
            item_id=items.get(one.sku or "", ""),
            price=one.price,
            total=one.total,
            tax=one.tax,
            order_id=one.exchange_order_id or "",
            order_name=one.exchange_order_name or "",
            out_of_stock=one.out_of_stock,
            item_inactive=good.is_inactive,
            keeps_stock=good.keeps_stock,
            available=good.available,
        )
        for one in record.exchanges
        for good in [goods.get(items.get(one.sku or "", ""), unknown)]
    )


def _record_facts_of(row: LoopReturn, rows: Rows, policy: Policy) -> tuple[RecordFacts, ...]:
    links = _links(row, policy.link_field) if policy.link_field else {}
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in rows.record_lines:
        lines[line.record_id].append(line)
    return tuple(
        _record_facts(one, lines[one.id], link=links.get(one.internal_id, ""), policy=policy) for one in rows.records
    )


def _links(row: LoopReturn, field: str) -> dict[str, str]:
    """By order, what it shows in the account's own field for the order it was exchanged for."""
    orders = NetSuiteRecord.objects.filter(returns=row, record_type="salesOrder")
    return {name: text or "" for name, text in orders.values_list("internal_id", KeyTextTransform(field, "raw"))}


def _record_facts(row: Row, lines: list[Row], *, link: str, policy: Policy) -> RecordFacts:
    """NetSuite cancels an authorization by its status and leaves the lines open."""
    is_cancelled = (row.record_type, row.status) == ("returnAuthorization", CANCELLED)
    return RecordFacts(
        internal_id=row.internal_id,
        record_type=row.record_type,
        tran_id=row.tran_id,
        external_id=row.external_id,
        status=row.status,
        status_label=row.status_label,
        created_from_id=row.created_from_id,
        entity_id=row.entity_id,
        other_ref_num=row.other_ref_num,
        total=row.total or ZERO,
        amount_remaining=row.amount_remaining or ZERO,
        ours=row.origin == NetSuiteRecord.Origin.OURS,
        gone=row.gone_at is not None,
        currency=row.currency or "",
        account_id=row.booked_on or "",
        ship_to=row.ship_to or "",
        link=link,
        lines=tuple(
            LineFacts(
                line=line.line,
                order_line=line.order_line,
                item_id=line.item_id,
                item_name=line.item_name,
                quantity=line.quantity,
                rate=line.rate or ZERO,
                amount=abs(line.amount or ZERO),
                tax_amount=abs(line.tax_amount or ZERO),
                location_id=policy.as_place(line.location_id),
                is_closed=line.is_closed or is_cancelled,
                received=line.quantity_received,
                billed=line.quantity_billed,
                reference=line.reference,
            )
            for line in lines
        ),
        pays=tuple(
            (one.doc_id, one.amount) for one in read_applies({"apply": row.applied}) if one.apply and one.amount
        ),
    )


def _posting_facts(row: Row) -> PostingFacts:
    return PostingFacts(
        external_id=row.external_id,
        kind=row.kind,
        number=row.number,
        status=row.status,
        their_id=row.their_id,
        covers=frozenset(row.units),
        request=row.request,
        refusal=row.refusal,
        differences=tuple(row.differences),
        posted_at=row.posted_at,
        uncertain_since=row.uncertain_since,
        read_back=row.read_back_at is not None or row.trusted_at is not None,
        trusted=row.trusted_at is not None,
    )


def _pause_facts(row: Pause) -> PauseFacts:
    return PauseFacts(
        key=row.key,
        code=row.code,
        reason=row.reason,
        by=row.opened_by.name if row.opened_by else "",
        words=row.words,
        probe=row.probe.external_id if row.probe else "",
    )


def _claims_of_siblings(row: LoopReturn) -> tuple[ClaimFacts, ...]:
    """What other returns of this order will take by authorizations that our mirror of NetSuite does not show yet."""
    if not row.provider_order_id:
        return ()
    coming = fact_rows.COMING_FOR_SIBLINGS.ask(shop_pk=row.shop_id, order_id=row.provider_order_id, return_pk=row.pk)
    return tuple(
        ClaimFacts(str(posting.request["source_id"]), str(line["orderLine"]), int(line["quantity"]))
        for posting in coming
        for line in posting.request["body"]["item"]["items"]
    )
