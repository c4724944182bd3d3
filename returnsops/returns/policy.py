"""The rules of a shop, typed: the settings and their defaults. `policy_reading` makes them from what is stored.

Source: docs/architecture.md, «Policy».
"""

from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from returnsops.returns.places import location_of, status_of


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


class ExchangeStock(StrEnum):
    """Whether an exchange order of ours waits until NetSuite has its goods (requirement F8)."""

    IGNORED = "ignored"  # NetSuite back-orders what it does not have
    CHECKED = "checked"


class ExchangeAddress(StrEnum):
    """Where an exchange order of ours goes."""

    CUSTOMER = "customer"  # the customer's own default, which NetSuite fills in
    ORIGINAL_ORDER = "original_order"  # the address of the original order; without one it waits


class KeptItems(StrEnum):
    """How Loop tells that the customer keeps the goods, which it documents nowhere (loop.md §3.3, §10)."""

    ASK = "ask"  # a return settled without any label is a case; a person says
    LINE_OUTCOME = "line_outcome"  # the units' own outcome is «keep_item»
    NO_LABEL = "no_label"  # settled, and there never was a label


class ReadBack(StrEnum):
    """What of ours is read back and compared with what was sent (requirement Z8)."""

    EVERY = "every"
    BY_RISK = "by_risk"  # what moves money, what a plan waits for, what was not smooth; of the rest a share


class Grade(StrEnum):
    """In what condition a unit came, in Loop's words (loop.md §2.8)."""

    GRADE_A = "grade_a"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"
    GRADE_D = "grade_d"
    INCORRECT_ITEM = "incorrect_item"
    MISSING = "missing"
    JUNK = "junk"


class Assessment(StrEnum):
    """What becomes of a unit, in Loop's words (loop.md §2.8)."""

    BACK_TO_STOCK = "back_to_stock"
    RESALE_HOLD = "resale_hold"
    RECYCLE = "recycle"
    DONATE = "donate"
    MISSING = "missing"


RESTOCK_TRIGGERS = (ReceiptTrigger.LOOP_RESTOCK_TO_HOLD, ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE)
OUTCOMES = ("sellable", "damaged")  # of an inspection that accepts the unit
JUDGED = ("sellable", "damaged", "hold", "scrapped", "refused", "missing")  # all of them
WRONG_ITEM = "wrong_item"  # in the place of an outcome: something else lay in the place of a unit that is missing
CUSTOM_FIELD = "custbody"  # how NetSuite begins the script id of every custom field of a transaction's body
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
    """Places (`places.py`). Unset means the holding location, never the sellable one (requirement D6)."""

    holding: str = ""
    sellable: str = ""
    damaged: str = ""

    def for_outcome(self, outcome: str) -> str:
        """On hold lies what was judged so, and what is to be scrapped until it is written off."""
        chosen = {"sellable": self.sellable, "damaged": self.damaged}.get(outcome, "")
        return chosen or self.holding


@dataclass(frozen=True)
class PlaceRule:
    """Accepted units that go elsewhere than `locations` says: of a SKU, a category, to a destination of Loop.

    sku: as Loop names it, whatever its case; with a star at its end, all that begin so. Empty: every SKU.
    category: the same of what NetSuite's item tells (`NetSuiteAccount.category_field`).
    """

    outcome: str
    place: str
    sku: str = ""
    destination: str = ""
    category: str = ""

    def may_fit(self, *, outcome: str, sku: str, destination: str) -> bool:
        """Whatever the category."""
        if outcome != self.outcome or (self.destination and destination != self.destination):
            return False
        return not self.sku or fits_pattern(self.sku, sku)


@dataclass(frozen=True)
class RestockExemption:
    """Units that may become sellable because Loop restocked them, uninspected: why, which, and up to which day."""

    reason: str = ""
    until: date | None = None  # the last day on which it holds, by the account's calendar
    skus: tuple[str, ...] = ()

    def is_live(self, today: date) -> bool:
        return bool(self.reason and self.until and today <= self.until)

    def names(self, sku: str) -> bool:
        return any(fits_pattern(one, sku) for one in self.skus)


def fits_pattern(wanted: str, name: str) -> bool:
    """Whatever its case; with a star at its end, all that begin so."""
    wanted, name = wanted.casefold(), name.casefold()
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


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
    parcel: timedelta = timedelta(days=30)  # comes: after the request if the carrier has it, else after Loop settled
    hold: timedelta = timedelta(days=14)  # a unit on hold is judged again
    restock: timedelta = timedelta(days=7)  # what Loop put back on sale is inspected
    inspection: timedelta = timedelta(days=3)  # after delivery or arrival, whichever is known first
    second_parcel: timedelta = timedelta(days=7)  # the rest is judged, after the last unit that was
    receipt: timedelta = timedelta(days=1)  # made by another system, after the units were judged
    credit: timedelta = timedelta(days=1)  # the same, after that; under `loop_first` after Loop settled
    refund: timedelta = timedelta(days=1)  # the same, after Loop settled
    rma_closed: timedelta = timedelta(days=1)  # by another system, after the return ended
    settlement: timedelta = timedelta(hours=1)  # after Loop accepted our request
    loop_settles: timedelta = timedelta(days=3)  # where nobody asks it to from here, after the units were judged
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
    exchange_link_field: str = ""  # custom field on exchange orders, for the number of the original order
    exchange_settlement: ExchangeSettlement = ExchangeSettlement.ZERO_CREDIT
    exchange_stock: ExchangeStock = ExchangeStock.IGNORED
    exchange_location: str = ""  # where exchange orders of ours ship from; empty: NetSuite chooses, from all
    exchange_address: ExchangeAddress = ExchangeAddress.CUSTOMER
    tolerance_per_line: Decimal = Decimal("0.01")
    tolerance_share: Decimal = Decimal("0.005")
    approval_above: Decimal | None = None
    locations: Locations = Locations()
    place_rules: tuple[PlaceRule, ...] = ()  # the first that fits holds
    scrap_account: str = ""  # what scrapped units are written off to
    found_account: str = ""  # against which goods that no return declares are taken into stock on hold; empty: never
    items: dict[str, str] = field(default_factory=dict)
    tenders: dict[str, Tender] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)  # NetSuite's own name of a currency → its code
    prices_include_tax: bool = False
    duties_field: str = ""  # under which name Loop tells duties that it gave back; it documents none (loop.md §7.4)
    kept_items: KeptItems = KeptItems.ASK
    read_back: ReadBack = ReadBack.EVERY
    read_back_share: Decimal = Decimal("0.1")  # of what is trusted otherwise
    grades: dict[str, Grade] = field(default_factory=dict)  # by outcome, or WRONG_ITEM; what is not in it is not told
    assessments: dict[str, Assessment] = field(default_factory=dict)  # by outcome
    grades_when_ended: bool = True  # whether Loop takes either for a return that is over, which it documents nowhere
    deadlines: Deadlines = Deadlines()

    def writes(self, record_kind: str) -> bool:
        return self.ownership.get(record_kind, Ownership.OBSERVE) == Ownership.WRITE

    @property
    def link_field(self) -> str:
        """Never a field of NetSuite's own: rules that were stored before this was asked may name one."""
        field = self.exchange_link_field
        return field if field.startswith(CUSTOM_FIELD) and len(field) > len(CUSTOM_FIELD) else ""

    @property
    def creates_exchange_orders(self) -> bool:
        return self.exchange_order == ExchangeOrder.CREATE and self.writes("exchange_order")

    @property
    def checks_stock(self) -> bool:
        asked = (self.exchange_order, self.exchange_stock) == (ExchangeOrder.CREATE, ExchangeStock.CHECKED)
        return asked and self.writes("exchange_order")

    @property
    def stock_counted_at(self) -> str | None:
        """The location whose stock exchanges wait for, empty for all together; None where nobody asks for it."""
        location = self.exchange_location
        return location if self.checks_stock else None

    def shadows(self, record_kind: str) -> bool:
        return self.ownership.get(record_kind, Ownership.OBSERVE) == Ownership.SHADOW

    def place_of(self, *, outcome: str, sku: str, destination: str, category: str | None = None) -> str:
        """Where an accepted unit goes: on hold while a rule hangs on its category and nobody told that yet."""
        if category is None and self.hangs_on_category(outcome=outcome, sku=sku, destination=destination):
            return self.locations.holding
        for rule in self.place_rules:
            is_of_it = not rule.category or fits_pattern(rule.category, category or "")
            if is_of_it and rule.may_fit(outcome=outcome, sku=sku, destination=destination):
                return rule.place
        return self.locations.for_outcome(outcome)

    def hangs_on_category(self, *, outcome: str, sku: str, destination: str) -> bool:
        """Whether nobody knows where such a unit goes before its category is told."""
        fitting = (one for one in self.place_rules if one.may_fit(outcome=outcome, sku=sku, destination=destination))
        first = next(fitting, None)
        return first is not None and bool(first.category)

    @property
    def places(self) -> frozenset[str]:
        """All where accepted units may go."""
        named = {getattr(self.locations, one.name) for one in fields(Locations)}
        return frozenset(named | {one.place for one in self.place_rules}) - {""}

    @property
    def names_statuses(self) -> bool:
        return any(map(status_of, self.places))

    def as_place(self, place: str) -> str:
        """What NetSuite shows or was sent, as these rules know it: where they name no status, the location alone.

        An account that keeps statuses gives one to every unit, asked or not (netsuite.md §4.13).
        """
        return place if self.names_statuses else location_of(place)

    @property
    def sellable_places(self) -> frozenset[str]:
        """Where only units go that passed their inspection."""
        named = {self.locations.sellable, *(one.place for one in self.place_rules if one.outcome == "sellable")}
        return frozenset(named - {"", self.locations.holding, self.locations.damaged})

    def is_sold_from(self, place: str) -> bool:
        """What is in no status that NetSuite tells is in its default, which is sellable (netsuite.md §4.13)."""
        places = self.sellable_places
        return place in places or place in {location_of(one) for one in places if status_of(one)}
