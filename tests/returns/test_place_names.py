"""Locations by their names: a plan knows ids, people are told names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exceptions.models import CaseMember
from integrations.models import Shop
from integrations.profile import Place
from returnsops import tasks
from returnsops.lib import clock
from returnsops.returns.models import ItemStock, LoopReturn
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.plan.draft import Agreement, Difference, Lane, Plan, Step, StepState, Verdict
from returnsops.returns.plan.wording import name_places, reword_plan
from returnsops.returns.problems import Problem
from tests.builders import (
    exchange_payload,
    make_item,
    make_mapping,
    make_policy,
    make_record,
    make_return,
    make_sale,
    make_unit,
)
from tests.pages.scenes import make_checked

NAMES = {"14": "Main Street", "31": "3 Mill Lane", "3": "Attic"}


def named(text: str) -> str:
    return name_places(text, lambda place_id: NAMES.get(place_id, ""))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("1 of CAP to sell at location 14; 2 needed", "1 of CAP to sell at Main Street (location 14); 2 needed"),
        ("location 14, location 31", "Main Street (location 14), 3 Mill Lane (location 31)"),
        ("at location 15", "at location 15"),
        ("at location 140", "at location 140"),
        ("at location ?", "at location ?"),
        ("the allocation 14 and the locations 14", "the allocation 14 and the locations 14"),
    ],
)
def test_location_is_told_by_its_name(text: str, told: str) -> None:
    assert named(text) == told


def test_what_has_its_names_is_left_alone() -> None:
    told = named("from location 14 to location 31")

    assert named(told) == told


def test_everything_that_people_read_of_a_plan_has_the_names() -> None:
    place = "at location 14"
    problem = Problem("foreign_record", "record:1", place, place, place, words=place, detail=(("Differs", place),))
    agreement = Agreement("receipt", Verdict.DIFFERS, place, (Difference("place", place, place),))
    step = Step("receipt", "Received", Lane.NETSUITE, StepState.DONE, place)
    plan = Plan((step,), (), (problem,), None, "waiting", (agreement,))

    told = reword_plan(plan, named)

    name = "at Main Street (location 14)"
    (shown,), (judged,) = told.problems, told.agreements
    assert told.steps[0].detail == name
    assert (shown.cause, shown.expected, shown.found, shown.detail) == (name, name, name, (("Differs", name),))
    assert shown.words == place  # the other side's own
    assert (judged.wanted, judged.differences) == (name, (Difference("place", name, name),))


# --- Of an account -----------------------------------------------------------------------------------


def make_places(shop: Shop) -> None:
    make_checked(shop, locations={one: Place(id=one, name=name) for one, name in NAMES.items()})


@pytest.mark.django_db
def test_names_are_asked_for_once_and_only_where_a_text_has_a_location(shop: Shop) -> None:
    make_places(shop)
    names = PlaceNames(shop.account)

    with CaptureQueriesContext(connection) as asked:
        assert names.put_into("no place at all") == "no place at all"
        assert not asked.captured_queries
        assert [names.put_into(f"location {one}") for one in ("14", "31", "15")] == [
            "Main Street (location 14)", "3 Mill Lane (location 31)", "location 15",
        ]  # fmt: skip

    assert len(asked) == 1


@pytest.mark.django_db
def test_account_that_was_never_checked_has_no_names(shop: Shop) -> None:
    assert PlaceNames(shop.account).put_into("at location 14") == "at location 14"


def out_of_stock(shop: Shop) -> LoopReturn:
    """A return whose replacement is not at location 14."""
    make_policy(shop, exchange_order="create", exchange_stock="checked", exchange_location="14")
    make_mapping(shop)
    boot = make_item("BOOT-43", "502", account=shop.account)
    make_mapping(shop, "BOOT-43", boot)
    ItemStock.objects.create(item=boot, location="14", available=0, read_at=clock.now())
    row = make_return(shop, exchanges=[exchange_payload()], outcome="exchange")
    make_record(row, make_sale([make_unit(1), make_unit(2)]))
    return row


@pytest.mark.django_db
def test_case_about_stock_names_its_location(shop: Shop) -> None:
    row = out_of_stock(shop)
    make_places(shop)

    tasks.look_at_return(row.pk)

    (member,) = CaseMember.objects.filter(case__code="replacement_unavailable")
    assert member.problem["cause"] == (
        "NetSuite has 0 of BOOT-43 to sell at Main Street (location 14); this exchange needs 1."
    )
