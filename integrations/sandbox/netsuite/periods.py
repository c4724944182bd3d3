"""Accounting periods: one a month; posting documents may not be dated into a closed or locked one."""

import calendar
import sqlite3
from datetime import date, timedelta

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import Refusal, invalid_value, user_error
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.store import Store

CLOSED_FOR_NEW = "You cannot change the G/L impact of a transaction in a closed period."
CLOSED_FOR_EDIT = "This transaction is in a period that has been closed. You may not edit it."
OUTSIDE = "The transaction date you specified is not within the date range of your accounting period."
AHEAD = timedelta(days=62)  # so far into the future finance has set up its periods
LOCKS = ("arlocked", "aplocked", "alllocked")


def ensure_period(store: Store, *, day: date, closed: bool = False) -> int:
    """The id of the month's period, made when it is not there yet."""
    found = find_period(store, day=day)
    if found is not None:
        return found
    start = day.replace(day=1)
    end = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    mark = "T" if closed else "F"
    return store.execute(
        "INSERT INTO accountingperiod (periodname, startdate, enddate, closed, arlocked, aplocked, alllocked)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (start.strftime("%b %Y"), start.isoformat(), end.isoformat(), mark, mark, mark, mark),
    )


def find_period(store: Store, *, day: date) -> int | None:
    sql = "SELECT id FROM accountingperiod WHERE startdate <= ? AND enddate >= ? ORDER BY startdate DESC LIMIT 1"
    found = store.value(sql, (day.isoformat(),) * 2)
    return None if found is None else int(found)


def open_books(store: Store, *, today: date, months: int = 24) -> None:
    """Every month before the current one is closed, as finance leaves them."""
    starts = [today.replace(day=1)]
    for _ in range(months):
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    for start in reversed(starts):
        ensure_period(store, day=start, closed=start < today.replace(day=1))
    ensure_period(store, day=today.replace(day=28) + timedelta(days=5))


def check_period(account: Account, document: Document, *, is_new: bool) -> None:
    """Set the posting period of a posting document, or refuse one that is closed, locked or not that of its date."""
    if not document.kind.is_posting:
        return
    own = _period_of_date(account, document.tran_date)
    may_differ = account.settings.flag("netsuite.date_outside_period")
    period = document.posting_period or own
    if period is None or (period != own and not may_differ):
        raise user_error(OUTSIDE)
    found = account.store.row("SELECT * FROM accountingperiod WHERE id = ?", (period,))
    if found is None:
        raise invalid_value(period, field="postingPeriod", path="postingPeriod")
    if is_shut(found, kind=document.kind):
        raise user_error(CLOSED_FOR_NEW if is_new else CLOSED_FOR_EDIT)
    document.posting_period = period


def _period_of_date(account: Account, day: date) -> int | None:
    found = find_period(account.store, day=day)
    if found is None and account.today() - AHEAD <= day <= account.today() + AHEAD:
        return ensure_period(account.store, day=day)
    return found


def is_shut(period: sqlite3.Row, *, kind: Kind) -> bool:
    """Closed for all, or locked for this kind: a lock of receivables leaves receipts and transfers alone."""
    return "T" in (period["closed"], period["alllocked"], period[kind.locks])


def check_edit_in_period(account: Account, before: Document, after: Document | None = None) -> None:
    """Refuse to change, void or delete what lies in a shut period; `after` is given for a change.

    A period may allow changes that leave the ledger alone, such as of a memo.
    """
    if not before.kind.is_posting or before.posting_period is None:
        return
    found = account.store.row("SELECT * FROM accountingperiod WHERE id = ?", (before.posting_period,))
    if found is None or not is_shut(found, kind=before.kind):
        return
    if found["allownonglchange"] != "T" or after is None or ledger_face(before) != ledger_face(after):
        raise user_error(CLOSED_FOR_EDIT)


def ledger_face(document: Document) -> tuple[object, ...]:
    """What of a document the general ledger sees."""
    lines = tuple((line.item, line.quantity, line.amount, line.tax_amount, line.location) for line in document.lines)
    applies = tuple((row.doc, row.amount) for row in document.applies)
    return (document.tran_date, document.posting_period, document.entity, document.total, lines, applies)


def set_period(store: Store, *, period: int, closed: bool) -> None:
    mark = "T" if closed else "F"
    store.execute(
        "UPDATE accountingperiod SET closed = ?, arlocked = ?, aplocked = ?, alllocked = ? WHERE id = ?",
        (mark, mark, mark, mark, period),
    )


def set_lock(store: Store, *, period: int, lock: str, locked: bool) -> None:
    if lock not in (*LOCKS, "allownonglchange"):
        raise Refusal(f"no lock {lock!r}; known: {', '.join(LOCKS)}, allownonglchange")
    store.execute(f"UPDATE accountingperiod SET {lock} = ? WHERE id = ?", ("T" if locked else "F", period))
