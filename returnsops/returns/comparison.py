"""What one side has and the other has not: ids of Loop's returns, and the records of NetSuite around open returns.

Silence proves nothing by itself: what is missing is asked for by its id, and when suddenly most of what we know is
said to be gone, a lost right is likelier than so many deletions. Then nothing is marked, and the connection has a case.
"""

from datetime import datetime

from django.utils import timezone

from integrations.errors import RejectedError, UnreadableRecordError
from integrations.models import Shop, SyncRun
from returnsops.lib import clock
from returnsops.returns.backfill import note_unread_return, read_window
from returnsops.returns.errors import DoubtfulAnswerError
from returnsops.returns.mirror import apply_fetched, read_return
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.runs import HISTORY, STEP_OF_IDS, Tally, open_run
from returnsops.returns.streams import main_stream

BELIEVED_MAX = 5  # so many may be gone of however few
ASKED_MAX = 100  # one call each; more in one step means that the step is too long


def open_comparison(shop: Shop, *, due: datetime) -> SyncRun:
    """The one of this day: of all returns and not only of one in doubt, since only many show that Loop hides them."""
    now = clock.now()
    return open_run(
        main_stream(shop), SyncRun.Kind.COMPARISON, f"{due:%Y-%m-%d}",
        window_from=now - HISTORY, window_to=now, step=STEP_OF_IDS,
    )  # fmt: skip


def compare_ids(shop: Shop, run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
    """Returns created in this window: missing with us → fetched; missing in Loop → marked (loop.md §10, question 22).

    Raises DoubtfulAnswerError when too many are missing, and takes back what this run has marked so far.
    """
    listed: set[str] = set()
    read = read_window(shop, window_from, window_to, column="created_at", seen=listed)
    ours = LoopReturn.objects.filter(shop=shop, created_at__gte=window_from, created_at__lt=window_to)
    held = set(ours.filter(missing_since=None).values_list("loop_id", flat=True))
    unlisted = _few(shop, run, held - listed, known=len(held))
    gone = [loop_id for loop_id in unlisted if _is_gone(shop, loop_id)]
    known, missing = run.rows_seen + len(held), run.rows_missing + len(gone)
    if is_doubtful(known=known, missing=missing):
        raise _doubt(shop, run, known=known, missing=missing)
    mark_missing(shop, gone)
    return Tally(seen=len(held), changed=read.changed, missing=len(gone))


def _is_gone(shop: Shop, loop_id: str) -> bool:
    """One that cannot be read is there, and keeps no other from being asked for."""
    try:
        fetched = read_return(shop, loop_id, in_background=True)
        if fetched:
            apply_fetched(shop, fetched)
    except UnreadableRecordError as error:
        note_unread_return(shop, loop_id, error)
        return False
    return fetched is None


def _few(shop: Shop, run: SyncRun, unlisted: set[str], *, known: int) -> list[str]:
    """In few enough cases each is asked for by its id, in a call of its own."""
    if len(unlisted) <= ASKED_MAX:
        return sorted(unlisted)
    if is_doubtful(known=known, missing=len(unlisted)):
        raise _doubt(shop, run, known=known, missing=len(unlisted))
    detail = f"{len(unlisted)} returns are not listed; ask for a shorter time"
    raise RejectedError(system="loop", operation="compare ids", detail=detail, family="too_many_rows")


def _doubt(shop: Shop, run: SyncRun, *, known: int, missing: int) -> DoubtfulAnswerError:
    """What this run has marked so far is taken back with it."""
    _mark_found(shop, since=run.started_at)
    return DoubtfulAnswerError(
        f"Of {known} returns that we know, Loop no longer shows {missing}. Nothing was marked as missing."
    )


def is_doubtful(*, known: int, missing: int) -> bool:
    """More than half of more than a few."""
    return missing > BELIEVED_MAX and missing * 2 > known


def mark_missing(shop: Shop, loop_ids: list[str]) -> None:
    """Loop says by id that it has no such return. It is a fact of the return; the plan makes a case of it."""
    missing = LoopReturn.objects.filter(shop=shop, loop_id__in=loop_ids, missing_since=None)
    pks = list(missing.values_list("pk", flat=True))
    missing.update(missing_since=clock.now(), fetch_due_at=None)
    ask_for_plan(pks)


def _mark_found(shop: Shop, *, since: datetime) -> None:
    doubted = LoopReturn.objects.filter(shop=shop, missing_since__gte=since)
    pks = list(doubted.values_list("pk", flat=True))
    doubted.update(missing_since=None, fetch_due_at=timezone.now())
    ask_for_plan(pks)
