"""A shop's rules in words: one sentence a setting, as the people who live by them would say it. Pure.

The form, the preview before a change, and the comparison of two versions all speak these sentences.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

from integrations.profile import AccountFacts
from returnsops.returns.policy import (
    EXCHANGE_CLEARING,
    SEVERAL,
    WRONG_ITEM,
    Assessment,
    CreditLines,
    Deadlines,
    ExchangeAddress,
    ExchangeForm,
    ExchangeOrder,
    ExchangeSettlement,
    ExchangeStock,
    ExchangeTiming,
    Grade,
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

# What each choice means, as a sentence of its own and as a line of the form.
CHOICES: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    Ownership: {
        Ownership.OBSERVE: "another system writes them; ReturnsOps watches and reports",
        Ownership.SHADOW: "another system writes them; ReturnsOps says what it would have written",
        Ownership.WRITE: "ReturnsOps writes them",
    },
    RmaTrigger: {
        RmaTrigger.CREATED: "as soon as the return exists",
        RmaTrigger.APPROVED: "once Loop does not hold the return for review",
        RmaTrigger.IN_TRANSIT: "with the first scan of the parcel",
    },
    RmaSource: {
        RmaSource.BILL: "the invoice or cash sale",
        RmaSource.BILL_ELSE_ORDER: "the invoice or cash sale; from the order if none comes in time or holds every unit",
        RmaSource.ORDER: "the sales order, once it is shipped; its credit waits until the order is billed",
    },
    ReceiptTrigger: {
        ReceiptTrigger.INSPECTION: "once they are judged",
        ReceiptTrigger.ARRIVAL_TO_HOLD: "on hold, with the scan of their parcel at the dock",
        ReceiptTrigger.LOOP_RESTOCK_TO_HOLD: "on hold, when Loop says that it put them back into the shop's stock",
        ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE: "as sellable when Loop says that it put them back into the shop's "
        "stock, if an exemption names their SKU; all others once they are judged",
    },
    ReceiptShape: {
        ReceiptShape.AFTER_INSPECTION: "straight to their places, one Item Receipt per place",
        ReceiptShape.HOLD_THEN_TRANSFER: "to the holding location, and by an Inventory Transfer to their places once "
        "they are judged",
    },
    RefundAuthority: {
        RefundAuthority.NETSUITE_FIRST: "NetSuite first: Loop pays only after the credit is in the books",
        RefundAuthority.LOOP_FIRST: "Loop first: Loop pays by its own rules, and ReturnsOps books what was paid",
    },
    CreditLines: {
        CreditLines.NET: "net: a kept fee lowers the price on the line of the item",
        CreditLines.GROSS_WITH_FEE_LINE: "gross: the item at its full price, and a kept fee on a line of its own",
    },
    ExchangeOrder: {
        ExchangeOrder.EXPECT: "comes through the shop's connector; ReturnsOps waits for it and reports if it does not",
        ExchangeOrder.CREATE: "ReturnsOps creates it",
    },
    ExchangeForm: {
        ExchangeForm.SEPARATE_ORDER: "on an order of their own",
        ExchangeForm.NATIVE: "on the original order, so no other is awaited",
    },
    ExchangeTiming: {
        ExchangeTiming.FROM_LOOP: "when Loop has settled, or at once if Loop made it before",
        ExchangeTiming.ON_CONFIRMATION: "as soon as the return exists",
        ExchangeTiming.ON_CARRIER_SCAN: "with the first scan of the parcel",
        ExchangeTiming.ON_RECEIPT: "once the units are inspected",
    },
    ExchangeSettlement: {
        ExchangeSettlement.ZERO_CREDIT: "Loop discount on: the credit of an exchange comes to nothing",
        ExchangeSettlement.VALUE_IN_VALUE_OUT: "Loop discount off: the credit of an exchange pays its invoice; "
        "on cash sales both sides meet on a clearing account",
    },
    ExchangeStock: {
        ExchangeStock.IGNORED: "ordered at once, and back-ordered by NetSuite where it has none",
        ExchangeStock.CHECKED: "ordered once NetSuite has them; until then finance is asked",
    },
    ExchangeAddress: {
        ExchangeAddress.CUSTOMER: "to the customer's default address in NetSuite",
        ExchangeAddress.ORIGINAL_ORDER: "to the address of the original order; if it shows none, finance is asked",
    },
    KeptItems: {
        KeptItems.ASK: "when a person says so; finance is asked where Loop settled and never made a label",
        KeptItems.LINE_OUTCOME: "by the outcome «keep_item» of its units in Loop",
        KeptItems.NO_LABEL: "when Loop settled and never made a label",
    },
    ReadBack: {
        ReadBack.EVERY: "every document that ReturnsOps made is read back",
        ReadBack.BY_RISK: "what moves money, what something waits for and what did not go smoothly is read back, and a "
        "share of all other documents; the rest is trusted, and says so",
    },
}
RECORDS = {
    "rma": "Return Authorizations",
    "receipt": "Item Receipts",
    "credit": "Credit Memos",
    "refund": "Refunds",
    "exchange_order": "Exchange orders",
}
PLACES = {"holding": "Units on hold", "sellable": "Sellable units", "damaged": "Damaged units"}
JUDGEMENTS = {
    "sellable": "sellable units",
    "damaged": "damaged units",
    "hold": "units on hold",
    "scrapped": "scrapped units",
    "refused": "refused units",
    "missing": "missing units",
    WRONG_ITEM: "units replaced by another item",
}
GRADES = {
    Grade.GRADE_A: "grade A",
    Grade.GRADE_B: "grade B",
    Grade.GRADE_C: "grade C",
    Grade.GRADE_D: "grade D",
    Grade.INCORRECT_ITEM: "incorrect item",
    Grade.MISSING: "missing",
    Grade.JUNK: "junk",
}
ASSESSMENTS = {
    Assessment.BACK_TO_STOCK: "back to stock",
    Assessment.RESALE_HOLD: "on hold for resale",
    Assessment.RECYCLE: "recycled",
    Assessment.DONATE: "donated",
    Assessment.MISSING: "missing",
}
ITEMS = {
    "difference_tax": "A difference in tax",
    "difference_discount": "A difference in discount or price",
    "difference_rounding": "A rounding",
    "fee": "A fee that is kept",
    "exchange_discount": "What an exchange pays for",
    "difference_shipping": "A difference in shipping",
    "difference_fee": "A difference in the fee",
    "difference_overpaid": "What Loop paid beyond the goods",
    "difference_underpaid": "What Loop did not pay of the goods",
    "shipping": "Shipping that is given back",
    "shipping_tax": "The tax of shipping that is given back",
    "store_credit": "Store credit for a cash sale",
    "exchange_clearing": "What a cash sale pays of an exchange",
    "kept_goods": "Goods that the customer keeps",
    "kept_tax": "The tax of goods that the customer keeps",
    "duties": "Duties that are given back",
}
DEADLINES = {
    "sale": "The original order is not in NetSuite",
    "rma": "The Return Authorization is not in NetSuite, from its moment on",
    "bill": "An order that was returned from is not billed, and its credit waits",
    "parcel": "A parcel that the carrier has is not here, from the request on",
    "hold": "A unit on hold is not judged again",
    "restock": "What Loop put back into the shop's stock is not inspected",
    "inspection": "A parcel that was delivered or scanned is not inspected",
    "second_parcel": "The rest of a return is not inspected, after its last unit that was",
    "receipt": "What was inspected is not received by the other system that does so",
    "credit": "What was inspected is not credited by the other system that does so",
    "refund": "What Loop paid is not booked by the other system that does so",
    "rma_closed": "The other system has not closed the Return Authorization of a return that ended",
    "settlement": "Loop has not settled after it accepted our request",
    "loop_settles": "Loop has not settled by its own rules what was inspected",
    "exchange_order": "The exchange order is not in NetSuite",
    "exchange_invoice": "The exchange order is not billed, and the credit waits for it",
    "read_back": "What was posted is not complete in both systems",
    "closed_unprocessed": "Loop has closed a return without paying",
}
NOT_GATEWAYS = {SEVERAL: "A Cash Refund of several gateways", EXCHANGE_CLEARING: "The cash sale of an exchange"}
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
        *_exchanges(policy),
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

    def place(self, place_id: str) -> str:
        return _named(place_id, self.known.locations if self.known else None)

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
        yield Sentence(topic, f"ownership.{kind}", f"{records}: {CHOICES[Ownership][owner]}.")


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
    if policy.restock_exemption != RestockExemption():
        yield Sentence(topic, "restock_exemption", _exemption_words(policy.restock_exemption))
    for field, units in PLACES.items():
        place = getattr(policy.locations, field)
        where = f"go to location {names.place(place)}" if place else "have no location of their own: they stay on hold"
        yield Sentence(topic, f"locations.{field}", f"{units} {where}.")
    account = names.account(policy.scrap_account) if policy.scrap_account else ""
    where = f"are written off to account {account}" if account else "wait on hold: there is no account for them"
    yield Sentence(topic, "scrap_account", f"Scrapped units {where}.")
    account = names.account(policy.found_account) if policy.found_account else ""
    where = f"may be taken into stock on hold against account {account}" if account else "are never taken into stock"
    yield Sentence(topic, "found_account", f"Goods in a parcel that are not on its return {where}.")
    for number, rule in enumerate(policy.place_rules, 1):
        text = f"{_units_of(rule)} go to location {names.place(rule.place)} instead."
        yield Sentence(topic, f"place_rules.{number}", text)
    kept = CHOICES[KeptItems][policy.kept_items]
    yield Sentence(topic, "kept_items", f"That a customer keeps the goods is known {kept}.")


def _exemption_words(exemption: RestockExemption) -> str:
    until = f"{exemption.until:%d %b %Y}" if exemption.until else "no day"
    skus = ", ".join(exemption.skus) or "no SKU"
    return f"Exempt from inspection up to {until}: {skus}. Reason: {exemption.reason or 'none'}"


def _units_of(rule: PlaceRule) -> str:
    units = PLACES[rule.outcome]
    if rule.sku:
        units += f" of SKUs that begin with {rule.sku[:-1]}" if rule.sku.endswith("*") else f" of SKU {rule.sku}"
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
        f"Finance is asked before any credit above {limit}.",
    )  # fmt: skip
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
    holds = "include the tax, which is taken out" if policy.prices_include_tax else "come without tax"
    yield Sentence(topic, "prices_include_tax", f"Loop's prices {holds}.")
    name = policy.duties_field
    told = f"under «{name}»" if name else "by no name, so they count as paid beyond the goods"
    yield Sentence(topic, "duties_field", f"Loop tells duties that it gave back {told}.")


def _exchanges(policy: Policy) -> Iterator[Sentence]:
    topic = "Exchanges"
    yield Sentence(topic, "exchange_order", f"An exchange order: {CHOICES[ExchangeOrder][policy.exchange_order]}.")
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
    return f"Loop is told {what}: {', '.join(pairs)}."


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
