"""What a plan says about what stands still."""

from dataclasses import replace
from datetime import UTC, datetime

from returnsops.returns.facts import OverrideFacts, PauseFacts, PostingFacts, ReturnFacts
from returnsops.returns.history import flatten_facts
from returnsops.returns.plan import Plan, StepState, plan_return
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import APPROVE, CAUSE_GONE, CORRECT_DATE
from tests.builders import NOW, make_facts, make_posted, make_unit, with_receipts, with_rma

UNITS = (make_unit(1, "sellable"), make_unit(2, "sellable"))
MONTH = f"{NOW:%Y-%m}"
CLOSED = PauseFacts(
    f"period:{MONTH}", "period_closed", f"The accounting period {MONTH} is closed in NetSuite.", words="Closed."
)
BY_FAY = PauseFacts("flow:receipt", "by_person", "stocktake until noon", by="Fay")


def judged(*pauses: PauseFacts, **changes: object) -> ReturnFacts:
    return replace(with_rma(make_facts(units=UNITS, **changes)), pauses=pauses)


def receipt_step(plan: Plan) -> tuple[StepState, str]:
    return next((step.state, step.detail) for step in plan.steps if step.code == "receipt")


def test_step_behind_a_closed_period_says_what_it_waits_for_and_is_a_problem() -> None:
    plan = plan_return(judged(CLOSED))

    assert receipt_step(plan) == (
        StepState.BLOCKED, f"waits: the accounting period {MONTH} is closed in NetSuite",
    )  # fmt: skip
    (problem,) = plan.problems
    assert (problem.code, problem.subject, problem.words) == ("period_closed", f"period:{MONTH}", "Closed.")
    assert plan.stage == "needs_person"
    assert [due.kind for due in plan.postings] == ["receipt"], "it stays in the outbox, where the pause holds it"


def test_step_behind_a_persons_pause_waits_and_is_no_problem() -> None:
    plan = plan_return(judged(BY_FAY))

    assert receipt_step(plan) == (StepState.WAITING, "paused by Fay: stocktake until noon")
    assert plan.problems == ()


def test_both_at_once_tell_the_cause_and_keep_the_problem() -> None:
    plan = plan_return(judged(CLOSED, BY_FAY))

    assert receipt_step(plan)[1].startswith("waits: the accounting period")
    assert [problem.code for problem in plan.problems] == ["period_closed"]


def test_pause_of_something_else_changes_nothing() -> None:
    other = PauseFacts("period:2019-01", "period_closed", "Closed.")

    assert plan_return(judged(other)).hash() == plan_return(judged()).hash()


def test_pause_is_no_fact_of_the_return() -> None:
    assert flatten_facts(judged(CLOSED)) == flatten_facts(judged())


def test_corrected_date_leaves_the_closed_period() -> None:
    corrected = OverrideFacts("tran_date", "receipt", "2026-01-31", author=1)

    plan = plan_return(judged(CLOSED, overrides=(corrected,)))

    assert plan.problems == ()
    assert receipt_step(plan)[0] == StepState.DUE


def test_problem_names_the_posting_once_there_is_one() -> None:
    facts = judged(CLOSED)
    covers = [unit.cover for unit in UNITS]
    standing = make_posted("receipt", "", covers, status="pending", posted_at=None)

    before, after = plan_return(facts), plan_return(replace(facts, postings=(*facts.postings, standing)))

    assert (before.problems[0].posting, before.look_again_at) == ("", facts.now)
    assert after.problems[0].posting == standing.external_id


def test_document_without_a_date_is_looked_at_when_the_next_month_begins() -> None:
    """The credit is booked when it is sent: in October at the account, which begins at 7:00 UTC."""
    facts = replace(
        with_receipts(with_rma(make_facts(units=UNITS))),
        now=datetime(2026, 9, 20, tzinfo=UTC),
        pauses=(PauseFacts("period:2026-09", "period_closed", "Closed."),),
    )

    plan = plan_return(facts)

    assert [due.kind for due in plan.postings] == ["credit"]
    again = plan_return(replace(facts, postings=(*facts.postings, _standing_credit())))
    assert again.look_again_at is not None
    assert again.look_again_at <= datetime(2026, 10, 1, 7, tzinfo=UTC)


def _standing_credit() -> PostingFacts:
    return make_posted("credit", "", [unit.cover for unit in UNITS], status="pending", posted_at=None)


def test_only_dates_can_be_corrected_away() -> None:
    assert KINDS["period_closed"].actions == (CAUSE_GONE, CORRECT_DATE)
    assert APPROVE not in KINDS["right_missing"].actions
