"""What NetSuite's refusals mean, read from their English text.

Most refusals share one code, USER_ERROR, so the sentence is the only thing that tells them apart. The
integration user's language therefore has to be English. First match wins; what matches nothing is
"unknown" and goes to a person with NetSuite's own words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.errors import (
    AlreadyExistsError,
    ConfigurationError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UncertainError,
)
from integrations.http import HttpAnswer


@dataclass(frozen=True)
class Family:
    """A kind of refusal. pattern is looked for in "CODE: detail"; source says where the words come from."""

    name: str
    pattern: re.Pattern[str]
    source: str


def _family(name: str, pattern: str, source: str) -> Family:
    return Family(name, re.compile(pattern, re.IGNORECASE), source)


# The names of SOAP times (TRAN_PERIOD_CLOSED and the like) may stand in the text; NetSuite help lists them.
FAMILIES = (
    _family("script", r"\bSSS_(?!REQUEST_LIMIT)\w+|user ?event script", "SuiteScript sources"),
    _family(
        "feature_off",
        r"FeatureDisabled|feature .{0,60}(not|n't) (enabled|available|turned on)",
        "NetSuite help, log-in audit",
    ),
    _family("not_unique", r"UNIQUE_(CUST|RCRD)_\w+_REQD|customer record with this", "NetSuite help, error codes"),
    _family("already_exists", r"\balready exists\b", "captures of several clients, 2024 to 2026"),
    _family("record_changed", r"RCRD_HAS_BEEN_CHANGED|record has been changed", "SuiteScript sources"),
    _family("too_many_requests", r"^(SSS_REQUEST_LIMIT|CONCURRENCY_LIMIT)_EXCEEDED", "NetSuite help, governance"),
    _family("source_not_ready", r"can ?not initialize|INVALID_INITIALIZE_REF", "NetSuite help, INVALID_INITIALIZE_REF"),
    _family(
        "nothing_left", r"at least one (valid )?line item|VALID_LINE_ITEM_REQD", "NetSuite help, VALID_LINE_ITEM_REQD"
    ),
    _family(
        "period_closed",
        r"closed period|period (that )?(has been|is) (closed|locked)|locked period"
        r"|TRAN_PERIOD_CLOSED|TRANS_EDIT_DISALLWD",
        "NetSuite help, TRAN_PERIOD_CLOSED and TRANS_EDIT_DISALLWD",
    ),
    _family(
        "date_outside_period",
        r"not within the date range of your accounting period",
        "Expensify help and the tests of a Fyle integration",
    ),
    _family(
        "over_quantity",
        # The exact words are not known; these are the ways such a sentence can go.
        r"(greater|more|higher|larger) than the .*(quantity|remaining|ordered|received)"
        r"|quantity.*(exceed|greater than|more than)|exceed\w* .*(quantity|remaining)|over-?receiv",
        "assumed: no capture found",
    ),
    _family("in_use", r"cannot be deleted because it is linked|TRANS_IN_USE", "NetSuite help, TRANS_IN_USE"),
    _family(
        "permission",
        r"INSUFFICIENT_PERMISSION|permission violation|need the '[^']*' permission",
        "reported wording of the help centre",
    ),
    _family("missing_field", r"please enter value\(s\) for", "issue 26 of a public REST client"),
    _family(
        "gone",
        r"NONEXISTENT_ID|TRANSACTION_DELETED|TRANS_DSNT_EXIST"
        r"|(record|instance|transaction)[^.]* (does not exist|has been deleted|was deleted)",
        "NetSuite help, NONEXISTENT_ID, TRANSACTION_DELETED and TRANS_DSNT_EXIST",
    ),
    _family("exchange_rate", r"UNKNWN_EXCHANGE_RATE|exchange rate", "NetSuite help, error codes"),
    _family("unbalanced", r"TRANS_UNBALNCD|not in balance|out of balance", "NetSuite help, error codes"),
    _family(
        "invalid_field",
        r"invalid field value|^INVALID_CONTENT|INVALID_KEY_OR_REF|INVALID_CSTM_FIELD_REF|INVALID_AUTOAPPLY_VALUE",
        "NetSuite help, errors",
    ),
    _family("invalid_request", r"^INVALID_(REQUEST|PARAMETER|HEADER)", "NetSuite help, errors"),
)

# Also in the words of a customer's own script, whatever family they belong to.
DOUBLE = re.compile(r"already (exists|been|created|received|credited|refunded|authori[sz]ed|processed)|duplicate", re.I)

FAMILY_BY_STATUS = {403: "permission", 404: "gone"}

# Surely not done, and nothing a person has to settle: after reading again the same call may go through.
TEMPORARY_FAMILIES = {"record_changed", "too_many_requests"}


@dataclass(frozen=True, kw_only=True)
class ErrorDetail:
    code: str
    text: str
    path: str


def classify_failure(answer: HttpAnswer, *, operation: str, writes: bool) -> IntegrationError:
    """The error for an answer that is not a success."""
    details = read_details(answer)
    failure = answer.failure(
        system="netsuite",
        operation=operation,
        code=details[0].code if details else "",
        detail=answer.redirect_words or " | ".join(detail.text for detail in details) or f"HTTP {answer.status}",
    )
    if answer.status == 401 or answer.is_moved:
        return ConfigurationError(**failure)
    if answer.status == 429:
        return TemporaryError(**failure)
    if answer.is_broken_server or not details:
        # A page of a gateway does not tell how far NetSuite got behind it.
        return UncertainError(**failure) if writes else TemporaryError(**failure)
    if any(detail.code == "IDEMPOTENCY_ERROR" for detail in details):
        return UncertainError(**failure)  # accepted before under this key: how that ended has to be looked up
    family, path = family_of(details, status=answer.status)
    if family == "too_many_requests":
        failure["status"] = 429  # whatever stood there: who paces calls goes by it
    if family in TEMPORARY_FAMILIES:
        return TemporaryError(**failure)
    error = AlreadyExistsError if family == "already_exists" else RejectedError
    return error(family=family, path=path, **failure)


def is_missing(answer: HttpAnswer) -> bool:
    """NetSuite says that it has nothing at this address; a gateway's 404 says nothing of that."""
    return answer.status == 404 and any(row.code == "NONEXISTENT_ID" for row in read_details(answer))


def speaks_of_double(text: str) -> bool:
    """Whether a refusal may mean that what we send is there already: then only a look can tell."""
    return bool(DOUBLE.search(text))


def family_of(details: list[ErrorDetail], *, status: int) -> tuple[str, str]:
    """The first family any of the details belongs to, with the field that detail names."""
    for family in FAMILIES:
        for detail in details:
            if family.pattern.search(f"{detail.code}: {detail.text}"):
                return family.name, detail.path
    return FAMILY_BY_STATUS.get(status, "unknown"), details[0].path if details else ""


def read_details(answer: HttpAnswer) -> list[ErrorDetail]:
    """The error envelope's entries; none when the body is not NetSuite's JSON.

    `type` is not looked at: the address in it has changed over time.
    """
    try:
        body = answer.json()
    except ValueError:
        return []
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        return [_read_script_error(body["error"])]
    if not isinstance(body, Mapping) or not ({"o:errorDetails", "o:errorCode", "title"} & set(body)):
        return []
    rows = body.get("o:errorDetails")
    entries = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [_read_detail(row, envelope=body) for row in entries or [body]]


def _read_script_error(error: Mapping[str, Any]) -> ErrorDetail:
    """The other envelope: RESTlets and what stands in front of them answer in it."""
    return ErrorDetail(code=str(error.get("code") or ""), text=str(error.get("message") or ""), path="")


def _read_detail(row: Mapping[str, Any], *, envelope: Mapping[str, Any]) -> ErrorDetail:
    return ErrorDetail(
        code=str(row.get("o:errorCode") or envelope.get("o:errorCode") or ""),
        text=str(row.get("detail") or envelope.get("title") or ""),
        path=str(row.get("o:errorPath") or row.get("o:errorQueryParam") or row.get("o:errorHeader") or ""),
    )
