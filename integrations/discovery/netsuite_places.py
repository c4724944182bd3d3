"""Findings about what policies name by id: locations, items, accounts, refund methods. Pure."""

from collections.abc import Iterator

from integrations.discovery.asking import NotTold
from integrations.discovery.configured import Configured, Purpose, Use
from integrations.discovery.netsuite_answers import AccountAnswers
from integrations.discovery.people import FINANCE, NETSUITE_ADMIN, OURS_ADMIN
from integrations.profile import AccountFacts, Finding, Listed, Place, Severity

BLOCKS, WARNS, UNKNOWN, FINE = Severity.BLOCKS, Severity.WARNS, Severity.UNKNOWN, Severity.FINE

LISTS = {Purpose.ITEM: "items", Purpose.ACCOUNT: "accounts", Purpose.METHOD: "methods"}
PAGES = {
    Purpose.ITEM: "Lists › Accounting › Items",
    Purpose.ACCOUNT: "Lists › Accounting › Accounts",
    Purpose.METHOD: "Setup › Accounting › Accounting Lists",
}


def find_configured(
    answers: AccountAnswers, facts: AccountFacts, configured: Configured, *, subsidiary_id: str
) -> Iterator[Finding]:
    wrong = 0
    for use in configured.uses:
        found = list(_judge_use(use, facts, subsidiary_id=subsidiary_id))
        wrong += len(found)
        yield from found
    yield from _unreadable_lists(answers, configured)
    if configured.uses and not wrong and facts.locations is not None:
        words = "Every location, item and account that the policies name exists and fits."
        yield Finding(code="configured", severity=FINE, words=words)


def _judge_use(use: Use, facts: AccountFacts, *, subsidiary_id: str) -> Iterator[Finding]:
    if use.purpose.is_location:
        if facts.locations is not None:
            yield from _judge_place(use, facts.locations.get(use.id), facts, subsidiary_id=subsidiary_id)
        return
    known: dict[str, Listed] | None = getattr(facts, LISTS[use.purpose])
    if known is not None:
        yield from _judge_listed(use, known.get(use.id))


def _judge_place(use: Use, place: Place | None, facts: AccountFacts, *, subsidiary_id: str) -> Iterator[Finding]:
    code = f"location:{use.purpose}:{use.id}"
    if place is None:
        yield _missing(use, "location", code=code)
        return
    name = f"{place.name} ({place.id})"
    if place.is_inactive:
        yield _wrong(code, f"The {use.purpose} location of {use.shop}, {name}, is inactive.", NETSUITE_ADMIN,
                     f"Activate it, or choose another in the policy («{use.name}»).")  # fmt: skip
    if use.purpose == Purpose.HOLDING and place.available:
        yield _wrong(code, f"The holding location of {use.shop}, {name}, makes its stock available: units would be "
                     "sold before anybody inspected them.", NETSUITE_ADMIN,
                     "Clear Make Inventory Available on the location, or choose another in the policy.")  # fmt: skip
    if use.purpose == Purpose.DAMAGED and place.available:
        yield _wrong(code, f"The location for damaged units of {use.shop}, {name}, makes its stock available.",
                     NETSUITE_ADMIN, "Clear Make Inventory Available on it, or choose another.")  # fmt: skip
    if use.purpose == Purpose.SELLABLE and place.available is False:
        yield _wrong(code, f"The sellable location of {use.shop}, {name}, does not make its stock available.",
                     NETSUITE_ADMIN, "Set Make Inventory Available on it, or choose another in the policy.",
                     severity=WARNS)  # fmt: skip
    if place.uses_bins:
        yield _wrong(code, f"{name} uses bins; receipts over REST into bins are often refused.", NETSUITE_ADMIN,
                     "Choose a location without bins for returns.", severity=WARNS)  # fmt: skip
    if facts.one_world and subsidiary_id and place.subsidiary_id and place.subsidiary_id != subsidiary_id:
        owner = facts.subsidiaries.get(place.subsidiary_id, place.subsidiary_id)
        yield _wrong(f"{code}:subsidiary", f"The {use.purpose} location of {use.shop}, {name}, belongs to another "
                     f"subsidiary: {owner}.", OURS_ADMIN,
                     "Choose a location of the shop's own subsidiary in the policy.")  # fmt: skip


def _judge_listed(use: Use, listed: Listed | None) -> Iterator[Finding]:
    code = f"{use.purpose}:{use.id}:{use.name}"
    if listed is None:
        yield _missing(use, str(use.purpose), code=code)
    elif listed.is_inactive:
        yield _wrong(code, f"The {use.purpose} {listed.name} ({listed.id}) for «{use.name}» of {use.shop} is inactive.",
                     FINANCE, f"Activate it under {PAGES[use.purpose]}, or name another in the policy.")  # fmt: skip


def _missing(use: Use, what: str, *, code: str) -> Finding:
    return Finding(
        code=code,
        severity=BLOCKS,
        words=f"NetSuite has no {what} {use.id}, which the policy of {use.shop} names as «{use.name}».",
        who=OURS_ADMIN,
        todo="Name one that exists. If it does exist, the integration's role may not see it.",
    )


def _wrong(code: str, words: str, who: str, todo: str, *, severity: Severity = BLOCKS) -> Finding:
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
