"""Accounting periods: one a month; posting documents may not be dated into a closed one."""

import calendar
from datetime import date, timedelta

from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import invalid_value, user_error
from integrations.sandbox.store import Store

CLOSED_FOR_NEW = "You cannot change the G/L impact of a transaction in a closed period."
CLOSED_FOR_EDIT = "This transaction is in a period that has been closed. You may not edit it."
OUTSIDE = "The transaction date you specified is not within the date range of your accounting period."


def ensure_period(store: Store, *, day: date, closed: bool = False) -> int:
    """The id of the month's period, made when it is not there yet."""
    found = store.value("SELECT id FROM accountingperiod WHERE startdate <= ? AND enddate >= ?", (day.isoformat(),) * 2)
    if found is not None:
        return int(found)
    start = day.replace(day=1)
    end = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    mark = "T" if closed else "F"
    return store.execute(
        "INSERT INTO accountingperiod (periodname, startdate, enddate, closed, arlocked, aplocked, alllocked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (start.strftime("%b %Y"), start.isoformat(), end.isoformat(), mark, mark, mark, mark),
    )


def open_books(store: Store, *, today: date, months: int = 24) -> None:
    """Every month before the current one is closed, as finance leaves them."""
    starts = [today.replace(day=1)]
    for _ in range(months):
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    for start in reversed(starts):
        ensure_period(store, day=start, closed=start < today.replace(day=1))
    ensure_period(store, day=today.replace(day=28) + timedelta(days=5))


def check_period(store: Store, document: Document, *, is_new: bool) -> None:
    """Set the posting period of a posting document, or refuse a closed one."""
    if not document.kind.is_posting:
        return
    own = ensure_period(store, day=document.tran_date)
    period = document.posting_period or own
    found = store.row("SELECT * FROM accountingperiod WHERE id = ?", (period,))
    if found is None:
        raise invalid_value(period, field="postingPeriod", path="postingPeriod")
    if "T" in (found["closed"], found["arlocked"], found["alllocked"]):
        raise user_error(CLOSED_FOR_NEW if is_new else CLOSED_FOR_EDIT)
    if period != own:
        raise user_error(OUTSIDE)
    document.posting_period = period


def set_period_closed(store: Store, *, period: int, closed: bool) -> None:
    mark = "T" if closed else "F"
    store.execute(
        "UPDATE accountingperiod SET closed = ?, arlocked = ?, aplocked = ?, alllocked = ? WHERE id = ?",
        (mark, mark, mark, mark, period),
    )
