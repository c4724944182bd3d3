"""From the record service's JSON to our records.

Tolerant of form, since NetSuite writes one thing in several ways (a reference as an object or as its bare
id, a status as letter, as code or as label), and strict about what counts money and goods.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.errors import UnreadableRecordError
from integrations.netsuite.records import ApplyRow, TaxDetail, TransactionLine, TransactionRecord
from integrations.netsuite.suiteql import bare_status

Raw = Mapping[str, Any]

ZERO = Decimal("0")
# More is garbage or a slip, and no table could hold it.
AMOUNT_MAX, RATE_MAX, COUNT_MAX = Decimal(10) ** 11 - 1, Decimal(10) ** 10 - 1, Decimal(10) ** 9

THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+\.\d+")
STATUS_CODE = re.compile(r"^(\w+:)?[A-Z]$")

# Labels as NetSuite shows them, for an answer that gives the label alone.
STATUS_LABELS = {
    "salesOrder": {
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Cancelled",
        "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled",
        "F": "Pending Billing",
        "G": "Billed",
        "H": "Closed",
    },
    "returnAuthorization": {
        "A": "Pending Approval",
        "B": "Pending Receipt",
        "C": "Cancelled",
        "D": "Partially Received",
        "E": "Pending Refund/Partially Received",
        "F": "Pending Refund",
        "G": "Refunded",
        "H": "Closed",
    },
    "invoice": {"A": "Open", "B": "Paid In Full", "V": "Voided"},
    "cashSale": {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited"},
    "creditMemo": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "itemFulfillment": {"A": "Picked", "B": "Packed", "C": "Shipped"},
}

# A source is shown as "Sales Order #SO10044"; the longer names first.
DISPLAY_NAMES = {
    "Return Authorization": "returnAuthorization",
    "Item Fulfillment": "itemFulfillment",
    "Customer Refund": "customerRefund",
    "Item Receipt": "itemReceipt",
    "Sales Order": "salesOrder",
    "Credit Memo": "creditMemo",
    "Cash Refund": "cashRefund",
    "Cash Sale": "cashSale",
    "Invoice": "invoice",
}

# Stock records carry their lines in a sublist of another name, and the quantity as a change.
LINE_SUBLISTS = ("item", "inventory")


def parse_transaction(raw: object, *, record_type: str) -> TransactionRecord:
    """One record with expanded sublists. Raises UnreadableRecordError."""
    if isinstance(raw, Mapping) and _text(raw.get("id")) is None:
        raise _unreadable(record_type, None, "it has no id")
    return parse_form(raw, record_type=record_type)


def parse_form(raw: object, *, record_type: str) -> TransactionRecord:
    """A record that need not exist yet: its id is empty then. Raises UnreadableRecordError."""
    if not isinstance(raw, Mapping):
        raise _unreadable(record_type, None, "the answer is not an object")
    try:
        return _parse_transaction(raw, record_type=record_type)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise _unreadable(record_type, raw.get("id"), str(error)) from error


def read_ref_id(value: object) -> str | None:
    """The internal id of a reference, given as {"id": "12"}, as "12" or as 12."""
    return _text(value.get("id")) if isinstance(value, Mapping) else _text(value)


def read_statuses(row: Raw, *, side: str = "inventoryStatus") -> frozenset[str]:
    """Inventory statuses that a row's detail names for its units; none where NetSuite keeps or tells none.

    side: `toInventoryStatus` for those into which a transfer moves them (netsuite.md §4.10).
    """
    detail = row.get("inventoryDetail")
    rows = _sublist(detail, "inventoryAssignment", is_needed=False) if isinstance(detail, Mapping) else []
    return frozenset(found for one in rows if (found := read_ref_id(one.get(side))))


def read_status(value: object, *, record_type: str) -> tuple[str, str | None]:
    """Letter and label from "B", "RtnAuth:B", {"id": "B"}, {"refName": "Pending Receipt"} or both."""
    code = read_ref_id(value)
    label = _text(value.get("refName")) if isinstance(value, Mapping) else None
    known = STATUS_LABELS.get(record_type, {})
    if code and STATUS_CODE.match(code):
        letter = bare_status(code)
        return letter, _bare_label(label) or known.get(letter)
    # Some records give the label as the id as well.
    label = _bare_label(label or code)
    letters = [letter for letter, name in known.items() if label and name.lower() == label.lower()]
    return (letters[0] if letters else ""), label


def read_quantity(value: object) -> int:
    """Whole and absolute: 1.0 and -1 are both one piece, 1.5 hours count as one. Nothing is none."""
    return int(read_exact_quantity(value))


def read_exact_quantity(value: object) -> Decimal:
    return abs(_number(value, at_most=COUNT_MAX) or ZERO)


def read_time(value: object) -> datetime | None:
    """Aware UTC; a time without a zone is taken for UTC, as NetSuite's own are."""
    text = _text(value)
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parse_transaction(raw: Raw, *, record_type: str) -> TransactionRecord:
    status, status_label = read_status(raw.get("status", raw.get("orderStatus")), record_type=record_type)
    return TransactionRecord(
        record_type=record_type,
        internal_id=_text(raw.get("id")) or "",
        external_id=_text(raw.get("externalId")),
        tran_id=_text(raw.get("tranId")),
        tran_date=_date(raw.get("tranDate")),
        status=status,
        status_label=status_label,
        created_from_id=read_ref_id(raw.get("createdFrom")),
        created_from_type=_source_type(raw.get("createdFrom")),
        # A customer refund names its customer so, everything else as entity.
        entity_id=read_ref_id(raw.get("entity")) or read_ref_id(raw.get("customer")),
        currency=_display_name(raw.get("currency")),
        currency_id=read_ref_id(raw.get("currency")),
        location_id=read_ref_id(raw.get("location")),
        subtotal=_number(raw.get("subtotal")),
        tax_total=_number(raw.get("taxTotal")),
        total=_number(raw.get("total")),
        amount_remaining=_number(raw.get("amountRemaining")),
        other_ref_num=_text(raw.get("otherRefNum")),
        memo=_text(raw.get("memo")),
        last_modified=read_time(raw.get("lastModifiedDate")),
        created_at=read_time(raw.get("createdDate")),
        lines=tuple(_parse_line(row) for name in LINE_SUBLISTS for row in _sublist(raw, name)),
        applies=read_applies(raw),
        raw=raw,
        subsidiary_id=read_ref_id(raw.get("subsidiary")),
        exchange_rate=_number(raw.get("exchangeRate")),
        source=_display_name(raw.get("source")),
        custom={key: value for key, value in raw.items() if key.startswith("custbody")},
        tax_details=tuple(_parse_tax(row) for row in _sublist(raw, "taxDetails", is_needed=False)),
    )


def _parse_line(row: Raw) -> TransactionLine:
    return TransactionLine(
        line=_whole(row.get("line")),
        order_line=_whole(row.get("orderLine")),
        unique_key=_text(row.get("lineUniqueKey")),
        item_id=read_ref_id(row.get("item")),
        item_name=_display_name(row.get("item")),
        quantity=read_quantity(row.get("quantity", row.get("adjustQtyBy"))),
        rate=_number(row.get("rate"), at_most=RATE_MAX),
        amount=_number(row.get("amount")),
        tax_amount=_number(row.get("taxAmount", row.get("tax1Amt"))),
        location_id=read_ref_id(row.get("location")),
        is_closed=_flag(row.get("isClosed")),
        quantity_received=read_quantity(row.get("quantityReceived")),
        quantity_billed=read_quantity(row.get("quantityBilled")),
        custom={key: value for key, value in row.items() if key.startswith("custcol")},
        raw=row,
        quantity_exact=read_exact_quantity(row.get("quantity", row.get("adjustQtyBy"))),
        item_type=_display_name(row.get("itemType")),
        quantity_fulfilled=read_quantity(row.get("quantityFulfilled")),
        quantity_committed=read_quantity(row["quantityCommitted"]) if "quantityCommitted" in row else None,
        kit_member_of=_whole(row.get("kitMemberOf")),
        order_doc_id=read_ref_id(row.get("orderDoc")),
        statuses=read_statuses(row),
    )


def _parse_tax(row: Raw) -> TaxDetail:
    return TaxDetail(
        line_ref=_text(row.get("taxDetailsReference")),
        basis=_number(row.get("taxBasis")),
        amount=_number(row.get("taxAmount")),
        rate=_number(row.get("taxRate")),
        raw=row,
    )


def read_applies(raw: Raw) -> tuple[ApplyRow, ...]:
    """What a credit, payment or refund is applied to, or could be."""
    return tuple(_parse_apply(row) for row in _sublist(raw, "apply"))


def _parse_apply(row: Raw) -> ApplyRow:
    doc_id = read_ref_id(row.get("doc"))
    if doc_id is None:
        raise ValueError("an apply row names no document")
    return ApplyRow(
        doc_id=doc_id,
        line=_whole(row.get("line")),
        amount=_number(row.get("amount")) or ZERO,
        apply=_flag(row.get("apply")),
    )


def _sublist(raw: Raw, name: str, *, is_needed: bool = True) -> list[Raw]:
    """The rows of an expanded sublist; a part of them would be worse than none.

    is_needed: one that came as links only is an error; else it counts as not told.
    """
    sublist = raw.get(name)
    rows = sublist.get("items") if isinstance(sublist, Mapping) else sublist
    if sublist is None or (rows is None and not is_needed):
        return []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError(f"sublist {name} was not expanded")
    expected = sublist.get("totalResults", len(rows)) if isinstance(sublist, Mapping) else len(rows)
    if expected != len(rows):
        raise ValueError(f"sublist {name} has {expected} rows but {len(rows)} came")
    return rows


def _source_type(value: object) -> str | None:
    name = _display_name(value) or ""
    matching = (record_type for prefix, record_type in DISPLAY_NAMES.items() if name.startswith(prefix))
    return next(matching, None)


def _display_name(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return _text(value)
    return _text(value.get("refName")) or _text(value.get("id"))


def _bare_label(label: str | None) -> str | None:
    """Without the record's name that stands before some: "Return Authorization : Refunded"."""
    return label.rpartition(" : ")[2] if label else None


def _text(value: object) -> str | None:
    """Numbers and words as text. A truth value is neither: it stands where a flag was misplaced."""
    if value is None or isinstance(value, (Mapping, list, bool)):
        return None
    return str(value).strip() or None


def _number(value: object, *, at_most: Decimal = AMOUNT_MAX) -> Decimal | None:
    """From a number, or from text as people write it: 1,234.50 and 45.0%. A reference tells it as its name.

    Any other comma is refused: it may stand for the point.
    """
    text = _display_name(value)
    if text is None:
        return None
    number = Decimal(text.replace(",", "") if THOUSANDS.fullmatch(text) else text.removesuffix("%"))
    if not number.is_finite() or abs(number) > at_most:
        raise ValueError(f"{text:.40} is not a number, or too large for one")
    return number


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _flag(value: object) -> bool:
    return value is True or value == "T"


def _date(value: object) -> date | None:
    text = _text(value)
    return date.fromisoformat(text[:10]) if text else None


def _unreadable(record_type: str, internal_id: object, what: str) -> UnreadableRecordError:
    return UnreadableRecordError(
        system="netsuite",
        operation="read answer",
        detail=f"{record_type} {internal_id}: {what}",
        family="unreadable",
    )
