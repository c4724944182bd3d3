"""SuiteQL: what we ask, page by page (netsuite.md 5)."""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from integrations.errors import RejectedError
from integrations.netsuite import suiteql
from integrations.netsuite.database_clock import DatabaseClock
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.parsing import read_time
from integrations.netsuite.records import Deletion, ItemRecord, KitMemberRecord, RecordRef
from integrations.netsuite.transport import Request, Transport, lost_answer, read_json

QUERY_PATH = "/services/rest/query/v1/suiteql"
SERVER_TIME_PATH = "/services/rest/system/v1/serverTime"

PAGE_SIZE_MAX = 1_000
ROWS_MAX = 100_000  # NetSuite gives no more of one query, and no caller of ours wants more at once

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class QueryCalls:
    _transport: Transport
    _options: AccountOptions
    _clock: DatabaseClock
    _absent_columns: set[str]

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
        return self._find_refs(suiteql.SALES_BY_REFERENCES, references, types=suiteql.SALE_TYPES, repeats=2)

    def find_sales_by_reference(self, references: Collection[str]) -> dict[str, list[RecordRef]]:
        """The same for many orders at once: by reference, those that carry it. One without a sale is left out."""
        asked, found = set(references), dict[str, list[RecordRef]]()
        for row in self._ref_rows(suiteql.SALES_BY_REFERENCES, asked, types=suiteql.SALE_TYPES, repeats=2):
            ref = self._ref(row)
            for name in asked & {ref.external_id, row.get("otherrefnum")}:
                found.setdefault(name, []).append(ref)
        return found

    def find_children(self, parent_ids: Collection[str]) -> list[RecordRef]:
        """Everything made out of these transactions or linked after them, each once."""
        families = self.find_children_by_parent(parent_ids).values()
        return list({ref.internal_id: ref for children in families for ref in children}.values())

    def find_children_by_parent(self, parent_ids: Collection[str]) -> dict[str, list[RecordRef]]:
        """The same for many families at once: by parent, what was made out of it. One without children is left out."""
        found: dict[str, dict[str, RecordRef]] = {}
        for sql in (suiteql.CHILDREN_BY_SOURCE, suiteql.CHILDREN_BY_LINK):
            for row in self._ref_rows(sql, parent_ids):
                ref = self._ref(row)
                found.setdefault(suiteql.parent_of(row), {})[ref.internal_id] = ref
        return {parent: list(children.values()) for parent, children in found.items()}

    def find_made_from(self, source_ids: Collection[str], types: Sequence[str]) -> list[RecordRef]:
        """Transactions of these record types that were made from one of these."""
        return self._find_refs(suiteql.MADE_FROM, source_ids, types=suiteql.codes_of(types))

    def find_refunds_of_credits(self, credit_ids: Collection[str]) -> list[RecordRef]:
        """Customer refunds applied to these credit memos.

        Raises when the role may not read links: an empty list would say that nothing was refunded.
        """
        return self._find_refs(suiteql.REFUNDS_BY_LINK, credit_ids)

    def changed_since(self, since: datetime, types: Sequence[str]) -> list[RecordRef]:
        """Transactions of these record types or type codes changed at or after this moment, by id.

        One changing while we read may be missing; it is newer than the start of this call.
        """
        codes = suiteql.codes_of(types)
        rows = self._rows_by_key(suiteql.CHANGED_SINCE, codes, since=since) if codes else []
        return [self._ref(row) for row in rows]

    def deletions_since(self, since: datetime, types: Sequence[str]) -> list[Deletion] | None:
        """Transactions of these record types deleted at or after this moment; None if the role may not read that.

        The id of a deleted record counts within its type only.
        """
        codes = suiteql.codes_of(types)
        try:
            rows = self._deleted_rows(self._clock.to_database(since))
        except RejectedError as error:
            if suiteql.is_hidden_table(error.detail):
                return None
            raise
        found = [suiteql.parse_deletion(row, read_time=self._clock.from_database) for row in rows]
        return [deletion for deletion in found if suiteql.TYPE_CODES.get(deletion.record_type) in codes]

    def find_items(self, values: Collection[str], *, field: str = "") -> list[ItemRecord]:
        """Items, inactive ones too, that hold one of these values in the account's SKU field, or in the one given."""
        column = field or self._options.sku_field
        category = self._options.category_field
        sql = suiteql.items_by(column, category=category)
        return [suiteql.parse_item(row, asks_category=bool(category)) for row in self._find_rows(sql, values)]

    def find_members(self, kit_ids: Collection[str]) -> list[KitMemberRecord] | None:
        """What these kits are made of; None if the role may read no table that tells it."""
        for table in suiteql.MEMBER_TABLES:
            try:
                return [suiteql.parse_member(row) for row in self._find_rows(suiteql.members_in(table), kit_ids)]
            except RejectedError as error:
                if not suiteql.is_hidden_table(error.detail):
                    raise
        return None

    def find_available(self, item_ids: Collection[str], *, location: str = "") -> dict[str, int]:
        """How many of each item can be sold: at this location, or at all together. Where there is none, none can.

        What open orders took is not among them: NetSuite's own figure, not what lies on the shelf (netsuite.md §5.2).
        Raises RejectedError when the role may not read the account's stock table.
        """
        sql = suiteql.stock_in(self._options.stock_table, at_one_place=bool(location))
        rows = self._find_rows(sql, item_ids, first=[location] if location else [])
        return dict.fromkeys(item_ids, 0) | dict(suiteql.parse_stock(row) for row in rows)

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
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            raise lost_answer(answer, request, detail=f"{text!r} is not a time")
        return moment

    # --- Below the calls

    def _ref(self, row: Mapping[str, str]) -> RecordRef:
        return suiteql.parse_ref(row, read_time=self._clock.from_database)

    def _rows_by_key(self, sql: str, codes: Sequence[str], *, since: datetime) -> list[dict[str, str]]:
        """All rows, each page asked for by the last id of the one before: pages by number would shift."""
        moment = self._clock.to_database(since)
        rows: list[dict[str, str]] = []
        has_more, last_id = True, "0"
        while has_more:
            if len(rows) >= ROWS_MAX:
                raise _too_many_rows("changed since")
            page, has_more = self._ref_page(sql, codes, [*codes, moment, last_id])
            rows += page
            last_id = rows[-1]["id"] if rows else last_id
        return rows

    def _deleted_rows(self, moment: str) -> list[dict[str, str]]:
        """Which column tells the type of what was deleted differs in what is published."""
        *others, last = suiteql.DELETED_TYPE_COLUMNS
        for column in others:
            try:
                return list(self.query(suiteql.deleted_since(column), [moment]))
            except RejectedError as error:
                if suiteql.unknown_column(error.detail) != column:
                    raise
        return list(self.query(suiteql.deleted_since(last), [moment]))

    def _ref_page(self, sql: str, codes: Sequence[str], params: Sequence[str]) -> tuple[list[dict[str, str]], bool]:
        def ask(columns: str) -> tuple[list[dict[str, str]], bool]:
            text = sql.format(columns=columns, types=suiteql.placeholders(codes))
            return self._query_page(text, params, limit=PAGE_SIZE_MAX, offset=0)

        return self._with_columns(ask)

    def _find_refs(
        self, sql: str, values: Collection[str], *, types: Sequence[str] = (), repeats: int = 1
    ) -> list[RecordRef]:
        refs = [self._ref(row) for row in self._ref_rows(sql, values, types=types, repeats=repeats)]
        return list({ref.internal_id: ref for ref in refs}.values())

    def _ref_rows(
        self, sql: str, values: Collection[str], *, types: Sequence[str] = (), repeats: int = 1
    ) -> list[dict[str, str]]:
        def ask(columns: str) -> list[dict[str, str]]:
            return list(self._find_rows(sql, values, types=types, repeats=repeats, columns=columns))

        return self._with_columns(ask)

    def _with_columns(self, ask: Callable[[str], Answer]) -> Answer:
        """Ask with every column the account has: one that it does not know is left out from then on."""
        while True:
            try:
                return ask(suiteql.ref_columns(without=self._absent_columns))
            except RejectedError as error:
                column = suiteql.unknown_column(error.detail)
                if column not in suiteql.OPTIONAL_COLUMNS or column in self._absent_columns:
                    raise
                logger.info("netsuite: transactions have no column %s here", column)
                self._absent_columns.add(column)

    def _find_rows(
        self,
        sql: str,
        values: Collection[str],
        *,
        types: Sequence[str] = (),
        first: Sequence[str] = (),
        repeats: int = 1,
        columns: str = "",
    ) -> Iterator[dict[str, str]]:
        """Ask for these values in lists short enough for one query each.

        first: what the query names before its types and values.
        repeats: how often the query names the list of values, since its placeholders have no names.
        """
        distinct = sorted(set(values))
        for start in range(0, len(distinct), suiteql.VALUES_PER_QUERY):
            chunk = suiteql.in_few_lengths(distinct[start : start + suiteql.VALUES_PER_QUERY])
            text = sql.format(columns=columns, types=suiteql.placeholders(types), values=suiteql.placeholders(chunk))
            yield from self.query(text, [*first, *types, *chunk * repeats])

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
        return self._transport.read(partial(self._ask_for_page, request))

    def _ask_for_page(self, request: Request) -> tuple[list[dict[str, str]], bool]:
        answer = self._transport.send(request)
        body = read_json(answer, request)
        items = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or not isinstance(items, list):
            raise lost_answer(answer, request, detail="no list of items in the answer")
        has_more = body.get("hasMore") is True
        if has_more and not items:
            raise lost_answer(answer, request, detail="an empty page that is not the last")
        if not all(isinstance(item, Mapping) for item in items):
            raise lost_answer(answer, request, detail="a row that is no object")
        return [_read_row(item) for item in items], has_more


def _too_many_rows(operation: str) -> RejectedError:
    detail = f"more than {ROWS_MAX} rows; ask for less at a time"
    return RejectedError(system="netsuite", operation=operation, detail=detail, family="too_many_rows")


def _read_row(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in item.items() if name != "links" and value is not None}
