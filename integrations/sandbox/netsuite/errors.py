"""The one error a NetSuite rule raises: it becomes the documented error envelope."""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """NetSuite says no. Raised before anything is written, so the transaction rolls back."""

    def __init__(
        self,
        detail: str,
        *,
        status: int = 400,
        code: str = "USER_ERROR",
        path: str = "",
        query_param: str = "",
        header: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.path = path
        self.query_param = query_param
        self.header = header
        self.headers = dict(headers or {})

    def envelope(self) -> dict[str, Any]:
        titles = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
        sections = {401: 2, 403: 4, 404: 5, 409: 10}
        titles |= {429: "Too Many Requests", 500: "Internal Server Error"}
        title = titles.get(self.status, "Bad Request")
        entry = {"detail": self.detail, "o:errorCode": self.code}
        optional = {
            "o:errorPath": self.path,
            "o:errorQueryParam": self.query_param,
            "o:errorHeader": self.header,
        }
        entry |= {key: value for key, value in optional.items() if value}
        kind = f"15.5.{sections.get(self.status, 1)}" if self.status < 500 else "15.6.1"
        envelope: dict[str, Any] = {
            "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{kind}",
            "title": title,
            "status": self.status,
            "o:errorDetails": [entry],
        }
        if self.status == 429:
            envelope["o:errorCode"] = self.code
        return envelope


def invalid_value(value: object, *, field: str, path: str = "") -> Refusal:
    return Refusal(
        f"Error while accessing a resource. You have entered an Invalid Field Value {value} "
        f"for the following field: {field}",
        code="INVALID_CONTENT",
        path=path,
    )


def missing_values(*labels: str, path: str = "") -> Refusal:
    detail = f"Error while accessing a resource. Please enter value(s) for: {', '.join(labels)}."
    return Refusal(detail, path=path)


def not_found() -> Refusal:
    return Refusal("Record does not exist.", status=404, code="NONEXISTENT_ID")


def cannot_initialize(target: str, *, source_id: int) -> Refusal:
    return Refusal(f"Error while accessing a resource. You can not initialize {target}: invalid reference {source_id}.")


def user_error(text: str, *, path: str = "") -> Refusal:
    return Refusal(f"Error while accessing a resource. {text}", path=path)
