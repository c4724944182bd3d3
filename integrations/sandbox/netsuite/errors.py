"""The one error a NetSuite rule raises: it becomes the documented error envelope."""

from collections.abc import Mapping
from typing import Any

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refusal(Exception):
    """NetSuite says no. Raised before anything is written, so the transaction rolls back."""

    def __init__(
        self,
        detail: str,
        *,
        status: int = 400,
        code: str = "USER_ERROR",
        title: str = "",
        path: str = "",
        query_param: str = "",
        header: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.title = title
        self.path = path
        self.query_param = query_param
        self.header = header
        self.headers = dict(headers or {})

    def envelope(self, *, type_form: str = "rfc9110") -> dict[str, Any]:
        """type_form: captures of 2026 show rfc9110, the help still shows rfc2616 (netsuite.md 6.1)."""
        entry = {"detail": self.detail, "o:errorCode": self.code}
        optional = {
            "o:errorPath": self.path,
            "o:errorQueryParam": self.query_param,
            "o:errorHeader": self.header,
        }
        entry |= {key: value for key, value in optional.items() if value}
        title = self.title or TITLES.get(self.status, "Bad Request")
        envelope: dict[str, Any] = {
            "type": _type_of(409 if title == "Conflict" else self.status, form=type_form),
            "title": title,
            "status": self.status,
            "o:errorDetails": [entry],
        }
        if self.status == 429:
            envelope["o:errorCode"] = self.code
        return envelope


def _type_of(status: int, *, form: str) -> str:
    hundreds, rest = divmod(status, 100)
    if form == "rfc2616":
        return f"https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.{hundreds}.{rest + 1}"
    if status == 429:  # the one status that stands in a document of its own
        return "https://www.rfc-editor.org/rfc/rfc6585.html#section-4"
    return f"https://www.rfc-editor.org/rfc/rfc9110.html#section-15.{hundreds + 1}.{rest + 1}"


def invalid_value(value: object, *, field: str, path: str = "") -> Refusal:
    return Refusal(
        f"Error while accessing resource: You have entered an Invalid Field Value {value} "
        f"for the following field: {field}",
        code="INVALID_CONTENT",
        path=path,
    )


def missing_values(*labels: str, path: str = "") -> Refusal:
    detail = f"Error while accessing a resource. Please enter value(s) for: {', '.join(labels)}."
    return Refusal(detail, path=path)


MISSING = "Record does not exist."
MISSING_INSTANCE = "The record instance does not exist. Provide a valid record instance ID."
DELETED = "The transaction you are attempting to access has been deleted."


def not_found(detail: str = MISSING) -> Refusal:
    return Refusal(detail, status=404, code="NONEXISTENT_ID")


def no_such_record_type(name: str) -> Refusal:
    return Refusal(f"Record type '{name}' does not exist.", status=404, code="NONEXISTENT_ID")


def method_not_allowed(*allowed: str) -> Refusal:
    headers = {"Allow": ", ".join(allowed)} if allowed else {}
    return Refusal("Method not allowed.", status=405, code="INVALID_REQUEST", headers=headers)


def invalid_header(name: str, *, detail: str = "") -> Refusal:
    return Refusal(detail or f"Invalid value of the header '{name}'.", code="INVALID_HEADER", header=name)


def invalid_parameter(name: str, *, detail: str) -> Refusal:
    return Refusal(detail, code="INVALID_PARAMETER", query_param=name)


def cannot_initialize(target: str, *, source_id: int) -> Refusal:
    return Refusal(f"Error while accessing a resource. You can not initialize {target}: invalid reference {source_id}.")


def user_error(text: str, *, path: str = "") -> Refusal:
    return Refusal(f"Error while accessing a resource. {text}", path=path)
