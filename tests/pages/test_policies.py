"""A shop's rules: read by all who see the shop, changed by its administrators, and only with a reason."""

import html
import json
import re
import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from integrations.models import Shop
from integrations.profile import Place
from returnsops.lib import clock
from returnsops.pages.policies.describe import rules_in_force
from returnsops.pages.policies.form import RulesForm
from returnsops.pages.policies.typed import read_duration
from returnsops.people.models import AuditEvent, Role, User
from returnsops.returns.agreements import note_agreements
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.plan.draft import Agreement, Difference, Verdict
from returnsops.returns.policies import activate_policy, active_policy
from returnsops.returns.policy_reading import parse_policy
from tests.builders import (
    WRITES_ALL,
    make_mapping,
    make_policy,
    make_record,
    make_return,
    make_sale,
    make_shop,
    make_unit,
    make_user,
)
from tests.pages.scenes import make_checked

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, shop: Shop) -> Client:
    client.force_login(make_user(Role.ADMIN, shop, username="alma"))
    return client


def filled(shop: Shop, **changes: Any) -> dict[str, Any]:
    """The form as it is shown, with these fields changed."""
    form = RulesForm(rules=rules_in_force(shop))
    shown = {name: piece.field.initial for name, piece in form.pieces.items()}
    return {name: "" if value is None else str(value) for name, value in (shown | changes).items()}


def draft(**changes: Any) -> str:
    return json.dumps(WRITES_ALL | changes)


def test_rules_are_shown_in_words_to_everybody_who_sees_the_shop(client: Client, shop: Shop, finn: User) -> None:
    client.force_login(finn)

    page = client.get("/policies/fern/").text

    assert "Damaged units go to location 33." in page
    assert "Loop pays only after the credit is in the books" in page
    assert "/policies/fern/change/" not in page
    assert "Fern" in client.get("/policies/").text


def test_rules_of_a_shop_of_others_are_not_shown(client: Client, shop: Shop, finn: User) -> None:
    make_shop("moss")
    client.force_login(finn)

    assert client.get("/policies/moss/").status_code == 404
    assert "Moss" not in client.get("/policies/").text


@pytest.mark.parametrize("path", ["change/", "what-if/", "activate/"])
def test_only_administrators_change_rules(client: Client, shop: Shop, finn: User, path: str) -> None:
    client.force_login(finn)

    assert client.post(f"/policies/fern/{path}", {"rules": draft(), "days": 7, "reason": "why"}).status_code == 403
    assert PolicyVersion.objects.count() == 1


def test_form_sent_back_as_it_came_changes_nothing(admin: Client, shop: Shop) -> None:
    form = RulesForm(filled(shop), rules=rules_in_force(shop))

    assert form.is_valid(), form.errors
    assert parse_policy(form.new_rules) == active_policy(shop)
    page = admin.post("/policies/fern/change/", filled(shop)).text
    assert "Nothing: the draft says the same" in page


def test_rules_stored_with_a_field_of_netsuites_own_are_shown_and_mended_in_the_form(admin: Client, shop: Shop) -> None:
    stored = rules_in_force(shop) | {"exchange_link_field": "otherRefNum"}
    PolicyVersion.objects.filter(shop=shop).update(rules=stored)

    assert "otherRefNum" in admin.get("/policies/fern/").text
    assert admin.get("/policies/fern/change/").status_code == 200
    refused = RulesForm(filled(shop), rules=stored)
    mended = RulesForm(filled(shop, exchange_link_field="custbody_original"), rules=stored)

    assert (refused.is_valid(), mended.is_valid()) == (False, True)
    assert "begins with custbody" in str(refused.errors)


def test_words_for_loop_are_chosen_for_each_outcome_and_left_out_again(shop: Shop) -> None:
    chosen = RulesForm(filled(shop, grades__sellable="grade_a"), rules=rules_in_force(shop))
    assert chosen.is_valid(), chosen.errors
    assert chosen.new_rules["grades"] == {"sellable": "grade_a"}

    left_out = RulesForm(filled(shop, grades__sellable="not_told"), rules=chosen.new_rules)

    assert left_out.is_valid(), left_out.errors
    assert parse_policy(left_out.new_rules).grades == {}


def test_rules_of_places_are_typed_a_line_each_and_come_back_as_typed(shop: Shop) -> None:
    typed = "damaged, SOCKS-*: 35\nsellable, destination 41001, BOOT-42: 15\nsellable, destination 41001: 16"

    form = RulesForm(filled(shop, place_rules=typed), rules=rules_in_force(shop))

    assert form.is_valid(), form.errors
    assert RulesForm(rules=form.new_rules)["place_rules"].initial == typed
    assert form.new_rules["place_rules"][1] == {
        "outcome": "sellable", "destination": "41001", "sku": "BOOT-42", "place": "15",
    }  # fmt: skip


def test_a_rule_of_a_category_comes_back_as_typed(shop: Shop) -> None:
    typed = 'sellable, category Underwear: 31\nsellable, destination 41001, category "Home : Bed", SHEET-*: 16'

    form = RulesForm(filled(shop, place_rules=typed), rules=rules_in_force(shop))

    assert form.is_valid(), form.errors
    assert RulesForm(rules=form.new_rules)["place_rules"].initial == typed
    assert form.new_rules["place_rules"][1]["category"] == "Home : Bed"


def test_a_place_is_typed_with_its_inventory_status(shop: Shop) -> None:
    own = {"locations__holding": "31/2", "locations__sellable": "14/1", "locations__damaged": "14/3"}

    form = RulesForm(filled(shop, place_rules="damaged, SOCKS-*: 35/3", **own), rules=rules_in_force(shop))

    assert form.is_valid(), form.errors
    assert RulesForm(rules=form.new_rules)["place_rules"].initial == "damaged, SOCKS-*: 35/3"
    assert parse_policy(form.new_rules).places == {"31/2", "14/1", "14/3", "35/3"}


def test_names_of_currencies_are_typed_a_line_each_and_come_back_as_typed(shop: Shop) -> None:
    form = RulesForm(filled(shop, currencies="Dollar (house): usd\nKrone: DKK"), rules=rules_in_force(shop))

    assert form.is_valid(), form.errors
    assert form.new_rules["currencies"] == {"Dollar (house)": "USD", "Krone": "DKK"}
    assert RulesForm(rules=form.new_rules)["currencies"].initial == "Dollar (house): USD\nKrone: DKK"


def test_draft_is_told_in_words_before_it_holds(admin: Client, shop: Shop) -> None:
    page = admin.post("/policies/fern/change/", filled(shop, approval_above="250", deadlines__rma="20 min")).text

    assert "Finance is asked before any credit above 250." in page
    assert "The Return Authorization is not in NetSuite, from its moment on: a problem after 20 minutes." in page
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("deadlines__rma", "soon", "Say a number and a unit"),
        ("tenders", "shopify_payments 217", "Write «gateway: account»"),
        ("tenders", "a: 1\na: 2", "a is there twice"),
        ("currencies", "Dollar (house) USD", "Write its name and code"),
        ("currencies", "Mark: DEM\nMark: EUR", "Mark is there twice"),
        ("place_rules", "damaged: 35", "Write «damaged, SOCKS-*: 35»"),
        ("place_rules", "damaged, SOCKS: 14", "where sellable units go"),
        ("tolerance_per_line", "-1", "greater than or equal to 0"),
        ("locations__sellable", "33", "Choose two"),
        ("locations__holding", "", "no holding location is set"),
    ],
)
def test_wrong_values_are_named_with_the_way_out(admin: Client, shop: Shop, field: str, typed: str, words: str) -> None:
    answer = admin.post("/policies/fern/change/", filled(shop, **{field: typed}))

    assert answer.status_code == 422
    assert words in answer.text


def test_draft_is_activated_with_a_reason(admin: Client, shop: Shop) -> None:
    rules = draft(approval_above="250")

    refused = admin.post("/policies/fern/activate/", {"rules": rules, "base": 1, "reason": ""})
    assert refused.status_code == 422
    press = {"rules": rules, "base": 1, "reason": "Fewer surprises"}
    answer = admin.post("/policies/fern/activate/", press, follow=True)

    assert "follows version 2 of its policy now" in answer.text
    assert active_policy(shop).approval_above == 250
    event = AuditEvent.objects.get(action="activated policy", reason="Fewer surprises")
    assert event.actor is not None
    assert "Fewer surprises" in admin.get("/policies/fern/versions/2/").text
    assert "Finance is asked before any credit above 250." in admin.get("/policies/fern/versions/2/").text


def test_draft_that_was_cut_off_holds_nothing(admin: Client, shop: Shop) -> None:
    answer = admin.post("/policies/fern/activate/", {"rules": draft()[:40], "reason": "why"}, follow=True)

    assert "The draft was lost on its way" in answer.text
    assert admin.post("/policies/fern/what-if/", {"rules": "{", "days": 7}).status_code == 422
    assert PolicyVersion.objects.count() == 1


def test_trial_names_the_returns_that_would_go_otherwise(admin: Client, shop: Shop) -> None:
    row = make_return(shop)
    make_mapping(shop)
    make_record(row, make_sale((make_unit(1), make_unit(2))))
    LoopReturn.objects.update(created_at=row.fetched_at)
    asked = {"rules": draft(ownership={"rma": "observe"}), "days": 7}

    fragment = admin.post("/policies/fern/what-if/", asked, headers={"HX-Request": "true"}).text

    assert "The Return Authorization would not be sent." in fragment
    assert "1 of 1 returns would have another plan." in fragment
    assert "<html" not in fragment
    assert "<html" in admin.post("/policies/fern/what-if/", asked).text


def test_shop_without_rules_is_watched_only(client: Client) -> None:
    shop = make_shop("bare", policy=False)
    client.force_login(make_user(Role.ADMIN, shop))

    assert "ReturnsOps watches this shop and writes nothing" in client.get("/policies/bare/").text
    assert client.get("/policies/bare/change/").status_code == 200


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90 minutes", 5400), ("1 hour", 3600), ("3d", 259200), ("5 min", 300), ("1,372 days", 1372 * 86_400)],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert read_duration(text) == seconds


def test_refusal_of_a_draft_names_its_location(admin: Client, shop: Shop) -> None:
    make_checked(shop, locations={"31": Place(id="31", name="Returns holding")})

    page = admin.post("/policies/fern/change/", filled(shop, exchange_location="31")).text

    assert "Exchanges would ship from Returns holding (location 31), where units on hold" in page


@pytest.fixture
def shadowed(shop: Shop) -> LoopReturn:
    """A receipt that was compared and differs in its place, and a credit nobody has made yet."""
    make_policy(shop, ownership={"rma": "write", "receipt": "shadow", "credit": "shadow"})
    row = make_return(shop)
    gap = Difference("place", "1 × BOOT-42 at location 14", "1 × BOOT-42 at location 22")
    receipt = Agreement("receipt", Verdict.DIFFERS, "receive 1 × BOOT-42 at location 14", (gap,))
    note_agreements(
        row,
        [receipt, Agreement("credit", Verdict.NOBODY, "credit 77.76 USD")],
        policy=active_policy(row.shop),
        at=clock.now(),
    )
    return row


def test_shadow_says_record_by_record_whether_to_switch(client: Client, finn: User, shadowed: LoopReturn) -> None:
    client.force_login(finn)

    page = client.get("/policies/fern/shadow/").text

    assert "You decide whether ReturnsOps takes over records" in page
    assert "Not ready: 1 of 1 differ, 1 in the place." in page
    assert "Nothing to judge yet. The other system has yet to make 1." in page
    assert "1 × BOOT-42 at location 22 instead of 1 × BOOT-42 at location 14" in page
    assert "/policies/fern/shadow/" in client.get("/policies/fern/").text


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["Receive", "Credit"]),
        ("kind=credit", ["Credit"]),
        ("verdict=differs", ["Receive"]),
        ("aspect=place&days=14", ["Receive"]),
        ("aspect=amount", []),
    ],
)
def test_verdicts_are_found_by_every_filter(
    client: Client, finn: User, shadowed: LoopReturn, query: str, listed: list[str]
) -> None:
    client.force_login(finn)

    rows = client.get(f"/policies/fern/shadow/?{query}", headers={"HX-Request": "true"}).text

    found = [word for word in ("Receive", "Credit") if f">{word} " in rows]
    assert found == listed
    assert ("No verdict fits" in rows) == (not listed)


def test_shadow_of_a_shop_where_nothing_is_in_shadow_says_what_to_do(admin: Client, shop: Shop) -> None:
    assert "No record is in shadow" in admin.get("/policies/fern/shadow/").text


def test_shadow_of_a_shop_of_others_is_not_there(client: Client, shop: Shop, finn: User) -> None:
    make_shop("moss")
    client.force_login(finn)

    assert client.get("/policies/moss/shadow/").status_code == 404


def test_draft_does_not_undo_what_a_colleague_activated_meanwhile(admin: Client, shop: Shop) -> None:
    page = admin.post("/policies/fern/change/", filled(shop, approval_above="250")).text
    seen = {
        name: html.unescape(value) for name, value in re.findall(r'name="(rules|base)"[^>]*? value="([^"]*)"', page)
    }
    activate_policy(shop, WRITES_ALL | {"tolerance_per_line": "0.02"}, by=None, reason="a colleague's")

    answer = admin.post("/policies/fern/activate/", seen | {"reason": "Fewer surprises"})

    assert active_policy(shop).tolerance_per_line == Decimal("0.02")
    assert answer.status_code == 422
    assert "Version 2 of ReturnsOps came into force meanwhile" in answer.text
    assert 'name="base" value="2"' in answer.text


def wait_for_waiters(count: int) -> None:
    """Until so many sessions stand at a lock."""
    with connection.cursor() as cursor:
        while cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0] < count:
            time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_draft_activated_twice_at_once_is_one_version(shop: Shop) -> None:
    rules = WRITES_ALL | {"approval_above": "250"}

    def activate() -> None:
        activate_policy(shop, rules, by=None, reason="twice")
        connections.close_all()

    with transaction.atomic():
        PolicyVersion.objects.select_for_update().get(shop=shop)
        presses = [threading.Thread(target=activate) for _ in range(2)]
        for press in presses:
            press.start()
        wait_for_waiters(2)
    for press in presses:
        press.join()

    assert PolicyVersion.objects.filter(shop=shop).count() == 2


def test_older_versions_are_folded_away_and_counted(admin: Client, shop: Shop) -> None:
    for number in range(12):
        make_policy(shop, approval_above=str(100 + number))

    text = admin.get("/policies/fern/").text

    newest, others = text[text.index('id="versions-title"') :].split("<details")
    assert (newest.count('data-label="Version"'), others.count('data-label="Version"')) == (10, 3)
    assert "Show 3 older ones" in others
