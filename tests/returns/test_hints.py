"""Many webhooks at once: each return is fetched once, and one failure delays no other."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions.models import CaseEvent
from integrations import inbox
from integrations.errors import NoCallsLeftError, RejectedError, TemporaryError
from integrations.inbox import begun_before, receive
from integrations.loop.parsing import parse_return
from integrations.loop.signature import sign_body
from integrations.models import InboundEvent, Shop
from returnsops import tasks, tick
from returnsops.returns import hints, mirror
from returnsops.returns.connection_problems import inbox_problems
from returnsops.returns.hints import heed_first_hints
from returnsops.returns.mirror import Fetched
from returnsops.returns.models import LoopReturn
from tests.builders import details_payload, make_return, unit_payload
from tests.integrations.test_inbox import SECRET, hooked

__all__ = ["hooked"]

DOWN = TemporaryError(system="loop", operation="get_return", status=503)
NO = RejectedError(system="loop", operation="get_return", status=400, detail="what is this")
FOR_S = 60.0

Fetch = Callable[[Shop, str], object]
Counted = AbstractContextManager[CaptureQueriesContext]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The returns that were fetched."""
    return let_fetch(monkeypatch, lambda shop, return_id: None)


def let_fetch(monkeypatch: pytest.MonkeyPatch, act: Fetch) -> list[str]:
    names: list[str] = []

    def fetch(shop: Shop, return_id: str) -> Fetched | None:
        names.append(return_id)
        told = act(shop, return_id)
        return told if isinstance(told, Fetched) else None

    monkeypatch.setattr(hints, "read_return", fetch)
    return names


def show(_: Shop, return_id: str, **changes: Any) -> Fetched:
    """The return as Loop shows it."""
    record = parse_return(details_payload(loop_id=return_id, **changes), is_detailed=True)
    return Fetched(record, timezone.now())


def fail_for(return_id: str, error: Exception) -> Fetch:
    def act(_: Shop, name: str) -> None:
        if name == return_id:
            raise error

    return act


def store(shop: Shop, return_id: str, *triggers: str) -> list[int]:
    """Webhooks about one return."""
    bodies = [json.dumps({"topic": "return", "trigger": name, "id": return_id}).encode() for name in triggers]
    pks = [receive(shop.code, body, sign_body(SECRET, body)).event_pk for body in bodies]
    return [pk for pk in pks if pk is not None]


def states() -> list[tuple[str, int, bool]]:
    """(verdict, looks, is held) in the order in which they came."""
    rows = InboundEvent.objects.order_by("pk")
    return [(one.verdict, one.looks, one.looked_since is not None) for one in rows]


def test_many_webhooks_about_one_return_are_answered_by_one_fetch(hooked: Shop, fetched: list[str]) -> None:
    pks = [
        *store(hooked, "1", "return.created", "return.updated", "label.updated"),
        *store(hooked, "2", "return.closed"),
    ]

    heed_first_hints(pks, for_s=FOR_S)

    assert fetched == ["1", "2"]
    assert states() == [("read", 0, False)] * 4
    assert list(InboundEvent.objects.order_by("pk").values_list("trigger", "loop_return_id"))[-1] == (
        "return.closed",
        "2",
    )


def test_what_a_later_fetch_answered_asks_for_none(hooked: Shop, fetched: list[str]) -> None:
    pks = store(hooked, "1", "return.created")
    make_return(hooked, loop_id="1", fetched_at=timezone.now())

    heed_first_hints(pks, for_s=FOR_S)

    assert (fetched, states()) == ([], [("read", 0, False)])


def test_known_return_that_loop_denies_is_asked_for_again(hooked: Shop, fetched: list[str]) -> None:
    row = make_return(hooked, loop_id="1")

    heed_first_hints(store(hooked, "1", "return.updated"), for_s=FOR_S)

    row.refresh_from_db()
    assert (fetched, states()) == (["1"], [("read", 0, False)])
    assert row.fetch_due_at is not None


def test_return_that_cannot_be_fetched_now_is_due_again_and_delays_no_other(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = let_fetch(monkeypatch, fail_for("1", DOWN))
    pks = [*store(hooked, "1", "return.created", "return.updated"), *store(hooked, "2", "return.created")]

    heed_first_hints(pks, for_s=FOR_S)

    assert fetched == ["1", "2"]
    assert states() == [("waiting", 0, False), ("waiting", 0, False), ("read", 0, False)]


def test_database_that_goes_away_is_not_counted_against_a_webhook(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = store(hooked, "1", "return.created")
    let_fetch(monkeypatch, fail_for("1", OperationalError("the connection is closed")))

    heed_first_hints(pks, for_s=FOR_S)

    assert states() == [("waiting", 0, False)]


def test_without_calls_the_rest_of_the_shop_waits_for_who_has_them(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = let_fetch(monkeypatch, fail_for("1", NoCallsLeftError(system="loop", status=429)))
    pks = [*store(hooked, "1", "return.created"), *store(hooked, "2", "return.created")]

    heed_first_hints(pks, for_s=FOR_S)

    assert fetched == ["1"]
    assert states() == [("waiting", 0, False)] * 2


def test_who_has_calls_reads_on_what_others_left(hooked: Shop, fetched: list[str]) -> None:
    pks = [*store(hooked, "1", "return.created"), *store(hooked, "2", "return.created")]

    heed_first_hints(pks[:1], for_s=FOR_S)

    assert fetched == ["1", "2"]
    assert states() == [("read", 0, False)] * 2


def test_what_loop_refuses_is_for_a_person(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    let_fetch(monkeypatch, fail_for("1", NO))

    heed_first_hints(store(hooked, "1", "return.created"), for_s=FOR_S)

    assert states() == [("unreadable", 0, False)]
    assert "what is this" in InboundEvent.objects.get().failure

    tick.sweep_connections()
    opened = CaseEvent.objects.get(case__code="event_unreadable", kind="opened")
    assert "body" not in opened.text, "that could be read"


def test_webhooks_that_fail_in_the_same_words_are_one_case(hooked: Shop) -> None:
    for return_id, failure in (("1", "of another shop"), ("2", "of another shop"), ("3", "no JSON")):
        pks = store(hooked, return_id, "return.created")
        InboundEvent.objects.filter(pk__in=pks).update(verdict="unreadable", failure=failure)

    problems = inbox_problems(hooked, limit=10)

    first = InboundEvent.objects.earliest("pk")
    assert sorted(one.words for one in problems) == ["no JSON", "of another shop"]
    assert f"event:{first.digest[:16]}" in [one.subject for one in problems]


def test_fault_of_ours_is_counted_and_looked_at_alone_from_then_on(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = let_fetch(monkeypatch, fail_for("1", ZeroDivisionError("a bug")))
    pks = [*store(hooked, "1", "return.created"), *store(hooked, "2", "return.created")]

    heed_first_hints(pks, for_s=FOR_S)
    heed_first_hints(pks, for_s=FOR_S)

    assert fetched == ["1", "2"]
    assert states() == [("waiting", 1, False), ("read", 0, False)]
    assert begun_before(pks) == pks[:1]


def test_worker_that_dies_leaves_each_of_them_to_a_look_of_its_own(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fetch(monkeypatch, fail_for("1", KeyboardInterrupt()))  # type: ignore[arg-type]
    pks = [*store(hooked, "1", "return.created"), *store(hooked, "2", "return.created")]

    with pytest.raises(KeyboardInterrupt):
        heed_first_hints(pks, for_s=FOR_S)

    assert states() == [("waiting", 1, True)] * 2
    assert begun_before(pks) == []
    InboundEvent.objects.update(looked_since=timezone.now() - inbox.FIRST_LOOK_LEASE)
    assert begun_before(pks) == pks


def test_looks_are_kept_while_a_batch_is_read(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "KEEP_EVERY_S", -1.0)
    begun: list[datetime | None] = []
    let_fetch(monkeypatch, lambda shop, return_id: begun.append(InboundEvent.objects.latest("pk").looked_since))

    heed_first_hints([*store(hooked, "1", "return.created"), *store(hooked, "2", "return.created")], for_s=FOR_S)

    first, second = begun
    assert first
    assert second
    assert second > first


def test_copy_that_arrives_during_the_fetch_wants_another(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    let_fetch(monkeypatch, lambda shop, return_id: store(shop, return_id, "return.created"))

    heed_first_hints(store(hooked, "1", "return.created"), for_s=FOR_S)

    assert states() == [("waiting", 0, False)]


def test_box_is_read_when_all_its_returns_are(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "find_returns", lambda event: ("1", "2"))
    let_fetch(monkeypatch, fail_for("2", DOWN))
    pks = store(hooked, "1", "return.created")

    heed_first_hints(pks, for_s=FOR_S)
    assert states() == [("waiting", 0, False)]

    fetched = let_fetch(monkeypatch, lambda shop, return_id: None)
    heed_first_hints(pks, for_s=FOR_S)
    assert (fetched, states()) == (["1", "2"], [("read", 0, False)])


def test_what_there_is_no_time_for_is_due_again(hooked: Shop, fetched: list[str]) -> None:
    heed_first_hints(store(hooked, "1", "return.created"), for_s=-1.0)

    assert (fetched, states()) == ([], [("waiting", 0, False)])


def test_returns_that_are_fetched_together_are_written_by_one_statement(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[[int], Counted]
) -> None:
    let_fetch(monkeypatch, show)
    pks = [pk for number in range(1, 6) for pk in store(hooked, str(number), "return.created")]

    with django_assert_max_num_queries(60) as counted:
        heed_first_hints(pks, for_s=FOR_S)

    written = [one["sql"] for one in counted.captured_queries if 'INSERT INTO "returns_loopreturn"' in one["sql"]]
    assert len(written) == 1
    assert states() == [("read", 0, False)] * 5
    due = LoopReturn.objects.order_by("loop_id").values_list("loop_id", "lines", "look_again_at", "records_hinted_at")
    assert [loop_id for loop_id, *others in due if all(others)] == [str(number) for number in range(1, 6) for _ in "ab"]


def test_each_of_them_counts_as_fetched_when_its_own_call_began(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, Fetched] = {}

    def fetch(shop: Shop, return_id: str) -> Fetched:
        return shown.setdefault(return_id, show(shop, return_id))

    let_fetch(monkeypatch, fetch)

    heed_first_hints([pk for one in "12" for pk in store(hooked, one, "return.created")], for_s=FOR_S)

    fetched_at = dict(LoopReturn.objects.values_list("loop_id", "fetched_at"))
    assert fetched_at == {return_id: one.at for return_id, one in shown.items()}
    assert fetched_at["1"] < fetched_at["2"]


def test_one_that_cannot_be_stored_is_for_a_person_and_keeps_no_other_from_being_written(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = {"line_items": [unit_payload(one, price="999999999.99") for one in (1, 2)], "return_total": None}
    let_fetch(monkeypatch, lambda shop, return_id: show(shop, return_id, **(huge if return_id == "2" else {})))

    heed_first_hints([pk for one in "123" for pk in store(hooked, one, "return.created")], for_s=FOR_S)

    assert [verdict for verdict, *_ in states()] == ["read", "unreadable", "read"]
    assert "return 2" in InboundEvent.objects.get(verdict="unreadable").failure
    assert sorted(LoopReturn.objects.values_list("loop_id", flat=True)) == ["1", "3"]


def test_worker_that_dies_before_it_wrote_leaves_all_of_them_due(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    let_fetch(monkeypatch, show)
    monkeypatch.setattr(hints, "apply_returns", lambda *_: die(None))

    with pytest.raises(KeyboardInterrupt):
        heed_first_hints([pk for one in "12" for pk in store(hooked, one, "return.created")], for_s=FOR_S)

    assert states() == [("waiting", 1, True)] * 2


def store_restock(shop: Shop, return_id: str) -> int:
    item = {"variant_id": "45123450001", "quantity": 1, "location_id": "65012345678"}
    body = json.dumps({"topic": "restock", "trigger": "", "id": return_id, "restock_items": [item]}).encode()
    pk = receive(shop.code, body, sign_body(SECRET, body)).event_pk
    assert pk
    return pk


def die(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("alone", [True, False])
def test_worker_that_dies_before_the_plan_of_a_restock_was_asked_for_leaves_the_webhook_due(
    hooked: Shop, fetched: list[str], monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    make_return(hooked, loop_id="1")
    LoopReturn.objects.update(look_again_at=None)
    pk = store_restock(hooked, "1")
    monkeypatch.setattr(mirror, "fetch_return", lambda *_, **__: None)
    monkeypatch.setattr(hints, "ask_for_plan", die)

    with pytest.raises(KeyboardInterrupt):
        tasks.look_at_event(pk) if alone else heed_first_hints([pk], for_s=FOR_S)

    assert states() == [("waiting", 1, True)]
    monkeypatch.undo()
    monkeypatch.setattr(mirror, "fetch_return", lambda *_, **__: None)
    InboundEvent.objects.update(looked_since=timezone.now() - inbox.FIRST_LOOK_LEASE)
    tasks.look_at_event(pk)
    assert states() == [("read", 0, False)]
    assert LoopReturn.objects.get().look_again_at


def test_restock_that_only_a_replay_reads_is_planned(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    make_return(hooked, loop_id="1")
    LoopReturn.objects.update(look_again_at=None)
    store_restock(hooked, "1")
    monkeypatch.setattr(mirror, "fetch_return", lambda *_, **__: None)

    call_command("replay_inbox", stdout=StringIO())

    assert LoopReturn.objects.get().look_again_at
