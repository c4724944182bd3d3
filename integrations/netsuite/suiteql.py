"""The SuiteQL we ask, and its rows as records.

Rows hold text only: numbers and ids as text, booleans as T and F, nulls left out. Date-times lose their
time unless written out with TO_CHAR, and come in the zone of the account's database, not in UTC
(NetSuite help on SuiteQL; captures of several clients, 2024 to 2026).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from integrations.errors import UnreadableRecordError
from integrations.netsuite.records import ItemRecord, RecordRef

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

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
TIME_FORMAT_SQL = 'YYYY-MM-DD"T"HH24:MI:SS'

REF_COLUMNS = f"""t.id AS id, t.type AS type, t.tranid AS tranid, t.externalid AS externalid,
       t.status AS status, TO_CHAR(t.lastmodifieddate, '{TIME_FORMAT_SQL}') AS lastmod"""

DATABASE_TIME = f"SELECT TO_CHAR(SYSDATE, '{TIME_FORMAT_SQL}') AS now FROM dual"

BY_IDS = f"""SELECT {REF_COLUMNS}
FROM transaction t
WHERE t.id IN ({{values}})
ORDER BY t.id"""

# References in the API ignore case while SuiteQL does not.
BY_EXTERNAL_IDS = f"""SELECT {REF_COLUMNS}
FROM transaction t
WHERE LOWER(t.externalid) IN ({{values}})
ORDER BY t.id"""

SALES_BY_REFERENCES = f"""SELECT {REF_COLUMNS}
FROM transaction t
WHERE t.type IN ({{types}}) AND (t.otherrefnum IN ({{values}}) OR t.externalid IN ({{values}}))
ORDER BY t.id"""

# createdfrom stands on the lines; the one on the transaction is not there in every account.
CHILDREN_BY_SOURCE = f"""SELECT DISTINCT {REF_COLUMNS}
FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
WHERE tl.createdfrom IN ({{values}})
ORDER BY id"""

CHILDREN_BY_LINK = f"""SELECT DISTINCT {REF_COLUMNS}
FROM NextTransactionLineLink l JOIN transaction t ON t.id = l.nextdoc
WHERE l.previousdoc IN ({{values}})
ORDER BY id"""

REFUNDS_BY_LINK = f"""SELECT DISTINCT {REF_COLUMNS}
FROM NextTransactionLineLink l JOIN transaction t ON t.id = l.nextdoc
WHERE l.previousdoc IN ({{values}}) AND t.type = 'CustRfnd'
ORDER BY id"""

# By id and not by page: a row that changes meanwhile would shift the pages and hide another.
CHANGED_SINCE = f"""SELECT {REF_COLUMNS}
FROM transaction t
WHERE t.type IN ({{types}}) AND t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS') AND t.id > ?
ORDER BY t.id"""

ITEMS_BY_SKU = """SELECT i.id AS id, i.itemid AS itemid, i.displayname AS displayname, i.upccode AS upccode,
       i.itemtype AS itemtype, i.isinactive AS isinactive
FROM item i
WHERE i.itemid IN ({values})
ORDER BY i.id"""


def placeholders(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def bare_status(text: str) -> str:
    """The letter of a status; REST says B where scripts and some accounts say RtnAuth:B."""
    return text.rpartition(":")[2].strip()


def parse_ref(row: Mapping[str, str], *, utc_offset: timedelta) -> RecordRef:
    type_code = _column(row, "type")
    return RecordRef(
        record_type=RECORD_TYPES.get(type_code, UNKNOWN_RECORD_TYPE),
        internal_id=_column(row, "id"),
        external_id=row.get("externalid"),
        tran_id=row.get("tranid"),
        status=bare_status(row.get("status", "")),
        last_modified=parse_database_time(row.get("lastmod"), utc_offset=utc_offset),
        type_code=type_code,
    )


def parse_item(row: Mapping[str, str]) -> ItemRecord:
    return ItemRecord(
        internal_id=_column(row, "id"),
        sku=_column(row, "itemid"),
        display_name=row.get("displayname"),
        upc=row.get("upccode"),
        item_type=row.get("itemtype", ""),
        is_inactive=row.get("isinactive") == "T",
    )


def parse_database_time(text: str | None, *, utc_offset: timedelta) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC) - utc_offset
    except ValueError as error:
        raise _unreadable(str(error)) from error


def format_database_time(moment: datetime, *, utc_offset: timedelta) -> str:
    return (moment.astimezone(UTC) + utc_offset).strftime("%Y-%m-%d %H:%M:%S")


def _column(row: Mapping[str, str], name: str) -> str:
    if name not in row:
        raise _unreadable(f"no {name} in row {dict(row)}")
    return row[name]


def _unreadable(detail: str) -> UnreadableRecordError:
    return UnreadableRecordError(system="netsuite", operation="query", detail=detail, family="unreadable")
