"""What the database knows of a posting before the look: whose the records around it are. One batch, a few queries."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import QuerySet

from returnsops.posting.look import Sought
from returnsops.posting.models import Posting
from returnsops.returns.columns import OUR_PREFIX
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteRecord, Override
from returnsops.returns.plan.exchange_orders import exchange_references

CREATING = frozenset({"transform", "create"})
NOTED = "foreign_record record:"  # subject of the override by which a person said that it is no double
TOLD_APART = "foreign_record posting:"  # the same of one that may stand for several, for this posting alone

Orders = dict[tuple[int, str], dict[int, str]]  # by shop and order its returns: Loop's id of each


def may_be_looked_for(posting: Posting) -> bool:
    """What makes a record in NetSuite; an update or an action in Loop shows in what it changed."""
    return posting.system == Posting.System.NETSUITE and posting.request["operation"] in CREATING


def seek(postings: Sequence[Posting]) -> list[Sought]:
    """These postings, each with what explains the records around it. They are of one account."""
    returns = {row.pk: row for row in LoopReturn.objects.filter(pk__in={one.loop_return_id for one in postings})}
    orders = _orders_of(returns)
    explained = _explained(returns, orders)
    references = _references(postings)
    sales = _sales_of(postings)
    prefixes = _own_prefixes(postings)
    told_apart = _told_apart(list(returns))
    return [
        Sought(
            external_id=one.external_id,
            kind=one.kind,
            request=one.request,
            explained=explained[one.loop_return_id],
            siblings=_siblings(returns[one.loop_return_id], orders),
            own_prefixes=prefixes,
            references=references[one.loop_return_id],
            sale_id=sales.get(str(one.request.get("source_id", "")), ""),
            since=returns[one.loop_return_id].created_at,
            is_told_apart=one.external_id in told_apart,
        )
        for one in postings
    ]


def _orders_of(returns: dict[int, LoopReturn]) -> Orders:
    """All returns of these orders, those looked for and their siblings."""
    orders = {row.provider_order_id for row in returns.values() if row.provider_order_id}
    shops = {row.shop_id for row in returns.values()}
    found: Orders = defaultdict(dict)
    members = LoopReturn.objects.filter(shop__in=shops, provider_order_id__in=orders)
    for shop_pk, order_id, pk, loop_id in members.values_list("shop", "provider_order_id", "pk", "loop_id"):
        found[shop_pk, order_id][pk] = loop_id
    return found


def _siblings(row: LoopReturn, orders: Orders) -> frozenset[str]:
    return frozenset(orders[row.shop_id, row.provider_order_id].values()) - {row.loop_id}


def _explained(returns: dict[int, LoopReturn], orders: Orders) -> dict[int, frozenset[str]]:
    """Records that postings of the same order hold, and strangers that a person noted as no doubles."""
    pks = {*returns, *(pk for members in orders.values() for pk in members)}
    held = Posting.objects.filter(
        loop_return__in=pks, status=Posting.Status.POSTED, system=Posting.System.NETSUITE
    ).values_list("loop_return__shop", "loop_return__provider_order_id", "loop_return", "their_id")
    by_order: dict[tuple[int, str], set[str]] = defaultdict(set)
    for shop_pk, order_id, return_pk, their_id in held:
        by_order[shop_pk, order_id or f"return {return_pk}"].add(their_id)
    noted = _noted_strangers(list(returns))
    return {
        pk: frozenset(by_order[row.shop_id, row.provider_order_id or f"return {pk}"] | noted[pk])
        for pk, row in returns.items()
    }


def _noted_strangers(return_pks: list[int]) -> dict[int, set[str]]:
    noted: dict[int, set[str]] = defaultdict(set)
    for pk, subject in _noted(return_pks, NOTED).values_list("loop_return", "subject"):
        noted[pk].add(subject.removeprefix(NOTED))
    return noted


def _told_apart(return_pks: list[int]) -> set[str]:
    """External ids of postings for which, a person said, no record stands that may stand for another one too."""
    return {subject.removeprefix(TOLD_APART) for (subject,) in _noted(return_pks, TOLD_APART).values_list("subject")}


def _noted(return_pks: list[int], beginning: str) -> QuerySet[Override]:
    return Override.objects.filter(
        loop_return__in=return_pks, kind=Override.Kind.ACKNOWLEDGE, withdrawn_at=None, subject__startswith=beginning
    )


def _references(postings: Sequence[Posting]) -> dict[int, tuple[str, ...]]:
    """Under which names an exchange order of somebody else may lie (loop.md §7.12)."""
    pks = {one.loop_return_id for one in postings if one.kind == "exchange_order"}
    pairs: dict[int, list[tuple[str, str]]] = defaultdict(list)
    found = ExchangeItem.objects.filter(loop_return__in=pks) if pks else ExchangeItem.objects.none()
    for pk, order_id, name in found.values_list("loop_return", "exchange_order_id", "exchange_order_name"):
        pairs[pk].append((order_id, name))
    return {one.loop_return_id: tuple(exchange_references(pairs[one.loop_return_id])) for one in postings}


def _sales_of(postings: Sequence[Posting]) -> dict[str, str]:
    """Of the authorizations that are to be credited, the bill each was made from."""
    sources = {str(one.request["source_id"]) for one in postings if one.kind in ("credit", "cash_refund")}
    if not sources:
        return {}
    mirrored = NetSuiteRecord.objects.filter(account=postings[0].account_id, internal_id__in=sources)
    return dict(mirrored.values_list("internal_id", "created_from_id"))


def _own_prefixes(postings: Sequence[Posting]) -> tuple[str, ...]:
    codes = postings[0].account.shops.values_list("code", flat=True) if postings else ()
    return tuple(f"{OUR_PREFIX}{code}-".lower() for code in codes)
