"""What Loop paid beside what another system refunded, part by part (requirement E3)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returnsops.lib.money import add_up
from returnsops.returns.facts import OverrideFacts, PostingFacts, RecordFacts, RefundFacts, ReturnFacts, SiblingFacts
from returnsops.returns.plan.closing import prove_complete
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.tender_matching import Comparison, Part, compare_parts
from returnsops.returns.plan.watching_refunds import watch_refunds
from returnsops.returns.problems import Problem
from tests.builders import make_facts, make_netsuite, policy

CARD, GIFT_CARD = "217", "218"
MEMO, SIBLINGS_MEMO = "9103", "9203"
OBSERVED = {"rma": "write", "receipt": "write", "credit": "write", "refund": "observe", "exchange_order": "observe"}


def parts(*told: tuple[str, str]) -> list[Part]:
    return [Part(account, Decimal(amount)) for account, amount in told]


SPLIT = parts((CARD, "67.76"), (GIFT_CARD, "10.00"))


@pytest.mark.parametrize(
    ("booked", "missing", "beyond", "misplaced"),
    [
        (SPLIT, [], [], []),
        (parts((GIFT_CARD, "10.00")), [(0, "67.76")], [], []),
        (parts((CARD, "77.76")), [], [], [(1, 0, "10.00")]),
        (parts((CARD, "67.76"), (CARD, "10.00")), [], [], [(1, 1, "10.00")]),
        (parts((CARD, "30.00"), (CARD, "37.76"), (GIFT_CARD, "10.00")), [], [], []),
        (parts((CARD, "67.76"), (GIFT_CARD, "4.00")), [(1, "6.00")], [], []),
        (parts((CARD, "67.76"), (GIFT_CARD, "10.00"), (CARD, "67.76")), [], [(2, "67.76")], []),
        (parts(("", "10.00"), ("", "67.76")), [], [], []),
        (parts(("", "77.76")), [], [], []),
        (parts(("999", "67.76"), (GIFT_CARD, "10.00")), [], [], [(0, 0, "67.76")]),
        (parts(("999", "5.00"), (GIFT_CARD, "10.00")), [(0, "62.76")], [], [(0, 0, "5.00")]),
        (parts(("999", "77.76")), [], [], [(0, 0, "67.76"), (1, 0, "10.00")]),
        (parts(("999", "40.00"), ("999", "27.76"), (GIFT_CARD, "10.00")), [], [], [(0, 0, "40.00"), (0, 1, "27.76")]),
        (parts(("999", "67.76"), ("", "5.00")), [(1, "5.00")], [], [(0, 0, "67.76")]),
    ],
)
def test_each_part_is_found_missing_beyond_or_on_another_account(
    booked: list[Part],
    missing: list[tuple[int, str]],
    beyond: list[tuple[int, str]],
    misplaced: list[tuple[int, int, str]],
) -> None:
    assert compare_parts(SPLIT, booked) == Comparison(
        tuple((place, Decimal(amount)) for place, amount in missing),
        tuple((place, Decimal(amount)) for place, amount in beyond),
        tuple((payment, refund, Decimal(amount)) for payment, refund, amount in misplaced),
    )


@pytest.mark.parametrize("tellers", [("", CARD), (CARD, "")])
def test_an_account_that_is_not_told_is_no_wrong_one(tellers: tuple[str, str]) -> None:
    paid, booked = tellers

    found = compare_parts(parts((paid, "5.00"), (GIFT_CARD, "10.00")), parts((booked, "5.00"), (GIFT_CARD, "10.00")))

    assert found.is_even


AMOUNTS = st.integers(1, 9).map(Decimal)
SIDES = st.lists(st.builds(Part, st.sampled_from(["", CARD, GIFT_CARD]), AMOUNTS), max_size=5)


@given(SIDES, SIDES)
def test_no_cent_is_matched_twice_or_lost(paid: list[Part], booked: list[Part]) -> None:
    found = compare_parts(paid, booked)

    matched = add_up(one.amount for one in paid) - add_up(amount for _, amount in found.missing)
    assert matched == add_up(one.amount for one in booked) - add_up(amount for _, amount in found.beyond)
    assert all(0 < amount <= paid[place].amount for place, amount in found.missing)
    assert all(0 < amount <= booked[place].amount for place, amount in found.beyond)
    assert not (found.missing and found.beyond)
    assert all("" not in (paid[one].account, booked[other].account) for one, other, _ in found.misplaced)


@given(st.lists(st.builds(Part, st.sampled_from([CARD, GIFT_CARD]), AMOUNTS), max_size=5), st.data())
def test_same_sums_on_every_account_are_even_however_they_are_cut(paid: list[Part], data: st.DataObject) -> None:
    sums = {one.account: add_up(other.amount for other in paid if other.account == one.account) for one in paid}
    booked = []
    for account, amount in sums.items():
        first = data.draw(st.integers(0, int(amount)).map(Decimal))
        booked += [Part(account, part) for part in (first, amount - first) if part]

    assert compare_parts(paid, booked).is_even


# --- The chapter ------------------------------------------------------------------------------------


def refund_of(internal_id: str, account: str, **pays: str) -> RecordFacts:
    """pays: amounts by credit, as m9103."""
    rows = tuple((name.removeprefix("m"), Decimal(amount)) for name, amount in pays.items())
    total = add_up(amount for _, amount in rows)
    return make_netsuite("customerRefund", internal_id, account_id=account, pays=rows, total=total)


def paid_by_loop(*records: RecordFacts, open_amount: str = "77.76") -> ReturnFacts:
    """Loop paid 67.76 by card and 10.00 by gift card, a day ago; the credit is another system's."""
    facts = make_facts(policy=policy(ownership=OBSERVED))
    memo = make_netsuite("creditMemo", MEMO, total=Decimal("77.76"), amount_remaining=Decimal(open_amount))
    credit = PostingFacts("", "credit", 1, "posted", MEMO, frozenset(), {})
    payments = (RefundFacts("shopify_payments", Decimal("67.76")), RefundFacts("gift_card", Decimal("10.00")))
    settled_at = facts.now - timedelta(days=2)
    loop = replace(facts.loop, settled_at=settled_at, refund=Decimal("77.76"), refunds=payments)
    return replace(facts, loop=loop, records=(memo, *records), postings=(credit,))


def problems_of(facts: ReturnFacts) -> list[Problem]:
    draft = Draft(facts)
    are_refunded(draft)
    return draft.problems


def are_refunded(draft: Draft) -> bool:
    memo = draft.facts.credit_memo
    assert memo is not None
    return watch_refunds(draft, memo)


def test_refund_shared_by_two_returns_counts_here_by_what_it_pays_of_this_credit() -> None:
    shared = refund_of("9301", CARD, m9103="67.76", m9203="20.00")
    gift_card = refund_of("9302", GIFT_CARD, m9103="10.00")
    draft = Draft(paid_by_loop(shared, gift_card, open_amount="0"))

    assert are_refunded(draft)
    assert draft.problems == []
    assert draft.steps[-1].records == ("9301", "9302")


def test_refund_of_a_siblings_credit_is_none_of_this_return() -> None:
    (problem,) = problems_of(paid_by_loop(refund_of("9301", CARD, m9203="77.76")))

    assert problem.code == "refund_missing"
    assert "67.76 USD by shopify_payments and 10.00 USD by gift_card" in problem.cause
    assert problem.amount == Decimal("77.76")


def test_refund_that_tells_nothing_is_not_taken_for_this_return_where_there_are_others() -> None:
    silent = make_netsuite("customerRefund", "9301", account_id=CARD, total=Decimal("77.76"))
    alone = paid_by_loop(silent)
    facts = replace(alone, siblings=(SiblingFacts("110700124", is_earlier=True, units=("line-2",)),))

    assert [one.code for one in problems_of(alone)] == ["refund_differs"]  # the gift card's part lies on the card's
    assert [one.code for one in problems_of(facts)] == ["refund_missing"]


def test_refund_that_is_too_much_and_one_on_the_wrong_account_are_told_apart() -> None:
    wrong = refund_of("9301", "999", m9103="67.76")
    twice = [refund_of(number, GIFT_CARD, m9103="10.00") for number in ("9302", "9303")]

    first, second = problems_of(paid_by_loop(wrong, *twice, open_amount="0"))

    assert [one.subject.rpartition(":")[0] for one in (first, second)] == ["record:9301", "record:9303"]
    assert "booked on account 999; Loop paid it by shopify_payments, so on account 217" in first.cause
    assert "it refunds 10.00 USD more than Loop paid" in second.cause


def test_payments_in_another_currency_are_compared_in_one_sum() -> None:
    facts = paid_by_loop(refund_of("9301", "999", m9103="77.76"), open_amount="0")
    euros = tuple(replace(one, currency="EUR") for one in facts.loop.refunds)
    draft = Draft(replace(facts, loop=replace(facts.loop, refunds=euros)))

    assert are_refunded(draft)


def test_credit_that_was_applied_to_something_else_is_no_refund() -> None:
    """To another invoice of the customer's, say: they have their money from Loop, and their debt is gone as well."""
    (problem,) = problems_of(paid_by_loop(refund_of("9302", GIFT_CARD, m9103="10.00"), open_amount="0"))

    assert (problem.code, problem.amount) == ("refund_missing", Decimal("67.76"))
    assert "67.76 USD of CRE9103 went into something else" in problem.cause


def test_credit_is_used_by_a_refund_that_does_not_tell_what_it_pays() -> None:
    silent = make_netsuite("customerRefund", "9301", total=Decimal("97.76"))
    facts = paid_by_loop(silent, open_amount="0")
    draft = Draft(replace(facts, siblings=(SiblingFacts("110700124", is_earlier=True, units=("line-2",)),)))

    assert are_refunded(draft)
    assert draft.steps[-1].state == StepState.DONE


def test_note_that_it_was_booked_otherwise_explains_what_the_credit_was_used_for() -> None:
    noted = noting(closed_in_loop(paid_by_loop(open_amount="0")))
    used_in_part = changed_to(noted, open_amount="60.00")

    assert (problems_of(noted), proof_of(noted)) == ([], "")
    assert (problems_of(used_in_part), proof_of(used_in_part)) == ([], "")


def test_nothing_is_missed_before_its_deadline() -> None:
    facts = paid_by_loop(refund_of("9301", CARD, m9103="67.76"), open_amount="10.00")
    draft = Draft(replace(facts, loop=replace(facts.loop, settled_at=facts.now)))

    assert not are_refunded(draft)
    assert draft.problems == []
    assert draft.steps[-1].state == StepState.WAITING


# --- A note holds for what it was written about, and no longer ----------------------------------------


def noting(facts: ReturnFacts) -> ReturnFacts:
    """A person notes every problem there is now."""
    seen = [OverrideFacts("acknowledge", f"{one.code} {one.subject}", "seen", 1) for one in problems_of(facts)]
    return replace(facts, overrides=(*facts.overrides, *seen))


def changed_to(facts: ReturnFacts, *records: RecordFacts, open_amount: str) -> ReturnFacts:
    """The same return later, with other refunds on its credit."""
    return replace(facts, records=paid_by_loop(*records, open_amount=open_amount).records)


def proof_of(facts: ReturnFacts) -> str:
    """What the proof finds; empty: nothing."""
    return "; ".join(one.cause for one in gaps_of(facts))


def gaps_of(facts: ReturnFacts) -> list[Problem]:
    draft = Draft(facts)
    prove_complete(draft, None)
    return draft.problems


def closed_in_loop(facts: ReturnFacts) -> ReturnFacts:
    return replace(facts, loop=replace(facts.loop, state="closed"))


def test_note_on_a_missing_part_lapses_when_all_of_it_is_missing() -> None:
    card = refund_of("9301", CARD, m9103="67.76")
    noted = noting(closed_in_loop(paid_by_loop(card, open_amount="10.00")))
    voided = changed_to(noted, replace(card, status="V"), open_amount="77.76")

    (problem,) = problems_of(voided)

    assert (problems_of(noted), proof_of(noted)) == ([], "")
    assert (problem.code, problem.amount) == ("refund_missing", Decimal("77.76"))
    assert "77.76 USD open" in proof_of(voided)


def test_note_on_a_refund_lapses_when_its_amount_is_edited() -> None:
    gift_card = refund_of("9302", GIFT_CARD, m9103="10.00")
    noted = noting(closed_in_loop(paid_by_loop(gift_card, refund_of("9301", CARD, m9103="67.77"), open_amount="-0.01")))
    edited = changed_to(noted, gift_card, refund_of("9301", CARD, m9103="90.00"), open_amount="-22.24")

    (problem,) = problems_of(edited)

    assert (problems_of(noted), proof_of(noted)) == ([], "")
    assert (problem.code, problem.amount) == ("refund_differs", Decimal("22.24"))


def test_note_on_a_refund_lapses_when_it_moves_to_another_wrong_account() -> None:
    gift_card = refund_of("9302", GIFT_CARD, m9103="10.00")
    noted = noting(paid_by_loop(gift_card, refund_of("9301", "999", m9103="67.76"), open_amount="0"))
    moved = changed_to(noted, gift_card, refund_of("9301", "998", m9103="67.76"), open_amount="0")

    assert problems_of(noted) == []
    assert [one.code for one in problems_of(moved)] == ["refund_differs"]


def test_note_on_one_refund_hides_nothing_that_was_applied_elsewhere() -> None:
    """30.00 are to stay as store credit; a cent too much was refunded and noted, then the rest is applied."""
    refund = refund_of("9301", CARD, m9103="47.77")
    facts = closed_in_loop(paid_by_loop(refund, open_amount="29.99"))
    payments = (RefundFacts("shopify_payments", Decimal("47.76")),)
    loop = replace(facts.loop, gift_card=Decimal(30), refund=Decimal("47.76"), refunds=payments, fee=Decimal(0))
    noted = noting(replace(facts, loop=loop))
    applied = changed_to(noted, refund, open_amount="0")

    assert (problems_of(noted), proof_of(noted)) == ([], "")
    assert "has 0.00 USD open" in proof_of(applied)


def test_refund_step_stands_still_while_another_refund_differs_beside_a_noted_part() -> None:
    facts = paid_by_loop(refund_of("9301", CARD, m9103="67.76"), open_amount="10.00")
    noted = noting(facts)
    moved = changed_to(noted, refund_of("9301", "999", m9103="67.76"), open_amount="10.00")
    draft = Draft(moved)

    assert not are_refunded(draft)
    assert [one.code for one in draft.problems] == ["refund_differs"]
    assert [one.state for one in draft.steps] == [StepState.BLOCKED]


def test_note_on_one_gap_hides_no_other_that_comes_later() -> None:
    """Loop shows the return as open, which a person noted; then part of what was refunded is open again."""
    whole = refund_of("9301", CARD, m9103="67.76"), refund_of("9302", GIFT_CARD, m9103="10.00")
    still_open = paid_by_loop(*whole, open_amount="0")
    (gap,) = gaps_of(still_open)
    noted = replace(still_open, overrides=(OverrideFacts("acknowledge", f"{gap.code} {gap.subject}", "seen", 1),))
    voided = changed_to(noted, whole[0], replace(whole[1], status="V"), open_amount="10.00")

    (other,) = gaps_of(voided)

    assert gap.cause == "Everything was posted, but: Loop shows open."
    assert gaps_of(noted) == []
    assert "has 10.00 USD open" in other.cause


def test_note_on_two_gaps_holds_when_one_of_them_is_gone() -> None:
    facts = paid_by_loop(refund_of("9301", CARD, m9103="67.76"), open_amount="10.00")
    gaps = gaps_of(facts)
    noted = replace(
        facts, overrides=tuple(OverrideFacts("acknowledge", f"{one.code} {one.subject}", "seen", 1) for one in gaps)
    )

    assert len(gaps) == 2
    assert gaps_of(noted) == []
    assert gaps_of(closed_in_loop(noted)) == []
