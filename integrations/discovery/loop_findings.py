"""Findings about a Loop shop: key and scopes, shapes we can read, webhooks, destinations. Pure."""

from collections.abc import Iterator

from integrations.discovery.asking import NotTold
from integrations.discovery.loop_answers import Seen, ShopAnswers
from integrations.discovery.people import LOOP_ADMIN, OPERATIONS, OURS_ADMIN
from integrations.loop.subscriptions import wanted_pairs
from integrations.loop.whose_key import ANOTHER_SHOPS
from integrations.models import Shop
from integrations.profile import Finding, Severity, ShopFacts, Subscription
from returnsops.lib.words import count_words

BLOCKS, WARNS, UNKNOWN, FINE = Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE

KEY_PAGE = "Returns management › Tools & integrations › Developer tools"
KNOWN_VERSIONS = {"2026-01", "2026-07", "2026-10"}
CALLS_A_MINUTE = 300


def judge_shop(answers: ShopAnswers, facts: ShopFacts, shop: Shop, *, has_secret: bool) -> Iterator[Finding]:
    yield from _find_key(answers)
    if not isinstance(answers.everything, Seen):
        return
    if isinstance(answers.webhooks, NotTold) and answers.webhooks.code == ANOTHER_SHOPS:
        yield _another_shops(answers.webhooks)
        return
    yield from _find_scopes(answers)
    yield from _find_states(answers)
    yield from _find_shapes(answers, facts)
    yield from _find_version(facts)
    yield from _find_currency(facts, shop)
    yield from _find_webhooks(facts, shop, has_secret=has_secret)
    yield from _find_destinations(facts)


def _find_key(answers: ShopAnswers) -> Iterator[Finding]:
    answer = answers.everything
    if isinstance(answer, Seen):
        yield Finding(code="key", severity=FINE, words="The API key works and may read returns.")
    elif answer.status == 401:
        yield Finding(
            code="key",
            severity=BLOCKS,
            words="Loop refuses the API key, or the key lacks the scope Returns: Loop answers both alike.",
            who=LOOP_ADMIN,
            todo=f"Make a key with the scope Returns under {KEY_PAGE} and enter it here.",
            evidence=answer.evidence,
        )
    elif answer.refused:
        yield Finding(
            code="key",
            severity=BLOCKS,
            words="Loop's list of returns cannot be read.",
            who=OURS_ADMIN,
            todo="Compare base URL and API version with Loop's documentation; then check again.",
            evidence=answer.evidence,
        )
    else:
        yield Finding(
            code="key",
            severity=BLOCKS,
            words="Loop gives no answer.",
            who=OPERATIONS,
            todo="Check the base URL and whether this machine may reach it; then check again.",
            evidence=answer.evidence,
        )


def _another_shops(answer: NotTold) -> Finding:
    return Finding(
        code="key",
        severity=BLOCKS,
        words="The API key is that of another shop of Loop; nothing is read by it.",
        who=LOOP_ADMIN,
        todo=f"Make a key of this shop under {KEY_PAGE} and enter it here.",
        evidence=answer.evidence,
    )


def _find_scopes(answers: ShopAnswers) -> Iterator[Finding]:
    wanted = (
        ("Developer Tools", answers.webhooks, "webhook subscriptions cannot be looked after"),
        ("Destinations (read)", answers.destinations, "the warehouses of returns have no names"),
        ("Returns, for shipping notices", answers.shipping_notice, "shipping notices cannot be read"),
    )
    has = [name for name, answer, _ in wanted if not isinstance(answer, NotTold)]
    for name, answer, consequence in wanted:
        if isinstance(answer, NotTold):
            yield _missing_scope(name, answer, consequence)
    if has:
        yield Finding(code="scopes", severity=FINE, words=f"The key has the scopes: {', '.join(has)}.")


def _missing_scope(scope: str, answer: NotTold, consequence: str) -> Finding:
    if answer.lacks_right:
        return Finding(
            code=f"scope:{scope}",
            severity=WARNS,
            words=f"The key lacks the scope {scope}: {consequence}.",
            who=LOOP_ADMIN,
            todo=f"Make a key with this scope as well under {KEY_PAGE}; scopes are picked when a key is made.",
            evidence=answer.evidence,
        )
    return Finding(
        code=f"scope:{scope}",
        severity=UNKNOWN,
        words=f"Whether the key has the scope {scope} could not be told.",
        who=OURS_ADMIN,
        todo="Check again.",
        evidence=answer.evidence,
    )


def _find_states(answers: ShopAnswers) -> Iterator[Finding]:
    silent = {state: one for state, one in answers.states.items() if isinstance(one, NotTold)}
    for state, answer in silent.items():
        yield Finding(
            code=f"state:{state}",
            severity=BLOCKS if answer.refused else UNKNOWN,
            words=f"Returns that are {state} cannot be listed.",
            who=LOOP_ADMIN if answer.refused else OURS_ADMIN,
            todo="Report it to Loop with the answer below." if answer.refused else "Check again.",
            evidence=answer.evidence,
        )
    if answers.states and not silent:
        yield Finding(code="states", severity=FINE, words="Returns of every state can be listed.")


def _find_shapes(answers: ShopAnswers, facts: ShopFacts) -> Iterator[Finding]:
    if answers.sample is None:
        yield Finding(
            code="details",
            severity=UNKNOWN,
            words="No return was changed in the last 30 days, so that details and notes could not be tried.",
            who=OURS_ADMIN,
            todo="Check again once there is one.",
        )
        return
    tried = (("details", answers.by_id, "details"), ("details_by_name", answers.by_name, "details by order"),
             ("notes", answers.notes, "notes"))  # fmt: skip
    for code, answer, name in tried:
        if isinstance(answer, NotTold) and answer.why != "There was nothing to ask about.":
            severity = BLOCKS if code == "details" and answer.refused else WARNS
            yield Finding(code=code, severity=severity, words=f"A return's {name} could not be read.", who=LOOP_ADMIN,
                          todo="Report it to Loop with the answer below.", evidence=answer.evidence)  # fmt: skip
    if facts.details_shape:
        words = f"Details come as {'one object' if facts.details_shape == 'object' else 'a list'}; both are read."
        yield Finding(code="details_shape", severity=FINE, words=words)


def _find_version(facts: ShopFacts) -> Iterator[Finding]:
    if facts.version and facts.version not in KNOWN_VERSIONS:
        yield Finding(
            code="version",
            severity=WARNS,
            words=f"Loop answers in version {facts.version}, which ReturnsOps has not met.",
            who=OURS_ADMIN,
            todo="Set the shop's API version to one that is known, and read Loop's notes on what changed.",
        )
    elif facts.version:
        yield Finding(code="version", severity=FINE, words=f"Loop answers in version {facts.version}.")
    if facts.calls_a_minute is not None and facts.calls_a_minute < CALLS_A_MINUTE:
        yield Finding(
            code="budget",
            severity=WARNS,
            words=f"Loop allows this key {facts.calls_a_minute} calls a minute; {CALLS_A_MINUTE} are documented.",
            who=OURS_ADMIN,
            todo="Lower the shop's limit of calls a minute accordingly.",
        )


def _find_currency(facts: ShopFacts, shop: Shop) -> Iterator[Finding]:
    if facts.currencies and shop.currency not in facts.currencies:
        yield Finding(
            code="currency",
            severity=BLOCKS,
            words=f"Returns of this shop are in {', '.join(facts.currencies)}, and here it is set to {shop.currency}.",
            who=OURS_ADMIN,
            todo="Correct the currency of the shop.",
        )


def webhook_path(shop: Shop) -> str:
    return f"/hooks/loop/{shop.code}"


def is_ours(subscription: Subscription, shop: Shop) -> bool:
    return subscription.url.rstrip("/").endswith(webhook_path(shop))


def _find_webhooks(facts: ShopFacts, shop: Shop, *, has_secret: bool) -> Iterator[Finding]:
    if not has_secret:
        yield Finding(
            code="webhook_secret",
            severity=WARNS,
            words="No webhook secret is stored: every webhook is refused, and only sweeps find what changed.",
            who=LOOP_ADMIN,
            todo=f"Copy the secret from {KEY_PAGE} and enter it here.",
        )
    if facts.webhooks is None:
        return
    ours = {(one.topic, one.trigger): one for one in facts.webhooks if is_ours(one, shop)}
    wanted = wanted_pairs(shop)
    missing = [trigger for topic, trigger in wanted if (topic, trigger) not in ours]
    asleep = [one.trigger for key, one in ours.items() if key in wanted and one.status != "active"]
    if missing:
        yield Finding(
            code="webhooks_missing",
            severity=WARNS,
            words=f"Loop does not tell us: {', '.join(missing)}. Sweeps find it a minute later.",
            who=OURS_ADMIN,
            todo=f"Let «manage.py webhooks {shop.code} --ensure» subscribe to them, which takes PUBLIC_URL; or do it "
            f"in Loop, with an address that ends in {webhook_path(shop)}.",
        )
    if asleep:
        yield Finding(
            code="webhooks_inactive",
            severity=WARNS,
            words=f"Loop has switched these subscriptions off: {', '.join(asleep)}.",
            who=OURS_ADMIN,
            todo="Make them active again; Loop switches them off after failed deliveries.",
        )
    if not missing and not asleep:
        yield Finding(code="webhooks", severity=FINE, words="Every webhook that is wanted is subscribed and active.")


def _find_destinations(facts: ShopFacts) -> Iterator[Finding]:
    if facts.destinations is None:
        return
    enabled = [one for one in facts.destinations if one.enabled]
    names = ", ".join(one.name or one.id for one in enabled[:5]) or "none"
    yield Finding(
        code="destinations", severity=FINE, words=f"Returns go to {count_words(len(enabled), 'destination')}: {names}."
    )
