"""The rules of a shop, typed. `parse_policy` refuses nonsense and contradictions with a sentence a person can act on.

Source of the settings and their defaults: docs/architecture.md, «Policy».
"""

from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError


class Ownership(StrEnum):
    OBSERVE = "observe"  # somebody else writes these records; we watch and report
    SHADOW = "shadow"  # the same, and the step says what we would have posted
    WRITE = "write"


class RmaTrigger(StrEnum):
    CREATED = "created"
    APPROVED = "approved"
    IN_TRANSIT = "in_transit"


class RmaSource(StrEnum):
    """What a Return Authorization is made from (netsuite.md §3.1)."""

    BILL = "bill"  # invoice or cash sale: prices and taxes are those that were billed
    BILL_ELSE_ORDER = "bill_else_order"  # the order, if no bill came in time, or if none holds every unit
    ORDER = "order"  # always; the credit waits for the bill


class ReceiptTrigger(StrEnum):
    """What brings units into NetSuite's stock (requirement C01). A Loop restock is always kept as an expectation."""

    INSPECTION = "inspection"
    ARRIVAL_TO_HOLD = "arrival_to_hold"
    LOOP_RESTOCK_TO_HOLD = "loop_restock_to_hold"
    LOOP_RESTOCK_TO_SELLABLE = "loop_restock_to_sellable"  # only what a live exemption names


class ReceiptShape(StrEnum):
    """By which documents units come to their places (requirement C02)."""

    AFTER_INSPECTION = "after_inspection"  # one receipt per place
    HOLD_THEN_TRANSFER = "hold_then_transfer"  # all to the holding location, then Inventory Transfers


class RefundAuthority(StrEnum):
    NETSUITE_FIRST = "netsuite_first"  # Loop settles only after the credit is approved
    LOOP_FIRST = "loop_first"  # Loop paid; we mirror, credit and compare


class CreditLines(StrEnum):
    NET = "net"
    GROSS_WITH_FEE_LINE = "gross_with_fee_line"


class ExchangeOrder(StrEnum):
    EXPECT = "expect"  # comes through the shop's connector; we watch
    CREATE = "create"


class ExchangeForm(StrEnum):
    SEPARATE_ORDER = "separate_order"  # Loop makes an order of its own for the new items (loop.md §3.7, mode A)
    NATIVE = "native"  # the new items are added to the original order (mode B)


class ExchangeTiming(StrEnum):
    """When the exchange order should exist: its clock starts there (requirement C05)."""

    FROM_LOOP = "from_loop"  # when Loop settled, or at once if it made the order before
    ON_CONFIRMATION = "on_confirmation"
    ON_CARRIER_SCAN = "on_carrier_scan"
    ON_RECEIPT = "on_receipt"  # judged by the warehouse


class ExchangeSettlement(StrEnum):
    ZERO_CREDIT = "zero_credit"  # Loop discount on
    VALUE_IN_VALUE_OUT = "value_in_value_out"  # Loop discount off


class KeptItems(StrEnum):
    """How Loop tells that the customer keeps the goods, which it documents nowhere (loop.md §3.3, §10)."""

    ASK = "ask"  # a return settled without any label is a case; a person says
    LINE_OUTCOME = "line_outcome"  # the units' own outcome is «keep_item»
    NO_LABEL = "no_label"  # settled, and there never was a label


RESTOCK_TRIGGERS = (ReceiptTrigger.LOOP_RESTOCK_TO_HOLD, ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE)
OUTCOMES = ("sellable", "damaged")  # of an inspection that accepts the unit
SEVERAL = "several"  # in the place of a gateway: the account of a Cash Refund of more than one
EXCHANGE_CLEARING = "exchange_clearing"  # in the place of a gateway: on which an exchange's own cash sale is booked
RECORD_KINDS = ("rma", "receipt", "credit", "refund", "exchange_order")
ITEM_KEYS = (
    "difference_tax", "difference_discount", "difference_rounding", "fee", "exchange_discount", "difference_shipping",
    "difference_fee", "difference_overpaid", "difference_underpaid", "shipping", "shipping_tax", "store_credit",
    "exchange_clearing", "kept_goods", "kept_tax", "duties",
)  # fmt: skip


@dataclass(frozen=True)
class Locations:
    """NetSuite location ids. Unset means the holding location, never the sellable one (requirement D6)."""

    holding: str = ""
    sellable: str = ""
    damaged: str = ""

    def for_outcome(self, outcome: str) -> str:
        """On hold lies what was judged so, and what is to be scrapped until it is written off."""
        chosen = {"sellable": self.sellable, "damaged": self.damaged}.get(outcome, "")
        return chosen or self.holding


@dataclass(frozen=True)
class PlaceRule:
    """Accepted units that go elsewhere than `locations` says: of a SKU, to a destination of Loop, or both.

    sku: as Loop names it, whatever its case; with a star at its end, all that begin so. Empty: every SKU.
    """

    outcome: str
    place: str
    sku: str = ""
    destination: str = ""

    def fits(self, *, outcome: str, sku: str, destination: str) -> bool:
        if outcome != self.outcome or (self.destination and destination != self.destination):
            return False
        return not self.sku or fits_sku(self.sku, sku)


@dataclass(frozen=True)
class RestockExemption:
    """Units that may become sellable because Loop restocked them, uninspected: why, which, and up to which day."""

    reason: str = ""
    until: date | None = None  # the last day on which it holds, by the account's calendar
    skus: tuple[str, ...] = ()

    def is_live(self, today: date) -> bool:
        return bool(self.reason and self.until and today <= self.until)

    def names(self, sku: str) -> bool:
        return any(fits_sku(one, sku) for one in self.skus)


def fits_sku(wanted: str, sku: str) -> bool:
    """Whatever its case; with a star at its end, all that begin so."""
    wanted, sku = wanted.casefold(), sku.casefold()
    return sku.startswith(wanted[:-1]) if wanted.endswith("*") else sku == wanted


@dataclass(frozen=True)
class Tender:
    """Where a customer refund of one payment gateway is booked: a clearing account, never a card."""

    account_id: str
    payment_option_id: str = ""


@dataclass(frozen=True)
class Deadlines:
    """When a thing that did not come becomes a problem."""

    sale: timedelta = timedelta(hours=1)  # the original order is in NetSuite, after the return was created
    rma: timedelta = timedelta(minutes=5)  # after its moment (`rma_trigger`)
    bill: timedelta = timedelta(days=1)  # an order that was returned from is billed, after its units were judged
    parcel: timedelta = timedelta(days=30)  # a parcel that the carrier has comes, after the return was created
    hold: timedelta = timedelta(days=14)  # a unit on hold is judged again
    restock: timedelta = timedelta(days=7)  # what Loop put back on sale is inspected
    inspection: timedelta = timedelta(days=3)  # after delivery or arrival, whichever is known first
    second_parcel: timedelta = timedelta(days=7)  # the rest is judged, after the last unit that was
    receipt: timedelta = timedelta(days=1)  # made by another system, after the units were judged
    credit: timedelta = timedelta(days=1)  # the same, after that; under `loop_first` after Loop settled
    refund: timedelta = timedelta(days=1)  # the same, after Loop settled
    rma_closed: timedelta = timedelta(days=1)  # by another system, after the return ended
    settlement: timedelta = timedelta(hours=1)  # after Loop accepted our request
    loop_settles: timedelta = timedelta(days=3)  # by Loop's own rules, after the units were judged
    exchange_order: timedelta = timedelta(hours=1)  # after its moment (`exchange_timing`)
    exchange_invoice: timedelta = timedelta(days=14)  # after Loop settled, where the credit waits for it
    read_back: timedelta = timedelta(minutes=15)
    closed_unprocessed: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Policy:
    ownership: dict[str, Ownership] = field(default_factory=lambda: dict.fromkeys(RECORD_KINDS, Ownership.OBSERVE))
    rma_trigger: RmaTrigger = RmaTrigger.CREATED
    rma_source: RmaSource = RmaSource.BILL
    receipt_trigger: ReceiptTrigger = ReceiptTrigger.INSPECTION
    receipt_shape: ReceiptShape = ReceiptShape.AFTER_INSPECTION
    restock_exemption: RestockExemption = RestockExemption()
    refund_authority: RefundAuthority = RefundAuthority.NETSUITE_FIRST
    credit_lines: CreditLines = CreditLines.NET
    exchange_order: ExchangeOrder = ExchangeOrder.EXPECT
    exchange_form: ExchangeForm = ExchangeForm.SEPARATE_ORDER
    exchange_timing: ExchangeTiming = ExchangeTiming.FROM_LOOP
    exchange_link_field: str = ""  # custom field on exchange orders we make, for the number of the original order
    exchange_settlement: ExchangeSettlement = ExchangeSettlement.ZERO_CREDIT
    tolerance_per_line: Decimal = Decimal("0.01")
    tolerance_share: Decimal = Decimal("0.005")
    approval_above: Decimal | None = None
    locations: Locations = Locations()
    place_rules: tuple[PlaceRule, ...] = ()  # the first that fits holds
    scrap_account: str = ""  # what scrapped units are written off to
    items: dict[str, str] = field(default_factory=dict)
    tenders: dict[str, Tender] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)  # NetSuite's own name of a currency → its code
    prices_include_tax: bool = False
    duties_field: str = ""  # under which name Loop tells duties that it gave back; it documents none (loop.md §7.4)
    kept_items: KeptItems = KeptItems.ASK
    deadlines: Deadlines = Deadlines()

    def writes(self, record_kind: str) -> bool:
        return self.ownership.get(record_kind, Ownership.OBSERVE) == Ownership.WRITE

    def shadows(self, record_kind: str) -> bool:
        return self.ownership.get(record_kind, Ownership.OBSERVE) == Ownership.SHADOW

    def place_of(self, *, outcome: str, sku: str, destination: str) -> str:
        """Where an accepted unit goes."""
        fits = (one.place for one in self.place_rules if one.fits(outcome=outcome, sku=sku, destination=destination))
        return next(fits, None) or self.locations.for_outcome(outcome)

    @property
    def sellable_places(self) -> frozenset[str]:
        """Where only units go that passed their inspection."""
        named = {self.locations.sellable, *(one.place for one in self.place_rules if one.outcome == "sellable")}
        return frozenset(named - {"", self.locations.holding, self.locations.damaged})


def parse_policy(rules: dict[str, Any]) -> Policy:
    """Rules as stored (JSON) → Policy. Raises ValidationError naming every setting that is wrong."""
    wrong: list[str] = []
    values: dict[str, Any] = {}
    unknown = set(rules) - {setting.name for setting in fields(Policy)}
    wrong += [f"There is no setting «{name}»." for name in sorted(unknown)]
    for name, read in READERS.items():
        if name in rules:
            try:
                values[name] = read(rules[name])
            except (ValueError, TypeError, ArithmeticError, KeyError, AttributeError):
                wrong.append(f"«{name}» cannot be {rules[name]!r}.")
    policy = Policy(**values)
    wrong += find_contradictions(policy)
    if wrong:
        raise ValidationError(wrong)
    return policy


def find_contradictions(policy: Policy) -> list[str]:
    """Settings that exclude each other, each as a sentence with the way out."""
    found = []
    if policy.writes("receipt") and not policy.locations.holding:
        found.append("Receipts are written but no holding location is set. Set «locations.holding».")
    if policy.locations.sellable and policy.locations.sellable == policy.locations.damaged:
        found.append("Sellable and damaged units go to the same location. Choose two.")
    if policy.locations.sellable and policy.locations.sellable == policy.locations.holding:
        found.append("Units on hold would lie at the sellable location. Choose a holding location of its own.")
    if policy.writes("receipt") and not policy.writes("rma"):
        found.append("Receipts need the Return Authorization's lines. Let ReturnsOps write «rma» as well.")
    found += _contradictions_of_receipts(policy)
    if policy.exchange_form == ExchangeForm.NATIVE and policy.exchange_order == ExchangeOrder.CREATE:
        found.append("Native exchanges have no order of their own to create. Set «exchange_order» to «expect».")
    return [*found, *_contradictions_of_places(policy)]


def _contradictions_of_receipts(policy: Policy) -> list[str]:
    found = []
    trigger, exemption = policy.receipt_trigger, policy.restock_exemption
    to_hold = trigger in (ReceiptTrigger.ARRIVAL_TO_HOLD, ReceiptTrigger.LOOP_RESTOCK_TO_HOLD)
    if to_hold and policy.receipt_shape == ReceiptShape.AFTER_INSPECTION:
        found.append(
            "Units would be received before they are judged, and nothing would move them on. Set «receipt_shape» to "
            "«hold_then_transfer», or «receipt_trigger» to «inspection»."
        )
    if trigger in RESTOCK_TRIGGERS and policy.refund_authority == RefundAuthority.NETSUITE_FIRST:
        found.append(
            "Loop restocks when it settles, and under «netsuite_first» it settles only after the receipt: both would "
            "wait for each other. Set «refund_authority» to «loop_first», or «receipt_trigger» to «inspection»."
        )
    is_dated = exemption.reason and exemption.until and exemption.skus
    if trigger == ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE and not is_dated:
        found.append(
            "A Loop restock makes units sellable only by an exemption. Say its reason, its last day and its SKUs under "
            "«restock_exemption»."
        )
    return found


def _contradictions_of_places(policy: Policy) -> list[str]:
    found = []
    for one in policy.place_rules:
        if one.outcome == "damaged" and one.place in policy.sellable_places:
            found.append(
                f"A rule sends damaged units to location {one.place}, where sellable units go. Choose another."
            )
    conditions = [(one.outcome, one.sku.casefold(), one.destination) for one in policy.place_rules]
    if len(set(conditions)) < len(conditions):
        found.append("Two rules of places are for the same units. Keep one of them.")
    return found


def read_place_rules(value: list[dict[str, str]]) -> tuple[PlaceRule, ...]:
    rules = tuple(PlaceRule(**{name: str(one) for name, one in row.items()}) for row in value)
    for one in rules:
        if one.outcome not in OUTCOMES or not one.place or not (one.sku.rstrip("*") or one.destination):
            raise ValueError(f"{one} names no units or no place")
    return rules


def read_exemption(value: dict[str, Any]) -> RestockExemption:
    unknown = set(value) - {setting.name for setting in fields(RestockExemption)}
    if unknown:
        raise ValueError(f"unknown parts {unknown}")
    skus = tuple(str(one).strip() for one in value.get("skus", []))
    if any(not one.rstrip("*") for one in skus):
        raise ValueError("an exemption names SKUs, never all of them")
    until = date.fromisoformat(value["until"]) if value.get("until") else None
    return RestockExemption(str(value.get("reason", "")).strip(), until, skus)


def read_ownership(value: dict[str, str]) -> dict[str, Ownership]:
    unknown = set(value) - set(RECORD_KINDS)
    if unknown:
        raise ValueError(f"unknown record kinds {unknown}")
    return {kind: Ownership(value.get(kind, Ownership.OBSERVE)) for kind in RECORD_KINDS}


def read_items(value: dict[str, str]) -> dict[str, str]:
    unknown = set(value) - set(ITEM_KEYS)
    if unknown:
        raise ValueError(f"unknown items {unknown}")
    return {key: str(item) for key, item in value.items()}


def read_currencies(value: dict[str, str]) -> dict[str, str]:
    if any(len(code) != 3 or not code.isalpha() for code in value.values()):
        raise ValueError("a currency has a code of three letters")
    return {str(name): code.upper() for name, code in value.items()}


def read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def read_name(value: Any) -> str:
    """Of a key in another system's answer: letters, digits and underscores."""
    name = str(value).strip()
    if name and not name.isidentifier():
        raise ValueError("not a name")
    return name


def read_amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError("not an amount")
    return amount


def read_deadlines(value: dict[str, float]) -> Deadlines:
    """Seconds by name, as JSON has no durations."""
    deadlines = Deadlines(**{name: timedelta(seconds=float(seconds)) for name, seconds in value.items()})
    if any(getattr(deadlines, name) < timedelta(0) for name in value):
        raise ValueError("a deadline before its moment")
    return deadlines


READERS: dict[str, Any] = {
    "ownership": read_ownership,
    "rma_trigger": RmaTrigger,
    "rma_source": RmaSource,
    "receipt_trigger": ReceiptTrigger,
    "receipt_shape": ReceiptShape,
    "restock_exemption": read_exemption,
    "refund_authority": RefundAuthority,
    "credit_lines": CreditLines,
    "exchange_order": ExchangeOrder,
    "exchange_form": ExchangeForm,
    "exchange_timing": ExchangeTiming,
    "exchange_link_field": read_name,
    "exchange_settlement": ExchangeSettlement,
    "tolerance_per_line": read_amount,
    "tolerance_share": read_amount,
    "approval_above": lambda value: None if value is None else read_amount(value),
    "place_rules": read_place_rules,
    "locations": lambda value: Locations(**{name: str(place) for name, place in value.items()}),
    "scrap_account": str,
    "items": read_items,
    "tenders": lambda value: {gateway: Tender(**tender) for gateway, tender in value.items()},
    "currencies": read_currencies,
    "prices_include_tax": read_flag,
    "duties_field": read_name,
    "kept_items": KeptItems,
    "deadlines": read_deadlines,
}
