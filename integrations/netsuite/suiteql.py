"""The SuiteQL we ask, and its rows as records.

Rows hold text only: numbers and ids as text, booleans as T and F, nulls left out. Date-times lose their
time unless written out with TO_CHAR, and come in the zone of the account's database, not in UTC
(NetSuite help on SuiteQL; captures of several clients, 2024 to 2026).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from integrations.errors import UnreadableRecordError
from integrations.netsuite.options import CATEGORY_FIELD, ITEM_FIELD, StockTable
from integrations.netsuite.records import Deletion, ItemRecord, KitMemberRecord, RecordRef

ReadTime = Callable[[str | None], datetime | None]

RECORD_TYPES = {
    "SalesOrd": "salesOrder",
    "CustInvc": "invoice",
    "CashSale": "cashSale",
    "RtnAuth": "returnAuthorization",
    "ItemRcpt": "itemReceipt",
    "ItemShip": "itemFulfillment",
    "CustCred": "creditMemo",
    "CashRfnd": "cashRefund",
    "CustRfnd": "customerRefund",
    "CustPymt": "customerPayment",
    "CustDep": "customerDeposit",
    "InvTrnfr": "inventoryTransfer",
    "InvAdjst": "inventoryAdjustment",
    "BinTrnfr": "binTransfer",
    "TrnfrOrd": "transferOrder",
    "Journal": "journalEntry",
}
TYPE_CODES = {record_type: code for code, record_type in RECORD_TYPES.items()}
UNKNOWN_RECORD_TYPE = "unknown"

SALE_TYPES = ("SalesOrd", "CustInvc", "CashSale")

# More would pass (the database takes a thousand), but a shorter list keeps each query quick.
VALUES_PER_QUERY = 200
# A database understands a text once and keeps what it understood, so lists come in few lengths.
LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, VALUES_PER_QUERY)

TIME_FORMAT_SQL = 'YYYY-MM-DD"T"HH24:MI:SS'

REF_COLUMNS = f"""t.id AS id, t.type AS type, t.tranid AS tranid, t.externalid AS externalid,
       t.status AS status, TO_CHAR(t.lastmodifieddate, '{TIME_FORMAT_SQL}') AS lastmod"""

# They tell who made a record, and are not there in every account or for every role.
OPTIONAL_COLUMNS = {"createdby", "source"}

DATABASE_TIME = f"SELECT TO_CHAR(SYSDATE, '{TIME_FORMAT_SQL}') AS now FROM dual"

# The newest record we may read: its time of change is told in UTC by the record service as well.
NEWEST = f"""SELECT t.id AS id, t.type AS type, TO_CHAR(t.lastmodifieddate, '{TIME_FORMAT_SQL}') AS lastmod
FROM transaction t
WHERE t.type IN ({{types}})
ORDER BY t.id DESC FETCH FIRST 1 ROWS ONLY"""

BY_IDS = """SELECT {columns}
FROM transaction t
WHERE t.id IN ({values})
ORDER BY t.id"""

# References in the API ignore case while SuiteQL does not.
BY_EXTERNAL_IDS = """SELECT {columns}
FROM transaction t
WHERE LOWER(t.externalid) IN ({values})
ORDER BY t.id"""

SALES_BY_REFERENCES = """SELECT {columns}, t.otherrefnum AS otherrefnum
FROM transaction t
WHERE t.type IN ({types}) AND (t.otherrefnum IN ({values}) OR t.externalid IN ({values}))
ORDER BY t.id"""

# createdfrom stands on the lines; the one on the transaction is not there in every account.
CHILDREN_BY_SOURCE = """SELECT DISTINCT {columns}, tl.createdfrom AS parent
FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
WHERE tl.createdfrom IN ({values})
ORDER BY id, parent"""

MADE_FROM = """SELECT DISTINCT {columns}
FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
WHERE t.type IN ({types}) AND tl.createdfrom IN ({values})
ORDER BY id"""

CHILDREN_BY_LINK = """SELECT DISTINCT {columns}, l.previousdoc AS parent
FROM NextTransactionLineLink l JOIN transaction t ON t.id = l.nextdoc
WHERE l.previousdoc IN ({values})
ORDER BY id, parent"""

REFUNDS_BY_LINK = """SELECT DISTINCT {columns}
FROM NextTransactionLineLink l JOIN transaction t ON t.id = l.nextdoc
WHERE l.previousdoc IN ({values}) AND t.type = 'CustRfnd'
ORDER BY id"""

# By id and not by page: a row that changes meanwhile would shift the pages and hide another.
CHANGED_SINCE = """SELECT {columns}
FROM transaction t
WHERE t.type IN ({types}) AND t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND t.id > ?
ORDER BY t.id"""

ITEMS_BY = """SELECT i.id AS id, i.itemid AS itemid, i.displayname AS displayname, i.upccode AS upccode,
       i.itemtype AS itemtype, i.isinactive AS isinactive, i.{column} AS foundby{category}
FROM item i
WHERE i.{column} IN ({{values}})
ORDER BY i.id"""

STOCK = """SELECT s.item AS item, SUM(s.quantityavailable) AS available
FROM {table} s
WHERE {place}s.item IN ({{values}})
GROUP BY s.item
ORDER BY s.item"""

# Client programs read one or the other; where both are there, both hold the members of kits (netsuite.md 4.2).
MEMBER_TABLES = ("itemmember", "kititemmember")
MEMBERS = """SELECT m.parentitem AS kit, m.item AS item, m.quantity AS quantity
FROM {table} m
WHERE m.parentitem IN ({{values}})
ORDER BY m.parentitem, m.item"""

# The type may be written as its name or as its code, in any case.
DELETED_TYPE_COLUMNS = ("type", "recordtypeid")
DELETED_SINCE = f"""SELECT d.recordid AS recordid, d.{{column}} AS type,
       TO_CHAR(d.deleteddate, '{TIME_FORMAT_SQL}') AS deleteddate
FROM deletedrecord d
WHERE d.deleteddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')
ORDER BY d.deleteddate, d.recordid"""

UNKNOWN_COLUMN = re.compile(r"(?:unknown identifier|field) '(?:\w+\.)?(\w+)'", re.IGNORECASE)
HIDDEN_TABLE = re.compile(r"record '\w+' was not found|permission", re.IGNORECASE)


def placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def in_few_lengths(values: Sequence[str]) -> list[str]:
    """The same list, its last value repeated up to one of the lengths that we ask for."""
    length = next(length for length in LENGTHS if length >= len(values))
    return [*values, *[values[-1]] * (length - len(values))]


def bare_status(text: str) -> str:
    """The letter of a status; REST says B where scripts and some accounts say RtnAuth:B."""
    return text.rpartition(":")[2].strip()


def ref_columns(*, without: Collection[str] = ()) -> str:
    """The columns of a reference, less those an account is known not to have."""
    extra = [f"t.{name} AS {name}" for name in sorted(OPTIONAL_COLUMNS.difference(without))]
    return ", ".join([REF_COLUMNS, *extra])


def items_by(column: str, *, category: str = "") -> str:
    """The query for items by their id, or by a column that can hold a SKU; no other is let through.

    category: the column that tells their category.
    """
    assert column == "id" or ITEM_FIELD.fullmatch(column), f"{column} is no field that holds a SKU"
    assert not category or CATEGORY_FIELD.fullmatch(category), f"{category} is no field that tells a category"
    return ITEMS_BY.format(
        column=column, category=f",\n       BUILTIN.DF(i.{category}) AS category" if category else ""
    )


def stock_in(table: StockTable, *, at_one_place: bool) -> str:
    """at_one_place: the id of a location comes before those of the items."""
    return STOCK.format(table=table.value, place="s.location = ? AND " if at_one_place else "")


def members_in(table: str) -> str:
    assert table in MEMBER_TABLES, f"{table} is no table of members"
    return MEMBERS.format(table=table)


def deleted_since(type_column: str) -> str:
    return DELETED_SINCE.format(column=type_column)


def codes_of(types: Sequence[str]) -> list[str]:
    return [TYPE_CODES.get(name, name) for name in types]


def unknown_column(detail: str) -> str:
    """The column a refusal names as unknown; empty when it is about something else."""
    found = UNKNOWN_COLUMN.search(detail)
    return found[1].lower() if found else ""


def is_hidden_table(detail: str) -> bool:
    """A role that may not read a table is told that there is none (netsuite.md 5.1)."""
    return bool(HIDDEN_TABLE.search(detail))


def parse_ref(row: Mapping[str, str], *, read_time: ReadTime) -> RecordRef:
    type_code = _column(row, "type")
    return RecordRef(
        record_type=RECORD_TYPES.get(type_code, UNKNOWN_RECORD_TYPE),
        internal_id=_column(row, "id"),
        external_id=row.get("externalid"),
        tran_id=row.get("tranid"),
        status=bare_status(row.get("status", "")),
        last_modified=read_time(row.get("lastmod")),
        type_code=type_code,
        created_by=row.get("createdby"),
        source=row.get("source"),
    )


def parent_of(row: Mapping[str, str]) -> str:
    """Out of what it was made, or after which it is linked."""
    return _column(row, "parent")


def parse_deletion(row: Mapping[str, str], *, read_time: ReadTime) -> Deletion:
    return Deletion(
        record_type=_record_type(_column(row, "type")),
        internal_id=_column(row, "recordid"),
        deleted_at=read_time(row.get("deleteddate")),
    )


def parse_item(row: Mapping[str, str], *, asks_category: bool = False) -> ItemRecord:
    return ItemRecord(
        internal_id=_column(row, "id"),
        sku=_column(row, "itemid"),
        display_name=row.get("displayname"),
        upc=row.get("upccode"),
        item_type=row.get("itemtype", ""),
        is_inactive=row.get("isinactive") == "T",
        found_by=row.get("foundby", ""),
        category=row.get("category", "") if asks_category else None,
    )


def parse_stock(row: Mapping[str, str]) -> tuple[str, int]:
    """An item and how many of it can be sold: whole ones; less than none is none."""
    try:
        return _column(row, "item"), max(int(Decimal(row.get("available", "0"))), 0)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise unreadable_row(f"no number of available ones in row {dict(row)}") from error


def parse_member(row: Mapping[str, str]) -> KitMemberRecord:
    """A member without a quantity is in the kit once."""
    try:
        quantity = Decimal(row.get("quantity", "1"))
    except InvalidOperation as error:
        raise unreadable_row(f"no number of members in row {dict(row)}") from error
    if not quantity.is_finite():
        raise unreadable_row(f"no number of members in row {dict(row)}")
    return KitMemberRecord(kit_id=_column(row, "kit"), item_id=_column(row, "item"), quantity=quantity)


def _record_type(text: str) -> str:
    """From a code (RtnAuth), a REST name, or a name in words (Return Authorization)."""
    by_name = {name.lower(): name for name in TYPE_CODES}
    return RECORD_TYPES.get(text) or by_name.get(text.replace(" ", "").lower(), UNKNOWN_RECORD_TYPE)


def _column(row: Mapping[str, str], name: str) -> str:
    if name not in row:
        raise unreadable_row(f"no {name} in row {dict(row)}")
    return row[name]


def unreadable_row(detail: str) -> UnreadableRecordError:
    return UnreadableRecordError(system="netsuite", operation="query", detail=detail, family="unreadable")
