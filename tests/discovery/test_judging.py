"""Each finding about an account, from answers as values; what is known is stored and compared."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.discovery.asking import NotTold
from integrations.discovery.changes import describe_changes
from integrations.discovery.check import judge_account
from integrations.discovery.configured import Configured, Purpose, Use
from integrations.discovery.netsuite_answers import AccountAnswers, Preview
from integrations.discovery.netsuite_facts import mark_of, read_facts
from integrations.discovery.netsuite_questions import RIGHTS, SCHEMAS
from integrations.models import NetSuiteAccount
from integrations.netsuite.schema_calls import FieldSchema, RecordSchema
from integrations.profile import (
    AccountFacts,
    Finding,
    Listed,
    Place,
    Profile,
    Severity,
    Writer,
    profile_as_json,
    read_profile,
)
from tests.builders import make_account

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REFUSED = NotTold(why="Permission Violation", refused=True, family="permission", status=403, code="X")
HIDDEN = NotTold(why="Record 'x' was not found.", refused=True, family="invalid_request", status=400)
SILENT = NotTold(why="no answer in time")
FIELDS = [
    "externalId",
    "tranDate",
    "memo",
    "otherRefNum",
    "orderStatus",
    "location",
    "item",
    "autoApply",
    "apply",
    "customer",
    "account",
    "entity",
    "paymentOption",
    "taxDetails",
    "subsidiary",
]
CONFIGURED = Configured(
    uses=(
        Use(Purpose.HOLDING, "31", "locations.holding", "Fern"),
        Use(Purpose.SELLABLE, "14", "locations.sellable", "Fern"),
        Use(Purpose.ITEM, "901", "items.fee", "Fern"),
        Use(Purpose.ACCOUNT, "217", "tenders.paypal.account_id", "Fern"),
    ),
    writes=frozenset(("rma", "receipt", "credit", "refund")),
    own_marks=("loop-fern-",),
)
PLACES = (
    {"id": "31", "name": "Hold", "available": "F", "isinactive": "F", "usebins": "F", "subsidiary": "2"},
    {"id": "14", "name": "Main", "available": "T", "isinactive": "F", "usebins": "F", "subsidiary": "2"},
)


@pytest.fixture
def account(db: None) -> NetSuiteAccount:
    return make_account(subsidiary_id="2", certificate_expires_at=datetime(2099, 1, 1, tzinfo=UTC))


def schema(name: str, *more: str, required: str = "") -> RecordSchema:
    def field(one: str) -> FieldSchema:
        return FieldSchema(
            name=one, title="", kind="", is_required=one == required, is_read_only=False, is_nullable=True,
            is_filterable=False, is_custom=one.startswith("cust"),
        )  # fmt: skip

    rows = {one.lower(): field(one) for one in ("line", "orderLine", "item", "quantity")}
    names = [*FIELDS, *more, *([required] if required else [])]
    return RecordSchema(record_type=name, fields={one.lower(): field(one) for one in names}, sublists={"item": rows})


def healthy(**changes: Any) -> AccountAnswers:
    values: dict[str, Any] = {
        "asked_at": NOW,
        "server_time": NOW,
        "database_time": [{"now": "2026-11-20T04:00:00"}],
        "schemas": {name: schema(name) for name in SCHEMAS},
        "access": dict.fromkeys(RIGHTS, "7"),
        "statuses": [{"type": "RtnAuth", "status": "B", "label": "Pending Receipt"}],
        "subsidiaries": [{"id": "2", "name": "Fern Inc."}],
        "locations": list(PLACES),
        "items": [{"id": "901", "name": "LOOP-FEE", "kind": "OthCharge", "isinactive": "F"}],
        "accounts": [{"id": "217", "name": "Clearing", "kind": "Bank", "isinactive": "F"}],
        "methods": [],
        "period": [{"id": "9", "name": "Nov 2026", "closed": "F", "arlocked": "F", "alllocked": "F"}],
        "inventory_statuses": HIDDEN,
        "deleted": [],
        "links": [],
        "line_field": [],
        "sku_field": [],
        "sales": [{"type": "CustInvc", "n": "12"}, {"type": "CashSale", "n": "3"}],
        "writers": {"creditMemo": [{"id": "1", "externalid": "loop-fern-1-credit-1", "createdby": "5"}] * 4},
        "previews": {name: Preview(200, "{}") for name in ("creditMemo", "returnAuthorization", "customerRefund")},
        "governance": False,
    }
    return AccountAnswers(**values | changes)


def judge(answers: AccountAnswers, account: NetSuiteAccount, configured: Configured = CONFIGURED) -> list[Finding]:
    facts = read_facts(answers, account, configured)
    return list(judge_account(answers, facts, account, configured))


def said(findings: list[Finding], severity: Severity) -> str:
    return "\n".join(f"{one.words} {one.todo}" for one in findings if one.severity == severity)


def test_healthy_answers_block_nothing_and_warn_of_nothing(account: NetSuiteAccount) -> None:
    findings = judge(healthy(), account)

    assert said(findings, Severity.BLOCKS) == ""
    assert said(findings, Severity.WARNS) == ""


def test_facts_are_read_from_the_answers(account: NetSuiteAccount) -> None:
    facts = read_facts(healthy(), account, CONFIGURED)

    assert (facts.advanced_receiving, facts.one_world, facts.suite_tax, facts.restock) == (True, True, True, False)
    assert (facts.create_form, facts.database_offset_min, facts.status_form) == (True, -480, "letter")
    assert facts.receipt_row_keys == ("orderLine", "line")
    assert facts.refund_method_fields == ("paymentOption",)
    assert facts.writers["creditMemo"] == [Writer(mark="loop-fern-", made_by="", count=4, is_ours=True)]


WRONG: list[tuple[dict[str, Any], Severity, str]] = [
    (
        {"server_time": replace(REFUSED, code="invalid_client", family="")},
        Severity.BLOCKS,
        "does not know this client id",
    ),
    ({"server_time": SILENT}, Severity.BLOCKS, "NetSuite gives no answer."),
    ({"server_time": NOW + timedelta(minutes=9)}, Severity.BLOCKS, "clock of this machine and NetSuite's are 540 s"),
    ({"server_time": NOW + timedelta(seconds=90)}, Severity.WARNS, "are 90 s apart"),
    ({"database_time": HIDDEN}, Severity.BLOCKS, "lacks SuiteAnalytics Workbook: Edit"),
    ({"database_time": SILENT}, Severity.UNKNOWN, "Whether SuiteQL answers could not be told."),
    ({"access": {"itemReceipt": REFUSED}}, Severity.BLOCKS, "The role lacks Item Receipt: Edit."),
    ({"access": {"itemReceipt": ""}}, Severity.UNKNOWN, "as there is none to be read: Item Receipt."),
    ({"access": {"itemReceipt": SILENT}}, Severity.UNKNOWN, "could not be told: Item Receipt."),
    (
        {"access": {"cashRefund": REFUSED}, "sales": [{"type": "CustInvc", "n": "3"}]},
        Severity.WARNS,
        "Cash Sale Refund",
    ),
    ({"previews": {"creditMemo": Preview(403, "no")}}, Severity.BLOCKS, "The role lacks Credit Memo: Create."),
    ({"previews": {"creditMemo": Preview(204, "", "99")}}, Severity.BLOCKS, "Delete creditMemo 99 in NetSuite."),
    ({"previews": {"creditMemo": Preview(400, "")}}, Severity.FINE, "Documents cannot be previewed"),
    ({"governance": True}, Severity.WARNS, "The integration user is an administrator."),
    (
        {"statuses": [{"type": "RtnAuth", "status": "E", "label": "Return Authorization : Partially Refunded"}]},
        Severity.BLOCKS,
        "Advanced Receiving is off",
    ),
    ({"statuses": [], "writers": {}}, Severity.UNKNOWN, "Whether Advanced Receiving is on could not be told"),
    ({"statuses": [{"type": "RtnAuth", "status": "B", "label": "Eingang"}]}, Severity.WARNS, "is not English"),
    ({"period": [{"name": "Nov", "closed": "T"}]}, Severity.BLOCKS, "which holds today, is closed"),
    ({"period": [{"name": "Nov", "arlocked": "T"}]}, Severity.BLOCKS, "is locked for receivables"),
    ({"period": []}, Severity.UNKNOWN, "Whether today's accounting period is open could not be told."),
    ({"links": REFUSED}, Severity.WARNS, "cannot read links between records"),
    ({"deleted": REFUSED}, Severity.WARNS, "cannot read the list of deleted records"),
    ({"schemas": {"itemReceipt": HIDDEN}}, Severity.UNKNOWN, "Which fields these have could not be told: itemReceipt."),
    (
        {"schemas": {"creditMemo": schema("creditMemo", required="custbody_region")}},
        Severity.WARNS,
        "mandatory fields of your own: custbody_region",
    ),
    (
        {"schemas": {"creditMemo": RecordSchema(record_type="creditMemo", fields={}, sublists={})}},
        Severity.WARNS,
        "Credit Memo lacks fields that ReturnsOps sends: externalId",
    ),
    ({"locations": [PLACES[1]]}, Severity.BLOCKS, "NetSuite has no location 31, which the policy of Fern names"),
    ({"locations": [PLACES[0] | {"isinactive": "T"}, PLACES[1]]}, Severity.BLOCKS, "Hold (31), is inactive"),
    ({"locations": [PLACES[0] | {"available": "T"}, PLACES[1]]}, Severity.BLOCKS, "makes its stock available for sale"),
    ({"locations": [PLACES[0], PLACES[1] | {"available": "F"}]}, Severity.BLOCKS, "does not make its stock available"),
    ({"locations": [PLACES[0] | {"usebins": "T"}, PLACES[1]]}, Severity.WARNS, "Hold (31) uses bins"),
    ({"locations": [PLACES[0] | {"subsidiary": "9"}, PLACES[1]]}, Severity.BLOCKS, "belongs to another subsidiary: 9"),
    ({"locations": REFUSED}, Severity.WARNS, "The locations that the policies name could not be compared"),
    ({"items": []}, Severity.BLOCKS, "NetSuite has no item 901"),
    ({"items": [{"id": "901", "name": "FEE", "isinactive": "T"}]}, Severity.BLOCKS, "«items.fee» of Fern is inactive"),
    ({"accounts": []}, Severity.BLOCKS, "NetSuite has no account 217"),
    (
        {"writers": {"creditMemo": [{"externalid": f"celigo-{n}"} for n in range(5)]}},
        Severity.BLOCKS,
        "Two writers of Credit Memos: ReturnsOps is set to write them, and «celigo-…»",
    ),
    (
        {"writers": {"returnAuthorization": [{"createdby": "8"}] * 30}},
        Severity.WARNS,
        "30 Return Authorizations have no external id",
    ),
    ({"line_field": HIDDEN}, Severity.BLOCKS, "Order lines have no field custcol_shopify_line_id"),
    ({"sku_field": HIDDEN}, Severity.BLOCKS, "Items have no field itemid"),
    ({"subsidiaries": [{"id": "4", "name": "Moss"}]}, Severity.BLOCKS, "has no subsidiary 2. Choose one of: Moss (4)."),
]


@pytest.mark.parametrize(("changes", "severity", "expected"), WRONG, ids=[row[2][:40] for row in WRONG])
def test_each_thing_that_is_wrong_is_said(
    account: NetSuiteAccount, changes: dict[str, Any], severity: Severity, expected: str
) -> None:
    assert expected in said(judge(healthy(**changes), account), severity)


@pytest.mark.parametrize(("changes", "severity", "expected"), WRONG, ids=[row[2][:40] for row in WRONG])
def test_whatever_does_not_work_says_whom_to_ask_and_what_to_do(
    account: NetSuiteAccount, changes: dict[str, Any], severity: Severity, expected: str
) -> None:
    findings = judge(healthy(**changes), account)

    vague = [one.code for one in findings if one.severity != Severity.FINE and not (one.who and one.todo)]
    assert vague == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"available": "F"}, "The shipping location of Fern, Store (15), does not make its stock available."),
        ({"isinactive": "T"}, "The shipping location of Fern, Store (15), is inactive."),
        ({"subsidiary": "9"}, "The shipping location of Fern, Store (15), belongs to another subsidiary: 9."),
        ({"usebins": "T"}, ""),  # orders are taken from bins, only receipts into them are refused
    ],
)
def test_location_that_exchanges_ship_from_has_to_sell(
    account: NetSuiteAccount, changes: dict[str, Any], words: str
) -> None:
    uses = (*CONFIGURED.uses, Use(Purpose.SHIPPING, "15", "exchange_location", "Fern"))
    store = {"id": "15", "name": "Store", "available": "T", "isinactive": "F", "usebins": "F", "subsidiary": "2"}

    findings = judge(healthy(locations=[*PLACES, store | changes]), account, replace(CONFIGURED, uses=uses))

    assert [one.words for one in findings if "location:shipping" in one.code] == ([words] if words else [])


STATUSES = [
    {"id": "1", "name": "Good", "available": "T", "isinactive": "F"},
    {"id": "2", "name": "Inspection", "available": "F", "isinactive": "F"},
    {"id": "4", "name": "Old", "available": "F", "isinactive": "T"},
]


def in_statuses(*uses: tuple[Purpose, str]) -> Configured:
    return replace(CONFIGURED, uses=tuple(Use(purpose, one, "locations.damaged", "Fern") for purpose, one in uses))


def with_statuses(**changes: Any) -> AccountAnswers:
    return healthy(**{"inventory_statuses": STATUSES, "statuses_in_words": STATUSES} | changes)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ((Purpose.STATUS, "2"), ""),
        ((Purpose.STATUS_SOLD, "1"), ""),
        ((Purpose.STATUS, "1"), "makes its stock available for sale, and units that are not sellable go there"),
        ((Purpose.STATUS_SOLD, "2"), "does not make its stock available, and sellable units go there"),
        ((Purpose.STATUS, "4"), "is inactive"),
        ((Purpose.STATUS, "9"), "NetSuite has no inventory status 9"),
    ],
)
def test_an_inventory_status_has_to_fit_what_goes_there(
    account: NetSuiteAccount, use: tuple[Purpose, str], words: str
) -> None:
    findings = judge(with_statuses(), account, in_statuses(use))

    told = [one.words for one in findings if "status" in one.code and one.severity == Severity.BLOCKS]
    assert [words in one for one in told] == ([True] if words else [])


def test_a_status_is_refused_where_the_account_keeps_none_and_waits_where_nobody_knows(
    account: NetSuiteAccount,
) -> None:
    asked = in_statuses((Purpose.STATUS, "2"))

    assert "the account keeps none" in said(judge(healthy(), account, asked), Severity.BLOCKS)
    assert not said(judge(with_statuses(statuses_in_words=HIDDEN), account, asked), Severity.BLOCKS)


def test_a_location_may_sell_where_a_status_keeps_returns_apart(account: NetSuiteAccount) -> None:
    asked = in_statuses((Purpose.PLACE, "14"), (Purpose.STATUS, "2"))

    assert not said(judge(with_statuses(), account, asked), Severity.BLOCKS)


def test_two_programs_are_told_though_we_only_observe(account: NetSuiteAccount) -> None:
    rows = [{"externalid": f"{mark}{number}"} for mark in ("celigo-", "shopify-") for number in range(4)]
    observing = replace(CONFIGURED, writes=frozenset())

    findings = judge(healthy(writers={"creditMemo": rows}), account, observing)

    assert "Two writers of Credit Memos found: «celigo-…» and «shopify-…»." in said(findings, Severity.WARNS)


def test_one_program_is_fine_while_we_observe(account: NetSuiteAccount) -> None:
    rows = [{"externalid": f"celigo-{number}"} for number in range(4)]

    findings = judge(healthy(writers={"creditMemo": rows}), account, replace(CONFIGURED, writes=frozenset()))

    assert "Credit Memos are made by «celigo-…» (4)." in said(findings, Severity.FINE)


@pytest.mark.parametrize(
    ("external_id", "mark"),
    [("celigo-ra-77", "celigo-ra-"), ("5873120", "#"), ("shopify_refund_9_1", "shopify_refund_")],
)
def test_schemes_of_external_ids_are_told_apart(external_id: str, mark: str) -> None:
    assert mark_of(external_id) == mark


def profile_of(**facts: Any) -> Profile[AccountFacts]:
    finding = Finding(code="x", severity=Severity.WARNS, words="Something.", who="A", todo="B")
    return Profile(checked_at=NOW, duration_s=1.5, calls=3, facts=AccountFacts(**facts), findings=(finding,))


def test_a_profile_survives_being_stored() -> None:
    profile = profile_of(
        locations={"31": Place(id="31", name="Hold", available=False)},
        items={"901": Listed(id="901", name="FEE")},
        writers={"creditMemo": [Writer(mark="m", made_by="", count=2, is_ours=False)]},
        receipt_row_keys=("line",),
    )

    assert read_profile(profile_as_json(profile), AccountFacts) == profile


def test_a_profile_of_another_version_is_none() -> None:
    assert read_profile(profile_as_json(profile_of()) | {"version": 0}, AccountFacts) is None
    assert read_profile({}, AccountFacts) is None


def test_changes_are_told_in_words() -> None:
    before = profile_of(create_form=False, access={"itemReceipt": "edit"}, suite_tax=True)
    after = replace(profile_of(create_form=True, access={"itemReceipt": "missing"}), findings=())

    assert set(describe_changes(before, after)) == {
        "The rights of the role changed: itemReceipt.",
        "Create-form became available.",
        "Settled: Something.",
    }
