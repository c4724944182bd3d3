"""Refusals whose meaning people taught us: asked when the built-in table does not know the words.

The built-in table goes first. Its words have sources, and pauses hang on them; a rule that fits too much must not
change what is known. NetSuite's own words stay beside every classification.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import RefusalRule
from integrations.models.refusal_rule import PASSING
from returnsops.posting.causes import CAUSES, UNKNOWN, hold_for_cause
from returnsops.posting.models import Posting
from returnsops.posting.moves import move_posting
from returnsops.returns.replan import ask_for_plan, hold_return

RECLASSIFY_MAX = 200
RULES_MAX = 500
TRIED_AGAIN = frozenset({PASSING, "already_exists"})
Status = Posting.Status


def taught(posting: Posting, refusal: dict[str, Any]) -> dict[str, Any]:
    """The refusal with the meaning of the first active rule that fits; as it is, if it is known or none fits."""
    if refusal.get("family", UNKNOWN) != UNKNOWN or posting.system != Posting.System.NETSUITE:
        return refusal
    rules = RefusalRule.objects.filter(active=True).order_by("pk")[:RULES_MAX]
    rule = next((rule for rule in rules if fits(rule, posting, refusal)), None)
    return refusal | {"family": rule.meaning, "rule": rule.pk} if rule else refusal


def fits(rule: RefusalRule, posting: Posting, refusal: dict[str, Any]) -> bool:
    if rule.account_id and rule.account_id != posting.account_id:
        return False
    return rule.fits(str(refusal.get("detail", "")), record_type=str(posting.request.get("target_type", "")))


def standing_unknown() -> QuerySet[Posting]:
    """Refused in words we do not know, and still waiting for a person."""
    rows: QuerySet[Posting] = Posting.objects.filter(
        status=Status.REJECTED, system=Posting.System.NETSUITE, refusal__family=UNKNOWN
    )
    return rows.order_by("-pk")


def would_fit(rule: RefusalRule) -> list[Posting]:
    """The latest standing refusals that a rule fits."""
    return [one for one in standing_unknown()[:RECLASSIFY_MAX] if fits(rule, one, one.refusal or {})]


def reclassify(rule: RefusalRule) -> int:
    """Give the standing refusals that the rule fits its meaning. What may pass goes again; the rest is planned anew."""
    if not rule.active:
        return 0
    return sum(_reclassify(posting, rule) for posting in would_fit(rule))


@transaction.atomic
def _reclassify(posting: Posting, rule: RefusalRule) -> bool:
    hold_return(posting.loop_return_id)
    posting.refresh_from_db()
    refusal = posting.refusal or {}
    if posting.status != Status.REJECTED or refusal.get("family") != UNKNOWN:
        return False
    meant = refusal | {"family": rule.meaning, "rule": rule.pk}
    if rule.meaning in CAUSES and hold_for_cause(posting, meant):
        return True
    if rule.meaning in TRIED_AGAIN:
        now = timezone.now()
        move_posting(posting, Status.PENDING, refusal=meant, attempts=0, not_before=now, claimed_by="")
    else:
        Posting.objects.filter(pk=posting.pk, status=Status.REJECTED).update(refusal=meant)
    ask_for_plan([posting.loop_return_id])
    return True
