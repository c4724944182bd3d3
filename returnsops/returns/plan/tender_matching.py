"""Payments of one return and refunds made by somebody else: which stands for which (requirement E3).

Account and amount tell them apart. Where they do not, every payment a refund may stand for is named, and a person says.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any

from returnsops.lib.money import add_up
from returnsops.returns.facts import RecordFacts, ReturnFacts


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


@dataclass(frozen=True)
class Comparison:
    """What is left of payments and refunds once each stands for the other. By place in what was compared, with amounts.

    misplaced: what a refund holds of a payment that belongs on another account.
    """

    missing: tuple[tuple[int, Decimal], ...] = ()
    beyond: tuple[tuple[int, Decimal], ...] = ()
    misplaced: tuple[tuple[int, int, Decimal], ...] = ()

    @property
    def is_even(self) -> bool:
        return self == Comparison()


def compare_parts(paid: Sequence[Part], booked: Sequence[Part]) -> Comparison:
    """One refund may stand for several payments of its account, and several for one; it is the account that counts."""
    owed, held = [one.amount for one in paid], [one.amount for one in booked]
    misplaced = []
    for fits, is_whole in ROUNDS:
        for payment, refund in product(range(len(paid)), range(len(booked))):
            amount = min(owed[payment], held[refund])
            if not amount or not fits(paid[payment], booked[refund]):
                continue
            if is_whole and owed[payment] != held[refund]:
                continue
            owed[payment] -= amount
            held[refund] -= amount
            if fits is _on_two_accounts:
                misplaced.append((payment, refund, amount))
    return Comparison(_left(owed), _left(held), tuple(misplaced))


def _on_one_account(paid: Part, booked: Part) -> bool:
    return paid.account == booked.account


def _may_be_on_one(paid: Part, booked: Part) -> bool:
    return not (paid.account and booked.account)


def _on_two_accounts(paid: Part, booked: Part) -> bool:
    return not (_may_be_on_one(paid, booked) or _on_one_account(paid, booked))


def _left(amounts: Iterable[Decimal]) -> tuple[tuple[int, Decimal], ...]:
    return tuple((place, amount) for place, amount in enumerate(amounts) if amount)


# The surest first; whether only equal amounts stand for each other. What is misplaced as a whole is told before what
# shows no account is shared out; what is left on both sides at the end is misplaced too, however it was cut.
ROUNDS: tuple[tuple[Callable[[Part, Part], bool], bool], ...] = (
    (_on_one_account, True),
    (_may_be_on_one, True),
    (_on_one_account, False),
    (_on_two_accounts, True),
    (_may_be_on_one, False),
    (_on_two_accounts, False),
)


def as_rows(payments: Iterable[Part]) -> list[dict[str, str]]:
    """As a request keeps them."""
    return [{"account": one.account, "amount": str(one.amount)} for one in payments]


def read_rows(rows: Iterable[dict[str, Any]]) -> list[Part]:
    return [Part(str(row["account"]), Decimal(row["amount"])) for row in rows]


def refunds_by_others(facts: ReturnFacts, memo_id: str) -> list[tuple[RecordFacts, Part]]:
    """What other hands refunded of a credit, by the mirror: what a posting of ours holds, or a person noted, is not."""
    return [(record, part) for record, part in _by_strangers(facts, memo_id) if not _is_noted(facts, record)]


def refunds_noted(facts: ReturnFacts, memo_id: str) -> list[Part]:
    """Those of which a person noted that ours is booked beside them."""
    return [part for record, part in _by_strangers(facts, memo_id) if _is_noted(facts, record)]


def _by_strangers(facts: ReturnFacts, memo_id: str) -> list[tuple[RecordFacts, Part]]:
    held = {one.their_id for one in facts.postings}
    return [
        (record, Part(record.account_id, amount))
        for record in facts.records_of("customerRefund")
        if not record.ours and record.internal_id not in held and not record.is_voided
        for credit_id, amount in record.pays
        if credit_id == memo_id
    ]


def _is_noted(facts: ReturnFacts, record: RecordFacts) -> bool:
    return facts.is_acknowledged("foreign_record", f"record:{record.internal_id}")
