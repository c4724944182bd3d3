"""What Loop tells of a return beside its steps: its parcels, what it paid and how, and the shop's own numbers."""

from collections.abc import Iterable, Iterator
from typing import Any

from integrations.loop.records import LabelRecord, LoopReturnRecord
from integrations.netsuite.parsing import parse_form
from returnsops.pages.present.facts_in_words import is_exchange_order
from returnsops.pages.present.steps import record_link
from returnsops.posting.settled import settled_at
from returnsops.returns.labels import LOOP_STATES
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.plan.inspecting import ON_THE_ROAD
from returnsops.returns.policies import active_policy
from returnsops.returns.policy import ExchangeTiming
from returnsops.returns.policy_terms import CHOICES

Fact = dict[str, Any]
OVER = frozenset({"C", "F", "G", "H"})  # statuses of an order that ships nothing any more


def describe_facts(row: LoopReturn, told: LoopReturnRecord, records: Iterable[NetSuiteRecord]) -> list[Fact]:
    """What components/facts.html takes."""
    state = LOOP_STATES[row.state]
    return [
        {"label": "Shop", "value": row.shop.name},
        {"label": "In Loop", "badge": {"tone": state.tone, "label": state.label}},
        {"label": "Outcome", "value": row.outcome or None},
        {"label": "Value", "amount": row.return_total, "currency": row.currency},
        *_payments(row, told),
        *_exchange(row, told, records),
        {"label": "Customer", "value": row.customer_email or None},
        {"label": "Requested", "at": row.created_at},
        *_parcels(row, told),
        *([{"label": "Settled", "at": row.settled_at}] if row.settled_at else []),
    ]


def shop_ids(told: LoopReturnRecord) -> list[dict[str, Any]]:
    """Under which the shop's platform knows the return, as far as Loop tells (loop.md §3.2)."""
    ids = [("Shopify return", told.shopify_return_id), *(("Shopify refund", one) for one in told.shopify_refund_ids)]
    return [{"kind": kind, "value": value, "href": "", "is_external": False} for kind, value in ids if value]


def _payments(row: LoopReturn, told: LoopReturnRecord) -> Iterator[Fact]:
    """What Loop has paid, part by part. New goods are no payout: their part is told as what it is."""
    if settled_at(told) is None:
        return
    for one in told.refunds:
        if not one.amount:
            continue
        method = (one.gateway or "an unknown way").replace("_", " ")
        yield {
            "label": "Paid back",
            "amount": one.amount,
            "currency": one.currency or row.currency,
            "note": f"by {method}",
        }
    for label, amount in (("Store credit", told.gift_card), ("Used for the exchange", told.exchange_credit_total)):
        if amount:
            yield {"label": label, "amount": amount, "currency": row.currency}


def _exchange(row: LoopReturn, told: LoopReturnRecord, records: Iterable[NetSuiteRecord]) -> Iterator[Fact]:
    """When the new goods are ordered, which differs from return to return; and how far their order is in NetSuite."""
    if told.refund_before_inspection and told.exchanges:
        yield {"label": "Exchange order", "value": "at once, before anything comes back"}
    elif told.exchanges:
        timing = CHOICES[ExchangeTiming][active_policy(row.shop).exchange_timing]
        yield {"label": "Exchange order", "value": timing}
    for record in records:
        if told.exchanges and not record.gone_at and is_exchange_order(row, record):
            note = "; ".join(filter(None, [record.status_label, _reserved(record)]))
            yield {"label": "Replacement", "id": record_link(row, record), "note": note}


def _reserved(order: NetSuiteRecord) -> str:
    """How much of what is still to be shipped NetSuite has set aside; empty if it does not tell, or nothing is left
    to ship (netsuite.md §4.3)."""
    lines = parse_form(order.raw, record_type=order.record_type).lines
    told = [line for line in lines if line.quantity_committed is not None and not line.is_closed]
    left = sum(line.quantity - line.quantity_fulfilled for line in told)
    committed = sum(line.quantity_committed or 0 for line in told)
    return f"{committed} of {left} reserved" if left > 0 and order.status not in OVER else ""


def _parcels(row: LoopReturn, told: LoopReturnRecord) -> Iterator[Fact]:
    yield {"label": "Parcel", "value": _words(row.label_status) or "no label yet"}
    if row.label_status in ON_THE_ROAD and told.label_updated_at:
        yield {"label": "Last scan", "at": told.label_updated_at}
    labels = {one.tracking_number: one for one in told.labels}
    for number in row.tracking_numbers:
        yield {"label": "Tracking", "id": {"value": number}, "note": _carrier(told, labels.get(number))}


def _carrier(told: LoopReturnRecord, label: LabelRecord | None) -> str:
    """Of one parcel among several its own state as well."""
    if label is None or len(told.labels) == 1:
        return told.carrier or (label and label.carrier) or ""
    return ", ".join(word for word in (label.carrier, _words(label.status)) if word)


def _words(status: str | None) -> str:
    return (status or "").replace("_", " ")
