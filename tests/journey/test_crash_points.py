"""Every kind of posting, every point at which its process can die, every way in which its answer can be lost."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from integrations import connections
from integrations.models import Shop
from integrations.sandbox.server import Served
from returnsops import tasks
from returnsops.lib import nudge
from returnsops.management.commands.seed_demo import seed_people
from returnsops.management.rehearsal.books import Family, group_by_order
from returnsops.posting import settle
from returnsops.posting.models import Posting
from returnsops.returns import sweeps
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.plan.hinges import FLOWS
from returnsops.returns.policies import activate_policy
from tests.journey.crash_points import FAULTS, POINTS, Crashes, Trap
from tests.journey.stage import Stage

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

WINDOW, LEASE = timedelta(seconds=3), timedelta(seconds=10)  # nobody waits for a lease: see `Crashes._bury`
TIME_LIMIT_S = 1_800.0
SWEEP_EVERY_S, READ_EVERY_S = 0.5, 3.0
ROUND_S = 0.05
CASES = list(product(POINTS, FAULTS))
# Sent, lost and found as any other change of a record, or as any other call of Loop's.
NOT_PLAYED = {"credit_fix", "credit_apply", "loop_note", "loop_flag"}


@dataclass(frozen=True)
class Play:
    """One kind of return, and the postings that it calls for."""

    kinds: tuple[str, ...]
    scenario: str
    outcomes: tuple[str, ...] = ("sellable",)
    shop: str = "northwind"
    params: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one return: of the posting of each kind, and of the whole."""

    traps: dict[str, Trap]
    postings: dict[str, list[tuple[str, str]]]
    found: dict[str, int]
    stage: str
    cases: list[str]


@pytest.fixture(scope="class")
def outcomes(
    request: pytest.FixtureRequest, served: Served, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[tuple[str, str], Outcome]]:
    """All cases of one play at the same time, so that what they wait for, they wait for together."""
    play: Play = request.cls.play
    scaled = override_settings(NETSUITE_COMMIT_WINDOW=WINDOW, SENDING_LEASE=LEASE, CLAIM_LEASE=LEASE)
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, scaled:
        stage = Stage(served.url)
        patch.setattr(nudge, "async_task", stage.note)
        patch.setattr(connections, "_clients", {})
        patch.setattr(tasks, "NUDGE_PATIENCE", timedelta(0))
        patch.setattr(settle, "DEATHS_MAX", 1_000)  # so many die here that who stood by would be taken for the killer
        prepare(stage, play)
        yield perform(stage, play)
        stage.close()
        call_command("flush", verbosity=0, interactive=False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None:
        return
    play: Play = metafunc.cls.play
    cases = [(kind, point, fault) for kind in play.kinds for point, fault in CASES]
    metafunc.parametrize(("kind", "point", "fault"), cases, ids=["-".join(case) for case in cases])


class CrashPoints:
    """Every kind of a play × every point × every fault; the classes below name the plays."""

    play: Play

    def test_crash_leaves_one_record_and_a_settled_return(
        self, outcomes: dict[tuple[str, str], Outcome], kind: str, point: str, fault: str
    ) -> None:
        outcome = outcomes[point, fault]

        trap = outcome.traps[kind]
        assert (trap.has_sprung, trap.has_struck) == (True, FAULTS[fault] is not None)
        ((status, their_id),) = outcome.postings[kind]
        assert (status, bool(their_id)) == ("posted", True)
        assert outcome.found[kind] == 1
        assert (outcome.stage, outcome.cases) == ("settled", [])


@pytest.mark.xdist_group("crashes, invoiced")
class TestInvoiced(CrashPoints):
    play = Play(("rma", "receipt", "credit", "loop_process", "customer_refund"), "refund")


@pytest.mark.xdist_group("crashes, cash sale")
class TestCashSaleWithRefusedUnit(CrashPoints):
    play = Play(
        ("loop_remove", "cash_refund", "rma_close"),
        "refund",
        outcomes=("refused", "sellable"),
        params={"billing": "cash_sale", "units": 2},
    )


@pytest.mark.xdist_group("crashes, exchange")
class TestExchangeWithoutConnector(CrashPoints):
    play = Play(
        ("exchange_order",),
        "exchange",
        settings={"connector": {"exchange_orders": False}},
        rules={"exchange_order": "create"},
    )


def test_every_kind_of_posting_has_its_play() -> None:
    plays = (TestInvoiced.play, TestCashSaleWithRefusedUnit.play, TestExchangeWithoutConnector.play)

    assert {kind for play in plays for kind in play.kinds} == set(FLOWS) - NOT_PLAYED


# --- The play ---------------------------------------------------------------------------------------


def prepare(stage: Stage, play: Play) -> None:
    stage.reset()
    if play.settings:
        stage.ask("settings", play.settings)
    call_command("connect_sandbox", url=stage.url, verbosity=0)
    seed_people()
    if play.rules:
        shop = Shop.objects.get(code=play.shop)
        rules = PolicyVersion.objects.get(shop=shop, active=True).rules
        activate_policy(shop, rules | play.rules, by=None, reason="For this play")


def perform(stage: Stage, play: Play) -> dict[tuple[str, str], Outcome]:
    crashes = Crashes(stage)
    body = {"shop": play.shop, "scenario": play.scenario, "params": {"parcel": "delivered"} | play.params}
    cast = {case: str(stage.ask("loop/returns", body)["return_id"]) for case in CASES}
    for (point, fault), loop_id in cast.items():
        for kind in play.kinds:
            crashes.set_trap(loop_id, kind, Trap(point, fault))
    with crashes.installed():
        run_to_the_end(stage, play, crashes)
    books = read_books(stage, play)
    return {case: look_at(stage, play, crashes, loop_id, books) for case, loop_id in cast.items()}


def run_to_the_end(stage: Stage, play: Play, crashes: Crashes) -> None:
    give_up_at = time.monotonic() + TIME_LIMIT_S
    sweep_at = read_at = 0.0
    judged: set[int] = set()
    while time.monotonic() < give_up_at:
        if time.monotonic() > read_at:
            crashes.survive(lambda: read_anew(play))
            read_at = time.monotonic() + READ_EVERY_S
        if time.monotonic() > sweep_at:
            crashes.survive(sweep)
            judge_what_arrived(stage, play, judged)
            sweep_at = time.monotonic() + SWEEP_EVERY_S
            if len(judged) == len(CASES) and is_over():
                return
        crashes.survive(stage.work_through_queue)
        crashes.survive(crashes.send)
        stage.forget_outage()
        time.sleep(ROUND_S)


def read_anew(play: Play) -> None:
    """What the tick reads in the other systems, at a price for each open return."""
    shop = Shop.objects.select_related("account").get(code=play.shop)
    with tasks._one_failure_delays_no_other("sweep"):
        sweeps.sweep_loop(shop)
        sweeps.fetch_due_details(shop)
    tasks.sweep_records()


def sweep() -> None:
    """What the tick does among our own rows."""
    tasks.sweep_postings()
    tasks.sweep_plans()


def judge_what_arrived(stage: Stage, play: Play, judged: set[int]) -> None:
    for row in LoopReturn.objects.filter(stage=LoopReturn.Stage.TO_INSPECT).exclude(pk__in=judged):
        stage.judge(row, *play.outcomes)
        judged.add(row.pk)


def is_over() -> bool:
    return not LoopReturn.objects.exclude(stage__in=["settled", "ended"]).exists() and not (
        Posting.objects.filter(status__in=["pending", "sending", "uncertain"]).exists()
    )


# --- What came of it --------------------------------------------------------------------------------


def read_books(stage: Stage, play: Play) -> dict[str, Any]:
    dump = stage.ask("dump", method="GET")
    account_id = Shop.objects.get(code=play.shop).account.account_id
    transactions = dump["netsuite"][account_id]["transactions"]
    return {
        "families": group_by_order(transactions, account_id=account_id),
        "orders": transactions,
        "log": dump["loop"][play.shop]["log"],
    }


def look_at(stage: Stage, play: Play, crashes: Crashes, loop_id: str, books: dict[str, Any]) -> Outcome:
    row = LoopReturn.objects.get(loop_id=loop_id)
    found = count_records(books, row)
    return Outcome(
        traps={kind: crashes.traps[loop_id, kind] for kind in play.kinds},
        postings={kind: list(row.postings.filter(kind=kind).values_list("status", "their_id")) for kind in play.kinds},
        found={kind: found[kind] for kind in play.kinds},
        stage=row.stage,
        cases=stage.cases(row),
    )


def count_records(books: dict[str, Any], row: LoopReturn) -> dict[str, int]:
    """How often each thing was done, by the other side's own account."""
    family: Family = books["families"][row.provider_order_id]
    log = [entry["action"] for entry in books["log"] if str(entry["return_id"]) == row.loop_id]
    ours = f"loop-{row.shop.code}-{row.loop_id}-exchange-order-"
    return {
        "rma": len(family.rmas),
        "receipt": len(family.receipts),
        "credit": len(family.credits),
        "cash_refund": len(family.credits),
        "customer_refund": len(family.refunds),
        "exchange_order": sum(str(one["externalid"]).startswith(ours) for one in books["orders"]),
        "rma_close": sum(line["is_closed"] for one in family.rmas for line in one["lines"]),
        "loop_process": log.count("settle"),
        "loop_remove": log.count("remove"),
    }
