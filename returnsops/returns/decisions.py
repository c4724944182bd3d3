"""Facts that people add to a return: overrides and approvals. `exceptions.actions` is how they do it."""

from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import Approval, LoopReturn, Override
from returnsops.returns.replan import ask_for_plan


@transaction.atomic
def add_override(loop_return: LoopReturn, *, kind: str, subject: str, value: str, reason: str, by: User) -> Override:
    """Put a person's value in the place of ours; a former one for the same subject is withdrawn, not deleted."""
    if not reason.strip():
        raise NotPossibleError("Say why: the reason is part of the record.")
    now = clock.now()
    Override.objects.filter(loop_return=loop_return, kind=kind, subject=subject, withdrawn_at=None).update(
        withdrawn_at=now
    )
    override = Override.objects.create(
        loop_return=loop_return, kind=kind, subject=subject, value=value, reason=reason, author=by, created_at=now
    )
    ask_for_plan([loop_return.pk])
    return override


@transaction.atomic
def withdraw_override(loop_return: LoopReturn, *, kind: str, subject: str) -> None:
    """Raises NotPossibleError if nothing of the kind stands any more."""
    standing = Override.objects.filter(loop_return=loop_return, kind=kind, subject=subject, withdrawn_at=None)
    if not standing.update(withdrawn_at=clock.now()):
        raise NotPossibleError("Somebody took it back already. Reload the page.")
    ask_for_plan([loop_return.pk])


@transaction.atomic
def add_approval(
    loop_return: LoopReturn, *, subject: str, seen_hash: str, amount: Decimal, reason: str, by: User
) -> Approval:
    """A yes to exactly what was seen. Raises NotPossibleError if the approver made the values they approve."""
    author = last_author(loop_return)
    if has_corrected(by, loop_return):
        raise NotPossibleError("You corrected this return yourself, so somebody else must approve it.")
    approval, _ = Approval.objects.get_or_create(
        loop_return=loop_return,
        subject=subject,
        seen_hash=seen_hash,
        defaults={
            "amount": amount,
            "approver": by,
            "author": author,
            "reason": reason,
            "approved_at": clock.now(),
        },
    )
    ask_for_plan([loop_return.pk])
    return approval


def has_corrected(user: User, loop_return: LoopReturn) -> bool:
    """Does a value of this person stand in the return, whoever came after them?"""
    return _standing_values(loop_return).filter(author=user).exists()


def last_author(loop_return: LoopReturn) -> User | None:
    """Who last put a value of their own into this return. Noting «seen» is not a value, and neither is «cancelled»."""
    override = _standing_values(loop_return).select_related("author").order_by("-id").first()
    return override.author if override else None


def _standing_values(loop_return: LoopReturn) -> QuerySet[Override]:
    standing = Override.objects.filter(loop_return=loop_return, withdrawn_at=None)
    return standing.exclude(kind__in=[Override.Kind.ACKNOWLEDGE, Override.Kind.CANCEL, Override.Kind.FOUND])
