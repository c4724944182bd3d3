"""The truth over the control API: dumps whole, by parts and as lines; logs and deliveries by pages."""

from typing import Any

from integrations.sandbox.call_log import PAGE_MAX as CALLS_PAGE_MAX
from integrations.sandbox.controls.asked import Asked, Json, Route, lines_of
from integrations.sandbox.dump import dump_account, dump_shop
from integrations.sandbox.dump_parts import PAGE_MAX, Part, Wanted, find_part, list_parts, read_all, read_page
from integrations.sandbox.inputs import BadInputError, Fields

WHOLE_MAX = 100_000  # transactions that still fit into an answer of one piece


def _dump(asked: Asked) -> Any:
    sandbox = asked.sandbox
    query = asked.query
    is_lines = query.text("format", "json", of=("json", "lines")) == "lines"
    query.done()
    if is_lines:
        return lines_of(
            {"system": part.system, "owner": part.owner, "part": part.name, "row": row}
            for part in list_parts(sandbox)
            for row in read_all(part, Wanted())
        )
    count = sum(account.store.value("SELECT count(*) FROM txn") for account in sandbox.accounts.values())
    if count > WHOLE_MAX:
        raise BadInputError(f"{count} transactions do not fit into one answer: ?format=lines, or GET dump/parts")
    return {
        "netsuite": {key: dump_account(account) for key, account in sandbox.accounts.items()},
        "loop": {code: dump_shop(sandbox.engine, shop=code) for code in sandbox.shops},
    }


def _parts(asked: Asked) -> Json:
    return {"parts": [f"{part.system}/{part.owner}/{part.name}" for part in list_parts(asked.sandbox)]}


def _part(asked: Asked) -> Any:
    query = asked.query
    is_lines = query.text("format", "json", of=("json", "lines")) == "lines"
    wanted = _wanted(query)
    query.done()
    part = find_part(asked.sandbox, *asked.names)
    return lines_of(read_all(part, wanted)) if is_lines else _page(part, wanted)


def _log(asked: Asked) -> Json:
    query = asked.query
    account = query.text("account", of=asked.sandbox.accounts)
    shop = query.text("shop", of=asked.sandbox.shops)
    wanted = _wanted(query, who=query.text("who"), action=query.text("action"))
    query.done()
    if (account is None) == (shop is None):
        known = [*asked.sandbox.accounts, *asked.sandbox.shops]
        raise BadInputError(f"whose log? ?account= or ?shop=; known: {', '.join(known)}")
    return _page(find_part(asked.sandbox, "loop" if shop else "netsuite", account or shop or "", "log"), wanted)


def _deliveries(asked: Asked) -> Json:
    query = asked.query
    shop = query.word("shop", of=asked.sandbox.shops)
    wanted = _wanted(query)
    query.done()
    return _page(find_part(asked.sandbox, "loop", shop, "deliveries"), wanted)


def _calls(asked: Asked) -> Json:
    query = asked.query
    after, limit = query.count("after", 0), query.count("limit", CALLS_PAGE_MAX, low=1, high=CALLS_PAGE_MAX)
    query.done()
    rows = asked.sandbox.calls.read(after=after, limit=limit)
    return {"items": rows, "next": rows[-1]["number"] if len(rows) == limit else None}


def _wanted(query: Fields, *, who: str | None = None, action: str | None = None) -> Wanted:
    return Wanted(
        after=query.count("after", 0),
        since=query.moment("since"),
        limit=query.count("limit", PAGE_MAX, low=1, high=PAGE_MAX),
        who=who,
        action=action,
    )


def _page(part: Part, wanted: Wanted) -> Json:
    rows, following = read_page(part, wanted)
    return {"items": rows, "next": following}


ROUTES = (
    Route("GET", "dump", _dump, "everything; `?format=lines`: one JSON object a line, sent while it is read"),
    Route("GET", "dump/parts", _parts, "the parts it can be had by"),
    Route("GET", "dump/*/*/*", _part, "one part; `?after=`, `?limit=`, `?since=`, `?format=lines`"),
    Route(
        "GET", "log", _log, "accepted writes of one `?account=` or `?shop=`; `?who=`, `?action=`, `?after=`, `?since=`"
    ),
    Route("GET", "calls", _calls, "every call of both systems with its span, refused and lost ones too; `?after=`"),
    Route(
        "GET",
        "webhooks/deliveries",
        _deliveries,
        "webhooks of one `?shop=` as they were answered; `?after=`, `?since=`",
    ),
)
