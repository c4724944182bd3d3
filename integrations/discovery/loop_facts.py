"""From the answers of a Loop shop to the facts of its profile. Pure."""

from collections.abc import Mapping

from integrations.discovery.asking import NotTold
from integrations.discovery.loop_answers import Seen, ShopAnswers, rows_of
from integrations.profile import Destination, ShopFacts, Subscription

LISTED_MAX = 200


def read_shop_facts(answers: ShopAnswers) -> ShopFacts:
    head = next((one for one in (answers.everything, answers.page) if isinstance(one, Seen)), None)
    returns = [row for answer in (answers.page, *answers.states.values()) for row in rows_of(answer)]
    return ShopFacts(
        version=head.version if head else "",
        calls_a_minute=head.calls_a_minute if head else None,
        list_shape=_shape(answers.everything),
        details_shape=_shape(answers.by_id),
        notes_shape=_shape(answers.notes),
        scopes={
            "Returns": scope(answers.everything),
            "Developer Tools": scope(answers.webhooks),
            "Destinations (read)": scope(answers.destinations),
        },
        states={state: isinstance(one, Seen) for state, one in answers.states.items() if _is_judged(one)},
        currencies=tuple(sorted({str(row["currency"]) for row in returns if row.get("currency")})),
        webhooks=_subscriptions(answers),
        destinations=_destinations(answers.destinations),
        shipping_notice=scope(answers.shipping_notice),
    )


def scope(answer: object) -> bool | None:
    """Whether the key has the right to what was asked; None when that could not be told."""
    if not isinstance(answer, NotTold):
        return True
    return False if answer.lacks_right else None


def _is_judged(answer: Seen | NotTold) -> bool:
    return isinstance(answer, Seen) or answer.refused


def _shape(answer: Seen | NotTold) -> str:
    if isinstance(answer, NotTold):
        return ""
    return "object" if isinstance(answer.body, Mapping) else "array"


def _subscriptions(answers: ShopAnswers) -> tuple[Subscription, ...] | None:
    if isinstance(answers.webhooks, NotTold):
        return None
    return tuple(
        Subscription(topic=one.topic, trigger=one.trigger, url=one.url, status=one.status)
        for one in answers.webhooks[:LISTED_MAX]
    )


def _destinations(answer: Seen | NotTold) -> tuple[Destination, ...] | None:
    if isinstance(answer, NotTold):
        return None
    rows = answer.body.get("destinations") if isinstance(answer.body, Mapping) else answer.body
    found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return tuple(
        Destination(
            id=str(row.get("id", "")),
            name=str(row.get("name") or ""),
            enabled=bool(row.get("enabled", True)),
            location_id=str(row.get("provider_location_id") or ""),
        )
        for row in found[:LISTED_MAX]
    )
