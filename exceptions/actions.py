"""What a person may do about a case. Screens, API and smoke run call these same functions.

Each adds a fact, an event and an audit row, and asks for a new plan. Each raises PermissionDenied without the right
and NotPossibleError when the facts do not allow it; then nothing was changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from exceptions.cases import note_event
from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.lib.money import money_text
from returnsops.lib.moves import move_row
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.posting import outbox, pausing
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import find_pause
from returnsops.returns.decisions import add_approval, add_override, has_corrected
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import Override
from returnsops.returns.plan.comparing import CREDIT_SUBJECT
from returnsops.returns.plan.hinges import period_key
from returnsops.returns.plan.undone import VOIDED
from returnsops.returns.problems import (
    ACKNOWLEDGE,
    ADOPT,
    APPROVE,
    CAUSE_GONE,
    CHOOSE_LINE,
    CORRECT_DATE,
    KINDS,
    POST_AGAIN,
    RETRY,
)
from returnsops.returns.replan import ask_for_plan, hold_return

OVER = "The case is closed."
NOT_REFUSED = "It is not refused any more."
# Documents whose date is one decision: the Cash Refund is the credit of a cash sale.
DATE_SUBJECTS = {
    "receipt": "receipt",
    "transfer": "transfer",
    "adjustment": "adjustment",
    "credit": "credit",
    "cash_refund": "credit",
    "customer_refund": "customer_refund",
}


@dataclass(frozen=True)
class Offer:
    """One action as offered to this person now; `refused` says why it cannot be taken."""

    name: str
    label: str
    effect: str
    refused: str = ""


def offers(member: CaseMember, user: User) -> list[Offer]:
    """The actions that help with this problem, each allowed or greyed with the reason."""
    return [
        Offer(name, *OFFERS[name], refused=why_not(name, member, user))
        for name in KINDS[member.case.code].actions
        if name in OFFERS
    ]


OFFERS: dict[str, tuple[str, str]] = {
    APPROVE: ("Approve and go on", "Books the difference on a line of its own and lets the return go on. Pays nobody."),
    CAUSE_GONE: ("The cause is gone", "Sends one of the waiting documents first. If it is taken, all others follow."),
    CORRECT_DATE: ("Save date and retry", "Sends the same document with this date, under the same external id."),
    CHOOSE_LINE: ("Use this order line", "Takes the unit as sold on the chosen line of the original order."),
    ADOPT: (
        "Adopt the record",
        "Takes a record that is in NetSuite for ours, once it holds the same units. Posts none.",
    ),
    POST_AGAIN: ("Post it again", "Posts the document anew, under the next number, though a person deleted it."),
    RETRY: ("Retry now", "Sends the same document again, unchanged."),
    ACKNOWLEDGE: ("Note and close", "Keeps your note on the return and stops asking. Changes nothing elsewhere."),
}
RIGHT_FOR = {
    APPROVE: "approve", CORRECT_DATE: "correct", CHOOSE_LINE: "correct", RETRY: "retry", ACKNOWLEDGE: "correct",
    CAUSE_GONE: "pause", ADOPT: "correct", POST_AGAIN: "correct",
}  # fmt: skip


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
    posting = _refused_posting(member)
    if tran_date > clock.now().date():
        raise NotPossibleError(f"{tran_date} is in the future. Choose today or an earlier date in an open period.")
    if pause := find_pause(member.loop_return.shop.account, period_key(tran_date.isoformat())):
        raise NotPossibleError(
            f"{tran_date} waits as well: {pause.reason} Choose a date in another period; or open this one in NetSuite "
            "and say that the cause is gone."
        )
    before = posting.request["body"].get("tranDate")
    add_override(
        member.loop_return, kind=Override.Kind.TRAN_DATE, subject=DATE_SUBJECTS[posting.kind],
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
    posting = _refused_posting(member)
    if not record.isdigit():
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
    posting = _posting_of(member)
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
def retry(member: CaseMember, *, by: User, reason: str = "") -> None:
    """Send a refused document again, unchanged."""
    member = _locked(member)
    _require(RETRY, member, by)
    posting = _refused_posting(member)
    if not outbox.retry(posting):
        raise NotPossibleError(f"{posting} is {posting.get_status_display().lower()} already. Reload the page.")
    ask_for_plan([member.loop_return_id])
    _record(member, by, "retried", reason or f"Sent {posting} again.", after={"posting": posting.external_id})


@transaction.atomic
def say_cause_gone(member: CaseMember, *, by: User, reason: str) -> None:
    """The period is open again, the right is there: let one document try for all that wait behind the cause."""
    member = _locked(member)
    _require(CAUSE_GONE, member, by)
    pause = _pause_of(member)
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
    posting = _posting_of(member)
    if posting and member.case.code == "foreign_record":
        outbox.retry(posting)  # it is no double: ours may stand beside it
    _record(member, by, "noted", reason)


@transaction.atomic
def take(case: Case, *, by: User) -> None:
    """Say «mine». Taking a case that somebody else has moves it to you, and says so."""
    access.require(by, "assign", shop=case.shop)
    case = Case.objects.select_for_update(of=("self",), no_key=True).select_related("assignee", "shop").get(pk=case.pk)
    if case.status == Case.Status.CLOSED:
        raise NotPossibleError("The case is closed already. Reload the page.")
    before = case.assignee
    if case.status == Case.Status.OPEN:
        move_row(case, field="status", target=Case.Status.TAKEN, moves=Case.MOVES)
    Case.objects.filter(pk=case.pk).update(assignee=by)
    note_event(case, "taken", f"{by} takes it" + (f" from {before}." if before and before != by else "."), actor=by)
    audit.record_event(by, "took case", case, shop=case.shop, before=before and str(before), after=str(by))


@transaction.atomic
def add_note(case: Case, *, by: User, text: str) -> None:
    access.require(by, "note", shop=case.shop)
    if not text.strip():
        raise NotPossibleError("The note is empty.")
    note_event(case, "note", text.strip(), actor=by)
    audit.record_event(by, "wrote note", case, shop=case.shop, after={"note": text.strip()})


def why_not(name: str, member: CaseMember, user: User) -> str:
    """Why this person cannot take this action now; empty if they can."""
    if _is_over(member):
        return OVER
    if not access.may(user, RIGHT_FOR[name], shop=member.loop_return.shop):
        return _no_right(member.loop_return.shop)
    return CHECKS[name](member, user) if name in CHECKS else ""


def why_no_retries(members: Sequence[CaseMember], user: User) -> dict[int, str]:
    """By member what `why_not` says of a retry, asked for many at once: rights by shop, postings together."""
    told = [member.problem["posting"] for member in members if member.problem.get("posting")]
    postings = {one.external_id: one for one in Posting.objects.filter(external_id__in=told)}
    counts = outbox.count_refusals(postings.values())
    shops = {member.loop_return.shop for member in members}
    may = {shop.pk for shop in shops if access.may(user, RIGHT_FOR[RETRY], shop=shop)}

    def why(member: CaseMember) -> str:
        if _is_over(member):
            return OVER
        if member.loop_return.shop_id not in may:
            return _no_right(member.loop_return.shop)
        posting = postings.get(member.problem.get("posting", ""))
        refusals = counts.get(posting.pk, outbox.Refusals()) if posting else None
        return outbox.why_no_retry(posting, refusals=refusals) if posting else NOT_REFUSED

    return {member.pk: why(member) for member in members}


def _is_over(member: CaseMember) -> bool:
    return bool(member.left_at or member.case.status == Case.Status.CLOSED)


def _no_right(shop: Shop) -> str:
    return f"Your role in {shop} does not include it."


def _approval_refused(member: CaseMember, user: User) -> str:
    amount = Decimal(member.problem["amount"])
    if has_corrected(user, member.loop_return):
        return "You corrected this return yourself; somebody else must approve it."
    if not access.may_approve_amount(user, amount, shop=member.loop_return.shop):
        return f"{money_text(amount, member.currency)} is above your approval limit."
    return ""


def _retry_refused(member: CaseMember, user: User) -> str:
    posting = _posting_of(member)
    return outbox.why_no_retry(posting) if posting else NOT_REFUSED


def _date_refused(member: CaseMember, user: User) -> str:
    posting = _posting_of(member)
    if posting is None or posting.status not in Posting.CHANGEABLE:
        return "It is on its way just now."
    return "" if posting.kind in DATE_SUBJECTS else "This document has no date that we set."


def _again_refused(member: CaseMember, user: User) -> str:
    posting = _posting_of(member)
    if posting is None or posting.status != Posting.Status.POSTED:
        return "It is not posted."
    standing = posting.account.records.filter(internal_id=posting.their_id, gone_at=None).exclude(status=VOIDED)
    return "The record is there again. Reload the page." if standing.exists() else ""


def _cause_refused(member: CaseMember, user: User) -> str:
    pause = _pause_of(member)
    if pause is None:
        return "It is gone already: everything that waited goes on."
    return f"{pause.probe} is being tried just now." if pause.probe else ""


CHECKS: dict[str, Callable[[CaseMember, User], str]] = {
    APPROVE: _approval_refused,
    RETRY: _retry_refused,
    CORRECT_DATE: _date_refused,
    CAUSE_GONE: _cause_refused,
    ADOPT: _retry_refused,
    POST_AGAIN: _again_refused,
}


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


def _posting_of(member: CaseMember) -> Posting | None:
    external_id = member.problem.get("posting")
    return Posting.objects.filter(external_id=external_id).first() if external_id else None


def _pause_of(member: CaseMember) -> Pause | None:
    """The pause that a case about a cause stands for."""
    return find_pause(member.loop_return.shop.account, member.case.subject)


def _refused_posting(member: CaseMember) -> Posting:
    posting = _posting_of(member)
    assert posting is not None, "a refusal names its posting"
    return posting


def _record(
    member: CaseMember, by: User, action: str, text: str, *, before: object = None, after: object = None
) -> None:
    note_event(member.case, action, text, actor=by, loop_return=member.loop_return)
    audit.record_event(
        by, action, member.loop_return, shop=member.loop_return.shop, before=before, after=after, reason=text
    )
