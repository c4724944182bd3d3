"""Today: gaps by step, cases by cause, and the way to exactly the rows that were counted."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from integrations.models import Shop, SyncCursor
from returnsops.lib import clock
from returnsops.pages.gaps import NAMES, gaps_by_step
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.draft import STEPS
from tests.builders import make_inspection, make_return, make_shop
from tests.pages.scenes import make_case, make_planned_return

TODAY_QUERIES = 15


def test_gaps_are_grouped_by_the_missing_step(shop: Shop) -> None:
    make_planned_return(shop)
    make_return(shop, loop_id="110700124")

    gaps = {gap.step: gap for gap in gaps_by_step(LoopReturn.objects.all())}

    assert gaps["rma"].returns == 1
    assert gaps["rma"].amounts == {"USD": LoopReturn.objects.get(loop_id="110700123").return_total}
    assert gaps["unplanned"].returns == 1


def test_every_step_has_a_word_for_its_absence() -> None:
    assert STEPS.keys() - NAMES.keys() == set()


def test_a_settled_return_is_no_gap(shop: Shop) -> None:
    row = make_planned_return(shop)
    LoopReturn.objects.filter(pk=row.pk).update(stage=LoopReturn.Stage.SETTLED)

    assert gaps_by_step(LoopReturn.objects.all()) == []


def test_each_gap_leads_to_its_rows(client: Client, shop: Shop, finn: User) -> None:
    make_planned_return(shop)
    client.force_login(finn)

    page = client.get("/").text

    assert 'href="/returns/?missing=rma"' in page
    assert "1 return" in page
    assert "110700123" in client.get("/returns/?missing=rma").text
    assert "110700123" not in client.get("/returns/?missing=credit").text


def test_what_is_not_due_is_no_gap(client: Client, shop: Shop, finn: User) -> None:
    row = make_planned_return(shop)
    steps = [step | {"state": "done"} if step["code"] == "rma" else step for step in row.plan["steps"]]
    LoopReturn.objects.filter(pk=row.pk).update(plan={"steps": steps})
    client.force_login(finn)

    page = client.get("/").text

    assert "Nothing is missing" in page
    assert 'href="/returns/?missing=arrival"' in page
    assert "110700123" not in client.get("/returns/?missing=any").text


def test_what_loop_holds_for_review_is_no_gap(client: Client, shop: Shop, finn: User) -> None:
    make_planned_return(shop, state="review")
    client.force_login(finn)

    page = client.get("/").text

    assert "Nothing is missing" in page
    assert "Review in Loop" in page
    assert "110700123" in client.get("/returns/?missing=review").text


def test_when_all_is_done_it_says_when_it_looked(client: Client, shop: Shop, finn: User) -> None:
    SyncCursor.objects.create(stream="job:plans", watermark=clock.now(), swept_at=clock.now())
    client.force_login(finn)

    page = client.get("/").text

    assert "0 gaps" in page
    assert "Checked" in page
    assert "No case is open" in page


def test_open_cases_are_told_by_cause_with_money(client: Client, shop: Shop, finn: User) -> None:
    make_case(make_planned_return(shop))
    client.force_login(finn)

    page = client.get("/").text

    assert "Loop&#x27;s refund and the Credit Memo differ" in page
    assert 'href="/exceptions/?code=amount_differs"' in page
    assert "0.03 USD" in page


def test_each_role_finds_its_own_work_first(client: Client, shop: Shop, ada: User, finn: User) -> None:
    firsts = {}
    for user in (ada, finn):
        client.force_login(user)
        page = client.get("/").text
        firsts[user.username] = min(("To inspect", "Cases to settle"), key=page.index)

    assert firsts == {"ada": "To inspect", "finn": "Cases to settle"}


def test_data_people_see_the_skus_that_block(client: Client, shop: Shop, dana: User) -> None:
    make_case(make_planned_return(shop), "sku_unmapped", subject="sku:TEE-9", cause="NetSuite has no item named TEE-9.")
    client.force_login(dana)

    page = client.get("/").text

    assert "SKUs that NetSuite does not know" in page
    assert "TEE-9" in page


def test_units_to_inspect_are_counted(client: Client, shop: Shop, ada: User) -> None:
    row = make_planned_return(shop)
    LoopReturn.objects.filter(pk=row.pk).update(stage="to_inspect", delivered_at=clock.now())
    client.force_login(ada)

    page = client.get("/").text

    assert "in 1 parcels" not in page
    assert "in 1 parcel" in page


def test_whoever_inspects_sees_the_parcels_that_the_station_lists(client: Client, shop: Shop, ada: User) -> None:
    row = make_planned_return(shop)
    LoopReturn.objects.filter(pk=row.pk).update(stage="needs_person", delivered_at=clock.now())
    client.force_login(ada)

    page = client.get("/").text

    assert "in 1 parcel" in page
    assert 'id="nav-inspect-count">1<' in page


def test_two_replacements_do_not_count_a_unit_twice(client: Client, shop: Shop, ada: User) -> None:
    exchange = {"sku": "BOOT-43", "title": "Boot / 43", "price": "72.00", "total": "77.76"}
    row = make_planned_return(shop, exchanges=[exchange | {"exchange_id": 5001}, exchange | {"exchange_id": 5002}])
    LoopReturn.objects.filter(pk=row.pk).update(stage="to_inspect", delivered_at=clock.now())
    client.force_login(ada)

    page = client.get("/").text

    assert '<span class="stat-value">2 <small>units' in page
    assert "1 with an exchange waiting" in page


def test_other_shops_count_for_nothing(client: Client, shop: Shop, finn: User) -> None:
    moss = make_shop("moss")
    make_case(make_planned_return(moss))
    client.force_login(finn)

    page = client.get("/").text

    assert "Nothing is missing" in page
    assert "No case is open" in page


def test_settled_returns_of_the_last_day_are_counted(client: Client, shop: Shop, finn: User) -> None:
    row = make_planned_return(shop)
    LoopReturn.objects.filter(pk=row.pk).update(stage="settled", settled_at=clock.now() - timedelta(days=3))
    client.force_login(finn)

    assert "1 in 7 days" in client.get("/").text


@pytest.mark.parametrize(("count", "words"), [(0, "0 <small>returns<"), (1, "1 <small>return<")])
def test_one_is_told_as_one(client: Client, shop: Shop, finn: User, count: int, words: str) -> None:
    for number in range(count):
        make_planned_return(shop, loop_id=str(number))
    LoopReturn.objects.update(stage="settled", settled_at=clock.now())
    client.force_login(finn)

    assert f'<span class="stat-value">{words}' in client.get("/").text


def test_the_number_of_queries_does_not_grow(client: Client, shop: Shop, finn: User, ada: User) -> None:
    for number in range(4):
        row = make_planned_return(shop, loop_id=f"11070013{number}", lines=1)
        make_case(row)
    make_inspection(row, ada, "sellable")
    client.force_login(finn)
    client.get("/")

    with assertNumQueries(TODAY_QUERIES):
        client.get("/")
