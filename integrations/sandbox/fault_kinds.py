"""The kinds of faults by name: what the caller sees, and whether the work was done nevertheless.

Rows of NetSuite's refusals follow netsuite.md 6.2, so that each of them can be met without arranging its cause.
"""

from dataclasses import dataclass

BOTH = ("netsuite", "loop")
MAINTENANCE_HTML = "<html><body><h1>503 Service Unavailable</h1><p>The server is under maintenance.</p></body></html>"
GATEWAY_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
ACCESS = "Error while accessing a resource. "


@dataclass(frozen=True)
class Raw:
    """An answer that is no JSON of the system: a gateway or a maintenance page spoke."""

    status: int
    body: str
    content_type: str


@dataclass(frozen=True)
class Words:
    """An answer in the system's own envelope."""

    status: int
    code: str
    detail: str


@dataclass(frozen=True)
class Kind:
    meaning: str
    is_done: bool
    systems: tuple[str, ...] = BOTH
    raw: Raw | None = None
    words: Words | None = None

    @property
    def words_instead(self) -> Words | None:
        """What is said in the place of the work; None where the work is done first."""
        return None if self.is_done else self.words


def _before(meaning: str) -> Kind:
    return Kind(meaning, is_done=False)


def _after(meaning: str, *, systems: tuple[str, ...] = BOTH) -> Kind:
    return Kind(meaning, is_done=True, systems=systems)


def _says_after(status: int, code: str, detail: str, *, systems: tuple[str, ...] = BOTH) -> Kind:
    return Kind(f"{status} {code}: {detail}", is_done=True, systems=systems, words=Words(status, code, detail))


def _page(status: int, body: str, *, content_type: str = "text/html") -> Kind:
    spoken = "plain text" if content_type == "text/plain" else "HTML"
    return Kind(f"{status} with {spoken} from something in front", is_done=False, raw=Raw(status, body, content_type))


def _says(status: int, code: str, detail: str, *, systems: tuple[str, ...] = BOTH) -> Kind:
    return Kind(f"{status} {code}: {detail}", is_done=False, systems=systems, words=Words(status, code, detail))


def _netsuite(status: int, code: str, detail: str) -> Kind:
    return _says(status, code, detail, systems=("netsuite",))


KINDS: dict[str, Kind] = {
    # Lines and gateways
    "drop_before": _before("a dropped connection"),
    "drop_after_commit": _after("a dropped connection"),
    "delay_commit": _after("the answer after `seconds` of business time; the work is done then, caller or not"),
    "late_commit": _after("a dropped connection; the work is done `seconds` of business time later"),
    "late_answer": _after("the work is done at once, the answer comes `seconds` of business time later"),
    "slow_body": _after("the body trickles in over `seconds`"),
    "reset_headers": _after("a connection reset in the middle of the headers"),
    "truncate": _after("half of the body"),
    "wrong_content_type": _after("the answer under the content type `text/plain`"),
    "no_location": _after("success without the id", systems=("netsuite",)),
    "http_502_html": _page(502, GATEWAY_HTML.format("502 Bad Gateway")),
    "http_503_html": _page(503, MAINTENANCE_HTML),
    "http_503_text": _page(503, "Service temporarily unavailable.", content_type="text/plain"),
    "http_504_html": _page(504, GATEWAY_HTML.format("504 Gateway Time-out")),
    # What either system says
    "error": _before("`status`, `code` and `detail` as given"),
    "429": _says(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
    "401": _says(401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail."),
    "500_before": _says(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: sandbox-before"),
    "500_after": _says_after(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: sandbox-after"),
    # What NetSuite says
    "record_changed": _netsuite(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed"),
    "period_closed": _netsuite(
        400, "USER_ERROR", f"{ACCESS}You cannot change the G/L impact of a transaction in a closed period."
    ),
    "period_edit": _netsuite(
        400, "USER_ERROR", f"{ACCESS}This transaction is in a period that has been closed. You may not edit it."
    ),
    "date_outside_periods": _netsuite(
        400,
        "USER_ERROR",
        f"{ACCESS}The transaction date you specified is not within the date range of your accounting period.",
    ),
    "script_error": _netsuite(
        400, "USER_ERROR", f"{ACCESS}SSS_SANDBOX_SCRIPT: a user event script refused this record."
    ),
    "script_error_after": _says_after(
        400,
        "USER_ERROR",
        f"{ACCESS}SSS_SANDBOX_SCRIPT: a user event script failed after the record was saved.",
        systems=("netsuite",),
    ),
    "no_permission": _netsuite(
        403,
        "INSUFFICIENT_PERMISSION",
        "Permission Violation: You need the 'Transactions -> Item Receipt' permission to access this page. Please"
        " contact your account administrator.",
    ),
    "no_record": _netsuite(404, "NONEXISTENT_ID", "Record does not exist."),
    "invalid_value": _netsuite(
        400, "USER_ERROR", f"{ACCESS}You have entered an Invalid Field Value 6 for the following field: location."
    ),
    "missing_value": _netsuite(400, "USER_ERROR", f"{ACCESS}Please enter value(s) for: Location."),
    "record_exists": _netsuite(400, "USER_ERROR", f"{ACCESS}This record already exists."),
    "entity_exists": _netsuite(400, "USER_ERROR", f"{ACCESS}This entity already exists."),
    "invalid_request": _netsuite(400, "INVALID_REQUEST", "The request is invalid."),
    "invalid_parameter": _netsuite(400, "INVALID_PARAMETER", "Invalid query parameter or property name."),
    "wrong_state": _netsuite(
        400, "USER_ERROR", f"{ACCESS}You can not initialize itemReceipt: invalid reference 90211."
    ),
    "no_valid_line": _netsuite(
        400, "USER_ERROR", f"{ACCESS}You must have at least one valid line item for this transaction."
    ),
    "deleted": _netsuite(400, "USER_ERROR", f"{ACCESS}The transaction you are attempting to access has been deleted."),
    "restlet_limit": _netsuite(400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request Limit Exceeded"),
}
