"""Loop Returns over HTTP, one client per shop key.

Loop refuses with HTTP 200 as often as not: an action is done only when the body itself says true.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from integrations.errors import RejectedError, UncertainError, UnreadableRecordError
from integrations.http import HttpAnswer, open_session, send_request
from integrations.loop.answers import expect_true, is_gone, read_answer, read_page, unreadable_answer
from integrations.loop.parsing import parse_destination, parse_return, parse_webhook_subscription
from integrations.loop.records import (
    LoopDestination,
    LoopReturnRecord,
    LoopState,
    UnitAssessment,
    WebhookSubscription,
)

WINDOW_MAX = timedelta(days=119)  # Loop answers 422 above 120 days
PAGE_SIZE_MAX = 750
PAGES_MAX = 2_000
ASSESSED_UNITS_MAX = 20  # the reference says 30, a guide of Loop's says 20
NOTE_MAX_CHARS = 254  # "less than 255 characters"


class LoopClient:
    """Safe to share between threads. base_url: the host, such as https://api.loopreturns.com."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        version: str = "v1",
        timeout_s: float = 20.0,
        writes_timeout_s: float = 60.0,
        pool_size: int = 10,
    ) -> None:
        self._root = f"{base_url.rstrip('/').removesuffix('/api')}/api/{version}"
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._writes_timeout_s = writes_timeout_s
        self._session = open_session(pool_size=pool_size)

    def close(self) -> None:
        self._session.close()

    def get_return(self, return_id: str) -> LoopReturnRecord | None:
        """The return as details tell it; None when Loop says it has no such return."""
        answer = self._send("get_return", "GET", "/warehouse/return/details", params={"return_id": return_id})
        if is_gone(answer):
            return None
        body = read_answer(answer, operation="get_return")
        rows = body if isinstance(body, list) else [body]
        records = [parse_return(row, is_detailed=True) for row in rows]
        matching = [record for record in records if record.id == return_id]
        if records and not matching:
            given = ", ".join(record.id for record in records)
            detail = f"asked for return {return_id}, was given {given}"
            raise unreadable_answer(answer, operation="get_return", detail=detail)
        return matching[0] if matching else None

    def list_returns(
        self,
        *,
        window_from: datetime,
        window_to: datetime,
        state: LoopState | str | None = None,
        filter_by: Literal["updated_at", "created_at"] = "updated_at",
        page_size: int = 250,
        on_unreadable: Callable[[UnreadableRecordError], None] | None = None,
    ) -> Iterator[LoopReturnRecord]:
        """Every return updated (or created) in the window; the same one may come twice when pages shift.

        state: without one Loop leaves out cancelled and review, so a full sweep asks for those as well.
        on_unreadable: told about a row we cannot read, which is then left out; without it the row ends
        the sweep.
        """
        assert timedelta(0) < window_to - window_from <= WINDOW_MAX, f"{window_from} to {window_to}"
        assert 1 <= page_size <= PAGE_SIZE_MAX
        params = {
            "from": _format_window_time(window_from),
            "to": _format_window_time(window_to),
            "filter": filter_by,
            "paginate": "true",
            "pageSize": str(page_size),
        }
        if state is not None:
            params["state"] = str(state)
        for rows in self._list_pages(params):
            for row in rows:
                try:
                    record = parse_return(row, is_detailed=False)
                except UnreadableRecordError as error:
                    if on_unreadable is None:
                        raise
                    on_unreadable(error)
                else:
                    yield record

    def process_return(self, return_id: str) -> None:
        """Ask Loop to run every outcome. True means queued: what came of it shows only in the return."""
        self._act("process_return", _action_path(return_id, "process"))

    def remove_units(self, return_id: str, line_item_ids: Sequence[str]) -> None:
        """Drop refused units; Loop then processes the rest at once, so there is no second call."""
        assert line_item_ids, "Loop needs at least one unit to remove"
        params = {"line_item_id": ",".join(line_item_ids)}
        self._act("remove_units", _action_path(return_id, "remove"), params=params)

    def close_return(self, return_id: str) -> None:
        """Close without any outcome: no money moves, the items stay used up."""
        self._act("close_return", _action_path(return_id, "close"))

    def cancel_return(self, return_id: str) -> None:
        self._act("cancel_return", _action_path(return_id, "cancel"))

    def flag_return(self, return_id: str) -> None:
        """Put the return into review. Loop takes no reason, so a note has to come first."""
        self._act("flag_return", _action_path(return_id, "flag"))

    def add_note(self, return_id: str, content: str) -> None:
        """Write on the return's timeline, shortened to what Loop takes."""
        if len(content) > NOTE_MAX_CHARS:
            content = content[: NOTE_MAX_CHARS - 1] + "…"
        self._act("add_note", _action_path(return_id, "note"), json_body={"content": content})

    def assess_units(self, items: Sequence[UnitAssessment]) -> None:
        """Write what the warehouse decided beside each unit; it moves neither stock nor money."""
        assert 1 <= len(items) <= ASSESSED_UNITS_MAX
        body = {"items": [_format_assessment(item) for item in items]}
        answer = self._send("assess_units", "POST", "/dispositioning/assess", json_body=body, writes=True)
        echoed = read_answer(answer, operation="assess_units", writes=True)
        if not isinstance(echoed, list):
            expect_true(echoed, answer, operation="assess_units")

    def list_webhooks(self) -> tuple[WebhookSubscription, ...]:
        rows = self._list_rows("list_webhooks", "/webhooks", key="webhooks")
        return tuple(parse_webhook_subscription(row) for row in rows)

    def create_webhook(self, topic: str, trigger: str, url: str) -> WebhookSubscription:
        # Sources disagree on the default of status, so it is always sent.
        body = {"topic": topic, "trigger": trigger, "url": url, "status": "active"}
        answer = self._send("create_webhook", "POST", "/webhooks", json_body=body, writes=True)
        created = read_answer(answer, operation="create_webhook", writes=True)
        if isinstance(created, Mapping) and isinstance(created.get("webhook"), Mapping):
            created = created["webhook"]
        try:
            return parse_webhook_subscription(created)
        except UnreadableRecordError as error:
            failure = answer.failure(system="loop", operation="create_webhook", detail=error.detail)
            raise UncertainError(**failure) from error

    def list_destinations(self) -> tuple[LoopDestination, ...]:
        rows = self._list_rows("list_destinations", "/destinations", key="destinations")
        return tuple(parse_destination(row) for row in rows)

    def probe(self, operation: str, path: str, *, params: Mapping[str, str] | None = None) -> HttpAnswer:
        """Any answer to a read, refusals too: for what only its status, headers or shape tells."""
        return self._send(operation, "GET", path, params=params)

    def _list_pages(self, params: dict[str, str]) -> Iterator[list[Any]]:
        """Pages of rows. Loop's next address may leave out our filters: only its cursor is taken."""
        seen: set[str] = set()
        for _ in range(PAGES_MAX):
            answer = self._send("list_returns", "GET", "/warehouse/return/list", params=params)
            body = read_answer(answer, operation="list_returns")
            if isinstance(body, list):
                yield body
                return
            rows, cursor = read_page(body, answer)
            yield rows
            if not rows or cursor is None or cursor in seen:
                return
            seen.add(cursor)
            params = {**params, "cursor": cursor}
        detail = f"more than {PAGES_MAX} pages in one window; ask for a shorter one"
        raise RejectedError(system="loop", operation="list_returns", detail=detail, family="too_many_pages")

    def _list_rows(self, operation: str, path: str, *, key: str) -> list[Any]:
        answer = self._send(operation, "GET", path)
        body = read_answer(answer, operation=operation)
        rows = body.get(key) if isinstance(body, Mapping) else body
        if not isinstance(rows, list):
            raise unreadable_answer(answer, operation=operation, detail=f"no list of {key} in the answer")
        return rows

    def _act(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json_body: object = None,
    ) -> None:
        answer = self._send(operation, "POST", path, params=params, json_body=json_body, writes=True)
        body = read_answer(answer, operation=operation, writes=True)
        expect_true(body, answer, operation=operation)

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json_body: object = None,
        writes: bool = False,
    ) -> HttpAnswer:
        return send_request(
            self._session,
            system="loop",
            operation=operation,
            method=method,
            url=self._root + path,
            headers={"X-Authorization": self._api_key, "Accept": "application/json"},
            params=params,
            json_body=json_body,
            timeout_s=self._writes_timeout_s if writes else self._timeout_s,
            writes=writes,
            secrets=(self._api_key,),
        )


def _action_path(return_id: str, action: str) -> str:
    return f"/warehouse/return/{quote(return_id, safe='')}/{action}"


def _format_window_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _format_assessment(item: UnitAssessment) -> dict[str, str | int]:
    return {
        # The documented sample sends a number, while the list answers with text.
        "line_item_id": int(item.line_item_id),
        "disposition_outcome": item.assessed_as.value,
        "return_processor": item.assessed_by,
        "note": item.note,
        "inspected_at": item.inspected_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
