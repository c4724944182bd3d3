"""Who may do what. Screens, API and admin all ask here."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from returnsops.people.models import Membership, Role, User, path_to_shop

RIGHTS: dict[str, Collection[str]] = {
    "inspect units": {Role.WAREHOUSE, Role.ADMIN},
    "take back what others noted": {Role.FINANCE, Role.ADMIN},
    "approve": {Role.FINANCE, Role.ADMIN},
    "correct": {Role.FINANCE, Role.DATA, Role.ADMIN},
    "retry": {Role.FINANCE, Role.DATA, Role.ADMIN},
    "assign": {Role.WAREHOUSE, Role.FINANCE, Role.DATA, Role.ADMIN},
    "note": {Role.WAREHOUSE, Role.FINANCE, Role.DATA, Role.CARE, Role.ADMIN},
    "map SKUs": {Role.DATA, Role.ADMIN},
    "pause": {Role.FINANCE, Role.ADMIN},
    "teach refusals": {Role.DATA, Role.ADMIN},
    "set lanes": {Role.ADMIN},
    "check connections": {Role.FINANCE, Role.DATA, Role.ADMIN},
    "change the policy": {Role.ADMIN},
    "read the mirrors": {Role.ADMIN},
}


def may(user: User, right: str, *, shop: Any) -> bool:
    """Does this person hold `right` in this shop? An unknown right is a bug, not a no."""
    roles = RIGHTS[right]
    if user.is_superuser:
        return True
    return Membership.objects.filter(user_id=user.pk, shop=shop, role__in=roles).exists()


def require(user: User, right: str, *, shop: Any) -> None:
    """Raises PermissionDenied with a sentence that names the right, the shop and who can help."""
    if not may(user, right, shop=shop):
        roles = " or ".join(sorted(str(Role(role).label) for role in RIGHTS[right]))
        raise PermissionDenied(f"To {right} in {shop} you need the role {roles}. Ask an administrator for it.")


def rights_somewhere(user: User) -> frozenset[str]:
    """What this person may do in at least one shop."""
    if user.is_superuser:
        return frozenset(RIGHTS)
    held = set(Membership.objects.filter(user_id=user.pk).values_list("role", flat=True))
    return frozenset(right for right, roles in RIGHTS.items() if held & set(roles))


def rows_where(user: User, right: str, *, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the rows that are of shops in which this person holds `right`."""
    roles = RIGHTS[right]
    if user.is_superuser:
        return rows
    held = Membership.objects.filter(user_id=user.pk, role__in=roles)
    return rows.filter(**{f"{path_to_shop(rows.model)}__in": held.values("shop_id")})


def may_approve_amount(user: User, amount: Decimal, *, currency: str, shop: Any) -> bool:
    """A limit is in the shop's currency: of an amount in another one it says nothing, so that needs no limit."""
    if user.is_superuser:
        return True
    limits = Membership.objects.filter(user_id=user.pk, shop=shop, role__in=RIGHTS["approve"]).values_list(
        "approval_limit", flat=True
    )
    is_comparable = currency == shop.currency
    return any(limit is None or (is_comparable and abs(amount) <= limit) for limit in limits)
