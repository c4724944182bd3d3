"""The truth in pieces: one table of one account or shop, by pages that go on where the last one ended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.sandbox import dump
from integrations.sandbox.inputs import BadInputError
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.sandbox import Sandbox
from integrations.sandbox.store import Store

Json = dict[str, Any]
PAGE_MAX = 1000
NETSUITE_TIME = "%Y-%m-%dT%H:%M:%S"
LOOP_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Wanted:
    """after: the key of the last row already had. since: only rows changed or written then or later."""

    after: int = 0
    since: datetime | None = None
    limit: int = PAGE_MAX
    who: str | None = None
    action: str | None = None


@dataclass(frozen=True)
class Part:
    """key: the column pages go by; empty for a table so small that it comes whole."""

    system: str
    owner: str
    name: str
    store: Store
    select: str
    shown: Callable[[list[Any]], list[Json]]
    key: str
    time: str = "at"
    time_form: str = NETSUITE_TIME


def list_parts(sandbox: Sandbox) -> list[Part]:
    parts = [part for account in sandbox.accounts.values() for part in _of_account(account)]
    return parts + [part for code in sandbox.shops for part in _of_shop(sandbox.loop_store, shop=code)]


def find_part(sandbox: Sandbox, system: str, owner: str, name: str) -> Part:
    parts = list_parts(sandbox)
    for part in parts:
        if (part.system, part.owner, part.name) == (system, owner, name):
            return part
    known = ", ".join(f"{part.system}/{part.owner}/{part.name}" for part in parts)
    raise BadInputError(f"no part {system}/{owner}/{name}; known: {known}")


def _of_account(account: Account) -> Iterator[Part]:
    def part(name: str, *, select: str, shown: Callable[[list[Any]], list[Json]], key: str, time: str = "at") -> Part:
        return Part("netsuite", account.profile.account_id, name, account.store, select, shown, key, time)

    yield part(
        "transactions",
        select="SELECT * FROM txn WHERE 1",
        shown=lambda rows: dump.transactions_of(account, rows=rows),
        key="id",
        time="lastmodifieddate",
    )
    yield part("stock", select="SELECT 1", shown=lambda _: dump.stock_of(account), key="")
    yield part("kits", select="SELECT 1", shown=lambda _: dump.kits_of(account), key="")
    yield part("ledger", select=f"{dump.LEDGER} WHERE 1", shown=_each(dump.ledger_row), key="seq")
    yield part("periods", select="SELECT 1", shown=lambda _: dump.periods_of(account), key="")
    yield part("log", select="SELECT * FROM history WHERE 1", shown=_each(dump.log_row), key="seq")


def _of_shop(store: Store, *, shop: str) -> Iterator[Part]:
    def part(name: str, *, table: str, shown: Callable[[list[Any]], list[Json]], key: str, time: str = "at") -> Part:
        select = f"SELECT * FROM {table} WHERE shop = '{shop}'"  # a code of our own, never typed by anybody
        return Part("loop", shop, name, store, select, shown, key, time, LOOP_TIME)

    yield part("returns", table="loop_return", shown=_each(dump.return_row), key="id", time="updated_at")
    yield part("log", table="loop_log", shown=_each(dump.loop_log_row), key="seq")
    yield part("deliveries", table="delivery", shown=_each(dict), key="seq")


def _each(shown: Callable[[Any], Json]) -> Callable[[list[Any]], list[Json]]:
    return lambda rows: [shown(row) for row in rows]


def read_page(part: Part, wanted: Wanted) -> tuple[list[Json], int | None]:
    """The rows, and the key to go on after; None when these are the last."""
    if not part.key:
        return part.shown([]), None
    where: list[str] = [f"{part.key} > ?"]
    parameters: list[Any] = [wanted.after]
    for column, value in (("who", wanted.who), ("action", wanted.action)):
        if value is not None:
            where.append(f"{column} = ?")
            parameters.append(value)
    if wanted.since is not None:
        where.append(f"{part.time} >= ?")
        parameters.append(wanted.since.strftime(part.time_form))
    sql = f"{part.select} AND {' AND '.join(where)} ORDER BY {part.key} LIMIT ?"
    with part.store.transaction():
        rows = part.store.rows(sql, (*parameters, wanted.limit))
        shown = part.shown(rows)
    return shown, rows[-1][part.key] if len(rows) == wanted.limit else None


def read_all(part: Part, wanted: Wanted) -> Iterator[Json]:
    """Page by page, so that nobody waits for the whole: what changes meanwhile may be seen or not."""
    after: int | None = wanted.after
    while after is not None:
        rows, after = read_page(part, replace(wanted, after=after))
        yield from rows
