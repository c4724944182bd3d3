"""How a pause ends: of a cause one posting tries first, and the returns behind it learn of it in steps."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils import timezone

from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.posting.causes import gather_refused
from returnsops.posting.claim import claimable
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import not_paused
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.replan import ask_for_plan

Status = Posting.Status
TELL_MAX = 200  # returns that learn of a pause in one step
NOBODY_WAITS_FOR = timedelta(days=1)  # then the next posting may find out whether the cause still stands


def waiting_behind(pause: Pause) -> QuerySet[Posting]:
    """What would be sent if it were not for this pause (and others)."""
    waits: QuerySet[Posting] = Posting.objects.filter(
        account=pause.account_id, status=Status.PENDING, hinges_on__contains=[pause.key]
    )
    return waits


@transaction.atomic
def try_cause(pause: Pause, *, by: User, reason: str) -> Posting | None:
    """A person says that the cause is gone. One posting goes first; if it is refused again, the pause stands again.

    Gives that posting; None: nothing waits, so the pause has ended. Raises NotPossibleError, and nothing is changed.
    """
    pause = _hold(pause)
    if pause.ended_at:
        raise NotPossibleError("It has ended already. Reload the page.")
    if pause.probe_id:
        raise NotPossibleError(f"{pause.probe} is being tried already. The page shows what comes of it.")
    if not waiting_behind(pause).exists():
        end_pause(pause, by=by, because=reason)
        return None
    probe = _next_probe(pause)
    if probe is None:
        raise NotPossibleError("All that waits for it is held by another pause as well. End that one first.")
    Pause.objects.filter(pk=pause.pk).update(probe=probe, tried_at=clock.now(), tried_by=by, tried_because=reason)
    Posting.objects.filter(pk=probe.pk, status=Status.PENDING).update(not_before=timezone.now())
    return probe


def end_pause(pause: Pause, *, by: User | None, because: str) -> bool:
    """All that waited may go. Gives False if somebody else ended it."""
    return bool(
        Pause.objects.live().filter(pk=pause.pk).update(
            ended_at=clock.now(), ended_by=by, ended_because=because, probe=None, told_up_to=0
        )
    )  # fmt: skip


def look_after_pauses() -> None:
    """What came of those that went first; returns that do not know yet; pauses nobody waits for any more."""
    live = Pause.objects.live().select_related("probe", "tried_by")
    for pause in live.exclude(probe=None):
        _follow_probe(pause)
    for pause in live.filter(code=Pause.Code.FLOW_STOPPED):
        gather_refused(pause)
    for pause in Pause.objects.exclude(told_up_to=None):
        _tell_returns(pause)
    for pause in live.exclude(code=Pause.Code.BY_PERSON).filter(opened_at__lt=clock.now() - NOBODY_WAITS_FOR):
        if pause.probe_id is None and not waiting_behind(pause).exists():
            end_pause(pause, by=None, because="Nothing has to wait for it any more.")


def _hold(pause: Pause) -> Pause:
    """As it is now; it may have ended."""
    return Pause.objects.select_for_update(of=("self",), no_key=True).select_related("probe").get(pk=pause.pk)


def _next_probe(pause: Pause) -> Posting | None:
    """One that may go now, if there is any. Of those, where the refusal came from; else the one that waits longest."""
    may_go, made_it = Exists(claimable(but_for=pause).filter(pk=OuterRef("pk"))), Q(pk=pause.opened_from_id)
    free = waiting_behind(pause).filter(not_paused(but_for=pause)).annotate(may_go=may_go)
    return free.order_by("-may_go", Case(When(made_it, then=0), default=1), "created_at", "pk").first()


@transaction.atomic
def _follow_probe(pause: Pause) -> None:
    """It went through: the cause is gone. It ended otherwise, was there already and so was never armed, or cannot go:
    that tells nothing, and the next one goes first."""
    pause = _hold(pause)
    probe = pause.probe  # none, once it has ended
    if probe is None or probe.status in (Status.SENDING, Status.UNCERTAIN):
        return
    if probe.status == Status.POSTED and probe.armed_at:
        end_pause(pause, by=pause.tried_by, because=f"{pause.tried_because} {probe} went through.".strip())
    elif pause.key not in probe.hinges_on or not claimable(but_for=pause).filter(pk=probe.pk).exists():
        following = _next_probe(pause)
        Pause.objects.filter(pk=pause.pk).update(probe=following)
        if following is None and not waiting_behind(pause).exists():
            end_pause(pause, by=pause.tried_by, because=pause.tried_because)


def _tell_returns(pause: Pause) -> None:
    """The next returns behind it are planned anew. Losing the place only tells some of them twice."""
    behind = waiting_behind(pause).filter(pk__gt=pause.told_up_to or 0).order_by("pk")
    told = list(behind.values_list("pk", "loop_return_id")[:TELL_MAX])
    ask_for_plan(return_pk for _, return_pk in told)
    place = told[-1][0] if len(told) == TELL_MAX else None
    Pause.objects.filter(pk=pause.pk, told_up_to=pause.told_up_to, ended_at=pause.ended_at).update(told_up_to=place)
