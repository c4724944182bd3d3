"""Somebody else who keeps making our records is told, once for each type, and named."""

from datetime import timedelta

import pytest

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.returns.models import LoopReturn, NetSuiteRecord, PolicyVersion
from returnsops.returns.other_writers import STRANGERS_MIN, find_other_writers
from tests.builders import make_return

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    PolicyVersion.objects.filter(shop=shop).update(active=False)
    PolicyVersion.objects.create(
        shop=shop,
        number=99,
        rules={"ownership": {"rma": "write"}, "locations": {"holding": "31"}},
        active=True,
        reason="for a test",
    )
    return make_return(shop)


def add_records(row: LoopReturn, count: int, *, origin: str = "connector", days_ago: int = 0) -> None:
    for number in range(count):
        record = NetSuiteRecord.objects.create(
            account=row.shop.account, internal_id=f"{origin[0]}{days_ago}{number}", record_type="returnAuthorization",
            tran_id=f"RMA{number}", tran_date=(clock.now() - timedelta(days=days_ago)).date(), origin=origin,
            made_by="104", fetched_at=clock.now(), raw={},
        )  # fmt: skip
        row.records.add(record)


def test_one_who_keeps_making_our_records_is_named_with_examples(row: LoopReturn) -> None:
    add_records(row, STRANGERS_MIN)

    (problem,) = find_other_writers(row.shop)

    assert problem.subject.endswith(":returnAuthorization")
    assert "Another connector (user 104) made 3" in problem.cause
    assert len(problem.detail) == STRANGERS_MIN


def test_a_few_old_ones_or_ours_are_no_alarm(row: LoopReturn) -> None:
    add_records(row, STRANGERS_MIN - 1)
    add_records(row, STRANGERS_MIN, origin="ours")
    add_records(row, STRANGERS_MIN, days_ago=30)

    assert find_other_writers(row.shop) == []


def test_alarm_ends_when_the_policy_only_observes(row: LoopReturn) -> None:
    add_records(row, STRANGERS_MIN)
    PolicyVersion.objects.filter(shop=row.shop, active=True).update(rules={"ownership": {"rma": "observe"}})

    assert find_other_writers(row.shop) == []
