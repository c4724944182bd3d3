import json

import pytest
from requests.structures import CaseInsensitiveDict

from integrations.errors import (
    AlreadyExistsError,
    ConfigurationError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UncertainError,
)
from integrations.http import HttpAnswer
from integrations.netsuite.refusals import FAMILIES, classify_failure

PREFIX = "Error while accessing a resource. "

# Family, status, code, text, path: the sentences of the catalogue, and near misses.
REFUSALS = [
    ("already_exists", 400, "USER_ERROR", PREFIX + "This record already exists.", ""),
    ("already_exists", 400, "USER_ERROR", PREFIX + "This entity already exists.", ""),
    ("already_exists", 400, "USER_ERROR", "A record with this ID already exists. Enter a unique ID.", ""),
    (
        "source_not_ready",
        400,
        "USER_ERROR",
        "You can not initialize itemReceipt: invalid reference 90211.",
        "",
    ),
    (
        "nothing_left",
        400,
        "USER_ERROR",
        "You must have at least one valid line item for this transaction.",
        "",
    ),
    (
        "period_closed",
        400,
        "USER_ERROR",
        "You cannot change the G/L impact of a transaction in a closed period.",
        "",
    ),
    (
        "period_closed",
        400,
        "USER_ERROR",
        "This transaction is in a period that has been closed. You may not edit it.",
        "",
    ),
    (
        "date_outside_period",
        400,
        "USER_ERROR",
        "The transaction date you specified is not within the date range of your accounting period.",
        "",
    ),
    (
        "invalid_field",
        400,
        "INVALID_CONTENT",
        "Error while accessing resource: You have entered an Invalid Field Value 9999 for the following field: item",
        "item.items[0].item",
    ),
    (
        "invalid_field",
        400,
        "USER_ERROR",
        PREFIX + "You have entered an Invalid Field Value 6 for the following field: location.",
        "",
    ),
    ("missing_field", 400, "USER_ERROR", PREFIX + "Please enter value(s) for: Location.", "location"),
    (
        "over_quantity",
        400,
        "USER_ERROR",
        "The quantity received may not be greater than the quantity remaining.",
        "",
    ),
    (
        "permission",
        403,
        "INSUFFICIENT_PERMISSION",
        "Permission Violation: You need the 'Credit Memo' permission to access this page.",
        "",
    ),
    ("permission", 403, "USER_ERROR", "No.", ""),
    (
        "gone",
        404,
        "NONEXISTENT_ID",
        "The record instance does not exist. Provide a valid record instance ID.",
        "",
    ),
    ("gone", 400, "USER_ERROR", "That record does not exist.", ""),
    ("in_use", 400, "USER_ERROR", "This transaction cannot be deleted because it is linked to others.", ""),
    ("invalid_request", 400, "INVALID_PARAMETER", "Unknown field: colour.", ""),
    ("script", 400, "USER_ERROR", "SSS_MISSING_REQD_ARGUMENT: The order needs a channel.", ""),
    ("script", 400, "UNEXPECTED_ERROR", "An error occurred in user event script customscript_guard.", ""),
    ("feature_off", 400, "USER_ERROR", "The feature Return Authorizations is not enabled in this account.", ""),
    ("not_unique", 400, "USER_ERROR", "A customer record with this ID already exists.", ""),
    ("exchange_rate", 400, "USER_ERROR", "UNKNWN_EXCHANGE_RATE: no rate for this date.", ""),
    ("unbalanced", 400, "USER_ERROR", "TRANS_UNBALNCD: The transaction was not in balance.", ""),
    ("period_closed", 400, "USER_ERROR", "TRAN_PERIOD_CLOSED", ""),
    ("source_not_ready", 400, "USER_ERROR", "INVALID_INITIALIZE_REF", ""),
    ("nothing_left", 400, "USER_ERROR", "VALID_LINE_ITEM_REQD", ""),
    ("gone", 400, "USER_ERROR", "TRANSACTION_DELETED", ""),
    ("in_use", 400, "USER_ERROR", "TRANS_IN_USE", ""),
    ("invalid_field", 400, "USER_ERROR", "INVALID_AUTOAPPLY_VALUE", ""),
    ("unknown", 400, "USER_ERROR", "Our script says: returns above 500 need a manager.", ""),
    ("unknown", 400, "USER_ERROR", "", ""),
]


def envelope(*details: tuple[str, str, str], status: int = 400) -> dict[str, object]:
    rows = [{"o:errorCode": code, "detail": text, "o:errorPath": path} for code, text, path in details]
    return {
        "type": "https://example.com/rfc",
        "title": "Bad Request",
        "status": status,
        "o:errorDetails": rows,
    }


def classify(
    status: int, body: object, *, writes: bool = True, headers: dict[str, str] | None = None
) -> IntegrationError:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = HttpAnswer(status=status, headers=CaseInsensitiveDict(headers or {}), text=text, duration_s=0.1)
    return classify_failure(answer, operation="create creditMemo", writes=writes)


@pytest.mark.parametrize(("family", "status", "code", "text", "path"), REFUSALS)
def test_refusal_is_known_by_its_words(family: str, status: int, code: str, text: str, path: str) -> None:
    error = classify(status, envelope((code, text, path), status=status))

    assert isinstance(error, RejectedError)
    assert (error.family, error.path, error.code) == (family, path, code)
    assert isinstance(error, AlreadyExistsError) == (family == "already_exists")
    assert text in error.detail


def test_every_family_has_a_sentence_here() -> None:
    temporary = {"record_changed", "too_many_requests"}

    assert {family.name for family in FAMILIES} - temporary <= {refusal[0] for refusal in REFUSALS}


def test_all_details_are_kept_and_the_telling_one_names_the_path() -> None:
    error = classify(
        400,
        envelope(
            ("USER_ERROR", "Something odd.", "a"),
            (
                "INVALID_CONTENT",
                "You have entered an Invalid Field Value 9 for the following field: item",
                "b",
            ),
        ),
    )

    assert isinstance(error, RejectedError)
    assert (error.family, error.path) == ("invalid_field", "b")
    assert "Something odd. | You have entered" in error.detail


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed"),
        (409, "USER_ERROR", "Record has been changed"),
        (400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request limit exceeded"),
    ],
)
def test_what_may_pass_next_time_is_temporary(status: int, code: str, text: str) -> None:
    assert isinstance(classify(status, envelope((code, text, ""), status=status)), TemporaryError)


def test_concurrency_limit_was_not_executed() -> None:
    body = {"status": 429, "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED", "title": "Too Many Requests"}

    error = classify(429, body, headers={"Retry-After": "2"})

    assert isinstance(error, TemporaryError)
    assert (error.code, error.retry_after_s) == ("CONCURRENCY_LIMIT_EXCEEDED", 2.0)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, envelope(("UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: k1", ""), status=500)),
        (502, "<html>Bad Gateway</html>"),
        (503, "down for maintenance"),
        (504, ""),
        (400, "<html>blocked</html>"),
        (403, '{"message": "not from NetSuite"}'),
        (500, envelope(("USER_ERROR", "This record already exists.", ""), status=500)),
    ],
)
def test_answer_that_proves_nothing(status: int, body: object) -> None:
    assert isinstance(classify(status, body), UncertainError)
    assert isinstance(classify(status, body, writes=False), TemporaryError)


@pytest.mark.parametrize("status", [301, 308])
def test_wrong_log_in_and_wrong_address_are_configuration(status: int) -> None:
    login = classify(401, envelope(("INVALID_LOGIN", "Invalid login attempt.", ""), status=401))
    moved = classify(status, "", headers={"Location": "https://elsewhere.example.com/"})

    assert isinstance(login, ConfigurationError)
    assert isinstance(moved, ConfigurationError)
    assert "https://elsewhere.example.com/" in moved.detail


@pytest.mark.parametrize("status", [302, 303, 307])
def test_page_for_maintenance_elsewhere_proves_nothing(status: int) -> None:
    """For now, it says; an address that is wrong for good is moved for good, or refuses our log-in."""
    headers = {"Location": "https://elsewhere.example.com/sorry"}

    write, read = (classify(status, "", writes=writes, headers=headers) for writes in (True, False))

    assert (type(write), type(read)) == (UncertainError, TemporaryError)
    assert "https://elsewhere.example.com/sorry" in read.detail


def test_other_envelope_is_read_too() -> None:
    error = classify(400, {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "Too many requests."}})

    assert isinstance(error, TemporaryError)
    assert error.status == 429, "whatever the status, it is one call too many, and paced like that"


def test_key_used_before_leaves_the_outcome_open() -> None:
    assert isinstance(classify(400, envelope(("IDEMPOTENCY_ERROR", "Conflict", ""))), UncertainError)


@pytest.mark.parametrize(
    "form", ["https://www.w3.org/Protocols/rfc2616/x", "https://www.rfc-editor.org/rfc/rfc9110.html"]
)
def test_address_in_an_error_says_nothing(form: str) -> None:
    body = envelope(("USER_ERROR", "This record already exists.", "")) | {"type": form}

    assert isinstance(classify(400, body), AlreadyExistsError)
