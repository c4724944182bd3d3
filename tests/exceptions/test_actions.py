"""What a person may do about a case, and what they may not."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from exceptions import actions, offers
from exceptions.cases import sync_cases
from exceptions.forms import CorrectDateForm, goods_choices
from exceptions.models import Case, CaseMember
from exceptions.taking import take
from integrations.models import NetSuiteAccount, Shop
from returnsops.lib import clock
from returnsops.people.models import AuditEvent, Role, User
from returnsops.posting.models import Pause, Posting
from returnsops.returns.decisions import add_override, has_corrected
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.found import FoundThing, note_found
from returnsops.returns.models import Approval, Item, KitMember, LoopReturn, Override
from returnsops.returns.problems import KINDS, Problem
from returnsops.returns.problems.kinds import MAP_SKU
from tests.builders import make_due, make_item, make_mapping, make_policy, make_posting, make_return, make_user

pytestmark = pytest.mark.django_db
SEEN = "a" * 64


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    row = make_return(shop)
    LoopReturn.objects.update(look_again_at=None)
    return row


def member_of(row: LoopReturn, code: str, **changes: Any) -> CaseMember:
    values: dict[str, Any] = {"subject": f"return:{row.loop_id}", "cause": "It differs.", "amount": Decimal("0.03")}
    sync_cases(row, [Problem(code, **values | changes)])
    return CaseMember.objects.get(loop_return=row, left_at=None)


def differing(row: LoopReturn, **changes: Any) -> CaseMember:
    return member_of(row, "amount_differs", seen_hash=SEEN, **changes)


def refused(row: LoopReturn, kind: str = "receipt") -> CaseMember:
    request = {"operation": "transform", "body": {"tranDate": "2026-10-31"}}
    refusal = {"family": "period_closed"}
    posting = make_posting(row, make_due(kind, request=request), status="rejected", refusal=refusal, attempts=1)
    return member_of(row, "posting_refused", subject=f"posting:{posting}", posting=posting.external_id)


def is_planned_anew(row: LoopReturn) -> bool:
    row.refresh_from_db()
    return row.look_again_at is not None


# --- Approve ----------------------------------------------------------------------------------------


def test_approval_is_bound_to_what_was_seen(row: LoopReturn, finn: User) -> None:
    actions.approve(differing(row), seen_hash=SEEN, by=finn, reason="Tax rounding")

    approval = Approval.objects.get()
    assert (approval.subject, approval.seen_hash, approval.approver) == ("credit", SEEN, finn)
    assert is_planned_anew(row)


def test_approval_is_on_the_case_and_in_the_audit_trail(row: LoopReturn, finn: User) -> None:
    member = differing(row)

    actions.approve(member, seen_hash=SEEN, by=finn, reason="Tax rounding")

    event = member.case.events.last()
    assert event is not None
    assert (event.kind, event.actor, event.text) == ("approved", finn, "Tax rounding")
    assert AuditEvent.objects.filter(actor=finn, action="approved", reason="Tax rounding").count() == 1


def test_approval_of_figures_that_moved_is_refused(row: LoopReturn, finn: User) -> None:
    member = differing(row)
    differing(row, cause="It differs more.", amount=Decimal("0.04"))
    CaseMember.objects.update(problem=CaseMember.objects.get().problem | {"seen_hash": "b" * 64})

    with pytest.raises(NotPossibleError, match="figures changed"):
        actions.approve(member, seen_hash=SEEN, by=finn)

    assert not Approval.objects.exists()


def test_who_corrected_a_value_does_not_approve_it(row: LoopReturn, finn: User, fay: User) -> None:
    member = differing(row)
    add_override(row, kind=Override.Kind.TRAN_DATE, subject="all", value="2026-11-01", reason="why", by=finn)

    with pytest.raises(NotPossibleError, match="corrected this return yourself"):
        actions.approve(member, seen_hash=SEEN, by=finn)
    actions.approve(member, seen_hash=SEEN, by=fay)

    assert Approval.objects.get().author == finn


def test_who_corrected_first_does_not_approve_after_a_second_correction(row: LoopReturn, finn: User, fay: User) -> None:
    member = differing(row)
    add_override(row, kind=Override.Kind.ORDER_LINE, subject="387001", value="3", reason="why", by=finn)
    add_override(row, kind=Override.Kind.TRAN_DATE, subject="all", value="2026-11-01", reason="why", by=fay)

    with pytest.raises(NotPossibleError, match="corrected this return yourself"):
        actions.approve(member, seen_hash=SEEN, by=finn)


def test_noting_a_problem_is_no_correction(row: LoopReturn, finn: User) -> None:
    member = differing(row)
    add_override(row, kind=Override.Kind.ACKNOWLEDGE, subject="x", value="seen", reason="why", by=finn)

    actions.approve(member, seen_hash=SEEN, by=finn)

    assert Approval.objects.exists()


def test_approval_above_ones_limit_is_refused(row: LoopReturn, shop: Shop) -> None:
    junior = make_user(Role.FINANCE, shop, limit="50")

    with pytest.raises(NotPossibleError, match=r"60\.00 USD is above your approval limit"):
        actions.approve(differing(row, amount=Decimal(60)), seen_hash=SEEN, by=junior)


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.DATA, Role.CARE])
def test_only_finance_approves(row: LoopReturn, shop: Shop, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        actions.approve(differing(row), seen_hash=SEEN, by=make_user(role, shop))


def test_approval_twice_is_one(row: LoopReturn, finn: User, fay: User) -> None:
    member = differing(row)

    actions.approve(member, seen_hash=SEEN, by=finn)
    actions.approve(member, seen_hash=SEEN, by=fay)

    assert Approval.objects.get().approver == finn


# --- Correct and retry ------------------------------------------------------------------------------


def test_corrected_date_is_a_fact_with_a_reason(row: LoopReturn, finn: User) -> None:
    yesterday = clock.now().date() - timedelta(days=1)

    actions.correct_date(refused(row), tran_date=yesterday, by=finn, reason="October is closed")

    override = Override.objects.get()
    assert (override.kind, override.subject, override.value) == ("tran_date", "receipt", yesterday.isoformat())
    assert override.reason == "October is closed"
    assert is_planned_anew(row)


def test_date_in_the_future_is_refused(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="in the future"):
        actions.correct_date(refused(row), tran_date=clock.now().date() + timedelta(days=2), by=finn, reason="why")


def test_date_without_a_reason_is_refused(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="Say why"):
        actions.correct_date(refused(row), tran_date=clock.now().date(), by=finn, reason=" ")


def test_second_correction_takes_the_place_of_the_first(row: LoopReturn, finn: User) -> None:
    today = clock.now().date()
    member = refused(row)
    for days in (2, 1):
        actions.correct_date(member, tran_date=today - timedelta(days=days), by=finn, reason="why")

    standing = Override.objects.get(withdrawn_at=None)
    assert standing.value == (today - timedelta(days=1)).isoformat()
    assert Override.objects.count() == 2


def test_document_without_a_date_of_ours_has_none_to_correct(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="no date that we set"):
        actions.correct_date(refused(row, "rma"), tran_date=clock.now().date(), by=finn, reason="why")


def test_retry_sends_the_same_again(row: LoopReturn, finn: User) -> None:
    actions.retry(refused(row), by=finn)

    assert Posting.objects.get().status == "pending"
    assert is_planned_anew(row)


def test_retry_of_what_is_no_longer_refused_says_so(row: LoopReturn, finn: User) -> None:
    member = refused(row)
    actions.retry(member, by=finn)

    with pytest.raises(NotPossibleError, match="not refused any more"):
        actions.retry(member, by=finn)


def test_action_that_does_not_help_is_refused(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="does not help"):
        actions.retry(differing(row), by=finn)


def test_chosen_order_line_is_a_fact(row: LoopReturn, finn: User) -> None:
    member = member_of(row, "unit_not_on_order", subject="unit:387001")

    actions.choose_line(member, unit="387001", line="3", by=finn, reason="Sold on line 3")

    assert Override.objects.get(kind="order_line", subject="387001").value == "3"


def test_line_of_a_unit_of_another_return_cannot_be_chosen(row: LoopReturn, finn: User) -> None:
    member = member_of(row, "unit_not_on_order", subject="unit:387001")

    with pytest.raises(NotPossibleError, match="not part of this return"):
        actions.choose_line(member, unit="999", line="3", by=finn, reason="why")


# --- Note, take, offers -----------------------------------------------------------------------------


def test_noted_problem_no_longer_stands(row: LoopReturn, finn: User) -> None:
    member = member_of(row, "foreign_record", subject="record:8099")

    actions.acknowledge(member, by=finn, reason="Made by hand, voided now")

    assert Override.objects.get().subject == "foreign_record record:8099"
    assert is_planned_anew(row)


def test_note_without_words_is_refused(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="Say why"):
        actions.acknowledge(member_of(row, "foreign_record"), by=finn, reason="")

    assert not Override.objects.exists()


def test_nothing_can_be_done_about_a_closed_case(row: LoopReturn, finn: User) -> None:
    member = differing(row)
    sync_cases(row, [])

    with pytest.raises(NotPossibleError, match="case is closed"):
        actions.approve(member, seen_hash=SEEN, by=finn)


def test_taking_a_case_says_whose_it_is(row: LoopReturn, finn: User, fay: User) -> None:
    case = differing(row).case

    take(case, by=finn)
    take(Case.objects.get(), by=fay)

    taken = Case.objects.get()
    assert (taken.status, taken.assignee) == ("taken", fay)
    assert [event.text for event in taken.events.filter(kind="taken")] == ["finn takes it.", "fay takes it from finn."]


def test_closed_case_cannot_be_taken(row: LoopReturn, finn: User) -> None:
    case = differing(row).case
    sync_cases(row, [])

    with pytest.raises(NotPossibleError, match="closed"):
        take(case, by=finn)

    assert Case.objects.get().assignee is None


def test_note_is_kept_with_its_author(row: LoopReturn, ada: User) -> None:
    case = differing(row).case

    actions.add_note(case, by=ada, text=" Parcel is on shelf 4 ")

    event = case.events.get(kind="note")
    assert (event.actor, event.text) == (ada, "Parcel is on shelf 4")


def test_offers_show_what_helps_and_why_not(row: LoopReturn, finn: User, ada: User) -> None:
    member = differing(row)

    assert [(offer.name, offer.refused) for offer in offers.offers(member, finn)] == [("approve", "")]
    assert offers.offers(member, ada)[0].refused == "Your role in Fern does not include it."


def test_every_action_of_the_catalogue_can_be_offered_or_lies_in_the_admin() -> None:

    named = {action for kind in KINDS.values() for action in kind.actions}

    assert named - offers.OFFERS.keys() == {MAP_SKU}
    assert offers.OFFERS.keys() == offers.RIGHT_FOR.keys()


# --- Goods that are not on the return ---------------------------------------------------------------


def found(row: LoopReturn) -> CaseMember:
    return member_of(row, "undeclared_item", subject="found:7", cause="2 × SOCKS lay in the parcel.")


def test_word_about_found_goods_is_a_fact(row: LoopReturn, finn: User) -> None:
    member = found(row)

    actions.say_goods(member, choice="send_back", by=finn, reason="Agreed by mail.")

    said = Override.objects.get()
    assert (said.kind, said.subject, said.value, said.reason) == ("found", "found:7", "send_back", "Agreed by mail.")
    assert member.case.events.get(kind="decided goods").text == "It goes back to the customer. Agreed by mail."
    assert is_planned_anew(row)


def test_word_about_found_goods_keeps_nobody_from_approving(row: LoopReturn, finn: User) -> None:
    actions.say_goods(found(row), choice="leave", by=finn, reason="Thrown out.")

    assert not has_corrected(finn, row)


@pytest.mark.parametrize(
    ("rules", "words"), [({}, "names no account"), ({"ownership": {}, "found_account": "650"}, "Another system")]
)
def test_found_goods_come_into_stock_only_where_the_policy_lets_them(
    row: LoopReturn, finn: User, rules: dict[str, Any], words: str
) -> None:
    make_policy(row.shop, **rules)

    with pytest.raises(NotPossibleError, match=words):
        actions.say_goods(found(row), choice="take_in", by=finn, reason="Ours.")
    assert ("take_in" in dict(goods_choices(found(row)))) is False


def test_found_kit_comes_into_stock_only_once_somebody_told_what_lies_in_it(
    row: LoopReturn, finn: User, ada: User
) -> None:
    make_policy(row.shop, found_account="650")
    goods = note_found(row, FoundThing("BOX", 1, uuid.uuid4()), by=ada)
    member = member_of(row, "undeclared_item", subject=f"found:{goods.pk}", cause="1 × BOX lay in the parcel.")
    box = make_mapping(row.shop, "BOX", make_item("BOX", "900", account=row.shop.account)).item
    Item.objects.filter(pk=box.pk).update(item_type="Kit")

    with pytest.raises(NotPossibleError, match="is a kit"):
        actions.say_goods(member, choice="take_in", by=finn, reason="Ours.")
    assert "take_in" not in dict(goods_choices(member))

    KitMember.objects.create(kit=box, item=make_item("CUP", "901", account=row.shop.account))
    actions.say_goods(member, choice="take_in", by=finn, reason="Ours.")


def test_found_goods_are_taken_in_with_an_account(row: LoopReturn, finn: User) -> None:
    make_policy(row.shop, found_account="650")

    assert "take_in" in dict(goods_choices(found(row)))
    actions.say_goods(found(row), choice="take_in", by=finn, reason="Ours.")

    assert Override.objects.get().value == "take_in"


def test_unknown_word_about_found_goods_is_refused(row: LoopReturn, finn: User) -> None:
    with pytest.raises(NotPossibleError, match="is no choice"):
        actions.say_goods(found(row), choice="sell", by=finn, reason="Money.")


# --- A cause that many share ------------------------------------------------------------------------


def behind_closed_period(row: LoopReturn) -> CaseMember:
    hinges = ("account", "period:2026-09", "shop:fern")
    request = {"operation": "transform", "body": {"tranDate": "2026-09-30"}}
    posting = make_posting(row, make_due("receipt", request=request, hinges_on=hinges))
    Pause.objects.create(
        account=row.shop.account, key="period:2026-09", code="period_closed", reason="It is closed.",
        opened_at=clock.now(), opened_from=posting,
    )  # fmt: skip
    return member_of(row, "period_closed", subject="period:2026-09", posting=posting.external_id)


def test_cause_said_to_be_gone_lets_one_document_go_first(row: LoopReturn, finn: User) -> None:
    member = behind_closed_period(row)

    actions.say_cause_gone(member, by=finn, reason="Reopened for two days.")

    pause = Pause.objects.get()
    assert (pause.probe, pause.tried_by, pause.ended_at) == (Posting.objects.get(), finn, None)
    event = member.case.events.get(kind="cause gone")
    assert event.text == "Reopened for two days. loop-fern-110700123-receipt-1 goes first."
    with pytest.raises(NotPossibleError, match="is being tried just now"):
        actions.say_cause_gone(member, by=finn, reason="Again.")


def test_cause_that_ended_meanwhile_is_told(row: LoopReturn, finn: User) -> None:
    member = behind_closed_period(row)
    Pause.objects.update(ended_at=clock.now())

    with pytest.raises(NotPossibleError, match="gone already"):
        actions.say_cause_gone(member, by=finn, reason="Open.")


def test_date_can_be_corrected_while_it_waits_behind_the_cause(row: LoopReturn, finn: User) -> None:
    member = behind_closed_period(row)

    actions.correct_date(member, tran_date=clock.now().date(), by=finn, reason="Booked today.")

    assert Override.objects.get().subject == "receipt"
    assert is_planned_anew(row)


def test_date_that_would_wait_behind_the_same_cause_is_refused(row: LoopReturn, finn: User) -> None:
    member = behind_closed_period(row)

    with pytest.raises(NotPossibleError, match="2026-09-02 waits as well: It is closed. Choose a date in another"):
        actions.correct_date(member, tran_date=date(2026, 9, 2), by=finn, reason="Another day of it.")

    assert not Override.objects.exists()


def test_data_people_do_not_end_causes(row: LoopReturn, dana: User) -> None:
    with pytest.raises(PermissionDenied):
        actions.say_cause_gone(behind_closed_period(row), by=dana, reason="Open.")


# --- When a retry cannot help -----------------------------------------------------------------------


@pytest.mark.parametrize(("refusals", "may"), [(4, True), (5, False)])
def test_retries_of_one_document_are_bounded(row: LoopReturn, finn: User, refusals: int, may: bool) -> None:
    member = refused(row)
    posting = Posting.objects.get()
    for number in range(refusals):
        posting.tries.create(
            number=number + 1, started_at=clock.now(), duration_s=0.1, request={}, outcome="rejected", answer="No."
        )

    offer = next(one for one in offers.offers(member, finn) if one.name == "retry")

    assert (offer.refused == "") == may
    if not may:
        with pytest.raises(NotPossibleError, match="5 times within an hour"):
            actions.retry(member, by=finn)


@pytest.mark.parametrize("family", ["unbalanced", "invalid_request"])
def test_retry_that_cannot_help_says_so(row: LoopReturn, finn: User, family: str) -> None:
    member = refused(row)
    Posting.objects.update(refusal={"family": family})

    with pytest.raises(NotPossibleError, match="Unchanged it would be refused again"):
        actions.retry(member, by=finn)


def test_approval_in_a_currency_that_the_limit_is_not_in_is_refused(row: LoopReturn, shop: Shop) -> None:
    LoopReturn.objects.update(currency="KWD")
    row.refresh_from_db()
    limited = make_user(Role.FINANCE, shop, limit="50")

    with pytest.raises(NotPossibleError, match="limit"):
        actions.approve(differing(row, amount=Decimal("49.000")), seen_hash=SEEN, by=limited)


def test_today_is_that_of_the_account(row: LoopReturn, finn: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Auckland December has begun, and what is posted there is dated so."""
    NetSuiteAccount.objects.update(time_zone="Pacific/Auckland")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 30, 20, 0, tzinfo=UTC))
    member = refused(row)

    assert CorrectDateForm(member=member).initial["tran_date"] == date(2026, 12, 1)
    actions.correct_date(member, tran_date=date(2026, 12, 1), by=finn, reason="November is closed.")

    assert Override.objects.get().value == "2026-12-01"


def test_today_of_an_account_behind_is_not_tomorrow(
    row: LoopReturn, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    NetSuiteAccount.objects.update(time_zone="America/Los_Angeles")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 1, 4, 0, tzinfo=UTC))

    with pytest.raises(NotPossibleError, match="in the future"):
        actions.correct_date(refused(row), tran_date=date(2026, 12, 1), by=finn, reason="November is closed.")
