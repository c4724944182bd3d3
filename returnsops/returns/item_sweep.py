"""Items that we know are read again: no document tells what people change of them in NetSuite (netsuite.md §4.2).

Each once a day, those asked for longest ago first; and each time those out of use that an exchange order of ours waits
for. What NetSuite does not show stays as it was: it may be hidden from our role as well as deleted. The document that
names it is refused then, and that is a case.
"""

import logging
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import UnreadableRecordError
from integrations.models import NetSuiteAccount
from returnsops.lib.upsert import among_texts
from returnsops.returns.items import apply_items
from returnsops.returns.models import Item, LoopReturn, SkuMapping
from returnsops.returns.policies import active_policies
from returnsops.returns.sweeps import awaited_orders

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER = timedelta(days=1)
AT_ONCE_MAX = 200  # of either sort; as many as one query takes


def sweep_items(account: NetSuiteAccount) -> int:
    """Ask NetSuite for what is due; a change has the open returns that hold the item planned anew.

    Gives how many were asked for. Raises the errors of `integrations.errors`.
    """
    long_ago = Item.objects.filter(account=account, asked_at__lt=timezone.now() - READ_AGAIN_AFTER)
    ids = {*_longest_ago(long_ago), *_longest_ago(_awaited(account))}
    if ids:
        read_items(account, ids)
    return len(ids)


def read_items(account: NetSuiteAccount, internal_ids: Collection[str]) -> None:
    """One that cannot be read keeps no other from being read: it stays as it was, and is asked for again in its turn.

    Raises the other errors of `integrations.errors`; those asked for are due again then.
    """
    asked_at, ids = timezone.now(), sorted(internal_ids)
    try:
        with watched(account):
            shown = netsuite_client(account).find_items(ids, field="id")
    except UnreadableRecordError as error:
        if len(ids) > 1:
            read_items(account, ids[: len(ids) // 2])
            read_items(account, ids[len(ids) // 2 :])
            return
        logger.warning("item %s of %s stays as it was: %s", ids[0], account, error)
        shown = []
    with transaction.atomic():
        apply_items(account, shown)
        Item.objects.filter(account=account, internal_id__in=among_texts(ids)).update(asked_at=asked_at)
    hidden = {*ids} - {one.internal_id for one in shown}
    if hidden:
        logger.warning("%s does not show items %s any more; they stay as they were", account, ", ".join(sorted(hidden)))


def _longest_ago(items: QuerySet[Item]) -> list[str]:
    return list(items.order_by("asked_at", "pk").values_list("internal_id", flat=True)[:AT_ONCE_MAX])


def _awaited(account: NetSuiteAccount) -> QuerySet[Item]:
    """Out of use when they were last read, and all that keeps an exchange order of ours from being made."""
    creating = [shop.pk for shop, policy in active_policies(account).items() if policy.creates_exchange_orders]
    ended = [LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    waiting = awaited_orders().exclude(loop_return__stage__in=ended)
    wanted = waiting.filter(loop_return__shop=OuterRef("shop"), sku=OuterRef("sku"))
    mapped = SkuMapping.objects.filter(Exists(wanted), item=OuterRef("pk"), shop__in=creating, active=True)
    return Item.objects.filter(Exists(mapped), account=account, is_inactive=True)
