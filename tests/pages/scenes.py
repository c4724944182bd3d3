"""What the screens show, built once: a return on its way, one that is settled, a case."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from exceptions.cases import sync_cases
from exceptions.models import Case
from integrations.models import Shop
from integrations.profile import (
    AccountFacts,
    Finding,
    Place,
    Profile,
    Severity,
    ShopFacts,
    Subscription,
    Writer,
    profile_as_json,
    profile_row,
)
from returnsops.lib import clock
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


LONG_WORDS = "custcol_a_name_that_somebody_made_much_longer_than_anybody_would_have_thought_possible_in_a_screen"


def make_checked(shop: Shop, *findings: Finding, **facts: Any) -> None:
    """Both connections of a shop were checked: something of each severity, with long words."""
    made = findings or (
        Finding(code="a", severity=Severity.BLOCKS, words="The role lacks Item Receipt: Edit.",
                who="the NetSuite administrator", todo="Add it.", evidence="HTTP 403 · INSUFFICIENT_PERMISSION"),
        Finding(code="b", severity=Severity.WARNS, words=f"Order lines have no field {LONG_WORDS}.", who="A", todo="B"),
        Finding(code="c", severity=Severity.UNKNOWN, words="Preferences cannot be read.", who="A", todo="Read them."),
        Finding(code="d", severity=Severity.FINE, words="Log-in works."),
    )  # fmt: skip
    place = Place(id="31", name="Returns holding", available=False, uses_bins=False)
    known: dict[str, Any] = {
        "locations": {"31": place},
        "access": {"itemReceipt": "missing"},
        "advanced_receiving": True,
        "writers": {"creditMemo": [Writer(mark="celigo-", made_by="", count=12, is_ours=False)]},
    }
    account = AccountFacts(**known | facts)
    address = f"https://x.example.com/{LONG_WORDS}"
    hook = Subscription(topic="return", trigger="return.closed", url=address, status="active")
    loop = ShopFacts(version="2026-07", scopes={"Returns": True}, webhooks=(hook,))
    for connection, told in ((shop.account, account), (shop, loop)):
        profile: Profile[Any] = Profile(
            checked_at=clock.now(), duration_s=21.0, calls=44, facts=told, findings=made,
            changes=("Create-form became available.",), compared_with=clock.now(),
        )  # fmt: skip
        row = profile_row(connection)
        row.found, row.checked_at = profile_as_json(profile), clock.now()
        row.save()


def _standing_problems(row: LoopReturn) -> list[Problem]:
    return [
        Problem(one.case.code, one.case.subject, one.problem["cause"], amount=one.amount)
        for one in row.case_members.filter(left_at=None).select_related("case")
    ]
