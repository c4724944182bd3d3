"""Rewriting a SuiteQL text (Oracle's dialect) into SQLite's over our views."""

from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.schema import VIEW_NAMES

INVALID = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
DATES = frozenset({"trandate", "startdate", "enddate"})
MOMENTS = frozenset({"lastmodifieddate", "createddate", "linelastmodifieddate", "deleteddate", "datecreated"})
NEVER_NULL = frozenset({"id", "type", "transaction", "nextdoc", "previousdoc", "uniquekey"}) | DATES | MOMENTS
DISPLAY = {
    "entity": "(SELECT entityid FROM customer WHERE id = {0})",
    "item": "(SELECT itemid FROM item WHERE id = {0})",
    "location": "(SELECT name FROM location WHERE id = {0})",
    "currency": "(SELECT symbol FROM currency WHERE id = {0})",
    "postingperiod": "(SELECT periodname FROM accountingperiod WHERE id = {0})",
    "subsidiary": "(SELECT name FROM subsidiary WHERE id = {0})",
    "createdfrom": "(SELECT ns_type_label(type) || ' #' || tranid FROM txn WHERE id = {0})",
    "transaction": "(SELECT ns_type_label(type) || ' #' || tranid FROM txn WHERE id = {0})",
    "type": "ns_type_label({0})",
}


@dataclass(frozen=True)
class Translated:
    sql: str
    has_own_limit: bool


def invalid_query(text: str) -> Refusal:
    return Refusal(INVALID + text, code="INVALID_PARAMETER", query_param="q")


@lru_cache(maxsize=2000)
def translate(query: str) -> Translated:
    """Raises Refusal for what NetSuite would not know."""
    try:
        tree = sqlglot.parse_one(query, read="oracle")
    except SqlglotError as error:
        first_line = str(error).splitlines()[0]
        raise invalid_query(f"Failed to parse SQL: {first_line}.") from error
    if not isinstance(tree, exp.Query):
        raise invalid_query("Only SELECT statements are supported.")
    _check_tables(tree)
    _name_columns(tree)
    for node in reversed(list(tree.walk(bfs=False))):  # children first: what holds them sees them rewritten
        changed = _rewritten(node)
        if changed is not node:
            node.replace(changed)
    _prefer_moment_index(tree)
    _take_out_rownum(tree)
    _quote_transaction(tree)
    has_limit = tree.args.get("limit") is not None or tree.args.get("fetch") is not None
    return Translated(tree.sql(dialect="sqlite"), has_own_limit=has_limit)


def _check_tables(tree: exp.Expr) -> None:
    own_names = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if name not in own_names and name not in VIEW_NAMES:
            raise invalid_query(f"Record '{table.name}' was not found.")


def _name_columns(tree: exp.Expr) -> None:
    """A result column without a name is called expr1, expr2 …; bare date columns show the user's format."""
    select = tree if isinstance(tree, exp.Select) else None
    if select is None:
        return
    named: list[exp.Expr] = []
    unnamed = 0
    for column in select.expressions:
        inner = column.this if isinstance(column, exp.Alias) else column
        if isinstance(inner, exp.Column) and inner.name.lower() in DATES | MOMENTS:
            shown = exp.func("ns_user_date", inner.copy())
            named.append(exp.alias_(shown, column.alias or inner.name))
        elif isinstance(column, (exp.Alias, exp.Column, exp.Star)):
            named.append(column)
        else:
            unnamed += 1
            named.append(exp.alias_(column.copy(), f"expr{unnamed}"))
    select.set("expressions", named)


def _rewritten(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Dot) and node.this.name.upper() == "BUILTIN":
        return _display_text(node.expression)
    if isinstance(node, (exp.ToChar, exp.TimeToStr)):
        return _to_char(node)
    if isinstance(node, (exp.StrToTime, exp.StrToDate, exp.TsOrDsToDate)):
        return exp.func("ns_to_date", node.this, _oracle_format(node))
    if isinstance(node, exp.CurrentTimestamp):
        return exp.func("ns_sysdate")
    if isinstance(node, exp.CurrentDate):
        return exp.func("ns_trunc", exp.func("ns_sysdate"))
    if isinstance(node, (exp.Trunc, exp.DateTrunc, exp.TimestampTrunc)):
        return exp.func("ns_trunc", node.this)
    if isinstance(node, (exp.Add, exp.Sub)) and _is_moment(node.this):
        return exp.func(
            "ns_add_days", node.this, exp.Neg(this=node.expression) if isinstance(node, exp.Sub) else node.expression
        )
    if isinstance(node, exp.Ordered) and node.this.name.lower() in NEVER_NULL:
        # SQLite's own order of nulls, so that the indexes on these columns can be used.
        return exp.Ordered(this=node.this, desc=node.args.get("desc"), nulls_first=not node.args.get("desc"))
    return node


def _display_text(call: exp.Expr) -> exp.Expr:
    if not isinstance(call, exp.Anonymous) or call.name.upper() != "DF" or len(call.expressions) != 1:
        raise invalid_query(f"Invalid function: BUILTIN.{call.name}.")
    column = call.expressions[0]
    name = column.name.lower()
    text = column.sql(dialect="sqlite")
    if name == "status":
        prefix = f"{column.table}." if column.table else ""
        return sqlglot.parse_one(f"ns_status_label({prefix}type, {prefix}status)", read="sqlite")
    pattern = DISPLAY.get(name)
    return sqlglot.parse_one(pattern.format(text), read="sqlite") if pattern else column


def _to_char(node: exp.Expr) -> exp.Expr:
    if node.args.get("format") is None:
        return exp.func("ns_to_char", node.this, exp.Literal.string(""))
    return exp.func("ns_to_char", node.this, _oracle_format(node))


def _oracle_format(node: exp.Expr) -> exp.Expr:
    """sqlglot turns some formats into strftime's; ours understand both."""
    found = node.args.get("format")
    return found.copy() if isinstance(found, exp.Expr) else exp.Literal.string("")


def _is_moment(node: exp.Expr) -> bool:
    if isinstance(node, exp.Column):
        return node.name.lower() in DATES | MOMENTS
    return isinstance(node, exp.Anonymous) and node.name.lower() in (
        "ns_sysdate",
        "ns_trunc",
        "ns_to_date",
        "ns_add_days",
    )


def _prefer_moment_index(tree: exp.Expr) -> None:
    """Pollers ask for the newest few in the order of their ids; left alone, SQLite walks the whole table by id."""
    if not isinstance(tree, exp.Select):
        return
    tests = [test for test in tree.find_all(exp.GT, exp.GTE) if test.this.name.lower() == "lastmodifieddate"]
    for test in tests:
        test.replace(exp.func("unlikely", test.copy()))
    for ordered in list(tree.find_all(exp.Ordered)) if tests else []:
        if isinstance(ordered.this, exp.Column) and ordered.this.name.lower() == "id":
            ordered.set("this", exp.Add(this=ordered.this.copy(), expression=exp.Literal.number(0)))


def _take_out_rownum(tree: exp.Expr) -> None:
    """`ROWNUM <= n` becomes a limit. (Oracle applies it before ORDER BY; here it is applied after.)"""
    for column in list(tree.find_all(exp.Column)):
        test = column.parent
        if column.name.upper() != "ROWNUM" or not isinstance(test, (exp.LTE, exp.LT)):
            continue
        select = column.find_ancestor(exp.Select)
        bound = int(test.expression.name) - (1 if isinstance(test, exp.LT) else 0)
        test.replace(exp.true())
        if select is not None:
            select.limit(bound, copy=False)


def _quote_transaction(tree: exp.Expr) -> None:
    """`transaction` is a word of SQLite's own grammar."""
    for identifier in tree.find_all(exp.Identifier):
        if identifier.name.lower() == "transaction":
            identifier.set("quoted", True)
