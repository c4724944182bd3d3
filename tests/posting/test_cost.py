"""What one plan costs in statements: it is made a dozen times for every return, so a new one is a decision."""

import pytest
from pytest_django import DjangoAssertNumQueries

from integrations.models import Shop
from returnsops import tasks
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan
from tests.builders import (
    make_inspection,
    make_mapping,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_unit,
)

pytestmark = pytest.mark.django_db
STATEMENTS_OF_A_PLAN = 22


@pytest.fixture
def row(shop: Shop, ada: User) -> LoopReturn:
    """Two units judged, the sale and the authorization in the mirror, planned once."""
    make_mapping(shop)
    row = make_return(shop)
    sale = make_sale([make_unit(1), make_unit(2)])
    make_record(row, sale)
    make_record(row, make_rma(sale))
    make_inspection(row, ada, "sellable", "sellable")
    ask_for_plan([row.pk])
    tasks.look("plan", row.pk)
    return row


def test_plan_that_changes_nothing_costs_so_many_statements(
    row: LoopReturn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ask_for_plan([row.pk])

    with django_assert_num_queries(STATEMENTS_OF_A_PLAN):
        tasks.look("plan", row.pk)


def test_plan_that_is_not_due_costs_one_statement(
    row: LoopReturn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        tasks.look("plan", row.pk)
