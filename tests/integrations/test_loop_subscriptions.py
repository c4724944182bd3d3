"""The wanted webhooks exist once each, active and pointing to us; nobody else's are touched. Against the sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from integrations import connections
from integrations.connections import loop_client, resume_connection
from integrations.credentials import store_secret
from integrations.errors import ConfigurationError, RejectedError, TemporaryError
from integrations.loop.client import LoopClient
from integrations.loop.records import WebhookSubscription
from integrations.loop.subscriptions import (
    ALWAYS_WANTED,
    NO_ADDRESS,
    NO_SCOPE,
    check_webhooks,
    find_changes,
    webhook_url,
)
from integrations.loop.whose_key import look_whose_key
from integrations.models import Credential, Shop
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.people.models import AuditEvent
from returnsops.returns.sweeps import sweep_loop
from tests.builders import make_shop

PUBLIC = "https://returns.example.com"
URL = f"{PUBLIC}/hooks/loop/fern"
ELSEWHERE = "https://celigo.example.com/hook"
CREATED = ("return", "return.created")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(Options(seed="subscriptions"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def fern(served: Served, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    settings.PUBLIC_URL = PUBLIC
    monkeypatch.setattr(connections, "_clients", {})
    (profile, *_) = served.sandbox.shops.values()
    shop = make_shop(base_url=served.url, calls_per_minute=100_000)
    store_secret(shop, Credential.Kind.LOOP_API_KEY, profile.api_key)
    yield shop
    client = loop_client(shop)
    for one in client.list_webhooks():
        client.delete_webhook(one.id)
    client.close()


@pytest.fixture
def without_scope(served: Served, fern: Shop) -> Iterator[None]:
    settings = served.sandbox.settings
    settings.update({"loop": {"missing_scopes": ["developer_tools"]}})
    yield
    settings.update({"loop": {"missing_scopes": None}})


def held(shop: Shop) -> list[tuple[str, str, str, bool]]:
    return sorted((one.topic, one.trigger, one.url, one.is_active) for one in loop_client(shop).list_webhooks())


WANTED = sorted((topic, trigger, URL, True) for topic, trigger in ALWAYS_WANTED)


def test_wanted_set_is_made_once(fern: Shop) -> None:
    first, second = check_webhooks(fern), check_webhooks(fern)

    assert held(fern) == WANTED
    assert (len(first.done), second.done, second.problems) == (len(ALWAYS_WANTED), (), ())
    event = AuditEvent.objects.get(action="changed Loop's webhooks")
    assert len(event.after or []) == len(ALWAYS_WANTED)


def test_deleted_and_moved_ones_are_put_right(fern: Shop) -> None:
    check_webhooks(fern)
    client = loop_client(fern)
    gone, moved, *_ = client.list_webhooks()
    client.delete_webhook(gone.id)
    client.update_webhook(moved.id, topic=moved.topic, trigger=moved.trigger, url="https://old.example.com/hook")

    outcome = check_webhooks(fern)

    assert held(fern) == WANTED
    assert sorted(words.split()[0] for words in outcome.done) == ["correct", "create"]


def test_double_is_deleted_and_strangers_stay(fern: Shop) -> None:
    client = loop_client(fern)
    client.create_webhook(*CREATED, ELSEWHERE)
    client.create_webhook(*CREATED, "https://staging.example.com/hooks/loop/fern")
    client.create_webhook(*CREATED, URL)
    client.create_webhook(*CREATED, URL)

    check_webhooks(fern)

    assert [row for row in held(fern) if row[2] == URL] == WANTED
    assert {row[2] for row in held(fern)} == {URL, ELSEWHERE, "https://staging.example.com/hooks/loop/fern"}


def test_more_topics_are_a_setting_of_the_shop(fern: Shop) -> None:
    fern.more_webhooks = "restock happy.returns.shipment"

    check_webhooks(fern)

    assert {row[0] for row in held(fern)} >= {"restock", "happy.returns.shipment"}


def test_topic_that_loop_refuses_keeps_no_other_out(fern: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    create = LoopClient.create_webhook

    def picky(self: LoopClient, topic: str, trigger: str, url: str) -> WebhookSubscription:
        if topic == "return.processing":
            raise RejectedError(system="loop", detail="Must be one of the following values:return,label,restock")
        return create(self, topic, trigger, url)

    monkeypatch.setattr(LoopClient, "create_webhook", picky)

    check_webhooks(fern)

    assert len(held(fern)) == len(ALWAYS_WANTED) - 1
    fern.refresh_from_db()
    assert "Must be one of" in fern.webhooks_problem


def test_without_a_public_address_nothing_is_subscribed(fern: Shop, settings: Settings) -> None:
    settings.PUBLIC_URL = ""

    outcome = check_webhooks(fern)

    assert (outcome.problems, held(fern), webhook_url(fern)) == ((NO_ADDRESS,), [], "")


def hook(number: int, *, url: str = URL, status: str = "active") -> WebhookSubscription:
    return WebhookSubscription(id=str(number), topic="return", trigger="return.created", url=url, status=status)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], ["create return on return.created"]),
        ([hook(1)], []),
        ([hook(1, status="inactive")], ["correct return on return.created (1)"]),
        ([hook(1, status="inactive"), hook(2)], ["delete return on return.created (1)"]),
        ([hook(7, url=ELSEWHERE)], ["correct return on return.created (7)"]),
        ([hook(8, url=ELSEWHERE)], ["create return on return.created"]),
    ],
)
def test_what_has_to_be_done(found: list[WebhookSubscription], expected: list[str]) -> None:
    assert [str(one) for one in find_changes(found, [CREATED], url=URL, made=["7"])] == expected


def test_command_shows_and_puts_right(fern: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("webhooks", "fern")
    assert "To do: create return on return.created" in capsys.readouterr().out

    call_command("webhooks", "fern", ensure=True)
    call_command("webhooks", "fern")

    assert f"All is in order at {URL}" in capsys.readouterr().out


def test_command_names_the_shops_there_are(fern: Shop) -> None:
    arguments: dict[str, Any] = {"ensure": True}
    with pytest.raises(CommandError, match="Known: fern"):
        call_command("webhooks", "nobody", **arguments)


def test_key_without_the_scope_stops_nothing_else(fern: Shop, without_scope: None) -> None:
    check_webhooks(fern)

    fern.refresh_from_db()
    assert (fern.paused_at, fern.webhooks_problem) == (None, NO_SCOPE)


def test_key_of_another_shop_stops_this_one_before_anything_is_read(served: Served, fern: Shop) -> None:
    look_whose_key(fern)
    fern.refresh_from_db()
    assert fern.key_looked_at

    check_webhooks(fern)
    (own, other, *_) = served.sandbox.shops.values()
    subscribe_elsewhere(served, other.api_key)
    store_secret(fern, Credential.Kind.LOOP_API_KEY, other.api_key)

    for _ in range(2):  # again after somebody resumed it
        resume_connection(fern)
        fern.refresh_from_db()
        with pytest.raises(ConfigurationError, match=f"opens shop {other.loop_shop_id}.*shop {own.loop_shop_id}"):
            sweep_loop(fern)
        fern.refresh_from_db()
        assert "Enter a key of this shop. If the key is right" in fern.paused_reason

    assert (fern.loop_shop_id, fern.returns.count()) == (str(own.loop_shop_id), 0)
    store_secret(fern, Credential.Kind.LOOP_API_KEY, own.api_key)
    resume_connection(fern)
    fern.refresh_from_db()
    sweep_loop(fern)


def test_number_learned_from_a_wrong_first_key_is_learned_anew_once_it_is_emptied(served: Served, fern: Shop) -> None:
    (own, other, *_) = served.sandbox.shops.values()
    for key in (own.api_key, other.api_key):
        subscribe_elsewhere(served, key)
    store_secret(fern, Credential.Kind.LOOP_API_KEY, other.api_key)
    look_whose_key(fern)
    store_secret(fern, Credential.Kind.LOOP_API_KEY, own.api_key)
    with pytest.raises(ConfigurationError, match=f"empty the number at Loop in the settings of {fern}"):
        look_whose_key(fern)

    Shop.objects.filter(pk=fern.pk).update(loop_shop_id="")
    resume_connection(fern)
    fern.refresh_from_db()
    look_whose_key(fern)

    fern.refresh_from_db()
    assert (fern.loop_shop_id, fern.paused_at) == (str(own.loop_shop_id), None)


def subscribe_elsewhere(served: Served, key: str) -> None:
    client = LoopClient(served.url, key)
    client.create_webhook(*CREATED, ELSEWHERE)
    client.close()


def test_shop_whose_key_may_not_show_subscriptions_is_trusted(fern: Shop, without_scope: None) -> None:
    look_whose_key(fern)

    fern.refresh_from_db()
    assert (fern.paused_at, fern.loop_shop_id, bool(fern.key_looked_at)) == (None, "", True)


def test_what_was_done_is_audited_though_loop_then_fails(fern: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    create, down = LoopClient.create_webhook, TemporaryError(system="loop", status=503, detail="Down")

    def tired(self: LoopClient, topic: str, trigger: str, url: str) -> WebhookSubscription:
        if topic == "label":
            raise down
        return create(self, topic, trigger, url)

    monkeypatch.setattr(LoopClient, "create_webhook", tired)

    with pytest.raises(TemporaryError):
        check_webhooks(fern)

    event = AuditEvent.objects.get(action="changed Loop's webhooks")
    assert event.after == [f"create return on return.{what}" for what in ("created", "updated", "closed")]
