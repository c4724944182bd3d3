"""The steps of a plan as the screens show them: those the plan wrote, and those that come later."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from exceptions.labels import kind_of
from exceptions.models import CaseMember
from integrations.links import netsuite_link
from returnsops.posting.models import Posting
from returnsops.returns.labels import LATER, STEP_STATES, record_name
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.plan.draft import STEPS
from returnsops.returns.plan.kinds import POSTING_KINDS

OVER = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)
# Steps that only some returns have; they are shown once the plan speaks of them.
SOMETIMES = frozenset({"found", "told", "restock", "shelve", "exchange", "apply", "close_rma"})
CASH_SALE_SKIPS = "credit"  # its Cash Refund is credit and refund in one


def plan_steps(row: LoopReturn) -> list[dict[str, Any]]:
    """The steps in the order of the journey, with what is not planned yet as «later»."""
    planned = {step["code"]: step for step in row.plan.get("steps", [])}
    steps = []
    for code, (title, lane) in STEPS.items():
        step = planned.get(code)
        if step:
            steps.append(step)
        elif row.stage not in OVER and code not in SOMETIMES and not _is_skipped(code, planned):
            steps.append({"code": code, "title": title, "lane": lane, "state": "", "detail": "", "due_at": None})
    return steps


def _is_skipped(code: str, planned: Mapping[str, Any]) -> bool:
    sale = planned.get("sale", {}).get("detail", "")
    return code == CASH_SALE_SKIPS and sale.startswith("Cash sale")


def show_steps(
    row: LoopReturn, *, records: Iterable[NetSuiteRecord], members: Iterable[CaseMember],
    done_at: Mapping[str, datetime], now: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """What components/steps.html takes. done_at: when each step was met, as far as it is known."""
    by_id = {record.internal_id: record for record in records}
    cases = cases_by_step(members)
    return [
        _show_step(row, step, by_id, cases.get(step["code"]), now=now) | {"at": done_at.get(step["code"])}
        for step in plan_steps(row)
    ]


def times_of_steps(
    row: LoopReturn, *, postings: Iterable[Posting], inspected: Iterable[datetime]
) -> dict[str, datetime]:
    times: dict[str, datetime] = {"request": row.created_at}
    told = [(POSTING_KINDS[one.kind].step, one.posted_at) for one in postings]
    told += [("inspection", moment) for moment in inspected]
    told += [("arrival", row.delivered_at), ("proof", row.settled_at)]
    for step, moment in told:
        if moment and step != "settle":  # what was sent there is only our request
            times[step] = max(moment, times.get(step, moment))
    return times


def _show_step(
    row: LoopReturn, step: dict[str, Any], records: Mapping[str, NetSuiteRecord], case: CaseMember | None, *,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    state, label = STEP_STATES.get(step["state"], LATER)
    detail = step["detail"]
    if case and state != "done":
        state, label = STEP_STATES["blocked"]
        detail = kind_of(case.case.code).title if step["state"] == "due" else detail
    due_at = datetime.fromisoformat(step["due_at"]) if step.get("due_at") else None
    named = [records[one] for one in step.get("records", ()) if one in records]
    return {
        "state": state,
        "state_label": label,
        "title": step["title"],
        "detail": _detail(detail, named),
        "due_at": None if state in ("done", "not_needed") else due_at,
        "is_late": bool(due_at and due_at <= now),
        "links": [record_link(row, record) for record in named],
        "href": reverse("case", args=[case.case_id]) if case and state != "done" else "",
        "action": "Open the case",
    }


def _detail(text: str, records: list[NetSuiteRecord]) -> str:
    """A detail that only repeats the numbers beside it says nothing."""
    numbers = {record.tran_id for record in records}
    if text and set(text.split(", ")) <= numbers:
        return ""
    return capitalise(text) + ("" if not text or text.endswith((".", "…", "?")) else ".")


def record_link(row: LoopReturn, record: NetSuiteRecord) -> dict[str, Any]:
    """What components/id.html takes."""
    href = netsuite_link(row.shop.account, record.internal_id)
    short, _ = record_name(record.record_type)
    return {"kind": short, "value": record.tran_id or record.internal_id, "href": href, "is_external": bool(href)}


def cases_by_step(members: Iterable[CaseMember]) -> dict[str, CaseMember]:
    found: dict[str, CaseMember] = {}
    for member in members:
        code = step_of(member)
        if code:
            found.setdefault(code, member)
    return found


def step_of(member: CaseMember) -> str:
    """The step a problem holds up; empty when it holds up none in particular."""
    posting = str(member.problem.get("posting", ""))
    if posting:
        kind = posting.rsplit("-", 1)[0]
        matches = [one for one in POSTING_KINDS if kind.endswith("-" + one.replace("_", "-"))]
        return POSTING_KINDS[max(matches, key=len)].step if matches else ""
    return kind_of(member.case.code).step


def next_step(row: LoopReturn) -> dict[str, Any] | None:
    """The first step that is not done: what the return waits for."""
    return next((step for step in plan_steps(row) if step["state"] not in ("done", "not_needed")), None)


def rail(row: LoopReturn) -> list[dict[str, str]]:
    """What components/step_rail.html takes."""
    shown = []
    for step in plan_steps(row):
        state, label = STEP_STATES["blocked" if is_refused(row, step) else step["state"]] if step["state"] else LATER
        shown.append({"state": state, "state_label": label, "title": step["title"]})
    return shown


def waits_for(row: LoopReturn) -> str:
    """What the return waits for, in words for a list."""
    step = next_step(row)
    if step is None:
        return "Complete on both sides" if row.stage == LoopReturn.Stage.SETTLED else "Nothing more is expected"
    if is_refused(row, step):
        return f"{step['title']}: a person decides"
    return capitalise(str(step["detail"] or step["title"]))


def is_refused(row: LoopReturn, step: Mapping[str, Any]) -> bool:
    """On its way by the plan, but the return needs a person: what was sent came back."""
    return step["state"] == "due" and row.stage == LoopReturn.Stage.NEEDS_PERSON


def capitalise(text: str) -> str:
    """Loop's own words (out_for_delivery) become ours."""
    return text[:1].upper() + text[1:].replace("_", " ")
