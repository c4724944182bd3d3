"""What an answer means for the posting it belongs to. Every try is kept; a move is compare-and-set."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from integrations.bells import ring
from integrations.connections import note_failure, note_success
from integrations.errors import (
    ConfigurationError,
    DoubtfulRefusalError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UncertainError,
)
from integrations.models.refusal_rule import PASSING
from integrations.netsuite.refusals import speaks_of_double
from returnsops.lib import clock
from returnsops.lib.moves import moved_together
from returnsops.posting.causes import hold_for_cause
from returnsops.posting.claim import ATTEMPTS_MAX
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.posting.moves import move_posting
from returnsops.posting.teaching import taught
from returnsops.posting.wire import Call, carry_out
from returnsops.returns.plan.kinds import POSTING_KINDS, ReadBack
from returnsops.returns.replan import ask_for_plan, expect_news, hold_return

logger = logging.getLogger(__name__)

Status = Posting.Status
RETRY_AFTER_S = 1.0
RETRY_AFTER_S_MAX = 300.0
ANSWER_CHARS_KEPT = 2_000
BUSY_WAIT_S_MAX = 1.0
BUSY = "too_many"  # outcome of a try that was refused because too many calls were in flight
DIED = "died"  # outcome of a try that took its sender with it
JOB_ENDED = "job_ended"  # outcome of a look at what NetSuite took up as a job
OVERTAKEN = "overtaken"  # outcome of a try whose posting somebody else has by now
BEGUN_WITHIN = 1 / 3  # of the lease, which begins when a posting is armed: a call may take most of the rest
DEATHS_MAX = 3  # in a row
TOLD_WITHIN = timedelta(seconds=10)  # by a read back, a look or Loop; under load they take some seconds


@dataclass(frozen=True)
class Answer:
    """What came of one call: their id, or the error. Times are real time."""

    request: dict[str, Any]
    started_at: datetime
    duration_s: float
    their_id: str = ""
    error: IntegrationError | None = None

    @property
    def is_busy(self) -> bool:
        """Refused because too many calls were in flight."""
        return self.error is not None and self.error.status == 429


def try_call(call: Call, *, armed_at: datetime) -> Answer:
    """Make the call and give its answer as a value. Runs in a thread.

    A fault of ours says nothing about what was done over there, so it counts as a lost answer.
    armed_at: what lay armed for too long is not begun; somebody else may look for it soon, or have sent it already.
    """
    started_at, begun = timezone.now(), time.monotonic()
    if started_at > armed_at + settings.SENDING_LEASE * BEGUN_WITHIN:
        late = TemporaryError(operation=f"begin {call.external_id}", detail="It lay armed for too long.")
        return Answer(call.request, started_at, 0.0, error=late)
    try:
        their_id = carry_out(call)
    except IntegrationError as error:
        return Answer(call.request, started_at, time.monotonic() - begun, error=error)
    except Exception as fault:
        logger.exception("the call of %s failed by a fault of ours", call.external_id)
        lost = UncertainError(operation=f"carry out {call.external_id}", code=DIED, detail=words_of_fault(fault))
        return Answer(call.request, started_at, time.monotonic() - begun, error=lost)
    return Answer(call.request, started_at, time.monotonic() - begun, their_id=their_id)


def words_of_fault(fault: Exception) -> str:
    return f"A fault of ReturnsOps: {type(fault).__name__}: {fault}"


def record_answer(posting: Posting, answer: Answer) -> None:
    """Write the try and move the posting. A posting that somebody moved meanwhile keeps their move."""
    record_answers([(posting, answer)])


def record_answers(answers: Sequence[tuple[Posting, Answer]]) -> None:
    """Several in one transaction, in the order in which everybody locks returns. All of them are written, or none."""
    for posting, answer in answers:
        _note_connection(posting, answer)
    in_order = sorted(answers, key=lambda one: one[0].loop_return_id)
    with moved_together(*(posting for posting, _ in in_order)):
        for posting, _ in in_order:
            hold_return(posting.loop_return_id)
        PostingAttempt.objects.bulk_create([_record_one(posting, answer) for posting, answer in in_order])
        _look_at_causes_again([posting for posting, _ in in_order if posting.status == Status.REJECTED])


def _look_at_causes_again(refused: Sequence[Posting]) -> None:
    """Where several are refused together, none of them has seen the tries of the others, which stand only now."""
    for posting in refused if len(refused) > 1 else ():
        if hold_for_cause(posting, posting.refusal or {}):
            return


def _note_connection(posting: Posting, answer: Answer) -> None:
    connection = posting.shop if posting.system == Posting.System.LOOP else posting.account
    if answer.error is None:
        note_success(connection)
    else:
        note_failure(connection, answer.error)


def _record_one(posting: Posting, answer: Answer) -> PostingAttempt:
    outcome = _record_failure(posting, answer.error) if answer.error else mark_posted(posting, answer.their_id)
    return PostingAttempt(
        posting=posting,
        number=posting.attempts,
        started_at=answer.started_at,
        duration_s=answer.duration_s,
        request=answer.request,
        outcome=outcome,
        answer=str(answer.error or f"id {answer.their_id}")[:ANSWER_CHARS_KEPT],
    )


def record_failed_look(posting: Posting, error: Exception) -> None:
    """Nothing was sent, but it is a try all the same: again later, with an end. What breaks us is soon set aside."""
    with moved_together(posting):
        hold_return(posting.loop_return_id)
        if not isinstance(error, IntegrationError):
            error = TemporaryError(operation=f"look for {posting.external_id}", code=DIED, detail=words_of_fault(error))
        if error.code == DIED and last_tries(posting) == [DIED] * (DEATHS_MAX - 1):
            outcome = mark_rejected(posting, refusal_of(error) | {"family": "set_aside"})
        else:
            outcome = _put_back(posting, error)
        note_look(posting, outcome=DIED if error.code == DIED else outcome, answer=str(error)[:ANSWER_CHARS_KEPT])


def note_look(posting: Posting, *, outcome: str, answer: str) -> None:
    """A look that ended something is kept among the tries, though nothing was sent."""
    PostingAttempt.objects.create(
        posting=posting,
        number=posting.attempts,
        started_at=timezone.now(),
        duration_s=0.0,
        request={"look": posting.external_id},
        outcome=outcome,
        answer=answer,
    )


def note_dead_sender(posting: Posting) -> None:
    """The try of which nobody came back to tell. Its row is what counts how often a posting kills its sender."""
    PostingAttempt.objects.create(
        posting=posting,
        number=posting.attempts,
        started_at=posting.sending_since or timezone.now(),
        duration_s=settings.SENDING_LEASE.total_seconds(),
        request=posting.request,
        outcome=DIED,
        answer="The sender ended before it could tell what came of it.",
    )


def mark_posted(posting: Posting, their_id: str, *, adopted_from: str = "") -> str:
    """It is over there. The return is planned anew and the record read back."""
    won = move_posting(
        posting, Status.POSTED,
        their_id=their_id, posted_at=clock.now(), adopted_from=adopted_from, sending_since=None, uncertain_since=None,
        refusal=None, not_before=timezone.now(),
    )  # fmt: skip
    if won:
        kind = POSTING_KINDS[posting.kind]
        if kind.ends_wait:
            late = 2 * settings.RECORD_REST if kind.read_back == ReadBack.LATER else timedelta(0)
            expect_news([posting.loop_return_id], within=TOLD_WITHIN + late)
        else:
            ask_for_plan([posting.loop_return_id])
        if posting.system == Posting.System.NETSUITE and (kind.read_back != ReadBack.LATER or _is_waited_for(posting)):
            ring("read_back", posting.account_id)
    return "posted" if won else OVERTAKEN


def _is_waited_for(posting: Posting) -> bool:
    """The next of its kind is made from what this one left."""
    of_this = Posting.objects.filter(loop_return=posting.loop_return_id, kind=posting.kind)
    return of_this.filter(status__in=Posting.ON_THE_WAY).exists()


def mark_rejected(posting: Posting, refusal: dict[str, object]) -> str:
    """It waits for a person: in a case of its own, or behind the pause of a cause that it shares with others."""
    if hold_for_cause(posting, refusal):
        return "rejected"
    won = move_posting(posting, Status.REJECTED, refusal=refusal, sending_since=None, uncertain_since=None)
    ask_for_plan([posting.loop_return_id])
    return "rejected" if won else OVERTAKEN


def mark_uncertain(posting: Posting, *, refusal: dict[str, object] | None = None, job: str = "") -> str:
    """May be over there. The other side needs up to the commit window, so the look comes soon and then again.

    refusal: it was refused, in a way that may mean that it is there already. It is kept until the look has told.
    job: NetSuite took it up as this job, which may do its work later than any call would.
    """
    won = move_posting(
        posting, Status.UNCERTAIN,
        uncertain_since=posting.uncertain_since or clock.shared_now(),
        not_before=timezone.now() + timedelta(seconds=RETRY_AFTER_S),
        refusal=refusal, doubted=posting.doubted or refusal is None, job=job,
    )  # fmt: skip
    expect_news([posting.loop_return_id], within=TOLD_WITHIN)
    return "uncertain" if won else OVERTAKEN


def _record_failure(posting: Posting, error: IntegrationError) -> str:
    if isinstance(error, RejectedError):
        return _record_refusal(posting, error)
    if isinstance(error, TemporaryError | ConfigurationError):
        return _put_back(posting, error)
    assert isinstance(error, UncertainError), f"no such kind of failure: {error!r}"
    outcome = mark_uncertain(posting, job=error.job)
    return DIED if error.code == DIED else outcome


def _record_refusal(posting: Posting, error: RejectedError) -> str:
    """A no after a lost answer may mean that the first try was carried out, and so may one that speaks of a double."""
    may_be_there = posting.doubted or isinstance(error, DoubtfulRefusalError) or speaks_of_double(error.detail)
    refusal = taught(posting, refusal_of(error))
    if may_be_there or refusal["family"] == "already_exists":
        outcome = mark_uncertain(posting, refusal=refusal_of(error))
        return "doubted" if outcome == "uncertain" else outcome
    return _put_back(posting, error) if refusal["family"] == PASSING else mark_rejected(posting, refusal)


def _put_back(posting: Posting, error: IntegrationError) -> str:
    """Surely not done: again later, with a growing wait and full jitter, and an end.

    Too many at once is not counted and not waited for: there are fewer lanes then, and that is what paces us.
    """
    is_busy = error.status == 429
    tries = posting.attempts - _busy_tries(posting)
    if not is_busy and tries >= ATTEMPTS_MAX:
        return mark_rejected(posting, refusal_of(error) | {"family": "gave_up"})
    longest = BUSY_WAIT_S_MAX if is_busy else min(RETRY_AFTER_S * 2**tries, RETRY_AFTER_S_MAX)
    # Their own word counts, up to a limit: a day, or nonsense, would keep this one long after they are well again.
    told_s = min(error.retry_after_s or 0.0, RETRY_AFTER_S_MAX)
    wait_s = max(told_s, random.uniform(min(RETRY_AFTER_S, longest / 2), longest))
    won = move_posting(
        posting, Status.PENDING,
        not_before=timezone.now() + timedelta(seconds=wait_s), sending_since=None, armed_at=None, claimed_by="",
    )  # fmt: skip
    if not won:
        return OVERTAKEN
    if Posting.objects.filter(pk=posting.pk, counted_on=True).exists():
        ask_for_plan([posting.loop_return_id])
    return BUSY if is_busy else "put_back"


def last_tries(posting: Posting, *, count: int = DEATHS_MAX - 1) -> list[str]:
    """What came of the last ones, the last first."""
    return list(posting.tries.order_by("-id").values_list("outcome", flat=True)[:count])


def _busy_tries(posting: Posting) -> int:
    return posting.tries.filter(outcome=BUSY).count() if posting.attempts > 1 else 0


def refusal_of(error: IntegrationError) -> dict[str, object]:
    return {
        "family": getattr(error, "family", "unknown"),
        "path": getattr(error, "path", ""),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
