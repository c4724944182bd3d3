"""What a person may do about a case. Screens, API and smoke run call these same functions.

Each adds a fact, an event and an audit row, and asks for a new plan. Each raises PermissionDenied without the right
and NotPossibleError when the facts do not allow it; then nothing was changed.
"""

from datetime import date
from decimal import Decimal

from django.db import transaction

from exceptions.cases import note_event
from exceptions.models import Case, CaseMember
from exceptions.offers import RIGHT_FOR, pause_of, posting_of, why_not
from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.posting import outbox, pausing
from returnsops.posting.models import Posting
from returnsops.posting.pauses import find_pause
from returnsops.returns.decisions import add_approval, add_override, withdraw_override
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.found import why_no_stock_in
from returnsops.returns.models import FoundGoods, Override
from returnsops.returns.plan.comparing import CREDIT_SUBJECT
from returnsops.returns.plan.finding import WORDS as GOODS_WORDS
from returnsops.returns.plan.finding import FoundChoice
from returnsops.returns.plan.hinges import period_key
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.outbox_problems import STRANGER_DIFFERS
from returnsops.returns.policies import active_policy
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import (
    ACKNOWLEDGE,
    ADOPT,
    APPROVE,
    CANCEL,
    CAUSE_GONE,
    CHOOSE_LINE,
    CORRECT_DATE,
    POST_AGAIN,
    RETRY,
    SAY_GOODS,
    SEND_AFTER_ALL,
)
from returnsops.returns.replan import ask_for_plan, hold_return


@transaction.atomic
def approve(member: CaseMember, *, seen_hash: str, by: User, reason: str = "") -> None:
    """Say yes to exactly the credit that was on the screen. If the figures moved meanwhile, nothing is approved."""
    member = _locked(member)
    _require(APPROVE, member, by)
    if seen_hash != member.problem["seen_hash"]:
        raise NotPossibleError("The figures changed while you looked. Reload, check them again, then approve.")
    amount = Decimal(member.problem["amount"])
    add_approval(member.loop_return, subject=CREDIT_SUBJECT, seen_hash=seen_hash, amount=amount, reason=reason, by=by)
    _record(member, by, "approved", reason or "Approved as shown.", after={"seen_hash": seen_hash, "amount": amount})


@transaction.atomic
def correct_date(member: CaseMember, *, tran_date: date, by: User, reason: str) -> None:
    """Give the refused document another date; the plan sends it again with it."""
    member = _locked(member)
    _require(CORRECT_DATE, member, by)
    posting = _posting_in_case(member)
    if tran_date > clock.today(member.loop_return.shop.account.time_zone):
        raise NotPossibleError(f"{tran_date} is in the future. Choose today or an earlier date in an open period.")
    if pause := find_pause(member.loop_return.shop.account, period_key(tran_date.isoformat())):
        raise NotPossibleError(
            f"{tran_date} waits as well: {pause.reason} Choose a date in another period; or open this one in NetSuite "
            "and say that the cause is gone."
        )
    before = posting.request["body"].get("tranDate")
    add_override(
        member.loop_return, kind=Override.Kind.TRAN_DATE, subject=POSTING_KINDS[posting.kind].dated_as,
        value=tran_date.isoformat(), reason=reason, by=by,
    )  # fmt: skip
    _record(
        member, by, "corrected date", f"{before or 'no date'} → {tran_date}. {reason}",
        before={"tranDate": before}, after={"tranDate": tran_date},
    )  # fmt: skip


@transaction.atomic
def choose_line(member: CaseMember, *, unit: str, line: str, by: User, reason: str) -> None:
    """Say which line of the original order a unit came from."""
    member = _locked(member)
    _require(CHOOSE_LINE, member, by)
    if not member.loop_return.lines.filter(line_item_id=unit, removed=False).exists():
        raise NotPossibleError(f"Unit {unit} is not part of this return.")
    add_override(member.loop_return, kind=Override.Kind.ORDER_LINE, subject=unit, value=line, reason=reason, by=by)
    _record(member, by, "chose order line", f"Unit {unit} was sold on line {line}. {reason}", after={unit: line})


@transaction.atomic
def adopt(member: CaseMember, *, record: str, by: User, reason: str) -> None:
    """Say which record of NetSuite stands for the refused posting. It is looked at before it is taken."""
    member = _locked(member)
    _require(ADOPT, member, by)
    posting = _posting_in_case(member)
    if not (record.isascii() and record.isdecimal()):
        raise NotPossibleError(f"«{record}» is no internal id of NetSuite: a number, shown in the record's address.")
    add_override(
        member.loop_return, kind=Override.Kind.ADOPT, subject=posting.external_id, value=record, reason=reason, by=by
    )
    _record(
        member, by, "chose to adopt", f"Record {record} stands for {posting}. {reason}",
        after={posting.external_id: record},
    )  # fmt: skip


@transaction.atomic
def post_again(member: CaseMember, *, by: User, reason: str) -> None:
    """Post a document anew although a person deleted or voided it."""
    member = _locked(member)
    _require(POST_AGAIN, member, by)
    posting = posting_of(member)
    assert posting is not None, "what is gone names its posting"
    add_override(
        member.loop_return, kind=Override.Kind.POST_AGAIN, subject=posting.external_id, value=posting.their_id,
        reason=reason, by=by,
    )  # fmt: skip
    _record(
        member, by, "posts again", f"{posting} (id {posting.their_id}) is posted again. {reason}",
        before={"their_id": posting.their_id}, after={"post_again": posting.external_id},
    )  # fmt: skip


@transaction.atomic
def say_goods(member: CaseMember, *, choice: str, by: User, reason: str) -> None:
    """Say what becomes of goods that lay in a parcel and are not on its return."""
    member = _locked(member)
    _require(SAY_GOODS, member, by)
    if choice not in list(FoundChoice):
        raise NotPossibleError(f"«{choice}» is no choice. Use one of {', '.join(FoundChoice)}.")
    if choice == FoundChoice.TAKE_IN and (refused := why_not_taken_in(member)):
        raise NotPossibleError(refused)
    add_override(
        member.loop_return, kind=Override.Kind.FOUND, subject=member.case.subject, value=choice, reason=reason, by=by
    )
    words = f"It {GOODS_WORDS[FoundChoice(choice)]}. {reason}"
    _record(member, by, "decided goods", words, after={member.case.subject: choice})


def why_not_taken_in(member: CaseMember) -> str:
    policy = active_policy(member.loop_return.shop)
    if not policy.writes("receipt"):
        return "Another system receives goods for this shop: take them into stock there, and choose «nothing» here."
    if not policy.found_account:
        return "The policy names no account that found goods are booked against. Set «found_account», or choose anew."
    return why_no_stock_in(member.loop_return.shop, FoundGoods.objects.filter(pk=member.case.subject.partition(":")[2]))


@transaction.atomic
def retry(member: CaseMember, *, by: User, reason: str = "") -> None:
    """Send a refused document again, unchanged."""
    member = _locked(member)
    _require(RETRY, member, by)
    posting = _posting_in_case(member)
    if not outbox.retry(posting):
        raise NotPossibleError(f"{posting} is {posting.get_status_display().lower()} already. Reload the page.")
    _retry_twins(posting)
    ask_for_plan([member.loop_return_id])
    _record(member, by, "retried", reason or f"Sent {posting} again.", after={"posting": posting.external_id})


def _retry_twins(posting: Posting) -> None:
    """Refused for the same record of somebody else, they share the case: what is said of it is said for all."""
    refusal = posting.refusal or {}
    if refusal.get("family") == STRANGER_DIFFERS and not refusal.get("is_shared"):
        outbox.retry_others_refused_for(refusal.get("record"), beside=posting)


@transaction.atomic
def cancel(member: CaseMember, *, by: User, reason: str) -> None:
    """Take a refused document out of the outbox for good, unless somebody lets it go after all."""
    member = _locked(member)
    _require(CANCEL, member, by)
    posting = _posting_in_case(member)
    _cancel(posting, by=by, reason=reason)
    _record(member, by, "cancelled", f"{posting} is not sent. {reason}", after={"cancelled": posting.external_id})


@transaction.atomic
def cancel_posting(posting: Posting, *, by: User, reason: str) -> None:
    """The same for one that no case is about: it waits for its turn or its next try (requirement I5)."""
    access.require(by, RIGHT_FOR[CANCEL], shop=posting.shop)
    hold_return(posting.loop_return_id)
    posting = Posting.objects.select_related("loop_return", "shop").get(pk=posting.pk)
    if refused := outbox.why_no_cancel(posting):
        raise NotPossibleError(refused)
    _cancel(posting, by=by, reason=reason)
    audit.record_event(
        by, "cancelled", posting.loop_return, shop=posting.shop, after={"cancelled": posting.external_id}, reason=reason
    )


def _cancel(posting: Posting, *, by: User, reason: str) -> None:
    add_override(
        posting.loop_return, kind=Override.Kind.CANCEL, subject=posting.external_id, value=reason, reason=reason, by=by
    )
    if not outbox.withdraw(posting):
        raise NotPossibleError("It is on its way just now. Reload the page.")


@transaction.atomic
def send_after_all(member: CaseMember, *, by: User, reason: str) -> None:
    """Let go what was cancelled: the plan wants it again, as the facts are now."""
    member = _locked(member)
    _require(SEND_AFTER_ALL, member, by)
    posting = _posting_in_case(member)
    withdraw_override(member.loop_return, kind=Override.Kind.CANCEL, subject=posting.external_id)
    _record(
        member, by, "sends after all", f"{posting} was cancelled. {reason}", before={"cancelled": posting.external_id}
    )


@transaction.atomic
def say_cause_gone(member: CaseMember, *, by: User, reason: str) -> None:
    """The period is open again, the right is there: let one document try for all that wait behind the cause."""
    member = _locked(member)
    _require(CAUSE_GONE, member, by)
    pause = pause_of(member)
    if pause is None:
        raise NotPossibleError("It has ended already. Reload the page.")
    probe = pausing.resume_by(by, pause, reason=reason).probe
    first = f" {probe} goes first." if probe else ""
    _record(member, by, "cause gone", f"{reason}{first}", after={"first": str(probe or "")})


@transaction.atomic
def acknowledge(member: CaseMember, *, by: User, reason: str) -> None:
    """Note what was found or done; the problem no longer stands for this return."""
    member = _locked(member)
    _require(ACKNOWLEDGE, member, by)
    subject = f"{member.case.code} {member.case.subject}"
    add_override(
        member.loop_return, kind=Override.Kind.ACKNOWLEDGE, subject=subject, value="seen", reason=reason, by=by
    )
    posting = posting_of(member)
    if posting and member.case.code == "foreign_record":
        outbox.retry(posting)  # it is no double: ours may stand beside it
        _retry_twins(posting)
    _record(member, by, "noted", reason)


@transaction.atomic
def add_note(case: Case, *, by: User, text: str) -> None:
    access.require(by, "note", shop=case.shop)
    if not text.strip():
        raise NotPossibleError("The note is empty.")
    note_event(case, "note", text.strip(), actor=by)
    audit.record_event(by, "wrote note", case, shop=case.shop, after={"note": text.strip()})


def _require(name: str, member: CaseMember, by: User) -> None:
    access.require(by, RIGHT_FOR[name], shop=member.loop_return.shop)
    refused = "" if name in KINDS[member.case.code].actions else "This action does not help with this problem."
    refused = refused or why_not(name, member, by)
    if refused:
        raise NotPossibleError(refused)


def _locked(member: CaseMember) -> CaseMember:
    """The return's row first, as the plan does; then the member as it is now."""
    hold_return(member.loop_return_id)
    return CaseMember.objects.select_related("case", "loop_return__shop").get(pk=member.pk)


def _posting_in_case(member: CaseMember) -> Posting:
    posting = posting_of(member)
    assert posting is not None, "a case with this action names its posting"
    return posting


def _record(
    member: CaseMember, by: User, action: str, text: str, *, before: object = None, after: object = None
) -> None:
    note_event(member.case, action, text, actor=by, loop_return=member.loop_return)
    audit.record_event(
        by, action, member.loop_return, shop=member.loop_return.shop, before=before, after=after, reason=text
    )
