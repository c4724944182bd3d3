"""Refusals that are not about one return: one pause, one case, one attempt to find out whether the cause is gone."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions.cases import sync_cases
from exceptions.models import Case
from integrations.errors import RejectedError
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.posting import resuming
from returnsops.posting.causes import UNKNOWN_MAX, gather_refused
from returnsops.posting.claim import claim_postings
from returnsops.posting.models import Pause, Posting
from returnsops.posting.outbox import enqueue
from returnsops.posting.record_answer import Answer, mark_posted, record_answer, record_answers
from returnsops.posting.resuming import TELL_MAX, end_pause, look_after_pauses, try_cause
from returnsops.posting.sender import Sender
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from tests.builders import make_account, make_due, make_posting, make_return, make_shop
from tests.posting.conftest import FakeNetSuite
from tests.posting.test_pauses import make_pause

pytestmark = pytest.mark.django_db

SEPTEMBER = ("account", "flow:receipt", "flow:receipt@fern", "period:2026-09", "shop:fern", "type:itemReceipt")
WORDS = "You cannot change the G/L impact of a transaction in a closed period."


def refusal(family: str, words: str = WORDS) -> RejectedError:
    return RejectedError(
        system="netsuite", operation="transform", status=400, code="USER_ERROR", detail=words, family=family
    )


def waiting(shop: Shop, number: int = 1, *, hinges: tuple[str, ...] = SEPTEMBER, kind: str = "receipt") -> Posting:
    row = make_return(shop, loop_id=str(110700100 + number))
    due = make_due(kind, covers=[f"unit:{number}"], hinges_on=hinges, serial_key=f"rma {number}")
    LoopReturn.objects.filter(pk=row.pk).update(look_again_at=None)
    return make_posting(row, due)


def refuse(posting: Posting, family: str = "period_closed", words: str = WORDS) -> Posting:
    """Claimed, sent and refused. What it asks for is planned at once."""
    Posting.objects.filter(pk=posting.pk).update(status="sending", sending_since=clock.now())
    posting.refresh_from_db()
    record_answer(posting, Answer(posting.request, timezone.now(), 0.1, error=refusal(family, words)))
    LoopReturn.objects.update(look_again_at=None)
    posting.refresh_from_db()
    return posting


def claimed() -> list[Posting]:
    return claim_postings("me", count=20)


# --- It stands still --------------------------------------------------------------------------------


def test_closed_period_holds_all_of_it_after_one_refusal(shop: Shop) -> None:
    first, others = waiting(shop, 1), [waiting(shop, number) for number in (2, 3)]

    refuse(first)

    pause = Pause.objects.get()
    assert (pause.key, pause.code, pause.words, pause.opened_from) == ("period:2026-09", "period_closed", WORDS, first)
    assert pause.opened_by is None
    assert (first.status, first.refusal and first.refusal["detail"]) == ("pending", WORDS)
    assert claimed() == []
    assert {one.status for one in others} == {"pending"}


def test_what_waits_behind_a_cause_has_all_its_tries_before_it(shop: Shop) -> None:
    posting = waiting(shop)
    Posting.objects.update(attempts=7)
    posting.refresh_from_db()

    assert refuse(posting).attempts == 0


def test_other_periods_go_on(shop: Shop) -> None:
    refuse(waiting(shop, 1))
    october = waiting(shop, 2, hinges=(*SEPTEMBER[:3], "period:2026-10", *SEPTEMBER[4:]))

    assert claimed() == [october]


@pytest.mark.parametrize(
    ("family", "key"),
    [
        ("period_closed", "period:2026-09"),
        ("date_outside_period", "period:2026-09"),
        ("permission", "type:itemReceipt"),
        ("feature_off", "type:itemReceipt"),
    ],
)
def test_cause_stops_what_it_is_about(shop: Shop, family: str, key: str) -> None:
    refuse(waiting(shop), family)

    assert Pause.objects.get().key == key


@pytest.mark.parametrize("family", ["invalid_field", "script", "over_quantity", "unknown", "gone"])
def test_refusal_about_one_return_stops_nothing_else(shop: Shop, family: str) -> None:
    assert refuse(waiting(shop), family).status == "rejected"
    assert not Pause.objects.exists()


def test_closed_period_of_what_books_nothing_is_about_that_document(shop: Shop) -> None:
    hinges = tuple(name for name in SEPTEMBER if not name.startswith("period:"))

    assert refuse(waiting(shop, hinges=hinges)).status == "rejected"


def test_refusals_on_their_way_join_the_same_pause(shop: Shop) -> None:
    first, second = waiting(shop, 1), waiting(shop, 2)

    refuse(first)
    refuse(second)

    assert Pause.objects.count() == 1
    assert second.status == "pending"


@pytest.mark.django_db(transaction=True)
def test_two_workers_refused_at_once_make_one_pause(shop: Shop) -> None:
    postings = [waiting(shop, number) for number in (1, 2)]
    Posting.objects.update(status="sending", sending_since=clock.now())
    barrier = threading.Barrier(2)

    def take_answer(posting: Posting) -> None:
        posting.refresh_from_db()
        barrier.wait(timeout=60)
        record_answer(posting, Answer(posting.request, timezone.now(), 0.1, error=refusal("period_closed")))
        connections.close_all()

    threads = [threading.Thread(target=take_answer, args=[posting]) for posting in postings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert Pause.objects.count() == 1
    assert set(Posting.objects.values_list("status", flat=True)) == {"pending"}


def test_many_unknown_words_stop_the_flow_and_lie_in_one_case(shop: Shop) -> None:
    postings = [waiting(shop, number) for number in range(1, UNKNOWN_MAX + 1)]
    for posting in postings[:-1]:
        assert refuse(posting, "unknown", "Flux is out of range.").status == "rejected"

    assert refuse(postings[-1], "unknown", "Flux is out of range.").status == "pending"

    assert Pause.objects.get().key == "flow:receipt"
    look_after_pauses()
    assert set(Posting.objects.values_list("status", flat=True)) == {"pending"}, "all wait behind the one pause"
    assert claimed() == []


def test_unknown_words_that_come_together_stop_the_flow_too(shop: Shop) -> None:
    postings = [waiting(shop, number) for number in range(1, UNKNOWN_MAX + 1)]
    Posting.objects.update(status="sending", sending_since=clock.now())
    for posting in postings:
        posting.refresh_from_db()

    record_answers(
        [(one, Answer(one.request, timezone.now(), 0.1, error=refusal("unknown", "Flux is out."))) for one in postings]
    )

    assert Pause.objects.get().key == "flow:receipt"
    look_after_pauses()
    assert set(Posting.objects.values_list("status", flat=True)) == {"pending"}


def test_unknown_words_that_come_together_and_are_too_few_stop_nothing(shop: Shop) -> None:
    postings = [waiting(shop, number) for number in range(1, UNKNOWN_MAX)]
    Posting.objects.update(status="sending", sending_since=clock.now())
    for posting in postings:
        posting.refresh_from_db()

    record_answers([(one, Answer(one.request, timezone.now(), 0.1, error=refusal("unknown"))) for one in postings])

    assert not Pause.objects.exists()


def test_unknown_words_of_loop_stop_nothing(shop: Shop) -> None:
    """What a stopped flow says is about NetSuite, and Loop refuses for what is in a return."""
    hinges = ("account", "flow:settle", "flow:settle@fern", "shop:fern")
    settlements = [waiting(shop, number, hinges=hinges, kind="loop_process") for number in range(1, UNKNOWN_MAX + 1)]
    Posting.objects.update(system="loop")

    assert {refuse(one, "unknown").status for one in settlements} == {"rejected"}
    assert not Pause.objects.exists()


def test_who_gathers_holds_the_return_before_its_posting(shop: Shop) -> None:
    """In the order in which everybody locks them."""
    for number in range(1, UNKNOWN_MAX + 1):
        refuse(waiting(shop, number), "unknown")

    with CaptureQueriesContext(connection) as asked:
        gather_refused(Pause.objects.get())

    written = [one["sql"] for one in asked if "FOR NO KEY UPDATE" in one["sql"] or one["sql"].startswith("UPDATE")]
    assert '"returns_loopreturn"' in written[0]
    assert "FOR NO KEY UPDATE" in written[0]
    assert not Posting.objects.filter(status="rejected").exists()


def test_pause_of_a_person_gathers_no_refusals(shop: Shop, finn: User) -> None:
    refuse(waiting(shop), "unknown")
    make_pause(shop, "flow:receipt", code="by_person", opened_by=finn)

    look_after_pauses()

    assert Posting.objects.get().status == "rejected"


def test_unknown_words_that_come_after_the_stop_join_it(shop: Shop) -> None:
    late = waiting(shop, 99)
    for number in range(1, UNKNOWN_MAX + 1):
        refuse(waiting(shop, number), "unknown")
    look_after_pauses()

    assert refuse(late, "unknown").status == "pending"


def test_unknown_words_are_not_hidden_behind_a_pause_of_a_person(shop: Shop, finn: User) -> None:
    """Who resumes it knows nothing of them."""
    make_pause(shop, "flow:receipt", code="by_person", opened_by=finn)

    statuses = {refuse(waiting(shop, number), "unknown").status for number in range(1, UNKNOWN_MAX + 1)}

    assert statuses == {"rejected"}


def test_refusal_behind_a_pause_is_planned_at_once_so_that_its_case_has_the_return(shop: Shop) -> None:
    posting = waiting(shop)
    Posting.objects.update(status="sending", sending_since=clock.now())
    posting.refresh_from_db()

    record_answer(posting, Answer(posting.request, timezone.now(), 0.1, error=refusal("period_closed")))

    assert LoopReturn.objects.get().look_again_at


def test_unknown_words_long_ago_or_of_another_flow_do_not_count(shop: Shop) -> None:
    for number in range(1, UNKNOWN_MAX):
        refuse(waiting(shop, number), "unknown")
    Posting.objects.first().tries.update(started_at=timezone.now() - timedelta(hours=1))  # type: ignore[union-attr]
    credit = ("account", "flow:credit", "flow:credit@fern", "shop:fern", "type:creditMemo")

    assert refuse(waiting(shop, 50), "unknown").status == "rejected"
    assert refuse(waiting(shop, 51, hinges=credit, kind="credit"), "unknown").status == "rejected"
    assert not Pause.objects.exists()


# --- It goes on -------------------------------------------------------------------------------------


def test_one_posting_goes_first_and_the_rest_follow(shop: Shop, finn: User) -> None:
    first, other = waiting(shop, 1), waiting(shop, 2)
    refuse(first)

    probe = try_cause(Pause.objects.get(), by=finn, reason="September is open again.")

    assert probe == first
    assert claimed() == [first], "the other one waits for the answer"
    first.refresh_from_db()
    mark_posted(first, "9001")
    look_after_pauses()
    pause = Pause.objects.get()
    assert (pause.ended_by, pause.ended_at is not None) == (finn, True)
    assert pause.ended_because == f"September is open again. {first} went through."
    LoopReturn.objects.update(look_again_at=None)
    assert claimed() == [other]


def test_cause_that_still_stands_costs_one_attempt(shop: Shop, finn: User) -> None:
    postings = [waiting(shop, number) for number in range(1, 6)]
    refuse(postings[0])
    pause = Pause.objects.get()
    try_cause(pause, by=finn, reason="Reopened, I think.")
    (probe,) = claimed()

    refuse(probe)

    look_after_pauses()
    pause.refresh_from_db()
    assert (pause.probe, pause.ended_at) == (None, None)
    assert claimed() == []
    assert sum(one.tries.count() for one in postings) == 2


def test_another_that_is_refused_takes_nothing_from_the_one_that_goes_first(shop: Shop, finn: User) -> None:
    first, other = waiting(shop, 1), waiting(shop, 2)
    refuse(first)
    pause = Pause.objects.get()
    try_cause(pause, by=finn, reason="Open.")

    refuse(other)  # on its way already when the period was closed

    pause.refresh_from_db()
    assert pause.probe == first


def test_probe_that_ends_otherwise_tells_nothing_so_the_next_goes_first(shop: Shop, finn: User) -> None:
    first, second = waiting(shop, 1), waiting(shop, 2)
    refuse(first)
    pause = Pause.objects.get()
    try_cause(pause, by=finn, reason="Open.")

    refuse(first, "invalid_field")
    look_after_pauses()

    pause.refresh_from_db()
    assert pause.probe == second


@pytest.mark.parametrize("hindrance", ["its shop is paused", "its plan failed", "put off"])
def test_probe_that_cannot_go_lets_another_go_first(shop: Shop, finn: User, hindrance: str) -> None:
    first, second = waiting(shop), waiting(shop, 2, hinges=(*SEPTEMBER[:-2], "shop:moss", "type:itemReceipt"))
    pause = make_pause(shop, "period:2026-09", opened_from=first)
    assert try_cause(pause, by=finn, reason="Opened it again") == first
    if hindrance == "its shop is paused":
        make_pause(shop, "shop:fern", code="by_person", opened_by=finn)
    elif hindrance == "its plan failed":
        LoopReturn.objects.filter(pk=first.loop_return_id).update(plan_attempts=3)
    else:
        Posting.objects.filter(pk=first.pk).update(not_before=timezone.now() + timedelta(minutes=5))

    look_after_pauses()

    pause.refresh_from_db()
    assert pause.probe == second


@pytest.mark.parametrize("others", [True, False])
def test_cause_is_tried_by_one_that_can_go_if_there_is_one(shop: Shop, finn: User, others: bool) -> None:
    first = waiting(shop)
    LoopReturn.objects.filter(pk=first.loop_return_id).update(plan_attempts=3)
    second = waiting(shop, 2) if others else first
    pause = make_pause(shop, "period:2026-09", opened_from=first)

    assert try_cause(pause, by=finn, reason="Opened it again") == second


def test_probe_that_was_there_already_tells_nothing_so_the_next_goes_first(
    shop: Shop, finn: User, netsuite: FakeNetSuite
) -> None:
    first, second = waiting(shop, 1), waiting(shop, 2)
    refuse(first)
    pause = Pause.objects.get()
    try_cause(pause, by=finn, reason="Open.")

    netsuite.make_for(first)  # under our external id, from before the period was closed
    Sender(threads=1).drain()
    look_after_pauses()

    first.refresh_from_db()
    pause.refresh_from_db()
    assert (first.status, first.adopted_from, netsuite.calls) == ("posted", "ours", [])
    assert (pause.probe, pause.ended_at) == (second, None), "nothing was written, so nothing is known of the period"


def test_pause_ends_at_once_when_nothing_waits(shop: Shop, finn: User) -> None:
    refuse(waiting(shop))
    Posting.objects.update(hinges_on=[])  # its date was corrected
    pause = Pause.objects.get()

    assert try_cause(pause, by=finn, reason="Open.") is None
    pause.refresh_from_db()
    assert pause.ended_by == finn


def test_probe_goes_at_once_although_it_was_put_off(shop: Shop, finn: User) -> None:
    posting = waiting(shop)
    Posting.objects.update(not_before=timezone.now() + timedelta(minutes=5))
    pause = make_pause(shop, "period:2026-09", opened_from=posting)

    try_cause(pause, by=finn, reason="Opened it again")

    assert claimed() == [posting]


def test_posting_of_another_account_waits_behind_no_pause_of_this_one(shop: Shop, finn: User) -> None:
    waiting(make_shop("moss", account=make_account("7654321")))
    pause = make_pause(shop, "period:2026-09")

    assert try_cause(pause, by=finn, reason="Open.") is None
    assert not Pause.objects.live().exists()


def test_pause_that_ends_just_now_keeps_no_other_from_being_looked_after(
    shop: Shop, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, key in enumerate(("period:2026-09", "type:itemReceipt"), 1):
        make_pause(shop, key, probe=waiting(shop, number), tried_by=finn)
    Posting.objects.update(status="posted", their_id=F("id"), posted_at=clock.now(), armed_at=timezone.now())

    def end_and_another(pause: Pause, **how: Any) -> bool:
        for one in Pause.objects.exclude(pk=pause.pk):
            end_pause(one, by=finn, because="Ended by hand")
        return end_pause(pause, **how)

    monkeypatch.setattr(resuming, "end_pause", end_and_another)

    look_after_pauses()

    assert not Pause.objects.live().exists()
    assert not Pause.objects.exclude(told_up_to=None).exists(), "whoever waited has learned of it"


def test_pause_that_a_person_ends_while_one_is_tried_tries_nothing_any_more(shop: Shop, finn: User) -> None:
    pause = make_pause(shop, "period:2026-09", probe=waiting(shop))

    end_pause(pause, by=finn, because="Opened it again")

    pause.refresh_from_db()
    assert pause.probe is None


def test_nobody_tries_twice_at_once(shop: Shop, finn: User) -> None:
    refuse(waiting(shop))
    pause = Pause.objects.get()
    try_cause(pause, by=finn, reason="Open.")

    with pytest.raises(NotPossibleError, match="being tried already"):
        try_cause(pause, by=finn, reason="Open.")


def test_cause_behind_a_persons_pause_cannot_be_tried(shop: Shop, finn: User) -> None:
    refuse(waiting(shop))
    Pause.objects.create(
        account=shop.account, key="account", code="by_person", reason="Stocktake", opened_at=clock.now(), opened_by=finn
    )

    with pytest.raises(NotPossibleError, match="another pause"):
        try_cause(Pause.objects.get(code="period_closed"), by=finn, reason="Open.")


def test_corrected_date_frees_exactly_one(shop: Shop) -> None:
    first, other = waiting(shop, 1), waiting(shop, 2)
    refuse(first)
    october = tuple(name.replace("2026-09", "2026-10") for name in SEPTEMBER)
    request = first.request | {"body": {"tranDate": "2026-10-01"}}

    make_posting_again(first, request, october)

    assert claimed() == [first]
    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.refusal, other.status) == (None, "pending")


def make_posting_again(posting: Posting, request: dict[str, Any], hinges: tuple[str, ...]) -> None:
    due = make_due("receipt", covers=["unit:1"], request=request, hinges_on=hinges, serial_key=posting.serial_key)
    with transaction.atomic():
        enqueue(posting.loop_return, [due])
    LoopReturn.objects.update(look_again_at=None)


def test_pause_that_nobody_waits_for_ends_after_a_day(shop: Shop) -> None:
    refuse(waiting(shop))
    Posting.objects.update(status="voided")
    look_after_pauses()
    assert Pause.objects.live().exists()

    Pause.objects.update(opened_at=clock.now() - timedelta(days=2))
    look_after_pauses()

    assert not Pause.objects.live().exists()


def test_pause_of_a_person_ends_by_that_alone(shop: Shop, finn: User) -> None:
    make_pause(shop, "account", code="by_person", opened_by=finn, opened_at=clock.now() - timedelta(days=9))

    look_after_pauses()

    assert Pause.objects.live().exists()


def test_pause_is_not_over_while_the_one_that_went_first_is_on_its_way(shop: Shop) -> None:
    probe = waiting(shop)
    make_pause(shop, "period:2026-09", probe=probe, opened_at=clock.now() - timedelta(days=2))
    Posting.objects.update(status="sending", sending_since=clock.now(), armed_at=timezone.now())

    look_after_pauses()

    assert Pause.objects.live().get().probe == probe


# --- Those behind it --------------------------------------------------------------------------------


def test_returns_learn_of_a_pause_in_steps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("returnsops.posting.resuming.TELL_MAX", 2)
    for number in range(1, 6):
        waiting(shop, number)
    LoopReturn.objects.update(look_again_at=None)
    Pause.objects.create(
        account=shop.account, key="period:2026-09", code="period_closed", reason="Closed", opened_at=clock.now()
    )

    told = []
    for _ in range(4):
        look_after_pauses()
        told.append(LoopReturn.objects.exclude(look_again_at=None).count())

    assert told == [2, 4, 5, 5]
    assert Pause.objects.get().told_up_to is None


def test_thousands_behind_a_pause_cost_few_queries(shop: Shop, django_assert_max_num_queries: Any) -> None:
    first = waiting(shop)
    behind = [
        Posting(
            loop_return=first.loop_return, shop=shop, account=shop.account, system="netsuite", kind="receipt",
            number=number, external_id=f"loop-fern-x-receipt-{number}", request={}, content_hash="a",
            serial_key=f"rma {number}", not_before=clock.now(), hinges_on=list(SEPTEMBER),
        )
        for number in range(2, 2002)
    ]  # fmt: skip
    Posting.objects.bulk_create(behind, batch_size=1_000)
    refuse(first)

    with django_assert_max_num_queries(12):
        assert claimed() == []
    with django_assert_max_num_queries(12):
        look_after_pauses()
    assert Pause.objects.get().told_up_to == Posting.objects.order_by("pk")[TELL_MAX - 1].pk


def test_end_of_a_pause_is_told_from_the_start(shop: Shop, finn: User) -> None:
    refuse(waiting(shop))
    pause = Pause.objects.get()
    look_after_pauses()
    LoopReturn.objects.update(look_again_at=None)

    assert end_pause(pause, by=finn, because="Open.")
    assert not end_pause(pause, by=finn, because="Twice.")
    look_after_pauses()

    assert LoopReturn.objects.exclude(look_again_at=None).count() == 1


def test_all_returns_of_a_cause_lie_in_one_case(shop: Shop) -> None:
    for number in (1, 2, 3):
        posting = waiting(shop, number)
        sync_cases(posting.loop_return, [Problem("period_closed", "period:2026-09", "Closed.", words=WORDS)])

    assert Case.objects.get().members.count() == 3
