"""What each posting hinges on."""

from datetime import UTC, datetime

from returnsops.returns.facts import OverrideFacts
from returnsops.returns.plan import PostingDue, plan_return
from returnsops.returns.plan.hinges import hinges_of
from tests.builders import make_facts, make_unit, with_rma

UNITS = (make_unit(1, "sellable"), make_unit(2, "sellable"))


def due_of(kind: str, **changes: object) -> PostingDue:
    facts = with_rma(make_facts(units=UNITS, **changes)) if kind != "rma" else make_facts(**changes)
    return next(due for due in plan_return(facts).postings if due.kind == kind)


def test_authorization_books_nothing_and_waits_for_no_period() -> None:
    assert due_of("rma").hinges_on == (
        "account", "flow:rma", "flow:rma@fern", "shop:fern", "type:returnAuthorization",
    )  # fmt: skip


def test_receipt_hinges_on_the_month_of_its_own_date() -> None:
    due = due_of("receipt")

    assert f"period:{due.request['body']['tranDate'][:7]}" in due.hinges_on


def test_corrected_date_makes_it_hinge_on_another_month() -> None:
    corrected = OverrideFacts("tran_date", "receipt", "2026-08-31", author=1)

    assert "period:2026-08" in due_of("receipt", overrides=(corrected,)).hinges_on


def test_document_without_a_date_hinges_on_the_month_it_is_at_the_account() -> None:
    """At 3:00 UTC on the first it is still the month before in Los Angeles."""
    facts = with_rma(make_facts(units=UNITS, now=datetime(2026, 12, 1, 3, tzinfo=UTC)))
    due = PostingDue("credit", "netsuite", {"target_type": "creditMemo", "body": {}}, frozenset(), "a")

    assert "period:2026-11" in hinges_of(facts, due)


def test_request_to_loop_hinges_on_nothing_of_netsuite() -> None:
    due = PostingDue("loop_process", "loop", {"operation": "process"}, frozenset(), "a")

    assert hinges_of(make_facts(), due) == ("flow:settle", "flow:settle@fern", "shop:fern")
