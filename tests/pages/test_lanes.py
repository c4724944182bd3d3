"""Calls at once: seen by everybody who sees the account, set by administrators of all its shops, obeyed and audited."""

import pytest
from django.test import Client

from integrations.models import LaneHours, NetSuiteAccount, Shop
from integrations.netsuite.lanes import ensure_lanes, lanes_in_use
from returnsops.people.models import AuditEvent, Membership, Role, User
from tests.builders import make_account, make_shop, make_user


@pytest.fixture
def account(shop: Shop) -> NetSuiteAccount:
    ensure_lanes(shop.account, count=4)
    return shop.account


@pytest.fixture
def admin(client: Client, account: NetSuiteAccount, shop: Shop) -> Client:
    client.force_login(make_user(Role.ADMIN, shop, username="alma"))
    return client


def address(account: NetSuiteAccount) -> str:
    return f"/connections/netsuite/{account.pk}/lanes/"


def values(**changes: object) -> dict[str, object]:
    return {"count": 12, "kept_for_reading": 2, "reason": "The connector was switched off"} | changes


def test_an_administrator_sets_them_and_the_audit_says_why(admin: Client, account: NetSuiteAccount) -> None:
    answer = admin.post(address(account), values(), follow=True)

    use = lanes_in_use(account.pk)
    assert (use.count, use.kept_for_reading) == (12, 2)
    assert "are set" in answer.text
    event = AuditEvent.objects.get(action="set lanes")
    assert event.reason == "The connector was switched off"
    assert event.before == {"lanes": 4, "kept_for_reading": 1}
    assert event.after == {"lanes": 12, "kept_for_reading": 2}


def test_others_see_them_and_cannot_set_them(client: Client, account: NetSuiteAccount, finn: User) -> None:
    client.force_login(finn)

    assert "you need the role Administrator" in client.get(address(account)).text
    client.post(address(account), values())

    assert lanes_in_use(account.pk).count == 4


def test_lanes_shared_with_a_shop_of_others_are_not_theirs_alone_to_set(
    admin: Client, account: NetSuiteAccount
) -> None:
    moss = make_shop("moss", account=account)

    admin.post(address(account), values())
    assert lanes_in_use(account.pk).count == 4

    Membership.objects.create(user=User.objects.get(username="alma"), shop=moss, role=Role.ADMIN)
    admin.post(address(account), values())
    assert lanes_in_use(account.pk).count == 12


@pytest.mark.parametrize(("changes", "words"), [
    ({"count": 0}, "greater than or equal to 1"),
    ({"count": 501}, "less than or equal to 500"),
    ({"kept_for_reading": 12}, "At least one has to be left for sending."),
    ({"reason": ""}, "This field is required."),
])  # fmt: skip
def test_what_cannot_be_is_refused_beside_its_field(
    admin: Client, account: NetSuiteAccount, changes: dict[str, object], words: str
) -> None:
    answer = admin.post(address(account), values(**changes))

    assert words in answer.text
    assert lanes_in_use(account.pk).count == 4


def test_hours_with_other_numbers_are_shown(admin: Client, account: NetSuiteAccount) -> None:
    LaneHours.objects.create(
        account=account, weekdays=[5, 6], starts="20:00", ends="06:00", lanes=9, why="Nobody else works"
    )

    text = admin.get(address(account)).text

    assert "Sat, Sun" in text
    assert "Nobody else works" in text


def test_an_account_of_others_is_not_seen(admin: Client) -> None:
    moss = make_shop("moss", account=make_account("7654321"))

    assert admin.get(address(moss.account)).status_code == 404
    assert admin.post(address(moss.account), values()).status_code == 404


def test_the_sending_card_leads_there(admin: Client, account: NetSuiteAccount) -> None:
    assert f'href="{address(account)}">0 of 4 lanes in use<' in admin.get("/connections/").text
