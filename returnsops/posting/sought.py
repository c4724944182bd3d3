"""What the database knows of a posting before the look: whose the records around it are. One batch, a few queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.models import Shop
from returnsops.lib.fixed_query import FixedQuery, ask_together, slot, slots
from returnsops.posting.look import Sought
from returnsops.posting.models import Posting
from returnsops.returns.columns import OUR_PREFIX
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteRecord, Override
from returnsops.returns.plan.exchange_orders import exchange_references

CREATING = frozenset({"transform", "create"})
NOTED = "foreign_record record:"  # subject of the override by which a person said that it is no double
TOLD_APART = "foreign_record posting:"  # the same of one that may stand for several, for this posting alone

RETURNS = FixedQuery(
    lambda: (
        LoopReturn.objects.filter(pk__in=slots("return_pks"))
        .order_by()
        .values("pk", "shop_id", "provider_order_id", "loop_id", "created_at")
    )
)
# All returns of these orders, those looked for and their siblings.
MEMBERS = FixedQuery(
    lambda: (
        LoopReturn.objects.filter(shop__in=slots("shop_pks"), provider_order_id__in=slots("order_ids", kind="text"))
        .order_by()
        .values("pk", "shop_id", "provider_order_id", "loop_id")
    )
)
SAID = FixedQuery(
    lambda: (
        Override.objects.filter(
            loop_return__in=slots("return_pks"), kind=Override.Kind.ACKNOWLEDGE, withdrawn_at=None,
            subject__startswith="foreign_record ",
        )
        .order_by()
        .values("loop_return", "subject")
    )
)  # fmt: skip
EXCHANGES = FixedQuery(
    lambda: (
        ExchangeItem.objects.filter(loop_return__in=slots("return_pks"))
        .order_by()
        .values("loop_return", "exchange_order_id", "exchange_order_name")
    )
)
# Of the authorizations that are to be credited, the bill each was made from.
MADE_FROM = FixedQuery(
    lambda: (
        NetSuiteRecord.objects.filter(account=slot("account_pk"), internal_id__in=slots("source_ids", kind="text"))
        .order_by()
        .values("internal_id", "created_from_id")
    )
)
SHOPS = FixedQuery(lambda: Shop.objects.filter(account=slot("account_pk")).order_by("pk").values("code"))
HELD = FixedQuery(
    lambda: (
        Posting.objects.filter(
            loop_return__in=slots("return_pks"), status=Posting.Status.POSTED, system=Posting.System.NETSUITE
        )
        .order_by()
        .values("loop_return", "their_id")
    )
)

Row = Any  # of a query above: its columns by name
Order = tuple[int, str]  # the shop, and its id of the order; a return without one is an order of its own


def may_be_looked_for(posting: Posting) -> bool:
    """What makes a record in NetSuite; an update or an action in Loop shows in what it changed."""
    return posting.system == Posting.System.NETSUITE and posting.request["operation"] in CREATING


def seek(postings: Sequence[Posting]) -> list[Sought]:
    """These postings, each with what explains the records around it. They are of one account."""
    if not postings:
        return []
    returns = {row.pk: row for row in RETURNS.ask(return_pks=list({one.loop_return_id for one in postings}))}
    members, said, exchanges, sales, shops = ask_together(
        [MEMBERS, SAID, EXCHANGES, MADE_FROM, SHOPS],
        return_pks=list(returns),
        shop_pks=list({row.shop_id for row in returns.values()}),
        order_ids=list({row.provider_order_id for row in returns.values()} - {""}),
        account_pk=postings[0].account_id,
        source_ids=list({_source_of(one) for one in postings if one.kind in ("credit", "cash_refund")}),
    )
    orders: dict[Order, dict[int, str]] = defaultdict(dict)
    for row in (*members, *returns.values()):
        orders[_order_of(row)][row.pk] = row.loop_id
    held, noted, names = _held(orders), _noted_strangers(said), _names_of_orders(exchanges)
    bills = {row.internal_id: row.created_from_id for row in sales}
    told_apart = {row.subject for row in said}
    prefixes = tuple(f"{OUR_PREFIX}{row.code}-".lower() for row in shops)
    return [
        Sought(
            external_id=one.external_id,
            kind=one.kind,
            request=one.request,
            explained=frozenset(held[_order_of(row)] | noted[row.pk]),
            siblings=frozenset(orders[_order_of(row)].values()) - {row.loop_id},
            own_prefixes=prefixes,
            references=tuple(exchange_references(names[row.pk])) if one.kind == "exchange_order" else (),
            sale_id=bills.get(_source_of(one), ""),
            since=row.created_at,
            is_told_apart=f"{TOLD_APART}{one.external_id}" in told_apart,
        )
        for one in postings
        for row in [returns[one.loop_return_id]]
    ]


def _source_of(posting: Posting) -> str:
    return str(posting.request.get("source_id", ""))


def _order_of(row: Row) -> Order:
    return row.shop_id, row.provider_order_id or f"return {row.pk}"


def _held(orders: Mapping[Order, Iterable[int]]) -> dict[Order, set[str]]:
    """By order, the records that postings of its returns hold."""
    order_of = {pk: order for order, members in orders.items() for pk in members}
    held: dict[Order, set[str]] = defaultdict(set)
    for row in HELD.ask(return_pks=list(order_of)):
        held[order_of[row.loop_return]].add(row.their_id)
    return held


def _noted_strangers(said: Iterable[Row]) -> dict[int, set[str]]:
    """By return, the records of which a person noted that they are no doubles."""
    noted: dict[int, set[str]] = defaultdict(set)
    for row in said:
        if row.subject.startswith(NOTED):
            noted[row.loop_return].add(row.subject.removeprefix(NOTED))
    return noted


def _names_of_orders(exchanges: Iterable[Row]) -> dict[int, list[tuple[str, str]]]:
    """By return, what Loop calls the orders of its replacements; others may have made them under it (loop.md §7.12)."""
    names: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for row in exchanges:
        names[row.loop_return].append((row.exchange_order_id, row.exchange_order_name))
    return names
