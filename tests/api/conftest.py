"""Callers of the API, and a second shop that none of them may see."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from exceptions.cases import sync_cases
from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.api.keys import issue_key
from returnsops.people.models import Role, User
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from tests.builders import make_account, make_return, make_shop

API = "/api/v1"


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """The throttle counts in memory, which no rollback clears."""
    cache.clear()


@pytest.fixture
def other_shop(shop: Shop) -> Shop:
    return make_shop("moss", account=make_account("7654321_SB1"))


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    """A return of two units."""
    return make_return(shop)


@pytest.fixture
def foreign_row(other_shop: Shop) -> LoopReturn:
    return make_return(other_shop, loop_id="220800456")


@pytest.fixture
def tool(shop: Shop) -> APIClient:
    """A warehouse system that calls with its key."""
    return client_of_tool(shop)


@pytest.fixture
def as_person() -> Callable[[User], APIClient]:
    def log_in(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return log_in


def client_of_tool(shop: Shop, *, role: Role = Role.WAREHOUSE, name: str = "wms") -> APIClient:
    _, text = issue_key(name, shop=shop, role=role)
    return APIClient(headers={"Authorization": f"Api-Key {text}"})


def make_member(row: LoopReturn, code: str = "amount_differs", **values: Any) -> CaseMember:
    """The return's place in a case of this code, beside those it has."""
    defaults: dict[str, Any] = {
        "subject": f"return:{row.loop_id}",
        "cause": "Loop paid 0.03 USD less.",
        "seen_hash": "a" * 64 if code == "amount_differs" else "",
    }
    standing = [
        Problem(**{**member.problem, "detail": (), "amount": member.amount})
        for member in CaseMember.objects.filter(loop_return=row, left_at=None)
    ]
    problem = Problem(code, **{**defaults, **values})
    sync_cases(row, [*standing, problem])
    case = Case.objects.exclude(status=Case.Status.CLOSED).get(shop=row.shop, code=code, subject=problem.subject)
    return case.members.get(loop_return=row)
