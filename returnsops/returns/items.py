"""NetSuite's items as we mirror them, and what its kits are made of (netsuite.md §4.2).

Only the members of a kit are kept in stock. Where our role may read no table of members, a person enters them.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import CharField, Q, QuerySet
from django.utils import timezone

from integrations.connections import netsuite_client
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import ItemRecord, KitMemberRecord
from returnsops.lib.upsert import among_texts
from returnsops.returns.models import (
    ExchangeItem,
    FoundGoods,
    Item,
    KitMember,
    LoopReturn,
    NetSuiteLine,
    ReturnLine,
    SkuMapping,
)
from returnsops.returns.replan import ask_for_plan

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER = timedelta(days=1)  # what a kit is made of changes seldom
KITS_MAX = 500  # at a time; those asked for longest ago come first
Kits = Mapping[str, Mapping[str, int]]  # members by kit
Members = Mapping[str, int]  # item id, and how many of it are in one kit
WIDTHS = {one.name: one.max_length for one in Item._meta.get_fields() if isinstance(one, CharField) and one.max_length}
TOLD_APART_BY = ("internal_id", "sku", "item_type")
Good = tuple[int, str]  # shop and SKU


@transaction.atomic
def apply_items(account: NetSuiteAccount, records: Iterable[ItemRecord]) -> None:
    """Mirror items as NetSuite showed them. Where plans read something else now, open returns are planned anew."""
    told = {record.internal_id: record for record in records if _fits(account, record)}
    known = Item.objects.select_for_update(no_key=True).filter(account=account, internal_id__in=among_texts(told))
    changed = [one for one in known.order_by("pk") if _is_news(told[one.internal_id], one)]
    Item.objects.bulk_create(
        [
            Item(
                account=account,
                internal_id=record.internal_id,
                sku=record.sku,
                display_name=(record.display_name or "")[: WIDTHS["display_name"]],
                upc=record.upc if record.upc and len(record.upc) <= WIDTHS["upc"] else "",
                item_type=record.item_type,
                category=_category_of(record),
                is_inactive=record.is_inactive,
                fetched_at=timezone.now(),
            )
            for record in told.values()
        ],
        update_conflicts=True,
        unique_fields=["account", "internal_id"],
        update_fields=["sku", "display_name", "upc", "item_type", "category", "is_inactive", "fetched_at"],
    )
    if changed:
        ask_for_plan(returns_holding(changed))


def _fits(account: NetSuiteAccount, record: ItemRecord) -> bool:
    """Names for people are cut; but part of an SKU is another SKU, so such an item is left out."""
    excess = [name for name in TOLD_APART_BY if len(getattr(record, name)) > WIDTHS[name]]
    if excess:
        logger.warning("item %s of %s cannot be kept: too long: %s", record.internal_id, account, ", ".join(excess))
    return not excess


def _is_news(told: ItemRecord, known: Item) -> bool:
    """Of what a plan reads; by its other names only people find it."""
    then = (known.sku, known.item_type, known.is_inactive, known.category)
    return then != (told.sku, told.item_type, told.is_inactive, _category_of(told))


def _category_of(record: ItemRecord) -> str | None:
    return None if record.category is None else record.category[: WIDTHS["category"]]


def learn_items(account: NetSuiteAccount, client: NetSuiteClient, records: Iterable[ItemRecord]) -> None:
    """Mirror them, and what the kits among them are made of. Raises the errors of `integrations.errors`."""
    records = list(records)
    apply_items(account, records)
    kits = [record.internal_id for record in records if record.item_type == Item.KIT]
    if kits:
        learn_members(account, client, kits)


def read_members_again(account: NetSuiteAccount) -> int:
    """What kits are made of may change, and a role may be given the right to read it. Gives how many were asked for.

    Raises the errors of `integrations.errors`.
    """
    long_ago = Q(members_asked_at=None) | Q(members_asked_at__lt=timezone.now() - READ_AGAIN_AFTER)
    kits = Item.objects.filter(long_ago, account=account, item_type=Item.KIT)
    ids = list(kits.order_by("members_asked_at", "pk").values_list("internal_id", flat=True)[:KITS_MAX])
    if ids:
        learn_members(account, netsuite_client(account), ids)
    return len(ids)


def learn_members(account: NetSuiteAccount, client: NetSuiteClient, kit_ids: Collection[str]) -> None:
    """Ask what these kits are made of; returns that hold one whose members changed are planned anew.

    A kit of which NetSuite tells nothing keeps what a person entered. What NetSuite told before is forgotten where what
    it tells now is for a person.
    """
    try:
        told = client.find_members(kit_ids)
    except RejectedError as error:
        logger.warning("what kits of %s are made of cannot be read: %s", account, error)
        told = None
    members = _without_nested(account, _without_hidden(account, client, _whole_members(told or [])))
    with transaction.atomic():
        kits = list(Item.objects.select_for_update().filter(account=account, internal_id__in=kit_ids).order_by("pk"))
        left = {one.kit_id for one in told or []} - members.keys()
        news = dict(members) | {one.internal_id: {} for one in kits if one.members_told and one.internal_id in left}
        changed = [kit for kit in kits if kit.internal_id in news and write_members(kit, news[kit.internal_id])]
        for kit in kits:
            kit.members_told, kit.members_asked_at = kit.internal_id in members, timezone.now()
        Item.objects.bulk_update(kits, ["members_told", "members_asked_at"])
        ask_for_plan(returns_holding(changed))


def write_members(kit: Item, members: Members) -> bool:
    """Let the kit be made of these items, all of them mirrored. Gives whether that is news."""
    if members_of(kit) == members:
        return False
    items = {one.internal_id: one for one in Item.objects.filter(account=kit.account_id, internal_id__in=members)}
    kit.members.all().delete()
    KitMember.objects.bulk_create(
        [KitMember(kit=kit, item=items[item], quantity=count) for item, count in sorted(members.items())]
    )
    return True


def members_of(kit: Item) -> dict[str, int]:
    return dict(kit.members.values_list("item__internal_id", "quantity"))


def returns_holding(items: Collection[Item]) -> list[int]:
    """Returns not settled yet in which one of these, or a kit that holds one, was returned, was sold, was found, or is
    to be sent."""
    if not items:
        return []
    held = list(Item.objects.filter(Q(pk__in=[one.pk for one in items]) | Q(members__item__in=items)).distinct())
    mapped = SkuMapping.objects.filter(item__in=held, active=True).values_list("shop", "sku")
    open_returns = _open_returns().filter(shop__account__in={one.account_id for one in held})
    sold = NetSuiteLine.objects.filter(item_id__in=[one.internal_id for one in held], record__returns__in=open_returns)
    return sorted({*returns_with_goods(mapped), *sold.values_list("record__returns", flat=True)})


def returns_with_goods(goods: Iterable[Good]) -> list[int]:
    """Returns not settled yet that hold one of these: as a returned unit, as a replacement, or found in a parcel."""
    wanted = set(goods)
    open_returns = _open_returns().filter(shop__in={shop for shop, _ in wanted})
    skus = among_texts({sku for _, sku in wanted})
    rows = [
        *_goods_of(ReturnLine.objects.filter(sku__in=skus, loop_return__in=open_returns), "loop_return"),
        *_goods_of(ExchangeItem.objects.filter(sku__in=skus, loop_return__in=open_returns), "loop_return"),
        *_goods_of(
            FoundGoods.objects.filter(sku__in=skus, withdrawn_at=None, inspection__loop_return__in=open_returns),
            "inspection__loop_return",
        ),
    ]
    return sorted({return_pk for return_pk, *good in rows if tuple(good) in wanted})


def _goods_of(rows: QuerySet[Any], loop_return: str) -> Iterable[tuple[int, int, str]]:
    """With the return that each belongs to."""
    return rows.values_list(loop_return, f"{loop_return}__shop", "sku")


def _open_returns() -> QuerySet[LoopReturn]:
    return LoopReturn.objects.exclude(stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED])


def _whole_members(told: Iterable[KitMemberRecord]) -> dict[str, dict[str, int]]:
    """By kit; an item on two rows of it counts together. A kit that holds a part of something is left to a person."""
    counts: dict[str, dict[str, Decimal]] = {}
    for one in told:
        kit = counts.setdefault(one.kit_id, {})
        kit[one.item_id] = kit.get(one.item_id, Decimal(0)) + one.quantity
    return {
        kit: {item: int(count) for item, count in members.items()}
        for kit, members in counts.items()
        if all(count == int(count) and count >= 1 for count in members.values())
    }


def _without_hidden(account: NetSuiteAccount, client: NetSuiteClient, members: Kits) -> Kits:
    """Without kits that hold an item which NetSuite does not show our role."""
    items = {item for kit in members.values() for item in kit}
    _learn_unknown(account, client, items)
    known = set(Item.objects.filter(account=account, internal_id__in=items).values_list("internal_id", flat=True))
    hidden = sorted(kit for kit, held in members.items() if held.keys() - known)
    if hidden:
        logger.warning("kits %s of %s hold items that cannot be read", ", ".join(hidden), account)
    return {kit: held for kit, held in members.items() if kit not in hidden}


def _without_nested(account: NetSuiteAccount, members: Kits) -> Kits:
    """A kit that holds a kit is left to a person too, who names what lies in it: the inner one is not kept in stock."""
    ids = {item for kit in members.values() for item in kit}
    kits = Item.objects.filter(account=account, internal_id__in=ids, item_type=Item.KIT)
    inner = set(kits.values_list("internal_id", flat=True))
    return {kit: made_of for kit, made_of in members.items() if inner.isdisjoint(made_of)}


def _learn_unknown(account: NetSuiteAccount, client: NetSuiteClient, ids: Collection[str]) -> None:
    known = Item.objects.filter(account=account, internal_id__in=ids).values_list("internal_id", flat=True)
    unknown = sorted(set(ids) - set(known))
    if unknown:
        apply_items(account, client.find_items(unknown, field="id"))
