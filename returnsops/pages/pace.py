"""How soon a return has its Return Authorization: median and worst, by shop, over the last days (requirement A10)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse

from integrations.models import Shop
from returnsops.pages.gaps import OVER
from returnsops.pages.today import Scope, find_scope
from returnsops.people.models import User

SPANS = (7, 30)  # days; the first if nobody chose
UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
# One look at each return of the span; of several authorizations the first that stands. An authorization that somebody
# made before Loop told of the return was no later than the return.
PACE = """
    SELECT asked.shop_id,
           count(made.at),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(made.at - asked.created_at, interval '0'))
               FILTER (WHERE made.at IS NOT NULL),
           max(greatest(made.at - asked.created_at, interval '0')) FILTER (WHERE made.at IS NOT NULL),
           count(*) FILTER (WHERE made.id IS NULL AND NOT asked.stage = ANY(%(over)s))
    FROM returns_loopreturn asked
    LEFT JOIN LATERAL (
        SELECT rma.id, (rma.raw ->> 'createdDate')::timestamptz AS at
        FROM returns_loopreturn_records link JOIN returns_netsuiterecord rma ON rma.id = link.netsuiterecord_id
        WHERE link.loopreturn_id = asked.id AND rma.record_type = 'returnAuthorization' AND rma.gone_at IS NULL
        ORDER BY at LIMIT 1
    ) made ON true
    WHERE asked.shop_id = ANY(%(shops)s) AND asked.created_at >= %(since)s
    GROUP BY asked.shop_id
"""


@dataclass(frozen=True)
class Pace:
    """Of one shop. median, worst: None where no return of the span has an authorization."""

    shop: Shop
    count: int = 0
    median: timedelta | None = None
    worst: timedelta | None = None
    without: int = 0


def describe_pace(user: User, *, shop_code: str, days: str) -> dict[str, Any]:
    """The context of pages/pace.html."""
    scope = find_scope(user, shop_code)
    span = int(days) if days in map(str, SPANS) else SPANS[0]
    since = first_day(scope.now, span)
    return {
        "now": scope.now,
        "days": span,
        "tabs": [
            {"label": f"{one} days", "href": scope.href("pace", days=str(one)), "is_current": one == span}
            for one in SPANS
        ],
        "rows": [_row(one, since) for one in measure_pace(scope, since)],
    }


def first_day(now: datetime, days: int) -> date:
    """Whole days, so that the list of returns, which is chosen by days, holds exactly what was counted."""
    return (now - timedelta(days=days)).date()


def measure_pace(scope: Scope, since: date) -> list[Pace]:
    """In the order of the shops, those without any return of these days as well."""
    shops = {shop.pk: shop for shop in scope.shops}
    with connection.cursor() as cursor:
        cursor.execute(PACE, {"shops": list(shops), "since": since, "over": [str(one) for one in OVER]})
        found = {shop: Pace(shops[shop], *figures) for shop, *figures in cursor.fetchall()}
    return [found.get(pk) or Pace(shop) for pk, shop in shops.items()]


def _row(pace: Pace, since: date) -> dict[str, Any]:
    query = {"rma": "none", "created_from": since.isoformat(), "shop": pace.shop.code}
    return {
        "shop": pace.shop,
        "count": pace.count,
        "median": pace_words(pace.median),
        "worst": pace_words(pace.worst),
        "without": pace.without,
        "href": reverse("returns", query=query),
    }


def pace_words(took: timedelta | None) -> str:
    """In its two largest units: nobody reads more."""
    if took is None:
        return "–"
    seconds = int(took.total_seconds())
    for size, unit, smaller, its_unit in UNITS:
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {its_unit}" if rest else "")
    return f"{seconds} s"
