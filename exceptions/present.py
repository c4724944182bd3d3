"""Cases as the screens show them: business words first, codes last."""

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from exceptions.labels import ICONS, STATUSES, WILL_NOT, kind_of, owner_of, tone_of
from exceptions.models import Case, CaseEvent, CaseMember
from exceptions.offers import Offer, offers
from integrations.errors import words_of_failure
from returnsops.people import access
from returnsops.people.models import User
from returnsops.returns.models import Item
from returnsops.returns.problems.kinds import MAP_SKU

EVENTS_MAX = 50
WORDS_CHARS_MAX = 200  # as many as a rule holds


def problem_of(case: Case, member: CaseMember | None) -> dict[str, Any]:
    """What is to be settled, as the return says it; of a case without returns (a connection, the inbox), as it does."""
    problem: dict[str, Any] = member.problem if member else case.problem
    return problem


def show_problem(case: Case, member: CaseMember | None) -> dict[str, Any]:
    """What components/problem.html takes, without actions."""
    kind, status = kind_of(case.code), STATUSES[case.status]
    problem = problem_of(case, member)
    shown: dict[str, Any] = {
        "tone": "good" if case.status == Case.Status.CLOSED else tone_of(case.code),
        "title": kind.title,
        "cause": problem.get("cause", ""),
        "code": case.code,
        "status": {"tone": status.tone, "label": status.label},
        "owner": whose(case),
        "opened_at": case.opened_at,
        "sides": _sides(problem),
        "advice": kind.advice if case.status != Case.Status.CLOSED else "",
    }
    gap = _gap(problem)
    if gap and member:
        shown["gap"] = {"label": "Difference", "value": f"{gap:,} {member.currency}"}
    if member and member.amount:
        shown["stake"] = {"amount": member.amount, "currency": member.currency, "text": "at stake for this return"}
    return shown


def whose(case: Case) -> str:
    return f"taken by {case.assignee}" if case.assignee else f"for {owner_of(case.code).lower()}"


def _sides(problem: dict[str, Any]) -> list[dict[str, str]]:
    """The two values that differ. «Credit by NetSuite 77.76 USD» is a label and a value."""
    texts = [text for text in (problem.get("expected", ""), problem.get("found", "")) if text]
    if len(texts) < 2:
        return []
    return [_side(text, label) for text, label in zip(texts, ("Expected", "Found"), strict=True)]


MONEY_AT_END = re.compile(r"^(?P<label>\D*?)\s*(?P<value>-?[\d,]+(?:\.\d+)? [A-Z]{3})$")


def _side(text: str, label: str) -> dict[str, str]:
    match = MONEY_AT_END.match(text)
    if match:
        return {"label": match["label"] or label, "value": match["value"]}
    return {"label": label, "value": text}


def _gap(problem: dict[str, Any]) -> Decimal | None:
    """Between two amounts; other values have no difference that could be counted."""
    values = [MONEY_AT_END.match(problem.get(name, "")) for name in ("expected", "found")]
    if values[0] is None or values[1] is None:
        return None
    expected, found = (Decimal(match["value"].split()[0].replace(",", "")) for match in values if match)
    return found - expected or None


def show_words(case: Case, member: CaseMember | None) -> dict[str, Any]:
    """What stands below the problem: the other side's own words, and the rows of the document it is about."""
    problem = problem_of(case, member)
    details = [(label, value) for label, value in problem.get("detail", ()) if value]
    names = _item_names(member, [label for label, _ in details]) if member else {}
    rows = [
        {"label": ITEM.sub(lambda match: names.get(match[1], match[0]), label), "value": value}
        for label, value in details
    ]
    written = problem.get("words", "")
    words = words_of_failure(written)
    if words != written:  # a failure of a connection, as the log has it
        rows.append({"label": "The whole answer", "value": written})
    return {"words": words, "rows": rows}


ITEM = re.compile(r"\bitem (\d+)$")


def _item_names(member: CaseMember, labels: list[str]) -> dict[str, str]:
    """A document holds ids of items; a person knows their names."""
    ids = [match[1] for label in labels if (match := ITEM.search(label))]
    items = Item.objects.filter(account=member.loop_return.shop.account_id, internal_id__in=ids) if ids else ()
    return {item.internal_id: str(item) for item in items}


def show_offers(member: CaseMember, user: User) -> list[dict[str, Any]]:
    """The actions that help, each with what it will and will not do."""
    return (
        [_show_offer(offer) for offer in offers(member, user)]
        + _mapping_offer(member, user)
        + _teaching_offer(member, user)
    )


def _teaching_offer(member: CaseMember, user: User) -> list[dict[str, Any]]:
    """Words that nobody knows yet can be taught, with NetSuite's words filled in."""
    known = dict(member.problem.get("detail", ())).get("Kind of refusal")
    words = str(member.problem.get("words", ""))
    if member.case.code != "posting_refused" or known != "unknown" or not words:
        return []
    shop = member.case.shop
    query = urlencode({"words": words[:WORDS_CHARS_MAX], "account": shop.account_id})
    offer = {
        "name": "teach",
        "label": "Teach this answer",
        "icon": "square-pen",
        "href": f"{reverse('admin:index')}integrations/refusalrule/add/?{query}",
        "will": ["Says what these words mean, for all refusals that hold them, now and later."],
        "will_not": ["It does not change the document. NetSuite's own words stay beside the meaning."],
        "refused": "" if access.may(user, "teach refusals", shop=shop) else f"Your role in {shop} does not include it.",
    }
    return [offer]


def _show_offer(offer: Offer) -> dict[str, Any]:
    return {
        "name": offer.name,
        "label": offer.label,
        "icon": ICONS[offer.name],
        "will": [offer.effect],
        "will_not": WILL_NOT[offer.name],
        "refused": offer.refused,
    }


def _mapping_offer(member: CaseMember, user: User) -> list[dict[str, Any]]:
    """The mapping is made in the admin: one place shows all that it blocks."""
    if MAP_SKU not in kind_of(member.case.code).actions:
        return []
    shop = member.case.shop
    allowed = access.may(user, "map SKUs", shop=shop)
    offer = {
        "name": MAP_SKU,
        "label": "Map this SKU",
        "icon": "link",
        "href": mapping_url(member.case),
        "will": ["Everything that waits for this SKU goes on by itself, in every return."],
        "will_not": ["It does not create an item in NetSuite."],
        "refused": "" if allowed else f"Your role in {shop} does not include it; the data team does it.",
    }
    return [offer]


def mapping_url(case: Case) -> str:
    """The admin's form with the shop and the SKU filled in."""
    query = urlencode({"shop": case.shop_id, "sku": case.subject.removeprefix("sku:")})
    return f"{reverse('admin:index')}returns/skumapping/add/?{query}"


EVENT_TITLES = {
    "opened": "Opened",
    "joined": "Return {} joined",
    "joined again": "Return {} joined again",
    "left": "Return {} left",
    "closed": "Closed",
    "taken": "Taken",
    "given back": "Given back",
    "note": "Note",
    "noted": "Noted for return {}",
    "approved": "Approved for return {}",
    "corrected date": "Date corrected for return {}",
    "chose order line": "Order line chosen for return {}",
    "decided goods": "Goods decided for return {}",
    "cause gone": "The cause is said to be gone",
    "retried": "Retried for return {}",
}


def show_events(case: Case) -> list[dict[str, Any]]:
    """The history, newest first. A cause is said once, not again by each return that joins for it."""
    events = list(case.events.select_related("actor", "loop_return").order_by("-pk")[:EVENTS_MAX])
    return [_show_event(event, before=events[at + 1 :]) for at, event in enumerate(events)]


def _show_event(event: CaseEvent, *, before: list[CaseEvent]) -> dict[str, Any]:
    loop_id = event.loop_return.loop_id if event.loop_return else ""
    title = EVENT_TITLES.get(event.kind, event.kind.capitalize()).format(loop_id)
    return {
        "title": title,
        "text": "" if any(event.text == one.text for one in before) else event.text,
        "who": str(event.actor or "ReturnsOps"),
        "at": event.at,
        "href": reverse("return", args=[event.loop_return_id]) if event.loop_return_id else "",
    }
