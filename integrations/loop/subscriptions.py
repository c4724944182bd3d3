"""The webhook subscriptions a shop needs at Loop: there, active and pointing to us (loop.md §2.10, §5.1).

Loop may switch one off after failures, and a person may. Subscriptions of others are never touched: ours are those with
our exact address, and those we made ourselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.errors import ConfigurationError, RejectedError
from integrations.loop.client import LoopClient
from integrations.loop.records import WebhookSubscription
from integrations.loop.whose_key import LACKS_SCOPE, list_own_webhooks, require_own
from integrations.models import MORE_WEBHOOKS, Shop
from returnsops.people import audit

ALWAYS_WANTED = (
    ("return", "return.created"),
    ("return", "return.updated"),
    ("return", "return.closed"),
    ("label", "label.created"),
    ("label", "label.updated"),
    ("return.processing", "return.processing.failed"),
)
NO_ADDRESS = (
    "PUBLIC_URL is not set here, so nobody looks after the subscriptions at Loop. "
    "Without webhooks sweeps find every change, a minute later."
)
NO_SCOPE = (
    "Loop refuses the key for webhook subscriptions: it lacks the scope «Developer Tools». Sweeps find every change, a "
    "minute later. Make a key with that scope in Loop's admin, or subscribe the webhooks there by hand."
)

Pair = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One thing to do at Loop. webhook_id: empty to make a new one."""

    action: str  # create, correct, delete
    pair: Pair
    webhook_id: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.pair[0]} on {self.pair[1]}" + (f" ({self.webhook_id})" if self.webhook_id else "")


@dataclass(frozen=True)
class Outcome:
    """What was done, and what Loop would not let us do."""

    done: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def webhook_url(shop: Shop) -> str:
    """Where Loop shall send this shop's webhooks; empty without a public address."""
    return f"{settings.PUBLIC_URL}/hooks/loop/{shop.code}" if settings.PUBLIC_URL else ""


def wanted_pairs(shop: Shop) -> tuple[Pair, ...]:
    more = [(topic, trigger) for topic in shop.more_webhooks.split() for trigger in MORE_WEBHOOKS.get(topic, ())]
    return (*ALWAYS_WANTED, *more)


def check_webhooks(shop: Shop) -> Outcome:
    """The daily look: bring the subscriptions in order and note on the shop what could not be.

    Raises the errors of `integrations.errors` when Loop does not answer.
    """
    url = webhook_url(shop)
    outcome = ensure_webhooks(shop, url) if url else Outcome(problems=(NO_ADDRESS,))
    _note(shop, webhooks_checked_at=timezone.now(), webhooks_problem=" ".join(outcome.problems))
    return outcome


def ensure_webhooks(shop: Shop, url: str) -> Outcome:
    """Make the wanted set exist, active, once each, at url. What was done is audited, also when Loop then fails."""
    done: list[str] = []
    with watched(shop):
        client = loop_client(shop)
        before = _list_webhooks(shop, client)
        if before is None:
            return Outcome(problems=(NO_SCOPE,))
        changes = find_changes(before, wanted_pairs(shop), url=url, made=shop.webhooks_made)
        try:
            problems = _carry_out(shop, client, changes, url=url, done=done)
        finally:
            if done:
                _audit(shop, before, done, url=url)
    return Outcome(tuple(done), tuple(problems))


def _list_webhooks(shop: Shop, client: LoopClient) -> tuple[WebhookSubscription, ...] | None:
    """None if the key may not: no reason to stop the whole connection."""
    try:
        return list_own_webhooks(shop, client)
    except ConfigurationError as error:
        if error.status != LACKS_SCOPE:
            raise
        return None


def find_changes(
    found: Sequence[WebhookSubscription], wanted: Sequence[Pair], *, url: str, made: Sequence[str]
) -> tuple[Change, ...]:
    """Pure: what has to be done so that each wanted pair is subscribed once, and active, at url."""
    ours = [one for one in found if one.url == url or one.id in made]
    return tuple(change for pair in wanted for change in _changes_of(pair, ours, url=url))


def _changes_of(pair: Pair, ours: Sequence[WebhookSubscription], *, url: str) -> Iterator[Change]:
    same = [one for one in ours if (one.topic, one.trigger) == pair]
    if not same:
        yield Change("create", pair)
        return
    right = [one for one in same if one.url == url and one.is_active]
    kept = (right or same)[0]
    if not right:
        yield Change("correct", pair, kept.id)
    yield from (Change("delete", pair, one.id) for one in same if one.id != kept.id)


def _carry_out(shop: Shop, client: LoopClient, changes: Sequence[Change], *, url: str, done: list[str]) -> list[str]:
    """Gives what Loop refused; done is filled with the rest. One that it refuses, such as a topic its version does not
    know, keeps no other from being made.
    """
    problems = []
    for change in changes:
        try:
            _do(shop, client, change, url=url)
        except RejectedError as error:
            problems.append(f"Loop refused to {change}: {error.detail}.")
        else:
            done.append(str(change))
    return problems


def _do(shop: Shop, client: LoopClient, change: Change, *, url: str) -> None:
    topic, trigger = change.pair
    if change.action == "create":
        made = client.create_webhook(topic, trigger, url)
        _note(shop, webhooks_made=[*shop.webhooks_made, made.id])
        require_own(shop, [made])
    elif change.action == "correct":
        client.update_webhook(change.webhook_id, topic=topic, trigger=trigger, url=url)
    else:
        client.delete_webhook(change.webhook_id)


def _note(shop: Shop, **columns: object) -> None:
    Shop.objects.filter(pk=shop.pk).update(**columns)
    for name, value in columns.items():
        setattr(shop, name, value)


def _audit(shop: Shop, before: Sequence[WebhookSubscription], done: list[str], *, url: str) -> None:
    held = [f"{one.topic} on {one.trigger}: {one.status} at {one.url}" for one in before]
    with transaction.atomic():
        audit.record_event(
            None,
            "changed Loop's webhooks",
            shop,
            shop=shop,
            before=held,
            after=done,
            reason=f"They shall come to {url}",
        )
