"""The fields a collection can be filtered by, with the columns of the books behind them."""

from collections.abc import Mapping

from integrations.sandbox.netsuite import lists
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.filters import Column

COLUMNS = {
    **{name: Column(name, "number") for name in ("id", "entity", "currency", "location", "exchangerate", "subtotal")},
    **{
        name: Column(name, "number")
        for name in ("taxtotal", "total", "amountremaining", "postingperiod", "createdfrom")
    },
    **{name: Column(name) for name in ("externalid", "tranid", "otherrefnum", "memo", "status", "orderstatus")},
    "customer": Column("entity", "number"),
    "trandate": Column("trandate", "date"),
    "createddate": Column("substr(createddate, 1, 10)", "date"),
    "lastmodifieddate": Column("substr(lastmodifieddate, 1, 10)", "date"),
    "custbody_loop_return": Column("json_extract(extra, '$.custbody_loop_return')"),
    "custbody_loop_exchange": Column("json_extract(extra, '$.custbody_loop_exchange')"),
}


def columns_of(account: Account, table: str) -> Mapping[str, Column]:
    """Those of a list, read off its table."""
    rows = account.store.rows(f"PRAGMA table_info({table})")
    names = {row["name"]: _type(row["name"], declared=row["type"]) for row in rows if row["name"] not in lists.HIDDEN}
    return {name: Column(name, type) for name, type in names.items()}


def _type(name: str, *, declared: str) -> str:
    if name.startswith(("is", "use", "make")):
        return "boolean"
    if name.endswith("date"):
        return "date"
    return "number" if declared in ("INTEGER", "REAL") else "string"
