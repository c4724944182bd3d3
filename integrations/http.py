"""The one function through which every call to Loop and NetSuite goes."""

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLCertVerificationError

import requests
from django.db import connections
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ClosedPoolError, NewConnectionError
from urllib3.exceptions import InvalidHeader as BrokenHeaderError  # in an answer; requests has one of its own

from integrations.errors import (
    BODY_MAX_CHARS,
    ConfigurationError,
    Failure,
    IntegrationError,
    NetworkInTransactionError,
    System,
    TemporaryError,
    UncertainError,
)
from returnsops.lib.waits import SOCKETS, waiting_at_most

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
ANSWER_MAX_BYTES = 104 * 1024 * 1024  # NetSuite's own limit for one body; Loop's pages are far smaller
READ_CHUNK_BYTES = 64 * 1024
STRUCK_OUT = "•••"

# Where each system writes its own mark of a call.
REQUEST_ID_HEADERS = ("x-loop-request-id", "x-n-operationid", "x-request-id")


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    duration_s: float

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status < 400

    @property
    def is_moved(self) -> bool:
        """The address is wrong, and stays so."""
        return self.status in (301, 308)

    @property
    def is_broken_server(self) -> bool:
        """The other side failed, gave up half-way, or leads to another page for now, as for maintenance; for a write
        that says nothing about what was done."""
        return self.status >= 500 or self.status == 408 or (self.is_redirect and not self.is_moved)

    @property
    def redirect_words(self) -> str:
        """Where it leads; empty if nowhere. Nobody follows: our key would go along."""
        if not self.is_redirect:
            return ""
        return f"redirected to {self.headers.get('Location', 'nowhere')}; if that lasts, check the address"

    @property
    def request_id(self) -> str:
        return next((self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), "")

    @property
    def told_at(self) -> datetime | None:
        """When it was given, by the clock of the other side, to the second; None where it does not tell."""
        return read_http_date(self.headers.get("Date", ""))

    @property
    def retry_after_s(self) -> float | None:
        return read_retry_after(self.headers.get("Retry-After"), now=datetime.now(UTC))

    def json(self) -> object:
        """The body as JSON with fractions as Decimal; ValueError when it is something else."""
        try:
            return json.loads(self.text, parse_float=Decimal, parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ValueError("nested without end") from error

    def failure(self, *, system: System, operation: str, code: str = "", detail: str = "") -> Failure:
        """The fields of an error about this answer."""
        return Failure(
            system=system,
            operation=operation,
            status=self.status,
            code=code,
            detail=detail,
            body=self.text[:BODY_MAX_CHARS],
            request_id=self.request_id,
            retry_after_s=self.retry_after_s,
        )


@dataclass(frozen=True, kw_only=True)
class _Call:
    system: System
    operation: str
    method: str
    url: str
    writes: bool
    secrets: Sequence[str] = field(repr=False)


def send_request(
    session: requests.Session,
    *,
    system: System,
    operation: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    params: Mapping[str, str | int] | None = None,
    json_body: object = None,
    form: Mapping[str, str] | None = None,
    timeout_s: float,
    writes: bool,
    secrets: Sequence[str] = (),
) -> HttpAnswer:
    """Send one request once and give its answer, whatever the status.

    timeout_s bounds the wait for the first byte, every later pause, and the reading of the whole body.
    writes: a repeat could do something a second time, so a lost answer is uncertain and not temporary.
    secrets: struck out of the log, of our errors, and of the body of a failed answer.
    Raises TemporaryError, UncertainError or ConfigurationError when no answer came.
    """
    require_no_transaction(operation)
    call = _Call(system=system, operation=operation, method=method, url=url, writes=writes, secrets=secrets)
    body, headers = _encode_body(json_body=json_body, form=form, headers=headers)
    started = time.monotonic()
    failure: IntegrationError | None = None
    try:
        with (
            waiting_at_most(CONNECT_TIMEOUT_S + timeout_s, at=SOCKETS),
            session.request(
                method,
                url,
                params=params,
                data=body,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT_S, timeout_s), timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            text = _read_body(response, deadline=started + timeout_s)
    except (requests.RequestException, UnicodeError) as error:
        failure = _translate_error(error, call=call)
    if failure:
        _log_call(call, outcome=f"{type(failure).__name__} ({failure.detail})", started=started)
        raise failure  # out here, so that the first error, whose text may quote a header, is no part of it
    answer = HttpAnswer(
        status=response.status_code,
        headers=CaseInsensitiveDict(response.headers),
        text=text if 200 <= response.status_code < 300 else strike_out(text, secrets),
        duration_s=time.monotonic() - started,
    )
    _log_call(call, outcome=f"{answer.status} {answer.request_id}".strip(), started=started)
    return answer


def require_no_transaction(operation: str) -> None:
    """Other people's slowness must not hold our locks, and a rollback cannot take a call back."""
    if is_in_transaction():
        raise NetworkInTransactionError(
            f"{operation} was called inside a database transaction. Commit first, then call."
        )


def is_in_transaction() -> bool:
    """Of this thread. Tests replace it by one that leaves out the transaction around the test."""
    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))


def open_session(*, pool_size: int) -> requests.Session:
    """A session for one client, safe to share between threads: no retries, no cookies, no .netrc."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Without an auth of its own, requests would let a .netrc entry replace our Authorization header.
    session.auth = _leave_as_is
    return session


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def strike_out(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, STRUCK_OUT)
    return text


def read_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds to wait, from either form of the header; None when absent or unreadable."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    moment = read_http_date(value)
    return None if moment is None else max(0.0, (moment - now).total_seconds())


def read_http_date(value: str) -> datetime | None:
    """Aware; None for what is no date."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _encode_body(
    *, json_body: object, form: Mapping[str, str] | None, headers: Mapping[str, str]
) -> tuple[bytes | Mapping[str, str] | None, dict[str, str]]:
    if json_body is None:
        return form, dict(headers)
    text = json.dumps(json_body, default=_encode_number, allow_nan=False, separators=(",", ":"))
    return text.encode(), {"Content-Type": "application/json", **headers}


def _encode_number(value: object) -> float:
    """A Decimal as a JSON number, provided not a digit is lost on the way through float."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} cannot be sent as JSON: {value!r}")
    number = float(value)
    if Decimal(repr(number)) != value:
        raise ValueError(f"{value} has too many digits for a JSON number")
    return number


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _read_body(response: requests.Response, *, deadline: float) -> str:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(READ_CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > ANSWER_MAX_BYTES:
            raise requests.exceptions.ContentDecodingError(f"the answer is longer than {ANSWER_MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer came too slowly to be read in time")
    return b"".join(parts).decode("utf-8", errors="replace")


def _translate_error(error: Exception, *, call: _Call) -> IntegrationError:
    detail = strike_out(f"{type(error).__name__}: {error}", call.secrets)
    failure = Failure(system=call.system, operation=call.operation, detail=detail)
    if isinstance(error, requests.exceptions.InvalidHeader):
        # Its text quotes the header, escaped, so that striking out would miss the key.
        failure["detail"] = "InvalidHeader: a header holds what HTTP does not allow"
    answered_badly = _has_cause(error, BrokenHeaderError)
    if (isinstance(error, ValueError) and not answered_badly) or _has_cause(error, SSLCertVerificationError):
        return ConfigurationError(**failure)
    if not call.writes or _was_never_sent(error):
        return TemporaryError(**failure)
    return UncertainError(**failure)


def _was_never_sent(error: Exception) -> bool:
    """Only what proves that no byte of the request left; a reset, say, proves nothing."""
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    return _has_cause(error, NewConnectionError) or _has_cause(error, ClosedPoolError)


def _has_cause(error: Exception, kind: type[Exception]) -> bool:
    """Whether kind is among what requests and urllib3 wrapped: as argument, as reason, or as cause."""
    seen: list[object] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, kind):
            return True
        if isinstance(current, BaseException) and not any(current is other for other in seen):
            seen.append(current)
            waiting += [*current.args, getattr(current, "reason", None), current.__cause__]
    return False


def _log_call(call: _Call, *, outcome: str, started: float) -> None:
    line = f"{call.system} {call.operation}: {call.method} {call.url} -> {outcome}"
    logger.info("%s in %.3f s", strike_out(line, call.secrets), time.monotonic() - started)
