"""A webhook is looked at by one worker at a time, and one that takes its workers with it is set aside."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.errors import TemporaryError
from integrations.inbox import LOOKS_MAX, find_returns, finish_event, one_look, receive
from integrations.loop.signature import sign_body
from integrations.models import InboundEvent, Shop
from tests.integrations.test_inbox import BODY, SECRET, hooked

__all__ = ["hooked"]

DOWN = TemporaryError(system="loop", operation="get_return", status=503)


@pytest.fixture
def event_pk(hooked: Shop) -> int:
    stored = receive(hooked.code, BODY, sign_body(SECRET, BODY)).event_pk
    assert stored is not None
    return stored


def look_and_die(event_pk: int) -> bool:
    """Begin a look as a worker that is killed in the middle of it, long ago. Gives whether it could begin."""
    begun = next(one_look.__wrapped__(event_pk))  # type: ignore[attr-defined]
    InboundEvent.objects.exclude(looked_since=None).update(looked_since=timezone.now() - settings.LOOK_LEASE)
    return begun is not None


def fail(event_pk: int, error: Exception) -> None:
    with pytest.raises(type(error)), one_look(event_pk):
        raise error


def only() -> InboundEvent:
    return InboundEvent.objects.get()


def test_one_that_is_being_looked_at_is_left_alone(event_pk: int) -> None:
    with one_look(event_pk) as first, one_look(event_pk) as second:
        assert (first is not None, second) == (True, None)


def test_finished_look_is_counted_no_more(event_pk: int) -> None:
    look_and_die(event_pk)

    with one_look(event_pk) as event:
        assert event is not None
        finish_event(event)

    assert (only().verdict, only().looks, only().looked_since) == ("read", 0, None)


def test_one_that_was_read_is_not_looked_at_again(event_pk: int) -> None:
    InboundEvent.objects.update(verdict="read")

    with one_look(event_pk) as event:
        assert event is None


def test_copy_that_arrived_meanwhile_gets_a_look_of_its_own(event_pk: int, hooked: Shop) -> None:
    with one_look(event_pk) as event:
        receive(hooked.code, BODY, sign_body(SECRET, BODY))
        assert event is not None
        finish_event(event)

    assert (only().verdict, only().looked_since) == ("waiting", None)
    with one_look(event_pk) as again:
        assert again is not None


def test_one_that_kills_its_worker_three_times_is_set_aside(event_pk: int) -> None:
    assert [look_and_die(event_pk) for _ in range(LOOKS_MAX)] == [True] * LOOKS_MAX
    assert only().verdict == "waiting"

    assert not look_and_die(event_pk)

    assert only().verdict == "unreadable"
    assert "3 workers in a row" in only().failure


def test_one_that_meets_a_fault_of_ours_three_times_is_set_aside(event_pk: int) -> None:
    for _ in range(LOOKS_MAX):
        fail(event_pk, ZeroDivisionError("a bug"))

    assert not look_and_die(event_pk)

    assert only().verdict == "unreadable"


def test_silence_of_the_other_side_does_not_count(event_pk: int) -> None:
    for _ in range(LOOKS_MAX + 2):
        fail(event_pk, DOWN)

    assert (only().verdict, only().looks, only().looked_since) == ("waiting", 0, None)


def test_look_is_held_for_longer_than_a_task_may_take() -> None:
    timeout = settings.Q_CLUSTER["timeout"]

    assert isinstance(timeout, int)
    assert timedelta(seconds=timeout) < settings.LOOK_LEASE


@pytest.mark.parametrize("told", ["5160", 5160])
def test_webhook_of_another_shop_is_no_hint_and_is_told(hooked: Shop, told: str | int) -> None:
    """Signed with our secret, so Loop sent it; but the return it names is none that our key opens."""
    Shop.objects.update(loop_shop_id="5150")
    body = json.dumps({"topic": "return", "trigger": "return.updated", "shop_id": told, "id": "110700123"}).encode()
    receive(hooked.code, body, sign_body(SECRET, body))
    event = InboundEvent.objects.select_related("shop").get()

    assert find_returns(event) == ()

    assert (only().verdict, only().failure) == (
        "unreadable",
        "It is of shop 5160 of Loop, and Fern is shop 5150. Have the webhook taken out in the admin of that shop. "
        "If 5160 is right, empty the number at Loop in the settings of Fern: the next look at its key tells it.",
    )


@pytest.mark.parametrize(
    ("known", "told"), [("5150", "5150"), ("5150", 5150), ("5150", None), ("5150", ""), ("", 5160)]
)
def test_webhook_of_this_shop_or_of_nobody_knows_whose_is_a_hint(hooked: Shop, known: str, told: object) -> None:
    Shop.objects.update(loop_shop_id=known)
    body = json.dumps({"topic": "return", "trigger": "return.updated", "shop_id": told, "id": "110700123"}).encode()
    receive(hooked.code, body, sign_body(SECRET, body))

    assert find_returns(InboundEvent.objects.select_related("shop").get()) == ("110700123",)
