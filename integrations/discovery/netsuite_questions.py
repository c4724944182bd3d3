"""What a check asks a NetSuite account, in SuiteQL and by record (netsuite.md §12). Nothing of it changes anything."""

from dataclasses import dataclass

from integrations.netsuite.suiteql import TIME_FORMAT_SQL

# Record type → how its permission is called, and below which tab of the role it stands.
RIGHTS = {
    "returnAuthorization": "Return Authorization",
    "itemReceipt": "Item Receipt",
    "creditMemo": "Credit Memo",
    "customerRefund": "Customer Refund",
    "cashRefund": "Cash Sale Refund",
    "salesOrder": "Sales Order",
    "invoice": "Invoice",
    "cashSale": "Cash Sale",
}
# Our kinds of document → the record types that hold them.
RECORD_TYPES = {
    "rma": ("returnAuthorization",),
    "receipt": ("itemReceipt",),
    "credit": ("creditMemo", "cashRefund"),
    "refund": ("customerRefund",),
    "exchange_order": ("salesOrder",),
}
# Those of which an empty one may be previewed; a receipt is only ever made out of something.
PREVIEWED = ("creditMemo", "returnAuthorization", "customerRefund", "salesOrder")
SCHEMAS = (
    "returnAuthorization", "itemReceipt", "creditMemo", "customerRefund", "cashRefund", "salesOrder",
    "inventoryTransfer",
)  # fmt: skip

# The fields our documents carry; «item.» is a field of its rows.
FIELDS_USED = {
    "returnAuthorization": ("externalId", "tranDate", "memo", "otherRefNum", "orderStatus", "location", "item"),
    "itemReceipt": ("externalId", "tranDate", "memo", "item"),
    "creditMemo": ("externalId", "tranDate", "memo", "autoApply", "item", "apply"),
    "customerRefund": ("externalId", "tranDate", "memo", "customer", "account", "apply"),
    "cashRefund": ("externalId", "tranDate", "memo", "item"),
    "salesOrder": ("externalId", "tranDate", "memo", "otherRefNum", "entity", "item"),
}

GOVERNANCE_PATH = "/services/rest/system/v1/governanceLimits"
CREATE_FORM_TYPE = "application/vnd.oracle.resource+json; type=create-form"

LATELY_DAYS = 30
STATUS_DAYS = 180
ROWS_SEEN_MAX = 200  # of the newest records of a type, to see who makes them
LISTED_MAX = 1_000

MOMENT = "TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')"
DAY = "TO_DATE(?, 'YYYY-MM-DD')"

DATABASE_TIME = f"SELECT TO_CHAR(SYSDATE, '{TIME_FORMAT_SQL}') AS now FROM dual"
STATUSES = f"""SELECT DISTINCT t.type AS type, t.status AS status, BUILTIN.DF(t.status) AS label
FROM transaction t
WHERE t.type IN ('RtnAuth', 'CustCred') AND t.lastmodifieddate >= {MOMENT}"""
SUBSIDIARIES = "SELECT s.id AS id, s.name AS name FROM subsidiary s ORDER BY s.id"
LOCATIONS = """SELECT l.id AS id, l.name AS name, {subsidiary} l.makeinventoryavailable AS available,
       l.usebins AS usebins, l.isinactive AS isinactive
FROM location l
ORDER BY l.id"""
LOCATION_SUBSIDIARY = "l.subsidiary AS subsidiary,"  # only OneWorld has the column
ITEMS = """SELECT i.id AS id, i.itemid AS name, i.itemtype AS kind, i.isinactive AS isinactive
FROM item i
WHERE i.itemtype IN ('OthCharge', 'NonInvtPart', 'Service', 'Discount', 'Markup') OR i.id IN ({values})
ORDER BY i.id"""
ACCOUNTS = """SELECT a.id AS id, a.accountsearchdisplayname AS name, a.accttype AS kind, a.isinactive AS isinactive
FROM account a
ORDER BY a.id"""
METHODS = """SELECT p.id AS id, p.name AS name, p.isinactive AS isinactive
FROM paymentmethod p
ORDER BY p.id"""
PERIOD = f"""SELECT p.id AS id, p.periodname AS name, p.closed AS closed, p.arlocked AS arlocked,
       p.alllocked AS alllocked
FROM accountingperiod p
WHERE p.startdate <= {DAY} AND p.enddate >= {DAY} AND p.isquarter = 'F' AND p.isyear = 'F'"""
INVENTORY_STATUSES = "SELECT s.id AS id FROM inventorystatus s ORDER BY s.id"  # apart: no column may hide the feature
STATUSES_IN_WORDS = """SELECT s.id AS id, s.name AS name, s.inventoryavailable AS available, s.isinactive AS isinactive
FROM inventorystatus s
ORDER BY s.id"""
DELETED = "SELECT d.recordid AS id FROM deletedrecord d ORDER BY d.recordid"
LINKS = "SELECT l.nextdoc AS id FROM NextTransactionLineLink l ORDER BY l.nextdoc DESC"
SKU_FIELD = "SELECT i.{field} AS value FROM item i WHERE i.{field} IS NOT NULL ORDER BY i.id DESC"
LINE_FIELD = (
    "SELECT tl.{field} AS value FROM transactionline tl WHERE tl.{field} IS NOT NULL ORDER BY tl.uniquekey DESC"
)
SALES = f"""SELECT t.type AS type, COUNT(*) AS n
FROM transaction t
WHERE t.type IN ('CustInvc', 'CashSale') AND t.createddate >= {MOMENT}
GROUP BY t.type"""

_LATEST = f"""SELECT t.id AS id, t.externalid AS externalid, t.createdby AS createdby
FROM transaction t
WHERE t.type = '{{code}}' AND t.createddate >= {MOMENT}{{more}}
ORDER BY t.id DESC"""
# Receipts of purchases are many, and none of our business.
_OF_RETURNS = """
  AND EXISTS (SELECT tl.transaction FROM transactionline tl JOIN transaction s ON s.id = tl.createdfrom
              WHERE tl.transaction = t.id AND s.type = 'RtnAuth')"""


@dataclass(frozen=True)
class Made:
    """A kind of document whose makers are looked for. kind: as a policy calls it."""

    kind: str
    record_type: str
    plural: str
    sql: str


def _made(kind: str, record_type: str, plural: str, code: str, *, more: str = "") -> Made:
    return Made(kind, record_type, plural, _LATEST.format(code=code, more=more))


MADE = (
    _made("rma", "returnAuthorization", "Return Authorizations", "RtnAuth"),
    _made("receipt", "itemReceipt", "Item Receipts of returns", "ItemRcpt", more=_OF_RETURNS),
    _made("credit", "creditMemo", "Credit Memos", "CustCred"),
    _made("credit", "cashRefund", "Cash Refunds", "CashRfnd"),
    _made("refund", "customerRefund", "Customer Refunds", "CustRfnd"),
)
