"""What one plan costs in statements: it is made a dozen times for every return, so a new one is a decision."""

from datetime import timedelta
from math import inf
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from integrations.models import Shop
from returnsops import tasks
from returnsops.lib import nudge
from returnsops.people.models import User
from returnsops.posting.facts import load_facts
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import mark_posted
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan, begin_next_plan
from tests.builders import (
    CREATED,
    NOW,
    make_due,
    make_inspection,
    make_mapping,
    make_posting,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_unit,
)

pytestmark = pytest.mark.django_db
STATEMENTS_OF_A_PLAN = 23


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


def test_many_changes_at_once_cost_one_task(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(nudge, "async_task", lambda roof, what, row_id, **options: sent.append(what))
    monkeypatch.setattr(tasks, "PLANS_FOR_S", inf)

    with django_capture_on_commit_callbacks(execute=True):
        rows = [make_return(shop, loop_id=str(number)) for number in range(1, 31)]
        ask_for_plan(row.pk for row in rows)
    assert sent.count("plans") == 1  # and none of them a task of its own
    assert "plan" not in sent

    tasks.look("plans")

    assert not LoopReturn.objects.filter(planned_at=None).exists()


def test_many_answers_at_once_cost_one_task_to_read_them_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sent: list[tuple[str, object]] = []
    monkeypatch.setattr(nudge, "async_task", lambda roof, what, row_id, **options: sent.append((what, row_id)))
    monkeypatch.setattr("returnsops.tasks.read_back_due", lambda account, **_: 0)
    ours = ("read_back", shop.account_id)

    def be_posted(*numbers: int) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            for number in numbers:
                row = make_return(shop, loop_id=str(number))
                due = make_due(covers=frozenset({f"unit:{number}"}))
                mark_posted(make_posting(row, due, status=Posting.Status.SENDING, sending_since=NOW), f"90{number}")

    be_posted(1, 2, 3)
    assert sent.count(ours) == 1

    tasks.look("read_back", shop.account_id)
    be_posted(4)

    assert sent.count(ours) == 2


@pytest.mark.parametrize(("others", "rung"), [(0, 0), (1, 1)])
def test_receipt_is_read_back_at_once_only_where_another_is_made_from_what_it_left(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    others: int,
    rung: int,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(nudge, "async_task", lambda roof, what, row_id, **options: sent.append(what))
    row = make_return(shop, loop_id="1")
    first = make_posting(row, make_due("receipt"), status=Posting.Status.SENDING, sending_since=NOW)
    for number in range(others):
        make_posting(row, make_due("receipt", covers=frozenset({f"unit:{number}"})))

    with django_capture_on_commit_callbacks(execute=True):
        mark_posted(first, "901")

    assert sent.count("read_back") == rung


def test_who_came_last_and_who_waits_longest_are_planned_in_turn(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [make_return(shop, loop_id=str(number)) for number in range(1, 7)]
    for number, row in enumerate(rows):
        LoopReturn.objects.filter(pk=row.pk).update(look_again_at=CREATED + timedelta(seconds=number))
    order, load = list[str](), load_facts

    def note(row: LoopReturn, **how: Any) -> ReturnFacts:
        order.append(row.loop_id)
        return load(row, **how)

    monkeypatch.setattr("returnsops.tasks.load_facts", note)

    tasks.look("plans")

    assert order == ["6", "1", "5", "2", "4", "3"]


def test_plan_that_failed_is_left_to_the_sweep_and_holds_up_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = make_return(shop, loop_id="1"), make_return(shop, loop_id="2")
    load = load_facts

    def fail_for_one(row: LoopReturn, **how: Any) -> ReturnFacts:
        assert row.pk != broken.pk, "it breaks"
        return load(row, **how)

    monkeypatch.setattr("returnsops.tasks.load_facts", fail_for_one)

    tasks.look("plans")

    assert list(LoopReturn.objects.order_by("pk").values_list("plan_attempts", flat=True)) == [1, 0]
    assert begin_next_plan(latest=True) is None
    sound.refresh_from_db()
    assert sound.planned_at is not None
