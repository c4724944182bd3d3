"""What the warehouse saw: the only door to an outcome."""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import AuditEvent, Role, User
from returnsops.posting.facts import load_facts
from returnsops.returns.errors import AlreadyInspectedError, ClientIdReusedError, NotPossibleError
from returnsops.returns.inspection import (
    SEEN_AGO_MAX,
    UnitOutcome,
    finish_inspection,
    judge_again,
    judge_units,
    open_inspection,
    record_units,
)
from returnsops.returns.models import Arrival, InspectedUnit, Inspection, LoopReturn
from returnsops.returns.parcels import clean_scan, find_by_scan, record_arrival
from tests.builders import (
    make_inspection,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_shop,
    make_unit,
    make_user,
)
from tests.query_plans import explained, indexes_preferred

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop)


def judged(outcome: str = "sellable", unit: str = "387001", client_id: uuid.UUID | None = None) -> UnitOutcome:
    return UnitOutcome(unit, outcome, client_id or uuid.uuid4())


def standing() -> list[tuple[str, str]]:
    units = InspectedUnit.objects.filter(superseded_at=None).order_by("line__line_item_id")
    return list(units.values_list("line__line_item_id", "outcome"))


def test_outcome_counts_once_finished_and_asks_for_a_plan(row: LoopReturn, ada: User) -> None:
    inspection = judge_units(row, [judged()], by=ada)
    LoopReturn.objects.update(look_again_at=None)

    finish_inspection(inspection, by=ada)

    row.refresh_from_db()
    assert row.look_again_at is not None
    assert AuditEvent.objects.filter(action="finished inspection", after={"387001": "sellable"}).count() == 1


def test_changing_ones_mind_before_finishing_keeps_both(row: LoopReturn, ada: User) -> None:
    judge_units(row, [judged("sellable")], by=ada)

    judge_units(row, [judged("damaged")], by=ada)

    first, second = InspectedUnit.objects.order_by("id")
    assert standing() == [("387001", "damaged")]
    assert first.superseded_by == second


def test_second_person_is_told_who_judged_it(row: LoopReturn, ada: User, shop: Shop) -> None:
    make_inspection(row, ada, "sellable")

    with pytest.raises(AlreadyInspectedError, match="already judged sellable by ada"):
        judge_units(row, [judged("damaged")], by=make_user(Role.WAREHOUSE, shop))

    assert standing() == [("387001", "sellable")]


def test_finished_outcome_is_not_overwritten_by_its_own_author(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "refused")

    with pytest.raises(AlreadyInspectedError):
        judge_units(row, [judged("sellable")], by=ada)


def test_missing_unit_that_turns_up_is_judged_by_whoever_sees_it(row: LoopReturn, ada: User, shop: Shop) -> None:
    make_inspection(row, ada, "missing")

    record_units(row, [judged("sellable")], by=make_user(Role.WAREHOUSE, shop))

    assert standing() == [("387001", "sellable")]


def test_after_settlement_only_what_nobody_has_seen_is_judged(row: LoopReturn, ada: User, shop: Shop) -> None:
    """The first was missing, the second received under the exemption, and seen by nobody."""
    make_inspection(row, ada, "missing")
    LoopReturn.objects.update(stage="settled")

    record_units(row, [judged("sellable"), judged("damaged", "387002")], by=make_user(Role.WAREHOUSE, shop))

    assert standing() == [("387001", "sellable"), ("387002", "damaged")]
    with pytest.raises(AlreadyInspectedError, match="already judged sellable"):
        record_units(row, [judged("refused")], by=ada)


def test_return_that_was_cancelled_after_settlement_is_not_judged(row: LoopReturn, ada: User) -> None:
    LoopReturn.objects.update(stage="settled", state="cancelled")

    with pytest.raises(NotPossibleError, match="cancelled in Loop"):
        record_units(row, [judged()], by=ada)


def test_units_of_one_parcel_may_be_judged_by_two_people(row: LoopReturn, ada: User, shop: Shop) -> None:
    make_inspection(row, ada, "sellable")

    record_units(row, [judged("damaged", "387002")], by=make_user(Role.WAREHOUSE, shop))

    assert standing() == [("387001", "sellable"), ("387002", "damaged")]


def test_resend_is_the_same_row(row: LoopReturn, ada: User) -> None:
    outcome = judged()

    assert record_units(row, [outcome], by=ada) == record_units(row, [outcome], by=ada)
    assert InspectedUnit.objects.count() == 1


def test_late_resend_does_not_undo_a_correction(row: LoopReturn, ada: User) -> None:
    first = judged("sellable")
    judge_units(row, [first], by=ada)
    judge_units(row, [judged("damaged")], by=ada)

    judge_units(row, [first], by=ada)

    assert (standing(), InspectedUnit.objects.count()) == ([("387001", "damaged")], 2)


def test_resend_after_a_colleague_judged_it_is_done_and_changes_nothing(row: LoopReturn, ada: User, shop: Shop) -> None:
    first = judged("missing")
    record_units(row, [first], by=ada)
    record_units(row, [judged("damaged")], by=make_user(Role.WAREHOUSE, shop))

    judge_units(row, [first, judged("sellable", "387002")], by=ada)

    assert standing() == [("387001", "damaged"), ("387002", "sellable")]


@pytest.mark.parametrize(("outcome", "unit"), [("damaged", "387001"), ("sellable", "387002")])
@pytest.mark.parametrize("judge", [judge_units, record_units])
def test_client_id_with_other_content_is_refused(
    row: LoopReturn, ada: User, judge: Callable[..., Inspection], outcome: str, unit: str
) -> None:
    first = judged("sellable")
    judge(row, [first], by=ada)

    with pytest.raises(ClientIdReusedError, match="with the same client id"):
        judge(row, [judged(outcome, unit, first.client_id)], by=ada)

    assert standing() == [("387001", "sellable")]


def test_client_id_of_another_return_is_refused(row: LoopReturn, ada: User, shop: Shop) -> None:
    first = judged("sellable")
    judge_units(row, [first], by=ada)
    other = make_return(shop, loop_id="110700999")

    with pytest.raises(ClientIdReusedError):
        judge_units(other, [first], by=ada)


def test_one_bad_outcome_leaves_all_unjudged(row: LoopReturn, ada: User) -> None:
    with pytest.raises(NotPossibleError, match="«lovely» is no outcome"):
        judge_units(row, [judged(), judged("lovely", "387002")], by=ada)

    assert standing() == []


@pytest.mark.parametrize("unit", ["999", "387003"])
def test_unit_that_is_not_in_the_return_is_refused(shop: Shop, ada: User, unit: str) -> None:
    row = make_return(shop, lines=3)
    row.lines.filter(line_item_id="387003").update(removed=True)

    with pytest.raises(NotPossibleError, match="not part of Return"):
        judge_units(row, [judged(unit=unit)], by=ada)


def test_unit_on_hold_of_an_ended_return_is_not_judged_again(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "hold", "hold")
    LoopReturn.objects.update(stage="ended")

    with pytest.raises(NotPossibleError, match="moved by hand"):
        judge_again(row, [judged("sellable")], by=ada)

    assert standing() == [("387001", "hold"), ("387002", "hold")]


def test_judging_no_unit_opens_no_inspection(row: LoopReturn, ada: User) -> None:
    with pytest.raises(NotPossibleError, match="No unit is named"):
        judge_units(row, [], by=ada)

    assert not row.inspections.exists()


def test_nothing_judged_cannot_be_finished(row: LoopReturn, ada: User) -> None:
    inspection = open_inspection(row, by=ada)

    with pytest.raises(NotPossibleError, match="No unit is judged yet"):
        finish_inspection(inspection, by=ada)


def test_finishing_twice_is_once(row: LoopReturn, ada: User) -> None:
    inspection = make_inspection(row, ada, "sellable")

    finish_inspection(inspection, by=ada)

    assert AuditEvent.objects.filter(action="finished inspection").count() == 1


def test_only_the_warehouse_judges(row: LoopReturn, finn: User) -> None:
    with pytest.raises(PermissionDenied):
        record_units(row, [judged()], by=finn)


def test_unit_is_never_judged_in_the_future(row: LoopReturn, ada: User) -> None:
    ahead = UnitOutcome("387001", "sellable", uuid.uuid4(), inspected_at=clock.now() + timedelta(days=1))

    judge_units(row, [ahead], by=ada)

    assert InspectedUnit.objects.get().inspected_at <= clock.now()


def test_unit_is_not_judged_long_ago(row: LoopReturn, ada: User) -> None:
    just, before = (UnitOutcome("387001", "sellable", uuid.uuid4(), inspected_at=one) for one in two_bounds())

    with pytest.raises(NotPossibleError, match="at most 90 days ago"):
        judge_units(row, [before], by=ada)
    judge_units(row, [just], by=ada)

    assert InspectedUnit.objects.get().inspected_at == just.inspected_at


def two_bounds() -> tuple[datetime, datetime]:
    """A time that is just not too old, and one that is."""
    return clock.now() - SEEN_AGO_MAX + timedelta(hours=1), clock.now() - SEEN_AGO_MAX - timedelta(hours=1)


@pytest.mark.parametrize(
    ("scanned", "expected"),
    [
        (" 9400100000000000000001\r\n", "9400100000000000000001"),
        ("420941079400100000000000000001", "9400100000000000000001"),
        ("\x1d9400100000000000000001", "9400100000000000000001"),
        ("", ""),
    ],
)
def test_scan_is_cleaned(scanned: str, expected: str) -> None:
    assert clean_scan(scanned) == expected


@pytest.mark.parametrize("text", ["9400100000000000000001", "110700123", "#20418", "20418", "5873120045678"])
def test_return_is_found_by_what_is_on_the_parcel(row: LoopReturn, ada: User, text: str) -> None:
    assert list(find_by_scan(ada, text)) == [row]


@pytest.mark.parametrize(
    ("stage", "label", "expected"),
    [
        ("to_inspect", "delivered", True),
        ("needs_person", "delivered", True),
        ("needs_person", "in_transit", False),
        ("on_its_way", "in_transit", False),
        ("settled", "delivered", False),
    ],
)
def test_barcode_finds_what_waits_on_the_dock(shop: Shop, ada: User, stage: str, label: str, expected: bool) -> None:
    make_return(shop, label_status=label)
    LoopReturn.objects.update(stage=stage)

    assert find_by_scan(ada, "0000000000017").exists() is expected


def test_barcode_of_judged_units_finds_nothing_more(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "sellable", "sellable")
    LoopReturn.objects.update(stage="to_inspect")

    assert not find_by_scan(ada, "0000000000017").exists()


@pytest.mark.parametrize("text", ["", "nothing", "%", "9400"])
def test_unknown_scan_finds_nothing(row: LoopReturn, ada: User, text: str) -> None:
    assert not find_by_scan(ada, text).exists()


def test_scan_of_an_rma_is_found_as_printed_or_typed(row: LoopReturn, ada: User) -> None:
    rma = make_record(row, make_rma(make_sale([make_unit()])))

    assert list(find_by_scan(ada, rma.tran_id)) == list(find_by_scan(ada, rma.tran_id.lower())) == [row]


def test_scan_is_looked_up_and_not_searched_for(row: LoopReturn, ada: User) -> None:
    with indexes_preferred(), explained("returns_loopreturn") as plans:
        find_by_scan(ada, "RMA1042").exists()

    assert "Index Cond: ((tran_id)" in plans[0]
    assert "Seq Scan on returns_netsuiterecord" not in plans[0]


def test_return_of_another_shop_is_not_found(ada: User) -> None:
    make_return(make_shop("moss"))

    assert not find_by_scan(ada, "110700123").exists()


def test_arrival_is_noted_once_per_scan(row: LoopReturn, ada: User, shop: Shop) -> None:
    client_id = uuid.uuid4()

    for _ in range(2):
        record_arrival(shop, "9400100000000000000001", by=ada, client_id=client_id, loop_return=row)

    assert Arrival.objects.get().loop_return == row
    assert AuditEvent.objects.filter(action="scanned arrival").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_judging_one_unit_at_once_leave_one_outcome() -> None:
    shop = make_shop()
    row = make_return(shop)
    people = [make_user(Role.WAREHOUSE, shop) for _ in range(2)]
    told: list[Exception] = []
    start = threading.Barrier(2)

    def judge(person: User) -> None:
        start.wait()
        try:
            record_units(row, [judged()], by=person)
        except AlreadyInspectedError as error:
            told.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=judge, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert standing() == [("387001", "sellable")]
    assert len(told) == 1


def test_unit_on_hold_is_released_at_once_and_keeps_its_history(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "hold", "hold")
    LoopReturn.objects.update(look_again_at=None)

    judge_again(row, [judged("scrapped")], by=ada)

    row.refresh_from_db()
    assert standing() == [("387001", "scrapped"), ("387002", "hold")]
    assert [one.superseded_by is None for one in InspectedUnit.objects.filter(outcome="hold").order_by("pk")] == [
        False,
        True,
    ]
    assert row.look_again_at is not None


def test_release_sent_again_changes_nothing(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "hold")
    release = judged("sellable")

    first, second = judge_again(row, [release], by=ada), record_units(row, [release], by=ada)

    assert first == second
    assert InspectedUnit.objects.count() == 2


@pytest.mark.parametrize("outcome", ["refused", "missing", "hold"])
def test_unit_on_hold_was_taken_in_and_paid_so_it_cannot_be_refused(row: LoopReturn, ada: User, outcome: str) -> None:
    make_inspection(row, ada, "hold")

    with pytest.raises(NotPossibleError, match="becomes one of sellable, damaged, scrapped"):
        record_units(row, [judged(outcome)], by=ada)

    assert standing() == [("387001", "hold")]


def test_only_what_is_on_hold_is_released(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "damaged")

    with pytest.raises(AlreadyInspectedError, match="not on hold"):
        judge_again(row, [judged("sellable")], by=ada)

    assert standing() == [("387001", "damaged")]


def test_release_leaves_a_colleagues_open_inspection_alone(row: LoopReturn, ada: User, shop: Shop) -> None:
    make_inspection(row, ada, "hold")
    other = judge_units(row, [judged("refused", "387002")], by=ada)

    judge_again(row, [judged("sellable")], by=ada)

    other.refresh_from_db()
    assert other.finished_at is None


def test_missing_unit_stays_missing_until_the_look_that_found_it_is_finished(row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "missing", "sellable")

    judge_units(row, [judged("sellable")], by=ada)
    again = judge_units(row, [judged("damaged")], by=ada)
    assert [unit.outcome for unit in load_facts(row).units] == ["missing", "sellable"]

    finish_inspection(again, by=ada)
    assert [unit.outcome for unit in load_facts(row).units] == ["damaged", "sellable"]


def test_resend_about_a_unit_that_came_after_all_is_done(row: LoopReturn, ada: User) -> None:
    record_units(row, [judged("missing")], by=ada)
    row.lines.filter(line_item_id="387001").update(removed=True)
    late = judged("damaged")
    judge_units(row, [late], by=ada)

    judge_units(row, [late], by=ada)  # its answer was lost

    assert ("387001", "damaged") in standing()


def test_audit_of_a_finished_inspection_tells_what_stands(row: LoopReturn, ada: User) -> None:
    first = judge_units(row, [judged("missing")], by=ada)
    bert = make_user(Role.WAREHOUSE, row.shop)
    judge_units(row, [judged("damaged")], by=bert)
    judge_units(row, [judged("sellable", "387002")], by=ada)

    finish_inspection(first, by=ada)

    event = AuditEvent.objects.get(action="finished inspection")
    assert event.after == {"387002": "sellable"}
