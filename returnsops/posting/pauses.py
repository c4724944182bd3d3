"""Pauses: what stands still, and that nothing which hinges on it is claimed (requirement I7)."""

from collections import defaultdict

from django.db.models import Q, QuerySet

from integrations.models import NetSuiteAccount
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.posting.models import Pause, Posting

LIVE = FixedQuery(
    lambda: Pause.objects.live().filter(account=slot("account_pk")).select_related("opened_by", "probe").order_by("key")
)


def not_paused(*, but_for: Pause | None = None) -> Q:
    """Of postings: nothing they hinge on stands still. Costs one query of the few live pauses.

    Evaluated when it is called, so ask anew for each claim. The probe of a pause is held by the others only.
    """
    stopped: dict[int, list[str]] = defaultdict(list)
    held = Q(pk__in=[])
    live = Pause.objects.live()
    if but_for:
        live = live.exclude(pk=but_for.pk)
    for account_pk, key, probe in live.values_list("account_id", "key", "probe_id"):
        if probe is None:
            stopped[account_pk].append(key)
        else:
            held |= Q(account=account_pk, hinges_on__contains=[key]) & ~Q(pk=probe)
    for account_pk, keys in stopped.items():
        held |= Q(account=account_pk, hinges_on__overlap=keys)
    return ~held


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
