"""The tables behind one NetSuite account, and the views SuiteQL is allowed to see."""

from integrations.sandbox.netsuite import kinds

TABLES = """
CREATE TABLE IF NOT EXISTS txn (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, tranid TEXT NOT NULL, externalid TEXT, trandate TEXT NOT NULL,
  status TEXT NOT NULL, orderstatus TEXT, entity INTEGER, memo TEXT, otherrefnum TEXT, currency INTEGER,
  exchangerate REAL NOT NULL, subtotal REAL NOT NULL, taxtotal REAL NOT NULL, total REAL NOT NULL,
  amountremaining REAL, postingperiod INTEGER, location INTEGER, createdfrom INTEGER,
  createddate TEXT NOT NULL, lastmodifieddate TEXT NOT NULL, createdby TEXT NOT NULL,
  voided INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, deleteddate TEXT,
  extra TEXT NOT NULL DEFAULT '{}');
CREATE UNIQUE INDEX IF NOT EXISTS txn_externalid ON txn (lower(externalid))
  WHERE externalid IS NOT NULL AND deleted = 0;
CREATE INDEX IF NOT EXISTS txn_externalid_any ON txn (lower(externalid));
CREATE INDEX IF NOT EXISTS txn_externalid_exact ON txn (externalid);
CREATE INDEX IF NOT EXISTS txn_otherrefnum ON txn (otherrefnum);
CREATE INDEX IF NOT EXISTS txn_modified ON txn (lastmodifieddate, id);
CREATE INDEX IF NOT EXISTS txn_entity ON txn (entity, type);
CREATE INDEX IF NOT EXISTS txn_tranid ON txn (tranid);
CREATE INDEX IF NOT EXISTS txn_createdfrom ON txn (createdfrom);
CREATE TABLE IF NOT EXISTS txn_line (
  txn INTEGER NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL,
  uniquekey INTEGER PRIMARY KEY, mainline TEXT NOT NULL, taxline TEXT NOT NULL, item INTEGER, itemtype TEXT,
  quantity INTEGER, rate REAL, amount REAL, taxrate REAL, taxamount REAL, received INTEGER, billed INTEGER,
  location INTEGER, isclosed TEXT NOT NULL DEFAULT 'F', createdfrom INTEGER, orderdoc INTEGER,
  orderline INTEGER, memo TEXT, custom TEXT NOT NULL DEFAULT '{}', custcol_shopify_line_id TEXT,
  lastmodifieddate TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS txn_line_txn ON txn_line (txn, seq);
CREATE INDEX IF NOT EXISTS txn_line_orderdoc ON txn_line (orderdoc, orderline);
CREATE INDEX IF NOT EXISTS txn_line_createdfrom ON txn_line (createdfrom);
CREATE INDEX IF NOT EXISTS txn_line_shopify ON txn_line (custcol_shopify_line_id);
CREATE TABLE IF NOT EXISTS txn_apply (
  txn INTEGER NOT NULL, doc INTEGER NOT NULL, line INTEGER NOT NULL, amount REAL NOT NULL,
  PRIMARY KEY (txn, doc));
CREATE INDEX IF NOT EXISTS txn_apply_doc ON txn_apply (doc);
CREATE TABLE IF NOT EXISTS txn_link (
  previousdoc INTEGER NOT NULL, previousline INTEGER NOT NULL, previoustype TEXT NOT NULL,
  nextdoc INTEGER NOT NULL, nextline INTEGER NOT NULL, nexttype TEXT NOT NULL, linktype TEXT NOT NULL,
  foreignamount REAL, lastmodifieddate TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS txn_link_previous ON txn_link (previousdoc);
CREATE INDEX IF NOT EXISTS txn_link_next ON txn_link (nextdoc);
CREATE TABLE IF NOT EXISTS item (
  id INTEGER PRIMARY KEY, itemid TEXT NOT NULL UNIQUE, fullname TEXT, displayname TEXT, upccode TEXT,
  externalid TEXT, itemtype TEXT NOT NULL, subtype TEXT, isinactive TEXT NOT NULL DEFAULT 'F',
  parent INTEGER, baseprice REAL, lastmodifieddate TEXT, createddate TEXT);
CREATE INDEX IF NOT EXISTS item_upccode ON item (upccode);
CREATE TABLE IF NOT EXISTS customer (
  id INTEGER PRIMARY KEY, entityid TEXT NOT NULL, companyname TEXT, firstname TEXT, lastname TEXT,
  email TEXT, isperson TEXT, isinactive TEXT NOT NULL DEFAULT 'F', externalid TEXT, taxrate REAL,
  subsidiary INTEGER, currency INTEGER, datecreated TEXT);
CREATE INDEX IF NOT EXISTS customer_email ON customer (email);
CREATE TABLE IF NOT EXISTS location (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, fullname TEXT, subsidiary INTEGER, externalid TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F', makeinventoryavailable TEXT NOT NULL,
  makeinventoryavailablestore TEXT NOT NULL, usebins TEXT NOT NULL DEFAULT 'F', locationtype INTEGER);
CREATE TABLE IF NOT EXISTS accountingperiod (
  id INTEGER PRIMARY KEY, periodname TEXT NOT NULL, startdate TEXT NOT NULL, enddate TEXT NOT NULL,
  closed TEXT NOT NULL, arlocked TEXT NOT NULL, aplocked TEXT NOT NULL, alllocked TEXT NOT NULL,
  isquarter TEXT NOT NULL DEFAULT 'F', isyear TEXT NOT NULL DEFAULT 'F', isposting TEXT NOT NULL DEFAULT 'T',
  isinactive TEXT NOT NULL DEFAULT 'F');
CREATE TABLE IF NOT EXISTS account (
  id INTEGER PRIMARY KEY, acctnumber TEXT, accountsearchdisplayname TEXT, fullname TEXT, accttype TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F');
CREATE TABLE IF NOT EXISTS paymentoption (id INTEGER PRIMARY KEY, name TEXT NOT NULL, is_card INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS currency (id INTEGER PRIMARY KEY, name TEXT, symbol TEXT);
CREATE TABLE IF NOT EXISTS subsidiary (id INTEGER PRIMARY KEY, name TEXT, fullname TEXT, isinactive TEXT);
CREATE TABLE IF NOT EXISTS stock (
  item INTEGER NOT NULL, location INTEGER NOT NULL, on_hand INTEGER NOT NULL, PRIMARY KEY (item, location));
CREATE TABLE IF NOT EXISTS stock_ledger (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, txn INTEGER NOT NULL, type TEXT NOT NULL, item INTEGER NOT NULL,
  location INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS stock_ledger_txn ON stock_ledger (txn);
CREATE TABLE IF NOT EXISTS history (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  record_type TEXT NOT NULL, record_id INTEGER NOT NULL, externalid TEXT, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_record ON history (record_id);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

# What SuiteQL may name. The views hide our own columns and give the signs and forms NetSuite shows.
VIEW_NAMES = (
    "transaction",
    "transactionline",
    "nexttransactionlinelink",
    "previoustransactionlinelink",
    "nexttransactionlink",
    "previoustransactionlink",
    "deletedrecord",
    "inventorybalance",
    "inventoryitemlocations",
    "aggregateitemlocation",
    "dual",
    "item",
    "customer",
    "entity",
    "location",
    "accountingperiod",
    "account",
    "currency",
    "subsidiary",
)


def view_statements(*, status_form: str, local_times: bool) -> list[str]:
    """SQL that (re)makes the views for the profile switches in force."""
    compound = "type || ':' || status" if status_form == "compound" else "status"
    negative = ", ".join(f"'{code}'" for code in kinds.NEGATIVE_IN_SQL)

    def sign(column: str) -> str:
        return f"CASE WHEN type IN ({negative}) THEN -{column} ELSE {column} END"

    def moment(column: str) -> str:
        return f"ns_local({column}) AS {column}" if local_times else column

    links = (
        "SELECT previousdoc, previousline, previoustype, nextdoc, nextline, nexttype, linktype,"
        f" foreignamount, {moment('lastmodifieddate')} FROM txn_link"
    )
    header_links = (
        "SELECT DISTINCT previousdoc, previoustype, nextdoc, nexttype, linktype,"
        f" {moment('lastmodifieddate')} FROM txn_link"
    )
    stock = (
        "SELECT s.item AS item, s.location AS location, s.on_hand AS quantityonhand,"
        " CASE WHEN l.makeinventoryavailable = 'T' THEN s.on_hand ELSE 0 END AS quantityavailable,"
        " 0 AS quantityonorder FROM stock s JOIN location l ON l.id = s.location"
    )
    selects = {
        '"transaction"': (
            f"SELECT id, type, tranid, tranid AS transactionnumber, externalid, trandate, {compound} AS status,"
            " entity, memo, otherrefnum, currency, exchangerate, total AS foreigntotal, total,"
            f" amountremaining AS foreignamountunpaid, postingperiod, {moment('createddate')},"
            f" {moment('lastmodifieddate')}, createdby, CASE voided WHEN 1 THEN 'T' ELSE 'F' END AS voided,"
            " CASE WHEN type IN ('SalesOrd', 'RtnAuth') THEN 'F' ELSE 'T' END AS posting,"
            " json_extract(extra, '$.custbody_loop_return') AS custbody_loop_return,"
            " json_extract(extra, '$.custbody_loop_exchange') AS custbody_loop_exchange"
            " FROM txn WHERE deleted = 0"
        ),
        "transactionline": (
            'SELECT txn AS "transaction", id, seq AS linesequencenumber, uniquekey, mainline, taxline,'
            " 'F' AS iscogs, CASE WHEN itemtype = 'InvtPart' THEN 'T' ELSE 'F' END AS isinventoryaffecting,"
            f" item, itemtype, {sign('quantity')} AS quantity, received AS quantityshiprecv,"
            f" billed AS quantitybilled, rate, {sign('amount')} AS netamount, {sign('amount')} AS foreignamount,"
            " location, isclosed, createdfrom, memo, custcol_shopify_line_id,"
            " json_extract(custom, '$.custcol_return_reason') AS custcol_return_reason,"
            f" NULL AS kitmemberof, NULL AS transactionlinetype, lastmodifieddate AS linelastmodifieddate"
            " FROM txn_line WHERE deleted = 0"
        ),
        "nexttransactionlinelink": links,
        "previoustransactionlinelink": links,
        "nexttransactionlink": header_links,
        "previoustransactionlink": header_links,
        "deletedrecord": (
            "SELECT id AS recordid, type AS recordtypeid, tranid AS name, externalid, deleteddate,"
            " 'F' AS iscustomlist FROM txn WHERE deleted = 1"
        ),
        "inventorybalance": stock,
        "inventoryitemlocations": stock,
        "aggregateitemlocation": stock,
        "entity": "SELECT id, entityid, email, 'CustJob' AS type, isinactive, externalid FROM customer",
        "dual": "SELECT 'X' AS dummy",
    }
    statements: list[str] = []
    for name, select in selects.items():
        statements += [f"DROP VIEW IF EXISTS {name}", f"CREATE VIEW {name} AS {select}"]
    return statements
