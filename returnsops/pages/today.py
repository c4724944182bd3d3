"""Today: what is missing and what it is worth, what waits for a person, and whether anybody looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.urls import reverse

from exceptions.labels import kind_of, tone_of
from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.lib.money import money_text
from returnsops.lib.words import count_words, noun_for
from returnsops.pages.connections import last_sweep
from returnsops.pages.gaps import NOT_DUE, Gap, gaps_by_step
from returnsops.people.models import Membership, Role, User
from returnsops.returns.models import LoopReturn, ReturnLine
from returnsops.returns.parcels import parcels_waiting

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LATE_AFTER = DAY  # a gap this old is told in a louder tone; the plan itself says what is overdue
SKUS_MAX = 5  # the oldest; the queue has them all
Tile = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """What one person looks at: their shops, or one of them."""

    user: User
    role: str
    shops: list[Shop]
    shop_code: str
    now: datetime

    def of(self, rows: Any, path: str = "shop") -> Any:
        return rows.filter(**{f"{path}__in": self.shops})

    def href(self, page: str, **query: str) -> str:
        return reverse(page, query=query | ({"shop": self.shop_code} if self.shop_code else {}))


def describe_today(user: User, *, shop_code: str) -> dict[str, Any]:
    """The context of pages/today.html."""
    scope = find_scope(user, shop_code)
    gaps = gaps_by_step(scope.of(LoopReturn.objects.all()))
    due = [gap for gap in gaps if gap.step not in NOT_DUE]
    causes = _open_causes(scope)
    return {
        "now": scope.now,
        "checked_at": last_sweep(),
        "tiles": _tiles(scope, due, causes),
        "missing": _gap_bars(scope, due),
        "under_way": _gap_bars(scope, [gap for gap in gaps if gap.step in NOT_DUE]),
        "causes": _cause_bars(scope, causes),
        "skus_href": scope.href("exceptions", code="sku_unmapped"),
        "skus": _unmapped(scope) if scope.role == Role.DATA else [],
        "connections": _connection_checks(scope),
        "pace_href": scope.href("pace"),
        "worth": money_words(_total(due)),
        "is_quiet": not due and not causes,
        "has_shops": bool(scope.shops),
    }


def find_scope(user: User, shop_code: str) -> Scope:
    shops = list(Shop.objects.visible_to(user).select_related("account").order_by("name", "pk"))
    chosen = [shop for shop in shops if shop.code == shop_code]
    return Scope(user, _main_role(user), chosen or shops, shop_code if chosen else "", clock.now())


# --- Figures ---------------------------------------------------------------------------------------


def _tiles(scope: Scope, due: list[Gap], causes: list[dict[str, Any]]) -> list[Tile]:
    """The same five for everybody; what a role works on comes first."""
    tiles = {
        "cases": _cases_tile(scope, causes),
        "inspect": _inspect_tile(scope),
        "missing": _missing_tile(scope, due),
        "settled": _settled_tile(scope),
    }
    order = FIRST_TILES.get(scope.role, ("missing", "cases", "inspect", "settled"))
    return [tiles[name] for name in order]


FIRST_TILES: dict[str, tuple[str, ...]] = {
    Role.WAREHOUSE: ("inspect", "missing", "cases", "settled"),
    Role.FINANCE: ("cases", "missing", "inspect", "settled"),
    Role.DATA: ("cases", "missing", "inspect", "settled"),
}


def _main_role(user: User) -> str:
    held = set(Membership.objects.filter(user=user).values_list("role", flat=True))
    return next((role for role in (Role.FINANCE, Role.DATA, Role.WAREHOUSE) if role in held), "")


def _missing_tile(scope: Scope, due: list[Gap]) -> Tile:
    count = sum(gap.returns for gap in due)
    oldest = min((gap.oldest for gap in due if gap.oldest), default=None)
    hint = f"worth {money_words(_total(due))}, oldest {age_words(scope.now, oldest)}" if count else "0 gaps"
    return {
        "label": "Not complete in NetSuite", "value": f"{count:,}", "unit": noun_for(count, "return"), "icon": "layers",
        "href": scope.href("returns", missing="any"), "hint": hint, "tone": "warn" if count else "good",
    }  # fmt: skip


def _cases_tile(scope: Scope, causes: list[dict[str, Any]]) -> Tile:
    count = sum(cause["cases"] for cause in causes)
    taken = scope.of(Case.objects.filter(status=Case.Status.TAKEN)).aggregate(
        all=Count("pk"), mine=Count("pk", filter=Q(assignee=scope.user))
    )
    oldest = min((cause["oldest"] for cause in causes), default=None)
    hints = [f"oldest {age_words(scope.now, oldest)}"] if count else ["nothing waits for a person"]
    hints += [f"{taken['all']:,} in progress"] if taken["all"] else []
    hints += [f"{taken['mine']:,} yours"] if taken["mine"] else []
    return {
        "label": "Cases to settle", "value": f"{count:,}", "unit": "", "icon": "inbox",
        "href": scope.href("exceptions"), "hint": ", ".join(hints), "tone": "bad" if count else "good",
    }  # fmt: skip


def _inspect_tile(scope: Scope) -> Tile:
    """As the page behind it has them: whoever inspects is led to the station, others to the returns of that stage."""
    is_inspector = scope.role == Role.WAREHOUSE
    parcels = parcels_waiting(scope.user) if is_inspector else LoopReturn.objects.filter(stage="to_inspect")
    units = ReturnLine.objects.filter(removed=False, loop_return__in=parcels.values("pk"))
    waiting = scope.of(units, "loop_return__shop")
    sums = waiting.aggregate(
        units=Count("pk", distinct=True),  # a return with two replacements is joined twice
        returns=Count("loop_return", distinct=True),
        oldest=Min("loop_return__delivered_at"),
        exchanges=Count("loop_return", distinct=True, filter=Q(loop_return__exchange_items__isnull=False)),
    )
    href = "/inspect/" if is_inspector else scope.href("returns", stage="to_inspect")
    hints = [f"in {count_words(sums['returns'], 'parcel')}"] if sums["units"] else ["nothing waits"]
    hints += [f"{sums['exchanges']:,} with an exchange waiting"] if sums["exchanges"] else []
    hints += [f"oldest {age_words(scope.now, sums['oldest'])}"] if sums["oldest"] else []
    return {
        "label": "To inspect", "value": f"{sums['units']:,}", "unit": noun_for(sums["units"], "unit"),
        "icon": "package-open",
        "href": href, "hint": ", ".join(hints),
        "tone": "neutral" if sums["units"] else "good",
    }  # fmt: skip


def _settled_tile(scope: Scope) -> Tile:
    sums = scope.of(LoopReturn.objects.filter(settled_at__gte=scope.now - WEEK)).aggregate(
        day=Count("pk", filter=Q(settled_at__gte=scope.now - DAY)), week=Count("pk")
    )
    return {
        "label": "Settled in 24 hours", "value": f"{sums['day']:,}", "unit": noun_for(sums["day"], "return"),
        "icon": "circle-check",
        "href": scope.href("returns", stage=LoopReturn.Stage.SETTLED), "hint": f"{sums['week']:,} in 7 days",
        "tone": "neutral",
    }  # fmt: skip


# --- Bars ------------------------------------------------------------------------------------------


def _gap_bars(scope: Scope, gaps: list[Gap]) -> list[dict[str, Any]]:
    most = max((gap.returns for gap in gaps), default=0)
    return [
        {
            "label": gap.name,
            "href": scope.href("returns", missing=gap.step),
            "value": gap.returns,
            "max": most,
            "text": count_words(gap.returns, "return"),
            "note": f"{money_words(gap.amounts)}, {age_words(scope.now, gap.oldest)}",
            "tone": _gap_tone(gap, scope.now),
        }
        for gap in gaps
    ]


def _gap_tone(gap: Gap, now: datetime) -> str:
    if gap.step in NOT_DUE:
        return "accent"
    return "bad" if gap.oldest and now - gap.oldest > LATE_AFTER else "warn"


def _open_causes(scope: Scope) -> list[dict[str, Any]]:
    """Open cases by code, the most numerous first; the money of their standing members by currency."""
    cases = scope.of(Case.objects.filter(status=Case.Status.OPEN)).order_by()
    causes: list[dict[str, Any]] = list(cases.values("code").annotate(cases=Count("pk"), oldest=Min("opened_at")))
    members = scope.of(CaseMember.objects.filter(left_at=None, case__status=Case.Status.OPEN), "case__shop")
    sums = members.order_by().values("case__code", "currency").annotate(amount=Sum("amount"), returns=Count("pk"))
    for cause in causes:
        own = [row for row in sums if row["case__code"] == cause["code"]]
        cause["amounts"] = {row["currency"]: row["amount"] for row in own if row["amount"]}
        cause["returns"] = sum(row["returns"] for row in own)
    return sorted(causes, key=lambda cause: (-cause["cases"], cause["code"]))


def _cause_bars(scope: Scope, causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((cause["cases"] for cause in causes), default=0)
    return [
        {
            "label": kind_of(cause["code"]).title,
            "href": scope.href("exceptions", code=cause["code"]),
            "value": cause["cases"],
            "max": most,
            "text": count_words(cause["cases"], "case"),
            "note": ", ".join(filter(None, [money_words(cause["amounts"]), age_words(scope.now, cause["oldest"])])),
            "tone": tone_of(cause["code"]),
        }
        for cause in causes
    ]


def _unmapped(scope: Scope) -> list[Case]:
    cases: QuerySet[Case, Case] = scope.of(Case.objects.filter(code="sku_unmapped")).exclude(status=Case.Status.CLOSED)
    return list(cases.select_related("shop").order_by("opened_at", "pk")[:SKUS_MAX])


# --- Connections -----------------------------------------------------------------------------------


def _connection_checks(scope: Scope) -> list[dict[str, Any]]:
    """What components/checks.html takes."""
    connections: dict[str, Any] = {f"Loop, {shop.name}": shop for shop in scope.shops}
    connections |= {str(shop.account): shop.account for shop in scope.shops}
    return [
        {
            "state": _check_state(one),
            "title": name,
            "text": "Stopped until somebody resumes it"
            if one.paused_at
            else "Does not answer"
            if one.down_since
            else "Answering",
            "at": one.last_ok_at,
            "href": reverse("connections"),
        }
        for name, one in connections.items()
    ]


def _check_state(connection: Any) -> str:
    if connection.paused_at or connection.down_since:
        return "fail"
    return "pass" if connection.last_ok_at else "unknown"


# --- Words -----------------------------------------------------------------------------------------


def _total(gaps: Iterable[Gap]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for gap in gaps:
        for currency, amount in gap.amounts.items():
            total[currency] = total.get(currency, Decimal(0)) + amount
    return total


def money_words(amounts: dict[str, Decimal]) -> str:
    """Currencies don't add up: each is named, the largest first."""
    ordered = sorted(amounts.items(), key=lambda pair: -pair[1])
    return " + ".join(money_text(amount, currency) for currency, amount in ordered)


def age_words(now: datetime, then: datetime | None) -> str:
    """As js/shell.js says it: the largest whole unit."""
    if then is None:
        return "–"
    seconds = max((now - then).total_seconds(), 0)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "under 1 min"
