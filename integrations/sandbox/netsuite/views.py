"""What SuiteQL may name: views that hide our own columns and give the signs and forms NetSuite shows.

A table of SuiteQL is the view of the same name with `q_` before it. Moments stay in UTC here; the translator
shows them in the account's zone (sqltext.py), so that comparisons can use the indexes.
"""

from integrations.sandbox.netsuite import kinds, permissions
from integrations.sandbox.netsuite.account import Account

PREFIX = "q_"
LINK_COLUMNS = (
    "previousdoc, previousline, previoustype, nextdoc, nextline, nexttype, linktype, foreignamount, lastmodifieddate"
)
SIGNS = {
    "sales_negative": kinds.SALE_SIDE_CODES,
    "returns_negative": kinds.RETURN_SIDE_CODES,
    "positive": (),
}
ONLY_WITH_SUBSIDIARIES = ("subsidiary",)
ONLY_WITH_BINS = ("bin",)
ONLY_WITH_STATUSES = ("inventorystatus",)


def refresh_views(account: Account) -> None:
    """(Re)make the views for the profile switches in force, and note which tables are there."""
    with account.store.transaction():
        for name, select in _selects(account).items():
            account.store.execute(f"DROP VIEW IF EXISTS {PREFIX}{name}")
            account.store.execute(f"CREATE VIEW {PREFIX}{name} AS {select}")
    account.tables = _known_tables(account)


def _known_tables(account: Account) -> frozenset[str]:
    """The tables this account shows to this role."""
    settings = account.settings
    hidden = {name.lower() for name in settings.words("netsuite.sql_refused_tables")}
    hidden.update(permissions.hidden_tables(account))
    if not settings.flag("netsuite.oneworld"):
        hidden.update(ONLY_WITH_SUBSIDIARIES)
    if not settings.flag("netsuite.bins"):
        hidden.update(ONLY_WITH_BINS)
    if not settings.flag("netsuite.inventory_status"):
        hidden.update(ONLY_WITH_STATUSES)
    return frozenset(_selects(account)) - hidden


def _selects(account: Account) -> dict[str, str]:
    return {
        "transaction": _transaction(account),
        "transactionline": _transaction_line(account),
        **_links(account),
        **_stock(account),
        **_lists(account),
        "deletedrecord": (
            "SELECT id AS recordid, type AS recordtypeid, tranid AS name, externalid, deleteddate,"
            " (SELECT e.id FROM employee e WHERE e.login = txn.deletedby) AS deletedby,"
            f" 'F' AS iscustomlist, 'F' AS iscustomrecord FROM txn WHERE deleted = 1{_seen(account)}"
        ),
        "systemnote": (
            "SELECT h.seq AS id, h.record_id AS recordid, h.record_type AS recordtype, h.at AS date,"
            " (SELECT e.id FROM employee e WHERE e.login = h.who) AS name, h.action AS type,"
            " CASE h.who WHEN 'person' THEN 'UI' ELSE 'REST Web Services' END AS context FROM history h"
        ),
        "dual": "SELECT 'X' AS dummy",
    }


def _sign(account: Account, column: str) -> str:
    """What leaves the first place of a transfer is negative in any case."""
    codes = ", ".join(f"'{code}'" for code in SIGNS[account.settings.text("netsuite.sql_signs")])
    leaves = "type = 'InvTrnfr' AND role = 'item'"
    return f"CASE WHEN type IN ({codes}) OR ({leaves}) THEN -{column} ELSE {column} END"


def _employee(column: str) -> str:
    return f"(SELECT e.id FROM employee e WHERE e.login = {column})"


def _transaction(account: Account) -> str:
    settings = account.settings
    compound = "type || ':' || status" if settings.text("netsuite.sql_status_form") == "compound" else "status"
    credit_sign = "-" if settings.text("netsuite.sql_credit_totals") == "negative" else ""
    total = f"CASE WHEN type IN ('CustCred', 'CashRfnd') THEN {credit_sign}total ELSE total END"
    source = " createdfrom," if settings.flag("netsuite.sql_createdfrom_on_transaction") else ""
    record_types = " ".join(f"WHEN '{kind.code}' THEN '{kind.record_type.lower()}'" for kind in kinds.KINDS)
    return (
        f"SELECT id, type, tranid, tranid AS transactionnumber, externalid, trandate, {compound} AS status, entity,"
        f" memo, otherrefnum, currency, exchangerate, {total} AS foreigntotal, {total} AS total,"
        " amountremaining AS foreignamountunpaid, total - amountremaining AS foreignamountpaid, postingperiod,"
        f" createddate, lastmodifieddate, {_employee('createdby')} AS createdby,"
        f" {_employee('coalesce(modifiedby, createdby)')} AS lastmodifiedby,{source}"
        " ns_type_label(type) || ' #' || tranid AS trandisplayname,"
        f" CASE type {record_types} END AS recordtype,"
        " CASE createdby WHEN 'api' THEN 'restWebServices' END AS source,"
        " CASE WHEN type IN ('RtnAuth', 'SalesOrd') THEN CASE orderstatus WHEN 'A' THEN 1 ELSE 2 END END"
        " AS approvalstatus, CASE voided WHEN 1 THEN 'T' ELSE 'F' END AS voided,"
        " CASE WHEN type IN ('SalesOrd', 'RtnAuth', 'BinTrnfr') THEN 'F' ELSE 'T' END AS posting,"
        " shippingcost AS foreignshippingamount, json_extract(extra, '$.shipMethod') AS shipcarrier,"
        " json_extract(extra, '$.custbody_loop_return') AS custbody_loop_return,"
        " json_extract(extra, '$.custbody_loop_exchange') AS custbody_loop_exchange"
        f" FROM txn WHERE deleted = 0{_seen(account)}"
    )


def _transaction_line(account: Account) -> str:
    subsidiary = " subsidiary," if account.settings.flag("netsuite.oneworld") else ""
    amount = _sign(account, "amount")
    return (
        'SELECT txn AS "transaction", id, seq AS linesequencenumber, uniquekey, mainline, taxline, iscogs,'
        " CASE WHEN posting = 1 AND role IN ('item', 'other_end') AND itemtype IN ('InvtPart', 'Assembly')"
        " THEN 'T' ELSE 'F' END AS isinventoryaffecting,"
        f" item, itemtype, {_sign(account, 'quantity')} AS quantity, received AS quantityshiprecv,"
        f" billed AS quantitybilled, 0 AS quantitybackordered, rate, {amount} AS foreignamount,"
        f" round({amount} * exchangerate, 2) AS netamount, location,{subsidiary} NULL AS department,"
        " NULL AS class, isclosed, createdfrom, memo, NULL AS expectedreceiptdate,"
        " json_extract(detail, '$.kitMemberOf') AS kitmemberof,"
        " CASE role WHEN 'shipping' THEN 'SHIPPING' WHEN 'discount' THEN 'DISCOUNT' WHEN 'cogs' THEN 'COGS' END"
        " AS transactionlinetype, CASE role WHEN 'discount' THEN 'T' ELSE 'F' END AS transactiondiscount,"
        " lastmodifieddate AS linelastmodifieddate, custcol_shopify_line_id,"
        " json_extract(custom, '$.custcol_return_reason') AS custcol_return_reason"
        f" FROM txn_line WHERE deleted = 0{_seen(account)}"
    )


def _seen(account: Account, *columns: str) -> str:
    """Kinds the role may not see have no rows for it (netsuite.md 5.1)."""
    codes = ", ".join(f"'{kind.code}'" for kind in permissions.hidden_kinds(account))
    return "".join(f" AND {column} NOT IN ({codes})" for column in columns or ("type",)) if codes else ""


def _links(account: Account) -> dict[str, str]:
    seen = _seen(account, "previoustype", "nexttype")
    lines = f"SELECT {LINK_COLUMNS} FROM txn_link WHERE 1{seen}"
    headers = (
        "SELECT previousdoc, previoustype, nextdoc, nexttype, linktype, sum(foreignamount) AS foreignamount,"
        f" max(lastmodifieddate) AS lastmodifieddate FROM txn_link WHERE 1{seen}"
        " GROUP BY previousdoc, previoustype, nextdoc, nexttype, linktype"
    )
    return {
        "nexttransactionlinelink": lines,
        "previoustransactionlinelink": lines,
        "nexttransactionlink": headers,
        "previoustransactionlink": headers,
    }


AVAILABLE = (
    "CASE WHEN l.makeinventoryavailable = 'T' AND coalesce(i.inventoryavailable, 'T') = 'T' THEN s.on_hand ELSE 0 END"
)
# What open orders have taken and not shipped; at the first place that sells where an order names none.
COMMITTED = (
    "coalesce((SELECT sum(o.quantity - coalesce(o.received, 0)) FROM txn_line o JOIN txn t ON t.id = o.txn"
    " WHERE o.type = 'SalesOrd' AND o.role = 'item' AND o.item = {item} AND o.isclosed = 'F' AND o.deleted = 0"
    " AND t.status IN ('B', 'D', 'E') AND t.deleted = 0 AND t.voided = 0 AND {location} = coalesce(o.location,"
    " t.location, (SELECT min(id) FROM location WHERE makeinventoryavailable = 'T'))), 0)"
)
PLACES = "FROM stock s JOIN location l ON l.id = s.location LEFT JOIN inventorystatus i ON i.id = s.status"


def _stock(account: Account) -> dict[str, str]:
    held = f"SELECT s.item, s.location, sum(s.on_hand) AS on_hand, sum({AVAILABLE}) AS free {PLACES} GROUP BY 1, 2"
    asked = f"SELECT h.*, {COMMITTED.format(item='h.item', location='h.location')} AS asked FROM ({held}) h"
    per_place = (
        "SELECT item, location, on_hand AS quantityonhand, max(free - asked, 0) AS quantityavailable,"
        " 0 AS quantityonorder, min(free, asked) AS quantitycommitted, max(asked - free, 0) AS quantitybackordered"
        f" FROM ({asked})"
    )
    bins = " nullif(s.bin, 0) AS binnumber," if account.settings.flag("netsuite.bins") else ""
    statuses = " nullif(s.status, 0) AS inventorystatus, nullif(s.status, 0) AS status,"
    if not account.settings.flag("netsuite.inventory_status"):
        statuses = ""
    # Orders take from the first bin that has it.
    before = "PARTITION BY s.item, s.location ORDER BY s.bin, s.status ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    piles = (
        f"SELECT s.*, {AVAILABLE} AS free, coalesce(sum({AVAILABLE}) OVER ({before}), 0) AS earlier,"
        f" {COMMITTED.format(item='s.item', location='s.location')} AS asked {PLACES}"
    )
    balance = (
        f"SELECT s.item AS item, s.location AS location,{bins}{statuses} NULL AS inventorynumber,"
        f" s.on_hand AS quantityonhand, max(s.free - max(s.asked - s.earlier, 0), 0) AS quantityavailable"
        f" FROM ({piles}) s"
    )
    return {
        "inventorybalance": balance,
        "inventoryitemlocations": per_place,
        "aggregateitemlocation": per_place,
    }


def _lists(account: Account) -> dict[str, str]:
    subsidiary = ", subsidiary" if account.settings.flag("netsuite.oneworld") else ""
    return {
        "item": (
            "SELECT id, itemid, fullname, displayname, upccode, externalid, itemtype, subtype, isinactive, parent,"
            " baseprice, createddate, lastmodifieddate, minimumquantity, usebins, islotitem, isserialitem,"
            " json_extract(custom, '$.class') AS class"
            f"{subsidiary} FROM item"
        ),
        "itemmember": "SELECT parentitem, item, quantity, linenumber FROM itemmember",
        "kititemmember": (
            "SELECT m.parentitem, m.item, m.quantity, m.linenumber FROM itemmember m JOIN item i ON i.id = m.parentitem"
            " WHERE i.itemtype = 'Kit'"
        ),
        "customer": (
            "SELECT id, entityid, companyname, firstname, lastname, email, phone, isperson, isinactive, externalid,"
            f" currency, datecreated, lastmodifieddate, receivablesaccount{subsidiary} FROM customer"
        ),
        "employee": "SELECT id, entityid, firstname, lastname, email, isinactive, externalid FROM employee",
        "entity": (
            "SELECT id, entityid, email, 'CustJob' AS type, isinactive, externalid FROM customer"
            " UNION ALL SELECT id, entityid, email, 'Employee', isinactive, externalid FROM employee"
        ),
        "location": (
            "SELECT id, name, fullname, externalid, isinactive, makeinventoryavailable, makeinventoryavailablestore,"
            f" usebins, locationtype, parent, timezone, lastmodifieddate{subsidiary} FROM location"
        ),
        "bin": "SELECT id, binnumber, location, isinactive, memo, externalid FROM bin",
        "inventorystatus": (
            "SELECT id, name, inventoryavailable, inventoryavailable AS makeinventoryavailable, description,"
            " isinactive, externalid FROM inventorystatus"
        ),
        "accountingperiod": (
            "SELECT id, periodname, startdate, enddate, closed, arlocked, aplocked, alllocked, isquarter, isyear,"
            " isposting, isinactive, allownonglchange FROM accountingperiod"
        ),
        "account": "SELECT id, acctnumber, accountsearchdisplayname, fullname, accttype, isinactive FROM account",
        "currency": (
            "SELECT id, name, symbol, exchangerate, decimals AS currencyprecision, isbasecurrency, isinactive,"
            " externalid FROM currency"
        ),
        "subsidiary": (
            "SELECT id, name, fullname, isinactive, parent, currency, country, externalid, iselimination"
            " FROM subsidiary"
        ),
        "shipitem": "SELECT id, itemid, isinactive FROM shipitem",
        "paymentoption": "SELECT id, name FROM paymentoption",
    }
