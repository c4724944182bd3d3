"""One node of a SuiteQL text at a time: Oracle's functions and dates as SQLite can do them."""

import sqlglot
from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite

DATES = frozenset({"trandate", "startdate", "enddate"})
MOMENTS = frozenset(
    {"lastmodifieddate", "createddate", "linelastmodifieddate", "deleteddate", "datecreated", "date"}
)  # fmt: skip
NEVER_NULL = frozenset({"id", "type", "transaction", "nextdoc", "previousdoc", "uniquekey"}) | DATES | MOMENTS
EMPLOYEE = "(SELECT entityid FROM employee WHERE id = {0})"
ITEM = "(SELECT itemid FROM item WHERE id = {0})"
TRANSACTION = "(SELECT ns_type_label(type) || ' #' || tranid FROM txn WHERE id = {0})"
DISPLAY = {
    "entity": (
        "coalesce((SELECT entityid FROM customer WHERE id = {0}), (SELECT entityid FROM employee WHERE id = {0}))"
    ),
    "createdby": EMPLOYEE,
    "lastmodifiedby": EMPLOYEE,
    "deletedby": EMPLOYEE,
    "name": "coalesce((SELECT entityid FROM employee WHERE id = {0}), {0})",
    "item": ITEM,
    "parentitem": ITEM,
    "location": "(SELECT name FROM location WHERE id = {0})",
    "binnumber": "(SELECT binnumber FROM bin WHERE id = {0})",
    "inventorystatus": "(SELECT name FROM inventorystatus WHERE id = {0})",
    "account": "(SELECT fullname FROM account WHERE id = {0})",
    "currency": "(SELECT symbol FROM currency WHERE id = {0})",
    "postingperiod": "(SELECT periodname FROM accountingperiod WHERE id = {0})",
    "subsidiary": "(SELECT name FROM subsidiary WHERE id = {0})",
    "createdfrom": TRANSACTION,
    "transaction": TRANSACTION,
    "nextdoc": TRANSACTION,
    "previousdoc": TRANSACTION,
    "type": "ns_type_label({0})",
    "nexttype": "ns_type_label({0})",
    "previoustype": "ns_type_label({0})",
}
MOMENT_FUNCTIONS = frozenset(
    {"ns_local", "ns_sysdate", "ns_trunc", "ns_to_date", "ns_add_days", "ns_add_months", "ns_last_day"}
)
PASSES_THROUGH = frozenset({"RELATIVE_RANGES", "CURRENCY", "CURRENCY_CONVERT", "CONSOLIDATE"})


class InvalidFunctionError(Exception):
    """The text calls something SuiteQL has not."""


def rewritten(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Dot) and node.this.name.upper() == "BUILTIN":
        return _builtin(node.expression)
    if isinstance(node, exp.Ordered) and node.this.name.lower() in NEVER_NULL:
        # SQLite's own order of nulls, so that the indexes on these columns can be used.
        return exp.Ordered(this=node.this, desc=node.args.get("desc"), nulls_first=not node.args.get("desc"))
    if isinstance(node, exp.Mod):
        return exp.func("ns_mod", node.this, node.expression)
    return _rewritten_date(node)


def _rewritten_date(node: exp.Expr) -> exp.Expr:
    if isinstance(node, (exp.ToChar, exp.TimeToStr)):
        return exp.func("ns_to_char", node.this, _oracle_format(node))
    if isinstance(node, (exp.StrToTime, exp.StrToDate, exp.TsOrDsToDate)):
        return exp.func("ns_to_date", node.this, _oracle_format(node))
    if isinstance(node, (exp.CurrentTimestamp, exp.Systimestamp)):
        return exp.func("ns_sysdate")
    if isinstance(node, exp.CurrentDate):
        return exp.func("ns_trunc", exp.func("ns_sysdate"), exp.Literal.string(""))
    if isinstance(node, (exp.Trunc, exp.DateTrunc, exp.TimestampTrunc)):
        return exp.func("ns_trunc", node.this, _truncation(node))
    if isinstance(node, exp.AddMonths):
        return exp.func("ns_add_months", node.this, node.expression)
    if isinstance(node, exp.LastDay):
        return exp.func("ns_last_day", node.this)
    if isinstance(node, exp.Extract):
        return exp.func("ns_extract", exp.Literal.string(node.name), node.expression)
    if isinstance(node, (exp.Add, exp.Sub)) and is_moment(node.this):
        return _moved(node)
    return node


def _moved(node: exp.Add | exp.Sub) -> exp.Expr:
    """Moment ± days is a moment, moment - moment a number of days."""
    if isinstance(node, exp.Sub) and is_moment(node.expression):
        return exp.func("ns_days_between", node.this, node.expression)
    days = exp.Neg(this=node.expression) if isinstance(node, exp.Sub) else node.expression
    return exp.func("ns_add_days", node.this, days)


def _builtin(call: exp.Expr) -> exp.Expr:
    name = call.name.upper()
    if isinstance(call, exp.Anonymous) and name in PASSES_THROUGH and call.expressions:
        passed: exp.Expr = call.expressions[0].copy()
        return passed
    if not isinstance(call, exp.Anonymous) or name != "DF" or len(call.expressions) != 1:
        raise InvalidFunctionError(f"Invalid function: BUILTIN.{call.name}.")
    return _display_text(call.expressions[0])


def _display_text(column: exp.Expr) -> exp.Expr:
    name = column.name.lower()
    text = column.sql(dialect=SQLite)
    if name == "status" and isinstance(column, exp.Column):
        prefix = f'"{column.table}".' if column.table else ""
        return sqlglot.parse_one(f"ns_status_label({prefix}type, {prefix}status)", read=SQLite)
    pattern = DISPLAY.get(name)
    return sqlglot.parse_one(pattern.format(text), read=SQLite) if pattern else column


def _oracle_format(node: exp.Expr) -> exp.Expr:
    """sqlglot turns some formats into strftime's; ours understand both."""
    found = node.args.get("format")
    return found.copy() if isinstance(found, exp.Expr) else exp.Literal.string("")


def _truncation(node: exp.Expr) -> exp.Expr:
    found = node.args.get("unit") or node.args.get("decimals")
    return exp.Literal.string(found.name) if isinstance(found, exp.Expr) else exp.Literal.string("")


def is_moment(node: exp.Expr) -> bool:
    """Whether the expression is a date or a date-time."""
    if isinstance(node, exp.Column):
        return node.name.lower() in DATES | MOMENTS
    if isinstance(node, (exp.Max, exp.Min, exp.Coalesce, exp.Paren)):
        return is_moment(node.this)
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate, exp.StrToDate, exp.StrToTime, exp.AddMonths)):
        return True
    if isinstance(node, (exp.Trunc, exp.DateTrunc, exp.TimestampTrunc, exp.Add, exp.Sub)):
        is_difference = isinstance(node, exp.Sub) and is_moment(node.expression)
        return is_moment(node.this) and not is_difference
    return isinstance(node, exp.Anonymous) and node.name.lower() in MOMENT_FUNCTIONS
