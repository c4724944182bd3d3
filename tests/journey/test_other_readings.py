"""The whole job holds under every reading that the documents leave open, not only under the likeliest."""

from collections import Counter

import pytest

from integrations.models import NetSuiteAccount
from returnsops.management.rehearsal.books import Known, check_books
from returnsops.returns.models import LoopReturn
from tests.contract.readings import LOOP_READINGS, NETSUITE_READINGS
from tests.journey.stage import Stage, places

pytestmark = pytest.mark.journey

# Together, since a journey takes seconds; what a bundle breaks is found by taking readings out of it.
NETSUITE = {
    "other words": ("other words of queries", "database in California", "other envelopes", "refunds name line 0"),
    "other ways": ("asynchronous", "rows by either key", "forms first", "source named on each row"),
    "other rules": ("other preferences", "SuiteTax, one company", "no forms", "rows by their line"),
}


@pytest.mark.parametrize("names", NETSUITE.values(), ids=NETSUITE)
def test_return_is_settled_however_netsuite_reads(stage: Stage, names: tuple[str, ...]) -> None:
    for reading in (one for one in NETSUITE_READINGS if one.name in names):
        stage.ask("settings", {"netsuite": dict(reading.switches)})
        NetSuiteAccount.objects.update(**reading.options)
        if reading.apply_line != 1:
            NetSuiteAccount.objects.update(refund_apply_line=reading.apply_line)

    play_and_check(stage)


def test_return_is_settled_however_loop_reads(stage: Stage) -> None:
    for reading in LOOP_READINGS:
        stage.ask("settings", {"loop": dict(reading.switches)})

    play_and_check(stage)


def test_every_reading_of_netsuite_is_played() -> None:
    assert {name for names in NETSUITE.values() for name in names} == {one.name for one in NETSUITE_READINGS[1:]}


def play_and_check(stage: Stage) -> None:
    """Two units of one line at two places, an exchange with a refund, a cash sale: settled, and no promise broken."""
    twin = stage.make("twin_units")
    mixed = stage.make("exchange_and_refund")
    cash = stage.make("refund_fee", billing="cash_sale")

    stage.judge(twin, "sellable", "damaged")
    stage.judge(mixed, *["sellable"] * mixed.lines.count())
    stage.judge(cash, *["sellable"] * cash.lines.count())
    stage.run()

    passed = {one.loop_id: Counter(one.lines.values_list("sku", flat=True)) for one in (mixed, cash)}
    passed[twin.loop_id] = Counter([twin.lines.all()[0].sku])
    assert {one: stage_of(stage, one) for one in (twin, mixed, cash)} == dict.fromkeys((twin, mixed, cash), "settled")
    assert len({place for place, _ in places(stage.books(twin).receipts)}) == 2
    assert [one["status_label"] for one in stage.books(twin).credits] == ["Fully Applied"]
    verdict = check_books(stage.ask("dump", method="GET"), Known(passed, {}))
    assert verdict.promises_kept(), verdict.findings


def stage_of(stage: Stage, loop_return: LoopReturn) -> str:
    loop_return.refresh_from_db()
    return loop_return.stage if loop_return.stage == "settled" else f"{loop_return.stage}: {stage.cases(loop_return)}"
