"""What the last check of a connection found, as the screens show it, and asking for a new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from integrations.discovery.check import request_check
from integrations.models import ConnectionProfile, NetSuiteAccount, Shop
from integrations.profile import (
    ORDER,
    AccountFacts,
    Finding,
    Profile,
    Severity,
    ShopFacts,
    read_profile,
)
from returnsops.people import access, audit
from returnsops.people.models import User

Connection = Shop | NetSuiteAccount
Card = dict[str, Any]
SHOWN_ON_CARD = 3
NOT_ALLOWED = "Your role does not include it."


@dataclass(frozen=True)
class Group:
    """How findings of one severity are headed."""

    tone: str
    icon: str
    label: str
    counted: str  # «2 block»


GROUPS = {
    Severity.BLOCKS: Group("bad", "circle-alert", "Does not work", "blocking"),
    Severity.WARNS: Group("warn", "triangle-alert", "Works, but somebody should look", "to look at"),
    Severity.UNKNOWN: Group("info", "circle-question-mark", "Could not be told from outside", "to ask about"),
    Severity.FINE: Group("good", "circle-check", "Fine", "fine"),
}


class Checks:
    """The checks of the connections that one person sees, read at once."""

    def __init__(self, user: User, shops: list[Shop]) -> None:
        self._shops = shops
        self._names = {shop.name for shop in shops}
        accounts = {shop.account_id for shop in shops}
        rows = ConnectionProfile.objects.filter(Q(shop__in=shops) | Q(account__in=accounts))
        self._rows = {(row.shop_id, row.account_id): row for row in rows}
        allowed = access.rows_where(
            user, "check connections", rows=Shop.objects.filter(pk__in=[one.pk for one in shops])
        )
        self._allowed = set(allowed.values_list("pk", flat=True))

    def row_of(self, connection: Connection) -> ConnectionProfile | None:
        key = (connection.pk, None) if isinstance(connection, Shop) else (None, connection.pk)
        return self._rows.get(key)

    def profile_of(self, connection: Connection) -> Profile[Any] | None:
        """Without what is about shops that this person does not see."""
        row = self.row_of(connection)
        if row is None:
            return None
        profile: Profile[Any] | None = (
            read_profile(row.found, ShopFacts)
            if isinstance(connection, Shop)
            else read_profile(row.found, AccountFacts)
        )
        if profile is None:
            return None
        seen = tuple(one for one in profile.findings if not one.shop or one.shop in self._names)
        return Profile(**{**vars(profile), "findings": seen})

    def may_check(self, connection: Connection) -> bool:
        return any(shop.pk in self._allowed for shop in self._shops if connection in (shop, shop.account))

    def describe(self, connection: Connection) -> Card:
        """What components/check.html takes."""
        kind = kind_of(connection)
        row, profile = self.row_of(connection), self.profile_of(connection)
        findings = profile.findings if profile else ()
        serious = [one for one in findings if one.severity in (Severity.BLOCKS, Severity.WARNS)]
        return {
            "checked_at": profile.checked_at if profile else None,
            "progress": _progress(row),
            "badges": _badges(findings),
            "serious": describe_findings(serious[:SHOWN_ON_CARD]),
            "more": max(0, len(serious) - SHOWN_ON_CARD),
            "href": reverse("connection", args=[kind, connection.pk]),
            "button": {
                "label": "Check now",
                "icon": "stethoscope",
                "url": reverse("check-connection", args=[kind, connection.pk]),
                "reason": "" if self.may_check(connection) else NOT_ALLOWED,
            },
        }


def kind_of(connection: Connection) -> str:
    return "loop" if isinstance(connection, Shop) else "netsuite"


def describe_findings(findings: Iterable[Finding]) -> list[Card]:
    """Each with how it is shown; the words are ready."""
    return [
        {
            "tone": GROUPS[one.severity].tone,
            "icon": GROUPS[one.severity].icon,
            "label": GROUPS[one.severity].label,
            "words": one.words,
            "who": one.who,
            "todo": one.todo,
            "evidence": one.evidence,
        }
        for one in findings
    ]


def group_findings(findings: Iterable[Finding]) -> list[Card]:
    """By severity, what blocks first; no group is empty."""
    groups = []
    listed = list(findings)
    for severity in ORDER:
        found = [one for one in listed if one.severity == severity]
        if found:
            group = GROUPS[severity]
            groups.append(
                {
                    "key": str(severity),
                    "tone": group.tone,
                    "label": group.label,
                    "count": len(found),
                    "findings": describe_findings(found),
                    "is_folded": severity == Severity.FINE,
                }
            )
    return groups


def request_check_by(user: User, connection: Connection, shops: list[Shop]) -> bool:
    """Have it checked in the background. False if that is under way. Raises PermissionDenied without the right."""
    concerned = [shop for shop in shops if connection in (shop, shop.account)]
    if not any(access.may(user, "check connections", shop=shop) for shop in concerned):
        access.require(user, "check connections", shop=concerned[0])
    is_new = request_check(connection)
    if is_new:
        audit.record_event(user, "asked for a check", connection, shop=concerned[0])
    return is_new


def _badges(findings: Iterable[Finding]) -> list[Card]:
    """«2 blocking», «1 to look at»: what somebody has to do something about; or that nothing is."""
    counts = dict.fromkeys(ORDER, 0)
    for one in findings:
        counts[one.severity] += 1
    shown = [severity for severity in ORDER[:-1] if counts[severity]]
    if not shown and counts[Severity.FINE]:
        return [{"tone": "good", "label": "everything fine"}]
    return [{"tone": GROUPS[one].tone, "label": f"{counts[one]} {GROUPS[one].counted}"} for one in shown]


def _progress(row: ConnectionProfile | None) -> Card | None:
    """None while no check is under way."""
    if row is None or row.asked_at is None:
        return None
    progress = row.progress or {}
    return {
        "done": int(progress.get("done", 0)),
        "total": int(progress.get("about", 1)),
        "asking": str(progress.get("asking", "")),
    }
