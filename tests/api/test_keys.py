"""Who gets in: tools by key, people by session, nobody else."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.models import Shop
from returnsops.api.keys import issue_key
from returnsops.people.models import ApiKey, AuditEvent, Membership, Role, User
from returnsops.returns.models import LoopReturn
from tests.api.conftest import API

LIST = f"{API}/returns/"


def test_key_shows_its_shop_and_no_other(tool: APIClient, row: LoopReturn, foreign_row: LoopReturn) -> None:
    answer = tool.get(LIST)

    assert [one["id"] for one in answer.json()["results"]] == [row.pk]
    assert tool.get(f"{LIST}{foreign_row.pk}/").status_code == 404


def test_keys_of_one_tool_in_two_shops_are_apart(shop: Shop, other_shop: Shop) -> None:
    first, _ = issue_key("wms", shop=shop, role=Role.WAREHOUSE)
    second, _ = issue_key("wms", shop=other_shop, role=Role.WAREHOUSE)

    assert first.user != second.user
    assert first.user.memberships.get().shop == shop


def test_only_the_digest_is_kept(shop: Shop) -> None:
    key, text = issue_key("wms", shop=shop, role=Role.CARE)

    kept = {str(value) for value in ApiKey.objects.filter(pk=key.pk).values_list().get()}
    secret = text.split(".")[1]
    assert len(secret) >= 43
    assert not any(secret in value for value in kept)
    assert not any(secret in str(event.after) for event in AuditEvent.objects.all())


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Api-Key",
        "Api-Key x",
        "Api-Key aaaaaaaaaa.wrong",
        "Api-Key \x00.\x00",
        "Api-Key é.é",
        "Basic YTpi",
        "Bearer x",
    ],
)
def test_no_key_no_entry(db: None, header: str) -> None:
    answer = APIClient(HTTP_AUTHORIZATION=header).get(LIST)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Api-Key"
    assert set(answer.json()) == {"message", "code", "extra"}


def test_right_prefix_with_wrong_secret_is_refused(shop: Shop) -> None:
    key, _ = issue_key("wms", shop=shop, role=Role.CARE)

    assert APIClient(HTTP_AUTHORIZATION=f"Api-Key {key.prefix}.guess").get(LIST).status_code == 401


def test_revoked_key_is_refused(tool: APIClient) -> None:
    assert tool.get(LIST).status_code == 200

    ApiKey.objects.update(revoked_at=timezone.now())

    assert tool.get(LIST).json()["code"] == "authentication_failed"


def test_key_of_a_tool_that_was_switched_off_is_refused(tool: APIClient) -> None:
    User.objects.filter(is_tool=True).update(is_active=False)

    assert tool.get(LIST).status_code == 401


def test_key_loses_its_rights_with_the_membership(tool: APIClient, row: LoopReturn) -> None:
    Membership.objects.filter(user__is_tool=True).delete()

    assert tool.get(LIST).json()["results"] == []


def test_use_is_noted_once_a_minute(tool: APIClient) -> None:
    def used_at() -> Any:
        tool.get(LIST)
        return ApiKey.objects.get().last_used_at

    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = used_at()
        clock.shift(timedelta(seconds=59))
        assert used_at() == first
        clock.shift(timedelta(seconds=1))
        assert used_at() == first + timedelta(minutes=1)


def test_command_prints_a_key_that_works(shop: Shop, row: LoopReturn) -> None:
    out = StringIO()

    call_command("make_api_key", tool="crm", shop="fern", role="care", stdout=out)

    first, header = out.getvalue().splitlines()
    assert first.startswith("crm@fern acts in Fern as Customer care.")
    client = APIClient(HTTP_AUTHORIZATION=header.removeprefix("Authorization: "))
    assert [one["id"] for one in client.get(LIST).json()["results"]] == [row.pk]
    assert AuditEvent.objects.filter(action="issued API key", shop=shop).count() == 1


def test_replacing_revokes_the_keys_before(shop: Shop, tool: APIClient) -> None:
    call_command("make_api_key", tool="wms", shop="fern", role="warehouse", replace=True, stdout=StringIO())

    assert tool.get(LIST).status_code == 401
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_command_names_the_shops_there_are(shop: Shop) -> None:
    with pytest.raises(CommandError, match="There are: fern"):
        call_command("make_api_key", tool="crm", shop="oak", role="care")


@pytest.mark.parametrize("name", ["CRM", "a b", "", "x" * 61])
def test_command_refuses_a_name_that_is_none(shop: Shop, name: str) -> None:
    with pytest.raises(CommandError, match="no name for a tool"):
        call_command("make_api_key", tool=name, shop="fern", role="care")


def test_tool_does_not_take_over_a_person(shop: Shop) -> None:
    User.objects.create_user("crm@fern")

    with pytest.raises(CommandError, match="is a person"):
        call_command("make_api_key", tool="crm", shop="fern", role="admin")
    assert not ApiKey.objects.exists()


def test_tool_cannot_log_in_by_password(shop: Shop) -> None:
    key, _ = issue_key("wms", shop=shop, role=Role.WAREHOUSE)

    assert not key.user.has_usable_password()


def test_people_read_with_their_session(as_person: Callable[[User], APIClient], finn: User, row: LoopReturn) -> None:
    assert as_person(finn).get(f"{LIST}{row.pk}/").status_code == 200


def test_people_write_only_with_the_csrf_token(finn: User, shop: Shop, row: LoopReturn) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(finn)
    address = f"{LIST}{row.pk}/inspections/"

    without = browser.post(address, {})
    browser.cookies["csrftoken"] = "a" * 32
    with_token = browser.post(address, {}, headers={"X-CSRFToken": "a" * 32})

    assert without.status_code == 403
    assert "CSRF" in without.json()["message"]
    assert with_token.status_code == 400  # the token let it through to what was sent


def test_tools_write_without_a_csrf_token(shop: Shop, row: LoopReturn) -> None:
    _, text = issue_key("wms", shop=shop, role=Role.WAREHOUSE)
    client = APIClient(enforce_csrf_checks=True, HTTP_AUTHORIZATION=f"Api-Key {text}")

    assert client.post(f"{LIST}{row.pk}/inspections/", {}).status_code == 400
