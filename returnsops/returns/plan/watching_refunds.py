"""The refunds where another system books them: awaited, then compared with what Loop paid, part by part (row E3).

Several returns of an order share the records around it, so only what is applied to this return's own credit counts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.applying import value_to_apply
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.expecting import expect_record, missing_subject
from returnsops.returns.plan.figures import beyond_subject, left_open
from returnsops.returns.plan.tender_matching import Comparison, Part, compare_parts
from returnsops.returns.plan.tenders import paid_by_gateway, paid_in_others
from returnsops.returns.problems import Problem

SHORT = 12


@dataclass(frozen=True)
class Paid:
    """What Loop paid through one gateway. gateway: empty where Loop's list of payments does not tell."""

    gateway: str
    part: Part


@dataclass(frozen=True)
class Booked:
    """What one record refunds of the credit. record: None where one of them does not tell of which return it is."""

    record: RecordFacts | None
    part: Part


@dataclass(frozen=True)
class Refunds:
    """Both sides of one credit, and what is left of them. used: what of it went into something that is no refund."""

    memo: RecordFacts
    paid: tuple[Paid, ...]
    booked: tuple[Booked, ...]
    left: Comparison
    used: Decimal

    @property
    def missing(self) -> Decimal:
        return add_up(amount for _, amount in self.left.missing)

    @property
    def went_elsewhere(self) -> Decimal:
        """As much of what is missing as the credit was used for all the same."""
        return min(max(self.used, ZERO), self.missing)


def watch_refunds(draft: Draft, memo: RecordFacts) -> bool:
    """Gives whether what Loop paid is refunded in NetSuite, each part on its account."""
    facts = draft.facts
    found = compare_refunds(facts, memo)
    differing = [one for _, one in _differences(facts, found) if draft.problem(one)]
    if found.left.missing and not (differing and _is_missing_noted(facts, found)):
        return _expect_the_rest(draft, found)
    records = tuple(one.record.internal_id for one in found.booked if one.record)
    if differing:
        draft.step("refund", StepState.BLOCKED, "refunded otherwise than Loop paid", records=records)
        return False
    refunded = money_text(add_up(one.part.amount for one in found.booked), facts.currency)
    draft.step("refund", StepState.DONE, f"{refunded} of {memo.tran_id} is refunded", records=records)
    return True


def compare_refunds(facts: ReturnFacts, memo: RecordFacts) -> Refunds:
    paid, booked = tuple(_paid(facts, memo.total - left_open(facts))), tuple(_booked_on(facts, memo))
    left = compare_parts([one.part for one in paid], [one.part for one in booked])
    return Refunds(memo, paid, booked, left, used=_used_of(facts, memo) - add_up(one.part.amount for one in booked))


def _paid(facts: ReturnFacts, limit: Decimal) -> Iterable[Paid]:
    """By gateway, up to what was credited; in one sum while the list is not complete, or in another currency."""
    told = paid_by_gateway(facts)
    if paid_in_others(facts) or add_up(told.values()) != facts.loop.refund:
        told = {"": facts.loop.refund}
    for gateway, amount in sorted(told.items(), key=lambda one: (-one[1], one[0])):
        tender = facts.policy.tenders.get(gateway)
        if min(amount, limit) > ZERO:
            yield Paid(gateway, Part(tender.account_id if tender else "", min(amount, limit)))
        limit -= amount


def _booked_on(facts: ReturnFacts, memo: RecordFacts) -> Iterable[Booked]:
    """Refunds of this credit; then what it was used for beside them, where a refund does not tell what it pays."""
    standing = [one for one in facts.records_of("customerRefund") if not one.is_voided]
    rest = _used_of(facts, memo)
    for record in standing:
        amount = _refunded_by(facts, record, memo)
        if amount:
            yield Booked(record, Part(record.account_id, amount))
            rest -= amount
    untold = min(rest, add_up(one.total for one in standing if not one.pays and facts.live_siblings))
    if untold > ZERO:
        yield Booked(None, Part("", untold))


def _used_of(facts: ReturnFacts, memo: RecordFacts) -> Decimal:
    """What is not open of the credit any more and is not the exchange's."""
    return memo.total - memo.amount_remaining - value_to_apply(facts)


def _refunded_by(facts: ReturnFacts, record: RecordFacts, memo: RecordFacts) -> Decimal:
    """A refund that does not tell what it pays is this credit's where no other return of the order has one."""
    if not record.pays:
        return ZERO if facts.live_siblings else record.total
    return add_up(amount for credit_id, amount in record.pays if credit_id == memo.internal_id)


def _expect_the_rest(draft: Draft, found: Refunds) -> bool:
    facts, missing = draft.facts, found.left.missing
    words = " and ".join(_payment_words(facts, found.paid[place], amount) for place, amount in missing)
    gone = f"{money_text(found.went_elsewhere, facts.currency)} of {found.memo.tran_id} went into something else"
    return expect_record(
        draft,
        "refund",
        since=facts.loop.settled_at,
        limit=facts.policy.deadlines.refund,
        wanted=f"{words} on {found.memo.tran_id}" + (f" ({gone})" if found.went_elsewhere else ""),
        amount=found.missing,
        subject=_missing_subject(facts, found),
    )


def _missing_subject(facts: ReturnFacts, found: Refunds) -> str:
    """A part has a subject of its own, with its amount: a note on it says nothing of what is missing later."""
    is_part = found.missing < add_up(one.part.amount for one in found.paid)
    return beyond_subject(facts, found.missing) if is_part else missing_subject("refund")


def _is_missing_noted(facts: ReturnFacts, found: Refunds) -> bool:
    return facts.is_acknowledged("refund_missing", _missing_subject(facts, found))


def open_as_noted(facts: ReturnFacts, memo: RecordFacts) -> Decimal:
    """By how much more is open of the credit, or less where negative, as a person noted of exactly these refunds."""
    found = compare_refunds(facts, memo)
    missing = found.missing - found.went_elsewhere if _is_missing_noted(facts, found) else ZERO
    noted = {place for place, one in _differences(facts, found) if facts.is_acknowledged(one.code, one.subject)}
    return missing - add_up(amount for refund, amount in found.left.beyond if refund in noted)


def _payment_words(facts: ReturnFacts, one: Paid, amount: Decimal) -> str:
    return money_text(amount, facts.currency) + (f" by {one.gateway}" if one.gateway else "")


# --- Otherwise than Loop paid -----------------------------------------------------------------------


def _differences(facts: ReturnFacts, found: Refunds) -> Iterable[tuple[int, Problem]]:
    """One for each refund that is too much, or on the wrong account, with all that is to be said of it; by its place.

    The amounts are in the subject, so that a note lapses when the refund is edited.
    """
    words: dict[int, list[str]] = defaultdict(list)
    amounts: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for payment, refund, amount in found.left.misplaced:
        words[refund].append(_misplaced_words(facts, found.paid[payment], found.booked[refund], amount))
        amounts[refund].append((found.paid[payment].gateway, amount))
    for refund, amount in found.left.beyond:
        words[refund].append(f"it refunds {money_text(amount, facts.currency)} more than Loop paid")
        amounts[refund].append(("", amount))
    for refund, told in words.items():
        record = found.booked[refund].record
        if record:  # what the credit alone shows is proven at the end, by what stays open of it
            cause = f"Customer Refund {record.tran_id} on {found.memo.tran_id}: {'; '.join(told)}."
            subject = f"record:{record.internal_id}:{_told_apart(record, amounts[refund])}"
            yield refund, Problem("refund_differs", subject, cause, amount=add_up(one for _, one in amounts[refund]))


def _told_apart(record: RecordFacts, amounts: list[tuple[str, Decimal]]) -> str:
    """Short, since it is a part of a key."""
    return content_hash([record.account_id, *amounts])[:SHORT]


def _misplaced_words(facts: ReturnFacts, paid: Paid, booked: Booked, amount: Decimal) -> str:
    money, told = money_text(amount, facts.currency), booked.part.account
    return f"{money} is booked on account {told}; Loop paid it by {paid.gateway}, so on account {paid.part.account}"
