"""More at once than a statement takes parameters, which are 65,535: a shop's whole history, or a long outage."""

from datetime import timedelta

import pytest

from integrations.models import Shop
from returnsops.returns.known_records import known_among
from returnsops.returns.mirror import doubt_records, hint_records, mark_gone
from returnsops.returns.replan import ask_for_plan, expect_news
from tests.builders import make_return

pytestmark = pytest.mark.django_db
MANY = 70_000


def test_any_number_of_returns_is_planned_anew_and_read(shop: Shop) -> None:
    row = make_return(shop)
    pks = [*range(row.pk + 1, row.pk + MANY), row.pk]

    expect_news(pks, within=timedelta(hours=1))
    ask_for_plan(pks)
    hint_records(pks)

    row.refresh_from_db()
    assert row.look_again_at is not None
    assert row.records_hinted_at is not None


def test_any_number_of_records_is_known_doubted_and_gone(shop: Shop) -> None:
    account = shop.account
    ids = [str(number) for number in range(MANY)]

    doubt_records(account, ids)
    mark_gone(account, ids)

    assert known_among(account, ids) == {}
