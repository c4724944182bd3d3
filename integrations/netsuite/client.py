"""SuiteTalk REST and SuiteQL of one NetSuite account."""

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from integrations.errors import ConfigurationError, RejectedError, TemporaryError, UncertainError
from integrations.http import HttpAnswer
from integrations.netsuite import suiteql
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.parsing import parse_transaction, read_time
from integrations.netsuite.records import ItemRecord, RecordRef, TransactionRecord
from integrations.netsuite.refusals import classify_failure, read_details
from integrations.netsuite.transport import Lane, Request, Transport, lost_answer, read_json

RECORD_PATH = "/services/rest/record/v1"
QUERY_PATH = "/services/rest/query/v1/suiteql"
SERVER_TIME_PATH = "/services/rest/system/v1/serverTime"

PAGE_SIZE_MAX = 1_000
ROWS_MAX = 100_000  # NetSuite gives no more of one query, and no caller of ours wants more at once

# Daylight saving moves the database's clock against UTC twice a year.
CLOCK_OFFSET_VALID_S = 3_600.0
CLOCK_OFFSET_STEP = timedelta(minutes=15)
CLOCK_OFFSET_MAX = timedelta(hours=14)

# A misspelt field would otherwise be dropped with a warning, and the record made without it.
STRICT_NAMES = {"X-NetSuite-PropertyNameValidation": "Error"}


class NetSuiteClient:
    """Safe to share between threads. base_url: the account's own host, without /services/rest.

    lane: entered around every HTTP call, since the account counts reads and writes alike.
    database_utc_offset: what the database's clock shows minus UTC; measured when not given.
    """

    def __init__(
        self,
        base_url: str,
        token_source: TokenSource,
        *,
        read_timeout_s: float = 60.0,
        write_timeout_s: float = 180.0,
        pool_size: int = 25,
        lane: Lane = nullcontext,
        database_utc_offset: timedelta | None = None,
    ) -> None:
        self._transport = Transport(
            base_url,
            token_source,
            read_timeout_s=read_timeout_s,
            write_timeout_s=write_timeout_s,
            pool_size=pool_size,
            lane=lane,
        )
        self._given_offset = database_utc_offset
        self._measured_offset = timedelta(0)
        self._offset_valid_until = 0.0
        self._offset_lock = threading.Lock()

    def close(self) -> None:
        self._transport.close()

    # Records

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        """The record with its lines and applications; None when NetSuite has none of this id and type."""
        request = Request(
            operation=f"get {record_type} {internal_id}",
            method="GET",
            path=_record_path(record_type, internal_id),
            params={"expandSubResources": "true"},
        )
        answer = self._transport.send(request)
        if answer.status == 404 and any(row.code == "NONEXISTENT_ID" for row in read_details(answer)):
            return None
        return parse_transaction(read_json(answer, request), record_type=record_type)

    def create_record(self, record_type: str, body: Mapping[str, Any], *, replace: Sequence[str] = ()) -> str:
        """Create and give the new internal id. replace: sublists of which only our rows may remain."""
        return self._create(f"create {record_type}", _record_path(record_type), body, replace=replace)

    def transform_record(
        self,
        source_type: str,
        source_id: str,
        target_type: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
    ) -> str:
        """Create target_type out of a source, linked to it, and give the new internal id."""
        path = f"{_record_path(source_type, source_id)}/!transform/{target_type}"
        operation = f"transform {source_type} {source_id} to {target_type}"
        return self._create(operation, path, body, replace=replace)

    def update_record(
        self, record_type: str, internal_id: str, body: Mapping[str, Any], *, replace: Sequence[str] = ()
    ) -> None:
        """Change what body names. A row without its line number is added, not changed."""
        request = Request(
            operation=f"update {record_type} {internal_id}",
            method="PATCH",
            path=_record_path(record_type, internal_id),
            params=_replace_params(replace),
            headers=STRICT_NAMES,
            json_body=body,
            writes=True,
        )
        answer = self._transport.send(request)
        if not answer.is_success:
            raise classify_failure(answer, operation=request.operation, writes=True)

    # Queries

    def query(self, sql: str, params: Sequence[str] = (), *, limit: int = PAGE_SIZE_MAX) -> Iterator[dict[str, str]]:
        """Rows of a SuiteQL query, page after page; limit is the size of a page.

        Only for queries whose order stands still meanwhile; otherwise page by a key.
        """
        for offset in range(0, ROWS_MAX, limit):
            rows, has_more = self._query_page(sql, params, limit=limit, offset=offset)
            yield from rows
            if not has_more:
                return
        raise _too_many_rows("query")

    def find_by_external_ids(self, external_ids: Collection[str]) -> list[RecordRef]:
        """Transactions of any type with one of these external ids, whatever their case."""
        return self._find_refs(suiteql.BY_EXTERNAL_IDS, [external_id.lower() for external_id in external_ids])

    def find_sales(self, references: Sequence[str]) -> list[RecordRef]:
        """Sales orders, invoices and cash sales that carry one of the shop's references."""
        types = list(suiteql.SALE_TYPES)
        return self._find_refs(suiteql.SALES_BY_REFERENCES, references, types=types, repeats=2)

    def find_children(self, parent_ids: Collection[str]) -> list[RecordRef]:
        """Everything made out of these transactions or linked after them, each once."""
        by_source = self._find_refs(suiteql.CHILDREN_BY_SOURCE, parent_ids)
        by_link = self._find_refs(suiteql.CHILDREN_BY_LINK, parent_ids)
        return list({ref.internal_id: ref for ref in [*by_source, *by_link]}.values())

    def find_refunds_of_credits(self, credit_ids: Collection[str]) -> list[RecordRef]:
        """Customer refunds applied to these credit memos.

        Raises when the role may not read links: an empty list would say that nothing was refunded.
        """
        return self._find_refs(suiteql.REFUNDS_BY_LINK, credit_ids)

    def changed_since(self, since: datetime, types: Sequence[str]) -> list[RecordRef]:
        """Transactions of these record types or type codes changed at or after this moment, by id.

        One changing while we read may be missing; it is newer than the start of this call.
        """
        codes = [suiteql.TYPE_CODES.get(name, name) for name in types]
        offset = self._clock_offset()
        sql = suiteql.CHANGED_SINCE.format(types=suiteql.placeholders(codes))
        moment = suiteql.format_database_time(since, utc_offset=offset)
        refs: list[RecordRef] = []
        has_more, last_id = bool(codes), "0"
        while has_more:
            if len(refs) >= ROWS_MAX:
                raise _too_many_rows("changed since")
            rows, has_more = self._query_page(sql, [*codes, moment, last_id], limit=PAGE_SIZE_MAX, offset=0)
            refs += [suiteql.parse_ref(row, utc_offset=offset) for row in rows]
            last_id = refs[-1].internal_id if refs else last_id
        return refs

    def find_items(self, skus: Collection[str]) -> list[ItemRecord]:
        """Items, inactive ones too, whose name in NetSuite is one of these SKUs."""
        return [suiteql.parse_item(row) for row in self._find_rows(suiteql.ITEMS_BY_SKU, skus)]

    def statuses_of(self, ids: Collection[str]) -> list[RecordRef]:
        """The transactions of these ids as they stand; a missing one was deleted or is hidden from us."""
        return self._find_refs(suiteql.BY_IDS, ids)

    def server_time(self) -> datetime:
        request = Request(operation="get server time", method="GET", path=SERVER_TIME_PATH)
        answer = self._transport.send(request)
        body = read_json(answer, request)
        text = body.get("serverTime") if isinstance(body, Mapping) else None
        try:
            moment = read_time(text)
        except ValueError:
            moment = None
        if moment is None:
            raise lost_answer(answer, request, detail=f"{text!r} is not a time")
        return moment

    def probe(self, request: Request) -> HttpAnswer:
        """Any answer, refusals too: for what only its status or shape tells. Raises when no answer came, and on 401."""
        return self._transport.send(request)

    def _create(self, operation: str, path: str, body: Mapping[str, Any], *, replace: Sequence[str]) -> str:
        request = Request(
            operation=operation,
            method="POST",
            path=path,
            params=_replace_params(replace),
            headers=STRICT_NAMES,
            json_body=body,
            writes=True,
        )
        answer = self._transport.send(request)
        if not answer.is_success:
            raise classify_failure(answer, operation=operation, writes=True)
        return _read_new_id(answer, request)

    def _find_refs(
        self, sql: str, values: Collection[str], *, types: Sequence[str] = (), repeats: int = 1
    ) -> list[RecordRef]:
        rows = list(self._find_rows(sql, values, types=types, repeats=repeats))
        offset = self._clock_offset() if rows else timedelta(0)
        refs = [suiteql.parse_ref(row, utc_offset=offset) for row in rows]
        return list({ref.internal_id: ref for ref in refs}.values())

    def _find_rows(
        self, sql: str, values: Collection[str], *, types: Sequence[str] = (), repeats: int = 1
    ) -> Iterator[dict[str, str]]:
        """Ask for these values in lists short enough for one query each.

        repeats: how often the query names the list of values, since its placeholders have no names.
        """
        distinct = sorted(set(values))
        for start in range(0, len(distinct), suiteql.VALUES_PER_QUERY):
            chunk = distinct[start : start + suiteql.VALUES_PER_QUERY]
            text = sql.format(types=suiteql.placeholders(types), values=suiteql.placeholders(chunk))
            yield from self.query(text, [*types, *chunk * repeats])

    def _query_page(
        self, sql: str, params: Sequence[str], *, limit: int, offset: int
    ) -> tuple[list[dict[str, str]], bool]:
        request = Request(
            operation="query",
            method="POST",
            path=QUERY_PATH,
            params={"limit": limit, "offset": offset},
            headers={"Prefer": "transient"},
            json_body={"q": sql, "params": list(params)} if params else {"q": sql},
        )
        answer = self._transport.send(request)
        body = read_json(answer, request)
        items = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or not isinstance(items, list):
            raise lost_answer(answer, request, detail="no list of items in the answer")
        has_more = body.get("hasMore") is True
        if has_more and not items:
            raise lost_answer(answer, request, detail="an empty page that is not the last")
        return [_read_row(item) for item in items], has_more

    def _clock_offset(self) -> timedelta:
        """What the database's clock shows minus UTC. NetSuite does not say in which zone it keeps times."""
        if self._given_offset is not None:
            return self._given_offset
        with self._offset_lock:
            if time.monotonic() >= self._offset_valid_until:
                self._measured_offset = self._measure_clock_offset()
                self._offset_valid_until = time.monotonic() + CLOCK_OFFSET_VALID_S
            return self._measured_offset

    def _measure_clock_offset(self) -> timedelta:
        rows = list(self.query(suiteql.DATABASE_TIME))
        shown = suiteql.parse_database_time(rows[0].get("now") if rows else None, utc_offset=timedelta(0))
        if shown is None:
            detail = "the database does not tell its time"
            raise TemporaryError(system="netsuite", operation="measure clock offset", detail=detail)
        offset = round((shown - self.server_time()) / CLOCK_OFFSET_STEP) * CLOCK_OFFSET_STEP
        if abs(offset) > CLOCK_OFFSET_MAX:
            detail = f"the database's clock differs from UTC by {offset}, which no time zone does"
            raise ConfigurationError(system="netsuite", operation="measure clock offset", detail=detail)
        return offset


def _record_path(record_type: str, internal_id: str = "") -> str:
    tail = f"/{quote(internal_id, safe='')}" if internal_id else ""
    return f"{RECORD_PATH}/{record_type}{tail}"


def _replace_params(replace: Sequence[str]) -> dict[str, str]:
    return {"replace": ",".join(replace)} if replace else {}


def _read_new_id(answer: HttpAnswer, request: Request) -> str:
    """The id at the end of Location, the only place where NetSuite tells it."""
    location = answer.headers.get("Location", "")
    new_id = urlsplit(location).path.rstrip("/").rpartition("/")[2]
    # Told apart from the address of a job, which is where an asynchronous request would be sent.
    if new_id.isdecimal() and "/record/" in location:
        return new_id
    failure = answer.failure(
        system="netsuite",
        operation=request.operation,
        detail=f"accepted, but no id in the answer (Location: {location or 'missing'})",
    )
    raise UncertainError(**failure)


def _too_many_rows(operation: str) -> RejectedError:
    detail = f"more than {ROWS_MAX} rows; ask for less at a time"
    return RejectedError(system="netsuite", operation=operation, detail=detail, family="too_many_rows")


def _read_row(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in item.items() if name != "links" and value is not None}
