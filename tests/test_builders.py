"""What the builders promise to every other test."""

import pytest

from returnsops.people.models import User
from returnsops.posting.facts import load_facts
from returnsops.returns.plan import plan_return
from returnsops.tasks import look_at_return
from tests.builders import (
    make_facts,
    make_inspection,
    make_mapping,
    make_record,
    make_return,
    make_sale,
    make_shop,
    make_unit,
)


def test_facts_as_built_call_for_an_authorization() -> None:
    plan = plan_return(make_facts())

    assert [due.kind for due in plan.postings] == ["rma"]
    assert plan.problems == ()


@pytest.mark.django_db
def test_rows_as_built_give_the_facts_as_built() -> None:
    shop = make_shop()
    make_mapping(shop)
    row = make_return(shop)
    make_record(row, make_sale([make_unit(1), make_unit(2)]))

    facts, built = load_facts(row), make_facts()

    assert facts.units == built.units
    assert facts.records[0].lines == built.records[0].lines
    assert plan_return(facts).postings[0].request == plan_return(built).postings[0].request


@pytest.mark.django_db
def test_return_as_built_can_be_planned_and_inspected(ada: User) -> None:
    row = make_return(lines=1)

    make_inspection(row, ada, "sellable")
    look_at_return(row.pk)

    row.refresh_from_db()
    assert row.stage in ("waiting", "posting", "needs_person")
