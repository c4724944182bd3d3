"""One press for everything that fits the filter: first what a retry would do to each document, then doing it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from exceptions import actions, offers
from exceptions.attempt import try_action
from exceptions.models import Case, CaseMember
from exceptions.queue import CaseRows, standing_members_of
from returnsops.people.models import User
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import RETRY

RETRIED_MAX = 200  # documents that one press sends again
RETRYABLE = frozenset(code for code, kind in KINDS.items() if RETRY in kind.actions)


@dataclass(frozen=True)
class DryRun:
    """What would happen if all were sent again now. Nothing was changed to find out.

    members: each would be retried. refused: reason → how many stay for it. left_over: beyond RETRIED_MAX, not seen.
    others: how many cases fit the filter but are not about a refused document.
    """

    members: Sequence[CaseMember]
    refused: dict[str, int]
    left_over: int
    others: int


def count_retryable(cases: CaseRows) -> int:
    return cases.exclude(status=Case.Status.CLOSED).filter(code__in=RETRYABLE).count()


def plan_retry(cases: CaseRows, user: User) -> DryRun:
    """cases: what the filter found, of which this user may see all."""
    standing = cases.exclude(status=Case.Status.CLOSED)
    members = standing_members_of(standing.filter(code__in=RETRYABLE))
    looked_at = list(members[:RETRIED_MAX])
    why = offers.why_no_retries(looked_at, user)
    return DryRun(
        members=[member for member in looked_at if not why[member.pk]],
        refused=dict(Counter(reason for reason in why.values() if reason).most_common()),
        left_over=members.count() - len(looked_at),
        others=standing.exclude(code__in=RETRYABLE).count(),
    )


def retry_all(cases: CaseRows, pks: Sequence[int], *, by: User, reason: str) -> tuple[int, dict[str, int]]:
    """Retry those of the dry run that can still be. Gives how many were, and the reasons of the others by number.

    cases: of any status, for a colleague may have taken one since the dry run. Each is a decision of its own: one that
    moved on meanwhile does not keep the others back.
    """
    members = standing_members_of(cases.filter(code__in=RETRYABLE)).filter(pk__in=pks[:RETRIED_MAX])
    chosen = list(members)
    refused = Counter(try_action(partial(actions.retry, member, by=by, reason=reason)) for member in chosen)
    done = refused.pop("", 0)
    if gone := len(set(pks)) - len(chosen):
        refused[offers.OVER] += gone
    return done, dict(refused.most_common())
