"""Who may do what, and what a person sees."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from integrations.models import Shop
from returnsops.people import access
from returnsops.people.models import Role, User
from returnsops.returns.models import LoopReturn
from tests.builders import make_return, make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "right", "expected"),
    [
        (Role.WAREHOUSE, "inspect units", True),
        (Role.WAREHOUSE, "approve", False),
        (Role.FINANCE, "approve", True),
        (Role.FINANCE, "inspect units", False),
        (Role.DATA, "map SKUs", True),
        (Role.DATA, "approve", False),
        (Role.CARE, "note", True),
        (Role.CARE, "retry", False),
        (Role.ADMIN, "approve", True),
    ],
)
def test_role_gives_its_rights(shop: Shop, role: Role, right: str, expected: bool) -> None:
    assert access.may(make_user(role, shop), right, shop=shop) is expected


def test_role_in_one_shop_is_none_in_another(shop: Shop, finn: User) -> None:
    assert not access.may(finn, "approve", shop=make_shop("moss"))


def test_unknown_right_is_a_bug_not_a_no(shop: Shop, finn: User) -> None:
    with pytest.raises(KeyError):
        access.may(finn, "fly", shop=shop)


def test_refusal_says_what_is_needed(shop: Shop, ada: User) -> None:
    with pytest.raises(PermissionDenied, match="To approve in Fern you need the role Administrator or Finance"):
        access.require(ada, "approve", shop=shop)


@pytest.mark.parametrize(
    ("limit", "amount", "expected"), [("50", "50", True), ("50", "50.01", False), ("50", "-60", False)]
)
def test_approval_has_its_limit(shop: Shop, limit: str, amount: str, expected: bool) -> None:
    user = make_user(Role.FINANCE, shop, limit=limit)

    assert access.may_approve_amount(user, Decimal(amount), currency="USD", shop=shop) is expected


def test_limit_says_nothing_of_amounts_in_another_currency(shop: Shop) -> None:
    limited, unlimited = make_user(Role.FINANCE, shop, limit="50"), make_user(Role.FINANCE, shop)

    assert not access.may_approve_amount(limited, Decimal("49.000"), currency="KWD", shop=shop)
    assert access.may_approve_amount(unlimited, Decimal("49.000"), currency="KWD", shop=shop)


def test_person_without_the_right_approves_no_amount(shop: Shop, ada: User) -> None:
    assert not access.may_approve_amount(ada, Decimal(0), currency="USD", shop=shop)


def test_person_sees_the_returns_of_their_shops_only(shop: Shop, ada: User) -> None:
    mine = make_return(shop, loop_id="1")
    make_return(make_shop("moss"), loop_id="2")

    assert list(LoopReturn.objects.visible_to(ada)) == [mine]
    assert list(Shop.objects.visible_to(ada)) == [shop]


def test_person_without_a_role_sees_nothing_and_a_superuser_all(shop: Shop) -> None:
    make_return(shop)
    root = User.objects.create(username="root", is_superuser=True)

    assert not LoopReturn.objects.visible_to(make_user()).exists()
    assert LoopReturn.objects.visible_to(root).count() == 1


def test_two_roles_in_one_shop_show_a_return_once(shop: Shop) -> None:
    user = make_user(Role.FINANCE, shop)
    user.memberships.create(shop=shop, role=Role.DATA)
    make_return(shop)

    assert LoopReturn.objects.visible_to(user).count() == 1
