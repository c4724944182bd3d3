"""What the database promises: for every constraint an attempt to break it, past all our own code."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from exceptions.models import Case, CaseMember
from integrations.models import (
    AccessToken,
    ConnectionProfile,
    Credential,
    InboundEvent,
    Lane,
    LaneDemand,
    LaneHours,
    LaneLimit,
    NetSuiteAccount,
    RefusalRule,
    Shop,
    SyncCursor,
    SyncRun,
    UnreadRecord,
)
from returnsops.people.models import ApiKey, Membership, User
from returnsops.posting.models import Pause, Posting, PostingCover
from returnsops.returns.models import (
    Approval,
    Arrival,
    ExchangeItem,
    FactChange,
    FoundGoods,
    InspectedUnit,
    Inspection,
    Item,
    ItemStock,
    KitMember,
    LoopReturn,
    NetSuiteLine,
    NetSuiteRecord,
    Override,
    PolicyVersion,
    ReturnLine,
    ShadowVerdict,
    SkuMapping,
)
from tests.builders import (
    NOW,
    make_account,
    make_inspection,
    make_mapping,
    make_posting,
    make_record,
    make_return,
    make_sale,
    make_shop,
    make_unit,
    make_user,
)

pytestmark = pytest.mark.django_db
OUR_APPS = ("people", "integrations", "returns", "posting", "exceptions")


@dataclass
class World:
    """One of each row, whole and valid."""

    shop: Shop
    user: User
    row: LoopReturn
    line: ReturnLine
    unit: InspectedUnit
    posting: Posting
    record: NetSuiteRecord
    mapping: SkuMapping
    case: Case


@pytest.fixture
def world(shop: Shop, ada: User) -> World:
    row = make_return(shop)
    inspection = make_inspection(row, ada, "sellable")
    return World(
        shop=shop,
        user=ada,
        row=row,
        line=row.lines.get(line_item_id="387001"),
        unit=inspection.units.get(),
        posting=make_posting(row),
        record=make_record(row, make_sale([make_unit()])),
        mapping=make_mapping(shop),
        case=Case.objects.create(shop=shop, code="sku_unmapped", subject="sku:A", source="plan", opened_at=NOW),
    )


def copy_of(row: models.Model, **changes: Any) -> None:
    """Insert the same row once more, changed."""
    row.pk = None
    row._state.adding = True
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def change(row: models.Model, **values: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def add_key(world: World) -> Credential:
    return Credential.objects.create(shop=world.shop, kind="loop_api_key", sealed="x", digest="same")


def add_override(world: World, **changes: Any) -> Override:
    values = {"kind": "tran_date", "subject": "all", "value": "2026-11-01", "reason": "why", "author": world.user}
    return Override.objects.create(loop_return=world.row, created_at=NOW, **values | changes)


def add_approval(world: World, **changes: Any) -> Approval:
    values: dict[str, Any] = {"subject": "credit", "seen_hash": "a" * 64, "amount": 1, "reason": "why"}
    return Approval.objects.create(loop_return=world.row, approver=world.user, approved_at=NOW, **values | changes)


def add_unread(world: World) -> UnreadRecord:
    return UnreadRecord.objects.create(account=world.shop.account, name="creditMemo 4711", reason="no")


def add_kit_member(world: World, **changes: Any) -> KitMember:
    kit = world.mapping.item
    assert kit is not None
    other, _ = Item.objects.get_or_create(
        account=kit.account, internal_id="9999", defaults={"sku": "LACE", "fetched_at": NOW}
    )
    return KitMember.objects.create(**{"kit": kit, "item": other} | changes)


def add_stock(world: World) -> ItemStock:
    assert world.mapping.item is not None
    return ItemStock.objects.create(item=world.mapping.item, location="7", available=1, read_at=NOW)


def add_event(world: World, **changes: Any) -> InboundEvent:
    values: dict[str, Any] = {"received_at": NOW, "last_received_at": NOW, "digest": "a" * 64, "signed": True}
    return InboundEvent.objects.create(shop=world.shop, raw=b"{}", **values | changes)


def add_run(world: World, **changes: Any) -> SyncRun:
    times = dict.fromkeys(("window_from", "window_to", "position", "started_at"), NOW)
    return SyncRun.objects.create(
        **{"stream": "loop:fern", "kind": "nightly", "interval": "2026-11-20"} | times | changes
    )


def add_token(world: World, **changes: Any) -> AccessToken:
    return AccessToken.objects.create(account=world.shop.account, **changes)


def add_profile(world: World, **changes: Any) -> ConnectionProfile:
    return ConnectionProfile.objects.create(**{"shop": world.shop} | changes)


def add_credential(world: World, **changes: Any) -> None:
    Credential.objects.create(**{"shop": world.shop, "kind": "loop_api_key", "sealed": "x"} | changes)


def twice(add: Callable[[World], Any]) -> Callable[[World], Any]:
    def break_it(world: World) -> None:
        add(world)
        add(world)

    return break_it


def add_demand(world: World) -> None:
    LaneDemand.objects.create(account=world.shop.account, holder="me", wanted=1, until=NOW)


def add_hour_without_lane(world: World) -> None:
    LaneHours.objects.create(
        account=world.shop.account, weekdays=[0], starts=time(8), ends=time(9), lanes=0, why="to break it"
    )


def set_limit(world: World, **changes: int) -> None:
    LaneLimit.objects.update_or_create(account=world.shop.account, defaults=changes)


def add_lane(world: World, **changes: Any) -> None:
    Lane.objects.create(**{"account": world.shop.account, "number": 1} | changes)


def add_exchange(world: World) -> None:
    ExchangeItem.objects.create(loop_return=world.row, exchange_id="1", total=1)


def add_verdict(world: World, **changes: Any) -> None:
    values = {"kind": "rma", "verdict": "alike", "wanted": "authorise it", "judged_at": NOW}
    ShadowVerdict.objects.create(shop=world.row.shop, loop_return=world.row, **values | changes)


def add_open_inspection(world: World) -> None:
    Inspection.objects.create(loop_return=world.row, inspector=world.user, started_at=NOW)


def add_found(world: World, **changes: Any) -> None:
    values = {"sku": "SOCKS", "count": 1} | changes
    FoundGoods.objects.create(
        inspection=world.unit.inspection, found_at=NOW, finder=world.user, client_id=uuid.UUID(int=1), **values
    )


def add_item(world: World) -> None:
    Item.objects.create(account=world.shop.account, internal_id="9", sku="A", fetched_at=NOW)


def post_two_as_one(world: World) -> None:
    change(world.posting, status="posted", their_id="9001", posted_at=NOW)
    copy_of(Posting.objects.get(pk=world.posting.pk), external_id="loop-fern-1-rma-2", number=2)


def add_pause(world: World, **columns: Any) -> None:
    values = {"key": "flow:receipt", "code": "feature_off", "reason": "for a test", "opened_at": NOW}
    Pause.objects.create(account=world.shop.account, **values | columns)


def add_member(world: World) -> None:
    CaseMember.objects.create(
        case=world.case, loop_return=world.row, problem={}, amount=1, currency="USD", joined_at=NOW
    )


def add_arrival(world: World) -> None:
    Arrival.objects.create(
        shop=world.shop, scanned="1", arrived_at=NOW, arrived_by=world.user, client_id=uuid.UUID(int=1)
    )


def add_api_key(world: World) -> None:
    ApiKey.objects.create(user=world.user, prefix="abc", digest="x")


def claim_a_sibling(world: World) -> None:
    """Two postings of one source document in flight at once."""
    values: dict[str, Any] = {"status": "sending", "sending_since": NOW}
    change(world.posting, **values)
    copy_of(Posting.objects.get(), number=2, external_id="loop-fern-1-rma-2")


# Constraint name → what would break it.
BREAKS: dict[str, Callable[[World], Any]] = {
    # people
    "one_row_per_role_and_shop": lambda world: copy_of(Membership.objects.get()),
    "membership_role_in_list": lambda world: change(Membership.objects.get(), role="boss"),
    "approval_limit_not_negative": lambda world: change(Membership.objects.get(), approval_limit=-1),
    # integrations
    "one_shop_per_loop_key": twice(lambda world: add_key(world)),
    "shop_code_fits_external_ids": lambda world: change(world.shop, code="Fern!"),
    "one_lane_per_number": twice(add_lane),
    "an_account_has_a_lane": lambda world: set_limit(world, count=0),
    "one_demand_per_holder": twice(add_demand),
    "an_hour_has_a_lane": add_hour_without_lane,
    "lease_has_owner_and_end": lambda world: add_lane(world, leased_by="me"),
    "credential_has_one_owner": lambda world: add_credential(world, account=world.shop.account),
    "credential_kind_in_list": lambda world: add_credential(world, kind="password"),
    "one_run_per_interval": twice(add_run),
    "run_kind_in_list": lambda world: add_run(world, kind="yearly"),
    "one_row_per_unread_record": twice(add_unread),
    "one_row_per_event_body": twice(add_event),
    "event_verdict_in_list": lambda world: add_event(world, verdict="maybe"),
    "unsigned_event_is_never_read": lambda world: add_event(world, signed=False, verdict="read"),
    "event_last_after_first": lambda world: add_event(world, last_received_at=NOW - timedelta(seconds=1)),
    # returns
    "one_mirror_per_loop_return": lambda world: copy_of(world.row),
    "return_state_in_list": lambda world: change(world.row, state="lost"),
    "return_stage_in_list": lambda world: change(world.row, stage="lost"),
    "one_row_per_returned_unit": lambda world: copy_of(world.line),
    "one_row_per_exchange_item": twice(add_exchange),
    "one_verdict_per_return_and_kind": twice(add_verdict),
    "verdict_kind_in_list": lambda world: add_verdict(world, kind="invoice"),
    "verdict_in_list": lambda world: add_verdict(world, verdict="maybe"),
    "one_mirror_per_netsuite_record": lambda world: copy_of(world.record),
    "one_row_per_netsuite_line": lambda world: copy_of(NetSuiteLine.objects.get()),
    "one_open_inspection_per_person_and_return": twice(add_open_inspection),
    "one_standing_outcome_per_unit": lambda world: copy_of(world.unit, client_id=uuid.uuid4()),
    "outcome_in_list": lambda world: change(world.unit, outcome="fine"),
    "found_goods_are_something": lambda world: add_found(world, count=0),
    "one_standing_override": twice(add_override),
    "override_kind_in_list": lambda world: add_override(world, kind="wish"),
    "override_has_reason": lambda world: add_override(world, reason=""),
    "approver_is_not_author": lambda world: add_approval(world, author=world.user),
    "one_approval_per_seen_content": twice(add_approval),
    "one_row_per_member": twice(add_kit_member),
    "kit_holds_something_else": lambda world: add_kit_member(world, item=world.mapping.item),
    "one_row_per_item": twice(add_item),
    "one_figure_per_item_and_place": twice(add_stock),
    "one_active_mapping_per_sku": lambda world: copy_of(world.mapping),
    "mapping_kind_in_list": lambda world: change(world.mapping, kind="guess"),
    "policy_versions_are_numbered": lambda world: copy_of(PolicyVersion.objects.get(), active=False),
    "one_active_policy_per_shop": lambda world: copy_of(PolicyVersion.objects.get(), number=2),
    # posting
    "rule_meaning_in_list": lambda world: RefusalRule.objects.create(words="too many", meaning="weather"),
    "rule_has_words": lambda world: RefusalRule.objects.create(words="", meaning="script"),
    "one_live_pause": twice(lambda world: add_pause(world)),
    "pause_code_in_list": lambda world: add_pause(world, code="weather"),
    "pause_of_a_person_names_them": lambda world: add_pause(world, code="by_person"),
    "pause_has_reason": lambda world: add_pause(world, reason=""),
    "one_posting_per_record": lambda world: post_two_as_one(world),
    "posting_status_in_list": lambda world: change(world.posting, status="done"),
    "posted_has_their_id": lambda world: change(world.posting, status="posted"),
    "trusted_is_not_read_back": lambda world: change(world.posting, trusted_at=NOW, read_back_at=NOW),
    "sending_has_a_start": lambda world: change(world.posting, status="sending"),
    "uncertain_has_a_start": lambda world: change(world.posting, status="uncertain"),
    "posting_promise_in_list": lambda world: change(world.posting, promise="soon"),
    "external_id_is_plain": lambda world: change(world.posting, external_id="Loop 1"),
    "postings_are_numbered": lambda world: copy_of(world.posting, external_id="loop-fern-1-rma-2"),
    "one_in_flight_per_source": claim_a_sibling,
    "nothing_is_covered_twice": lambda world: copy_of(PostingCover.objects.get()),
    # exceptions
    "one_open_case_per_subject": lambda world: copy_of(world.case),
    "case_status_in_list": lambda world: change(world.case, status="later"),
    "closed_case_has_end": lambda world: change(world.case, status="closed"),
    "a_return_is_in_a_case_once": twice(add_member),
    # Single columns that are unique
    "people_user.username": lambda world: make_user(username=world.user.username),
    "people_apikey.prefix": twice(add_api_key),
    "integrations_netsuiteaccount.account_id": lambda world: copy_of(NetSuiteAccount.objects.get()),
    "integrations_shop.code": lambda world: copy_of(world.shop),
    "account_auth_in_list": lambda world: change(world.shop.account, auth="none"),
    "account_write_mode_in_list": lambda world: change(world.shop.account, write_mode="later"),
    "account_receipt_key_in_list": lambda world: change(world.shop.account, receipt_key="name"),
    "account_stock_table_in_list": lambda world: change(world.shop.account, stock_table="item"),
    "token_has_an_end": lambda world: add_token(world, sealed="x"),
    "turn_has_owner_and_end": lambda world: add_token(world, leased_by="worker"),
    "integrations_accesstoken.account": twice(add_token),
    "profile_has_one_owner": lambda world: add_profile(world, account=world.shop.account),
    "integrations_connectionprofile.shop": twice(add_profile),
    "integrations_connectionprofile.account": twice(
        lambda world: add_profile(world, shop=None, account=world.shop.account)
    ),
    "integrations_synccursor.stream": twice(lambda world: SyncCursor.objects.create(stream="a", watermark=NOW)),
    "returns_arrival.client_id": twice(add_arrival),
    "returns_foundgoods.client_id": twice(add_found),
    "returns_inspectedunit.client_id": lambda world: copy_of(world.unit, superseded_at=NOW),
    "returns_inspectedunit.superseded_by": lambda world: _supersede_twice(world),
    "posting_posting.external_id": lambda world: copy_of(world.posting, number=2),
}


def _supersede_twice(world: World) -> None:
    first = InspectedUnit.objects.get()
    change(first, superseded_at=NOW, superseded_by=first.pk)
    copy_of(InspectedUnit.objects.get(), client_id=uuid.uuid4())


@pytest.mark.parametrize("name", BREAKS)
def test_database_refuses(name: str, world: World) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        BREAKS[name](world)

    assert name.replace(".", "_") in str(refusal.value)


def test_every_constraint_has_somebody_who_tries_to_break_it() -> None:
    names = set()
    for model in (model for app in OUR_APPS for model in apps.get_app_config(app).get_models()):
        names |= {constraint.name for constraint in model._meta.constraints}
        names |= {
            f"{model._meta.db_table}.{field.name}"
            for field in model._meta.local_fields
            if field.unique and not field.primary_key
        }

    assert names - BREAKS.keys() == set(), "no test tries to break these"
    assert BREAKS.keys() - names == set(), "these constraints are gone"


def test_withdrawn_override_and_closed_case_make_room_for_the_next(world: World) -> None:
    add_override(world, withdrawn_at=NOW)
    change(world.case, status="closed", closed_at=NOW)

    add_override(world)
    copy_of(world.case)


def test_cover_of_a_withdrawn_posting_makes_room(world: World) -> None:
    PostingCover.objects.update(live=False)

    copy_of(PostingCover.objects.get(), live=True)


def test_shop_with_returns_stays_in_its_account(world: World) -> None:
    other = make_account("7654321")

    with pytest.raises(IntegrityError, match="stay in the account"), transaction.atomic():
        change(world.shop, account_id=other.pk)
    with pytest.raises(IntegrityError, match="stay in the account"), transaction.atomic():
        change(world.shop.account, account_id="1234567")


def test_shop_without_returns_may_still_be_put_right(db: None) -> None:
    shop, other = make_shop(), make_account("7654321")

    change(shop, account_id=other.pk)
    change(other, account_id="7654322")


def test_history_of_facts_cannot_be_rewritten(world: World) -> None:
    change_row = FactChange.objects.create(
        loop_return=world.row, at=NOW, came_from="plan", facts_hash="a" * 64, changed={}
    )

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        change(change_row, changed={"loop.state": ["open", "closed"]})
