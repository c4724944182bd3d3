"""Every kind of posting, every point at which its process can die, every way in which its answer can be lost.

In every run each kind dies at each point, its answer lost in one of the ways in turn: each way meets each kind and each
point. `--every-crash` plays all of them with all, which takes four times as long.
"""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from integrations import connections
from integrations.models import Shop
from integrations.sandbox.server import Served
from returnsops import tasks, tick
from returnsops.lib import nudge
from returnsops.management.commands.seed_demo import seed_people
from returnsops.management.rehearsal.books import Family, group_by_order
from returnsops.posting.models import Posting
from returnsops.returns import sweeps
from returnsops.returns.decisions import add_override
from returnsops.returns.found import FoundThing, note_found
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.policies import activate_policy
from tests.journey.crash_points import FAULTS, POINTS, Crashes, Trap
from tests.journey.stage import Stage
from tests.template_database import empty_tables

pytestmark = [pytest.mark.journey, pytest.mark.django_db, pytest.mark.long]

WINDOW, LEASE = timedelta(seconds=3), timedelta(seconds=10)  # nobody waits for a lease: see `Crashes._bury`
TIME_LIMIT_S = 1_800.0
SWEEP_EVERY_S, READ_EVERY_S = 0.5, 3.0
ROUND_S = 0.05

Case = tuple[str, str, int]  # play, point, and by how many places the faults are turned


@dataclass(frozen=True)
class Play:
    """One kind of return, and those of its postings at which processes die. Every return of it dies at one point of
    each of them.
    """

    kinds: tuple[str, ...]
    scenario: str
    outcomes: tuple[str, ...]
    shop: str = "northwind"
    params: dict[str, Any] = field(default_factory=dict)
    finds: bool = False  # another unit of it lies in the parcel, and a person takes it into stock
    ends: str = "settled"
    cases: tuple[str, ...] = ()


PLAYS = {
    # The tax of both lines has fractions of a penny, which this account rounds once and Loop for each.
    "invoice, one unit for money and one for new goods": Play(
        (
            *("rma", "receipt", "transfer", "credit", "credit_fix", "loop_process"),
            *("exchange_order", "credit_apply", "customer_refund"),
        ),
        "exchange_and_refund",
        outcomes=("sellable", "sellable"),
        shop="harbour",
        params={"units": 2, "discount": "7.77"},
    ),
    "cash sale, one of two units refused, the other scrapped": Play(
        ("adjustment", "take_in", "loop_grade", "loop_assess", "loop_remove", "cash_refund", "rma_close"),
        "refund",
        outcomes=("refused", "scrapped"),
        finds=True,
        params={"billing": "cash_sale", "units": 2},
    ),
    "cash sale with a tax of fractions of a penny": Play(
        ("cash_refund_fix",),
        "refund",
        outcomes=("sellable", "sellable"),
        shop="harbour",
        params={"billing": "cash_sale", "units": 2, "discount": "7.77"},
    ),
    "exchange order of the connector": Play(("exchange_link",), "exchange", outcomes=("sellable",)),
    "exchange refused": Play(
        ("loop_note", "loop_flag"),
        "exchange",
        outcomes=("refused",),
        ends="needs_person",
        cases=("refused_exchange_unit",),
    ),
}
LINK = "custbody_loop_exchange"
KINDS = [kind for play in PLAYS.values() for kind in play.kinds]
SETTINGS = {
    "accounts": {"7400002_SB1": {"tax_rounding": "document"}},
    "shops": {"harbour": {"loop_discount": False, "connector.exchange_orders": False}},
}
RULES = {
    "northwind": {
        "exchange_link_field": LINK,
        "grades": {"scrapped": "junk", "refused": "grade_c"},
        "assessments": {"scrapped": "recycle", "refused": "donate"},
    },
    "harbour": {
        "receipt_shape": "hold_then_transfer",
        "exchange_order": "create",
        "exchange_settlement": "value_in_value_out",
    },
}
TURNS = len(FAULTS)


@dataclass(frozen=True)
class Outcome:
    """What became of one return: of the posting of each kind, and of the whole."""

    traps: dict[str, Trap]
    postings: dict[str, list[tuple[str, str]]]
    found: dict[str, int]
    stage: str
    cases: list[str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "turn" not in metafunc.fixturenames:
        return
    crashes = [
        (name, kind, point, turn)
        for turn in turns_of(metafunc.config)
        for name, play in PLAYS.items()
        for kind in play.kinds
        for point in POINTS
    ]
    names = [f"{kind}-{point}-{fault_of(kind, point, turn)}" for _, kind, point, turn in crashes]
    metafunc.parametrize(("play", "kind", "point", "turn"), crashes, ids=names)


def turns_of(config: pytest.Config) -> range:
    return range(TURNS if config.getoption("every_crash") else 1)


def fault_of(kind: str, point: str, turn: int) -> str:
    place = KINDS.index(kind) + list(POINTS).index(point) + turn
    return list(FAULTS)[place % TURNS]


@pytest.fixture(scope="module")
def outcomes(
    served: Served, django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config
) -> Iterator[dict[Case, Outcome]]:
    """All of them at the same time, so that what they wait for, they wait for together."""
    scaled = override_settings(
        NETSUITE_COMMIT_WINDOW=WINDOW, SENDING_LEASE=LEASE, CLAIM_LEASE=LEASE, RECORD_REST=timedelta(0)
    )
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, scaled:
        stage = Stage(served.url)
        patch.setattr(nudge, "async_task", stage.note)
        patch.setattr(connections, "_clients", {})
        patch.setattr(tasks, "NUDGE_PATIENCE", timedelta(0))
        prepare(stage)
        yield perform(stage, turns_of(pytestconfig))
        stage.close()
        empty_tables()


def test_crash_leaves_one_record_and_a_return_that_goes_on(
    outcomes: dict[Case, Outcome], play: str, kind: str, point: str, turn: int
) -> None:
    outcome = outcomes[play, point, turn]

    trap = outcome.traps[kind]
    assert (trap.has_sprung, trap.has_struck) == (True, FAULTS[trap.fault] is not None)
    ((status, their_id),) = outcome.postings[kind]
    assert (status, bool(their_id)) == ("posted", True)
    assert outcome.found[kind] == 1
    assert (outcome.stage, outcome.cases) == (PLAYS[play].ends, list(PLAYS[play].cases))


def test_each_way_of_losing_an_answer_meets_each_kind_and_each_point() -> None:
    met = [(kind, point, fault_of(kind, point, 0)) for kind in KINDS for point in POINTS]

    assert {(kind, fault) for kind, _, fault in met} == {(kind, fault) for kind in KINDS for fault in FAULTS}
    assert {(point, fault) for _, point, fault in met} == {(point, fault) for point in POINTS for fault in FAULTS}


def test_every_kind_of_posting_is_played() -> None:
    missing = set(POSTING_KINDS) - set(KINDS)

    assert not missing, (
        f"No process ever dies at {', '.join(sorted(missing))}. Add each to a play of PLAYS whose returns call for it, "
        "or a play of its own, and say in count_records() how often the other side's books hold it."
    )


# --- The play ---------------------------------------------------------------------------------------


def prepare(stage: Stage) -> None:
    stage.reset()
    stage.ask("settings", SETTINGS)
    call_command("connect_sandbox", url=stage.url, verbosity=0)
    seed_people()
    for code, rules in RULES.items():
        shop = Shop.objects.get(code=code)
        activate_policy(
            shop, PolicyVersion.objects.get(shop=shop, active=True).rules | rules, by=None, reason="For this play"
        )


def perform(stage: Stage, turns: range) -> dict[Case, Outcome]:
    crashes = Crashes(stage)
    cases: list[Case] = [(name, point, turn) for name in PLAYS for point in POINTS for turn in turns]
    cast = {case: enter(stage, PLAYS[case[0]]) for case in cases}
    for (name, point, turn), loop_id in cast.items():
        for kind in PLAYS[name].kinds:
            crashes.set_trap(loop_id, kind, Trap(point, fault_of(kind, point, turn)))
    with crashes.installed():
        run_to_the_end(stage, crashes, {loop_id: PLAYS[case[0]] for case, loop_id in cast.items()})
    books = Books(stage)
    return {case: look_at(stage, PLAYS[case[0]], crashes, loop_id, books) for case, loop_id in cast.items()}


def enter(stage: Stage, play: Play) -> str:
    body = {"shop": play.shop, "scenario": play.scenario, "params": {"parcel": "delivered"} | play.params}
    return str(stage.ask("loop/returns", body)["return_id"])


def run_to_the_end(stage: Stage, crashes: Crashes, cast: dict[str, Play]) -> None:
    give_up_at = time.monotonic() + TIME_LIMIT_S
    sweep_at = read_at = 0.0
    billed: set[int] = set()
    while time.monotonic() < give_up_at:
        if time.monotonic() > read_at:
            crashes.survive(read_anew)
            read_at = time.monotonic() + READ_EVERY_S
        if time.monotonic() > sweep_at:
            crashes.survive(sweep)
            judge_what_arrived(stage, cast)
            bill_what_was_ordered(stage, billed)
            if is_over(cast):
                return
            sweep_at = time.monotonic() + SWEEP_EVERY_S
        crashes.survive(crashes.work_through_queue)
        crashes.survive(crashes.send)
        stage.forget_outage()
        time.sleep(ROUND_S)


def read_anew() -> None:
    """What the tick reads in Loop. NetSuite's side is read for the plan, and when a posting is read back."""
    for shop in Shop.objects.select_related("account"):
        with tasks.one_failure_delays_no_other("sweep"):
            sweeps.sweep_loop(shop)
            sweeps.fetch_due_details(shop)


def sweep() -> None:
    """What the tick does among our own rows."""
    tick.sweep_postings()
    tick.sweep_plans()


def judge_what_arrived(stage: Stage, cast: dict[str, Play]) -> None:
    unjudged = LoopReturn.objects.filter(stage=LoopReturn.Stage.TO_INSPECT, inspections=None)
    for row in unjudged:
        if cast[row.loop_id].finds:
            find_another(stage, row)
        stage.judge(row, *cast[row.loop_id].outcomes)


def find_another(stage: Stage, row: LoopReturn) -> None:
    """It counts once the units are judged and the inspection is finished."""
    thing = FoundThing(row.lines.all()[0].sku, 1, uuid.uuid4())
    found = note_found(row, thing, by=stage.person("ada"))
    add_override(
        row, kind="found", subject=f"found:{found.pk}", value="take_in", reason="Ours.", by=stage.person("finn")
    )


def bill_what_was_ordered(stage: Stage, billed: set[int]) -> None:
    """A person does that in NetSuite."""
    ordered = Posting.objects.filter(kind="exchange_order", status="posted").exclude(pk__in=billed)
    for posting in ordered.select_related("account"):
        act = {"account": posting.account.account_id, "action": "invoice", "record": posting.their_id}
        stage.ask("netsuite/act", act)
        hint_records([posting.loop_return_id])
        billed.add(posting.pk)


def is_over(cast: dict[str, Play]) -> bool:
    ends = dict(LoopReturn.objects.values_list("loop_id", "stage"))
    if any(ends.get(loop_id) != play.ends for loop_id, play in cast.items()):
        return False
    return not Posting.objects.filter(status__in=["pending", "sending", "uncertain"]).exists()


# --- What came of it --------------------------------------------------------------------------------


class Books:
    """What the other side holds, by its own account."""

    def __init__(self, stage: Stage) -> None:
        dump = stage.ask("dump", method="GET")
        accounts = dict(Shop.objects.values_list("code", "account__account_id"))
        self.transactions = {code: dump["netsuite"][account]["transactions"] for code, account in accounts.items()}
        self.families = {
            code: group_by_order(self.transactions[code], account_id=account) for code, account in accounts.items()
        }
        self.log = [entry for shop in dump["loop"].values() for entry in shop["log"]]


def look_at(stage: Stage, play: Play, crashes: Crashes, loop_id: str, books: Books) -> Outcome:
    row = LoopReturn.objects.get(loop_id=loop_id)
    found = count_records(books, row)
    return Outcome(
        traps={kind: crashes.traps[loop_id, kind] for kind in play.kinds},
        postings={kind: list(row.postings.filter(kind=kind).values_list("status", "their_id")) for kind in play.kinds},
        found={kind: found[kind] for kind in play.kinds},
        stage=row.stage,
        cases=stage.cases(row),
    )


def count_records(books: Books, row: LoopReturn) -> dict[str, int]:
    """How often each thing was done."""
    family: Family = books.families[row.shop.code][row.provider_order_id]
    log = [entry["action"] for entry in books.log if str(entry["return_id"]) == row.loop_id]
    named = [str(one["externalid"]) for one in books.transactions[row.shop.code]]
    rows = [line for one in family.credits for line in one["lines"]]
    return {
        "rma": len(family.rmas),
        "receipt": len(family.receipts),
        "transfer": sum(one.startswith(name_of(row, "transfer")) for one in named),
        "adjustment": sum(one.startswith(name_of(row, "adjustment")) for one in named),
        "take_in": sum(one.startswith(name_of(row, "take-in")) for one in named),
        "credit": len(family.credits),
        "credit_fix": sum(line["sku"] == "LOOP-DIFF-ROUNDING" for line in rows),
        "cash_refund_fix": sum(line["sku"] == "LOOP-DIFF-ROUNDING" for line in rows),
        "credit_apply": sum(len(one["applies"]) for one in family.credits),
        "cash_refund": len(family.credits),
        "customer_refund": len(family.refunds),
        "exchange_order": sum(one.startswith(name_of(row, "exchange-order")) for one in named),
        "exchange_link": sum(
            one["entity"] == family.sales[0]["entity"] and bool(one["extra"].get(LINK))
            for one in books.transactions[row.shop.code]
        ),
        "rma_close": sum(line["is_closed"] for one in family.rmas for line in one["lines"]),
        "loop_grade": log.count("grade"),
        "loop_assess": log.count("assess"),
        "loop_process": log.count("settle"),
        "loop_remove": log.count("remove"),
        "loop_note": log.count("note"),
        "loop_flag": log.count("state review"),
    }


def name_of(row: LoopReturn, kind: str) -> str:
    return f"loop-{row.shop.code}-{row.loop_id}-{kind}-"
