"""Whose a case is: taken, given back, and nobody's again when whoever had it left."""

from decimal import Decimal

import pytest
from django.test import Client

from exceptions.cases import sync_cases
from exceptions.models import Case
from exceptions.taking import give_back, give_back_of_who_left, take
from integrations.models import Shop
from returnsops.people.models import AuditEvent, Role, User
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.problems import Problem
from tests.builders import make_return, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(shop: Shop, finn: User) -> Case:
    """Finn has it."""
    row = make_return(shop)
    sync_cases(row, [Problem("amount_differs", f"return:{row.loop_id}", "It differs.", amount=Decimal("0.03"))])
    take(Case.objects.get(), by=finn)
    return Case.objects.get()


def stands(case: Case) -> tuple[str, User | None]:
    case.refresh_from_db()
    return case.status, case.assignee


def test_case_given_back_is_nobodys_and_says_so(case: Case, finn: User) -> None:
    give_back(case, by=finn)

    assert stands(case) == ("open", None)
    event = case.events.latest("pk")
    assert (event.kind, event.actor) == ("given back", finn)
    assert AuditEvent.objects.get(action="gave back case").actor == finn


def test_case_of_somebody_else_is_taken_over_and_not_given_back(case: Case, finn: User, fay: User) -> None:
    with pytest.raises(NotPossibleError, match="finn"):
        give_back(case, by=fay)

    assert stands(case) == ("taken", finn)


def test_case_given_back_twice_is_told(case: Case, finn: User) -> None:
    give_back(case, by=finn)

    with pytest.raises(NotPossibleError, match="Nobody has it"):
        give_back(case, by=finn)


def test_case_of_who_was_switched_off_waits_for_somebody_again(case: Case, finn: User) -> None:
    User.objects.filter(pk=finn.pk).update(is_active=False)

    give_back_of_who_left()

    assert stands(case) == ("open", None)
    assert "finn" in case.events.latest("pk").text


@pytest.mark.parametrize("role", ["", Role.CARE])
def test_case_of_who_lost_the_role_waits_for_somebody_again(case: Case, finn: User, role: str) -> None:
    finn.memberships.all().delete()
    finn.memberships.create(shop=make_shop("moss"), role=Role.FINANCE)
    if role:
        finn.memberships.create(shop=case.shop, role=role)

    give_back_of_who_left()

    assert stands(case) == ("open", None)


def test_case_of_who_works_on_stays_theirs(case: Case, finn: User, fay: User) -> None:
    finn.memberships.update(role=Role.WAREHOUSE)
    give_back_of_who_left()
    assert stands(case) == ("taken", finn)

    User.objects.filter(pk=finn.pk).update(is_superuser=True)
    finn.memberships.all().delete()
    give_back_of_who_left()
    assert stands(case) == ("taken", finn)


def test_case_is_given_back_by_a_button(client: Client, case: Case, finn: User) -> None:
    client.force_login(finn)
    assert "Give it back" in client.get(f"/exceptions/{case.pk}/").text

    answer = client.post(f"/exceptions/{case.pk}/give-back/", follow=True)

    assert stands(case) == ("open", None)
    assert "Take it" in answer.text


def test_case_is_given_back_by_a_tool(client: Client, case: Case, finn: User) -> None:
    client.force_login(finn)

    answer = client.post(f"/api/v1/cases/{case.pk}/give-back/").json()

    assert (answer["status"], answer["assignee"]) == ("open", None)
