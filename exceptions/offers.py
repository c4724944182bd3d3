"""What may be done about a case, and why not: what is offered to this person now, and what the doors in `actions` ask.

An action that is not offered is refused by its door for the same reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.lib.money import money_text
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting import outbox
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import find_pause
from returnsops.returns.decisions import has_corrected
from returnsops.returns.facts import VOIDED
from returnsops.returns.plan.kinds import POSTING_KINDS
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

OVER = "The case is closed."
NOT_REFUSED = "It is not refused any more."


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
    CANCEL: ("Cancel it", "Takes the document out of the outbox. It stays out until somebody lets it go after all."),
    SEND_AFTER_ALL: ("Send it after all", "Lets the document go, as the facts are now, under the next number."),
    SAY_GOODS: ("Say what becomes of it", "The return goes on by your word; nobody is paid for what was found."),
    RETRY: ("Retry now", "Sends the same document again, unchanged."),
    ACKNOWLEDGE: ("Note and close", "Keeps your note on the return and stops asking. Changes nothing elsewhere."),
}
RIGHT_FOR = {
    APPROVE: "approve", CORRECT_DATE: "correct", CHOOSE_LINE: "correct", RETRY: "retry", ACKNOWLEDGE: "correct",
    CAUSE_GONE: "pause", ADOPT: "correct", POST_AGAIN: "correct", CANCEL: "correct", SEND_AFTER_ALL: "correct",
    SAY_GOODS: "correct",
}  # fmt: skip


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
    amount, shop = Decimal(member.problem["amount"]), member.loop_return.shop
    if has_corrected(user, member.loop_return):
        return "You corrected this return yourself; somebody else must approve it."
    if access.may_approve_amount(user, amount, currency=member.currency, shop=shop):
        return ""
    if member.currency != shop.currency:
        return f"Your approval limit is in {shop.currency}; {money_text(amount, member.currency)} cannot be compared."
    return f"{money_text(amount, member.currency)} is above your approval limit."


def _retry_refused(member: CaseMember, user: User) -> str:
    posting = posting_of(member)
    return outbox.why_no_retry(posting) if posting else NOT_REFUSED


def _date_refused(member: CaseMember, user: User) -> str:
    posting = posting_of(member)
    if posting is None or posting.status not in Posting.CHANGEABLE:
        return "It is on its way just now."
    return "" if POSTING_KINDS[posting.kind].dated_as else "This document has no date that we set."


def _again_refused(member: CaseMember, user: User) -> str:
    posting = posting_of(member)
    if posting is None or posting.status != Posting.Status.POSTED:
        return "It is not posted."
    standing = posting.account.records.filter(internal_id=posting.their_id, gone_at=None).exclude(status=VOIDED)
    return "The record is there again. Reload the page." if standing.exists() else ""


def _cause_refused(member: CaseMember, user: User) -> str:
    pause = pause_of(member)
    if pause is None:
        return "It is gone already: everything that waited goes on."
    return f"{pause.probe} is being tried just now." if pause.probe else ""


def _cancel_refused(member: CaseMember, user: User) -> str:
    posting = posting_of(member)
    return outbox.why_no_cancel(posting) if posting else NOT_REFUSED


CHECKS: dict[str, Callable[[CaseMember, User], str]] = {
    APPROVE: _approval_refused,
    RETRY: _retry_refused,
    CORRECT_DATE: _date_refused,
    CAUSE_GONE: _cause_refused,
    ADOPT: _retry_refused,
    POST_AGAIN: _again_refused,
    CANCEL: _cancel_refused,
}


def posting_of(member: CaseMember) -> Posting | None:
    external_id = member.problem.get("posting")
    return Posting.objects.filter(external_id=external_id).first() if external_id else None


def pause_of(member: CaseMember) -> Pause | None:
    """The pause that a case about a cause stands for."""
    return find_pause(member.loop_return.shop.account, member.case.subject)
