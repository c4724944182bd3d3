"""What the inbox forgets, and that it still names every return when it is replayed."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations import inbox, keeping
from integrations.errors import ConfigurationError, RejectedError, TemporaryError
from integrations.keeping import forget_events
from integrations.loop.beside import ShipmentItem
from integrations.models import InboundEvent, Shop
from returnsops import tasks
from returnsops.returns import mirror

OLD = timedelta(days=100)


def add_event(shop: Shop, raw: bytes = b"{}", *, age: timedelta = OLD, **columns: Any) -> InboundEvent:
    at = timezone.now() - age
    number = InboundEvent.objects.count()
    values = {"signed": True, "verdict": "read", "digest": f"{number:064d}", "received_at": at, "last_received_at": at}
    return InboundEvent.objects.create(shop=shop, raw=raw, **(values | columns))


def left() -> set[int]:
    return set(InboundEvent.objects.values_list("pk", flat=True))


def test_newest_of_each_return_stays_for_good(shop: Shop) -> None:
    add_event(shop, loop_return_id="7")
    newest = add_event(shop, loop_return_id="7")
    other = add_event(shop, loop_return_id="8")

    assert forget_events() == 1
    assert left() == {newest.pk, other.pk}


def test_what_still_waits_or_is_young_or_unseen_stays(shop: Shop) -> None:
    kept = [
        add_event(shop, verdict="waiting"),
        add_event(shop, verdict="unreadable"),
        add_event(shop, age=timedelta(days=1)),
    ]
    add_event(shop)
    add_event(shop, verdict="unreadable", acknowledged_at=timezone.now() - OLD)

    forget_events()

    assert left() == {event.pk for event in kept}


def test_forgeries_are_bounded_by_age_and_number(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FORGERIES_KEPT_MAX", 3)
    forged: dict[str, Any] = {"signed": False, "verdict": "bad_signature"}
    add_event(shop, **forged)
    young = [add_event(shop, age=timedelta(minutes=1), **forged) for _ in range(5)]

    forget_events()

    assert left() == {event.pk for event in young[-3:]}


def test_one_turn_is_bounded(shop: Shop) -> None:
    for _ in range(5):
        add_event(shop)

    assert [forget_events(limit=2) for _ in range(4)] == [2, 2, 1, 0]


# --- Reading ----------------------------------------------------------------------------------------


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In the place of Loop: the ids that were fetched."""
    ids: list[str] = []
    monkeypatch.setattr(mirror, "fetch_return", lambda shop, loop_id, **_: ids.append(loop_id))
    return ids


class Box:
    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def list_shipment_items(self, _: str) -> tuple[ShipmentItem, ...]:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return tuple(ShipmentItem(return_id=one, line_item_id=None, raw={}) for one in answer)


BOX = b'{"topic":"happy.returns.shipment","trigger":"shipment.processed","loop_shipment_id":5}'


def test_box_of_a_drop_off_network_fetches_each_of_its_returns(
    shop: Shop, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "loop_client", lambda _: Box(["7", "8", "7"]))
    event = add_event(shop, BOX, verdict="waiting")

    tasks.look_at_event(event.pk)

    event.refresh_from_db()
    assert (fetched, event.verdict) == (["7", "8"], "read")


@pytest.mark.parametrize("error", [ConfigurationError(status=401), RejectedError(status=404)])
def test_box_that_may_not_be_looked_into_stops_nothing(
    shop: Shop, fetched: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(inbox, "loop_client", lambda _: Box(error))
    event = add_event(shop, BOX, verdict="waiting")

    tasks.look_at_event(event.pk)

    event.refresh_from_db()
    shop.refresh_from_db()
    assert (event.verdict, shop.paused_at) == ("unreadable", None)
    assert "scope" in event.failure


def test_box_waits_while_loop_does_not_answer(shop: Shop, fetched: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "loop_client", lambda _: Box(TemporaryError(detail="down")))
    event = add_event(shop, BOX, verdict="waiting")

    tasks.look("event", event.pk)

    event.refresh_from_db()
    assert event.verdict == "waiting"


def test_return_that_cannot_be_read_is_shown_to_a_person(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any, **__: Any) -> None:
        raise RejectedError(system="loop", detail="return 7: currency is\x00 odd")

    monkeypatch.setattr(mirror, "fetch_return", fetch)
    event = add_event(shop, b'{"topic":"return","id":7}', verdict="waiting")

    tasks.look_at_event(event.pk)

    event.refresh_from_db()
    assert event.verdict == "unreadable"
    assert "odd" in event.failure


# --- Replay -----------------------------------------------------------------------------------------


def test_replay_fetches_each_return_once_and_may_be_repeated(
    shop: Shop, fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (7, 8, 7):
        add_event(shop, b'{"topic":"return","id":%d}' % number)
    add_event(shop, b"forged", signed=False, verdict="bad_signature")
    add_event(shop, b"no JSON")

    call_command("replay_inbox")
    call_command("replay_inbox")

    assert fetched == ["7", "8", "7", "8"]
    assert "4 webhooks, 2 returns fetched" in capsys.readouterr().out


def test_replay_says_where_to_go_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: Any, **__: Any) -> None:
        raise TemporaryError(system="loop", detail="down")

    monkeypatch.setattr(mirror, "fetch_return", fetch)
    event = add_event(shop, b'{"topic":"return","id":7}')

    with pytest.raises(CommandError, match=f"--after {event.pk - 1}"):
        call_command("replay_inbox", shop=shop.code)


def test_replay_of_a_shop_nobody_knows_is_refused(shop: Shop) -> None:
    with pytest.raises(CommandError, match=f"There is no shop «nowhere». Known: {shop.code}."):
        call_command("replay_inbox", shop="nowhere")
