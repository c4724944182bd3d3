"""What the warehouse saw, as Loop has it afterwards (requirement D5)."""

from typing import Any

import pytest

from exceptions import actions
from exceptions.models import CaseMember
from returnsops.management.rehearsal.books import Known, check_books
from returnsops.people.models import Role
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.policies import activate_policy
from tests.builders import make_user
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey

WORDS = {
    "grades": {"sellable": "grade_a", "damaged": "grade_c", "refused": "grade_d"},
    "assessments": {"sellable": "back_to_stock", "damaged": "resale_hold"},
}


def follow(row: LoopReturn, **rules: Any) -> None:
    former = PolicyVersion.objects.get(shop=row.shop, active=True).rules
    activate_policy(row.shop, former | WORDS | rules, by=None, reason="Loop is to know")


def acts(stage: Stage, row: LoopReturn) -> list[str]:
    """What we asked of Loop; that it settled then is its own doing."""
    return [one["action"] for one in stage.loop_log(row) if one["who"] == "api" and one["action"] != "settle"]


def test_each_unit_is_graded_once_before_loop_is_asked_to_settle(stage: Stage) -> None:
    row = stage.make("twin_units")
    follow(row)

    stage.judge(row, "sellable", "damaged")
    stage.run()

    row.refresh_from_db()
    assert (row.stage, stage.cases(row)) == ("settled", [])
    assert sorted(acts(stage, row)[:2]) == ["assess", "grade"]
    assert acts(stage, row)[2:] == ["process"]
    told = {one["action"]: one["content"]["items"] for one in stage.loop_log(row) if "items" in (one["content"] or {})}
    assert [one["condition_category"] for one in told["grade"]] == ["grade_a", "grade_c"]
    assert [one["disposition_outcome"] for one in told["assess"]] == ["back_to_stock", "resale_hold"]
    for items in told.values():
        assert [one["note"] for one in items] == ["seen sellable", "seen damaged"]
    dump = stage.ask("dump", method="GET")
    assert check_books(dump, Known({row.loop_id: {row.lines.all()[0].sku: 1}}, {})).counts["duplicates"] == 0


def test_words_on_a_refused_unit_of_an_exchange_stand_in_loop_before_the_flag(stage: Stage) -> None:
    row = stage.make("exchange")
    follow(row)

    stage.judge(row, "refused")
    stage.run()

    *said, flagged = [one for one in stage.loop_log(row) if one["action"] in ("grade", "note", "state review")]
    content = {one["action"]: one["content"] for one in said}
    assert flagged["action"] == "state review"
    assert [one["note"] for one in content["grade"]["items"]] == ["seen refused"]
    assert content["note"]["content"].endswith(f"{row.lines.get().sku}: seen refused")


def test_unit_that_is_refused_is_graded_before_it_is_taken_out(stage: Stage) -> None:
    row = stage.make("twin_units")
    follow(row)

    stage.judge(row, "refused", "sellable")
    stage.run()

    assert sorted(acts(stage, row)[:2]) == ["assess", "grade"]
    assert acts(stage, row)[2:] == ["remove"]


def test_grade_that_loop_refuses_holds_up_no_money(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"inspect_ended": "refused"}})
    row = stage.make("refund")
    follow(row, refund_authority="loop_first")
    stage.ask(f"loop/returns/{row.loop_id}/settle")

    stage.judge(row, "sellable")
    stage.run()

    row.refresh_from_db()
    assert (row.stage, row.state) == ("settled", "closed")
    assert stage.cases(row) == ["posting_refused", "posting_refused"]
    refused = CaseMember.objects.filter(loop_return=row, case__code="posting_refused")
    assert {one.problem["amount"] for one in refused} == {"0"}
    assert len(stage.books(row).refunds) == 1


def test_grade_that_loop_refuses_for_good_is_cancelled_and_noted(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"inspect_ended": "refused"}})
    row = stage.make("refund")
    follow(row, refund_authority="loop_first", assessments={})
    stage.ask(f"loop/returns/{row.loop_id}/settle")
    stage.judge(row, "sellable")
    stage.run()
    fay = make_user(Role.FINANCE, row.shop)

    for code, act in (("posting_refused", actions.cancel), ("remark_cancelled", actions.acknowledge)):
        assert stage.cases(row) == [code]
        act(CaseMember.objects.get(loop_return=row, left_at=None), by=fay, reason="the key gets no such scope")
        stage.run()

    row.refresh_from_db()
    assert (row.stage, stage.cases(row)) == ("settled", [])


def test_return_that_is_over_is_not_told_of_where_loop_takes_it_no_more(stage: Stage) -> None:
    stage.ask("settings", {"loop": {"inspect_ended": "refused"}})
    row = stage.make("refund")
    follow(row, refund_authority="loop_first", grades_when_ended=False)
    stage.ask(f"loop/returns/{row.loop_id}/settle")

    stage.judge(row, "sellable")
    stage.run()

    row.refresh_from_db()
    assert (row.stage, stage.cases(row), acts(stage, row)) == ("settled", [], [])
