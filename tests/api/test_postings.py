from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from integrations.models import Shop
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn
from tests.api.conftest import API
from tests.builders import NOW, make_due, make_posting, make_return

LIST = f"{API}/postings/"
QUERIES_LIST, QUERIES_DETAIL = 2, 4


@pytest.fixture
def posting(row: LoopReturn) -> Posting:
    """Refused at its second try."""
    refusal = {"family": "period_closed", "status": 400, "code": "X", "detail": "The period is closed.", "path": ""}
    posting = make_posting(row, status=Posting.Status.REJECTED, attempts=2, refusal=refusal)
    for number in (1, 2):
        posting.tries.create(
            number=number,
            started_at=NOW + timedelta(minutes=number),
            duration_s=0.8,
            request={"body": {}},
            outcome="rejected" if number == 2 else "later",
            answer="The period is closed.",
        )
    return posting


def ids(client: APIClient, query: str) -> list[int]:
    return [one["id"] for one in client.get(f"{LIST}?{query}").json()["results"]]


def test_posting_tells_its_tries(tool: APIClient, posting: Posting) -> None:
    told = tool.get(f"{LIST}{posting.pk}/").json()

    assert told["external_id"] == "loop-fern-110700123-rma-1"
    assert told["return"] == posting.loop_return_id
    assert told["refusal"]["detail"] == "The period is closed."
    assert [one["number"] for one in told["tries"]] == [2, 1]
    assert told["covers"] == ["unit:387001"]
    assert told["request"]["target_type"] == "returnAuthorization"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("status=rejected", True),
        ("status=posted", False),
        ("status=posted&status=rejected", True),
        ("kind=rma", True),
        ("kind=credit", False),
        ("shop=fern", True),
    ],
)
def test_filter(tool: APIClient, posting: Posting, query: str, found: bool) -> None:
    assert ids(tool, query) == ([posting.pk] if found else [])


def test_postings_of_a_return(tool: APIClient, posting: Posting, shop: Shop) -> None:
    make_posting(make_return(shop, loop_id="999"), make_due(covers=["unit:1"]))

    assert ids(tool, f"return={posting.loop_return_id}") == [posting.pk]


def test_posting_of_another_shop_is_not_there(tool: APIClient, foreign_row: LoopReturn) -> None:
    foreign = make_posting(foreign_row)

    assert ids(tool, "") == []
    assert tool.get(f"{LIST}{foreign.pk}/").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_edits_a_posting(tool: APIClient, posting: Posting, method: str) -> None:
    answer: Any = getattr(tool, method)(f"{LIST}{posting.pk}/", {"status": "posted"})

    assert answer.status_code == 405
    assert Posting.objects.get().status == Posting.Status.REJECTED


def test_reading_costs_the_same_for_few_and_for_many(
    tool: APIClient, posting: Posting, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool.get(LIST)
    for number in range(3):
        make_posting(make_return(shop, loop_id=str(100 + number)), make_due(covers=[f"unit:{number}"]))
        with django_assert_num_queries(QUERIES_LIST):
            tool.get(LIST)
    with django_assert_num_queries(QUERIES_DETAIL):
        tool.get(f"{LIST}{posting.pk}/")


def test_who_may_correct_cancels_what_waits(
    as_person: Callable[[User], APIClient], finn: User, posting: Posting
) -> None:
    tool = as_person(finn)
    refused = tool.post(f"{LIST}{posting.pk}/cancel/", {"reason": ""})
    told = tool.post(f"{LIST}{posting.pk}/cancel/", {"reason": "Wait for Monday."})
    again = tool.post(f"{LIST}{posting.pk}/cancel/", {"reason": "Wait for Monday."})

    assert (refused.status_code, told.status_code, again.status_code) == (400, 200, 409)
    assert told.json()["status"] == "voided"
