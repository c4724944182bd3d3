"""A shop's rules in words: one sentence a setting, as the people who live by them would say it. Pure.

The form, the preview before a change, and the comparison of two versions all speak these sentences.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta

from integrations.profile import AccountFacts
from returnsops.returns.places import location_of, status_of
from returnsops.returns.plan.wording import name_places
from returnsops.returns.policy import (
    CreditLines,
    Deadlines,
    ExchangeAddress,
    ExchangeForm,
    ExchangeOrder,
    ExchangeSettlement,
    ExchangeStock,
    ExchangeTiming,
    KeptItems,
    Ownership,
    PlaceRule,
    Policy,
    ReadBack,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
    RestockExemption,
    RmaSource,
    RmaTrigger,
)
from returnsops.returns.policy_terms import (
    ASSESSMENTS,
    CHOICES,
    DEADLINES,
    GRADES,
    ITEMS,
    JUDGEMENTS,
    NOT_GATEWAYS,
    PLACES,
    RECORDS,
)

BROUGHT = "the shop's connector writes them"
LINKED = f"{BROUGHT}; ReturnsOps enters the number of the original order on them"
NOT_YET_OURS = "somebody else makes it; ReturnsOps would create it, if it wrote exchange orders"
WHOLE = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


@dataclass(frozen=True)
class Sentence:
    """setting: its name in the rules, such as `locations.damaged`."""

    topic: str
    setting: str
    text: str


def describe_policy(policy: Policy, known: AccountFacts | None = None) -> list[Sentence]:
    """known: what the last check told of the account, so that ids get their names."""
    names = Names(known)
    return [
        *_who_writes(policy),
        *_goods(policy, names),
        *_money(policy, names),
        *_exchanges(policy, names),
        *_told_to_loop(policy),
        *_checks(policy),
        *_clocks(policy.deadlines),
    ]


@dataclass(frozen=True)
class Change:
    """before, after: None where the setting is only in one of the two."""

    topic: str
    setting: str
    before: str | None
    after: str | None


def compare_policies(former: Policy, later: Policy, known: AccountFacts | None = None) -> list[Change]:
    """The sentences that differ, in the order in which they are read."""
    before = {one.setting: one for one in describe_policy(former, known)}
    after = {one.setting: one for one in describe_policy(later, known)}
    found = []
    for setting in dict.fromkeys([*before, *after]):
        old, new = before.get(setting), after.get(setting)
        either = new or old
        if either and (old is None or new is None or old.text != new.text):
            found.append(Change(either.topic, setting, old.text if old else None, new.text if new else None))
    return found


@dataclass(frozen=True)
class Names:
    """Ids of NetSuite with the names that a check found out."""

    known: AccountFacts | None

    def place(self, place: str) -> str:
        known = (self.known and self.known.locations) or {}
        named = name_places(f"location {location_of(place)}", lambda one: known[one].name if one in known else "")
        status = status_of(place)
        return named + (f" in status {_named(status, self.known.statuses if self.known else None)}" if status else "")

    def item(self, item_id: str) -> str:
        return _named(item_id, self.known.items if self.known else None)

    def account(self, account_id: str) -> str:
        return _named(account_id, self.known.accounts if self.known else None)

    def method(self, method_id: str) -> str:
        return _named(method_id, self.known.methods if self.known else None)


def duration_words(limit: timedelta) -> str:
    """90 minutes, 1 hour, 3 days; a fraction of a minute in seconds."""
    for unit, name in WHOLE:
        if limit >= unit and not limit % unit:
            return _count(limit // unit, name)
    return _count(int(limit.total_seconds()), "second")


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}" if number == 1 else f"{number:,} {name}s"


def _named(one_id: str, known: Mapping[str, object] | None) -> str:
    name = getattr((known or {}).get(one_id), "name", "")
    return f"{name} ({one_id})" if name else one_id


def _who_writes(policy: Policy) -> Iterator[Sentence]:
    topic = "Who writes what"
    for kind, records in RECORDS.items():
        owner = policy.ownership.get(kind, Ownership.OBSERVE)
        is_brought = (kind, owner, policy.exchange_order) == ("exchange_order", Ownership.WRITE, ExchangeOrder.EXPECT)
        brought = LINKED if policy.link_field else BROUGHT
        words = brought if is_brought else CHOICES[Ownership][owner]
        yield Sentence(topic, f"ownership.{kind}", f"{records}: {words}.")


def _goods(policy: Policy, names: Names) -> Iterator[Sentence]:
    topic = "Goods"
    when = CHOICES[RmaTrigger][policy.rma_trigger]
    yield Sentence(
        topic, "rma_trigger", f"A Return Authorization is made {when}, never while Loop holds it for review."
    )
    source = CHOICES[RmaSource][policy.rma_source]
    yield Sentence(topic, "rma_source", f"A Return Authorization is made from {source}.")
    yield Sentence(topic, "receipt_trigger", f"Units are received {CHOICES[ReceiptTrigger][policy.receipt_trigger]}.")
    yield Sentence(topic, "receipt_shape", f"Received units go {CHOICES[ReceiptShape][policy.receipt_shape]}.")
    yield from _places(topic, policy, names)
    kept = CHOICES[KeptItems][policy.kept_items]
    yield Sentence(topic, "kept_items", f"That a customer keeps the goods is known {kept}.")


def _places(topic: str, policy: Policy, names: Names) -> Iterator[Sentence]:
    if policy.restock_exemption != RestockExemption():
        yield Sentence(topic, "restock_exemption", _exemption_words(policy.restock_exemption))
    for field, units in PLACES.items():
        place = getattr(policy.locations, field)
        unset = "have no location" if field == "holding" else "have no location of their own: they stay on hold"
        where = f"go to {names.place(place)}" if place else unset
        yield Sentence(topic, f"locations.{field}", f"{units} {where}.")
    account = names.account(policy.scrap_account) if policy.scrap_account else ""
    where = f"are written off to account {account}" if account else "wait on hold: there is no account for them"
    yield Sentence(topic, "scrap_account", f"Scrapped units {where}.")
    account = names.account(policy.found_account) if policy.found_account else ""
    where = f"may be taken into stock on hold against account {account}" if account else "are never taken into stock"
    yield Sentence(topic, "found_account", f"Goods in a parcel that are not on its return {where}.")
    for number, rule in enumerate(policy.place_rules, 1):
        text = f"{_units_of(rule)} go to {names.place(rule.place)} instead."
        yield Sentence(topic, f"place_rules.{number}", text)


def _exemption_words(exemption: RestockExemption) -> str:
    until = f"{exemption.until:%d %b %Y}" if exemption.until else "no day"
    skus = ", ".join(exemption.skus) or "no SKU"
    return f"Exempt from inspection up to {until}: {skus}. Reason: {exemption.reason or 'none'}"


def _units_of(rule: PlaceRule) -> str:
    units = PLACES[rule.outcome]
    if rule.sku:
        units += f" of SKUs that begin with {rule.sku[:-1]}" if rule.sku.endswith("*") else f" of SKU {rule.sku}"
    if rule.category:
        begins = rule.category.endswith("*")
        units += f" of categories that begin with {rule.category[:-1]}" if begins else f" of category {rule.category}"
    return units + (f" sent to Loop's destination {rule.destination}" if rule.destination else "")


def _money(policy: Policy, names: Names) -> Iterator[Sentence]:
    topic = "Money"
    yield Sentence(topic, "refund_authority", f"{CHOICES[RefundAuthority][policy.refund_authority]}.")
    yield Sentence(topic, "credit_lines", f"Credits are {CHOICES[CreditLines][policy.credit_lines]}.")
    percent = (policy.tolerance_share * 100).normalize()
    yield Sentence(
        topic, "tolerance",
        f"A difference of {policy.tolerance_per_line} a line, but no more than {percent:f} % of the goods, is booked "
        "without asking; finance is asked before any other.",
    )  # fmt: skip
    limit = policy.approval_above
    yield Sentence(
        topic, "approval_above",
        "No credit needs an approval for its size alone." if limit is None else
        f"Finance is asked before any credit above {limit}. New goods of an exchange count.",
    )  # fmt: skip
    yield from _booking(topic, policy, names)
    holds = "include the tax, which is taken out" if policy.prices_include_tax else "come without tax"
    yield Sentence(topic, "prices_include_tax", f"Loop's prices {holds}.")
    name = policy.duties_field
    told = f"under «{name}»" if name else "by no name, so they count as paid beyond the goods"
    yield Sentence(topic, "duties_field", f"Loop tells duties that it gave back {told}.")


def _booking(topic: str, policy: Policy, names: Names) -> Iterator[Sentence]:
    for key, words in ITEMS.items():
        item = policy.items.get(key, "")
        where = f"is booked on item {names.item(item)}" if item else "has no item: where it occurs, the return waits"
        yield Sentence(topic, f"items.{key}", f"{words} {where}.")
    for gateway, tender in sorted(policy.tenders.items()):
        method = f", method {names.method(tender.payment_option_id)}" if tender.payment_option_id else ""
        account = names.account(tender.account_id)
        paid = NOT_GATEWAYS.get(gateway, f"What {gateway} paid")
        yield Sentence(topic, f"tenders.{gateway}", f"{paid} is booked on account {account}{method}.")
    for name, code in sorted(policy.currencies.items()):
        yield Sentence(topic, f"currencies.{name}", f"What NetSuite calls «{name}» is {code}.")


def _exchanges(policy: Policy, names: Names) -> Iterator[Sentence]:
    topic = "Exchanges"
    is_not_ours = policy.exchange_order == ExchangeOrder.CREATE and not policy.writes("exchange_order")
    how = NOT_YET_OURS if is_not_ours else CHOICES[ExchangeOrder][policy.exchange_order]
    yield Sentence(topic, "exchange_order", f"An exchange order: {how}.")
    form, timing = CHOICES[ExchangeForm][policy.exchange_form], CHOICES[ExchangeTiming][policy.exchange_timing]
    yield Sentence(topic, "exchange_form", f"The new items of an exchange come {form}.")
    yield Sentence(topic, "exchange_timing", f"The exchange order should exist {timing}; its clock starts then.")
    field = policy.exchange_link_field
    link = (
        f"shows the original order in its field {field}" if field else "has no field of its own for the original order"
    )
    yield Sentence(topic, "exchange_link_field", f"An exchange order {link}, where ReturnsOps writes them.")
    yield Sentence(topic, "exchange_settlement", f"{CHOICES[ExchangeSettlement][policy.exchange_settlement]}.")
    stock, address = CHOICES[ExchangeStock][policy.exchange_stock], CHOICES[ExchangeAddress][policy.exchange_address]
    yield Sentence(topic, "exchange_stock", f"The goods of an exchange order that ReturnsOps creates are {stock}.")
    place = policy.exchange_location
    where = names.place(place) if place else "where NetSuite chooses: it names no location"
    yield Sentence(topic, "exchange_location", f"An exchange order that ReturnsOps creates ships from {where}.")
    yield Sentence(topic, "exchange_address", f"An exchange order that ReturnsOps creates goes {address}.")


def _told_to_loop(policy: Policy) -> Iterator[Sentence]:
    topic = "Told to Loop"
    grades = {outcome: GRADES[word] for outcome, word in policy.grades.items()}
    yield Sentence(topic, "grades", _told_words("in what condition units came", grades))
    assessments = {outcome: ASSESSMENTS[word] for outcome, word in policy.assessments.items()}
    yield Sentence(topic, "assessments", _told_words("what becomes of units", assessments))
    whether = "told as well" if policy.grades_when_ended else "told no more"
    yield Sentence(topic, "grades_when_ended", f"Of a return that is over in Loop, this is {whether}.")


def _told_words(what: str, told: Mapping[str, str]) -> str:
    if not told:
        return f"Loop is not told {what}."
    pairs = [f"{words} as {told[outcome]}" for outcome, words in JUDGEMENTS.items() if outcome in told]
    return f"Loop is told {what}: {', '.join(pairs)}; and what the inspector wrote of them."


def _checks(policy: Policy) -> Iterator[Sentence]:
    topic = "Checks"
    words = CHOICES[ReadBack][policy.read_back]
    yield Sentence(topic, "read_back", f"{words[:1].upper()}{words[1:]}.")
    if policy.read_back == ReadBack.BY_RISK:
        percent = (policy.read_back_share * 100).normalize()
        yield Sentence(topic, "read_back_share", f"Of documents without a risk, {percent:f} % are read back.")


def _clocks(deadlines: Deadlines) -> Iterator[Sentence]:
    for field in fields(deadlines):
        limit = duration_words(getattr(deadlines, field.name))
        text = f"{DEADLINES[field.name]}: a problem after {limit}."
        yield Sentence("When silence is a problem", f"deadlines.{field.name}", text)
