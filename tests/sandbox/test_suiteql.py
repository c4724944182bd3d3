"""The queries of netsuite.md 5.3 and the rules of 5.1."""

import pytest

from tests.sandbox.journeys import authorize, receipt_row, receive
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

CHANGED = """
SELECT t.id, t.type, t.tranid, t.externalid, t.status, BUILTIN.DF(t.status) AS status_label, t.entity,
       TO_CHAR(t.trandate,'YYYY-MM-DD') AS trandate,
       TO_CHAR(t.lastmodifieddate,'YYYY-MM-DD"T"HH24:MI:SS') AS lastmod
FROM transaction t
WHERE t.type IN ('RtnAuth','ItemRcpt','CustCred','CashRfnd','CustRfnd','SalesOrd')
  AND t.lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')
ORDER BY t.lastmodifieddate, t.id
"""
LINES = """
SELECT tl.id AS line_id, tl.linesequencenumber AS seq, tl.uniquekey AS ukey, tl.item, i.itemid AS sku,
       ABS(tl.quantity) AS qty, tl.quantityshiprecv AS received, tl.quantitybilled AS credited,
       tl.location, tl.isclosed, tl.createdfrom
FROM transactionline tl LEFT JOIN item i ON i.id = tl.item
WHERE tl.transaction = ? AND tl.mainline = 'F' AND tl.taxline = 'F' AND tl.iscogs = 'F'
"""
CHILDREN = """
SELECT DISTINCT l.nextdoc AS child_id, l.nexttype AS child_type, l.linktype, c.tranid, c.externalid, c.status
FROM NextTransactionLineLink l JOIN transaction c ON c.id = l.nextdoc
WHERE l.previousdoc = ?
"""


def test_changed_documents(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    found = {row["id"]: row for row in netsuite.query(CHANGED, "2020-01-01 00:00:00")}

    assert (found[rma]["type"], found[rma]["status"]) == ("RtnAuth", "B")
    assert found[rma]["status_label"] == "Pending Receipt"
    assert found[rma]["lastmod"][10] == "T"
    assert netsuite.query(CHANGED, "2199-01-01 00:00:00") == []


def test_the_lines_of_an_rma_show_progress(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)
    receive(netsuite, rma, receipt_row(1))

    line = netsuite.query(LINES, rma)[0]

    assert line["sku"] == made["units"][0]["sku"]
    assert (line["qty"], line["received"], line["credited"], line["isclosed"]) == ("1", "1", "0", "F")
    assert line["createdfrom"] == made["netsuite"]["invoice_id"]


def test_children_and_lost_ids_are_found(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)
    receipt = receive(netsuite, rma, receipt_row(1), external_id="loop-t-ir-9")

    child = netsuite.query(CHILDREN, rma)[0]
    assert (child["child_id"], child["child_type"], child["linktype"]) == (receipt, "ItemRcpt", "ShipRcpt")

    lost = "SELECT id, type, tranid, externalid FROM transaction WHERE LOWER(externalid) IN (LOWER(?), LOWER(?))"
    assert netsuite.query(lost, "LOOP-T-IR-9", "nothing")[0]["id"] == receipt


def test_the_sale_of_a_shop_order_is_found(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    sql = """SELECT t.id, t.type, t.tranid, t.status FROM transaction t
             WHERE t.type IN ('SalesOrd','CustInvc','CashSale') AND (t.otherrefnum = ? OR t.externalid = ?)"""

    found = netsuite.query(sql, made["order_name"].lstrip("#"), made["provider_order_id"])

    assert {row["type"] for row in found} == {"SalesOrd", "CustInvc"}


def test_created_from_lives_on_the_line_only(netsuite: NetSuiteStranger) -> None:
    answer = netsuite.ask("SELECT createdfrom FROM transaction")

    assert answer.status_code == 400
    error = answer.json()["o:errorDetails"][0]
    assert (error["o:errorCode"], error["o:errorQueryParam"]) == ("INVALID_PARAMETER", "q")
    assert "Unknown identifier 'createdfrom'" in error["detail"]


def test_an_unknown_table_is_named(netsuite: NetSuiteStranger) -> None:
    assert "Record 'loop_return' was not found" in netsuite.ask("SELECT id FROM loop_return").text


@pytest.mark.parametrize("sql", ["DELETE FROM transaction", "UPDATE item SET itemid = 'x'", "DROP TABLE item", "("])
def test_only_select_is_answered(netsuite: NetSuiteStranger, sql: str) -> None:
    assert netsuite.ask(sql).status_code == 400
    assert netsuite.query("SELECT count(*) AS n FROM item")[0]["n"] == "46"


def test_prefer_transient_is_required(netsuite: NetSuiteStranger) -> None:
    answer = netsuite.call("POST", "query/v1/suiteql", body={"q": "SELECT id FROM item"})

    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


def test_values_are_strings_and_nulls_are_left_out(netsuite: NetSuiteStranger, director: Director) -> None:
    director.make_return("refund")

    row = netsuite.query("SELECT id, memo, voided, trandate FROM transaction WHERE type = 'SalesOrd'")[0]

    assert "memo" not in row
    assert row["voided"] == "F"
    assert row["trandate"].count("/") == 2


def test_pages(netsuite: NetSuiteStranger) -> None:
    first = netsuite.ask("SELECT id FROM item ORDER BY id", page="?limit=20&offset=0").json()
    last = netsuite.ask("SELECT id FROM item ORDER BY id", page="?limit=20&offset=40").json()

    assert (first["count"], first["hasMore"], first["totalResults"]) == (20, True, 46)
    assert (last["count"], last["hasMore"], last["totalResults"]) == (6, False, 46)
    assert netsuite.ask("SELECT id FROM item", page="?limit=20&offset=30").status_code == 400
    assert netsuite.ask("SELECT id FROM item", page="?limit=2000").status_code == 400


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT NVL(NULL, 'x') AS v FROM dual", "x"),
        ("SELECT 'a' || 'b' AS v FROM dual", "ab"),
        ("SELECT count(*) AS v FROM item WHERE itemid LIKE 'PIKE%' AND ROWNUM <= 2", "2"),
        ("SELECT TO_CHAR(TO_DATE('2026-11-22', 'YYYY-MM-DD') + 9, 'MM/DD/YYYY') AS v FROM dual", "12/01/2026"),
        ("SELECT CASE WHEN SYSDATE > SYSDATE - 1 THEN 'later' END AS v FROM dual", "later"),
        ("SELECT DECODE(1, 1, 'one', 'other') AS v FROM dual", "one"),
        ("SELECT BUILTIN.DF(l.id) AS v FROM location l WHERE l.name = 'Main DC'", "14"),
        ("SELECT max(x.n) AS v FROM (SELECT count(*) AS n FROM item GROUP BY itemtype) x", "40"),
        ("WITH few AS (SELECT id FROM item FETCH FIRST 3 ROWS ONLY) SELECT count(*) AS v FROM few", "3"),
    ],
)
def test_oracle_dialect(netsuite: NetSuiteStranger, sql: str, value: str) -> None:
    assert netsuite.query(sql) == [{"v": value}]


def test_signs_follow_the_side_of_the_document(netsuite: NetSuiteStranger, director: Director) -> None:
    authorize(netsuite, director.make_return("refund"))
    sql = """SELECT t.type, tl.quantity FROM transaction t JOIN transactionline tl ON tl.transaction = t.id
             WHERE tl.mainline = 'F' AND tl.taxline = 'F' AND t.type IN ('CustInvc', 'RtnAuth')"""

    for row in netsuite.query(sql):
        assert (row["quantity"] == "1") == (row["type"] == "RtnAuth")


def test_the_status_form_and_the_time_zone_are_switches(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    switches: Json = {"sql_status_form": "compound", "sql_time_zone": "America/Los_Angeles", "sql_dates": "iso"}
    moment = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24') AS at, status FROM transaction WHERE id = ?"
    before = netsuite.query(moment, rma)[0]

    director.post("settings", {"netsuite": switches})
    after = netsuite.query(moment, rma)[0]

    assert (before["status"], after["status"]) == ("B", "RtnAuth:B")
    assert before["at"] != after["at"]
