"""A webhook is stored before it is believed, and nobody but the shop's Loop is believed."""

import io
import json
from datetime import timedelta

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from integrations import doors, inbox, views
from integrations.credentials import store_secret
from integrations.inbox import receive, take_due_events
from integrations.loop.signature import sign_body
from integrations.models import Credential, InboundEvent, Shop
from integrations.views import loop_webhook
from returnsops import tasks
from returnsops.lib import nudge

SECRET = "0123456789abcdef"
BODY = b'{"topic":"return","trigger":"return.updated","id":"110700123"}'
PATIENCE = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_forgeries", inbox._PerMinute(inbox.FORGERIES_KEPT_PER_MINUTE))


@pytest.fixture
def hooked(shop: Shop) -> Shop:
    store_secret(shop, Credential.Kind.LOOP_WEBHOOK_SECRET, SECRET)
    return shop


def post(client: Client, shop_code: str, body: bytes, *, signature: str | None = None) -> int:
    headers = {"X-Loop-Signature": sign_body(SECRET, body) if signature is None else signature}
    answer = client.post(f"/hooks/loop/{shop_code}", body, content_type="application/json", headers=headers)
    return int(answer.status_code)


def test_signed_webhook_is_stored_as_it_came(hooked: Shop, client: Client) -> None:
    assert post(client, hooked.code, BODY) == 200

    event = InboundEvent.objects.get()
    assert (bytes(event.raw), event.verdict, event.signed) == (BODY, "waiting", True)


@pytest.mark.django_db(transaction=True)
def test_webhooks_that_come_while_one_waits_for_its_look_need_no_task_of_their_own(
    hooked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(nudge, "async_task", lambda roof, what, row_id, **options: sent.append(what))
    monkeypatch.setattr(tasks, "heed_first_hints", lambda event_pks, **how: None)
    monkeypatch.setattr(tasks, "SWEEP_LIMIT", 2)

    def come(*numbers: int) -> None:
        for number in numbers:
            body = BODY.replace(b"123", b"%03d" % number)
            assert receive(hooked.code, body, sign_body(SECRET, body)).is_believed

    come(1, 2, 3)
    assert sent == ["inbox"]

    tasks.look("inbox")
    assert sent == ["inbox", "inbox"]  # as there were more than it took

    tasks.look("inbox")
    assert sent == ["inbox", "inbox"]
    come(4)
    assert sent == ["inbox", "inbox", "inbox"]


def test_same_body_again_counts_up_and_is_due_again(hooked: Shop) -> None:
    event_pk = receive(hooked.code, BODY, sign_body(SECRET, BODY)).event_pk
    InboundEvent.objects.update(verdict="read")

    assert receive(hooked.code, BODY, sign_body(SECRET, BODY)).event_pk == event_pk

    event = InboundEvent.objects.get()
    assert (event.times_received, event.verdict) == (2, "waiting")


def test_unreadable_webhook_sent_again_stays_unreadable(hooked: Shop) -> None:
    receive(hooked.code, b"no JSON", sign_body(SECRET, b"no JSON"))
    InboundEvent.objects.update(verdict="unreadable")

    receive(hooked.code, b"no JSON", sign_body(SECRET, b"no JSON"))

    assert InboundEvent.objects.get().verdict == "unreadable"


@pytest.mark.parametrize("signature", ["", "forged", "é", sign_body("another secret", BODY), sign_body(SECRET, b"{}")])
def test_forged_webhook_is_refused_and_kept_as_a_forgery(hooked: Shop, client: Client, signature: str) -> None:
    assert post(client, hooked.code, BODY, signature=signature) == 401

    assert InboundEvent.objects.get().verdict == "bad_signature"
    assert not take_due_events(limit=10, patience=PATIENCE)


def test_forgery_does_not_keep_the_real_one_out(hooked: Shop) -> None:
    receive(hooked.code, BODY, "forged")

    assert receive(hooked.code, BODY, sign_body(SECRET, BODY)).is_believed
    assert InboundEvent.objects.count() == 2


def test_strangers_cannot_fill_the_disk(hooked: Shop, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "_forgeries", inbox._PerMinute(3))

    answers = {post(client, hooked.code, b"%d" % number, signature="forged") for number in range(10)}

    assert answers == {401}
    assert InboundEvent.objects.count() == 3


def test_only_the_beginning_of_a_forgery_is_kept(hooked: Shop) -> None:
    receive(hooked.code, b"x" * 50_000, "forged")

    assert len(InboundEvent.objects.get().raw) == inbox.RAW_BYTES_KEPT_UNSIGNED


def test_unknown_shop_is_refused_like_a_wrong_signature(db: None, client: Client) -> None:
    assert post(client, "nobody", BODY) == 401
    assert not InboundEvent.objects.exists()


def test_secret_entered_a_moment_ago_counts_at_once(hooked: Shop) -> None:
    receive(hooked.code, BODY, sign_body(SECRET, BODY))
    store_secret(hooked, Credential.Kind.LOOP_WEBHOOK_SECRET, "the new one", keep_old=True)

    assert receive(hooked.code, BODY, sign_body("the new one", BODY)).is_believed
    assert receive(hooked.code, BODY, sign_body(SECRET, BODY)).is_believed


def test_retired_secret_is_not_believed_once_it_is_forgotten(hooked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(hooked.code, BODY, sign_body(SECRET, BODY))
    store_secret(hooked, Credential.Kind.LOOP_WEBHOOK_SECRET, "the new one")
    monkeypatch.setattr(doors, "KEPT_S", 0.0)

    assert not receive(hooked.code, BODY, sign_body(SECRET, BODY)).is_believed


def test_storing_costs_one_statement_once_the_shop_is_known(
    hooked: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    receive(hooked.code, BODY, sign_body(SECRET, BODY))

    with django_assert_num_queries(1):
        receive(hooked.code, BODY + b" ", sign_body(SECRET, BODY + b" "))


def test_too_large_body_is_refused_unread(hooked: Shop, client: Client, settings: Settings) -> None:
    settings.WEBHOOK_BODY_BYTES_MAX = 100

    assert post(client, hooked.code, b"x" * 101) == 413
    assert post(client, hooked.code, b"x" * 100) == 200


class Endless(io.RawIOBase):
    """A chunked body that never ends, as the server would hand it over."""

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "the whole of it would never come"
        return b"x" * size


def chunked(shop: Shop, stream: object, *, signature: str) -> WSGIRequest:
    request = RequestFactory().post(f"/hooks/loop/{shop.code}", headers={"Transfer-Encoding": "chunked"})
    request.META |= {"HTTP_TRANSFER_ENCODING": "chunked", "HTTP_X_LOOP_SIGNATURE": signature, "wsgi.input": stream}
    return request


def test_chunked_body_is_read_to_its_end(hooked: Shop) -> None:
    request = chunked(hooked, io.BytesIO(BODY), signature=sign_body(SECRET, BODY))

    assert loop_webhook(request, shop_code=hooked.code).status_code == 200
    assert bytes(InboundEvent.objects.get().raw) == BODY


def test_chunked_body_without_end_is_refused(hooked: Shop) -> None:
    assert loop_webhook(chunked(hooked, Endless(), signature="x"), shop_code=hooked.code).status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "many", "1e9", "²"])
def test_nonsense_length_is_no_fault_of_ours(hooked: Shop, length: str) -> None:
    request = RequestFactory().post(f"/hooks/loop/{hooked.code}", BODY, content_type="application/json")
    request.META["CONTENT_LENGTH"] = length

    assert loop_webhook(request, shop_code=hooked.code).status_code == 401


def test_database_that_is_down_is_our_fault(
    hooked: Shop, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the server closed the connection\nIs it running?")

    monkeypatch.setattr(views, "receive", fail)
    monkeypatch.setattr(connection, "close", lambda: None)  # the test's own transaction lives on it

    assert post(client, hooked.code, BODY) == 503
    assert [one.getMessage() for one in caplog.records if one.name == "integrations.views"] == [
        f"A webhook for {hooked.code} could not be stored; Loop will send it again: the server closed the connection"
    ]
    assert "Traceback" not in caplog.text


def test_secret_that_does_not_open_is_our_fault(hooked: Shop, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Credential.objects.update(sealed="sealed with a lost key")
    monkeypatch.setattr(connection, "close", lambda: None)

    assert post(client, hooked.code, BODY) == 503


def test_webhook_takes_no_page_with_it(hooked: Shop, client: Client) -> None:
    answer = client.post(f"/hooks/loop/{hooked.code}", BODY, content_type="application/json")

    assert not answer.cookies
    assert answer.headers["Content-Length"] == str(len(answer.content))


def test_address_that_is_no_hook_is_not_found(db: None, client: Client) -> None:
    assert client.post("/hooks/other", BODY, content_type="application/json").status_code == 404


def test_events_are_dealt_out_once(hooked: Shop) -> None:
    for number in range(3):
        body = json.dumps({"topic": "return", "id": number}).encode()
        receive(hooked.code, body, sign_body(SECRET, body))

    assert len(take_due_events(limit=2, patience=PATIENCE)) == 2
    assert len(take_due_events(limit=2, patience=PATIENCE)) == 1
    assert take_due_events(limit=2, patience=PATIENCE) == []
    assert len(take_due_events(limit=9, patience=timedelta(0))) == 3


def test_events_nobody_could_read_yet_stand_in_front_of_no_new_one(hooked: Shop) -> None:
    for number in range(3):
        body = json.dumps({"topic": "return", "id": number}).encode()
        receive(hooked.code, body, sign_body(SECRET, body))
    tried = take_due_events(limit=2, patience=PATIENCE)

    assert take_due_events(limit=1, patience=timedelta(0))[0] not in tried


def test_events_of_a_stopped_shop_wait_until_it_goes_on(hooked: Shop) -> None:
    receive(hooked.code, BODY, sign_body(SECRET, BODY))
    Shop.objects.update(paused_at=timezone.now())
    assert take_due_events(limit=9, patience=PATIENCE) == []

    Shop.objects.update(paused_at=None)
    assert len(take_due_events(limit=9, patience=PATIENCE)) == 1


def test_crowd_of_webhooks_asks_the_queue_once_each_at_most(
    hooked: Shop, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        receive(hooked.code, BODY, sign_body(SECRET, BODY))

    assert OrmQ.objects.count() == 1
