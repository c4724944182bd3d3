"""What happened to a return, in four lanes, newest first: both systems, the warehouse, and everything a person did."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from exceptions.labels import kind_of, lane_of
from exceptions.models import CaseEvent, CaseMember
from returnsops.pages.present.facts_in_words import tell_changes
from returnsops.pages.present.steps import record_link
from returnsops.people.models import AuditEvent
from returnsops.posting.labels import kind_name
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.returns.labels import OUTCOMES
from returnsops.returns.models import Arrival, Inspection, LoopReturn, NetSuiteRecord, SkuMapping
from returnsops.returns.plan.kinds import POSTING_KINDS

Event = dict[str, Any]
US = "ReturnsOps"
EVENTS_MAX = 200
SOURCE_MAX = 300  # rows read of one kind
ANSWER_CHARS = 200
# Said by the case's own events, or by the inspection and the arrival themselves.
AUDITED_ELSEWHERE = frozenset(
    {"approved", "corrected date", "chose order line", "retried", "noted", "finished inspection"}
)
CASE_TITLES = {
    "taken": "Case taken",
    "note": "Note",
    "noted": "Noted and closed",
    "approved": "Approved",
    "corrected date": "Date corrected",
    "chose order line": "Order line chosen",
    "retried": "Retried",
}
TRIES_TOLD = {"rejected": "{who} refused: {what}", "uncertain": "Answer lost: {what}"}


def tell_story(row: LoopReturn, *, records: list[NetSuiteRecord], postings: list[Posting]) -> list[Event]:
    """What components/timeline.html takes. Bounded: of a very long story the newest part."""
    events = [
        *_requested(row),
        *tell_changes(row, row.fact_changes.order_by("-id")[:SOURCE_MAX], records),
        *_arrivals(row),
        *_inspections(row),
        *_postings(row, postings, records),
        *_case_events(row),
        *_mappings(row),
        *_audited(row),
    ]
    return sorted(events, key=lambda event: event["at"], reverse=True)[:EVENTS_MAX]


def make_event(lane: str, at: datetime, title: str, text: str = "", *, who: str = "", tone: str = "",
               links: Iterable[dict[str, Any]] = ()) -> Event:  # fmt: skip
    return {"lane": lane, "at": at, "title": title, "text": text, "who": who, "tone": tone, "links": list(links)}


def _requested(row: LoopReturn) -> list[Event]:
    wants = f"Outcome: {row.outcome}" if row.outcome else ""
    return [make_event("loop", row.created_at, "Return requested", wants, who="Customer")]


def _arrivals(row: LoopReturn) -> list[Event]:
    arrivals: Iterable[Arrival] = row.arrivals.select_related("arrived_by").order_by("-id")[:SOURCE_MAX]
    return [
        make_event(
            "warehouse", one.arrived_at, "Parcel arrived", one.note or f"Scanned {one.scanned}", who=str(one.arrived_by)
        )
        for one in arrivals
    ]


def _inspections(row: LoopReturn) -> list[Event]:
    finished = row.inspections.exclude(finished_at=None).select_related("inspector").order_by("-id")
    return [_inspection(one) for one in finished.prefetch_related("units__line")[:SOURCE_MAX]]


def _inspection(inspection: Inspection) -> Event:
    units = [unit for unit in inspection.units.all() if unit.superseded_at is None]
    counts = {value: sum(unit.outcome == value for unit in units) for value in OUTCOMES}
    title = ", ".join(f"{count} {OUTCOMES[value].label.lower()}" for value, count in counts.items() if count)
    notes = "; ".join(f"{unit.line.title or unit.line.sku}: {unit.note}" for unit in units if unit.note)
    assert inspection.finished_at is not None, "only finished inspections are told"
    return make_event("warehouse", inspection.finished_at, title or "Inspected", notes, who=str(inspection.inspector))


def _postings(row: LoopReturn, postings: list[Posting], records: list[NetSuiteRecord]) -> list[Event]:
    by_id = {record.internal_id: record for record in records}
    words = _words_of_refusals(row)
    events = []
    for posting in postings:
        if posting.posted_at:
            record = by_id.get(posting.their_id)
            links = [record_link(row, record)] if record else []
            events.append(make_event(_lane(posting), posting.posted_at, _done_title(posting), who=US, links=links))
        events += [_failed_try(posting, one, words) for one in posting.tries.all() if one.outcome in TRIES_TOLD]
    return events


def _lane(posting: Posting) -> str:
    kind = POSTING_KINDS[posting.kind]
    return "exchange" if kind.step == "exchange" else kind.system


def _done_title(posting: Posting) -> str:
    name = kind_name(posting.kind)
    made = f"{name} found and adopted" if posting.adopted else f"{name} posted"
    return POSTING_KINDS[posting.kind].done or made


def _failed_try(posting: Posting, one: PostingAttempt, words: dict[str, str]) -> Event:
    who = posting.get_system_display()
    title = TRIES_TOLD[one.outcome].format(who=who, what=kind_name(posting.kind))
    tone = "bad" if one.outcome == "rejected" else "warn"
    said = words.get(posting.external_id) or one.answer[:ANSWER_CHARS]
    text = said if one.outcome == "rejected" else "It is looked up before anything is sent again."
    return make_event(_lane(posting), one.started_at, title, text, who=who, tone=tone)


def _words_of_refusals(row: LoopReturn) -> dict[str, str]:
    """What the other side said, by posting: cases keep it when the posting has long gone through."""
    problems = CaseMember.objects.filter(loop_return=row).values_list("problem", flat=True)
    return {problem["posting"]: problem["words"] for problem in problems if problem.get("words")}


def _case_events(row: LoopReturn) -> list[Event]:
    """Events of this return in its cases, and what people did to those cases as a whole."""
    cases = CaseMember.objects.filter(loop_return=row).values("case")
    found = CaseEvent.objects.filter(case__in=cases).select_related("case", "actor").order_by("-id")
    own = [one for one in found[:SOURCE_MAX] if one.loop_return_id == row.pk or (one.actor and not one.loop_return_id)]
    return [event for one in own if (event := _case_event(one))]


def _case_event(one: CaseEvent) -> Event | None:
    case = one.case
    link = {"kind": "Case", "value": str(case.pk), "href": reverse("case", args=[case.pk]), "is_external": False}
    title, lane, tone = kind_of(case.code).title, lane_of(case.code), ""
    text = one.text
    if one.kind in ("joined", "joined again"):
        tone = "warn"
    elif one.kind == "left":
        title, text = f"No longer: {title}", ""
    elif one.actor:
        title = f"{CASE_TITLES.get(one.kind, one.kind.capitalize())}: {title}"
    else:
        return None
    return make_event(lane, one.at, title, text, who=str(one.actor or US), tone=tone, links=[link])


def _mappings(row: LoopReturn) -> list[Event]:
    """A mapping that a person made for one of this return's SKUs, since the return began."""
    skus = {line.sku for line in row.lines.all()} | {one.sku for one in row.exchange_items.all()}
    made = SkuMapping.objects.filter(
        shop_id=row.shop_id, sku__in=skus, kind=SkuMapping.Kind.MANUAL, created_at__gte=row.created_at
    ).select_related("item", "made_by")
    return [
        make_event(
            "netsuite",
            one.created_at,
            f"SKU {one.sku} mapped to {one.item.sku}",
            one.reason,
            who=str(one.made_by or US),
        )
        for one in made.order_by("-id")[:SOURCE_MAX]
    ]


def _audited(row: LoopReturn) -> list[Event]:
    """What people did to the return itself and no other source tells."""
    events = AuditEvent.objects.filter(object_type=row._meta.label_lower, object_id=str(row.pk)).exclude(
        action__in=AUDITED_ELSEWHERE
    )
    return [
        make_event("netsuite", one.at, one.action[:1].upper() + one.action[1:], one.reason, who=str(one.actor or US))
        for one in events.select_related("actor").order_by("-id")[:SOURCE_MAX]
    ]
