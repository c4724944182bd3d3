"""Several processes plan: none of them stands behind another, and nothing that is due is forgotten."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from integrations.models import Shop
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import begin_next_plan
from tests.builders import NOW, make_return

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def due(shop: Shop) -> list[int]:
    made = [make_return(shop, loop_id=str(number)).pk for number in range(1, 3)]
    LoopReturn.objects.update(look_again_at=NOW)
    return made


@contextmanager
def held(return_pk: int) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """By another process, until its transaction ends."""
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}
    with psycopg.connect(**params) as there:
        there.execute("SELECT FROM returns_loopreturn WHERE id = %s FOR UPDATE", [return_pk])
        yield there


def test_return_that_another_holds_is_passed_over(due: list[int]) -> None:
    with held(due[0]):
        begun = begin_next_plan(latest=False)

    assert begun is not None
    assert begun.pk == due[1]


def test_return_that_another_holds_is_waited_for_when_nothing_else_is_due(due: list[int]) -> None:
    LoopReturn.objects.filter(pk=due[1]).update(look_again_at=None)
    with held(due[0]) as there:
        threading.Timer(0.2, there.commit).start()

        begun = begin_next_plan(latest=False)

    assert begun is not None
    assert begun.pk == due[0]


def test_return_that_its_holder_planned_is_not_planned_again(due: list[int]) -> None:
    LoopReturn.objects.filter(pk=due[1]).update(look_again_at=None)
    with held(due[0]) as there:
        there.execute("UPDATE returns_loopreturn SET look_again_at = NULL WHERE id = %s", [due[0]])
        threading.Timer(0.2, there.commit).start()

        assert begin_next_plan(latest=False) is None


def test_return_that_was_begun_often_in_a_row_is_left_out(due: list[int]) -> None:
    assert begin_next_plan(latest=True, but=due) is None
