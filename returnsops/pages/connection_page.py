"""One connection: what a check found out, and what is therefore known about the account or the shop."""

from typing import Any

from django.http import Http404

from integrations.discovery.netsuite_questions import MADE, RIGHTS
from integrations.loop.vocabulary import find_unknown_keys, find_unknown_words
from integrations.models import Shop
from integrations.profile import AccountFacts, Profile, ShopFacts, Writer
from returnsops.lib import clock
from returnsops.pages.checks import Card, Checks, Connection, group_findings, kind_of
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.returns.policies import active_policy
from returnsops.returns.policy_uses import uses_of

PLACES_SHOWN_MAX = 50
NEWS_RETURNS_MAX, NEWS_SHOWN_MAX = 100, 30
NOT_KNOWN = "not known"
ACCESS_WORDS = {"edit": "read and edit", "missing": "missing", "": "not proved"}
# In plain words, for somebody who has never seen either system.
MEANINGS = {
    "Advanced Receiving": "goods come in by a document of their own, the Item Receipt",
    "OneWorld": "several companies (subsidiaries) in one account",
    "Tax": "which of NetSuite's two ways computes it",
    "Web orders": "how the shop's orders are billed",
    "Period of today": "the month of the books that a document of today falls into",
    "Database keeps": "the clock of times in query answers",
    "Statuses in queries": "how a status is written there",
    "Receipt rows named by": "the fields that tell which row is received",
    "Refund method in": "the field that names how money was paid back",
    "Restock box": "credits can say whether goods go back to stock",
    "Previews": "a filled-in document can be seen before it is written",
    "Deleted records": "whether NetSuite tells what was deleted",
    "Links of records": "whether NetSuite tells which document came from which",
    "Inventory statuses": "stock is kept apart by condition",
    "Version": "of Loop's interface",
    "Calls a minute": "Loop's limit for this key",
    "Lists come as": "the form of Loop's answers; each form is read",
}
BILLED = {"CustInvc": "invoices", "CashSale": "cash sales"}


def seen_connections(user: User) -> list[Shop]:
    return list(Shop.objects.visible_to(user).select_related("account").order_by("name", "pk"))


def find_connection(shops: list[Shop], *, kind: str, pk: int) -> Connection:
    """Raises Http404 for one that this person does not see."""
    connections: list[Connection] = list(shops) if kind == "loop" else [shop.account for shop in shops]
    found = next((one for one in connections if one.pk == pk), None)
    if found is None or kind not in ("loop", "netsuite"):
        raise Http404("You see no such connection.")
    return found


def describe_connection(user: User, *, kind: str, pk: int) -> Card:
    """The context of pages/connection.html."""
    shops = seen_connections(user)
    connection = find_connection(shops, kind=kind, pk=pk)
    checks = Checks(user, shops)
    profile = checks.profile_of(connection)
    own = [shop for shop in shops if connection in (shop, shop.account)]
    return {
        "now": clock.now(),
        "kind": kind_of(connection),
        "pk": connection.pk,
        "name": f"Loop, {connection.name}" if isinstance(connection, Shop) else str(connection),
        "check": checks.describe(connection),
        "groups": group_findings(profile.findings) if profile else [],
        "changes": profile.changes if profile else (),
        "compared_with": profile.compared_with if profile else None,
        "cost": _cost_in_words(profile) if profile else "",
        "news": _news_of(connection) if isinstance(connection, Shop) else None,
        **(_known(profile, own) if profile else {}),
    }


def _cost_in_words(profile: Profile[Any]) -> str:
    seconds = f"{profile.duration_s:.0f} s" if profile.duration_s >= 1 else "less than a second"
    return f"{profile.calls} question{'' if profile.calls == 1 else 's'} in {seconds}"


def _news_of(shop: Shop) -> Card:
    """What the newest returns of a shop say that ReturnsOps has not met: kept, never guessed at (loop.md §3.6)."""
    newest = LoopReturn.objects.filter(shop=shop).order_by("-updated_at", "-pk")[:NEWS_RETURNS_MAX]
    words, keys = dict[str, None](), dict[str, None]()
    for raw in newest.values_list("raw", flat=True):
        words |= dict.fromkeys(find_unknown_words(raw))
        keys |= dict.fromkeys(find_unknown_keys(raw))
    return {"words": list(words)[:NEWS_SHOWN_MAX], "keys": list(keys)[:NEWS_SHOWN_MAX], "returns": NEWS_RETURNS_MAX}


def _known(profile: Profile[Any], shops: list[Shop]) -> Card:
    if isinstance(profile.facts, ShopFacts):
        return {"facts": _shop_rows(profile.facts), "tables": _shop_tables(profile.facts)}
    return {"facts": _account_rows(profile.facts), "tables": _account_tables(profile.facts, shops)}


def _account_rows(facts: AccountFacts) -> list[Card]:
    sales = [f"{count} {BILLED.get(code, code)}" for code, count in facts.sales.items()]
    offset = facts.database_offset_min
    period = facts.period
    rows = {
        "Advanced Receiving": _yes(facts.advanced_receiving),
        "OneWorld": _yes(facts.one_world),
        "Tax": {True: "SuiteTax", False: "legacy tax", None: NOT_KNOWN}[facts.suite_tax],
        "Web orders": ", ".join(sales) + " in 30 days" if sales else NOT_KNOWN,
        "Period of today": period.name if period else NOT_KNOWN,
        "Database keeps": NOT_KNOWN if offset is None else f"UTC{offset / 60:+g} h",
        "Statuses in queries": {"letter": "B", "compound": "RtnAuth:B", "": NOT_KNOWN}[facts.status_form],
        "Receipt rows named by": ", ".join(facts.receipt_row_keys) or NOT_KNOWN,
        "Refund method in": ", ".join(facts.refund_method_fields) or NOT_KNOWN,
        "Restock box": _yes(facts.restock),
        "Previews": _yes(facts.create_form),
        "Deleted records": _yes(facts.deleted_readable, "readable", "not readable"),
        "Links of records": _yes(facts.links_readable, "readable", "not readable"),
        "Inventory statuses": _yes(facts.inventory_status),
    }
    return [_row(label, value) for label, value in rows.items()]


def _row(label: str, value: str) -> Card:
    meaning = MEANINGS.get(label)
    return {"label": label, "value": value, "note": f"({meaning})" if meaning else ""}


def _yes(value: bool | None, yes: str = "yes", no: str = "no") -> str:
    return NOT_KNOWN if value is None else yes if value else no


def _account_tables(facts: AccountFacts, shops: list[Shop]) -> list[Card]:
    return [
        _table("Rights of the role", ("Record", "Right"), [
            (RIGHTS[name], ACCESS_WORDS[facts.access[name]]) for name in RIGHTS if name in facts.access
        ]),
        _table("Who makes the records", ("Record", "Made by", "In 30 days"), [
            (made.plural, _writer_words(one), str(one.count))
            for made in MADE for one in facts.writers.get(made.record_type, [])
        ]),
        _table("Locations", ("Location", "Id", "Used as", "Stock for sale", "Bins"), _place_rows(facts, shops)),
    ]  # fmt: skip


def _place_rows(facts: AccountFacts, shops: list[Shop]) -> list[tuple[str, ...]]:
    """Those that the policies name first."""
    named: dict[str, list[str]] = {}
    for shop in shops:
        for use in uses_of(active_policy(shop), shop=shop.name):
            if use.purpose.is_location:
                named.setdefault(use.id, []).append(f"{use.purpose} of {use.shop}")
    places = sorted((facts.locations or {}).values(), key=lambda place: (place.id not in named, place.name))
    return [
        (
            f"{place.name}{' (inactive)' if place.is_inactive else ''}",
            place.id,
            ", ".join(named.get(place.id, [])),
            _yes(place.available),
            _yes(place.uses_bins),
        )
        for place in places[:PLACES_SHOWN_MAX]
    ]


def _writer_words(writer: Writer) -> str:
    if writer.is_ours:
        return "ReturnsOps"
    if writer.mark:
        return f"external ids {writer.mark}…"
    return f"user {writer.made_by}, without external id" if writer.made_by else "no external id"


def _shop_rows(facts: ShopFacts) -> list[Card]:
    limit = facts.calls_a_minute
    rows = {
        "Version": facts.version or NOT_KNOWN,
        "Calls a minute": NOT_KNOWN if limit is None else str(limit),
        "Currencies seen": ", ".join(facts.currencies) or NOT_KNOWN,
        "Lists come as": facts.list_shape or NOT_KNOWN,
        "Details come as": facts.details_shape or NOT_KNOWN,
        "Notes come as": facts.notes_shape or NOT_KNOWN,
    }
    return [_row(label, value) for label, value in rows.items()]


def _shop_tables(facts: ShopFacts) -> list[Card]:
    return [
        _table("Scopes of the key", ("Scope", "Granted"), [(name, _yes(one)) for name, one in facts.scopes.items()]),
        _table("Webhooks", ("Trigger", "Topic", "Address", "Status"), [
            (one.trigger, one.topic, one.url, one.status) for one in facts.webhooks or ()
        ]),
        _table("Destinations", ("Destination", "Id", "Shop location", "Enabled"), [
            (one.name, one.id, one.location_id, _yes(one.enabled)) for one in facts.destinations or ()
        ]),
    ]  # fmt: skip


def _table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Card:
    cells = [[{"label": label, "text": text} for label, text in zip(head, row, strict=True)] for row in rows]
    return {"title": title, "head": head, "rows": cells}
