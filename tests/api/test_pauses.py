from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import Role, User
from returnsops.posting.models import Pause
from returnsops.returns.models import LoopReturn
from tests.api.conftest import API, client_of_tool
from tests.builders import make_due, make_posting

LIST = f"{API}/pauses/"
Log_in = Callable[[User], APIClient]


@pytest.fixture
def finance(shop: Shop) -> APIClient:
    return client_of_tool(shop, role=Role.FINANCE, name="books")


def stop(shop: Shop, key: str = "period:2026-09", **columns: Any) -> Pause:
    values: dict[str, Any] = {"code": "period_closed", "reason": "It is closed.", "opened_at": clock.now()}
    return Pause.objects.create(account=shop.account, key=key, **values | columns)


def test_flow_is_paused_and_resumed(finance: APIClient, shop: Shop, row: LoopReturn) -> None:
    make_posting(row, make_due(hinges_on=("flow:rma@fern",)))

    made = finance.post(LIST, {"shop": "fern", "flow": "rma", "reason": "Stocktake"}, format="json")

    told = made.json()
    assert (made.status_code, told["key"], told["what"], told["waiting"]) == (
        201, "flow:rma@fern", "Return Authorizations of Fern", 1,
    )  # fmt: skip
    assert told["opened_by"]["username"] == "books@fern"

    ended = finance.post(f"{LIST}{told['id']}/end/", {"reason": "Counted"}, format="json").json()
    assert (ended["ended_because"], ended["waiting"]) == ("Counted", 0)
    assert finance.post(f"{LIST}{told['id']}/end/", {}, format="json").json()["code"] == "not_possible"


def test_cause_is_tried_with_one_posting(finance: APIClient, shop: Shop, row: LoopReturn) -> None:
    posting = make_posting(row, make_due(hinges_on=("period:2026-09",)))
    pause = stop(shop)

    told = finance.post(f"{LIST}{pause.pk}/end/", {"reason": "Open"}, format="json").json()

    assert (told["trying"], told["ended_at"]) == (posting.external_id, None)


@pytest.mark.parametrize(
    ("query", "found"), [("", 2), ("live=true", 1), ("code=by_person", 0), ("account=1234567_SB1", 2)]
)
def test_pauses_are_listed(tool: APIClient, shop: Shop, query: str, found: int) -> None:
    stop(shop)
    stop(shop, "period:2026-08", ended_at=clock.now())

    assert len(tool.get(f"{LIST}?{query}").json()["results"]) == found


def test_pauses_of_others_are_not_there(tool: APIClient, other_shop: Shop, finance: APIClient) -> None:
    pause = stop(other_shop)

    assert tool.get(LIST).json()["results"] == []
    assert finance.post(f"{LIST}{pause.pk}/end/", {}, format="json").status_code == 404
    assert finance.post(LIST, {"shop": "moss", "reason": "x"}, format="json").status_code == 404
    assert finance.post(LIST, {"account": "7654321_SB1", "reason": "x"}, format="json").status_code == 404


def test_warehouse_system_pauses_nothing(tool: APIClient, shop: Shop) -> None:
    answer = tool.post(LIST, {"shop": "fern", "reason": "x"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("body", [{"reason": "x"}, {"shop": "fern", "account": "1", "reason": "x"}, {"shop": "fern"}])
def test_place_and_reason_are_asked_for(finance: APIClient, body: dict[str, str]) -> None:
    assert finance.post(LIST, body, format="json").status_code == 400
