"""«Cancel it»: what waits for its turn, its next try or a person is not sent until somebody lets it go after all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from exceptions import actions
from exceptions.models import CaseMember
from integrations.models import Shop
from returnsops.people.models import AuditEvent, Role, User
from returnsops.posting.models import Posting
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.facts import OverrideFacts, ReturnFacts
from returnsops.returns.models import LoopReturn, Override
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.plan.kinds import POSTING_KINDS
from tests.builders import make_facts, make_posted, make_shop, make_unit, make_user
from tests.other_side import carry_out_one, codes_of, kinds_of, step_of
from tests.pages.scenes import make_planned_return, plan_anew

pytestmark = pytest.mark.django_db
WHY = "The customer called: it is a gift, wait for Monday"


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    """Its Return Authorization failed for a passing reason, and waits for its next try."""
    row = make_planned_return(shop)
    Posting.objects.update(attempts=2, not_before=timezone.now() + timedelta(minutes=3))
    return row


def only(row: LoopReturn) -> Posting:
    return Posting.objects.get(loop_return=row)


def cancel(row: LoopReturn, by: User) -> Posting:
    actions.cancel_posting(only(row), by=by, reason=WHY)
    plan_anew(row)
    return only(row)


def test_cancelled_posting_is_withdrawn_and_its_return_says_why(row: LoopReturn, finn: User) -> None:
    posting = cancel(row, finn)

    assert posting.status == "voided"
    assert not posting.covers.filter(live=True).exists()
    row.refresh_from_db()
    assert row.stage == "needs_person"
    (step,) = [one for one in row.plan["steps"] if one["code"] == "rma"]
    assert (step["state"], step["detail"]) == ("blocked", f"cancelled: {WHY}")


def test_cancelled_posting_is_one_case_with_the_reason_and_an_audit_row(row: LoopReturn, finn: User) -> None:
    posting = cancel(row, finn)

    member = CaseMember.objects.get(loop_return=row, left_at=None)
    assert (member.case.code, member.case.subject) == ("posting_cancelled", f"posting:{posting}")
    assert WHY in member.problem["cause"]
    event = AuditEvent.objects.get(action="cancelled")
    assert (event.actor, event.reason) == (finn, WHY)


def test_nothing_is_made_in_its_place_however_often_it_is_planned(row: LoopReturn, finn: User) -> None:
    cancel(row, finn)

    for _ in range(3):
        plan_anew(row)

    assert Posting.objects.count() == 1


def test_what_was_cancelled_goes_after_all_under_the_next_number(row: LoopReturn, finn: User, fay: User) -> None:
    posting = cancel(row, finn)
    member = CaseMember.objects.get(loop_return=row, left_at=None)

    actions.send_after_all(member, by=fay, reason="She keeps one, the other comes")
    plan_anew(row)

    again = Posting.objects.exclude(pk=posting.pk).get()
    assert (again.status, again.number) == ("pending", 2)
    assert not CaseMember.objects.filter(loop_return=row, left_at=None).exists()
    with pytest.raises(NotPossibleError):
        actions.send_after_all(member, by=fay, reason="once more")


def test_refused_document_is_cancelled_on_its_case(row: LoopReturn, finn: User) -> None:
    Posting.objects.update(status="rejected", refusal={"family": "inactive_item", "detail": "Item 5531 is inactive."})
    plan_anew(row)
    member = CaseMember.objects.get(loop_return=row, left_at=None)

    actions.cancel(member, by=finn, reason=WHY)
    plan_anew(row)

    assert only(row).status == "voided"
    standing = CaseMember.objects.filter(loop_return=row, left_at=None)
    assert list(standing.values_list("case__code", flat=True)) == ["posting_cancelled"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"status": "sending", "sending_since": timezone.now()}, "may be over there"),
        ({"status": "uncertain", "uncertain_since": timezone.now()}, "may be over there"),
        ({"status": "posted", "their_id": "9001", "posted_at": timezone.now()}, "is over there"),
        ({"status": "voided"}, "withdrawn already"),
        ({"kind": "transfer"}, "made by hand would be made a second time"),
        ({"status": "rejected", "refusal": {"family": "other_content"}}, "external id is in NetSuite"),
    ],
    ids=["being sent", "in doubt", "posted", "voided", "no look would find it", "our id is taken"],
)
def test_what_may_be_over_there_cannot_be_cancelled(
    columns: dict[str, object], words: str, row: LoopReturn, finn: User
) -> None:
    Posting.objects.update(**columns)

    with pytest.raises(NotPossibleError, match=words):
        actions.cancel_posting(only(row), by=finn, reason=WHY)

    assert not Override.objects.exists()


def test_who_loses_the_race_with_the_sender_changes_nothing(
    row: LoopReturn, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returnsops.posting.outbox.move_posting", lambda *args, **changes: False)

    with pytest.raises(NotPossibleError, match="on its way"):
        actions.cancel_posting(only(row), by=finn, reason=WHY)

    assert not Override.objects.exists()
    assert not AuditEvent.objects.filter(action="cancelled").exists()


def test_only_who_may_correct_cancels_and_says_why(row: LoopReturn, shop: Shop, finn: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.cancel_posting(only(row), by=make_user(Role.CARE, shop), reason=WHY)
    with pytest.raises(NotPossibleError, match="Say why"):
        actions.cancel_posting(only(row), by=finn, reason=" ")

    assert only(row).status == "pending"


def test_later_document_for_the_same_units_is_held_as_well() -> None:
    units = (make_unit(1), make_unit(2))
    posting = make_posted("rma", "", [units[0].cover], status="voided", posted_at=None)
    said = OverrideFacts("cancel", posting.external_id, WHY, 1)

    plan = plan_return(replace(make_facts(units=units), postings=(posting,), overrides=(said,)))

    assert (codes_of(plan), kinds_of(plan)) == (["posting_cancelled"], [])
    assert step_of(plan, "rma").state == StepState.BLOCKED


@pytest.mark.parametrize(("cancelled", "judged"), [("loop_process", "refused"), ("loop_remove", "sellable")])
def test_cancelled_settlement_does_not_go_out_as_its_sister(cancelled: str, judged: str) -> None:
    """Asking to process and asking to remove what was refused are one decision: that Loop settles."""
    facts = carry_out(make_facts(units=(make_unit(1, "sellable"), make_unit(2, judged))), until="settle")
    part = [f"part:settlement:{facts.loop.loop_id}"]
    posting = make_posted(cancelled, "", part, status="voided", posted_at=None)
    said = OverrideFacts("cancel", posting.external_id, WHY, 1)

    plan = plan_return(replace(facts, postings=(*facts.postings, posting), overrides=(said,)))

    assert codes_of(plan) == ["posting_cancelled"]
    assert {"loop_process", "loop_remove"}.isdisjoint(kinds_of(plan))


def carry_out(facts: ReturnFacts, *, until: str) -> ReturnFacts:
    """Everything is posted that comes before this step."""
    while not any(POSTING_KINDS[due.kind].step == until for due in plan_return(facts).postings):
        facts = carry_out_one(facts, plan_return(facts).postings[0])
    return facts


def test_page_of_the_return_cancels_what_waits(row: LoopReturn, finn: User, client: Client) -> None:
    client.force_login(finn)
    assert f'action="/postings/{only(row).pk}/cancel/"' in client.get(f"/returns/{row.pk}/").text

    answer = client.post(f"/postings/{only(row).pk}/cancel/", {"reason": WHY}, follow=True)

    assert "is cancelled" in answer.text
    assert only(row).status == "voided"
    assert "/cancel/" not in client.get(f"/returns/{row.pk}/").text


def test_posting_of_another_shop_is_not_found(row: LoopReturn, client: Client) -> None:
    client.force_login(make_user(Role.FINANCE, make_shop("moss")))

    assert client.post(f"/postings/{only(row).pk}/cancel/", {"reason": WHY}).status_code == 404
    assert only(row).status == "pending"
