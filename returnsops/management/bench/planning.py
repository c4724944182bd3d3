"""Plans: the pure function alone, and returns planned anew from the database in one batch."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.utils import timezone

from integrations.loop.parsing import parse_return
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import TransactionLine, TransactionRecord
from returnsops.management.bench.copied_plans import copy_first_plan
from returnsops.management.bench.mirror import FIRST_CHANGE, loop_row
from returnsops.posting.facts import load_facts
from returnsops.returns.bulk import upsert_records, upsert_returns
from returnsops.returns.models import Item, LoopReturn, NetSuiteRecord, SkuMapping
from returnsops.returns.plan import plan_return
from returnsops.returns.policies import activate_policy
from returnsops.returns.replan import ask_for_plan

SHOP_CODE = "bench-plans"
FIRST_RETURN = 900_000  # so up to 100,000 have six digits
UNITS = 3
SKU, ITEM = "BOOT-42", "501"
PURE_TIMES = 2_000
SAID_EVERY = 1_000
FIRST_PLANS = 1_000
RULES: dict[str, Any] = {
    "ownership": {"rma": "write", "receipt": "write", "credit": "write", "refund": "write"},
    "locations": {"holding": "31", "sellable": "14", "damaged": "33"},
}
PRICE, TAX = Decimal("32.00"), Decimal("2.56")

Say = Callable[[str], object]


def measure_planning(look: Callable[[int], object], *, count: int, say: Say) -> dict[str, float | int]:
    """look: makes the plan of one return. count: returns of three units with their invoice, all planned anew.

    The first plans are made of the first `FIRST_PLANS`; the others get copies of what such a plan writes.
    """
    shop = _make_shop()
    for made in range(0, count, SAID_EVERY):
        until = min(made + SAID_EVERY, count)
        _make_returns(shop, range(FIRST_RETURN + made, FIRST_RETURN + until))
        say(f"made: {until} of {count}")
    rows = LoopReturn.objects.filter(shop=shop).order_by("pk")
    pks = list(rows.values_list("pk", flat=True))
    first = _returns_per_s(look, pks[:FIRST_PLANS], say=lambda done: say(f"first plans: {done}"))
    for start in range(FIRST_PLANS, count, SAID_EVERY):
        copy_first_plan(rows[0], list(rows[start : start + SAID_EVERY]))
        say(f"first plans copied: {min(start + SAID_EVERY, count)} of {count}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does, whenever it comes to it
    ask_for_plan(pks)
    again = _returns_per_s(look, pks, say=lambda done: say(f"planned anew: {done} of {count}"))
    return {"returns": count, "first_per_s": round(first), "anew_per_s": round(again), **_measure_pure(shop)}


def _measure_pure(shop: Shop) -> dict[str, float]:
    """Milliseconds of the function alone, on the facts of one of these returns."""
    facts = load_facts(LoopReturn.objects.filter(shop=shop).select_related("shop__account")[0])
    took = []
    for _ in range(PURE_TIMES):
        started = time.perf_counter()
        plan_return(facts)
        took.append(1000 * (time.perf_counter() - started))
    return {"pure_ms_median": round(median(took), 3), "pure_ms_p99": round(quantiles(took, n=100)[98], 3)}


def _returns_per_s(look: Callable[[int], object], pks: list[int], *, say: Callable[[int], object]) -> float:
    started = time.monotonic()
    for number, pk in enumerate(pks, 1):
        look(pk)
        if number % SAID_EVERY == 0:
            say(number)
    return len(pks) / (time.monotonic() - started)


def _make_shop() -> Shop:
    """One whose returns are planned: its items are mapped, its rules write."""
    account = NetSuiteAccount.objects.create(account_id="1000002_SB1", base_url="http://127.0.0.1:9")
    shop = Shop.objects.create(
        code=SHOP_CODE, name="Plans", currency="USD", account=account, base_url="http://127.0.0.1:9",
        start_from=FIRST_CHANGE - timedelta(days=1),
    )  # fmt: skip
    activate_policy(shop, RULES, by=None, reason="to be measured")
    item = Item.objects.create(account=account, internal_id=ITEM, sku=SKU, fetched_at=timezone.now())
    SkuMapping.objects.create(shop=shop, sku=SKU, item=item)
    return shop


def _make_returns(shop: Shop, numbers: range) -> None:
    """So many at once as fit into memory with all that Loop and NetSuite say of them."""
    upsert_returns(shop, (parse_return(_row(number), is_detailed=True) for number in numbers))
    upsert_records(shop.account, (_invoice(number) for number in numbers), fetched_at=timezone.now())
    rows = LoopReturn.objects.filter(shop=shop, loop_id__in=[str(number) for number in numbers])
    rows.update(records_fetched_at=timezone.now(), records_hinted_at=None)
    returns = dict(rows.values_list("loop_id", "pk"))
    records = NetSuiteRecord.objects.filter(account=shop.account, internal_id__in=returns)
    link = LoopReturn.records.through
    link.objects.bulk_create(
        link(loopreturn_id=returns[internal_id], netsuiterecord_id=pk)
        for internal_id, pk in records.values_list("internal_id", "pk")
    )


def _row(number: int) -> dict[str, Any]:
    row = loop_row(number, units=UNITS)
    return row | {
        "id": number,
        "line_items": [unit | {"sku": SKU, "provider_line_item_id": "1"} for unit in row["line_items"]],
    }


def _invoice(number: int) -> TransactionRecord:
    """The bill of the number-th return, under the same number."""
    return TransactionRecord(
        record_type="invoice", internal_id=str(number), external_id=None, tran_id=f"INV{number}",
        tran_date=FIRST_CHANGE.date(), status="B", status_label="Paid", created_from_id=None, created_from_type=None,
        entity_id="1", currency="USD", currency_id="1", location_id=None, subtotal=None, tax_total=None,
        total=UNITS * (PRICE + TAX), amount_remaining=Decimal(0), other_ref_num=str(number), memo=None,
        last_modified=FIRST_CHANGE, created_at=FIRST_CHANGE, lines=tuple(_lines()), applies=(), raw={},
    )  # fmt: skip


def _lines() -> Iterator[TransactionLine]:
    yield TransactionLine(
        line=1, order_line=None, unique_key=None, item_id=ITEM, item_name=SKU, quantity=UNITS, rate=PRICE,
        amount=UNITS * PRICE, tax_amount=UNITS * TAX, location_id=None, is_closed=False, quantity_received=0,
        quantity_billed=0, custom={}, raw={},
    )  # fmt: skip
