"""What the shell around each page shows. Computed on use, so a fragment that shows none of it asks for nothing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from exceptions.models import Case
from integrations.errors import words_of_failure
from integrations.models import NetSuiteAccount, Shop
from integrations.turns import last_turn
from returnsops.lib import clock
from returnsops.pages.exemptions import EXEMPTION_OF_SHOP, exemption_banners
from returnsops.pages.pauses import pause_banners
from returnsops.people.access import RIGHTS
from returnsops.people.models import Membership, Role, User
from returnsops.returns.parcels import parcels_waiting

REASON_CHARS = 140
WORKER_SILENT_FOR = timedelta(minutes=2)  # it looks every few seconds; a long batch or a restart takes less
SHOP_PAGES = ("today", "returns", "exceptions")  # pages that read ?shop= from their address


def frame(request: HttpRequest) -> dict[str, Any]:
    return {"shell": Shell(request)}


class Shell:
    """See templates/base.html for what each part holds. Nobody logged in: the parts are empty."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        user = getattr(request, "user", None)
        self._user: User | None = user if user is not None and user.is_authenticated else None

    @cached_property
    def now(self) -> datetime:
        return clock.now()

    @cached_property
    def _shops(self) -> list[Shop]:
        if self._user is None:
            return []
        shops = Shop.objects.visible_to(self._user).select_related("account").order_by("name", "pk")
        worked_at = Subquery(last_turn("plans")[:1])
        return list(shops.annotate(exemption=EXEMPTION_OF_SHOP, worked_at=worked_at))

    @cached_property
    def _shop(self) -> Shop | None:
        """The one shop looked at, if the address names one."""
        code = self._request.GET.get("shop", "")
        return next((shop for shop in self._shops if shop.code == code), None)

    @cached_property
    def _roles(self) -> list[str]:
        if self._user is None:
            return []
        held = set(Membership.objects.filter(user=self._user).values_list("role", flat=True))
        return [role for role in Role.values if role in held]

    @cached_property
    def shop_label(self) -> str:
        return self._shop.name if self._shop else "All shops"

    @cached_property
    def shops(self) -> list[dict[str, Any]]:
        page = self._current if self._current in SHOP_PAGES else "today"
        rows = [{"label": "All shops", "href": reverse(page), "is_current": self._shop is None}]
        rows += [
            {"label": shop.name, "href": f"{reverse(page)}?shop={shop.code}", "is_current": shop == self._shop}
            for shop in self._shops
        ]
        return rows if len(self._shops) > 1 else []

    @cached_property
    def user(self) -> dict[str, str] | None:
        if self._user is None:
            return None
        roles = ["Administrator"] if self._user.is_superuser else [str(Role(role).label) for role in self._roles]
        return {"name": self._user.name, "role": ", ".join(roles) or "No role yet", "initials": initials(self._user)}

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        if self._user is None:
            return []
        links = [
            self._link("today", "Today", "layout-dashboard", go="t"),
            self._link("returns", "Returns", "undo-2", go="r"),
            self._link(
                "exceptions", "Exceptions", "inbox", go="e", count=self._count_cases(self._user), count_tone="bad"
            ),
        ]
        if self._may_inspect:
            # Of all shops, like the page: it is one dock.
            parcels = {"count": parcels_waiting(self._user).count(), "count_tone": "accent"}
            links.insert(1, self._link("inspect", "Inspect", "scan-barcode", go="i", href="/inspect/", **parcels))
        links.append(self._link("connections", "Connections", "plug", go="c"))
        links.append(self._link("policies", "Policies", "scale", go="p"))
        if self._user.is_staff:
            links.append(self._link("admin", "Admin", "settings", href=reverse("admin:index")))
        return links

    @cached_property
    def _may_inspect(self) -> bool:
        is_admin = self._user is not None and self._user.is_superuser
        return is_admin or any(role in RIGHTS["inspect units"] for role in self._roles)

    def _count_cases(self, user: User) -> int:
        cases = Case.objects.visible_to(user).filter(status=Case.Status.OPEN)
        return int((cases.filter(shop=self._shop) if self._shop else cases).count())

    @cached_property
    def banners(self) -> list[dict[str, str]]:
        connections: dict[str, Shop | NetSuiteAccount] = {}
        for shop in self._shops:
            connections[f"Loop for {shop}"] = shop
            connections[str(shop.account)] = shop.account
        stopped = [banner for name, one in connections.items() if (banner := connection_banner(name, one))]
        stopped += exemption_banners(self._shops, now=self.now)
        return worker_banners(self._shops) + stopped + (pause_banners(self._user) if self._user else [])

    @cached_property
    def note(self) -> str:
        """The clock of a sandbox runs ahead, and everybody should see that."""
        if not any(shop.is_sandbox for shop in self._shops):
            return ""
        return f"Sandbox, {self.now:%-d %b %Y, %H:%M} UTC"

    @cached_property
    def _current(self) -> str:
        match = self._request.resolver_match
        name = match.url_name if match else ""
        return PAGE_OF.get(name or "", name or "") if not self._request.path.startswith("/inspect/") else "inspect"

    def _link(self, key: str, label: str, icon: str, *, href: str = "", **more: Any) -> dict[str, Any]:
        link = href or reverse(key)
        if self._shop and key in SHOP_PAGES:
            link += f"?shop={self._shop.code}"
        count_id = {"count_id": f"nav-{key}-count"} if "count" in more else {}
        return (
            {"key": key, "label": label, "icon": icon, "href": link, "is_current": self._current == key}
            | count_id
            | more
        )


PAGE_OF = {
    "return": "returns",
    "case": "exceptions",
    "case-action": "exceptions",
    "connection": "connections",
    "resume": "connections",
    "pause": "connections",
    "lanes": "connections",
    "policy": "policies",
    "policy-version": "policies",
    "shadow": "policies",
    "change-policy": "policies",
    "policy-what-if": "policies",
    "activate-policy": "policies",
}


def worker_banners(shops: Iterable[Any]) -> list[dict[str, str]]:
    """shops: annotated with `worked_at`, when the worker last looked for what is due."""
    worked_at = next((shop.worked_at for shop in shops), None)
    if worked_at is None or timezone.now() - worked_at < WORKER_SILENT_FOR:
        return []
    return [
        {
            "tone": "bad",
            "icon": "circle-pause",
            "title": f"The worker has not run since {time_words(worked_at)}.",
            "text": "Nothing is sent. What you enter is kept, and goes on once it runs. Tell your administrator.",
            "href": reverse("connections"),
            "action": "See what waits",
        }
    ]


def connection_banner(name: str, connection: Shop | NetSuiteAccount) -> dict[str, str] | None:
    """What everybody must know about a connection: that it is stopped, or does not answer."""
    link = {"href": reverse("connections"), "action": "See what waits"}
    if connection.paused_at:
        text = shorten(connection.paused_reason) or "Nothing is sent until somebody resumes it."
        return {"tone": "bad", "icon": "circle-pause", "title": f"{name} is stopped.", "text": text} | link
    if connection.down_since:
        text = "Nothing is lost: everything waits and goes on by itself."
        title = f"{name} has not answered since {time_words(connection.down_since)}."
        return {"tone": "warn", "icon": "unplug", "title": title, "text": text} | link
    return None


def shorten(text: str) -> str:
    text = words_of_failure(text)
    return text if len(text) <= REASON_CHARS else text[: REASON_CHARS - 1].rstrip() + "…"


def time_words(moment: datetime) -> str:
    today = timezone.now().date()
    return f"{moment:%H:%M} UTC" if moment.date() == today else f"{moment:%-d %b, %H:%M} UTC"


def initials(user: User) -> str:
    words: Iterable[str] = user.name.split()[:2]
    return "".join(word[0] for word in words).upper()
