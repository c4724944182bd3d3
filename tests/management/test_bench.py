"""The bench compares like with like: both ways of writing leave the same mirror."""

from typing import Any

from integrations.models import Shop
from returnsops.management.bench.mirror import make_records, write_in_bulk, write_row_by_row
from returnsops.management.bench.webhooks import make_shop
from returnsops.returns.models import LoopReturn, ReturnLine


def mirror_of(shop: Shop) -> list[list[Any]]:
    returns = (
        LoopReturn.objects.filter(shop=shop).order_by("loop_id").values("loop_id", "updated_at", "return_total", "raw")
    )
    units = ReturnLine.objects.filter(loop_return__shop=shop).order_by("line_item_id")
    return [list(returns), list(units.values("line_item_id", "sku", "price", "tax", "refund", "removed"))]


def test_both_ways_leave_the_same_mirror(db: None) -> None:
    shop = make_shop()
    write_in_bulk(shop, make_records(0, 5, changed_after=0))
    write_in_bulk(shop, make_records(0, 5, changed_after=1))
    in_bulk = mirror_of(shop)
    LoopReturn.objects.all().delete()

    write_row_by_row(shop, make_records(0, 5, changed_after=0))
    write_row_by_row(shop, make_records(0, 5, changed_after=1))

    assert mirror_of(shop) == in_bulk
    assert [len(rows) for rows in in_bulk] == [5, 10]
