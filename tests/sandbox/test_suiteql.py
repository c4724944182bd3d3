"""The queries of netsuite.md 5.3 and the rules of 5.1."""

import pytest

from tests.sandbox.journeys import authorize, receipt_row, receive
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

ITEMS = 57  # of the account; each one more in the catalogue counts here
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
    assert netsuite.query("SELECT count(*) AS n FROM item")[0]["n"] == str(ITEMS)


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

    assert (first["count"], first["hasMore"], first["totalResults"]) == (20, True, ITEMS)
    assert (last["count"], last["hasMore"], last["totalResults"]) == (ITEMS - 40, False, ITEMS)
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


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT itemid AS v FROM item WHERE itemid LIKE 'PIKE%' AND ROWNUM <= 1 ORDER BY itemid DESC", "PIKE-40"),
        (
            "SELECT itemid AS v FROM item WHERE itemid LIKE 'PIKE%' ORDER BY itemid DESC FETCH FIRST 1 ROWS ONLY",
            "PIKE-43",
        ),
        ("SELECT max(rn) AS v FROM (SELECT ROWNUM AS rn, x.* FROM (SELECT id FROM item ORDER BY id) x)", str(ITEMS)),
        (
            "SELECT TO_CHAR(ADD_MONTHS(TO_DATE('2026-01-31', 'YYYY-MM-DD'), 1), 'YYYY-MM-DD') AS v FROM dual",
            "2026-02-28",
        ),
        ("SELECT TO_CHAR(LAST_DAY(TO_DATE('2026-02-03', 'YYYY-MM-DD')), 'DD') AS v FROM dual", "28"),
        ("SELECT EXTRACT(YEAR FROM TO_DATE('2026-02-03', 'YYYY-MM-DD')) AS v FROM dual", "2026"),
        ("SELECT TO_CHAR(TRUNC(TO_DATE('2026-02-03', 'YYYY-MM-DD'), 'MM'), 'DD') AS v FROM dual", "01"),
        ("SELECT NVL2(NULL, 'a', 'b') AS v FROM dual", "b"),
        ("SELECT MOD(-7, 3) AS v FROM dual", "-1"),
        ("SELECT TO_DATE('2026-02-03', 'YYYY-MM-DD') - TO_DATE('2026-02-01', 'YYYY-MM-DD') AS v FROM dual", "2"),
        (
            "SELECT count(*) AS v FROM (SELECT id FROM item MINUS SELECT id FROM item WHERE itemtype = 'OthCharge')",
            "41",
        ),
        ("SELECT count(*) AS v FROM item i, itemmember m WHERE i.id = m.item(+)", str(ITEMS)),
        ("SELECT count(*) AS v FROM (SELECT id FROM location UNION ALL SELECT id FROM bin)", "3"),
    ],
)
def test_more_of_the_dialect(netsuite: NetSuiteStranger, director: Director, sql: str, value: str) -> None:
    director.post("settings", {"netsuite": {"bins": True}})

    assert netsuite.query(sql) == [{"v": value}]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT id FROM item LIMIT 5", "LIMIT is not supported"),
        ("SELECT t.colour FROM transaction t", "Available identifiers are: {t=transaction}"),
        ("SELECT FOO(id) FROM item", "Invalid function: FOO"),
        ("SELECT BUILTIN.FOO(id) FROM item", "Invalid function: BUILTIN.FOO"),
        ("SELECT id FROM q_item", "Record 'q_item' was not found"),
        ("SELECT id FROM txn_line", "Record 'txn_line' was not found"),
    ],
)
def test_what_suiteql_does_not_know_is_named(netsuite: NetSuiteStranger, sql: str, words: str) -> None:
    assert words in netsuite.ask(sql).json()["o:errorDetails"][0]["detail"]


def test_tables_may_be_refused_and_unknown_ones_worded_otherwise(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    director.post(
        "settings", {"netsuite": {"sql_refused_tables": ["inventorybalance"], "sql_unknown_table": "search_type"}}
    )

    assert "Invalid search type: inventorybalance." in netsuite.ask("SELECT item FROM inventorybalance").text
    assert netsuite.query("SELECT count(item) AS n FROM inventoryitemlocations") == [{"n": "40"}]


def test_the_rows_of_a_receipt_are_told_apart(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund", tax_rate="0.10"))
    receipt = receive(netsuite, rma, receipt_row(1))
    sql = "SELECT id, mainline, taxline, iscogs FROM transactionline WHERE transaction = ? ORDER BY id"

    rows = [(row["mainline"], row["taxline"], row["iscogs"]) for row in netsuite.query(sql, receipt)]

    assert rows == [("T", "F", "F"), ("F", "F", "F"), ("F", "F", "T")]
    assert [row["taxline"] for row in netsuite.query(sql, rma)] == ["F", "F", "T"]


@pytest.mark.parametrize(
    ("switch", "quantities"),
    [("sales_negative", ["-1", "1"]), ("returns_negative", ["1", "-1"]), ("positive", ["1", "1"])],
)
def test_whose_rows_are_negative_is_a_switch(
    netsuite: NetSuiteStranger, director: Director, switch: str, quantities: list[str]
) -> None:
    director.post("settings", {"netsuite": {"sql_signs": switch}})
    made = director.make_return("refund", units=1)
    rma = authorize(netsuite, made)
    sql = """SELECT quantity FROM transactionline WHERE transaction = ? AND mainline = 'F' AND taxline = 'F'
             FETCH FIRST 1 ROWS ONLY"""

    found = [netsuite.query(sql, one)[0]["quantity"] for one in (made["netsuite"]["invoice_id"], rma)]

    assert found == quantities


def test_totals_of_credits_and_the_source_of_a_header_are_switches(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    made = director.make_return("refund")
    number = netsuite.create(f"invoice/{made['netsuite']['invoice_id']}/!transform/creditMemo", {"autoApply": False})
    director.post("settings", {"netsuite": {"sql_credit_totals": "negative", "sql_createdfrom_on_transaction": True}})

    row = netsuite.query("SELECT foreigntotal, createdfrom FROM transaction WHERE id = ?", number)[0]

    assert row["foreigntotal"].startswith("-")
    assert row["createdfrom"] == made["netsuite"]["invoice_id"]


@pytest.mark.parametrize(
    ("form", "shown"), [("D/M/YYYY", "22/11/2026"), ("D-Mon-YYYY", "22-Nov-2026"), ("YYYY-MM-DD", "2026-11-22")]
)
def test_dates_come_as_the_user_prefers(netsuite: NetSuiteStranger, director: Director, form: str, shown: str) -> None:
    director.post("settings", {"netsuite": {"user_date_format": form}})

    assert netsuite.query("SELECT TO_DATE('2026-11-22', 'YYYY-MM-DD') AS d FROM dual") == [{"d": shown}]
    assert netsuite.query(f"SELECT TO_CHAR(TO_DATE('{shown}'), 'MM') AS d FROM dual") == [{"d": "11"}]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata"])
def test_the_calibration_of_a_client_holds_in_any_zone(
    netsuite: NetSuiteStranger, director: Director, zone: str
) -> None:
    """What NetSuite changed after a moment it told itself is found again, whatever zone its clock speaks."""
    director.post("settings", {"netsuite": {"sql_time_zone": zone}})
    director.post("clock", {"advance_seconds": 86_400})
    before = netsuite.query("SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS now FROM dual")[0]["now"]
    rma = authorize(netsuite, director.make_return("refund"))

    sql = (
        "SELECT id FROM transaction WHERE type = 'RtnAuth' AND lastmodifieddate >= TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')"
    )
    assert netsuite.query(sql, before) == [{"id": rma}]
    text = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction WHERE id = ?"
    assert netsuite.query(text, rma)[0]["at"] >= before
    starred = netsuite.query("SELECT * FROM transaction WHERE id = ?", rma)[0]
    assert starred["lastmodifieddate"].count("/") == 2
