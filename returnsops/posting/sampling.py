"""What of ours is read back, where a shop does not want every document compared (policy `read_back`, requirement Z8).

What is trusted is known by its making alone. It is read in full once NetSuite says that it changed afterwards.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from integrations.models import NetSuiteAccount
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.returns.models import NetSuiteRecord
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.policies import active_policies
from returnsops.returns.policy import Policy, ReadBack

FLAWLESS_MIN = 20  # of a kind and shop in a row: before, and after each that differed, every one is read back
HASH_END = 2**32


def choose_trusted(account: NetSuiteAccount, postings: Sequence[Posting]) -> set[int]:
    """Of these, all posted, the keys of those that are not read back. They are of this account."""
    candidates = [one for one in postings if POSTING_KINDS[one.kind].may_be_trusted and _was_ours_at_once(one)]
    if not candidates:
        return set()
    stumbled = _not_taken_at_first(candidates)
    rules = {shop.pk: policy for shop, policy in active_policies(account).items()}
    candidates = [
        one
        for one in candidates
        if one.pk not in stumbled and not is_in_share(one.external_id, _share_of(rules.get(one.shop_id)))
    ]
    differed = _returns_with_differences(one.loop_return_id for one in candidates)
    proven = {name: _is_proven(*name) for name in {(one.shop_id, one.kind) for one in candidates}}
    return {one.pk for one in candidates if one.loop_return_id not in differed and proven[one.shop_id, one.kind]}


def _was_ours_at_once(posting: Posting) -> bool:
    """Made by us, and never in doubt: nobody has to ask whether it is what we sent."""
    return not posting.adopted and "adopt" not in posting.request and not posting.doubted


def _not_taken_at_first(postings: Iterable[Posting]) -> set[int]:
    """Asked of the tries: a person who sends it again lets the count of attempts begin anew."""
    failed = PostingAttempt.objects.filter(posting__in=[one.pk for one in postings]).exclude(outcome="posted")
    return set(failed.order_by().values_list("posting_id", flat=True))


def is_in_share(external_id: str, share: Decimal) -> bool:
    """By the id, so that whoever asks, and however often, gets the same answer."""
    number = int.from_bytes(hashlib.sha256(external_id.encode()).digest()[:4])
    return number < share * HASH_END


def _share_of(policy: Policy | None) -> Decimal:
    """None: the shop has its books elsewhere by now, and no rule of it speaks of this account any more."""
    if policy is None:
        return Decimal(1)
    return policy.read_back_share if policy.read_back == ReadBack.BY_RISK else Decimal(1)


def _returns_with_differences(returns: Iterable[int]) -> set[int]:
    flawed = Posting.objects.filter(loop_return__in=set(returns)).exclude(differences=[])
    return set(flawed.values_list("loop_return_id", flat=True))


def _is_proven(shop_pk: int, kind: str) -> bool:
    """The last ones that were compared were all as they were sent."""
    compared = Posting.objects.filter(shop=shop_pk, kind=kind, read_back_at__isnull=False).order_by("-read_back_at")
    found = list(compared.values_list("differences", flat=True)[:FLAWLESS_MIN])
    return len(found) == FLAWLESS_MIN and not any(found)


def note_made(account: NetSuiteAccount, trusted: Collection[Posting]) -> None:
    """A row in the mirror that tells no more than what we know by having made it; what was read already stays."""
    NetSuiteRecord.objects.bulk_create([_row_of(account, one) for one in trusted], ignore_conflicts=True)


def _row_of(account: NetSuiteAccount, posting: Posting) -> NetSuiteRecord:
    assert posting.posted_at, "what is posted has its moment"
    return NetSuiteRecord(
        account=account,
        internal_id=posting.their_id,
        record_type=posting.request["target_type"],
        external_id=posting.external_id,
        created_from_id=str(posting.request.get("source_id") or ""),
        fetched_at=posting.posted_at,
        told_at=posting.posted_at,
        origin=NetSuiteRecord.Origin.OURS,
        raw={},
    )
