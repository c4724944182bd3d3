"""Problems of a source ↔ its open cases."""

import threading
from decimal import Decimal

import pytest
from django.db import connections

from exceptions.cases import CONNECTION, money_at_stake, open_case, sync_cases, sync_source
from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from tests.builders import make_return, make_shop

pytestmark = pytest.mark.django_db


def unmapped(sku: str = "BOOT", amount: str = "10.00") -> Problem:
    return Problem("sku_unmapped", f"sku:{sku}", f"NetSuite has no item named {sku}.", amount=Decimal(amount))


def only() -> Case:
    return Case.objects.get()


def kinds(case: Case) -> list[str]:
    return list(case.events.values_list("kind", flat=True))


@pytest.fixture
def two(shop: Shop) -> list[LoopReturn]:
    return [make_return(shop, loop_id="1"), make_return(shop, loop_id="2")]


def test_one_case_per_subject_however_many_returns_wait(two: list[LoopReturn]) -> None:
    for row in two:
        sync_cases(row, [unmapped()])

    assert only().members.filter(left_at=None).count() == 2
    assert kinds(only()) == ["opened", "joined", "joined"]


def test_same_problem_again_changes_nothing(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped()])
    sync_cases(two[0], [unmapped()])

    assert kinds(only()) == ["opened", "joined"]


def test_other_subject_is_another_case(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped("BOOT"), unmapped("SOCK")])

    assert Case.objects.count() == 2


def test_other_shop_is_another_case(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped()])
    sync_cases(make_return(make_shop("moss"), loop_id="1"), [unmapped()])

    assert Case.objects.count() == 2


def test_case_ends_with_its_last_member(two: list[LoopReturn]) -> None:
    for row in two:
        sync_cases(row, [unmapped()])

    sync_cases(two[0], [])
    assert only().status == "open"
    sync_cases(two[1], [])

    assert only().status == "closed"
    assert only().closed_at is not None
    assert kinds(only())[-1] == "closed"


def test_taken_case_ends_as_well(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped()])
    Case.objects.update(status="taken")

    sync_cases(two[0], [])

    assert only().status == "closed"


def test_money_is_the_sum_over_members_still_in(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped(amount="10.00")])
    sync_cases(two[1], [unmapped(amount="7.50")])
    assert money_at_stake(only()) == {"USD": Decimal("17.50")}

    sync_cases(two[0], [])

    assert money_at_stake(only()) == {"USD": Decimal("7.50")}


def test_member_follows_its_problem(two: list[LoopReturn]) -> None:
    sync_cases(two[0], [unmapped(amount="10.00")])

    sync_cases(two[0], [unmapped(amount="12.00")])

    assert CaseMember.objects.get().amount == Decimal("12.000")
    assert kinds(only()) == ["opened", "joined"]


def test_return_that_comes_back_is_the_same_member(two: list[LoopReturn]) -> None:
    for row in two:
        sync_cases(row, [unmapped()])
    sync_cases(two[0], [])

    sync_cases(two[0], [unmapped()])

    assert CaseMember.objects.filter(loop_return=two[0]).get().left_at is None
    assert kinds(only())[-1] == "joined again"


def test_same_subject_later_is_a_new_case_that_counts_the_old_ones(two: list[LoopReturn]) -> None:
    for _ in range(2):
        sync_cases(two[0], [unmapped()])
        sync_cases(two[0], [])

    sync_cases(two[0], [unmapped()])

    assert list(Case.objects.order_by("id").values_list("times_before", flat=True)) == [0, 1, 2]
    assert Case.objects.exclude(status="closed").count() == 1


def test_plan_does_not_close_what_another_source_raised(two: list[LoopReturn], shop: Shop) -> None:
    sync_source(shop, CONNECTION, [Problem("connection_down", "netsuite:x", "No answer.")])

    sync_cases(two[0], [])

    assert only().status == "open"


def test_connection_case_ends_when_the_connection_is_well(shop: Shop) -> None:
    down = [Problem("connection_down", "netsuite:x", "No answer.")]
    sync_source(shop, CONNECTION, down)
    sync_source(shop, CONNECTION, down)
    assert kinds(only()) == ["opened"]

    sync_source(shop, CONNECTION, [])

    assert only().status == "closed"


def test_one_source_does_not_close_the_cases_of_another(shop: Shop) -> None:
    sync_source(shop, CONNECTION, [Problem("connection_down", "netsuite:x", "No answer.")])

    sync_source(shop, "inbox", [])

    assert only().status == "open"


def run_at_once(*works: object) -> list[Exception]:
    """Run these at the same moment, each on a connection of its own; gives what they raised."""
    start, raised = threading.Barrier(len(works)), []

    def run(work: object) -> None:
        try:
            start.wait()
            work()  # type: ignore[operator]
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_the_same_case() -> None:
    shop = make_shop()
    rows = [make_return(shop, loop_id=str(number)) for number in range(4)]

    raised = run_at_once(*[lambda row=row: sync_cases(row, [unmapped()]) for row in rows])

    assert raised == []
    assert only().members.filter(left_at=None).count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_join_racing_the_last_leave_never_ends_in_a_closed_case(attempt: int) -> None:
    shop = make_shop()
    leaving, joining = make_return(shop, loop_id="1"), make_return(shop, loop_id="2")
    sync_cases(leaving, [unmapped()])

    raised = run_at_once(lambda: sync_cases(leaving, []), lambda: sync_cases(joining, [unmapped()]))

    assert raised == []
    member = CaseMember.objects.get(loop_return=joining)
    assert (member.left_at, member.case.status) == (None, "open")


def test_case_opened_twice_is_one(shop: Shop) -> None:
    assert open_case(shop, unmapped(), source="plan") == open_case(shop, unmapped(), source="plan")
