"""What the screens show, built once: a return on its way, one that is settled, a case."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from exceptions.cases import sync_cases
from exceptions.models import Case
from integrations.models import Shop
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from returnsops.returns.replan import ask_for_plan
from returnsops.tasks import look_at_return
from tests.builders import (
    FIRST_UNIT,
    NOW,
    make_mapping,
    make_record,
    make_return,
    make_sale,
    make_unit,
    unit_payload,
)

FIRST_RETURN = "110700123"  # what the builders make when nothing else is said


def make_planned_return(shop: Shop, *, loop_id: str = FIRST_RETURN, lines: int = 2, **changes: Any) -> LoopReturn:
    """A return whose order is found and whose Return Authorization is on its way. Its order is its own."""
    if not shop.sku_mappings.exists():
        make_mapping(shop)
    number = int(loop_id) % 1000
    first = 1 if loop_id == FIRST_RETURN else 10 * number
    units = [unit_payload(FIRST_UNIT - 1 + first + at) for at in range(lines)]
    order: dict[str, Any] = (
        {} if loop_id == FIRST_RETURN else {"order_id": 5873120000000 + number, "order_name": f"#30{number}"}
    )
    row = make_return(shop, loop_id=loop_id, lines=lines, line_items=units, **order | changes)
    make_record(row, replace(make_sale([make_unit(first + at) for at in range(lines)]), internal_id=f"70{number}"))
    plan_anew(row)
    return row


def plan_anew(row: LoopReturn) -> None:
    """Whatever changed is looked at now."""
    ask_for_plan([row.pk])
    look_at_return(row.pk)
    row.refresh_from_db()


def make_refused_posting(row: LoopReturn, *, words: str = "The period is closed.") -> Posting:
    """The posting of the plan, refused at its first try."""
    posting = row.postings.get()
    refusal = {"family": "period_closed", "code": "USER_ERROR", "detail": words}
    Posting.objects.filter(pk=posting.pk).update(status=Posting.Status.REJECTED, refusal=refusal)
    PostingAttempt.objects.create(
        posting=posting,
        number=1,
        started_at=NOW,
        duration_s=0.4,
        request={"body": {"memo": "<b>"}},
        outcome="rejected",
        answer=words,
    )
    plan_anew(row)
    posting.refresh_from_db()
    return posting


def make_case(row: LoopReturn, code: str = "amount_differs", **changes: Any) -> Case:
    """An open case of which this return is a member, beside those it is in already."""
    values: dict[str, Any] = {
        "subject": f"return:{row.loop_id}",
        "cause": "Differs by 0.03 USD tax.",
        "amount": Decimal("0.03"),
    }
    problem = Problem(code, **values | changes)
    sync_cases(row, [problem, *_standing_problems(row)])
    return Case.objects.get(shop=row.shop, code=code, subject=problem.subject)


def _standing_problems(row: LoopReturn) -> list[Problem]:
    return [
        Problem(one.case.code, one.case.subject, one.problem["cause"], amount=one.amount)
        for one in row.case_members.filter(left_at=None).select_related("case")
    ]
