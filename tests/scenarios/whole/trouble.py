"""What the other side refuses, and what stands still for it: one function per word of the language.

Most of it concerns a whole account, so a story that tells of it is played alone (`is_of_the_whole_house`), and what it
did to the house is undone before the next one.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from returnsops.posting.causes import UNKNOWN_MAX
from returnsops.posting.claim import claim_postings
from returnsops.posting.models import Pause, Posting, PostingAttempt
from returnsops.posting.pausing import pause_by, resume_by
from returnsops.posting.record_answer import DEATHS_MAX
from returnsops.posting.resuming import end_pause
from returnsops.posting.settle import give_up_dead_leases, settle
from returnsops.returns.models import LoopReturn
from tests.scenarios.book import Scenario
from tests.scenarios.whole.people import WHY
from tests.scenarios.whole.scene import Scene
from tests.scenarios.whole.theatre import ACCOUNT, Theatre

Json = dict[str, Any]
WORDS = {"refused", "stopped", "period_closed", "netsuite_adds", "stock_untold"}
STOCK_TABLES = ["inventorybalance", "aggregateitemlocation", "inventoryitemlocations"]
# Which call makes a document, and in which words it is refused.
CALLS = {
    "rma": "transform returnAuthorization",
    "receipt": "transform itemReceipt",
    "credit": "transform creditMemo",
    "cash_refund_fix": "update cashRefund",
    "loop_grade": "grade",
    "loop_assess": "assess",
}
FAULTS: dict[str, Json] = {
    "script": {"kind": "script_error"},
    "unknown": {"kind": "error", "status": 400, "code": "USER_ERROR", "detail": "The moon is in the seventh house."},
    "feature_off": {"kind": "error", "status": 400, "code": "USER_ERROR", "detail": "That feature is not enabled."},
    "right_missing": {"kind": "no_permission"},
    "permission": {"kind": "error", "status": 403, "detail": "This key may not do that."},
}
KIND_OF_TYPE = {"returnAuthorization": "rma", "creditMemo": "credit"}


def is_of_the_whole_house(story: Scenario) -> bool:
    return any(WORDS & moment.keys() for moment in story.moments)


def company_of(story: Scenario) -> int:
    """How many returns of the same kind it takes beside it: a flow stops by itself after many refusals."""
    stopped = [moment.get("stopped", {}) for moment in story.moments]
    stops_by_itself = any(one.get("key", "").startswith("flow:") and "by" not in one for one in stopped)
    return UNKNOWN_MAX - 1 if stops_by_itself else 0


def documents_are_refused(theatre: Theatre, scene: Scene, told: Json) -> None:
    """By kind of document, the family of the refusal."""
    for kind, family in told.items():
        if family in SPECIAL:
            SPECIAL[family](theatre, scene)
        else:
            _refuse(theatre, scene, kind, family)


def _refuse(theatre: Theatre, scene: Scene, kind: str, family: str, *, count: int = 1) -> None:
    is_of_loop = kind.startswith("loop_")
    where = {"system": "loop", "shop": scene.shop} if is_of_loop else {"system": "netsuite", "account": ACCOUNT}
    theatre.ask("faults", {**where, "operation": CALLS[kind], "count": count, **FAULTS[family]})


def _our_id_is_taken(theatre: Theatre, scene: Scene) -> None:
    """By a person's authorization of another item."""
    body = {
        "entity": {"id": scene.customer},
        "externalId": f"loop-{scene.shop}-{scene.loop_id}-rma-1",
        "item": {"items": [{"item": {"id": theatre.items["504"]}, "quantity": 1, "rate": "9.00"}]},
    }
    theatre.act("create", record_type="returnAuthorization", body=body)


def _senders_die(theatre: Theatre, scene: Scene) -> None:
    """Each with the posting in its hands, before it has called; their leases end, and nothing is found over there."""
    theatre.work_through_queue()
    long_ago = timezone.now() - timedelta(days=1)
    for _ in range(DEATHS_MAX):
        LoopReturn.objects.filter(pk=scene.row.pk).update(look_again_at=None)
        (posting,) = claim_postings("one that dies", count=1)
        Posting.objects.filter(pk=posting.pk).update(sending_since=long_ago, armed_at=long_ago)
        give_up_dead_leases()
        Posting.objects.filter(pk=posting.pk).update(uncertain_since=long_ago)
        PostingAttempt.objects.filter(posting=posting).update(started_at=long_ago)
        settle(Posting.objects.select_related("loop_return", "shop__account", "account").get(pk=posting.pk))


SPECIAL: dict[str, Callable[[Theatre, Scene], None]] = {
    "other_content": _our_id_is_taken,
    "set_aside": _senders_die,
}


def something_stands_still(theatre: Theatre, scene: Scene, told: Json) -> None:
    """A person's pause, or what NetSuite refuses from now on; empty: the cause is gone, and a person says so."""
    if not told:
        _goes_on(theatre)
        return
    what, _, name = told["key"].partition(":")
    if "by" in told:
        fay = theatre.person("fay")
        pause_by(fay, scene.row.shop.account, shop=scene.row.shop, flow=name, reason=told["reason"])
    elif what == "type":
        _refuse(theatre, scene, KIND_OF_TYPE[name], told["code"])
    else:
        _refuse(theatre, scene, name, "unknown", count=UNKNOWN_MAX)


def period_is_closed(theatre: Theatre, scene: Scene, month: str) -> None:
    """Empty: it is open again."""
    theatre.act("close_period" if month else "open_period", date=f"{month or scene.closed_month}-15")
    scene.closed_month = month or scene.closed_month
    if not month:
        _goes_on(theatre)


def _goes_on(theatre: Theatre) -> None:
    for pause in Pause.objects.live():
        resume_by(theatre.person("fay"), pause, reason=WHY)


def netsuite_adds(theatre: Theatre, scene: Scene, amount: str) -> None:
    """Its tax engine comes to something else when a credit is saved."""
    theatre.ask("settings", {"netsuite": {"saved_credit_adds": float(amount)}})
    scene.added_by_netsuite = Decimal(amount)


def stock_is_untold(theatre: Theatre, scene: Scene, told: bool) -> None:
    theatre.ask("settings", {"netsuite": {"sql_refused_tables": STOCK_TABLES if told else None}})


def undo(theatre: Theatre, scene: Scene) -> None:
    """The house as it was: whatever this story left undone stays so."""
    theatre.ask("faults", method="DELETE")
    theatre.ask("settings", {"netsuite": {"saved_credit_adds": None, "sql_refused_tables": None}})
    if scene.closed_month:
        theatre.act("open_period", date=f"{scene.closed_month}-15")
    theatre.silent |= {(scene.loop_id, "netsuite"), (scene.loop_id, "loop")}
    for pause in Pause.objects.live():
        end_pause(pause, by=None, because=WHY)
