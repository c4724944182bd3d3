"""What belongs to returns in NetSuite: read for many returns of an account at once, and told apart again.

A family is the sale of an order under any of its names, and the descendants of all we know, generation by generation.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from integrations.bells import ring
from integrations.connections import netsuite_client, watched
from integrations.errors import IntegrationError, RejectedError
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.lanes import share_lane
from integrations.netsuite.records import RecordRef
from integrations.turns import one_at_a_time
from returnsops.returns.broken import read_past_broken
from returnsops.returns.bulk import name_unread, note_makers
from returnsops.returns.descent import descendants_of, find_descendants, sales_of_other_orders, sales_under
from returnsops.returns.gone import really_gone
from returnsops.returns.known_records import (
    CHANGED_BY_CHILDREN,
    READ_ONCE,
    Known,
    ids_of_ours,
    is_in_doubt,
    is_left_to_rest,
    known_among,
    shows_effect_of,
)
from returnsops.returns.mirror import apply_records, hint_records, mark_gone
from returnsops.returns.models import ExchangeItem, FoundGoods, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.plan.exchange_orders import exchange_references
from returnsops.returns.reading import Name, Reading, no_matter
from returnsops.returns.record_changes import STOCK_TYPES
from returnsops.returns.replan import ask_for_plan, hold_returns
from returnsops.returns.sku_mapping import look_up_items, look_up_sold_items
from returnsops.returns.unreadable import (
    FAMILIES,
    forget_read,
    lacks_right,
    note_missing_right,
    note_refusal,
    note_unreadable,
    noted_names,
    set_aside_broken,
)

logger = logging.getLogger(__name__)

AT_ONCE_MAX = 50
READ_FOR_S = 3.0  # then the others in the task queue have their turn
TRY_AGAIN_AFTER = timedelta(minutes=5)  # what is wrong with one return alone does not mend by itself within seconds
# Made out of nothing, so no query finds them here, and trusted: the nightly look tells whether they are still there.
TRUSTED_STOCK = Q(kept_digest="", record_type__in=STOCK_TYPES)
CHILD_TYPES = frozenset({"itemReceipt", "creditMemo", "cashRefund", "customerRefund"})


@dataclass
class Family:
    """One return and what belongs to its order. standing: its records that are not gone, by id their type."""

    row: LoopReturn
    references: list[str]
    skus: set[str]
    standing: dict[str, str]
    refs: dict[str, RecordRef] = field(default_factory=dict)
    asked: list[Name] = field(default_factory=list)
    is_left_to_rest: bool = False


def due_for_records(account: NetSuiteAccount, *, hinted_before: datetime | None = None) -> QuerySet[LoopReturn]:
    """Returns of which somebody said that NetSuite holds news, and that were not read since."""
    hinted = Q(records_hinted_at__lte=hinted_before or timezone.now())
    unread = Q(records_fetched_at=None) | Q(records_fetched_at__lte=F("records_hinted_at"))
    return LoopReturn.objects.filter(hinted, unread, shop__account=account)


def fetch_due_records(account: NetSuiteAccount, *, show_life: Callable[[], None] = no_matter) -> int:
    """Read what is due of this account, batch by batch, until nothing is. Gives how many. One worker at a time.

    show_life: called between calls. Raises the errors of `integrations.errors` for what could not be read now; that
    stays due, for the sweep.
    """
    read, deadline = 0, time.monotonic() + READ_FOR_S
    had_turn = goes_on = True
    while goes_on and time.monotonic() < deadline:
        with one_at_a_time(f"records:{account.pk}") as is_ours:
            had_turn = is_ours
            due = due_for_records(account).select_related("shop__account").order_by("records_hinted_at", "pk")
            batch = list(due[:AT_ONCE_MAX]) if is_ours else []
            goes_on = bool(batch) and fetch_records(*batch, show_life=show_life)
        show_life()
        read += len(batch)
    if had_turn and (goes_on or not batch) and due_for_records(account).exists():
        ring("records", account.pk)  # there was no time, or somebody came while the turn was ours
    return read


def fetch_records(*rows: LoopReturn, show_life: Callable[[], None] = no_matter) -> bool:
    """Read from NetSuite everything that belongs to these returns' orders. They are of one account.

    One read answers all hints given before it began. What is wrong with one return holds up no other: it is tried again
    after a while. Gives whether all were asked for; when the connection fails on the way, the rest stays due.
    Raises the errors of `integrations.errors` when nothing could be read.
    """
    if not rows:
        return True
    try:
        return _fetch_together(rows, show_life)
    except (OperationalError, InterfaceError):
        raise  # the database went away, whoever's turn it was
    except Exception as error:
        if isinstance(error, IntegrationError) and not isinstance(error, RejectedError):
            raise
        if len(rows) == 1:
            _try_again_later(rows)
            if isinstance(error, RejectedError):
                _tell_of_refused_query(rows[0], error)
            raise
        return _fetch_one_by_one(rows, show_life)


def _tell_of_refused_query(row: LoopReturn, error: RejectedError) -> None:
    """What was refused about a single record is told under its own name."""
    if lacks_right(error):
        note_missing_right(row.shop.account, FAMILIES, error.detail)
    elif error.operation == "query":
        note_unreadable(row.shop.account, _what_belongs_to(row), error)


def _what_belongs_to(row: LoopReturn) -> str:
    return f"what belongs to return {row.loop_id}"


def _fetch_one_by_one(rows: Sequence[LoopReturn], show_life: Callable[[], None]) -> bool:
    """Something in the batch is refused, or breaks us: find out which, and read the others."""
    for row in rows:
        try:
            if not fetch_records(row, show_life=show_life):
                return False
        except RejectedError as error:
            logger.warning("records of %s cannot be read: %s", row, error)
        except (IntegrationError, OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("records of %s could not be read; the others go on", row)
    return True


def _fetch_together(rows: Sequence[LoopReturn], show_life: Callable[[], None]) -> bool:
    account = rows[0].shop.account
    started_at = timezone.now()
    families = _families_of(rows)
    with watched(account):
        client = netsuite_client(account)
        with share_lane(account.pk):
            _look_up_items(families)
            _find_refs(client, families)
        show_life()
        _note_doubts(account, families)
        names = [name for family in families for name in family.asked]
        reading = read_past_broken(account, names, known_broken=noted_names(account), show_life=show_life)
        gone: list[str] = []
        if reading.may_ask_on:
            with share_lane(account.pk):
                gone = really_gone(account, client, reading.missed)
                look_up_sold_items(account, reading.records)
        else:
            reading.leave_missed()  # who says what is gone cannot be asked now
        apply_records(account, reading.records, fetched_at=started_at)
        note_makers(account, {ref for family in families for ref in family.refs.values()})
        mark_gone(account, gone)
        _note_outcome(account, families, reading, read_at=started_at)
        reading.raise_failure()
    return reading.stopped_by is None


def _note_outcome(account: NetSuiteAccount, families: Sequence[Family], reading: Reading, *, read_at: datetime) -> None:
    """Who failed is put off, so that the others go first, and show whether it was the connection; who was not asked for
    any more stays due as it is. What NetSuite refuses, or fails to show again and again, is put off for longer."""
    failed = {one.row.pk: _failed(one, reading) for one in families}
    _note_read(account, [one for one in families if not failed[one.row.pk]], read_at=read_at)
    refused = {name for name, error in reading.failed.items() if isinstance(error, RejectedError)}
    refused |= set_aside_broken(account, reading)
    put_off = [one for one in families if failed[one.row.pk].keys() & refused]
    _try_again_later([one.row for one in put_off])
    _tell_of_refused(account, put_off, reading, asked=families)
    _let_rest([one.row for one in families if one not in put_off and failed[one.row.pk].keys() - reading.unasked])


def _failed(family: Family, reading: Reading) -> dict[Name, IntegrationError]:
    """What keeps the family from being known. Payments are shown to people and used by no plan: a no is enough."""
    failed = {name: reading.failed[name] for name in family.asked if name in reading.failed}
    return {
        name: error
        for name, error in failed.items()
        if name[0] not in READ_ONCE or not isinstance(error, RejectedError)
    }


def _tell_of_refused(
    account: NetSuiteAccount, refused: Sequence[Family], reading: Reading, *, asked: Sequence[Family]
) -> None:
    """A return that was never read waits for it, and a lost right hides what comes: a person should know.

    What else is refused of what was read before has cases of its own.
    """
    for family in refused:
        for name, error in _failed(family, reading).items():
            logger.warning("%s %s of %s cannot be read: %s", *name, family.row, error)
            is_first = family.row.records_fetched_at is None
            if isinstance(error, RejectedError) and (is_first or lacks_right(error)):
                note_refusal(account, name, error)
    forget_read(account, reading, FAMILIES, *(_what_belongs_to(one.row) for one in asked))


@transaction.atomic
def _try_again_later(rows: Iterable[LoopReturn]) -> None:
    """Of a return that is over, only what changes from now on is asked for."""
    pks = [row.pk for row in rows]
    hold_returns(pks)
    failed = LoopReturn.objects.filter(pk__in=pks)
    is_over = Q(stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED])
    failed.filter(is_over).update(records_hinted_at=None)
    failed.exclude(is_over).update(records_hinted_at=timezone.now() + TRY_AGAIN_AFTER)


@transaction.atomic
def _let_rest(rows: Sequence[LoopReturn]) -> None:
    pks = [row.pk for row in rows]
    hold_returns(pks)
    LoopReturn.objects.filter(pk__in=pks).update(records_hinted_at=timezone.now() + settings.FAILED_READ_REST)


def _note_read(account: NetSuiteAccount, families: Sequence[Family], *, read_at: datetime) -> None:
    """What was found belongs to the returns; who learned something by it is planned anew."""
    pks = [family.row.pk for family in families]
    with transaction.atomic():
        held = LoopReturn.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        first = [pk for pk, fetched_at in held.values_list("pk", "records_fetched_at") if fetched_at is None]
        richer = _give_records(account, families)
        LoopReturn.objects.filter(pk__in=pks).update(records_fetched_at=read_at)
        ask_for_plan([*first, *richer])
        hint_records([one.row.pk for one in families if one.is_left_to_rest], after=settings.RECORD_REST)


def _give_records(account: NetSuiteAccount, families: Sequence[Family]) -> set[int]:
    """Note which records belong to which return. Gives the returns that did not hold all of theirs before."""
    ids = {internal_id for family in families for internal_id in family.refs}
    pks = dict(NetSuiteRecord.objects.filter(account=account, internal_id__in=ids).values_list("internal_id", "pk"))
    links = LoopReturn.records.through
    found = {(one.row.pk, pks[internal_id]) for one in families for internal_id in one.refs if internal_id in pks}
    known = links.objects.filter(loopreturn__in=[one.row.pk for one in families])
    new = sorted(found - set(known.values_list("loopreturn_id", "netsuiterecord_id")))
    rows = [links(loopreturn_id=return_pk, netsuiterecord_id=record_pk) for return_pk, record_pk in new]
    links.objects.bulk_create(rows, ignore_conflicts=True)
    return {return_pk for return_pk, _ in new}


# --- Who belongs to whom ---------------------------------------------------------------------------


def _families_of(rows: Sequence[LoopReturn]) -> list[Family]:
    """What we know of each, by five queries for all."""
    pks = [row.pk for row in rows]
    skus, standing = {pk: set[str]() for pk in pks}, {pk: dict[str, str]() for pk in pks}
    orders: dict[int, list[tuple[str, str]]] = {pk: [] for pk in pks}
    for pk, sku in ReturnLine.objects.filter(loop_return__in=pks).values_list("loop_return_id", "sku"):
        skus[pk].add(sku)
    found = FoundGoods.objects.filter(inspection__loop_return__in=pks, withdrawn_at=None)
    for pk, sku in found.values_list("inspection__loop_return_id", "sku"):
        skus[pk].add(sku)
    exchanges = ExchangeItem.objects.filter(loop_return__in=pks)
    for pk, sku, order_id, order_name in exchanges.values_list(
        "loop_return_id", "sku", "exchange_order_id", "exchange_order_name"
    ):
        skus[pk].add(sku)
        orders[pk].append((order_id, order_name))
    records = NetSuiteRecord.objects.filter(returns__in=pks, gone_at=None).exclude(TRUSTED_STOCK)
    for pk, internal_id, record_type in records.values_list("returns", "internal_id", "record_type"):
        standing[pk][internal_id] = record_type
    return [Family(row, _references_of(row, orders[row.pk]), skus[row.pk] - {""}, standing[row.pk]) for row in rows]


def _references_of(row: LoopReturn, exchanges: list[tuple[str, str]]) -> list[str]:
    """Under which names the order and its exchange orders may lie in NetSuite (loop.md §7.12)."""
    own = [row.provider_order_id, row.order_name, row.order_name.lstrip("#")]
    return sorted({name for name in [*own, *exchange_references(exchanges)] if name})


def _look_up_items(families: Sequence[Family]) -> None:
    """Items for SKUs without a mapping; who waited for one is planned anew."""
    shops: dict[Shop, list[Family]] = {}
    for family in families:
        shops.setdefault(family.row.shop, []).append(family)
    for shop, members in shops.items():
        found = look_up_items(shop, {sku for family in members for sku in family.skus})
        if found:
            ask_for_plan([family.row.pk for family in members if family.skus & found])


def _find_refs(client: NetSuiteClient, families: Sequence[Family]) -> None:
    sales = client.find_sales_by_reference({name for family in families for name in family.references})
    for family in families:
        family.refs = sales_under(family.references, sales)
    children = find_descendants(client, {one for family in families for one in (*family.refs, *family.standing)})
    for family in families:
        others = sales_of_other_orders(family.row, family.references, sales)
        others |= descendants_of(others, children).keys()
        family.refs = {one: ref for one, ref in family.refs.items() if one not in others}
        family.refs |= descendants_of({*family.refs, *family.standing}, children)


# --- What has to be read ---------------------------------------------------------------------------


def _note_doubts(account: NetSuiteAccount, families: Sequence[Family]) -> None:
    refs = {ref.internal_id: ref for family in families for ref in family.refs.values()}
    known, ours = known_among(account, refs), ids_of_ours(account, refs.values())
    name_unread(account, [ref for one, ref in refs.items() if one in known and not known[one].was_read])
    for family in families:
        family.asked = _doubted(family, known, ours)
        family.is_left_to_rest = any(_is_put_off(ref, known.get(one), one in ours) for one, ref in family.refs.items())


def _is_put_off(ref: RecordRef, known: Known | None, is_ours: bool) -> bool:
    """It is in doubt for certain, and only its rest is waited for."""
    return bool(known and known.told_at is None and is_left_to_rest(ref, known, is_ours=is_ours))


def _doubted(family: Family, known: Mapping[str, Known], ours: Collection[str]) -> list[Name]:
    """What is in doubt; what has not changed since it was read is known.

    Of those that no longer turn up, only NetSuite itself says what is gone. And what a child changes in its source need
    not move the time of the source (netsuite.md §13 U7): when one of them came, changed or went, sources that were read
    before are read as well.
    """
    doubted = [ref.name for one, ref in family.refs.items() if is_in_doubt(ref, known.get(one), is_ours=one in ours)]
    unseen = [(kind, one) for one, kind in family.standing.items() if one not in family.refs]
    asked = dict.fromkeys([*doubted, *unseen])
    changed = [family.refs.get(internal_id) for kind, internal_id in asked if kind in CHILD_TYPES]
    sources = [
        ref.name
        for one, ref in family.refs.items()
        if ref.record_type in CHANGED_BY_CHILDREN
        and not all(shows_effect_of(child, known.get(one)) for child in changed)
    ]
    return list(asked | dict.fromkeys(sources))
