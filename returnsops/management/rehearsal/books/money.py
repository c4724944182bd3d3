"""No cent unexplained: where Loop settled and NetSuite credited, the two are equal to the cent.

A difference that stands is explained only by an open case on that return which speaks of what is booked.
"""

from collections.abc import Collection, Mapping
from decimal import Decimal
from math import ceil
from typing import Any

from returnsops.lib.money import smallest_unit
from returnsops.management.rehearsal.books.families import Family
from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
# Cases that leave the question open why a credit is another one than was paid.
SAY_NOTHING_OF_MONEY = frozenset(
    {
        "certificate_ending", "connection_down", "connection_refused", "event_unreadable", "exchange_order_missing",
        "inspection_overdue", "loop_settled_early", "webhooks_missing",
    }
)  # fmt: skip


def check_money(one: Json, family: Family, *, codes: Collection[str], verdict: Verdict) -> None:
    if not family.credits or not one["processed_at"] or set(codes) - SAY_NOTHING_OF_MONEY:
        return
    paid = _paid_out(one) + given_as_credit(one)
    credited = sum((Decimal(credit["total"]) for credit in family.credits), Decimal(0))
    words = f"return {one['id']}: Loop settled {paid}, NetSuite credits {credited}"
    verdict.note("cents_unexplained", ceil(abs(paid - credited) / smallest_unit(one["currency"])), words)


def _paid_out(one: Json) -> Decimal:
    """In the shop's currency: payments told in the shopper's own stand for what Loop computed (loop.md 7.5)."""
    is_foreign = any(row["currency"] != one["currency"] for row in one["refunds"])
    return Decimal(one["refund"] if is_foreign else one["amount_paid_out"])


def given_as_credit(one: Mapping[str, Any]) -> Decimal:
    """The gift card without its bonus, which no goods came back for (loop.md 7.9)."""
    issued = Decimal(one["gift_card_issued"] or 0)
    has_bonus = issued and any(unit["outcome"] == "credit" and not unit["removed"] for unit in one["units"])
    return issued - (Decimal(one["bonus"]) if has_bonus else Decimal(0))
