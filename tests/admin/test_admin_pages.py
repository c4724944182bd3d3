"""The rest of the admin: who sees what, that mirrors are only looked at, that each save leaves an audit row."""

import json
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from exceptions.models import Case
from integrations.credentials import open_secrets, store_secret
from integrations.models import Credential, InboundEvent, NetSuiteAccount, Shop
from integrations.netsuite.lanes import lanes_in_use
from returnsops.api.keys import issue_key
from returnsops.people.admin_parts import ReadOnlyAdmin
from returnsops.people.audit import record_event
from returnsops.people.models import AuditEvent, Membership, Role, User
from returnsops.posting.models import PostingAttempt
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.tick import sweep_connections
from tests.builders import (
    NOW,
    make_due,
    make_inspection,
    make_item,
    make_line,
    make_netsuite,
    make_posting,
    make_record,
    make_return,
    make_shop,
    make_user,
)
from tests.pages.scenes import make_checked

READ_ONLY = [model for model, page in admin.site._registry.items() if isinstance(page, ReadOnlyAdmin)]


@pytest.fixture
def root(client: Client, shop: Shop) -> Client:
    client.force_login(User.objects.create_superuser("root", password="a long word for tests"))
    return client


@pytest.fixture
def things(shop: Shop, ada: User) -> None:
    """A row of every kind there is to look at."""
    row = make_return(shop)
    make_inspection(row, ada, "sellable")
    posting = make_posting(row)
    PostingAttempt.objects.create(
        posting=posting, number=1, started_at=NOW, duration_s=0.2, request={"memo": "x"}, outcome="posted"
    )
    make_item(account=shop.account)
    InboundEvent.objects.create(
        shop=shop, received_at=NOW, last_received_at=NOW, raw=b'{"id": 1}', digest="d" * 64, signed=True
    )


def url(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", READ_ONLY)
@pytest.mark.usefixtures("things")
def test_mirrors_are_listed_searched_shown_and_never_changed(root: Client, model: Any) -> None:
    assert root.get(url(model, "changelist"), {"q": "1"}).status_code == 200
    assert root.get(url(model, "add")).status_code == 403
    row = model.objects.first()
    if row is None:
        return

    page = root.get(url(model, "change", row.pk))

    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert root.post(url(model, "change", row.pk), {"x": "1"}).status_code == 403
    assert root.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", list(admin.site._registry))
def test_warehouse_people_have_no_business_in_the_admin(client: Client, ada: User, model: Any) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=ada.pk))

    assert client.get(url(model, "changelist")).status_code == 403


def test_administrators_of_a_shop_see_the_rows_of_that_shop(client: Client, shop: Shop) -> None:
    person = make_user(Role.ADMIN, make_shop("moss"), username="mo")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    row = make_return(shop)
    client.force_login(User.objects.get(pk=person.pk))

    page = client.get(reverse("admin:returns_loopreturn_changelist"))

    assert page.status_code == 200
    assert row.loop_id not in page.content.decode()


def test_one_log_in_page_for_all(client: Client, db: None) -> None:
    answer = client.get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith("/login/?next=/admin/")


def test_queue_and_group_tables_are_not_offered(root: Client) -> None:
    page = root.get(reverse("admin:index")).content.decode()

    assert "Django Q" not in page
    assert "Groups" not in page


def test_no_page_carries_inline_script_or_style(root: Client, things: None) -> None:
    for model in admin.site._registry:
        for address in (url(model, "changelist"), url(model, "add")):
            page = root.get(address).content.decode()
            assert "<style" not in page
            assert " style=" not in page
            assert "<script>" not in page


def test_verify_chain_tells_whole_from_broken(root: Client, shop: Shop) -> None:
    event = record_event(None, "tested", shop, shop=shop)
    assert "The chain is whole" in verify_chain(root, event)

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE people_auditevent DISABLE TRIGGER audit_append_only")
        cursor.execute("UPDATE people_auditevent SET reason = 'changed later' WHERE id = %s", [event.pk])
        cursor.execute("ALTER TABLE people_auditevent ENABLE TRIGGER audit_append_only")

    assert f"The chain breaks at event {event.pk}" in verify_chain(root, event)


def verify_chain(client: Client, event: AuditEvent) -> str:
    sent = {"action": "verify_chain", "_selected_action": [event.pk]}
    return client.post(url(AuditEvent, "changelist"), sent, follow=True).content.decode()


# --- People ----------------------------------------------------------------------------------------


def test_changing_a_person_and_their_roles_is_audited(root: Client, shop: Shop, ada: User) -> None:
    held = ada.memberships.get()
    sent = {
        "username": "ada", "first_name": "Ada", "is_active": "on", "is_staff": "on",
        "memberships-TOTAL_FORMS": "2", "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": held.pk, "memberships-0-user": ada.pk, "memberships-0-shop": shop.pk,
        "memberships-0-role": "warehouse", "memberships-0-DELETE": "on",
        "memberships-1-user": ada.pk, "memberships-1-shop": shop.pk, "memberships-1-role": "data",
    }  # fmt: skip

    assert root.post(url(User, "change", ada.pk), sent).status_code == 302

    assert Membership.objects.get(user=ada).role == "data"
    event = AuditEvent.objects.get(action="changed user", object_id=str(ada.pk), actor__username="root")
    assert event.after is not None
    assert event.before == {"first_name": "", "is_staff": False}
    assert event.after["is_staff"] is True
    assert event.after["membership removed"]
    assert "Data" in event.after["membership added"][0]


def test_new_password_is_audited_by_name_only(root: Client, ada: User) -> None:
    word = "another long word"

    root.post(
        f"/admin/people/user/{ada.pk}/password/", {"password1": word, "password2": word, "usable_password": "true"}
    )

    ada.refresh_from_db()
    assert ada.check_password(word)
    event = AuditEvent.objects.get(action="changed user")
    assert word not in json.dumps([event.before, event.after])


def test_people_are_switched_off_not_deleted(root: Client, ada: User) -> None:
    assert root.post(url(User, "delete", ada.pk), {"post": "yes"}).status_code == 403


# --- Shops, accounts, secrets ----------------------------------------------------------------------


def test_secret_goes_in_and_never_comes_out(root: Client, shop: Shop) -> None:
    store_secret(shop, Credential.Kind.LOOP_API_KEY, "old-key")
    root.post(url(Shop, "change", shop.pk), shop_fields(shop, loop_api_key="new-key", loop_webhook_secret="hush"))

    assert open_secrets(shop, Credential.Kind.LOOP_API_KEY) == ["new-key"]
    page = root.get(url(Shop, "change", shop.pk)).content.decode()
    event = AuditEvent.objects.get(action="changed shop")
    assert event.after is not None
    for text in (page, json.dumps([event.before, event.after])):
        assert "new-key" not in text
        assert "hush" not in text
    assert event.after["loop_api_key"] == "set anew"

    root.post(url(Shop, "change", shop.pk), shop_fields(shop, name="Fern & Co"))
    assert open_secrets(shop, Credential.Kind.LOOP_API_KEY) == ["new-key"]


def test_key_of_another_shop_is_refused_since_its_returns_would_be_booked_twice(root: Client, shop: Shop) -> None:
    other = make_shop("moss", account=shop.account, paused_at=timezone.now())
    store_secret(other, Credential.Kind.LOOP_API_KEY, "key-of-moss")
    store_secret(shop, Credential.Kind.LOOP_API_KEY, "old-key")

    page = root.post(url(Shop, "change", shop.pk), shop_fields(shop, loop_api_key="key-of-moss"))

    assert "Moss has this key" in page.content.decode()
    assert open_secrets(shop, Credential.Kind.LOOP_API_KEY) == ["old-key"]
    root.post(url(Shop, "change", other.pk), shop_fields(other, loop_api_key="key-of-moss"))
    assert open_secrets(other, Credential.Kind.LOOP_API_KEY) == ["key-of-moss"], "entered again, it is its own"


def test_time_zone_that_is_none_is_refused(root: Client, shop: Shop) -> None:
    root.post(url(Shop, "change", shop.pk), shop_fields(shop, time_zone="Europe/Nowhere"))

    shop.refresh_from_db()
    assert shop.time_zone == "UTC"
    for field in ("time_zone", "database_time_zone"):
        with pytest.raises(ValidationError, match="is not a time zone"):
            NetSuiteAccount(**{field: "Mars/Olympus"}).clean_fields()


def test_former_webhook_secret_can_stay_valid(root: Client, shop: Shop) -> None:
    store_secret(shop, Credential.Kind.LOOP_WEBHOOK_SECRET, "one")

    root.post(url(Shop, "change", shop.pk), shop_fields(shop, loop_webhook_secret="two", keep_old="on"))

    assert open_secrets(shop, Credential.Kind.LOOP_WEBHOOK_SECRET) == ["two", "one"]


def test_books_of_a_shop_stay_where_its_returns_were_read(root: Client, shop: Shop) -> None:
    """Their records, and what is to be posted, name ids of that account: sent to another, they would mean anything."""
    pages = [(Shop, shop.pk, "account"), (NetSuiteAccount, shop.account_id, "account_id")]

    def may_change() -> list[bool]:
        return [
            name in root.get(url(model, "change", pk)).context["adminform"].form.fields for model, pk, name in pages
        ]

    before = may_change()
    make_return(shop)

    assert (before, may_change()) == ([True, True], [False, False])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://api.loopreturns.com", "https"),
        ("https://api.loopreturns.com/api/v1", "without a path"),
        ("https://api.loopreturns.com/?x=1", "without a path"),
        ("https://api.loopreturns.com/", ""),
        ("http://127.0.0.1:8100", ""),
    ],
)
def test_address_of_loop_keeps_the_key_secret_and_is_a_host(root: Client, shop: Shop, address: str, words: str) -> None:
    answer = root.post(url(Shop, "change", shop.pk), shop_fields(shop, base_url=address))

    told = str(answer.context["adminform"].form.errors.get("base_url", "")) if answer.context else ""
    assert words in told
    assert bool(told) is bool(words)


def test_new_account_has_its_lanes_and_key(root: Client) -> None:
    sent = {
        "account_id": "999_SB2", "base_url": "https://999-sb2.suitetalk.api.netsuite.com", "time_zone": "UTC",
        "client_id": "c", "certificate_id": "k", "refund_apply_line": "1", "lane_count": "3",
        "netsuite_private_key": "-----BEGIN", "auth": "oauth2", "sku_field": "itemid", "receipt_key": "orderLine",
        "stock_table": "inventoryitemlocations",
        "write_mode": "sync", "memo_chars_max": "40", "lane_hours-TOTAL_FORMS": "0", "lane_hours-INITIAL_FORMS": "0",
    }  # fmt: skip

    root.post(url(NetSuiteAccount, "add"), sent)

    account = NetSuiteAccount.objects.get(account_id="999_SB2")
    assert lanes_in_use(account.pk).count == 3
    assert open_secrets(account, Credential.Kind.NETSUITE_PRIVATE_KEY) == ["-----BEGIN"]
    assert "BEGIN" not in json.dumps(AuditEvent.objects.get(action="added NetSuite account").after)


def shop_fields(shop: Shop, **changes: str) -> dict[str, Any]:
    values = {
        "name": shop.name, "currency": shop.currency, "time_zone": shop.time_zone, "base_url": shop.base_url,
        "api_version": shop.api_version, "account": shop.account_id, "calls_per_minute": shop.calls_per_minute,
        "start_from_0": "2026-10-17", "start_from_1": "09:30:00",
    }  # fmt: skip
    return values | changes


# --- Policy ----------------------------------------------------------------------------------------


def test_versions_are_never_changed(root: Client, shop: Shop) -> None:
    version = PolicyVersion.objects.get()

    assert root.get(url(PolicyVersion, "change", version.pk)).status_code == 200
    assert root.post(url(PolicyVersion, "change", version.pk), {"reason": "y"}).status_code == 403
    assert root.get(url(PolicyVersion, "add")).status_code == 403


@pytest.mark.parametrize("model", ["returns_loopreturn", "posting_posting", "people_auditevent"])
def test_lists_ask_no_more_for_more_rows(
    root: Client, shop: Shop, model: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in range(3):
        row = make_return(shop, loop_id=str(110700200 + number), lines=0)
        make_posting(row, covers_unit(number))
        record_event(User.objects.get(username="root"), "tested", row, shop=shop)
        with django_assert_max_num_queries(15) as queries:
            root.get(reverse(f"admin:{model}_changelist"))
        counts.append(len(queries))

    assert counts[0] == counts[-1]


def covers_unit(number: int) -> Any:
    return make_due(covers=(f"unit:{number}",))


def test_unreadable_webhook_is_marked_as_seen_and_its_case_closes(root: Client, shop: Shop) -> None:
    values = {"received_at": NOW, "last_received_at": NOW, "raw": b"{", "signed": True, "verdict": "unreadable"}
    event = InboundEvent.objects.create(shop=shop, digest="d" * 64, **values)
    sweep_connections()
    assert Case.objects.get().status == "open"

    chosen = {"action": "mark_seen", "_selected_action": [event.pk]}
    root.post(reverse("admin:integrations_inboundevent_changelist"), chosen)
    sweep_connections()

    assert Case.objects.get().status == "closed"
    assert AuditEvent.objects.filter(action="saw unreadable webhook", actor__username="root").exists()


def test_lines_of_a_record_are_shown_with_the_names_of_their_locations(root: Client, shop: Shop) -> None:
    row = make_return(shop)
    line = make_line("3", order_line="1", location_id="31")
    record = make_record(row, make_netsuite("itemReceipt", "9101", lines=(line,)))
    make_checked(shop)

    page = root.get(url(type(record), "change", record.pk)).text

    assert "Returns holding (location 31)" in page


def test_right_in_one_shop_opens_no_rows_of_another(client: Client, shop: Shop) -> None:
    """Who administers Moss and looks after Fern's customers reads mirrors, messages and keys of Moss alone."""
    person = make_user(Role.ADMIN, make_shop("moss"), username="mo")
    person.memberships.create(shop=shop, role=Role.CARE)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    row = make_return(shop)
    issue_key("wms", shop=shop, role=Role.WAREHOUSE)
    client.force_login(User.objects.get(pk=person.pk))

    assert row.loop_id not in client.get(reverse("admin:returns_loopreturn_changelist")).text
    assert "wms@fern" not in client.get(reverse("admin:people_apikey_changelist")).text
    assert client.get(url(LoopReturn, "change", row.pk)).status_code == 302, "as if it were not there"
