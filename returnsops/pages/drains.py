"""Sending, account by account, as the Connections screen shows it while it goes on."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from integrations.models import NetSuiteAccount, Shop
from returnsops.posting import drain_words
from returnsops.posting.labels import STATUSES
from returnsops.posting.models import Posting
from returnsops.posting.progress import Drain, State, drains_of

Card = dict[str, Any]


def describe_drains(accounts: Sequence[NetSuiteAccount], shops: Sequence[Shop]) -> list[Card]:
    """What components/drain.html takes, for each account; only what these shops have to send is counted."""
    return [_card(drain) for drain in drains_of(accounts, shops=shops)]


def _card(drain: Drain) -> Card:
    label = drain_words.STATES[drain.state]
    return {
        "name": str(drain.account),
        "tone": label.tone,
        "state": label.label,
        "is_moving": drain.state == State.MOVING,
        "progress": _progress(drain),
        "rows": [*_left_rows(drain), *_pace_rows(drain), *_lane_rows(drain), *_trouble_rows(drain)],
    }


def _progress(drain: Drain) -> Card | None:
    """Of the backlog that stands, paused or not: what was done since its oldest was written, and all of it."""
    if drain.since is None:
        return None
    total = drain.done.since + drain.waiting + drain.held.all
    return {
        "done": drain.done.since,
        "total": total,
        "words": f"{drain.done.since:,} of {total:,}",
        "since": drain.since,
    }


def _left_rows(drain: Drain) -> list[Card]:
    several = len({one.shop.pk for one in drain.left}) > 1
    rows = [
        {
            "label": STATUSES[status].label,
            "value": f"{one.count:,}",
            "href": reverse("returns", query={"posting": status, "shop": one.shop.code}),
            "note": one.shop.name if several else "",
        }
        for status in Posting.OPEN
        for one in drain.left
        if one.status == status
    ]
    return rows or [{"label": "To be sent", "value": "nothing"}]


def _pace_rows(drain: Drain) -> list[Card]:
    rows = [{"label": "Sent", "value": drain_words.done_in_words(drain)}]
    if drain.state == State.EMPTY:
        return rows
    note = "if nothing new comes" if drain.time_left else ""
    return [*rows, {"label": "Time to empty", "value": drain_words.left_in_words(drain), "note": note}]


def _lane_rows(drain: Drain) -> list[Card]:
    href = reverse("lanes", args=[drain.account.pk])
    note = drain_words.why_fewer(drain)
    return [{"label": "Calls at once", "value": drain_words.lanes_in_words(drain), "href": href, "note": note}]


def _trouble_rows(drain: Drain) -> list[Card]:
    rows = [
        {"label": "Behind a pause", "value": drain_words.held_in_words(drain)},
        {"label": "Refused because", "value": drain_words.refused_in_words(drain)},
        {"label": "Failed tries", "value": drain_words.troubles_in_words(drain), "note": "in 15 minutes"},
    ]
    return [row for row in rows if row["value"]]
