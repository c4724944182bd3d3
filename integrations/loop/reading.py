"""Reading returns: details of one, all of an order, and every one that changed in a window (loop.md §2.1, §2.2)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from integrations.errors import UnreadableRecordError
from integrations.http import HttpAnswer
from integrations.loop.answers import is_gone, read_answer, read_page, unreadable_answer
from integrations.loop.fields import unreadable
from integrations.loop.paging import PageEnd, Params, Reach, format_window_time, whole_window
from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord, LoopState
from integrations.loop.transport import LoopTransport, follow_pages

WINDOW_MAX = timedelta(days=119)  # Loop answers 422 above 120 days
PAGE_SIZE_MAX = 750
LIST_PATH, DETAILS_PATH = "/warehouse/return/list", "/warehouse/return/details"
# Which currency details have unless one is named is only believed to be the shop's (loop.md §2.2).
OWN_CURRENCY = {"currency_type": "shop"}

OnUnreadable = Callable[[UnreadableRecordError], None]
Page = tuple[list[Any], str | None]


class ReturnReading(LoopTransport):
    def get_return(self, return_id: str) -> LoopReturnRecord | None:
        """The return as details tell it; None when Loop says it has no such return."""
        params = {"return_id": return_id} | OWN_CURRENCY
        return self._ask("get_return", DETAILS_PATH, partial(_read_one, return_id), params=params)

    def list_returns_of_order(self, *, order_id: str = "", order_name: str = "") -> tuple[LoopReturnRecord, ...]:
        """Every return of one order, as details tell them. order_id: the platform's, never Loop's own."""
        assert bool(order_id) != bool(order_name), "ask by one of the two"
        params = {"order_id": order_id} if order_id else {"order_name": order_name}
        read = partial(_read_details, operation="list_returns_of_order")
        return tuple(self._ask("list_returns_of_order", DETAILS_PATH, read, params=params | OWN_CURRENCY))

    def list_returns(
        self,
        *,
        window_from: datetime,
        window_to: datetime,
        state: LoopState | str | None = None,
        filter_by: Literal["updated_at", "created_at"] = "updated_at",
        page_size: int = 250,
        rereads_ties: bool = True,
        on_unreadable: OnUnreadable | None = None,
    ) -> Iterator[LoopReturnRecord]:
        """Every return that was updated (or created) in the window; the same one may come twice.

        state: without one Loop leaves out cancelled and review, so a full sweep asks for those as well.
        rereads_ties: rows of the second at which a page ends are asked for again, since the next page may
        begin behind all of them (loop.md §1.4).
        on_unreadable: told about a row we cannot read, which is then left out; without it the row ends
        the sweep.
        """
        assert timedelta(0) < window_to - window_from <= WINDOW_MAX, f"{window_from} to {window_to}"
        assert 1 <= page_size <= PAGE_SIZE_MAX
        params = {
            "from": format_window_time(window_from),
            "to": format_window_time(window_to),
            "filter": filter_by,
            "paginate": "true",
            "pageSize": str(page_size),
        }
        if state is not None:
            params["state"] = str(state)
        for rows in follow_pages(self._list_pages(params, rereads_ties=rereads_ties), operation="list_returns"):
            yield from _parse_rows(rows, on_unreadable=on_unreadable)

    def _list_pages(self, params: Params, *, rereads_ties: bool) -> Iterator[list[Any]]:
        """Pages of rows. Loop's next address may leave out our filters: only its cursor is taken.

        A cursor that comes again stands in a second with more rows than a page holds: that is read whole and passed.
        """
        window, seen = params, set[str]()
        came: Reach = ()
        while True:
            rows, cursor = self._list_page(params)
            yield rows
            if not rows or cursor is None:
                return
            end = PageEnd.of(cursor, rows, column=window["filter"])
            came = end.reach(rows, came) if end else came
            stands_still = cursor in seen
            if end and (rereads_ties or stands_still):
                yield self._list_page(end.all_of_it(window))[0]
            if stands_still:
                yield from self._list_beyond(window, end, came, rereads_ties=rereads_ties)
                return
            seen.add(cursor)
            params = {**params, "cursor": cursor}

    def _list_beyond(
        self, window: Params, end: PageEnd | None, came: Reach, *, rereads_ties: bool
    ) -> Iterator[list[Any]]:
        """The rest of a window whose pages stand still; all of it at once where its rest is no window."""
        if end is None or end.column != window["filter"]:
            yield self._list_page(whole_window(window))[0]
            return
        for rest in end.rest(window, came):
            yield from self._list_pages(rest, rereads_ties=rereads_ties)

    def _list_page(self, params: Params) -> Page:
        body, answer = self._read("list_returns", LIST_PATH, params=params)
        return (body, None) if isinstance(body, list) else read_page(body, answer)


def _read_one(return_id: str, answer: HttpAnswer) -> LoopReturnRecord | None:
    records = _read_details(answer, operation="get_return")
    matching = [record for record in records if record.id == return_id]
    if records and not matching:
        given = ", ".join(record.id for record in records)
        detail = f"asked for return {return_id}, was given {given}"
        raise unreadable_answer(answer, operation="get_return", detail=detail)
    return matching[0] if matching else None


def _read_details(answer: HttpAnswer, *, operation: str) -> list[LoopReturnRecord]:
    """Nothing when Loop says that there is no such return."""
    if is_gone(answer):
        return []
    body = read_answer(answer, operation=operation)
    return [parse_return(row, is_detailed=True) for row in (body if isinstance(body, list) else [body])]


def _parse_rows(rows: list[Any], *, on_unreadable: OnUnreadable | None) -> Iterator[LoopReturnRecord]:
    for row in rows:
        try:
            record = parse_return(row, is_detailed=False)
        except UnreadableRecordError as error:
            if on_unreadable is None:
                raise
            on_unreadable(_naming_its_return(error, row))
        else:
            yield record


def _naming_its_return(error: UnreadableRecordError, row: Any) -> UnreadableRecordError:
    """What is wrong with a unit names the unit; who looks needs to know of which return."""
    return_id = row.get("id") if isinstance(row, dict) else None
    named = f"return {str(return_id)[:40]}"
    if return_id is None or error.detail.startswith(f"{named}:"):
        return error
    return unreadable(f"{named}: {error.detail}", path=error.path)
