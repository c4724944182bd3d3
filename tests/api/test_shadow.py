"""How the shadow agrees, for tools."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.models import Shop
from returnsops.returns.agreements import note_agreements
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.draft import Agreement, Difference, Verdict
from returnsops.returns.policies import active_policy
from tests.api.conftest import API
from tests.builders import NOW, make_policy, make_shop


@pytest.fixture
def judged(shop: Shop, row: LoopReturn) -> LoopReturn:
    make_policy(shop, ownership={"rma": "write", "receipt": "shadow"})
    gap = Difference("units", "1 × BOOT-42", "2 × BOOT-42")
    differs = Agreement("receipt", Verdict.DIFFERS, "receive 1 × BOOT-42", (gap,), ("9102",))
    note_agreements(
        row, [differs, Agreement("credit", Verdict.NOBODY, "credit 77.76 USD")], policy=active_policy(row.shop), at=NOW
    )
    return row


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("", {"receipt", "credit"}),
        ("kind=receipt", {"receipt"}),
        ("verdict=nobody&shop=fern", {"credit"}),
        ("judged_from=2027-01-01T00:00:00Z", set()),
    ],
)
def test_verdicts_are_listed(tool: APIClient, judged: LoopReturn, query: str, kinds: set[str]) -> None:
    told = tool.get(f"{API}/shadow/?{query}").json()["results"]

    assert {one["kind"] for one in told} == kinds


def test_verdict_says_in_what_it_differs(tool: APIClient, judged: LoopReturn) -> None:
    (told,) = tool.get(f"{API}/shadow/?kind=receipt").json()["results"]

    assert (told["return"], told["verdict"], told["records"]) == (judged.pk, "differs", ["9102"])
    assert told["differences"] == [{"aspect": "units", "ours": "1 × BOOT-42", "theirs": "2 × BOOT-42"}]


def test_scores_of_a_shop_come_with_a_sentence(tool: APIClient, judged: LoopReturn) -> None:
    told: list[dict[str, Any]] = tool.get(f"{API}/readiness/fern/").json()

    receipt = next(one for one in told if one["kind"] == "receipt")
    assert (receipt["differs"], receipt["is_ready"]) == (1, False)
    assert receipt["words"].endswith(".")


def test_scores_of_a_shop_of_others_are_not_there(tool: APIClient, shop: Shop) -> None:
    make_shop("moss")

    assert tool.get(f"{API}/readiness/moss/").status_code == 404
