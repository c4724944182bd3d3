"""Findings about what policies name by id: locations, items, accounts, refund methods. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from integrations.discovery.asking import NotTold
from integrations.discovery.configured import Configured, Purpose, Use
from integrations.discovery.netsuite_answers import AccountAnswers
from integrations.discovery.people import FINANCE, NETSUITE_ADMIN, OURS_ADMIN
from integrations.profile import AccountFacts, Finding, Listed, Place, Severity

BLOCKS, WARNS, UNKNOWN, FINE = Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE

LISTS = {Purpose.ITEM: "items", Purpose.ACCOUNT: "accounts", Purpose.METHOD: "methods"}
SOLD_FROM = (Purpose.SELLABLE, Purpose.SHIPPING)
PAGES = {
    Purpose.ITEM: "Lists › Accounting › Items",
    Purpose.ACCOUNT: "Lists › Accounting › Accounts",
    Purpose.METHOD: "Setup › Accounting › Accounting Lists",
}


def find_configured(
    answers: AccountAnswers, facts: AccountFacts, configured: Configured, *, subsidiary_id: str
) -> Iterator[Finding]:
    found = [
        replace(finding, shop=use.shop)
        for use in configured.uses
        for finding in judge_use(use, facts, subsidiary_id=subsidiary_id, was_asked=True)
    ]
    yield from found
    yield from _unreadable_lists(answers, configured)
    if configured.uses and not found and facts.locations is not None:
        words = "Every location, item and account that the policies name exists and fits."
        yield Finding(code="configured", severity=FINE, words=words)


def judge_use(use: Use, facts: AccountFacts, *, subsidiary_id: str, was_asked: bool) -> Iterator[Finding]:
    """was_asked: the lists were read with this id in mind, so that it is missing if it is not in them."""
    if use.purpose.is_location:
        if facts.locations is not None:
            yield from _judge_location(use, facts, subsidiary_id=subsidiary_id)
        return
    if use.purpose in (Purpose.STATUS, Purpose.STATUS_SOLD):
        yield from _judge_status(use, facts)
        return
    name = LISTS[use.purpose]
    known: dict[str, Listed] | None = getattr(facts, name)
    if known is None or (use.id not in known and not was_asked and name not in facts.full_lists):
        return
    yield from _judge_listed(use, known.get(use.id))


def _judge_location(use: Use, facts: AccountFacts, *, subsidiary_id: str) -> Iterator[Finding]:
    place = (facts.locations or {}).get(use.id)
    code = f"location:{use.purpose}:{use.id}"
    if place is None:
        yield _missing(use, "location", code=code)
        return
    name = f"{place.name} ({place.id})"
    if place.is_inactive:
        yield _wrong(
            code,
            f"The {use.purpose} location of {use.shop}, {name}, is inactive.",
            f"Activate it, or choose another in the policy («{use.name}»).",
        )
    yield from _judge_stock(use, place, code=code, name=name)
    if facts.one_world and subsidiary_id and place.subsidiary_id and place.subsidiary_id != subsidiary_id:
        owner = facts.subsidiaries.get(place.subsidiary_id, place.subsidiary_id)
        yield _wrong(
            f"{code}:subsidiary",
            f"The {use.purpose} location of {use.shop}, {name}, belongs to another subsidiary: {owner}.",
            "Choose a location of the shop's own subsidiary in the policy.",
            who=OURS_ADMIN,
        )


def _judge_stock(use: Use, place: Place, *, code: str, name: str) -> Iterator[Finding]:
    """Only what was inspected may lie where stock is sold from."""
    if use.purpose in SOLD_FROM and place.available is False:
        yield _wrong(
            code,
            f"The {use.purpose} location of {use.shop}, {name}, does not make its stock available.",
            "Set Make Inventory Available on it, or choose another in the policy.",
        )
    elif use.purpose in (Purpose.HOLDING, Purpose.DAMAGED) and place.available:
        yield _wrong(
            code,
            f"The {use.purpose} location of {use.shop}, {name}, makes its stock available for sale.",
            "Clear Make Inventory Available on it, or choose another in the policy.",
        )
    if place.uses_bins and use.purpose != Purpose.SHIPPING:
        yield _wrong(
            f"{code}:bins",
            f"{name} uses bins; receipts over REST into bins are often refused.",
            "Choose a location without bins for returns.",
            severity=WARNS,
        )


def _judge_status(use: Use, facts: AccountFacts) -> Iterator[Finding]:
    """Only what was inspected may be in a status that is sold from; without the feature there are none."""
    if facts.inventory_status is False:
        yield _wrong(
            "inventory_status",
            f"The policy of {use.shop} names an inventory status («{use.name}»), and the account keeps none.",
            "Switch Inventory Status on in NetSuite and check again, or name locations alone in the policy.",
        )
        return
    if facts.statuses is None:
        return
    status = facts.statuses.get(use.id)
    code = f"{use.purpose}:{use.id}:{use.name}"
    if status is None:
        yield _missing(use, "inventory status", code=code)
        return
    name, is_sold = f"{status.name} ({status.id})", use.purpose == Purpose.STATUS_SOLD
    if status.is_inactive:
        todo = f"Activate it, or choose another in the policy («{use.name}»)."
        yield _wrong(code, f"The inventory status {name}, which {use.shop} names, is inactive.", todo)
    if status.available is not None and status.available != is_sold:
        todo = f"Choose another in the policy («{use.name}»): NetSuite does not let this be changed once it is used."
        does = "does not make its stock available, and sellable units go there" if is_sold else (
            "makes its stock available for sale, and units that are not sellable go there"
        )  # fmt: skip
        yield _wrong(code, f"The inventory status {name} of {use.shop} {does}.", todo, who=OURS_ADMIN)


def _judge_listed(use: Use, listed: Listed | None) -> Iterator[Finding]:
    code = f"{use.purpose}:{use.id}:{use.name}"
    if listed is None:
        yield _missing(use, str(use.purpose), code=code)
    elif listed.is_inactive:
        yield _wrong(
            code,
            f"The {use.purpose} {listed.name} ({listed.id}) for «{use.name}» of {use.shop} is inactive.",
            f"Activate it under {PAGES[use.purpose]}, or name another in the policy.",
            who=FINANCE,
        )


def _missing(use: Use, what: str, *, code: str) -> Finding:
    return Finding(
        code=code,
        severity=BLOCKS,
        words=f"NetSuite has no {what} {use.id}, which the policy of {use.shop} names as «{use.name}».",
        who=OURS_ADMIN,
        todo="Name one that exists. If it does exist, the integration's role may not see it.",
    )


def _wrong(code: str, words: str, todo: str, *, who: str = NETSUITE_ADMIN, severity: Severity = BLOCKS) -> Finding:
    return Finding(code=code, severity=severity, words=words, who=who, todo=todo)


def _unreadable_lists(answers: AccountAnswers, configured: Configured) -> Iterator[Finding]:
    if isinstance(answers.server_time, NotTold) or isinstance(answers.database_time, NotTold):
        return
    asked = [("locations", "locations", any(use.purpose.is_location for use in configured.uses))]
    asked += [(name, f"{purpose}s", bool(configured.ids_for(purpose))) for purpose, name in LISTS.items()]
    for name, label, is_asked in asked:
        answer = getattr(answers, name)
        if is_asked and isinstance(answer, NotTold):
            yield Finding(
                code=f"list:{name}",
                severity=UNKNOWN if name == "methods" else WARNS,
                words=f"The {label} that the policies name could not be compared with NetSuite.",
                who=NETSUITE_ADMIN if answer.refused else OURS_ADMIN,
                todo="Compare their ids by hand." if name == "methods" else (
                    f"Let the role view {label}, then check again." if answer.refused else "Check again."
                ),
                evidence=answer.evidence,
            )  # fmt: skip
