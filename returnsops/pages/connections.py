"""How each connection is doing, what waits behind it, and letting it go on."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from integrations.connections import resume_connection
from integrations.loop.budget import BudgetUse, budget_of
from integrations.loop.subscriptions import NO_ADDRESS
from integrations.models import InboundEvent, NetSuiteAccount, Shop, SyncCursor
from integrations.netsuite.endings import find_endings
from integrations.turns import last_turn
from returnsops.lib import clock
from returnsops.pages.checks import Checks, request_check_by
from returnsops.pages.connection_page import find_connection, seen_connections
from returnsops.pages.drains import describe_drains
from returnsops.pages.frame import shorten
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.posting.labels import STATUSES
from returnsops.posting.models import Posting
from returnsops.returns.progress import sync_progress

HOUR = timedelta(hours=1)
Card = dict[str, Any]
Owed = dict[int, dict[str, int]]


def describe_connections(user: User) -> dict[str, Any]:
    """The context of pages/connections.html."""
    shops = seen_connections(user)
    accounts = list({shop.account_id: shop.account for shop in shops}.values())
    owed = count_owed_to_loop(shops)
    checks = Checks(user, shops)
    loop = [
        _loop_card(shop, user, facts, owed) | {"check": checks.describe(shop)} for shop, facts in _loop_facts(shops)
    ]
    netsuite = [_netsuite_card(one, shops, user) | {"check": checks.describe(one)} for one in accounts]
    is_checking = any(card["check"]["progress"] for card in [*loop, *netsuite])
    drains = describe_drains(accounts, shops)
    is_lively = is_checking or any(drain["is_moving"] for drain in drains)
    return {
        "now": clock.now(),
        "loop": loop,
        "netsuite": netsuite,
        "drains": drains,
        "every": "2s" if is_lively else "10s",
        "runs": sync_progress(shops),
    }


def _loop_facts(shops: list[Shop]) -> list[tuple[Shop, Card]]:
    """What came in lately. The events of months are kept: each figure is read from the end of an index."""
    events = InboundEvent.objects.filter(shop=OuterRef("pk")).order_by()
    lately = events.filter(last_received_at__gte=timezone.now() - HOUR)
    figures = Shop.objects.filter(pk__in=[shop.pk for shop in shops]).values(
        "pk",
        last=Subquery(events.order_by("-last_received_at").values("last_received_at")[:1]),
        hour=_count(lately),
        unsigned=_count(lately.filter(signed=False)),
        unread=_count(events.filter(verdict=InboundEvent.Verdict.WAITING)),
    )
    counts = {row["pk"]: row for row in figures}
    cursors = {one.stream: one for one in SyncCursor.objects.filter(stream__in=[f"loop:{shop.code}" for shop in shops])}
    return [(shop, counts[shop.pk] | {"cursor": cursors.get(f"loop:{shop.code}")}) for shop in shops]


def _count(events: QuerySet[InboundEvent]) -> Coalesce:
    return Coalesce(Subquery(events.values("shop").annotate(count=Count("pk")).values("count")), 0)


def count_owed_to_loop(shops: list[Shop]) -> Owed:
    """How many requests to Loop stand in the outbox, by shop and status. What NetSuite is owed: `drains`."""
    postings = Posting.objects.filter(shop__in=shops, status__in=Posting.OPEN, system=Posting.System.LOOP).order_by()
    owed: Owed = {}
    for shop, status, count in postings.values_list("shop", "status").annotate(count=Count("pk")):
        owed.setdefault(shop, {})[status] = count
    return owed


def _loop_card(shop: Shop, user: User, facts: Card, owed: Owed) -> Card:
    cursor: SyncCursor | None = facts["cursor"]
    unsigned = facts["unsigned"]
    rows = [
        {"label": "Last webhook", "at": facts["last"], "value": "none yet"},
        {
            "label": "Webhooks",
            "value": f"{facts['hour']:,} in the last hour",
            "note": f"of which {unsigned:,} not signed, refused" if unsigned else "",
        },
        {"label": "Webhooks to read", "value": f"{facts['unread']:,}"},
        *_subscription_rows(shop),
        {"label": "Last sweep", "at": cursor.swept_at if cursor else None, "value": "none yet"},
        {"label": "Calls to Loop", "value": _calls_in_words(budget_of(shop))},
        *_outbox_rows(shop, owed.get(shop.pk, {})),
    ]
    card = _state(shop) | {"name": f"Loop, {shop.name}", "kind": _place(shop), "rows": rows}
    return card | {"actions": _actions(shop, [shop], user, kind="loop")}


def _subscription_rows(shop: Shop) -> list[Card]:
    """Only when somebody has to do something: no address of ours, or something Loop would not let us subscribe."""
    problem = shop.webhooks_problem if settings.PUBLIC_URL else NO_ADDRESS
    return [{"label": "Subscriptions", "value": "not looked after", "note": problem}] if problem else []


def _netsuite_card(account: NetSuiteAccount, shops: list[Shop], user: User) -> Card:
    own = [shop for shop in shops if shop.account_id == account.pk]
    rows = [{"label": "Shops", "value": ", ".join(shop.name for shop in own)}, *_access_rows(account)]
    card = _state(account) | {"name": str(account), "kind": _place(account), "rows": rows}
    return card | {"actions": _actions(account, own, user, kind="netsuite")}


def _access_rows(account: NetSuiteAccount) -> list[Card]:
    """By which way we come in, until when, and what to do before that."""
    notes = " ".join(ending.words for ending in find_endings(account, now=timezone.now()))
    if account.auth == NetSuiteAccount.Auth.TBA:
        return [{"label": "Access", "value": "token-based", "note": notes}]
    ends_at = account.certificate_expires_at
    return [{"label": "Certificate ends", "value": f"{ends_at:%d %b %Y}" if ends_at else "not known", "note": notes}]


def _calls_in_words(use: BudgetUse) -> str:
    return f"{use.calls_this_minute} this minute, of {use.per_minute}"


def _outbox_rows(shop: Shop, owed: dict[str, int]) -> list[Card]:
    """What Loop is to be told, by status; each number opens the returns that it is about."""
    rows = [
        {
            "label": STATUSES[status].label,
            "value": f"{owed[status]:,}",
            "href": reverse("returns", query={"posting": str(status), "shop": shop.code}),
        }
        for status in Posting.OPEN
        if status in owed
    ]
    return rows or [{"label": "To be sent", "value": "nothing"}]


def _place(connection: Shop | NetSuiteAccount) -> str:
    return "Sandbox on this machine" if connection.is_sandbox else str(urlsplit(connection.base_url).hostname)


def _state(connection: Shop | NetSuiteAccount) -> Card:
    if connection.paused_at:
        text = (
            f"{_sentence(connection.paused_reason) or 'No reason is known.'} Nothing is sent meanwhile. "
            "Have a key, certificate or role corrected, then resume."
        )
        return {"tone": "bad", "state": "Stopped", "text": text, "checked_at": connection.last_ok_at}
    if connection.down_since:
        text = f"{_sentence(connection.failure)} Nothing is lost: everything waits and goes on by itself."
        return {"tone": "warn", "state": "Not answering", "text": text, "checked_at": connection.last_ok_at}
    if connection.last_ok_at is None:
        return {"tone": "neutral", "state": "Not asked yet", "text": "", "checked_at": None}
    return {"tone": "good", "state": "Answering", "text": "", "checked_at": connection.last_ok_at}


def _actions(connection: Shop | NetSuiteAccount, shops: list[Shop], user: User, *, kind: str) -> list[Card]:
    if not connection.paused_at:
        return []
    allowed = any(access.may(user, "pause", shop=shop) for shop in shops)
    url = reverse("resume", args=[kind, connection.pk])
    reason = "" if allowed else "Your role does not include it."
    return [{"label": "Resume", "url": url, "tone": "primary", "icon": "play", "reason": reason}]


@transaction.atomic
def resume_by(user: User, *, kind: str, pk: int) -> str:
    """Let a stopped connection go on. Gives its name. Raises PermissionDenied without the right, Http404 unseen."""
    shops = seen_connections(user)
    connection = find_connection(shops, kind=kind, pk=pk)
    concerned = [shop for shop in shops if connection in (shop, shop.account)]
    if not any(access.may(user, "pause", shop=shop) for shop in concerned):
        access.require(user, "pause", shop=concerned[0])
    reason = connection.paused_reason
    resume_connection(connection)
    audit.record_event(
        user, "resumed connection", connection, shop=concerned[0], before=reason, reason="Resumed by hand"
    )
    return str(connection)


def check_by(user: User, *, kind: str, pk: int) -> str:
    """Have a connection checked in the background, in words what comes of it."""
    shops = seen_connections(user)
    connection = find_connection(shops, kind=kind, pk=pk)
    if request_check_by(user, connection, shops):
        return f"{connection} is being checked. It takes about a minute; this page shows what is found."
    return f"{connection} is being checked already."


def last_sweep() -> datetime | None:
    """When the sweep for due returns last ran: what «checked» means on Today."""
    return last_turn("plans").first()


def _sentence(written: str) -> str:
    """What somebody else wrote, so that a sentence of ours can follow."""
    text = shorten(written)
    return text if not text or text[-1] in ".!?…" else f"{text}."
