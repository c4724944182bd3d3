"""Recording an inspection: once, however often it is sent."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.returns.models import InspectedUnit, Inspection, LoopReturn
from tests.api.conftest import API
from tests.builders import make_inspection, make_user

FIRST, SECOND = "387001", "387002"


def unit(line_item_id: str = FIRST, outcome: str = "sellable", **values: Any) -> dict[str, Any]:
    return {"line_item_id": line_item_id, "outcome": outcome, "client_id": str(uuid.uuid4()), **values}


def record(client: APIClient, row: LoopReturn, *units: dict[str, Any]) -> Any:
    return client.post(f"{API}/returns/{row.pk}/inspections/", {"units": list(units)})


def test_outcomes_are_recorded_and_count(tool: APIClient, row: LoopReturn) -> None:
    seen_at = clock.now() - timedelta(hours=2)

    answer = record(tool, row, unit(note="clean", inspected_at=seen_at.isoformat()), unit(SECOND, "refused"))

    told = answer.json()
    assert answer.status_code == 200
    assert told["return"] == row.pk
    assert told["inspector"]["username"] == "wms@fern"
    assert [(one["line_item_id"], one["outcome"], one["counts"]) for one in told["units"]] == [
        (FIRST, "sellable", True),
        (SECOND, "refused", True),
    ]
    first = InspectedUnit.objects.get(line__line_item_id=FIRST)
    assert (first.note, first.inspected_at) == ("clean", seen_at)
    row.refresh_from_db()
    assert row.look_again_at is not None


def test_resend_changes_nothing(tool: APIClient, row: LoopReturn) -> None:
    sent = unit()

    first, second = record(tool, row, sent), record(tool, row, sent)

    assert second.status_code == 200
    assert second.json() == first.json()
    assert Inspection.objects.count() == InspectedUnit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_that_arrive_at_once_get_the_same_answer(tool: APIClient, row: LoopReturn) -> None:
    sent = unit()

    def send(_: int) -> Any:
        with closing(connection):
            return record(tool, row, sent)

    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(send, range(3)))

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert InspectedUnit.objects.count() == 1


def test_resend_with_a_new_unit_is_not_silently_dropped(tool: APIClient, row: LoopReturn) -> None:
    sent = unit()
    record(tool, row, sent)

    answer = record(tool, row, sent, unit(SECOND))

    recorded = InspectedUnit.objects.filter(line__line_item_id=SECOND).exists()
    assert answer.status_code == (200 if recorded else 409)


def test_client_id_with_another_outcome_is_refused(tool: APIClient, row: LoopReturn) -> None:
    sent = unit()
    record(tool, row, sent)

    answer = record(tool, row, {**sent, "outcome": "damaged"})

    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_reused")
    assert InspectedUnit.objects.get().outcome == "sellable"


def test_client_id_of_another_shop_gives_nothing_away(
    tool: APIClient, row: LoopReturn, foreign_row: LoopReturn
) -> None:
    make_inspection(foreign_row, make_user("warehouse", foreign_row.shop, username="mia"), "damaged")

    answer = record(tool, row, unit(client_id=str(InspectedUnit.objects.get().client_id)))

    assert answer.status_code == 409
    assert "mia" not in answer.content.decode()


def test_unit_judged_by_somebody_else_says_who_and_when(tool: APIClient, row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "damaged")

    answer = record(tool, row, unit())

    error = answer.json()
    assert (answer.status_code, error["code"]) == (409, "already_inspected")
    assert "already judged damaged by ada" in error["message"]
    [standing] = error["extra"]["standing"]
    assert (standing["line_item_id"], standing["outcome"], standing["inspector"]) == (FIRST, "damaged", "ada")
    assert InspectedUnit.objects.count() == 1


def test_unit_of_another_return_is_refused(tool: APIClient, row: LoopReturn) -> None:
    answer = record(tool, row, unit("1"))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert "not part of" in answer.json()["message"]


@pytest.mark.parametrize("role", ["finance", "data", "care"])
def test_only_the_warehouse_inspects(as_person: Callable[[User], APIClient], row: LoopReturn, role: str) -> None:
    answer = record(as_person(make_user(role, row.shop)), row, unit())

    assert answer.status_code == 403
    assert "Warehouse" in answer.json()["message"]
    assert not InspectedUnit.objects.exists()


def test_return_of_another_shop_is_not_there(tool: APIClient, foreign_row: LoopReturn) -> None:
    assert record(tool, foreign_row, unit()).status_code == 404
    assert not InspectedUnit.objects.exists()


@pytest.mark.parametrize(
    ("units", "path"),
    [
        ([], "units"),
        ([unit(outcome="fine")], "units.0.outcome"),
        ([unit(), unit(SECOND, client_id="1")], "units.1.client_id"),
        ([unit(line_item_id="")], "units.0.line_item_id"),
        ([unit(note="x" * 2001)], "units.0.note"),
        ([unit(note="a\x00b")], "units.0.note"),
        ([unit(inspected_at="yesterday")], "units.0.inspected_at"),
        ([unit(), unit()], "units"),
        ([unit(), unit(SECOND)] * 101, "units"),
        (["x"], "units.0"),
        ("x", "units"),
        (None, "units"),
    ],
)
def test_what_makes_no_sense_is_refused(tool: APIClient, row: LoopReturn, units: Any, path: str) -> None:
    answer = tool.post(f"{API}/returns/{row.pk}/inspections/", {"units": units})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{path}: ")
    assert not InspectedUnit.objects.exists()


def test_same_client_id_twice_in_one_body_is_refused(tool: APIClient, row: LoopReturn) -> None:
    first = unit()

    answer = record(tool, row, first, unit(SECOND, client_id=first["client_id"]))

    assert answer.json()["message"] == "units: Two units have the same client_id."


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"state": "cancelled"}, "is cancelled in Loop: nothing is received or refunded"),
        ({"state": "expired"}, "is expired in Loop"),
        ({"state": "cancelled", "stage": "settled"}, "is cancelled in Loop"),
        ({"stage": "ended"}, "only kept for the record"),
    ],
)
def test_units_of_an_ended_return_are_not_judged(
    tool: APIClient, row: LoopReturn, columns: dict[str, str], words: str
) -> None:
    LoopReturn.objects.filter(pk=row.pk).update(**columns)

    answer = record(tool, row, unit())

    assert (answer.status_code, answer.json()["code"]) == (409, "not_possible")
    assert words in answer.json()["message"]
    assert not InspectedUnit.objects.exists()
