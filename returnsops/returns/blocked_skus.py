"""SKUs without a mapping, and what waits behind each: returns, units, money."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from integrations.models import Shop
from returnsops.lib.money import ZERO
from returnsops.returns.models import ExchangeItem, LoopReturn, ReturnLine, SkuMapping

BLOCKED_MAX = 50
ENDED = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)


@dataclass(frozen=True)
class BlockedSku:
    """units: returned ones; replacements count with their money only."""

    shop_id: int
    shop_name: str
    sku: str
    returns: int
    units: int
    amount: Decimal
    currency: str


def find_blocked_skus(shops: Iterable[Shop]) -> list[BlockedSku]:
    """SKUs that NetSuite was asked for and nobody has mapped, the most money first; at most BLOCKED_MAX."""
    waiting = LoopReturn.objects.exclude(stage__in=ENDED).filter(shop__in=shops, records_fetched_at__isnull=False)
    lines = _unmapped(ReturnLine.objects.filter(loop_return__in=waiting, removed=False))
    replacements = _unmapped(ExchangeItem.objects.filter(loop_return__in=waiting))
    found: dict[tuple[int, str], BlockedSku] = {}
    for row in _by_sku(lines, worth=F("price") - F("discount") + F("tax")):
        found[row["shop"], row["sku"]] = _blocked(row, units=row["rows"])
    for row in _by_sku(replacements, worth=F("total")):
        key = (row["shop"], row["sku"])
        found[key] = _add_replacements(found[key], row) if key in found else _blocked(row, units=0)
    return sorted(found.values(), key=lambda one: (-one.amount, one.shop_name, one.sku))[:BLOCKED_MAX]


def find_blocked_returns(shop: Shop, sku: str) -> QuerySet[LoopReturn]:
    """The returns that a mapping of this SKU concerns now, the oldest first."""
    holds_it = Exists(ReturnLine.objects.filter(loop_return=OuterRef("pk"), sku=sku, removed=False)) | Exists(
        ExchangeItem.objects.filter(loop_return=OuterRef("pk"), sku=sku)
    )
    return LoopReturn.objects.exclude(stage__in=ENDED).filter(holds_it, shop=shop).order_by("created_at", "pk")


def measure_sku(shop: Shop, sku: str) -> BlockedSku:
    """The same figures for one SKU, mapped or not."""
    returns = find_blocked_returns(shop, sku)
    lines = ReturnLine.objects.filter(loop_return__in=returns, sku=sku, removed=False)
    sums = lines.aggregate(units=Count("pk"), amount=Sum(F("price") - F("discount") + F("tax")))
    more = ExchangeItem.objects.filter(loop_return__in=returns, sku=sku).aggregate(amount=Sum("total"))
    amount = (sums["amount"] or ZERO) + (more["amount"] or ZERO)
    return BlockedSku(shop.pk, shop.name, sku, returns.count(), sums["units"], amount, shop.currency)


def _unmapped(rows: QuerySet[Any]) -> QuerySet[Any]:
    mapped = SkuMapping.objects.filter(shop=OuterRef("loop_return__shop"), sku=OuterRef("sku"), active=True)
    return rows.exclude(sku="").filter(~Exists(mapped))


def _by_sku(rows: QuerySet[Any], *, worth: Any) -> list[dict[str, Any]]:
    return list(
        rows.values("sku", shop=F("loop_return__shop"), name=F("loop_return__shop__name"),
                    currency=F("loop_return__shop__currency"))
        .annotate(returns=Count("loop_return", distinct=True), rows=Count("pk"), amount=Sum(worth))
        .order_by("-amount", "shop", "sku")[:BLOCKED_MAX]
    )  # fmt: skip


def _blocked(row: dict[str, Any], *, units: int) -> BlockedSku:
    return BlockedSku(row["shop"], row["name"], row["sku"], row["returns"], units, row["amount"], row["currency"])


def _add_replacements(one: BlockedSku, row: dict[str, Any]) -> BlockedSku:
    """A return can hold the SKU on both sides; the larger count is never too high by more than those."""
    returns, amount = max(one.returns, row["returns"]), one.amount + row["amount"]
    return BlockedSku(one.shop_id, one.shop_name, one.sku, returns, one.units, amount, one.currency)
