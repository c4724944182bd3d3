"""The tables behind one NetSuite account; SuiteQL sees them through views.py."""

TABLES = """
CREATE TABLE IF NOT EXISTS txn (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, tranid TEXT NOT NULL, externalid TEXT, trandate TEXT NOT NULL,
  status TEXT NOT NULL, orderstatus TEXT, entity INTEGER, memo TEXT, otherrefnum TEXT, currency INTEGER,
  exchangerate REAL NOT NULL, subtotal REAL NOT NULL, taxtotal REAL NOT NULL, total REAL NOT NULL,
  amountremaining REAL, postingperiod INTEGER, location INTEGER, subsidiary INTEGER, createdfrom INTEGER,
  createddate TEXT NOT NULL, lastmodifieddate TEXT NOT NULL, createdby TEXT NOT NULL, modifiedby TEXT,
  version INTEGER NOT NULL DEFAULT 1, decimals INTEGER NOT NULL DEFAULT 2, discountitem INTEGER, discountrate TEXT,
  shippingcost REAL NOT NULL DEFAULT 0, documenttax INTEGER NOT NULL DEFAULT 0, payment REAL NOT NULL DEFAULT 0,
  voided INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0, deleteddate TEXT, deletedby TEXT,
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
CREATE INDEX IF NOT EXISTS txn_type ON txn (type, id);
CREATE INDEX IF NOT EXISTS txn_open_invoice ON txn (entity) WHERE type = 'CustInvc' AND amountremaining > 0;
CREATE INDEX IF NOT EXISTS txn_deleted ON txn (deleteddate) WHERE deleted = 1;
CREATE TABLE IF NOT EXISTS txn_line (
  txn INTEGER NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, seq INTEGER NOT NULL,
  uniquekey INTEGER PRIMARY KEY, role TEXT NOT NULL, mainline TEXT NOT NULL, taxline TEXT NOT NULL,
  iscogs TEXT NOT NULL DEFAULT 'F', item INTEGER, itemtype TEXT,
  quantity INTEGER, rate REAL, amount REAL, taxrate REAL, taxamount REAL, received INTEGER, billed INTEGER,
  location INTEGER, isclosed TEXT NOT NULL DEFAULT 'F', createdfrom INTEGER, orderdoc INTEGER,
  orderline INTEGER, memo TEXT, custom TEXT NOT NULL DEFAULT '{}', custcol_shopify_line_id TEXT,
  detail TEXT NOT NULL DEFAULT '{}', exchangerate REAL, subsidiary INTEGER, posting INTEGER,
  lastmodifieddate TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS txn_line_txn ON txn_line (txn, seq);
CREATE INDEX IF NOT EXISTS txn_line_orderdoc ON txn_line (orderdoc, orderline);
CREATE INDEX IF NOT EXISTS txn_line_ordered ON txn_line (item) WHERE type = 'SalesOrd' AND role = 'item';
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
  parent INTEGER, baseprice REAL, lastmodifieddate TEXT, createddate TEXT, recordtype TEXT, minimumquantity INTEGER,
  subsidiary INTEGER, usebins TEXT NOT NULL DEFAULT 'F', islotitem TEXT NOT NULL DEFAULT 'F',
  isserialitem TEXT NOT NULL DEFAULT 'F', rate TEXT, custom TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS item_upccode ON item (upccode);
CREATE INDEX IF NOT EXISTS item_externalid ON item (lower(externalid));
CREATE TABLE IF NOT EXISTS itemmember (
  parentitem INTEGER NOT NULL, item INTEGER NOT NULL, quantity INTEGER NOT NULL, linenumber INTEGER NOT NULL,
  PRIMARY KEY (parentitem, linenumber));
CREATE TABLE IF NOT EXISTS customer (
  id INTEGER PRIMARY KEY, entityid TEXT NOT NULL, companyname TEXT, firstname TEXT, lastname TEXT,
  email TEXT, isperson TEXT, isinactive TEXT NOT NULL DEFAULT 'F', externalid TEXT, taxrate REAL,
  subsidiary INTEGER, currency INTEGER, datecreated TEXT, lastmodifieddate TEXT, receivablesaccount INTEGER,
  phone TEXT, custom TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS customer_email ON customer (email);
CREATE INDEX IF NOT EXISTS customer_email_any ON customer (lower(email));
CREATE INDEX IF NOT EXISTS customer_entityid ON customer (lower(entityid));
CREATE INDEX IF NOT EXISTS customer_externalid ON customer (lower(externalid));
CREATE TABLE IF NOT EXISTS addressbook (
  id INTEGER PRIMARY KEY, entity INTEGER NOT NULL, label TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS addressbook_entity ON addressbook (entity);
CREATE TABLE IF NOT EXISTS employee (
  id INTEGER PRIMARY KEY, entityid TEXT NOT NULL, firstname TEXT, lastname TEXT, email TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F', externalid TEXT, login TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS location (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, fullname TEXT, subsidiary INTEGER, externalid TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F', makeinventoryavailable TEXT NOT NULL,
  makeinventoryavailablestore TEXT NOT NULL, usebins TEXT NOT NULL DEFAULT 'F', locationtype INTEGER,
  parent INTEGER, timezone TEXT, lastmodifieddate TEXT);
CREATE TABLE IF NOT EXISTS bin (
  id INTEGER PRIMARY KEY, binnumber TEXT NOT NULL, location INTEGER NOT NULL, isinactive TEXT NOT NULL DEFAULT 'F',
  memo TEXT, externalid TEXT, UNIQUE (location, binnumber));
CREATE TABLE IF NOT EXISTS inventorystatus (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, inventoryavailable TEXT NOT NULL, description TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F', externalid TEXT);
CREATE TABLE IF NOT EXISTS shipitem (
  id INTEGER PRIMARY KEY, itemid TEXT NOT NULL, isinactive TEXT NOT NULL DEFAULT 'F');
CREATE TABLE IF NOT EXISTS accountingperiod (
  id INTEGER PRIMARY KEY, periodname TEXT NOT NULL, startdate TEXT NOT NULL, enddate TEXT NOT NULL,
  closed TEXT NOT NULL, arlocked TEXT NOT NULL, aplocked TEXT NOT NULL, alllocked TEXT NOT NULL,
  isquarter TEXT NOT NULL DEFAULT 'F', isyear TEXT NOT NULL DEFAULT 'F', isposting TEXT NOT NULL DEFAULT 'T',
  isinactive TEXT NOT NULL DEFAULT 'F', allownonglchange TEXT NOT NULL DEFAULT 'F');
CREATE INDEX IF NOT EXISTS accountingperiod_dates ON accountingperiod (startdate, enddate);
CREATE TABLE IF NOT EXISTS account (
  id INTEGER PRIMARY KEY, acctnumber TEXT, accountsearchdisplayname TEXT, fullname TEXT, accttype TEXT,
  isinactive TEXT NOT NULL DEFAULT 'F');
CREATE TABLE IF NOT EXISTS paymentoption (id INTEGER PRIMARY KEY, name TEXT NOT NULL, is_card INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS currency (
  id INTEGER PRIMARY KEY, name TEXT, symbol TEXT, exchangerate REAL NOT NULL DEFAULT 1,
  decimals INTEGER NOT NULL DEFAULT 2, isbasecurrency TEXT NOT NULL DEFAULT 'F',
  isinactive TEXT NOT NULL DEFAULT 'F', externalid TEXT);
CREATE TABLE IF NOT EXISTS subsidiary (
  id INTEGER PRIMARY KEY, name TEXT, fullname TEXT, isinactive TEXT NOT NULL DEFAULT 'F', parent INTEGER,
  currency INTEGER, country TEXT, externalid TEXT, iselimination TEXT NOT NULL DEFAULT 'F');
CREATE TABLE IF NOT EXISTS stock (
  item INTEGER NOT NULL, location INTEGER NOT NULL, bin INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0,
  on_hand INTEGER NOT NULL, PRIMARY KEY (item, location, bin, status));
CREATE INDEX IF NOT EXISTS stock_location ON stock (location);
CREATE TABLE IF NOT EXISTS stock_ledger (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, txn INTEGER NOT NULL, type TEXT NOT NULL, item INTEGER NOT NULL,
  location INTEGER NOT NULL, bin INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0,
  quantity INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS stock_ledger_txn ON stock_ledger (txn);
CREATE TABLE IF NOT EXISTS history (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  record_type TEXT NOT NULL, record_id INTEGER NOT NULL, externalid TEXT, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_record ON history (record_id);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
