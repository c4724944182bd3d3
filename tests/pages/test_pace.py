"""How soon returns are authorized: figures that were worked out by hand, and the way to exactly those that wait."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.pages.pace import describe_pace, pace_words
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from tests.builders import make_netsuite, make_record, make_return, make_shop

PACE_QUERIES = 3  # the shops, the roles, and all figures


def asked(shop: Shop, number: int, *, days_ago: int = 1, **changes: object) -> LoopReturn:
    row = make_return(shop, loop_id=f"1107{number:05}")
    LoopReturn.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=days_ago), **changes)
    row.refresh_from_db()
    return row


def authorize(row: LoopReturn, *after: timedelta) -> None:
    for number, took in enumerate(after):
        record = make_record(row, replace(make_netsuite("returnAuthorization", f"8{row.pk}{number}"), ours=True))
        told = (row.created_at + took).isoformat()
        NetSuiteRecord.objects.filter(pk=record.pk).update(raw={"createdDate": told})


def figures(user: User, days: str = "7") -> list[tuple[str, int, str, str, int]]:
    rows = describe_pace(user, shop_code="", days=days)["rows"]
    return [(row["shop"].name, row["count"], row["median"], row["worst"], row["without"]) for row in rows]


def test_median_and_worst_are_those_of_the_shop_and_the_span(shop: Shop, finn: User) -> None:
    for number, took in enumerate([timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=5)]):
        authorize(asked(shop, number), took)
    authorize(asked(shop, 3, days_ago=20), timedelta(hours=30, minutes=5))
    asked(shop, 4)  # has none yet, which is no pace of nothing

    assert figures(finn) == [(shop.name, 3, "2 min", "5 min", 1)]
    # Between the second and the third of four: 120 s and 300 s.
    assert figures(finn, "30") == [(shop.name, 4, "3 min 30 s", "1 d 6 h", 1)]


def test_an_authorization_that_tells_no_moment_has_no_pace_and_is_one_all_the_same(shop: Shop, finn: User) -> None:
    row = asked(shop, 1)
    authorize(row, timedelta(minutes=1))
    NetSuiteRecord.objects.update(raw={})

    assert figures(finn) == [(shop.name, 0, "–", "–", 0)]


def test_the_first_authorization_that_stands_counts(shop: Shop, finn: User) -> None:
    row = asked(shop, 1)
    authorize(row, timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=9))
    first = row.records.order_by("pk")[0]
    NetSuiteRecord.objects.filter(pk=first.pk).update(gone_at=timezone.now())

    assert figures(finn) == [(shop.name, 1, "4 min", "4 min", 0)]


def test_one_that_was_there_before_the_return_was_no_later(shop: Shop, finn: User) -> None:
    authorize(asked(shop, 1), timedelta(minutes=-3))

    assert figures(finn) == [(shop.name, 1, "0 s", "0 s", 0)]


def test_those_without_one_are_counted_apart_and_the_list_holds_them(client: Client, shop: Shop, finn: User) -> None:
    waiting = asked(shop, 1, days_ago=7)
    asked(shop, 2, stage=LoopReturn.Stage.ENDED)
    asked(shop, 3, days_ago=8)
    authorize(asked(shop, 4), timedelta(minutes=1))
    client.force_login(finn)

    (row,) = describe_pace(finn, shop_code="", days="7")["rows"]
    listed = client.get(row["href"]).text

    assert row["without"] == 1
    assert waiting.loop_id in listed
    assert not any(f"1107{number:05}" in listed for number in (2, 3, 4))


def test_nobody_sees_the_shops_of_others_and_all_figures_are_one_query(shop: Shop, finn: User) -> None:
    authorize(asked(make_shop("other", account=shop.account), 1), timedelta(hours=1))

    with assertNumQueries(PACE_QUERIES):
        assert figures(finn) == [(shop.name, 0, "–", "–", 0)]


@pytest.mark.parametrize("days", ["", "7", "30", "365", "x"])
def test_page_is_there_and_today_leads_to_it(client: Client, shop: Shop, finn: User, days: str) -> None:
    client.force_login(finn)

    assert 'href="/pace/"' in client.get("/").text
    page = client.get("/pace/", {"days": days, "shop": shop.code})

    assert page.status_code == 200
    assert ("last 30 days" in page.text) == (days == "30")


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (None, "–"),
        (timedelta(seconds=41.8), "41 s"),
        (timedelta(hours=2, seconds=59), "2 h"),
        (timedelta(hours=2, minutes=1), "2 h 1 min"),
        (timedelta(days=3, minutes=59), "3 d"),
    ],
)
def test_as_exact_as_anybody_reads(took: timedelta | None, words: str) -> None:
    assert pace_words(took) == words
