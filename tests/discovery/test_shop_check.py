"""What a check says about a Loop shop: against the sandbox, and for answers it does not give."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from integrations.connections import loop_client
from integrations.credentials import store_secret
from integrations.discovery.asking import NotTold
from integrations.discovery.check import check_shop
from integrations.discovery.loop_answers import Seen, ShopAnswers
from integrations.discovery.loop_facts import read_shop_facts
from integrations.discovery.loop_findings import judge_shop
from integrations.loop.records import WebhookSubscription
from integrations.loop.subscriptions import ALWAYS_WANTED
from integrations.models import Credential, Shop
from integrations.profile import Finding, Severity, ShopProfile
from tests.discovery.sandbox import Sandbox

CALLS_MAX = 15
NO_SCOPE = NotTold(why="Unauthorized.", refused=True, family="permission", status=401)


def check(shop: Shop) -> ShopProfile:
    profile = check_shop(shop)
    assert profile is not None
    return profile


def words(findings: tuple[Finding, ...] | list[Finding], severity: Severity) -> str:
    return "\n".join(f"{one.words} {one.todo}" for one in findings if one.severity == severity)


def test_a_healthy_shop_lacks_only_its_webhooks(sandbox: Sandbox, northwind: Shop) -> None:
    sandbox.make_return()

    profile = check(northwind)

    assert profile.of(Severity.BLOCKS) == ()
    assert [one.code for one in profile.of(Severity.WARNS)] == ["webhooks_missing"]
    assert profile.facts.states == dict.fromkeys(("open", "closed", "cancelled", "expired", "review"), True)
    assert profile.facts.list_shape == "array"
    assert profile.facts.calls_a_minute == 300
    assert profile.calls <= CALLS_MAX


def test_wrong_key_is_told_and_stops_the_shop(northwind: Shop) -> None:
    store_secret(northwind, Credential.Kind.LOOP_API_KEY, "not the key")

    profile = check(northwind)

    assert [one.code for one in profile.of(Severity.BLOCKS)] == ["key"]
    assert "Make a key with the scope Returns" in words(profile.findings, Severity.BLOCKS)
    northwind.refresh_from_db()
    assert northwind.paused_at is not None


def test_key_of_another_shop_is_told_and_stops_the_shop(sandbox: Sandbox, northwind: Shop) -> None:
    client = loop_client(northwind)
    made = client.create_webhook("return", "return.created", "https://returns.example.com/hook")
    Shop.objects.filter(pk=northwind.pk).update(loop_shop_id="1")
    northwind.refresh_from_db()

    profile = check(northwind)

    client.delete_webhook(made.id)
    assert "is that of another shop" in words(profile.findings, Severity.BLOCKS)
    northwind.refresh_from_db()
    assert "opens shop" in northwind.paused_reason


def test_shop_without_a_key_is_told(northwind: Shop) -> None:
    Credential.objects.filter(shop=northwind).update(retired_at=timezone.now())

    profile = check(northwind)

    assert "has no Loop API key" in profile.of(Severity.BLOCKS)[0].evidence
    assert profile.calls == 0


def test_wrong_currency_is_told(sandbox: Sandbox, northwind: Shop) -> None:
    sandbox.make_return()
    northwind.currency = "EUR"
    northwind.save()

    assert "are in USD, and here it is set to EUR" in words(check(northwind).findings, Severity.BLOCKS)


def test_details_in_either_shape_are_read(sandbox: Sandbox, northwind: Shop) -> None:
    sandbox.make_return()
    sandbox.turn(loop={"drift": {"details_as_array": True}})

    assert check(northwind).facts.details_shape == "array"


# --- Answers as values ------------------------------------------------------------------------------


def healthy(shop: Shop, **changes: Any) -> ShopAnswers:
    seen = Seen([{"id": "1", "currency": "USD", "order_name": "#1"}], version="2026-07", calls_a_minute=300)
    url = f"https://ops.example.com/hooks/loop/{shop.code}"
    values: dict[str, Any] = {
        "everything": seen,
        "page": seen,
        "states": dict.fromkeys(("open", "closed", "cancelled", "expired", "review"), seen),
        "by_id": replace(seen, body={"id": 1}),
        "by_name": seen,
        "notes": replace(seen, body=[]),
        "shipping_notice": replace(seen, body=[]),
        "webhooks": tuple(
            WebhookSubscription(id="1", topic=topic, trigger=trigger, url=url, status="active")
            for topic, trigger in ALWAYS_WANTED
        ),
        "destinations": replace(seen, body={"destinations": [{"id": 1, "name": "Main DC", "enabled": True}]}),
    }
    return ShopAnswers(**values | changes)


def judge(shop: Shop, answers: ShopAnswers, *, has_secret: bool = True) -> list[Finding]:
    return list(judge_shop(answers, read_shop_facts(answers), shop, has_secret=has_secret))


def test_nothing_is_wrong_with_healthy_answers(shop: Shop) -> None:
    assert {one.severity for one in judge(shop, healthy(shop))} == {Severity.FINE}


@pytest.mark.parametrize(
    ("changes", "severity", "said"),
    [
        ({"webhooks": NO_SCOPE}, Severity.WARNS, "The key lacks the scope Developer Tools"),
        ({"destinations": NO_SCOPE}, Severity.WARNS, "The key lacks the scope Destinations (read)"),
        ({"destinations": NotTold(why="slow")}, Severity.UNKNOWN, "Whether the key has the scope Destinations"),
        ({"by_id": NotTold(why="no", refused=True)}, Severity.BLOCKS, "A return's details could not be read."),
        ({"notes": NotTold(why="no", refused=True)}, Severity.WARNS, "A return's notes could not be read."),
        ({"everything": NotTold(why="time-out")}, Severity.BLOCKS, "Loop gives no answer."),
        ({"everything": NotTold(why="422", refused=True, status=422)}, Severity.BLOCKS, "list of returns cannot"),
    ],
)
def test_each_answer_that_lacks_is_said(shop: Shop, changes: dict[str, Any], severity: Severity, said: str) -> None:
    assert said in words(judge(shop, healthy(shop, **changes)), severity)


def test_a_state_that_is_refused_blocks(shop: Shop) -> None:
    answers = healthy(shop)
    answers.states["review"] = NotTold(why="The state is invalid.", refused=True, status=422)

    assert "Returns that are review cannot be listed." in words(judge(shop, answers), Severity.BLOCKS)


def test_an_unknown_version_is_told(shop: Shop) -> None:
    answers = healthy(shop, everything=Seen([], version="2027-04", calls_a_minute=120))

    said = words(judge(shop, answers), Severity.WARNS)

    assert "version 2027-04, which ReturnsOps has not met" in said
    assert "allows this key 120 calls a minute" in said


def test_missing_secret_and_sleeping_subscriptions_are_told(shop: Shop) -> None:
    answers = healthy(shop)
    assert isinstance(answers.webhooks, tuple)
    answers.webhooks = (*answers.webhooks[1:], replace(answers.webhooks[0], status="inactive"))

    said = words(judge(shop, answers, has_secret=False), Severity.WARNS)

    assert "Loop has switched these subscriptions off: return.created." in said
    assert "No webhook secret is stored" in said


def test_subscriptions_of_others_do_not_count(shop: Shop) -> None:
    answers = healthy(shop)
    assert isinstance(answers.webhooks, tuple)
    answers.webhooks = tuple(replace(one, url="https://elsewhere.example.com/hooks") for one in answers.webhooks)

    assert "Loop does not tell us: return.created" in words(judge(shop, answers), Severity.WARNS)
