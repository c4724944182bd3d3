"""The return page: everything known about one return, from rows to what the components take."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from exceptions.labels import STATUSES as CASE_STATUSES
from exceptions.models import CaseMember
from exceptions.offers import RIGHT_FOR, offers
from exceptions.present import show_problem
from integrations.links import loop_link
from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from returnsops.lib import clock
from returnsops.lib.money import add_up
from returnsops.pages.present.amounts import compare_amounts
from returnsops.pages.present.return_facts import describe_facts, shop_ids
from returnsops.pages.present.steps import OVER, record_link, show_steps, times_of_steps, waits_for
from returnsops.pages.present.timeline import tell_story
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.posting.present import show_posting
from returnsops.returns.labels import NOT_JUDGED, OUTCOMES, STAGES
from returnsops.returns.models import InspectedUnit, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.problems.kinds import CANCEL

POLL_S, POLL_SLOWLY_S = 2, 30
POLL_FAST_FOR = timedelta(minutes=10)  # a return that hangs is looked at, but not every two seconds all day
POSTINGS_MAX = 50


@dataclass(frozen=True)
class Looked:
    """One return with the rows that its page is made of."""

    row: LoopReturn
    records: list[NetSuiteRecord]
    postings: list[Posting]
    members: list[CaseMember]
    now: datetime


def look_up(row: LoopReturn) -> Looked:
    return Looked(
        row=row,
        records=list(row.records.defer("raw").order_by("pk")),
        postings=list(row.postings.prefetch_related("tries", "covers").order_by("-pk")[:POSTINGS_MAX]),
        members=list(
            row.case_members.filter(left_at=None).select_related("case__assignee", "case__shop", "loop_return__shop")
        ),
        now=clock.now(),
    )


def describe_return(row: LoopReturn, user: User) -> dict[str, Any]:
    """The context of pages/return.html and its fragments."""
    seen = look_up(row)
    told = parse_return(row.raw, is_detailed=row.is_detailed)
    units = _units(seen)
    times = times_of_steps(row, postings=seen.postings, inspected=[unit["at"] for unit in units if unit["counts"]])
    return {
        "row": row,
        "stage": STAGES[row.stage],
        "now": seen.now,
        "waits_for": waits_for(row),
        "steps": show_steps(row, records=seen.records, members=seen.members, done_at=times, now=seen.now),
        "problems": [_problem(member, user) for member in seen.members],
        "facts": describe_facts(row, told, seen.records),
        "ids": _ids(seen, told),
        "units": units,
        "exchange_items": list(row.exchange_items.all()),
        "compare": compare_amounts(row, records=seen.records),
        "events": tell_story(row, records=seen.records, postings=seen.postings),
        "postings": _postings(seen, user),
        "poll_s": poll_interval_s(seen),
    }


def poll_interval_s(seen: Looked) -> int:
    """How often the page looks again; 0: it is over and nothing will move."""
    if seen.row.stage in OVER:
        return 0
    moves = any(
        one.status in (Posting.Status.PENDING, Posting.Status.SENDING, Posting.Status.UNCERTAIN)
        for one in seen.postings
    )
    is_due = seen.row.look_again_at is not None and seen.row.look_again_at <= seen.now
    last = max([seen.row.planned_at or seen.row.created_at, *(one.created_at for one in seen.postings)])
    is_recent = seen.now - last < POLL_FAST_FOR
    return POLL_S if (moves or is_due or seen.row.stage == LoopReturn.Stage.POSTING) and is_recent else POLL_SLOWLY_S


def _problem(member: CaseMember, user: User) -> dict[str, Any]:
    """The case as a card: what needs no words can be done here, the rest on the case's own page."""
    case_url = reverse("case", args=[member.case_id])
    shown = show_problem(member.case, member)
    offered = offers(member, user)
    allowed = [offer.name for offer in offered if not offer.refused]
    actions = [
        {
            "label": offer.label,
            "url": f"{case_url}?member={member.pk}#{offer.name}",
            "method": "get",
            "tone": "primary" if offer.name in allowed[:1] else "",
            "reason": offer.refused,
        }
        for offer in offered
    ]
    opens = {"label": "Open the case", "url": case_url, "method": "get", "tone": "" if actions else "primary"}
    status = CASE_STATUSES[member.case.status]
    return shown | {
        "href": case_url,
        "actions": [*actions, opens],
        "status": {"tone": status.tone, "label": status.label},
    }


def _postings(seen: Looked, user: User) -> list[dict[str, Any]]:
    """What waits can be cancelled here, by those who may; what was refused as well, on its case."""
    waits = any(_waits(one) for one in seen.postings)
    may = waits and access.may(user, RIGHT_FOR[CANCEL], shop=seen.row.shop)
    names = PlaceNames(seen.row.shop.account)
    return [
        show_posting(one, names) | {"cancel": reverse("cancel-posting", args=[one.pk]) if may and _waits(one) else ""}
        for one in seen.postings
    ]


def _waits(posting: Posting) -> bool:
    return posting.status == Posting.Status.PENDING and POSTING_KINDS[posting.kind].may_be_cancelled


def _ids(seen: Looked, told: LoopReturnRecord) -> list[dict[str, Any]]:
    """Every number under which this return is known, on both sides and in the shop."""
    row = seen.row
    href = loop_link(row.shop, row.loop_id)
    ids: list[dict[str, Any]] = [{"kind": "Loop", "value": row.loop_id, "href": href, "is_external": bool(href)}]
    ids += [{"kind": "Order", "value": row.order_name}] if row.order_name else []
    ids += [record_link(row, record) for record in seen.records if not record.gone_at]
    return [*ids, *shop_ids(told)]


def _units(seen: Looked) -> list[dict[str, Any]]:
    """What components/unit_row.html takes, with receipt, inspector and note."""
    judged = Prefetch(
        "inspected",
        queryset=InspectedUnit.objects.filter(superseded_at=None).select_related("inspector", "inspection"),
        to_attr="standing",
    )
    receipts = _receipts_by_unit(seen)
    return [_unit(line, receipts.get(f"unit:{line.line_item_id}")) for line in seen.row.lines.prefetch_related(judged)]


def _unit(line: Any, receipt: dict[str, Any] | None) -> dict[str, Any]:
    standing: InspectedUnit | None = next(iter(line.standing), None)
    label = OUTCOMES[standing.outcome] if standing else NOT_JUDGED
    counts = bool(standing and standing.inspection.finished_at)
    badge = {
        "tone": label.tone,
        "label": label.label if counts or not standing else f"{label.label}, not finished",
        "icon": label.icon,
    }
    if line.removed and not standing:
        badge = {"tone": "neutral", "label": "Taken out", "icon": "minus"}
    return {
        "title": line.title or line.sku,
        "variant": line.reason,
        "sku": line.sku,
        "image": line.image_url,
        "badge": badge,
        "counts": counts,
        "receipt": receipt,
        "note": standing.note if standing else "",
        "who": standing.inspector.name if standing else "",
        "at": standing.inspected_at if standing else None,
        "comment": line.comment,
        "amount": _worth(line),
    }


def _worth(line: ReturnLine) -> Any:
    return add_up([line.price, -line.discount, line.tax])


def _receipts_by_unit(seen: Looked) -> dict[str, dict[str, Any]]:
    by_id = {record.internal_id: record for record in seen.records}
    found: dict[str, dict[str, Any]] = {}
    for posting in seen.postings:
        if posting.kind == "receipt" and posting.their_id in by_id:
            link = record_link(seen.row, by_id[posting.their_id])
            found |= {cover.unit: link for cover in posting.covers.all() if cover.live}
    return found
