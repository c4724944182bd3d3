"""The inspection station, through its addresses."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import Role, User
from returnsops.returns.models import Arrival, InspectedUnit, Inspection, LoopReturn
from returnsops.returns.parcels import record_arrival
from tests.builders import CREATED, FIRST_UNIT, details_payload, make_inspection, make_return, make_shop, make_user
from tests.pages.scenes import plan_anew

TRACKING = "9400100000000000000001"
QUERIES_MAX = 20
UNIT, OTHER_UNIT = str(FIRST_UNIT), str(FIRST_UNIT + 1)


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    """Two units of one order line, delivered."""
    return make_return(shop, label_status="delivered")


@pytest.fixture
def station(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def judge(client: Client, row: LoopReturn, outcome: str = "sellable", unit: str = UNIT, **fields: Any) -> Any:
    """Press an outcome, and follow to the page it leads to."""
    sent = {"unit": unit, "outcome": outcome, "client_id": uuid.uuid4()} | fields
    return client.post(reverse("inspect-judge", args=[row.pk]), sent, follow=True)


def outcomes_of(row: LoopReturn) -> dict[str, str]:
    standing = InspectedUnit.objects.filter(line__loop_return=row, superseded_at=None)
    return dict(standing.values_list("line__line_item_id", "outcome"))


@pytest.mark.parametrize("scan", [TRACKING, f"42010001{TRACKING}", "110700123", "#20418", "20418", f"\x1d{TRACKING}\r"])
def test_one_hit_leads_to_the_parcel(station: Client, row: LoopReturn, scan: str) -> None:
    answer = station.get(reverse("inspect"), {"q": scan})

    assert answer.url == reverse("inspect-parcel", args=[row.pk])  # type: ignore[attr-defined]


def test_unknown_scan_says_what_was_tried_and_the_ways_on(station: Client, row: LoopReturn) -> None:
    page = station.get(reverse("inspect"), {"q": "NOPE<1>"}).content.decode()

    assert "Nothing found for NOPE&lt;1&gt;." in page
    assert "tracking number, Loop id, order, RMA number, item barcode" in page
    assert "/search/?q=NOPE%3C1%3E" in page
    assert "Record the parcel" in page


def test_several_hits_are_offered(station: Client, row: LoopReturn) -> None:
    other = make_return(row.shop, loop_id="110700999")

    page = station.get(reverse("inspect"), {"q": "#20418"}).content.decode()

    assert "2 returns fit #20418" in page
    for one in (row, other):
        assert reverse("inspect-parcel", args=[one.pk]) in page


def test_money_that_loop_paid_is_not_promised_again(station: Client, row: LoopReturn) -> None:
    make_return(
        row.shop, state="closed", was_processed=True, label_status="delivered", updated_at="2026-11-22 10:00:00"
    )
    plan_anew(row)

    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()

    assert "Loop has paid 77.76 USD already. Back to sellable stock." in page
    assert "Loop has paid 77.76 USD already; finance is asked. Not taken into stock." in page
    assert "Customer gets" not in page
    assert "is not refunded" not in page


def test_parcel_shows_unit_effects_and_position(station: Client, row: LoopReturn) -> None:
    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()

    assert "1 of 2" in page
    assert "Customer gets 77.76 USD. Back to sellable stock." in page
    assert "77.76 USD is not refunded." in page
    assert "Reason: too small" in page


def test_judging_leads_to_the_next_unit_and_the_summary(station: Client, row: LoopReturn) -> None:
    second = judge(station, row).content.decode()
    assert "2 of 2" in second

    summary = judge(station, row, "damaged", OTHER_UNIT, word="Stained").content.decode()
    assert "1 sellable, 1 damaged" in summary
    assert "Finish this parcel" in summary
    assert not Inspection.objects.filter(finished_at__isnull=False).exists()


@pytest.mark.parametrize("outcome", ["damaged", "refused"])
def test_outcome_that_costs_wants_a_note(station: Client, row: LoopReturn, outcome: str) -> None:
    page = judge(station, row, outcome, note="  ").content.decode()

    assert "what is wrong with it?" in page
    assert outcomes_of(row) == {}

    judge(station, row, outcome, note="Sole is loose", word="Broken")
    assert InspectedUnit.objects.get().note == "Broken. Sole is loose"


def test_choosing_again_before_finishing_replaces_the_outcome(station: Client, row: LoopReturn) -> None:
    judge(station, row)
    page = station.get(reverse("inspect-parcel", args=[row.pk]), {"unit": UNIT}).content.decode()
    assert 'aria-pressed="true"' in page

    judge(station, row, "missing")

    assert outcomes_of(row) == {UNIT: "missing"}
    assert InspectedUnit.objects.count() == 2


def test_resent_press_changes_nothing(station: Client, row: LoopReturn) -> None:
    press = uuid.uuid4()
    judge(station, row, client_id=press)
    station.post(reverse("inspect-finish", args=[row.pk]))

    judge(station, row, client_id=press)

    assert InspectedUnit.objects.count() == 1
    assert Inspection.objects.count() == 1


def test_other_outcome_from_a_page_that_was_used_is_not_lost_in_silence(station: Client, row: LoopReturn) -> None:
    """The browser's way back shows the page as it was, with the name of the press it was made for."""
    press = uuid.uuid4()
    judge(station, row, client_id=press)

    page = judge(station, row, "missing", client_id=press).content.decode()

    assert "That page was used already." in page
    assert outcomes_of(row) == {UNIT: "sellable"}


def hold_first(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "hold", "sellable")


def test_unit_on_hold_is_judged_again_and_counts_at_once(station: Client, row: LoopReturn, ada: User) -> None:
    hold_first(row, ada)
    assert "On hold" in station.get(reverse("inspect")).text

    page = station.get(reverse("inspect-parcel", args=[row.pk])).text
    assert "Moved to the damaged location." in page
    assert "Was not in the parcel." not in page

    page = judge(station, row, "scrapped", word="Unsafe").content.decode()
    assert "no longer on hold" in page
    assert outcomes_of(row) == {UNIT: "scrapped", OTHER_UNIT: "sellable"}
    assert 'id="held"' not in station.get(reverse("inspect")).text


def test_what_was_judged_for_good_is_not_judged_again(station: Client, row: LoopReturn, ada: User) -> None:
    hold_first(row, ada)

    judge(station, row, "damaged", unit=OTHER_UNIT, word="Worn")

    assert outcomes_of(row) == {UNIT: "hold", OTHER_UNIT: "sellable"}


def test_parcel_that_is_here_is_noted_once_and_judged_later(station: Client, row: LoopReturn) -> None:
    press = {"client_id": uuid.uuid4()}
    assert "It is here, judge it later" in station.get(reverse("inspect-parcel", args=[row.pk])).text

    for _ in range(2):
        station.post(reverse("inspect-arrived", args=[row.pk]), press)

    assert [one.scanned for one in row.arrivals.all()] == [TRACKING]
    assert "judge it later" not in station.get(reverse("inspect-parcel", args=[row.pk])).text


def test_all_remaining_sellable_keeps_one_row_a_unit(station: Client, row: LoopReturn) -> None:
    judge(station, row, "missing")
    address, press = reverse("inspect-rest", args=[row.pk]), {"client_id": uuid.uuid4(), "unit": [UNIT, OTHER_UNIT]}

    page = station.post(address, press, follow=True).content.decode()
    station.post(address, press)

    assert outcomes_of(row) == {UNIT: "missing", OTHER_UNIT: "sellable"}
    assert InspectedUnit.objects.count() == 2
    assert "1 sellable, 1 missing" in page


def test_nothing_is_left_to_judge_in_one_go(station: Client, row: LoopReturn) -> None:
    make_inspection(row, User.objects.get(username="ada"), "sellable")
    judge(station, row, unit=OTHER_UNIT)

    page = station.post(reverse("inspect-rest", args=[row.pk]), {"client_id": uuid.uuid4()}, follow=True)

    assert "No unit is left to judge" in page.content.decode()
    assert InspectedUnit.objects.count() == 2


def test_finish_lets_outcomes_count_and_goes_back_to_the_scan_box(station: Client, row: LoopReturn) -> None:
    judge(station, row)
    judge(station, row, "damaged", OTHER_UNIT, word="Torn")

    page = station.post(reverse("inspect-finish", args=[row.pk]), follow=True).content.decode()

    assert Inspection.objects.get().finished_at
    row.refresh_from_db()
    assert row.look_again_at is not None
    assert "Order #20418 is done: 1 sellable, 1 damaged." in page
    assert "two Item Receipts, one per place, as soon as its Return Authorization is there" in page
    assert "autofocus" in page
    assert f"/returns/{row.pk}/" in page


def test_finish_without_any_outcome_is_refused_in_words(station: Client, row: LoopReturn) -> None:
    page = station.post(reverse("inspect-finish", args=[row.pk]), follow=True).content.decode()

    assert "Nothing is open here" in page


def test_part_of_a_parcel_can_be_finished(station: Client, row: LoopReturn) -> None:
    judge(station, row)

    page = station.get(reverse("inspect-parcel", args=[row.pk]), {"summary": "1"}).content.decode()
    assert "1 unit is not judged: still expected" in page

    station.post(reverse("inspect-finish", args=[row.pk]))
    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()
    assert "2 of 2" in page


def test_second_person_is_told_and_nothing_is_doubled(station: Client, row: LoopReturn) -> None:
    judge(station, row)
    station.force_login(make_user(Role.WAREHOUSE, row.shop, username="bo"))

    page = judge(station, row, "damaged", word="Worn").content.decode()

    assert "was already judged sellable by ada" in page
    assert "Nothing was changed" in page
    assert outcomes_of(row) == {UNIT: "sellable"}
    assert Inspection.objects.count() == 1


def test_what_a_colleague_left_open_can_be_finished(station: Client, row: LoopReturn) -> None:
    judge(station, row)
    judge(station, row, unit=OTHER_UNIT)
    station.force_login(make_user(Role.WAREHOUSE, row.shop, username="bo"))

    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()
    assert "ada judged 2 units (2 sellable) and has not finished" in page

    station.post(reverse("inspect-finish", args=[row.pk]), {"inspection": Inspection.objects.get().pk})
    assert Inspection.objects.get().finished_at


def test_own_parcel_left_open_is_remembered(station: Client, row: LoopReturn) -> None:
    judge(station, row)

    page = station.get(reverse("inspect")).content.decode()

    assert "You have not finished order #20418" in page


@pytest.mark.parametrize(
    ("changes", "stage", "words"),
    [
        ({"state": "cancelled"}, "ended", "Cancelled in Loop"),
        ({"state": "expired"}, "ended", "Expired in Loop"),
        ({"state": "cancelled"}, "settled", "Settled already"),
        ({"line_items": []}, "settled", "Settled already"),
        ({}, "ended", "Ended without settlement"),
        ({"line_items": []}, "waiting", "No units are left"),
    ],
)
def test_return_that_is_over_says_so_before_judging(
    station: Client, shop: Shop, changes: dict[str, Any], stage: str, words: str
) -> None:
    row = make_return(shop, **changes)
    LoopReturn.objects.filter(pk=row.pk).update(stage=stage)

    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()
    assert words in page
    assert 'name="outcome"' not in page

    assert words in judge(station, row).content.decode()
    assert outcomes_of(row) == {}


def test_unit_that_was_received_unseen_is_judged_after_settlement(station: Client, row: LoopReturn) -> None:
    LoopReturn.objects.filter(pk=row.pk).update(stage="settled")

    page = station.get(reverse("inspect-parcel", args=[row.pk])).text
    assert "The money was settled before. To the damaged location." in page
    assert "Customer gets" not in page

    judge(station, row, "damaged", word="Worn")
    assert outcomes_of(row) == {UNIT: "damaged"}
    done = station.post(reverse("inspect-finish", args=[row.pk]), follow=True).text
    assert "It was settled before: stock follows where it has to" in done


@pytest.mark.parametrize("stage", ["to_inspect", "settled"])
def test_missing_unit_that_turns_up_is_judged_at_the_station(
    station: Client, row: LoopReturn, ada: User, stage: str
) -> None:
    make_inspection(row, ada, "missing", "sellable")
    LoopReturn.objects.filter(pk=row.pk).update(stage=stage)

    page = station.get(reverse("inspect-parcel", args=[row.pk])).text
    assert "Back to sellable stock." in page
    assert "Was not in the parcel." not in page

    assert "Finish this parcel" in judge(station, row).text
    judge(station, row, "damaged", unit=OTHER_UNIT, word="Worn")
    assert outcomes_of(row) == {UNIT: "sellable", OTHER_UNIT: "sellable"}


def test_unit_that_loop_settled_without_is_judged_when_it_comes_after_all(
    station: Client, row: LoopReturn, ada: User
) -> None:
    make_inspection(row, ada, "missing", "sellable")
    row.lines.filter(line_item_id=UNIT).update(removed=True)
    LoopReturn.objects.filter(pk=row.pk).update(stage="settled")

    page = station.get(reverse("inspect-parcel", args=[row.pk])).text
    assert "Loop settled without it. Put it aside" in page
    assert "Back to sellable stock." not in page

    judge(station, row, "damaged", word="Worn")
    station.post(reverse("inspect-finish", args=[row.pk]))
    assert outcomes_of(row) == {UNIT: "damaged", OTHER_UNIT: "sellable"}


def test_unit_that_loop_took_out_for_another_reason_is_not_judged(station: Client, row: LoopReturn) -> None:
    row.lines.filter(line_item_id=UNIT).update(removed=True)

    assert f"unit={UNIT}" not in station.get(reverse("inspect-parcel", args=[row.pk])).text
    judge(station, row, "sellable")
    assert outcomes_of(row) == {}


def test_inspected_parcel_says_who_when_and_where_to_ask(station: Client, row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "sellable", "refused")

    page = station.get(reverse("inspect-parcel", args=[row.pk])).content.decode()

    assert "Inspected already" in page
    assert "ada judged it on" in page
    assert "1 sellable, 1 refused" in page
    assert "ask finance" in page


def test_barcode_beside_an_open_parcel_chooses_its_unit(station: Client, row: LoopReturn) -> None:
    judge(station, row)
    address = reverse("inspect-scan", args=[row.pk])

    here = station.get(address, {"q": "0000000000017"})
    elsewhere = station.get(address, {"q": "OTHER-1"})

    assert here.url.endswith(f"?unit={OTHER_UNIT}")  # type: ignore[attr-defined]
    assert elsewhere.url == f"{reverse('inspect')}?q=OTHER-1"  # type: ignore[attr-defined]


def test_blind_parcel_is_recorded_once_and_listed(station: Client, shop: Shop) -> None:
    sent = {"scanned": "TORN-LABEL", "shop": shop.pk, "note": "One boot", "client_id": uuid.uuid4()}

    station.post(reverse("inspect-blind"), sent)
    page = station.post(reverse("inspect-blind"), sent, follow=True).content.decode()

    assert Arrival.objects.get().note == "One boot"
    assert "TORN-LABEL" in page
    assert "One boot" in page


def blind(shop: Shop, ada: User) -> Arrival:
    return record_arrival(shop, "1Z-NOBODY", by=ada, client_id=uuid.uuid4(), note="a pair of boots")


def attach(client: Client, arrival: Arrival, typed: str) -> str:
    page = client.post(reverse("inspect-attach", args=[arrival.pk]), {"return": typed}, follow=True)
    arrival.refresh_from_db()
    return page.content.decode()


def test_unknown_parcel_is_attached_to_the_return_somebody_found(
    station: Client, row: LoopReturn, shop: Shop, ada: User
) -> None:
    arrival = blind(shop, ada)
    LoopReturn.objects.update(look_again_at=None)

    page = attach(station, arrival, "#20418")

    row.refresh_from_db()
    assert "Parcel 1Z-NOBODY belongs to this return from now on." in page
    assert (arrival.loop_return, row.look_again_at is None) == (row, False)
    assert "1Z-NOBODY" not in station.get(reverse("inspect")).text


@pytest.mark.parametrize(
    ("typed", "words"), [("nothing", "No return of Fern fits"), ("#20418", "Several returns of Fern fit")]
)
def test_unknown_parcel_stays_unknown_until_one_return_is_named(
    station: Client, row: LoopReturn, shop: Shop, ada: User, typed: str, words: str
) -> None:
    make_return(shop, loop_id="110700124")
    arrival = blind(shop, ada)

    page = attach(station, arrival, typed)
    assert words in page
    assert 'data-feedback="refused"' in page
    assert f'name="return" value="{typed}"' in page
    assert arrival.loop_return is None


def test_parcel_of_one_return_is_not_taken_by_another(station: Client, row: LoopReturn, shop: Shop, ada: User) -> None:
    make_return(shop, loop_id="110700124")
    arrival = blind(shop, ada)
    attach(station, arrival, "110700123")

    assert "belongs to Return 110700123" in attach(station, arrival, "110700124")
    assert arrival.loop_return == row


def test_unknown_parcel_of_another_shop_is_out_of_reach(station: Client, row: LoopReturn, ada: User) -> None:
    moss = make_shop("moss")
    arrival = blind(moss, make_user(Role.WAREHOUSE, moss))

    answer = station.post(reverse("inspect-attach", args=[arrival.pk]), {"return": "110700123"})

    assert answer.status_code == 404


def test_blind_parcel_wants_a_shop_when_there_are_several(station: Client, shop: Shop, ada: User) -> None:
    ada.memberships.create(shop=make_shop("moss"), role=Role.WAREHOUSE)

    answer = station.post(reverse("inspect-blind"), {"scanned": "X-1", "client_id": uuid.uuid4()})

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()
    assert not Arrival.objects.exists()


def test_waiting_parcels_put_exchanges_first_then_the_longest_here(station: Client, shop: Shop) -> None:
    exchange: list[Any] = [{"exchange_id": "1", "sku": "BOOT-43", "title": "Boot / 43", "total": "80.00"}]
    days: list[tuple[int, dict[str, Any]]] = [(18, {}), (17, {}), (19, {"exchanges": exchange}), (16, {})]
    for number, (day, more) in enumerate(days):
        label: dict[str, Any] = {"label_status": "delivered", "label_updated_at": f"2026-11-{day} 10:00:00"}
        payload = details_payload(loop_id=str(110700200 + number), order_name=f"#{day}", **label, **more)
        payload["line_items"][0]["line_item_id"] += 10 * number
        payload["line_items"][1]["line_item_id"] += 10 * number
        make_return(shop, raw=payload)
    make_inspection(LoopReturn.objects.get(order_name="#16"), User.objects.get(username="ada"), "sellable", "sellable")

    page = station.get(reverse("inspect")).content.decode()

    places = [page.index(f"Order #{day}") for day in (19, 17, 18)]
    assert places == sorted(places)
    assert "Order #16" not in page


def test_units_on_hold_are_listed_those_that_lie_there_longest_first(station: Client, shop: Shop, ada: User) -> None:
    for number, days in ((1, 2), (2, 5), (3, 1)):
        payload = details_payload(loop_id=str(110700200 + number), order_name=f"#{number}", lines=1)
        payload["line_items"][0]["line_item_id"] += number
        make_inspection(make_return(shop, raw=payload), ada, "hold")
        held = InspectedUnit.objects.filter(line__loop_return__order_name=f"#{number}")
        held.update(inspected_at=clock.now() - timedelta(days=days))

    page = station.get(reverse("inspect")).content.decode()

    places = [page.index(f"Order #{number}") for number in (2, 1, 3)]
    assert places == sorted(places)


def test_station_reads_no_payload_and_no_plan(station: Client, shop: Shop, ada: User) -> None:
    label: dict[str, Any] = {"label_status": "delivered", "label_updated_at": f"{CREATED:%Y-%m-%d} 10:00:00"}
    held = details_payload(loop_id="110700202", lines=1)
    held["line_items"][0]["line_item_id"] += 10
    make_return(shop, raw=details_payload(loop_id="110700201", **label))
    make_inspection(make_return(shop, raw=held), ada, "hold")

    with CaptureQueriesContext(connection) as queries:
        page = station.get(reverse("inspect")).content.decode()

    assert "Waiting for inspection" in page
    assert "On hold" in page
    assert [sql for sql in queries if '"raw"' in sql["sql"] or '"plan"' in sql["sql"]] == []


def test_htmx_gets_the_fragment_alone(station: Client, row: LoopReturn) -> None:
    answer = station.get(reverse("inspect-parcel", args=[row.pk]), headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert 'id="parcel"' in answer.content.decode()
    assert answer["HX-Replace-Url"] == reverse("inspect-parcel", args=[row.pk])


def test_station_is_closed_to_other_roles_and_shops(client: Client, finn: User, row: LoopReturn) -> None:
    client.force_login(finn)
    assert client.get(reverse("inspect")).status_code == 403
    assert client.get(reverse("inspect-parcel", args=[row.pk])).status_code == 403

    client.force_login(make_user(Role.WAREHOUSE, make_shop("moss"), username="mo"))
    assert client.get(reverse("inspect-parcel", args=[row.pk])).status_code == 404
    assert "#20418" not in client.get(reverse("inspect")).content.decode()


def test_nonsense_is_answered_in_words(station: Client, row: LoopReturn) -> None:
    assert "not understood" in judge(station, row, client_id="x").content.decode()
    assert "not part of" in judge(station, row, unit="999").content.decode()
    rest = station.post(reverse("inspect-rest", args=[row.pk]), {"client_id": "x"}, follow=True)
    assert "not understood" in rest.content.decode()
    assert outcomes_of(row) == {}


def test_queries_do_not_grow_with_parcels(
    station: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in range(12):
        label: dict[str, Any] = {"label_status": "delivered", "label_updated_at": f"{CREATED:%Y-%m-%d} 10:00:00"}
        payload = details_payload(loop_id=str(110700200 + number), lines=1, **label)
        payload["line_items"][0]["line_item_id"] += number
        make_return(shop, raw=payload)
        with django_assert_max_num_queries(QUERIES_MAX) as queries:
            station.get(reverse("inspect"))
        counts.append(len(queries))

    assert counts[1] == counts[-1]


def test_queries_do_not_grow_with_units(
    station: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number, lines in enumerate((2, 9)):
        payload = details_payload(loop_id=str(110700300 + number), lines=lines)
        for unit in payload["line_items"]:
            unit["line_item_id"] += 100 * number
        row = make_return(shop, raw=payload)
        with django_assert_max_num_queries(QUERIES_MAX) as queries:
            station.get(reverse("inspect-parcel", args=[row.pk]))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_unit_that_came_after_all_can_be_finished_from_its_page(station: Client, row: LoopReturn, ada: User) -> None:
    """It counts only once the inspection is finished, so the page that judged it must lead there."""
    make_inspection(row, ada, "missing", "sellable")
    row.lines.filter(line_item_id=UNIT).update(removed=True)
    LoopReturn.objects.filter(pk=row.pk).update(stage="settled")

    page = judge(station, row, "damaged", word="Worn").content.decode()

    assert "Inspected already" not in page
    assert "Finish this parcel" in page


def test_choice_about_a_unit_that_came_after_all_can_be_changed(station: Client, row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "missing", "sellable")
    row.lines.filter(line_item_id=UNIT).update(removed=True)
    LoopReturn.objects.filter(pk=row.pk).update(stage="settled")
    judge(station, row, "sellable")

    judge(station, row, "damaged", word="Worn")

    assert outcomes_of(row)[UNIT] == "damaged"


def test_second_parcel_from_a_page_that_was_used_is_recorded_or_refused_in_words(station: Client, shop: Shop) -> None:
    """«Back» brings the form with its id: the label of another parcel is typed over the first."""
    sent = {"scanned": "TORN-1", "shop": shop.pk, "note": "One boot", "client_id": uuid.uuid4()}
    station.post(reverse("inspect-blind"), sent)

    page = station.post(reverse("inspect-blind"), sent | {"scanned": "TORN-2", "note": "A hat"}, follow=True).text

    assert [one.scanned for one in Arrival.objects.all()] == ["TORN-1"]
    assert "TORN-2 is recorded" not in page
    assert "That page was used already" in page


def test_in_one_go_is_for_the_units_that_were_shown(station: Client, row: LoopReturn, shop: Shop) -> None:
    page = station.get(reverse("inspect-parcel", args=[row.pk])).text
    shown = re.findall(r'name="unit" value="(\d+)"', page)
    make_return(shop, lines=3, label_status="delivered", updated_at="2026-11-19T09:30:00+00:00")

    press = {"client_id": uuid.uuid4(), "unit": sorted(set(shown))}
    answer = station.post(reverse("inspect-rest", args=[row.pk]), press, follow=True).text

    assert outcomes_of(row) == {UNIT: "sellable", OTHER_UNIT: "sellable"}
    assert 'name="unit" value="387003"' in answer, "the one that came since is judged next"
