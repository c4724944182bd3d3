"""Shadow: verdicts are kept per return and kind of record, and come to words about going live."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from integrations.models import Shop
from returnsops.returns.agreements import ENOUGH, Score, note_agreements, readiness_words, scores_of
from returnsops.returns.models import LoopReturn, ShadowVerdict
from returnsops.returns.plan.draft import Agreement, Difference, Verdict
from returnsops.returns.policies import active_policy
from tests.builders import NOW, make_policy, make_return

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PLACE = Difference("place", "1 × BOOT-42 at location 14", "1 × BOOT-42 at location 22")


def agreement(verdict: Verdict = Verdict.ALIKE, kind: str = "receipt", **changes: Any) -> Agreement:
    differences = (PLACE,) if verdict == Verdict.DIFFERS else ()
    return Agreement(
        kind, verdict, "receive 1 × BOOT-42", **{"differences": differences, "records": ("9102",)} | changes
    )


def note(row: LoopReturn, found: list[Agreement], *, at: datetime) -> None:
    note_agreements(row, found, policy=active_policy(row.shop), at=at)


def score(**changes: Any) -> Score:
    counts = dict.fromkeys(ShadowVerdict.Verdict.values, 0) | changes.pop("counts", {})
    return Score("receipt", in_shadow=True, counts=counts, **changes)


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    make_policy(shop, ownership={"rma": "write", "receipt": "shadow", "credit": "write", "refund": "write"})
    return make_return(shop)


def test_verdict_keeps_its_moment_until_it_becomes_another(row: LoopReturn) -> None:
    note(row, [agreement(Verdict.NOBODY, records=())], at=NOW)
    note(row, [agreement(Verdict.DIFFERS)], at=NOW + DAY)
    note(row, [agreement(Verdict.DIFFERS, records=("9102", "9103"))], at=NOW + 2 * DAY)

    kept = ShadowVerdict.objects.get()
    assert (kept.verdict, kept.judged_at, kept.aspects) == ("differs", NOW + DAY, ["place"])
    assert kept.records == ["9102", "9103"]


def test_plan_without_shadow_leaves_what_was_judged(row: LoopReturn) -> None:
    note(row, [agreement()], at=NOW)

    note(row, [], at=NOW + DAY)

    assert ShadowVerdict.objects.get().judged_at == NOW


@pytest.mark.parametrize("unsaid", [Verdict.UNABLE, Verdict.NOBODY])
def test_what_was_left_unsaid_is_forgotten_when_nothing_is_to_be_said_any_more(
    row: LoopReturn, shop: Shop, unsaid: Verdict
) -> None:
    other = make_return(shop, loop_id="2")
    note(row, [agreement(unsaid, records=())], at=NOW)
    note(other, [agreement(unsaid, records=())], at=NOW)

    note(row, [], at=NOW + DAY)

    assert ShadowVerdict.objects.get().loop_return == other
    assert scores_of(shop)[0].not_judged == 1


def test_kind_that_left_the_shadow_keeps_what_was_left_unsaid(row: LoopReturn, shop: Shop) -> None:
    note(row, [agreement(Verdict.UNABLE, records=())], at=NOW)
    make_policy(shop)

    note(row, [], at=NOW + DAY)

    assert ShadowVerdict.objects.get().verdict == "unable"


def test_scores_count_verdicts_and_in_what_they_differ(row: LoopReturn, shop: Shop) -> None:
    note(row, [agreement()], at=NOW)
    note(make_return(shop, loop_id="2"), [agreement(Verdict.DIFFERS)], at=NOW + DAY)
    note(make_return(shop, loop_id="3"), [agreement(Verdict.UNABLE, kind="rma")], at=NOW)

    rma, receipt = scores_of(shop)

    assert (rma.kind, rma.in_shadow, rma.judged, rma.not_judged) == ("rma", False, 0, 1)
    assert (receipt.judged, receipt.by_aspect) == (2, {"place": 1})
    assert (receipt.since, receipt.differed_at) == (NOW, NOW + DAY)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (score(), "Nothing to judge yet."),
        (score(counts={"nobody": 3}), "Nothing to judge yet. The other system has yet to make 3."),
        (score(counts={"alike": 12}), f"Too few to say: 12 judged, all alike lately. Wait for {ENOUGH}."),
        (score(counts={"alike": ENOUGH}), "Ready to switch to «write»: all 50 judged were alike."),
        (
            score(counts={"alike": 90, "unable": 2}),
            "Not ready: for 2 of 92 ReturnsOps could not have said what to post. Look at them first.",
        ),
        (
            score(counts={"alike": 90, "differs": 4}, by_aspect={"amount": 1, "place": 3}, differed_at=NOW - DAY),
            "Not ready: 4 of 94 differ, 3 in the place, 1 in the amount.",
        ),
        (
            score(counts={"alike": 90, "differs": 4}, differed_at=NOW - 20 * DAY),
            "Ready to switch to «write»: no difference for 20 days.",
        ),
    ],
)
def test_readiness_is_said_in_words(given: Score, words: str) -> None:
    assert readiness_words(given, now=NOW) == words
