"""What the choices, places, items, judgements and deadlines of a shop's rules are called, in words. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from returnsops.returns.policy import (
    EXCHANGE_CLEARING,
    SEVERAL,
    WRONG_ITEM,
    Assessment,
    CreditLines,
    ExchangeAddress,
    ExchangeForm,
    ExchangeOrder,
    ExchangeSettlement,
    ExchangeStock,
    ExchangeTiming,
    Grade,
    KeptItems,
    Ownership,
    ReadBack,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
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
    "kept_goods": "The worth of goods that the customer keeps",
    "kept_tax": "The tax of goods that the customer keeps",
    "duties": "Duty that is given back",
}
DEADLINES = {
    "sale": "The original order is not in NetSuite",
    "rma": "The Return Authorization is not in NetSuite, from its moment on",
    "bill": "An order that was returned from is not billed, and its credit waits",
    "parcel": "A parcel that the carrier has, from the request on, or that Loop paid for, from then on, is not here",
    "hold": "A unit on hold is not judged again",
    "restock": "What Loop put back into the shop's stock is not inspected",
    "inspection": "A parcel that was delivered or scanned is not inspected",
    "second_parcel": "The rest of a return is not inspected, after its last unit that was",
    "receipt": "What was inspected is not received by the other system that does so",
    "credit": "What was inspected is not credited by the other system that does so",
    "refund": "What Loop paid is not booked by the other system that does so",
    "rma_closed": "The other system has not closed the Return Authorization of a return that ended",
    "settlement": "Loop has not settled after it accepted our request",
    "loop_settles": "Loop has not settled what was inspected, where it is not asked to from here",
    "exchange_order": "The exchange order is not in NetSuite",
    "exchange_invoice": "The exchange order is not billed, and the credit waits for it",
    "read_back": "What was posted is not complete in both systems",
    "closed_unprocessed": "Loop has closed a return without paying",
}
NOT_GATEWAYS = {SEVERAL: "A Cash Refund of several gateways", EXCHANGE_CLEARING: "The cash sale of an exchange"}
