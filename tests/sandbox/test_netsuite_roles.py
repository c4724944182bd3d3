"""What a role may not do, how much at once, and the shapes of refusals (netsuite.md §1.4, §6 and §7)."""

import threading

import pytest
import requests

from tests.sandbox.journeys import authorize, receipt_row, receive
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

RECEIPTS = "SELECT count(*) AS n FROM transaction WHERE type = 'ItemRcpt'"


def lack(director: Director, *permissions: str) -> None:
    director.post("settings", {"netsuite.missing_permissions": list(permissions)})


def refused(answer: requests.Response) -> str:
    assert answer.status_code == 403, answer.text
    (detail,) = answer.json()["o:errorDetails"]
    assert detail["o:errorCode"] == "INSUFFICIENT_PERMISSION"
    return str(detail["detail"])


@pytest.fixture
def rma(netsuite: NetSuiteStranger, director: Director) -> str:
    return authorize(netsuite, director.make_return("refund"))


def test_a_missing_permission_hides_the_record_everywhere(
    netsuite: NetSuiteStranger, director: Director, rma: str
) -> None:
    receipt = receive(netsuite, rma, receipt_row(1))
    assert netsuite.query(RECEIPTS) == [{"n": "1"}]

    lack(director, "Item Receipt")

    words = refused(netsuite.call("GET", f"record/v1/itemReceipt/{receipt}"))
    assert words.startswith("Permission Violation: You need the 'Item Receipt' permission to access this page.")
    refused(netsuite.call("POST", f"record/v1/returnAuthorization/{rma}/!transform/itemReceipt", body={}))
    assert netsuite.query(RECEIPTS) == [{"n": "0"}]
    lines = 'SELECT count(*) AS n FROM transactionline WHERE "transaction" = ?'
    assert netsuite.query(lines, receipt) == [{"n": "0"}]
    assert netsuite.query("SELECT nextdoc FROM nexttransactionlink WHERE previousdoc = ?", rma) == []
    names = [one["name"] for one in netsuite.call("GET", "record/v1/metadata-catalog").json()["items"]]
    assert "itemReceipt" not in names
    assert "creditMemo" in names

    lack(director)
    assert netsuite.query(RECEIPTS) == [{"n": "1"}]


def test_reading_loads_in_edit_mode(netsuite: NetSuiteStranger, director: Director, rma: str) -> None:
    lack(director, "Item Receipt: Edit")

    receipt = receive(netsuite, rma, receipt_row(1))

    refused(netsuite.call("GET", f"record/v1/itemReceipt/{receipt}"))
    refused(netsuite.call("PATCH", f"record/v1/itemReceipt/{receipt}", body={"memo": "x"}))
    assert netsuite.query(RECEIPTS) == [{"n": "1"}]


def test_deleting_needs_the_full_level(netsuite: NetSuiteStranger, director: Director, rma: str) -> None:
    lack(director, "Return Authorization: Full")

    refused(netsuite.call("DELETE", f"record/v1/returnAuthorization/{rma}"))
    assert netsuite.read("returnAuthorization", rma)["id"] == rma


def test_approving_needs_a_permission_of_its_own(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"), orderStatus="A")
    lack(director, "Return Auth. Approval")

    refused(netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"orderStatus": "B"}))
    netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"memo": "m"})

    shown = netsuite.read("returnAuthorization", rma)
    assert (shown["status"]["id"], shown["memo"]) == ("A", "m")


def test_filters_and_queries_need_the_workbook(netsuite: NetSuiteStranger, director: Director) -> None:
    lack(director, "SuiteAnalytics Workbook")

    assert "SuiteAnalytics Workbook" in refused(netsuite.call("GET", "record/v1/customer?q=id EQUAL 1"))
    refused(netsuite.ask("SELECT id FROM customer"))
    assert netsuite.call("GET", "record/v1/customer").status_code == 200


def test_a_table_nobody_may_see_is_no_table(netsuite: NetSuiteStranger, director: Director) -> None:
    lack(director, "Items", "Deleted Records")

    answer = netsuite.ask("SELECT t.id FROM transactionline t LEFT JOIN item i ON i.id = t.item")

    assert answer.status_code == 400
    assert "Record 'item' was not found." in answer.text
    assert netsuite.ask("SELECT name FROM deletedrecord").status_code == 400
    assert netsuite.ask("SELECT id FROM transactionline WHERE item = 5001").status_code == 200
    assert netsuite.call("GET", "record/v1/inventoryItem").status_code == 403


def test_without_rest_or_login_permission_nothing_goes(netsuite: NetSuiteStranger, director: Director) -> None:
    lack(director, "REST Web Services")
    refused(netsuite.call("GET", "system/v1/serverTime"))

    lack(director, "Log in using OAuth 2.0 Access Tokens")
    assert netsuite.call("GET", "system/v1/serverTime").status_code == 401
    assert netsuite.ask_token(netsuite.assertion()).json()["error"] == "invalid_grant"


def test_the_code_of_a_violation_is_a_switch(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"missing_permissions": ["Customers"], "permission_code": "USER_ERROR"}})

    answer = netsuite.call("GET", "record/v1/customer")

    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (403, "USER_ERROR")


def test_limits_are_told_to_administrators_only(netsuite: NetSuiteStranger, director: Director) -> None:
    refused(netsuite.call("GET", "system/v1/governanceLimits"))

    director.post("settings", {"netsuite": {"administrator": True, "concurrency": 15}})
    assert netsuite.call("GET", "system/v1/governanceLimits").json() == {
        "accountConcurrencyLimit": 15,
        "accountUnallocatedConcurrencyLimit": 15,
        "integrationLimitType": "accountLimit",
    }

    director.post("settings", {"netsuite.integration_share": 4})
    told = netsuite.call("GET", "system/v1/governanceLimits").json()
    assert told["integrationLimitType"] == "integrationSpecific"
    assert (told["integrationConcurrencyLimit"], told["accountUnallocatedConcurrencyLimit"]) == (4, 11)


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({"concurrency": 5, "busy_elsewhere": 3}, 2),
        ({"concurrency": 5, "busy_elsewhere": 5, "integration_share": 1}, 1),
        ({"concurrency": 5, "busy_elsewhere": 9}, 0),
    ],
)
def test_others_take_places_and_a_share_is_kept(
    netsuite: NetSuiteStranger, director: Director, settings: Json, places: int
) -> None:
    director.post("settings", {"netsuite": settings | {"latency_s": {"read": [0.4, 0.4]}}})
    paths = ["system/v1/serverTime", "record/v1/location", "record/v1/metadata-catalog", "async/v1/job/1"]
    statuses: list[int] = []

    def ask(path: str) -> None:
        with requests.Session() as session:
            stranger = NetSuiteStranger(netsuite.url, netsuite.account, session, netsuite.token)
            statuses.append(stranger.call("GET", path).status_code)

    threads = [threading.Thread(target=ask, args=[path]) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(statuses) - statuses.count(429) == places


def test_too_many_calls_carry_the_code_at_the_top(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite.busy_elsewhere": 5})

    answer = netsuite.call("GET", "system/v1/serverTime")

    assert answer.status_code == 429
    assert answer.json()["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert answer.json()["title"] == "Too Many Requests"
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("form", "bad", "missing"),
    [
        (
            "rfc9110",
            "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1",
            "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.5",
        ),
        (
            "rfc2616",
            "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1",
            "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.5",
        ),
    ],
)
def test_the_type_of_an_error_has_two_forms(
    netsuite: NetSuiteStranger, director: Director, form: str, bad: str, missing: str
) -> None:
    director.post("settings", {"netsuite.error_type_form": form})

    wrong = netsuite.call("POST", "record/v1/customerRefund", body={})
    nothing = netsuite.call("GET", "record/v1/salesOrder/99999999")

    assert (wrong.json()["type"], wrong.json()["title"], wrong.json()["status"]) == (bad, "Bad Request", 400)
    assert (nothing.json()["type"], nothing.json()["title"]) == (missing, "Not Found")
    assert wrong.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"


def test_answers_carry_operation_and_timing(netsuite: NetSuiteStranger, director: Director) -> None:
    first, second = (netsuite.call("GET", "system/v1/serverTime") for _ in range(2))

    assert first.headers["X-N-OperationId"] != second.headers["X-N-OperationId"]
    assert first.headers["NS_RTIMER_COMPOSITE"]

    director.post("settings", {"netsuite.timing_headers": False})
    assert "X-N-OperationId" not in netsuite.call("GET", "system/v1/serverTime").headers


def test_a_creation_may_answer_201(netsuite: NetSuiteStranger, director: Director) -> None:
    invoice = director.make_return("refund")["netsuite"]["invoice_id"]
    director.post("settings", {"netsuite.created_status": 201})

    made = netsuite.call("POST", f"record/v1/invoice/{invoice}/!transform/returnAuthorization", body={})

    assert made.status_code == 201, made.text
    assert made.headers["Location"]
    assert made.content == b""


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "system/v1/serverTime"), ("GET", "query/v1/suiteql"), ("POST", "record/v1/salesOrder/1")],
)
def test_a_method_nobody_serves_is_405(netsuite: NetSuiteStranger, method: str, path: str) -> None:
    assert netsuite.call(method, path).status_code == 405


def test_options_are_answered(netsuite: NetSuiteStranger) -> None:
    answer = netsuite.call("OPTIONS", "*")

    assert answer.status_code == 200
    assert "PATCH" in answer.headers["Allow"]


def test_a_missing_record_has_two_texts_and_a_deleted_one_two_answers(
    netsuite: NetSuiteStranger, director: Director, rma: str
) -> None:
    path = f"record/v1/returnAuthorization/{rma}"
    assert netsuite.call("DELETE", path).status_code == 204
    gone = netsuite.call("GET", path)
    assert (gone.status_code, gone.json()["o:errorDetails"][0]["detail"]) == (404, "Record does not exist.")

    director.post("settings", {"netsuite": {"missing_words": "instance", "deleted_answer": "deleted"}})

    told = netsuite.call("PATCH", path, body={"memo": "x"})
    assert (told.status_code, "has been deleted" in told.text) == (400, True)
    never = netsuite.call("GET", "record/v1/returnAuthorization/99999999")
    assert never.status_code == 404
    assert "Provide a valid record instance ID" in never.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("entity", "entity"),
        ("postingPeriod", "postingPeriod"),
        ("paymentOption", "paymentOption"),
        ("shipMethod", "shipMethod"),
        ("currency", "currency"),
        ("location", "location"),
    ],
)
def test_an_id_nobody_has_is_an_invalid_value_with_its_path(
    netsuite: NetSuiteStranger, director: Director, name: str, shown: str
) -> None:
    order = director.make_return("refund")["netsuite"]["sales_order_id"]

    answer = netsuite.call("PATCH", f"record/v1/salesOrder/{order}", body={name: {"id": "99999999"}})

    (detail,) = answer.json()["o:errorDetails"]
    assert (answer.status_code, detail["o:errorCode"], detail["o:errorPath"]) == (400, "INVALID_CONTENT", shown)
    assert "Invalid Field Value 99999999" in detail["detail"]
