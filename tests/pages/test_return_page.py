"""One return: steps, problems, amounts, the four lanes, and everything a person did."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from exceptions import actions
from exceptions.models import Case, CaseMember
from exceptions.taking import take
from integrations.models import NetSuiteAccount, Shop
from returnsops.lib import clock
from returnsops.pages.present.return_page import POLL_S, POLL_SLOWLY_S, look_up, poll_interval_s
from returnsops.pages.present.steps import SOMETIMES, waits_for
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn
from returnsops.returns.parcels import record_arrival
from returnsops.returns.plan.draft import STEPS
from returnsops.returns.policy import RECORD_KINDS
from returnsops.returns.problems import KINDS
from returnsops.returns.sku_mapping import map_sku
from tests.builders import (
    NOW,
    make_due,
    make_facts,
    make_inspection,
    make_item,
    make_netsuite,
    make_policy,
    make_posting,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_shop,
    make_unit,
)
from tests.other_side import run_to_end
from tests.pages.scenes import make_case, make_checked, make_planned_return, make_refused_posting, plan_anew

RETURN_QUERIES_MAX = 43  # a third of them load the facts, as the plan does; one asks who may cancel what waits
HTMX = {"HX-Request": "true"}


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


def read(client: Client, row: LoopReturn) -> str:
    answer = client.get(f"/returns/{row.pk}/")
    assert answer.status_code == 200
    return answer.text


def make_received_return(shop: Shop, ada: User) -> LoopReturn:
    """Authorised, inspected and received: the amounts can be compared."""
    row = make_planned_return(shop)
    make_record(row, replace(make_rma(make_sale([make_unit(1), make_unit(2)])), created_from_id="70123"))
    Posting.objects.filter(kind="rma").update(status="posted", their_id="8001", posted_at=clock.now())
    make_inspection(row, ada, "sellable", "damaged")
    plan_anew(row)
    return row


def test_steps_are_on_top_with_what_comes_later(finance: Client, shop: Shop) -> None:
    text = read(finance, make_planned_return(shop))

    assert "Original order found" in text
    assert "on its way to NetSuite." in text
    assert "Waits for inspection of 2 units." in text
    assert text.index("What happens") < text.index("What happened")
    assert "Later" in text


def test_other_shops_are_not_found(finance: Client, shop: Shop) -> None:
    row = make_return(make_shop("moss"))

    assert finance.get(f"/returns/{row.pk}/").status_code == 404


def test_a_return_that_nobody_has_planned_yet_can_be_looked_at(finance: Client, shop: Shop) -> None:
    text = read(finance, make_return(shop))

    assert "Return 110700123" in text
    assert "Later" in text


def test_numbers_of_both_sides_can_be_copied(finance: Client, shop: Shop) -> None:
    text = read(finance, make_planned_return(shop))

    for number in ("110700123", "#20418", "INV7001", "9400100000000000000001"):
        assert f'data-copy="{number}"' in text


def test_a_sandbox_has_no_links_and_a_real_account_has(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    assert "transaction.nl" not in read(finance, row)

    NetSuiteAccount.objects.update(base_url="https://1234567-sb1.suitetalk.api.netsuite.com")
    Shop.objects.update(base_url="https://api.loopreturns.com")
    text = read(finance, row)

    assert "https://1234567-sb1.app.netsuite.com/app/accounting/transactions/transaction.nl?id=70123" in text
    assert "https://admin.loopreturns.com/returns/110700123" in text


def test_amounts_are_compared_once_all_is_judged(finance: Client, shop: Shop, ada: User) -> None:
    row = make_received_return(shop, ada)

    text = read(finance, row)

    assert "NetSuite by itself" in text
    assert "155.52" in text
    assert "Nothing is posted yet" in text


def test_amounts_are_compared_of_units_on_sale_by_exemption(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    covers = [f"{what}:38700{number}" for what in ("unit", "exempt") for number in (1, 2)]
    make_posting(row, make_due("receipt", covers=covers), status="posted", their_id="9001", posted_at=clock.now())

    text = read(finance, row)

    assert "NetSuite by itself" in text
    assert "155.52" in text


def test_amounts_that_another_system_credits_are_not_called_ours(finance: Client, shop: Shop, ada: User) -> None:
    make_policy(shop, ownership=dict.fromkeys(RECORD_KINDS, "write") | {"credit": "observe"})

    text = read(finance, make_received_return(shop, ada))

    assert "Another system credits this return" in text
    assert "Nothing is posted yet" not in text


def test_what_only_some_returns_have_is_not_announced_to_all(finance: Client, shop: Shop, ada: User) -> None:
    row = make_received_return(shop, ada)

    assert "Goods not on the return" not in read(finance, row)
    assert waits_for(row) == "2 units on the way to NetSuite"


def test_every_step_that_is_announced_comes_in_a_plain_return() -> None:
    _, plan = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))

    assert set(STEPS) - SOMETIMES == {step.code for step in plan.steps} - SOMETIMES


@pytest.mark.parametrize("code", sorted(KINDS))
def test_case_leads_to_a_step_that_there_is(code: str) -> None:
    assert KINDS[code].step in {"", *STEPS}


def test_a_difference_is_named_by_its_cause(finance: Client, shop: Shop, ada: User) -> None:
    row = make_received_return(shop, ada)
    LoopReturn.objects.filter(pk=row.pk).update(raw=row.raw | {"refund": "155.55", "return_total": "155.55"})

    text = read(finance, row)

    assert "rounding" in text
    assert "0.03" in text


def test_units_show_who_judged_them_and_what_they_said(finance: Client, shop: Shop, ada: User) -> None:
    text = read(finance, make_received_return(shop, ada))

    assert "Sellable by ada" in text
    assert "Damaged by ada" in text
    assert "1 sellable, 1 damaged" in text


def test_an_outcome_that_does_not_count_yet_says_so(finance: Client, shop: Shop, ada: User) -> None:
    row = make_planned_return(shop)
    inspection = make_inspection(row, ada, "sellable")
    type(inspection).objects.update(finished_at=None)

    assert "Sellable, not finished" in read(finance, row)


def test_a_parcel_that_arrived_is_told(finance: Client, shop: Shop, ada: User) -> None:
    row = make_planned_return(shop)
    record_arrival(shop, "9400100000000000000001", by=ada, client_id=uuid.uuid4(), loop_return=row, note="Box torn")

    text = read(finance, row)

    assert "Parcel arrived" in text
    assert "Box torn" in text


def test_a_refusal_is_told_in_their_words_with_its_attempts(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    make_refused_posting(row)

    text = read(finance, row)

    assert "NetSuite refused: Return Authorization" in text
    assert "The period is closed." in text
    assert "Attempt 1" in text
    assert "&lt;b&gt;" in text
    assert "<b>&quot;" not in text


def test_attempts_are_counted_on_after_somebody_sent_it_again(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    posting = make_refused_posting(row)
    posting.tries.update(number=0)
    posting.tries.create(number=1, started_at=NOW, duration_s=0.4, request={}, outcome="rejected")

    text = read(finance, row)

    assert re.findall(r"Attempt \d", text) == ["Attempt 1", "Attempt 2"]


def test_a_problem_stands_above_the_steps_with_what_helps(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    case = make_case(row)

    text = read(finance, row)

    assert text.index("Differs by 0.03 USD tax.") < text.index("What happens")
    assert f"/exceptions/{case.pk}/?member={case.members.get().pk}#approve" in text
    assert "Needs a person" in text


def test_what_this_person_may_not_do_is_greyed_with_the_reason(client: Client, shop: Shop, dana: User) -> None:
    row = make_planned_return(shop)
    make_case(row)
    client.force_login(dana)

    text = read(client, row)

    assert "Your role in Fern does not include it." in text
    assert "#approve" not in text


def test_what_people_did_is_told_with_who_and_why(finance: Client, shop: Shop, finn: User, dana: User) -> None:
    row = make_planned_return(shop)
    case = make_case(row, seen_hash="abc")
    take(case, by=finn)
    actions.add_note(case, by=dana, text="Asked the shop.")
    actions.approve(CaseMember.objects.get(case=case), seen_hash="abc", by=finn, reason="Tax of the state.")
    map_sku(shop, "BOOT-42", make_item("BOOT-42-OLD", "777"), by=dana, reason="Renamed in spring")

    text = read(finance, row)

    for said in ("Asked the shop.", "Tax of the state.", "Renamed in spring", "Approved: ", "Case taken: "):
        assert said in text
    assert text.count("finn") >= 3


def test_a_record_that_somebody_deleted_stands_out(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    row.records.update(gone_at=NOW)
    plan_anew(row)

    text = read(finance, row)

    assert "Invoice INV7001 was deleted" in text
    assert "tone-bad" in text


def test_changes_in_loop_are_told_in_business_words(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    make_return(shop, state="closed", refund="100.00", updated_at="2026-11-17 10:00:00")
    plan_anew(row)

    text = read(finance, row)

    assert "Closed in Loop" in text
    assert "155.52 USD → 100.00 USD" in text


def test_an_exchange_order_has_a_lane_of_its_own(finance: Client, shop: Shop) -> None:
    exchange = {
        "exchange_id": 5001, "sku": "BOOT-43", "title": "Boot / 43", "price": "72.00", "total": "77.76",
        "exchange_order_id": 5873120099999, "exchange_order_name": "EXC-20418",
    }  # fmt: skip
    row = make_planned_return(shop, exchanges=[exchange], outcome="exchange")
    make_record(row, make_netsuite("salesOrder", "7999", other_ref_num="EXC-20418", tran_id="SO7999"))
    plan_anew(row)

    text = read(finance, row)

    assert "Exchange order EXC-20418 made" in text
    assert "Customer chose a replacement" in text
    assert 'class="event-card lane-exchange"' in text
    assert "The customer takes instead" in text


def test_htmx_gets_the_part_that_moves(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)

    part = finance.get(f"/returns/{row.pk}/", headers=HTMX).text

    assert "<html" not in part
    assert 'id="live"' in part
    assert "Sent to NetSuite and Loop" not in part


def test_it_looks_again_quickly_while_something_moves(shop: Shop) -> None:
    row = make_planned_return(shop)

    assert poll_interval_s(look_up(row)) == POLL_S


def test_it_looks_again_slowly_while_it_only_waits(shop: Shop) -> None:
    row = make_planned_return(shop)
    Posting.objects.update(status="posted", their_id="8001", posted_at=NOW)
    LoopReturn.objects.update(look_again_at=None)
    row.refresh_from_db()

    assert poll_interval_s(look_up(row)) == POLL_SLOWLY_S


def test_a_return_that_hangs_is_not_looked_at_every_two_seconds(shop: Shop) -> None:
    row = make_planned_return(shop)
    long_ago = clock.now() - timedelta(hours=3)
    Posting.objects.update(created_at=long_ago)
    LoopReturn.objects.update(planned_at=long_ago)
    row.refresh_from_db()

    assert poll_interval_s(look_up(row)) == POLL_SLOWLY_S


def test_it_stops_looking_once_the_return_is_over(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    LoopReturn.objects.update(stage="settled", settled_at=clock.now())

    assert "every " not in read(finance, row)


@pytest.mark.parametrize(("units", "is_beside"), [(6, True), (7, False)])
def test_many_units_stand_below_the_steps(finance: Client, shop: Shop, units: int, is_beside: bool) -> None:
    row = make_return(shop, lines=units)

    text = finance.get(f"/returns/{row.pk}/").text

    aside = text[text.index('aria-label="About this return"') :].partition("</aside>")[0]
    assert ('id="units-title"' in aside) is is_beside
    assert text.count('id="units-title"') == 1


def test_a_return_without_amounts_and_units_is_shown(finance: Client, shop: Shop) -> None:
    row = make_return(shop, line_items=[], refund="0.00", return_total="0.00", tracking_number=None)
    plan_anew(row)

    text = read(finance, row)

    assert "0 units of order" in text
    assert row.return_total == Decimal(0)


def test_what_differs_is_told_with_the_name_of_its_location(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    make_checked(shop)
    theirs = {"family": "stranger_differs", "detail": "RMA7 differs: it is at location 31.", "differences": ["it is"]}
    Posting.objects.filter(loop_return=row).update(differences=["line 3 is at location 31"], refusal=theirs)

    text = read(finance, row)

    assert "line 3 is at Returns holding (location 31)" in text
    assert "RMA7 differs: it is at Returns holding (location 31)." in text


def test_the_number_of_queries_is_bounded(
    finance: Client, shop: Shop, ada: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    row = make_received_return(shop, ada)
    make_case(row)
    read(finance, row)

    with django_assert_max_num_queries(RETURN_QUERIES_MAX):
        finance.get(f"/returns/{row.pk}/")


def test_record_that_another_system_owes_leads_to_its_case(client: Client, finn: User, shop: Shop) -> None:
    make_policy(shop, ownership={})
    row = make_planned_return(shop)
    client.force_login(finn)

    page = client.get(f"/returns/{row.pk}/").text

    case = Case.objects.get(code="rma_missing")
    assert "Another system has not made it" in page
    assert f"/exceptions/{case.pk}/" in page
