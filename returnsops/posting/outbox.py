"""The outbox: what the plan wants, brought in step with what is already there.

An external id is stored before the first try and stays the same on every try. What may be over there already is never
changed, only what surely is not (docs/adr/0005).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Count, Q, prefetch_related_objects
from django.utils import timezone

from integrations.models import Shop
from integrations.netsuite.options import WriteMode
from returnsops.lib import clock
from returnsops.lib.canonical import plain
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.lib.wake import notify
from returnsops.posting.claim import take_back
from returnsops.posting.models import Posting, PostingAttempt, PostingCover
from returnsops.posting.moves import move_posting
from returnsops.posting.record_answer import DIED, JOB_ENDED
from returnsops.posting.turn import turn_at
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan import PostingDue
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.outbox_problems import OURS_DIFFERS, SET_ASIDE, STRANGER_DIFFERS
from returnsops.returns.replan import ask_for_plan

Status = Posting.Status
REFUSALS_PER_HOUR_MAX, REFUSALS_MAX = 5, 20  # then a person's retry is no help any more
# What is wrong is in the document itself, and no change over there mends it.
SAME_AGAIN = {
    "unbalanced": "its amounts do not add up in NetSuite's eyes. Report its words to the administrator.",
    "invalid_request": "NetSuite cannot read it. Report its words to the administrator.",
}
JOB_WAITS_AT_MOST = timedelta(days=1)  # for its turn; nothing in netsuite.md §2.5 limits it
HOLD_OPEN = FixedQuery(
    lambda: (
        Posting.objects.select_for_update(no_key=True)
        .filter(loop_return=slot("return_pk"), status__in=Posting.OPEN)
        .order_by("pk")
        .values("pk", "status", "armed_at")
    )
)
STANDING = FixedQuery(
    lambda: (
        Posting.objects.select_for_update(no_key=True)
        .filter(loop_return=slot("return_pk"), status__in=Posting.CHANGEABLE, uncertain_since=None)
        .order_by("pk")
    )
)
LAST_NUMBER = FixedQuery(
    lambda: (
        Posting.objects.filter(loop_return=slot("return_pk"), kind=slot("kind", kind="text"))
        .order_by("-number")
        .values("number")[:1]
    )
)
WAKE_CHANNEL = "postings"  # a sender that waits hears of new work


def enqueue(loop_return: LoopReturn, wanted: Sequence[PostingDue]) -> list[Posting]:
    """Make the outbox of one return hold what its plan wants; withdraw what it no longer wants.

    Call it under the lock of the order, in the transaction of the plan. Gives the postings that are new or changed.
    """
    assert transaction.get_connection().in_atomic_block, "the outbox changes together with the plan"
    standing: list[Posting] = STANDING.ask(return_pk=loop_return.pk)
    prefetch_related_objects(standing, "covers")
    wanted = _leave_to_jobs(standing, wanted)
    changed: list[Posting] = []
    matched: list[tuple[PostingDue, Posting | None]] = []
    for due in wanted:
        match = _take_match(standing, due)
        matched.append((due, match))
    for posting in standing:
        if not is_over_there(posting):
            withdraw(posting)
    _free_replaced(loop_return, wanted)
    differing = [(due, match) for due, match in matched if match and _differs(match, due)]
    for _, match in differing:
        match.covers.all().delete()  # all first: units may move from one posting to another
    changed += [_change_posting(match, due) for due, match in differing]
    for due, match in matched:
        if match and not _differs(match, due):
            _note_hinges(match, due)
        if match and match.promise != due.promise:
            _set_turn(match, due, waiting_since=loop_return.created_at)
    changed += [_create_posting(loop_return, due) for due, match in matched if match is None]
    unchanged = [match for _, match in matched if match and match.status == Status.PENDING]
    for system in sorted({posting.system for posting in [*unchanged, *changed]}):
        wake_senders(system, loop_return.shop)
    return changed


def wake_senders(system: str, shop: Shop) -> None:
    """There is work for one destination: NetSuite's account, or Loop for one shop."""
    notify(WAKE_CHANNEL, f"{system}:{shop.account_id if system == Posting.System.NETSUITE else shop.pk}")


def is_over_there(posting: Posting) -> bool:
    """Refused because our external id is on a record already: until a person settled that, it is not withdrawn."""
    return bool(posting.refusal and posting.refusal.get("family") == OURS_DIFFERS)


def may_be_queued(posting: Posting) -> bool:
    """Handed in as a job, and the answer that names the job was lost. It may be done after any window; sent again it is
    done once, by its key. Not so where the job was named, and seen to end; our own giving up ends none."""
    is_answered = bool(posting.refusal) and (posting.refusal or {}).get("family") not in SET_ASIDE
    if posting.status not in Posting.CHANGEABLE or not posting.doubted or is_answered:
        return False
    if posting.account.write_mode != WriteMode.ASYNC:
        return False
    last = posting.tries.filter(outcome__in=("uncertain", DIED, JOB_ENDED)).order_by("-id").first()
    return last is not None and last.outcome != JOB_ENDED and last.started_at > timezone.now() - JOB_WAITS_AT_MOST


def _leave_to_jobs(standing: list[Posting], wanted: Sequence[PostingDue]) -> Sequence[PostingDue]:
    """What may be queued and is not wanted as it is goes back into doubt, and a plan that counts on it is due.

    Gives what else is wanted: nothing in its place. Nobody on its source waits for it, as nothing more is sent.
    """
    for posting in [one for one in standing if may_be_queued(one)]:
        if any(due.kind == posting.kind and not _differs(posting, due) for due in wanted):
            continue
        standing.remove(posting)
        wanted = [due for due in wanted if due.kind != posting.kind or not _shared(posting, due)]
        move_posting(
            posting, Status.UNCERTAIN,
            uncertain_since=clock.shared_now(), not_before=timezone.now(), serial_key=posting.external_id, refusal=None,
            attempts=0,
        )  # fmt: skip
        transaction.on_commit(partial(ask_for_plan, [posting.loop_return_id]))
    return wanted


def _free_replaced(loop_return: LoopReturn, wanted: Sequence[PostingDue]) -> None:
    """A person deleted the record and wants it again: only now may another posting cover the same."""
    replaced = [external_id for due in wanted for external_id in due.replaces]
    if replaced:
        covers = PostingCover.objects.filter(posting__loop_return=loop_return, posting__external_id__in=replaced)
        covers.filter(posting__status=Status.POSTED, live=True).update(live=False)


def hold_open_postings(loop_return: LoopReturn) -> None:
    """Keep the open postings where they are until the plan is made: a claim or an answer in between would let the
    plan and the outbox look at two different truths.

    What is claimed and surely not sent comes back, as this plan may want something else; the rest is counted on.
    """
    on_their_way = [one for one in HOLD_OPEN.ask(return_pk=loop_return.pk) if one.status == Status.SENDING]
    if on_their_way:
        take_back([one.pk for one in on_their_way if one.armed_at is None])
        Posting.objects.filter(pk__in=[one.pk for one in on_their_way if one.armed_at]).update(counted_on=True)


def withdraw(posting: Posting) -> bool:
    """Nothing of it is over there and nobody wants it: void it and free what it covered. Gives whether that was so."""
    assert posting.uncertain_since is None, f"{posting} may be over there: only a look can tell"
    is_void = move_posting(posting, Status.VOIDED)
    if is_void:
        posting.covers.update(live=False)
    return is_void


def why_no_cancel(posting: Posting) -> str:
    """Why a person cannot keep it from being sent; empty: nothing of it is over there, and nothing has to be."""
    if not POSTING_KINDS[posting.kind].may_be_cancelled:
        return "What moves stock is not looked for before it is sent, so one made by hand would be made a second time."
    if posting.status == Status.POSTED:
        return "It is over there already."
    if posting.status not in Posting.CHANGEABLE or posting.uncertain_since is not None or may_be_queued(posting):
        return "It is withdrawn already." if posting.status == Status.VOIDED else "It may be over there already."
    return "A record with its external id is in NetSuite: settle that first." if is_over_there(posting) else ""


def retry(posting: Posting) -> bool:
    """A person says: try again, unchanged. Gives False if it is no longer refused."""
    if posting.status != Status.REJECTED:
        return False
    wake_senders(posting.system, posting.shop)
    now = timezone.now()
    return move_posting(posting, Status.PENDING, not_before=now, attempts=0, claimed_by="", looked_at=None)


def retry_others_refused_for(record: object, *, beside: Posting) -> None:
    """A person, or a posting that adopts it, has said what this record of somebody else stands for.

    So the others of the return that were refused because of it are looked at again; not those for which each has to be
    said apart.
    """
    others = Posting.objects.filter(
        loop_return=beside.loop_return_id, status=Status.REJECTED, refusal__family=STRANGER_DIFFERS,
        refusal__record=record,
    )  # fmt: skip
    for one in others.exclude(pk=beside.pk).select_related("shop"):
        if not (one.refusal or {}).get("is_shared"):
            retry(one)


@dataclass(frozen=True)
class Refusals:
    """How often a posting was refused: ever, and within the last hour."""

    ever: int = 0
    lately: int = 0


def count_refusals(postings: Iterable[Posting]) -> dict[int, Refusals]:
    """By posting, of those that were refused at all."""
    hour_ago = timezone.now() - timedelta(hours=1)
    tries = PostingAttempt.objects.filter(posting__in=list(postings), outcome="rejected").order_by()
    counts = tries.values("posting").annotate(ever=Count("pk"), lately=Count("pk", filter=Q(started_at__gte=hour_ago)))
    return {row["posting"]: Refusals(row["ever"], row["lately"]) for row in counts}


def why_no_retry(posting: Posting, *, refusals: Refusals | None = None) -> str:
    """Why sending it again unchanged is refused or would not help; empty: it may be tried (requirements I12, I15).

    refusals: where they were counted for many postings at once.
    """
    if posting.status != Status.REJECTED:
        return "It is not refused any more."
    family = str((posting.refusal or {}).get("family", ""))
    if family in SAME_AGAIN:
        return f"Unchanged it would be refused again: {SAME_AGAIN[family]}"
    counts = refusals or count_refusals([posting]).get(posting.pk, Refusals())
    if counts.ever >= REFUSALS_MAX:
        return f"It was refused {counts.ever} times. Correct what it depends on; new content may be sent again."
    if counts.lately >= REFUSALS_PER_HOUR_MAX:
        return f"It was refused {counts.lately} times within an hour. Remove the cause first; it may be tried later."
    return ""


def _take_match(standing: list[Posting], due: PostingDue) -> Posting | None:
    """The standing posting of this kind that covers most of the same; equal content wins."""
    same_kind = [one for one in standing if one.kind == due.kind]
    best = max(same_kind, key=lambda one: (one.content_hash == due.content_hash, _shared(one, due)), default=None)
    if best is None or not (best.content_hash == due.content_hash or _shared(best, due)):
        return None
    standing.remove(best)
    return best


def _differs(posting: Posting, due: PostingDue) -> bool:
    """Other content, or the same content for other units: twins of one order line call for equal documents."""
    return posting.content_hash != due.content_hash or {cover.unit for cover in posting.covers.all()} != due.covers


def _shared(posting: Posting, due: PostingDue) -> int:
    return len({cover.unit for cover in posting.covers.all()} & due.covers)


def _create_posting(loop_return: LoopReturn, due: PostingDue) -> Posting:
    shop = loop_return.shop
    last = LAST_NUMBER.ask(return_pk=loop_return.pk, kind=due.kind)
    number = last[0].number + 1 if last else 1
    posting = Posting.objects.create(
        loop_return=loop_return,
        shop=shop,
        account=shop.account,
        system=due.system,
        kind=due.kind,
        number=number,
        external_id=external_id(shop.code, loop_return.loop_id, due.kind, number),
        request=plain(due.request),
        content_hash=due.content_hash,
        serial_key=due.serial_key,
        hinges_on=list(due.hinges_on),
        promise=due.promise,
        turn_at=turn_at(due.promise, waiting_since=loop_return.created_at),
        not_before=timezone.now(),
    )
    _write_covers(posting, due)
    return posting


def external_id(shop_code: str, loop_id: str, kind: str, number: int) -> str:
    """One namespace for all transactions of an account, lower case (netsuite.md §0.2, fact 1; §9.1)."""
    return f"loop-{shop_code}-{loop_id}-{kind.replace('_', '-')}-{number}".lower()


def _change_posting(posting: Posting, due: PostingDue) -> Posting:
    """New content under the same external id: the old one was surely never carried out."""
    values = {
        "request": plain(due.request),
        "content_hash": due.content_hash,
        "serial_key": due.serial_key,
        "hinges_on": list(due.hinges_on),
        "not_before": timezone.now(),
        "refusal": None,
        "attempts": 0,
        "looked_at": None,
    }
    if posting.status == Status.REJECTED:
        move_posting(posting, Status.PENDING, **values)
    else:
        Posting.objects.filter(pk=posting.pk, status=Status.PENDING).update(**values)
    _write_covers(posting, due)
    return posting


def _note_hinges(posting: Posting, due: PostingDue) -> None:
    """The same content can come to hinge on something else: without a date of its own it is booked in today's month."""
    if posting.hinges_on != list(due.hinges_on):
        Posting.objects.filter(pk=posting.pk).update(hinges_on=list(due.hinges_on))


def _set_turn(posting: Posting, due: PostingDue, *, waiting_since: datetime) -> None:
    """What the customer waits for changes more often than what is to be sent."""
    turn = turn_at(due.promise, waiting_since=waiting_since)
    Posting.objects.filter(pk=posting.pk).update(promise=due.promise, turn_at=turn)


def _write_covers(posting: Posting, due: PostingDue) -> None:
    PostingCover.objects.bulk_create(
        [PostingCover(posting=posting, shop=posting.shop, kind=due.kind, unit=unit) for unit in sorted(due.covers)]
    )
