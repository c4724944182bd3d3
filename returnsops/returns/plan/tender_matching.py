"""Of several payments of one return, which one a refund made by somebody else may stand for (requirement E3).

Account and amount tell them apart. Where they do not, every payment it may stand for is named, and a person says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from returnsops.lib.money import add_up
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.sources import VOIDED


@dataclass(frozen=True)
class Part:
    """Money on an account: what a payment should be booked as, or what a refund is. account: empty: not told."""

    account: str
    amount: Decimal


def candidates_for(refund: Part, payments: Sequence[Part]) -> list[Part]:
    """The payments that this refund may stand for; never none. Payments that look alike are all named.

    Account and amount together decide; else the account does, as long as the amount does not speak for another
    payment and is no more than was paid there; without a known account the amount decides alone.
    """
    same = [one for one in payments if one == refund]
    if same:
        return same
    on_account = [one for one in payments if one.account == refund.account]
    of_amount = [one for one in payments if one.amount == refund.amount]
    if on_account and refund.amount > add_up(one.amount for one in on_account):
        return list(payments)
    return [*on_account, *of_amount] or list(payments)


def as_rows(payments: Iterable[Part]) -> list[dict[str, str]]:
    """As a request keeps them."""
    return [{"account": one.account, "amount": str(one.amount)} for one in payments]


def read_rows(rows: Iterable[dict[str, Any]]) -> list[Part]:
    return [Part(str(row["account"]), Decimal(row["amount"])) for row in rows]


def refunds_by_others(facts: ReturnFacts, memo_id: str) -> list[tuple[RecordFacts, Part]]:
    """What other hands refunded of a credit, by the mirror: what a posting of ours holds, or a person noted, is not."""
    held = {one.their_id for one in facts.postings if one.kind == "customer_refund" and one.is_taken}
    return [
        (record, Part(record.account_id, amount))
        for record in facts.records_of("customerRefund")
        if not record.ours and record.internal_id not in held and record.status != VOIDED
        if not facts.is_acknowledged("foreign_record", f"record:{record.internal_id}")
        for credit_id, amount in record.pays
        if credit_id == memo_id
    ]
