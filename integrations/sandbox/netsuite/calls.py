"""One call of the REST services and its answer, free of the web server, so that it can be kept and run later."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.fields import lower_keys

Json = dict[str, Any]
ROOT = "/services/rest/"
RESOURCE = "application/vnd.oracle.resource+json"
SINGULAR = f"{RESOURCE}; type=singular"
COLLECTION = f"{RESOURCE}; type=collection"
FAULT = f"{RESOURCE}; type=error"
BODY_MAX = 104 * 1024 * 1024  # netsuite.md 2.5


@dataclass(frozen=True)
class Call:
    """method and path below services/rest/; query by name as sent, headers by lower-case name."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    host_url: str = ""

    @classmethod
    def of(cls, request: Request) -> "Call":
        return cls(
            method=request.method,
            path=request.path.removeprefix(ROOT).strip("/"),
            query={name.lower(): value for name, value in request.args.items()},
            headers={name.lower(): value for name, value in request.headers.items() if name != "Authorization"},
            body=request.get_data(),
            host_url=request.host_url,
        )

    @property
    def parts(self) -> list[str]:
        return self.path.split("/")

    @property
    def url(self) -> str:
        return f"{self.host_url}services/rest/{self.path}"

    @property
    def base(self) -> str:
        return f"{self.host_url}services/rest/record/v1"

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name.lower(), default)

    def flag(self, name: str) -> bool:
        return self.query.get(name.lower(), "").lower() == "true"

    def names(self, name: str) -> frozenset[str]:
        """A comma list of a query parameter, in lower case."""
        return frozenset(one.strip().lower() for one in self.query.get(name.lower(), "").split(",") if one.strip())

    @property
    def form(self) -> str:
        """Which form of a record is asked for instead of the record: create-form, edit-form, select-options."""
        return _media_type(self.header("Accept"))

    @property
    def sends_collection(self) -> bool:
        return _media_type(self.header("Content-Type")) == "collection"

    @cached_property
    def preferences(self) -> dict[str, str]:
        """`respond-async, batch-processing="parallel"` as a mapping."""
        pairs = (one.partition("=") for one in self.header("Prefer").lower().split(","))
        return {name.strip(): value.strip().strip('"') for name, _, value in pairs if name.strip()}

    def json_object(self) -> Json:
        """The body as it was sent; an empty one is an empty object."""
        try:
            body = json.loads(self.body or b"{}")
        except (ValueError, RecursionError) as error:
            raise _no_object() from error
        if not isinstance(body, dict):
            raise _no_object()
        return body

    def record_body(self) -> Json:
        """The body of a record: names in lower case, line breaks as NetSuite keeps them."""
        try:
            body: Json = with_line_breaks(lower_keys(self.json_object()))
        except RecursionError as error:
            raise _no_object() from error
        return body


def _media_type(header: str) -> str:
    """The `type` of Oracle's resource media type; nothing for any other."""
    for one in header.lower().replace(" ", "").split(","):
        name, *parameters = one.split(";")
        if name == RESOURCE:
            return next((part[5:].strip('"') for part in parameters if part.startswith("type=")), "")
    return ""


def _no_object() -> Refusal:
    return Refusal("Invalid content in the request body. Expected a JSON object.", code="INVALID_CONTENT")


def with_line_breaks(value: Any) -> Any:
    r"""A line break is kept where it was escaped twice, and lost where it was not (netsuite.md 2.3)."""
    if isinstance(value, str):
        if "\n" not in value and "\r" not in value and "\\" not in value:
            return value
        flat = value.replace("\r", "").replace("\n", "")
        return flat.replace("\\n", "\n").replace("\\r", "\r")
    if isinstance(value, list):
        return [with_line_breaks(one) for one in value]
    if isinstance(value, dict):
        return {name: with_line_breaks(one) for name, one in value.items()}
    return value


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""

    def response(self) -> Response:
        response = Response(self.body, status=self.status, headers=dict(self.headers))
        if self.content_type:
            response.headers["Content-Type"] = self.content_type
        elif not self.body:
            response.headers.pop("Content-Type", None)
        return response


def shown(body: Any, *, content_type: str = SINGULAR, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode(), content_type=content_type)


def refused(refusal: Refusal, *, type_form: str) -> Reply:
    body = json.dumps(refusal.envelope(type_form=type_form)).encode()
    return Reply(status=refusal.status, body=body, headers=refusal.headers, content_type=FAULT)
