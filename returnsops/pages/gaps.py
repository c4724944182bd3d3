"""Gaps, not runs: which returns lack something, by the step that is missing (requirements A17, A18)."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, Func, Min, Q, QuerySet, Sum, TextField, Value, When

from returnsops.returns.models import LoopReturn

OVER = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)
# A parcel that is still on its way is not a gap: nothing is missing in NetSuite yet.
# Neither is one that Loop holds for review, unless the plan itself asks for a person.
REVIEW = "review"
NOT_DUE = frozenset({"request", REVIEW, "arrival", "inspection", "restock"})
ANY_GAP, UNKNOWN = "any", "unplanned"
# What is missing, named as the thing that is not there. In the order of the journey.
NAMES = {
    "request": "Request",
    REVIEW: "Review in Loop",
    "sale": "Original order",
    "rma": "Return Authorization",
    "arrival": "Parcel",
    "inspection": "Inspection",
    "found": "Word about goods not on the return",
    "told": "Judgement in Loop",
    "restock": "Inspection of restocked units",
    "receipt": "Item Receipt",
    "shelve": "Place in stock",
    "amount": "Agreed amount",
    "credit": "Credit Memo",
    "settle": "Settlement in Loop",
    "exchange": "Exchange order",
    "apply": "Value of the exchange",
    "refund": "Refund",
    "close_rma": "Closed authorization",
    "proof": "Proof on both sides",
    UNKNOWN: "Not planned yet",
}
Rows = QuerySet[LoopReturn, LoopReturn]


class NextStep(Func):
    """The code of the first step of the plan that is not done; NULL when there is none."""

    function = "jsonb_path_query_first"
    template = (
        "(%(function)s(%(expressions)s,"
        " '$.steps[*] ? (@.state != \"done\" && @.state != \"not_needed\").code') #>> '{}')"
    )
    output_field = TextField()


def waiting_at() -> Case:
    """At which step a return waits."""
    held = Q(state=LoopReturn.State.REVIEW) & ~Q(stage=LoopReturn.Stage.NEEDS_PERSON)
    return Case(When(held, then=Value(REVIEW)), default=NextStep(F("plan")), output_field=TextField())


@dataclass
class Gap:
    """Returns that wait at one step. Money by currency, since currencies don't add up."""

    step: str
    returns: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    oldest: datetime | None = None

    @property
    def name(self) -> str:
        return NAMES.get(self.step, self.step)


def unsettled(rows: Rows) -> Rows:
    return rows.exclude(stage__in=OVER)


def with_gap(rows: Rows, step: str) -> Rows:
    """The rows that wait at this step, or at any step whose record is due."""
    waiting = unsettled(rows).annotate(next_step=waiting_at())
    if step == ANY_GAP:
        return waiting.exclude(next_step__in=NOT_DUE)
    return waiting.filter(next_step__isnull=True) if step == UNKNOWN else waiting.filter(next_step=step)


def gaps_by_step(rows: Rows) -> list[Gap]:
    """In the order of the journey; one query."""
    found: dict[str, Gap] = {}
    waiting = unsettled(rows).order_by().annotate(next_step=waiting_at())
    sums = waiting.values("next_step", "currency").annotate(
        returns=Count("pk"), amount=Sum("return_total"), oldest=Min("created_at")
    )
    for row in sums:
        _add(found.setdefault(row["next_step"] or UNKNOWN, Gap(row["next_step"] or UNKNOWN)), dict(row))
    order = list(NAMES)
    return sorted(found.values(), key=lambda gap: order.index(gap.step) if gap.step in order else len(order))


def _add(gap: Gap, row: dict[str, Any]) -> None:
    gap.returns += row["returns"]
    gap.amounts[row["currency"]] = gap.amounts.get(row["currency"], Decimal(0)) + row["amount"]
    gap.oldest = min(gap.oldest, row["oldest"]) if gap.oldest else row["oldest"]
