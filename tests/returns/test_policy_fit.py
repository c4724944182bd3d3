"""Rules that the account contradicts are refused with the way out; where nothing is known they are only doubted."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from integrations.models import ConnectionProfile, Shop
from integrations.profile import AccountFacts, Listed, Place, Profile, StockStatus, Writer, profile_as_json, profile_row
from returnsops.people.models import AuditEvent, Role
from returnsops.returns.models import NetSuiteRecord, PolicyVersion
from returnsops.returns.policies import activate_policy, what_is_known
from returnsops.returns.policy_fit import Known, find_doubts, find_misfits
from returnsops.returns.policy_reading import parse_policy
from tests.builders import DAMAGED, HOLDING, NOW, SELLABLE, WRITES_ALL, make_return, make_user

PLACES = {
    HOLDING: Place(id=HOLDING, name="Hold", available=False, subsidiary_id="2"),
    SELLABLE: Place(id=SELLABLE, name="Main", available=True, subsidiary_id="2"),
    DAMAGED: Place(id=DAMAGED, name="Damaged", available=False, subsidiary_id="2"),
}
ITEMS = {item: Listed(id=item, name=key) for key, item in WRITES_ALL["items"].items()}
ACCOUNTS = {number: Listed(id=number, name="Clearing") for number in ("217", "218", "640")}
HEALTHY: dict[str, Any] = {
    "advanced_receiving": True,
    "one_world": True,
    "locations": PLACES,
    "items": ITEMS,
    "accounts": ACCOUNTS,
    "full_lists": ("items", "accounts"),
}


def known(*, subsidiary_id: str = "2", foreign_exchange_orders: int = 0, **facts: Any) -> Known:
    return Known("Fern", subsidiary_id, AccountFacts(**HEALTHY | facts), foreign_exchange_orders)


def place(number: str, **changes: Any) -> dict[str, Place]:
    return PLACES | {number: Place(**{**vars(PLACES[number]), **changes})}


def test_rules_that_fit_are_not_refused() -> None:
    policy = parse_policy(WRITES_ALL)

    assert find_misfits(policy, known()) == []
    assert find_doubts(policy, known()) == []


@pytest.mark.parametrize(
    ("facts", "words", "way_out"),
    [
        ({"advanced_receiving": False}, "Advanced Receiving is off", "set «ownership.receipt» to «observe»"),
        ({"locations": place(HOLDING, available=True)}, "makes its stock available", "choose another in the policy"),
        ({"locations": place(DAMAGED, available=True)}, "makes its stock available", "choose another in the policy"),
        ({"locations": place(SELLABLE, available=False)}, "does not make its stock available", "choose another"),
        ({"locations": place(HOLDING, subsidiary_id="9")}, "belongs to another subsidiary", "Choose a location of"),
        ({"locations": place(HOLDING, is_inactive=True)}, "is inactive", "Activate it"),
        ({"locations": {SELLABLE: PLACES[SELLABLE]}}, f"NetSuite has no location {HOLDING}", "Name one that exists"),
        ({"items": {}}, "NetSuite has no item 900", "Name one that exists"),
        ({"items": ITEMS | {"900": Listed(id="900", name="T", is_inactive=True)}}, "is inactive", "Activate it under"),
        ({"accounts": {"640": ACCOUNTS["640"]}}, "NetSuite has no account 217", "Name one that exists"),
        ({"access": {"itemReceipt": "missing"}}, "the role lacks Item Receipt: Edit", "Ask the NetSuite administrator"),
    ],
)
def test_what_the_account_contradicts_is_refused(facts: dict[str, Any], words: str, way_out: str) -> None:
    misfits = find_misfits(parse_policy(WRITES_ALL), known(**facts))

    assert words in misfits[0].words
    assert way_out in misfits[0].words
    assert not misfits[0].may_be_overridden


def test_a_status_that_the_account_keeps_none_of_is_refused_and_an_unknown_one_doubted() -> None:
    policy = parse_policy(WRITES_ALL | {"locations": {"holding": "31/2", "sellable": "14/1", "damaged": "33/3"}})

    (words, *_) = [one.words for one in find_misfits(policy, known(inventory_status=False))]
    assert "names an inventory status («locations.holding»), and the account keeps none" in words
    assert find_misfits(policy, known(locations=None)) == []
    assert any("inventory statuses could not be told" in one for one in find_doubts(policy, known()))


def test_returns_may_lie_in_a_status_of_their_own_at_a_location_that_sells() -> None:
    policy = parse_policy(WRITES_ALL | {"locations": {"holding": "14/2", "sellable": "14/1", "damaged": "14/3"}})
    statuses = {one: StockStatus(id=one, name=one, available=one == "1") for one in ("1", "2", "3")}

    assert find_misfits(policy, known(inventory_status=True, statuses=statuses)) == []


def test_rules_by_category_need_the_field_that_tells_it() -> None:
    policy = parse_policy(
        WRITES_ALL | {"place_rules": [{"outcome": "sellable", "place": HOLDING, "category": "Socks"}]}
    )

    (misfit,) = find_misfits(policy, known())
    assert "Name the category field of the NetSuite account" in misfit.words
    assert find_misfits(policy, replace(known(), category_field="class")) == []


def test_what_is_only_observed_needs_no_right() -> None:
    observing = WRITES_ALL | {"ownership": {}}

    poor = known(advanced_receiving=False, access={"itemReceipt": "missing"})

    assert find_misfits(parse_policy(observing), poor) == []


def test_one_kind_of_credit_is_enough() -> None:
    policy = parse_policy(WRITES_ALL)

    assert find_misfits(policy, known(access={"cashRefund": "missing"})) == []
    assert find_misfits(policy, known(access={"cashRefund": "missing", "creditMemo": "missing"}))


def test_an_item_nobody_asked_about_is_not_called_missing() -> None:
    assert find_misfits(parse_policy(WRITES_ALL), known(items={}, full_lists=("accounts",))) == []


def test_a_second_writer_is_refused_until_somebody_knows_better() -> None:
    writers = {"creditMemo": [Writer(mark="celigo-", made_by="", count=40, is_ours=False)]}

    (misfit,) = find_misfits(parse_policy(WRITES_ALL), known(writers=writers))

    assert "Credit Memos would have two writers" in misfit.words
    assert misfit.may_be_overridden


def test_exchange_orders_that_others_bring_are_not_created_as_well() -> None:
    creating = parse_policy(WRITES_ALL | {"exchange_order": "create"})

    (misfit,) = find_misfits(creating, known(foreign_exchange_orders=5))

    assert "somebody else brings them, 5 lately" in misfit.words
    assert misfit.may_be_overridden
    assert find_misfits(parse_policy(WRITES_ALL), known(foreign_exchange_orders=5)) == []


def test_without_a_check_rules_are_doubted_and_not_refused() -> None:
    unchecked = Known("Fern", "2", None)
    policy = parse_policy(WRITES_ALL)

    assert find_misfits(policy, unchecked) == []
    assert "was not checked yet" in find_doubts(policy, unchecked)[0]


def test_what_could_not_be_told_is_a_doubt() -> None:
    facts = known(
        advanced_receiving=None, refund_method_fields=("paymentMethod",), locations=place(HOLDING, uses_bins=True)
    )

    doubts = " ".join(find_doubts(parse_policy(WRITES_ALL), facts))

    assert "Whether Advanced Receiving is on could not be told" in doubts
    assert "leave «payment_option_id» out" in doubts
    assert "uses bins" in doubts


# --- Where rules are saved --------------------------------------------------------------------------


def learn(shop: Shop, **facts: Any) -> None:
    profile = Profile(checked_at=NOW, duration_s=1, calls=1, facts=AccountFacts(**HEALTHY | facts), findings=())
    row = profile_row(shop.account)
    ConnectionProfile.objects.filter(pk=row.pk).update(found=profile_as_json(profile), checked_at=datetime.now(UTC))


def test_refused_rules_leave_the_old_ones(shop: Shop) -> None:
    learn(shop, advanced_receiving=False)

    with pytest.raises(ValidationError, match="Advanced Receiving is off"):
        activate_policy(shop, WRITES_ALL | {"approval_above": "5"}, by=None, reason="more care")

    assert PolicyVersion.objects.get().number == 1


def test_rules_in_force_may_be_confirmed_whatever_was_found(shop: Shop) -> None:
    learn(shop, advanced_receiving=False)

    assert activate_policy(shop, WRITES_ALL, by=None, reason="again").number == 1


def test_overriding_is_for_writers_only_and_is_kept_in_the_audit(shop: Shop) -> None:
    writers = {"creditMemo": [Writer(mark="celigo-", made_by="", count=40, is_ours=False)]}
    changed = WRITES_ALL | {"approval_above": "5"}
    learn(shop, writers=writers)

    version = activate_policy(shop, changed, by=None, reason="Celigo only does wholesale", override=True)

    assert version.active
    assert AuditEvent.objects.filter(
        action="activated policy against the check", reason="Celigo only does wholesale"
    ).exists()
    learn(shop, writers=writers, advanced_receiving=False)
    with pytest.raises(ValidationError):
        activate_policy(shop, WRITES_ALL, by=None, reason="no", override=True)


def test_foreign_exchange_orders_are_counted_from_the_mirror(shop: Shop) -> None:
    exchange = {
        "exchange_id": "1", "exchange_order_id": "700", "exchange_order_name": "EXC-20418", "sku": "B", "title": "B",
        "price": "1.00", "discount": "0.00", "tax": "0.00", "total": "1.00", "out_of_stock": False,
    }  # fmt: skip
    make_return(shop, exchanges=[exchange])
    for number, origin in enumerate(("foreign", "ours")):
        NetSuiteRecord.objects.create(
            account=shop.account, internal_id=str(number), record_type="salesOrder", other_ref_num="EXC-20418",
            origin=origin, fetched_at=NOW, raw={},
        )  # fmt: skip

    assert what_is_known(shop).foreign_exchange_orders == 1


def test_the_refusal_is_shown_beside_the_rules(client: Client, shop: Shop) -> None:
    client.force_login(make_user(Role.ADMIN, shop, username="root"))
    learn(shop, locations=place(HOLDING, available=True))

    draft = {"rules": '{"locations": {"holding": "31"}}', "base": 1, "reason": "new holding"}
    answer = client.post("/policies/fern/activate/", draft)

    assert answer.status_code == 422
    assert "Clear Make Inventory Available on it, or choose another in the policy." in answer.text


def test_new_rules_warn_where_nothing_is_known_and_ask(client: Client, shop: Shop) -> None:
    client.force_login(make_user(Role.ADMIN, shop, username="root"))
    draft = {"rules": '{"rma_trigger": "approved"}', "base": 1, "reason": ""}

    answer = client.post("/policies/fern/activate/", draft)
    client.post("/policies/fern/activate/", draft | {"reason": "only look"})

    assert "was not checked yet" in answer.text
    assert ConnectionProfile.objects.get(account=shop.account).asked_at is not None
