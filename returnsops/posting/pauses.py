"""Pauses: what stands still, and that nothing which hinges on it is claimed (requirement I7)."""

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from integrations.models import NetSuiteAccount
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.posting.models import Pause, Posting

LIVE = FixedQuery(
    lambda: Pause.objects.live().filter(account=slot("account_pk")).select_related("opened_by", "probe").order_by("key")
)
IS_AMONG = BooleanField()


def not_paused(*, but_for: Pause | None = None) -> Q:
    """Of postings: nothing they hinge on stands still. The probe of a pause is held by the others only."""
    holding = Pause.objects.live().filter(
        Q(probe=None) | ~Q(probe=OuterRef("pk")),
        Func(F("key"), OuterRef("hinges_on"), template="%(expressions)s)", arg_joiner=" = ANY(", output_field=IS_AMONG),
        account=OuterRef("account"),
    )
    return ~Q(Exists(holding.exclude(pk=but_for.pk) if but_for else holding))


def find_pause(account: NetSuiteAccount, key: str) -> Pause | None:
    return Pause.objects.live().filter(account=account, key=key).select_related("probe", "shop", "account").first()


def postings_on_their_way() -> QuerySet[Posting]:
    """Sent or to be sent without anybody's doing: what was refused or is paused waits for a person."""
    to_be_sent = Q(status=Posting.Status.PENDING) & not_paused()
    return Posting.objects.filter(Q(status__in=[Posting.Status.SENDING, Posting.Status.UNCERTAIN]) | to_be_sent)


def pauses_of(account: NetSuiteAccount) -> list[Pause]:
    """What stands still in an account. Few: one at most for each flow, shop, record type and period."""
    found: list[Pause] = LIVE.ask(account_pk=account.pk)
    return found
