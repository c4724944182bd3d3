"""Refusals that are not about one return: what they are about stands still, and every return behind it is in one case.

The refused posting goes back to PENDING and waits with the others: a refusal is a full answer, nothing of it is over
there, and the pause keeps it from being sent until a person says that the cause is gone (netsuite.md §6.3).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from returnsops.lib import clock
from returnsops.posting.models import Pause, Posting
from returnsops.posting.moves import move_posting
from returnsops.posting.pause_words import named
from returnsops.returns.plan.hinges import flow_key
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.replan import ask_for_plan, hold_return

Code = Pause.Code
# So many answers nobody knows, to so many documents of one flow within this time, are no matter of single returns.
UNKNOWN = "unknown"
UNKNOWN_MAX = 10
UNKNOWN_WITHIN = timedelta(minutes=10)
GATHER_MAX = 100  # at one look


@dataclass(frozen=True)
class Cause:
    """stops: which of a posting's hinges it is about, by how its name begins. says: {} is what that name names."""

    code: Code
    stops: str
    says: str


CAUSES = {
    "period_closed": Cause(Code.PERIOD_CLOSED, "period:", "The accounting period {} is closed in NetSuite."),
    "date_outside_period": Cause(Code.PERIOD_CLOSED, "period:", "NetSuite has no accounting period for {}."),
    "permission": Cause(Code.RIGHT_MISSING, "type:", "The integration role may not write {} in NetSuite."),
    "feature_off": Cause(Code.FEATURE_OFF, "type:", "NetSuite has switched off a feature that {} needs."),
}
STOPPED_FLOW = Cause(Code.FLOW_STOPPED, "flow:", f"NetSuite refused {UNKNOWN_MAX} documents in words we do not know.")


def hold_for_cause(posting: Posting, refusal: dict[str, Any]) -> bool:
    """Stop what this refusal is about and let the posting wait for it. False: it is about this posting alone.

    Call it under the lock of the return. Of many refused at once the first opens the pause, the others join it.
    """
    cause = _cause_of(posting, refusal)
    key = next((name for name in posting.hinges_on if cause and name.startswith(cause.stops)), None)
    if cause is None or key is None:
        return False
    pause = _open_pause(posting, key, cause, words=str(refusal.get("detail", "")))
    if pause.code == Code.BY_PERSON:
        return False
    Pause.objects.filter(pk=pause.pk, probe=posting).update(probe=None)  # it is not gone: all wait again
    _put_behind(posting, refusal)
    return True


def gather_refused(pause: Pause) -> None:
    """Those whose refusals stopped a flow wait behind its pause with the others, instead of in a case each."""
    for posting in _lately_unknown(pause.account_id).filter(hinges_on__contains=[pause.key])[:GATHER_MAX]:
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            _put_behind(posting, posting.refusal)


def _put_behind(posting: Posting, refusal: dict[str, Any] | None) -> None:
    move_posting(
        posting, Posting.Status.PENDING,
        refusal=refusal, not_before=timezone.now(), attempts=0, sending_since=None, uncertain_since=None, claimed_by="",
    )  # fmt: skip
    ask_for_plan([posting.loop_return_id])


def _lately_unknown(account_pk: int) -> QuerySet[Posting]:
    """Refused in words we do not know, and not long ago. Attempts are noted in real time."""
    rows: QuerySet[Posting] = Posting.objects.filter(
        account=account_pk, status=Posting.Status.REJECTED, refusal__family=UNKNOWN,
        tries__started_at__gte=timezone.now() - UNKNOWN_WITHIN,
    ).distinct()  # fmt: skip
    return rows


def _cause_of(posting: Posting, refusal: dict[str, Any]) -> Cause | None:
    family = str(refusal.get("family", UNKNOWN))
    if posting.system != Posting.System.NETSUITE:
        return None
    return CAUSES.get(family) if family != UNKNOWN else _cause_of_unknown(posting)


def _cause_of_unknown(posting: Posting) -> Cause | None:
    """One answer nobody knows is about its return; a lot of them at once are about the flow."""
    flow = POSTING_KINDS[posting.kind].flow
    if Pause.objects.live().filter(account=posting.account_id, code=Code.FLOW_STOPPED, key=flow_key(flow)).exists():
        return STOPPED_FLOW
    same_flow = [name for name, kind in POSTING_KINDS.items() if kind.flow == flow]
    others = _lately_unknown(posting.account_id).filter(kind__in=same_flow).exclude(pk=posting.pk)
    return STOPPED_FLOW if others.count() + 1 >= UNKNOWN_MAX else None


def _open_pause(posting: Posting, key: str, cause: Cause, *, words: str) -> Pause:
    """Two at once get the same one: there is one live pause per account and key."""
    pause, _ = Pause.objects.get_or_create(
        account=posting.account,
        key=key,
        ended_at=None,
        defaults={
            "code": cause.code,
            "reason": cause.says.format(named(key)),
            "words": words,
            "opened_at": clock.now(),
            "opened_from": posting,
        },
    )
    return pause
