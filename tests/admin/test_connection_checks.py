"""In the admin: checking connections, and settings that the last check contradicts."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import ConnectionProfile, NetSuiteAccount, Shop
from integrations.profile import AccountFacts, Profile, profile_as_json, profile_row
from returnsops.people.models import AuditEvent, User

ACCOUNTS = "/admin/integrations/netsuiteaccount/"
NO_HOURS = {"lane_hours-TOTAL_FORMS": 0, "lane_hours-INITIAL_FORMS": 0}


@pytest.fixture
def root(client: Client, shop: Shop) -> Client:
    client.force_login(User.objects.create_superuser("root", password="a long word for tests"))
    return client


def values_of(account: NetSuiteAccount, **changes: Any) -> dict[str, Any]:
    """What the form of an account sends back."""
    names = [
        "account_id",
        "base_url",
        "auth",
        "client_id",
        "certificate_id",
        "time_zone",
        "subsidiary_id",
        "line_reference_field",
        "sku_field",
        "stock_table",
        "receipt_key",
        "refund_apply_line",
        "write_mode",
        "memo_chars_max",
        "database_time_zone",
    ]
    return (
        {name: getattr(account, name) for name in names}
        | {"lane_count": 5, "lane_hours-TOTAL_FORMS": 0, "lane_hours-INITIAL_FORMS": 0}
        | changes
    )


def learn(account: NetSuiteAccount, **facts: Any) -> None:
    profile = Profile(checked_at=timezone.now(), duration_s=1, calls=1, facts=AccountFacts(**facts), findings=())
    row = profile_row(account)
    row.found = profile_as_json(profile)
    row.save()


def test_chosen_connections_are_checked(root: Client, shop: Shop) -> None:
    answer = root.post(ACCOUNTS, {"action": "check_connection", "_selected_action": [shop.account_id]}, follow=True)

    assert "Being checked: 1 connection." in answer.text
    assert ConnectionProfile.objects.get(account=shop.account).asked_at is not None
    assert AuditEvent.objects.filter(action="asked for a check").exists()


def test_a_saved_account_is_checked_at_once(root: Client, shop: Shop) -> None:
    answer = root.post(f"{ACCOUNTS}{shop.account_id}/change/", values_of(shop.account), follow=True)

    assert "is being checked. What is missing" in answer.text
    assert ConnectionProfile.objects.get(account=shop.account).asked_at is not None


@pytest.mark.parametrize(
    ("facts", "changes", "words"),
    [
        ({"receipt_row_keys": ("orderLine",)}, {"receipt_key": "line"}, "Rows of an Item Receipt have no field line."),
        ({"receipt_row_keys": ("line",)}, {"receipt_key": "both"}, "Choose line as the key of receipt rows."),
        ({"create_form": False}, {"has_forms": "on"}, "The account does not give forms (create-form)"),
        ({"one_world": False}, {"subsidiary_id": "2"}, "The account has no subsidiaries, as it is not OneWorld."),
        ({"subsidiaries": {"4": "Moss"}}, {"subsidiary_id": "2"}, "has no subsidiary 2. Choose one of: Moss (4)."),
        ({"sku_fields": {"upccode": False}}, {"sku_field": "upccode"}, "Items have no field upccode."),
        ({"line_fields": {"custcol_x": False}}, {"line_reference_field": "custcol_x"}, "have no field custcol_x"),
    ],
)
def test_a_setting_that_the_check_contradicts_is_refused(
    root: Client, shop: Shop, facts: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    learn(shop.account, **facts)

    answer = root.post(f"{ACCOUNTS}{shop.account_id}/change/", values_of(shop.account, **changes))

    assert answer.status_code == 200
    assert words in answer.text


def test_without_a_check_settings_are_taken(root: Client, shop: Shop) -> None:
    answer = root.post(f"{ACCOUNTS}{shop.account_id}/change/", values_of(shop.account, receipt_key="line"))

    assert answer.status_code == 302
    assert NetSuiteAccount.objects.get().receipt_key == "line"
