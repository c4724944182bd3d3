"""The model of one posting holds, reaches its deep states, and finds the faults that are planted in our code."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as ours
from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from returnsops.lib.fixed_query import FixedQuery
from returnsops.posting import claim, look, record_answer, settle
from returnsops.posting.models import Posting
from tests.posting import model
from tests.posting.model import HAPPENINGS, BrokenPromiseError, PostingMachine

pytestmark = pytest.mark.django_db

Plant = Callable[[pytest.MonkeyPatch], None]
Status = Posting.Status

# A dozen runs of fifty happenings; «--hypothesis-profile thorough» makes it many more (tests/conftest.py).
PROFILE = settings.default
assert PROFILE is not None, "tests/conftest.py loads a profile"
EXAMPLES = max(1, PROFILE.max_examples * 12 // 100)
HOW = settings(
    max_examples=EXAMPLES,
    stateful_step_count=50,
    phases=[Phase.generate],  # the story of a broken promise is short enough to be read unshrunk
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
# Chance decides what else is tried, and it changes with any change of our code and with what else is collected, since
# hypothesis draws from the constants of the modules that are loaded: so these leave some room.
CELLS_MIN = 50  # of status × happening
UNTRIED_MAX = 5  # happenings


def test_whatever_happens_nothing_is_done_twice_and_nothing_is_forgotten() -> None:
    model.reached.clear()

    run_state_machine_as_test(PostingMachine, settings=HOW)

    untried = {one.name for one in HAPPENINGS} - {name for _, name in model.reached}
    assert {status for status, _ in model.reached} == set(Posting.Status.values), table()
    assert len(untried) <= UNTRIED_MAX, f"untried: {untried}"
    assert len(model.reached) >= CELLS_MIN, table()


def table() -> str:
    return "\n".join(f"{times:5} × {name} while {status}" for (status, name), times in sorted(model.reached.items()))


# --- Planted faults ---------------------------------------------------------------------------------


def put_back_what_lost_its_sender(patch: pytest.MonkeyPatch) -> None:
    """As a queue would: whoever claimed it is gone, so somebody else may."""

    def put_back() -> int:
        overdue = Posting.objects.filter(status="sending", sending_since__lt=timezone.now() - ours.SENDING_LEASE)
        return overdue.update(status="pending")

    patch.setattr(settle, "give_up_dead_leases", put_back)


def resend_without_looking(patch: pytest.MonkeyPatch) -> None:
    def resend(_: object) -> int:
        return settle.postings_in_doubt().update(status="pending", uncertain_since=None)

    patch.setattr(settle, "settle_doubts", resend)


def believe_the_first_look(patch: pytest.MonkeyPatch) -> None:
    """Not found now, so it was not done: without the 15 minutes that a request may take."""
    patch.setattr(settle, "_window_of", lambda posting: timedelta(0))


def take_a_lost_answer_for_a_no(patch: pytest.MonkeyPatch) -> None:
    def put_back(posting: Posting, *_: object, **__: object) -> str:
        Posting.objects.filter(pk=posting.pk).update(status="pending")
        return "put_back"

    patch.setattr(record_answer, "mark_uncertain", put_back)


def look_for_our_own_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(look, "_find_candidates", lambda client, look, wanted: [])


def send_in_spite_of_a_pause(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claim, "not_paused", lambda **_: Q())
    patch.setattr(claim, "_claim_statement", claim._claim_statement.__wrapped__)  # made anew, as is the next
    patch.setattr(claim, "WANTED_AND_OPEN", FixedQuery(claim.WANTED_AND_OPEN._build))


def forget_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """Withdraw instead of telling a person."""

    def withdraw(posting: Posting, *_: object) -> str:
        Posting.objects.filter(pk=posting.pk).update(status="voided")
        return "rejected"

    patch.setattr(record_answer, "mark_rejected", withdraw)
    patch.setattr(settle, "mark_rejected", withdraw)


# Each with what brings it to light, which comes more often then: what else happens is chance as ever.
PLANTS: dict[Plant, set[str]] = {
    put_back_what_lost_its_sender: {"send: late", "first sender dies", "lease passes"},
    resend_without_looking: {"send: late", "settle"},
    believe_the_first_look: {
        "send: late",
        "record",
        "a moment passes",
        "settle",
        "plan wants the same",
        "claim",
        "look",
    },
    take_a_lost_answer_for_a_no: {"send: late", "claim"},
    look_for_our_own_only: {"person makes it by hand"},
    send_in_spite_of_a_pause: {"person pauses", "claim in vain"},
    forget_a_refusal: {"send: refused"},
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_planted_fault_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    monkeypatch.setattr(model, "favoured", frozenset(PLANTS[plant]))

    # The first that is found ends it, so room for many runs costs only where chance brings it to light late.
    with pytest.raises((BrokenPromiseError, IntegrityError)):  # by the model, or by the database itself
        run_state_machine_as_test(PostingMachine, settings=settings(HOW, max_examples=20 * EXAMPLES))


def test_what_brings_a_fault_to_light_can_happen() -> None:
    assert set().union(*PLANTS.values()) <= {one.name for one in HAPPENINGS}
