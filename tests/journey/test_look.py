"""Look before post, against the sandbox's NetSuite: what of others stands in the place of ours, and what does not."""

from typing import Any

import pytest

from integrations.connections import netsuite_client
from returnsops.lib import clock
from returnsops.posting.look import Found, look_first
from returnsops.posting.models import Posting
from returnsops.posting.settle import adopt_found, settle
from returnsops.posting.sought import seek
from returnsops.posting.verify import sent_rows
from returnsops.returns.models import LoopReturn, NetSuiteRecord, PolicyVersion
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey


def act(stage: Stage, row: LoopReturn, action: str, record: str, **more: Any) -> dict[str, Any]:
    body = {"account": row.shop.account.account_id, "action": action, "record": record, **more}
    answer: dict[str, Any] = stage.ask("netsuite/act", body)
    return answer


def due(stage: Stage, row: LoopReturn, kind: str) -> Posting:
    """What the plan wants posted next, before any sender takes it."""
    stage.work_through_queue()
    return Posting.objects.get(loop_return=row, kind=kind, status="pending")


def look(posting: Posting) -> Found | None:
    (sought,) = seek([posting])
    return look_first(netsuite_client(posting.account), [sought]).found.get(posting.external_id)


def judged(stage: Stage, *outcomes: str, **params: Any) -> LoopReturn:
    row = stage.make("refund", units=len(outcomes), **params)
    stage.judge(row, *outcomes)
    return row


def rma_of(row: LoopReturn) -> NetSuiteRecord:
    return row.records.get(record_type="returnAuthorization", gone_at=None)


def received_by_hand(stage: Stage, row: LoopReturn, posting: Posting, **changes: Any) -> dict[str, Any]:
    """A person receives what the posting asks for, changed."""
    rows = [one | changes for one in posting.request["body"]["item"]["items"]]
    return act(stage, row, "receive", rma_of(row).internal_id, body={"item": {"items": rows}})


def take_up(posting: Posting, found: Found) -> str:
    Posting.objects.filter(pk=posting.pk).update(status="sending", sending_since=clock.now())
    posting.refresh_from_db()
    outcome = adopt_found(posting, found)
    posting.refresh_from_db()
    return outcome


def test_nothing_of_others_is_found_where_there_is_nothing(stage: Stage) -> None:
    row = judged(stage, "sellable")

    assert look(due(stage, row, "receipt")) is None


def test_same_receipt_by_hand_is_adopted_and_the_return_goes_on(stage: Stage) -> None:
    row = judged(stage, "sellable")
    posting = due(stage, row, "receipt")
    received_by_hand(stage, row, posting)

    found = look(posting)
    assert found is not None
    assert (found.is_ours, found.differences) == (False, ())
    assert take_up(posting, found) == "adopted"
    stage.run()

    row.refresh_from_db()
    assert posting.adopted_from in ("person", "foreign")
    assert len(stage.books(row).receipts) == 1
    assert row.stage == "settled"


def test_receipt_by_hand_at_another_place_is_refused_and_says_which(stage: Stage) -> None:
    row = judged(stage, "sellable")
    posting = due(stage, row, "receipt")
    holding = PolicyVersion.objects.get(shop=row.shop, active=True).rules["locations"]["holding"]
    received_by_hand(stage, row, posting, location={"id": holding})

    found = look(posting)
    assert found is not None
    assert take_up(posting, found) == "rejected"
    stage.run()

    assert any("at location" in one for one in posting.refusal["differences"])  # type: ignore[index]
    assert len(stage.books(row).receipts) == 1
    assert "foreign_record" in stage.cases(row)


def test_part_of_the_units_by_hand_is_refused(stage: Stage) -> None:
    row = judged(stage, "sellable", "sellable")
    posting = due(stage, row, "receipt")
    first, *others = sent_rows(posting.request)
    rows = [first | {"quantity": 1}, *({"orderLine": one["orderLine"], "itemReceive": False} for one in others)]
    if not others and first["quantity"] == 1:
        pytest.skip("the scenario has one unit a line")
    act(stage, row, "receive", rma_of(row).internal_id, body={"item": {"items": rows}})

    found = look(posting)

    assert found is not None
    assert found.differences


def test_second_receipt_of_the_same_authorization_is_no_double_of_the_first(stage: Stage) -> None:
    row = stage.make("twin_units")
    stage.judge(row, "sellable", "damaged")
    stage.work_through_queue()
    first, second = Posting.objects.filter(loop_return=row, kind="receipt", status="pending").order_by("pk")
    received_by_hand(stage, row, first)

    found = look(first)
    assert found is not None
    take_up(first, found)

    assert look(second) is None


@pytest.mark.parametrize("undone", ["delete", "void"])
def test_what_was_undone_by_hand_stands_in_nobodys_place(stage: Stage, undone: str) -> None:
    row = judged(stage, "sellable", billing="invoice")
    stage.run()
    credit = stage.books(row).credits[0]
    posting = Posting.objects.get(loop_return=row, kind="credit")
    for refund in stage.books(row).refunds:
        act(stage, row, "delete", refund["id"])
    act(stage, row, undone, credit["id"])

    found = look(posting)

    assert (found is None) == (undone == "delete")
    assert found is None or (found.is_ours and found.is_same)  # voided, and ours all the same: a person undid it


def test_same_authorization_by_another_connector_is_adopted_with_its_origin(stage: Stage) -> None:
    row = stage.make("refund", parcel="in_transit")
    posting = Posting.objects.get(loop_return=row, kind="rma")
    act(stage, row, "delete", rma_of(row).internal_id)
    Posting.objects.filter(pk=posting.pk).update(status="pending", their_id="", posted_at=None)
    body = {"item": posting.request["body"]["item"]}
    act(stage, row, "authorize", posting.request["source_id"], body=body, **{"as": "other_connector"})

    found = look(Posting.objects.get(pk=posting.pk))
    assert found is not None
    outcome = take_up(posting, found)

    assert (outcome, posting.adopted_from) == ("adopted", "connector"), found.differences


def test_our_own_record_is_found_under_our_id_and_verified(stage: Stage) -> None:
    row = stage.make("refund", parcel="in_transit")
    posting = Posting.objects.get(loop_return=row, kind="rma")

    found = look(posting)

    assert found is not None
    assert (found.is_ours, found.differences) == (True, ())


def test_document_that_was_saved_before_a_script_failed_is_ours(stage: Stage) -> None:
    rule = {"system": "netsuite", "operation": "transform returnAuthorization", "kind": "script_error_after"}
    stage.ask("faults", rule)

    row = stage.make("refund", parcel="in_transit")
    posting = Posting.objects.get(loop_return=row, kind="rma")
    settle(posting)

    posting.refresh_from_db()
    assert (posting.status, posting.adopted_from) == ("posted", "ours")
    assert len(stage.books(row).rmas) == 1


def test_change_that_was_saved_before_a_script_failed_is_done(stage: Stage) -> None:
    row = stage.make("refund", parcel="in_transit")
    stage.ask("faults", {"system": "netsuite", "operation": "update returnAuthorization", "kind": "script_error_after"})
    stage.ask(f"loop/returns/{row.loop_id}/cancel", {})
    stage.run()

    posting = Posting.objects.get(loop_return=row, kind="rma_close")
    settle(posting)

    posting.refresh_from_db()
    assert (posting.status, posting.adopted_from) == ("posted", "ours")
