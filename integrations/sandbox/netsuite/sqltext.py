"""Rewriting a SuiteQL text (Oracle's dialect) into SQLite's over our views."""

from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

# Dialects by name are loaded with the first text, and a second thread would meanwhile get one that is half made.
from sqlglot.dialects.oracle import Oracle
from sqlglot.dialects.sqlite import SQLite
from sqlglot.errors import SqlglotError
from sqlglot.transforms import eliminate_join_marks

from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.sqlrewrites import DATES, MOMENTS, InvalidFunctionError, is_moment, rewritten
from integrations.sandbox.netsuite.sqlrownum import apply_rownum
from integrations.sandbox.netsuite.views import PREFIX

INVALID = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.NEQ, exp.Between, exp.In)


@dataclass(frozen=True)
class Translated:
    sql: str
    has_own_limit: bool
    has_star: bool  # dates come as they are stored: the rows still need the user's format
    tables: str  # alias=table, as the refusal of an unknown column lists them


@dataclass(frozen=True)
class Dialect:
    """What of the account decides over a text."""

    tables: frozenset[str]
    is_utc: bool = True
    unknown_table: str = "record"


def invalid_query(text: str) -> Refusal:
    return Refusal(INVALID + text, code="INVALID_PARAMETER", query_param="q")


@lru_cache(maxsize=2000)
def translate(query: str, dialect: Dialect) -> Translated:
    """Raises Refusal for what NetSuite would not know."""
    tree = _parsed(query)
    aliases = _rename_tables(tree, dialect)
    if not dialect.is_utc:
        _show_local_moments(tree)
    apply_rownum(tree)
    has_limit = tree.args.get("limit") is not None or tree.args.get("fetch") is not None
    _name_columns(tree)
    try:
        for node in reversed(list(tree.walk(bfs=False))):  # children first: what holds them sees them rewritten
            changed = rewritten(node)
            if changed is not node:
                node.replace(changed)
    except InvalidFunctionError as error:
        raise invalid_query(str(error)) from error
    _prefer_moment_index(tree)
    _quote_transaction(tree)
    return Translated(
        tree.sql(dialect=SQLite), has_own_limit=has_limit, has_star=tree.is_star, tables=", ".join(aliases)
    )


def _parsed(query: str) -> exp.Query:
    try:
        words = sqlglot.tokenize(query, read=Oracle)
        tree = sqlglot.parse_one(query, read=Oracle)
        if any(column.args.get("join_mark") for column in tree.find_all(exp.Column)):
            tree = eliminate_join_marks(tree)
    except (SqlglotError, AssertionError) as error:
        first_line = str(error).splitlines()[0] if str(error) else "unreadable"
        raise invalid_query(f"Failed to parse SQL: {first_line}.") from error
    if not isinstance(tree, exp.Query):
        raise invalid_query("Only SELECT statements are supported.")
    if any(word.token_type.name == "LIMIT" for word in words):
        raise invalid_query("Failed to parse SQL: LIMIT is not supported.")
    return tree


def _rename_tables(tree: exp.Query, dialect: Dialect) -> list[str]:
    """Let every table name its view; the old name stays as its alias."""
    own_names = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    aliases: list[str] = []
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        if name in own_names:
            continue
        if name not in dialect.tables or table.db:
            raise invalid_query(_unknown_table(table.name, dialect))
        aliases.append(f"{table.alias or table.name.lower()}={name}")
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(f"{PREFIX}{name}"))
    return aliases


def _unknown_table(name: str, dialect: Dialect) -> str:
    if dialect.unknown_table == "search_type":
        return f"Invalid search type: {name}."
    return f"Record '{name}' was not found."


def _show_local_moments(tree: exp.Query) -> None:
    """Stored moments are UTC. What is compared with one is turned to UTC, so that indexes can be used; what is
    shown is turned to the account's zone."""
    for column in list(tree.find_all(exp.Column)):
        parent = column.parent
        if column.name.lower() not in MOMENTS or isinstance(parent, (exp.Ordered, exp.Group)):
            continue
        if isinstance(parent, COMPARISONS):
            _turn_others_to_utc(parent, column=column)
        elif not _is_passed_up(column):
            column.replace(exp.func("ns_local", column.copy()))


def _turn_others_to_utc(comparison: exp.Expr, *, column: exp.Column) -> None:
    for name, value in list(comparison.args.items()):
        for other in value if isinstance(value, list) else [value]:
            is_stored = isinstance(other, exp.Column) and other.name.lower() in MOMENTS
            if isinstance(other, exp.Expr) and other is not column and not is_stored and name != "query":
                other.replace(exp.func("ns_utc", other.copy()))


def _is_passed_up(column: exp.Column) -> bool:
    """A subquery's own column under its own name stays as it is stored; the query around it shows it."""
    holder = column.parent
    if isinstance(holder, exp.Alias) and holder.alias.lower() == column.name.lower():
        holder = holder.parent
    return isinstance(holder, exp.Select) and holder.parent is not None


def _name_columns(tree: exp.Query) -> None:
    """A result column without a name is called expr1, expr2 …; bare dates show the user's format."""
    for select in _top_selects(tree):
        named: list[exp.Expr] = []
        unnamed = 0
        for column in select.expressions:
            inner = column.this if isinstance(column, exp.Alias) else column
            name = column.alias or (inner.name if isinstance(inner, exp.Column) else _shown_name(inner))
            if not name and not isinstance(inner, (exp.Star, exp.Column)):
                unnamed += 1
                name = f"expr{unnamed}"
            if is_moment(inner):
                named.append(exp.alias_(exp.func("ns_user_date", inner.copy()), name))
            elif isinstance(column, (exp.Alias, exp.Column, exp.Star)):
                named.append(column)
            else:
                named.append(exp.alias_(column.copy(), name))
        select.set("expressions", named)


def _shown_name(inner: exp.Expr) -> str:
    """A bare date-time that was turned to the account's zone keeps its column's name."""
    is_local = isinstance(inner, exp.Anonymous) and inner.name.lower() == "ns_local"
    return inner.expressions[0].name if is_local else ""


def _top_selects(tree: exp.Expr) -> list[exp.Select]:
    if isinstance(tree, exp.Select):
        return [tree]
    if isinstance(tree, exp.SetOperation):
        return [*_top_selects(tree.left), *_top_selects(tree.right)]
    return []


def _prefer_moment_index(tree: exp.Expr) -> None:
    """Pollers ask for the newest few of some types, above some id, in the order of ids; left alone, SQLite walks the
    whole table by type or id. So these tests are written in a way that no index answers."""
    if not isinstance(tree, exp.Select):
        return
    tests = [test for test in tree.find_all(exp.GT, exp.GTE) if test.this.name.lower() == "lastmodifieddate"]
    if not tests:
        return
    for column in list(tree.find_all(exp.Column)):
        holder, name = column.parent, column.name.lower()
        if name == "id" and isinstance(holder, (exp.GT, exp.GTE, exp.Ordered)):
            column.replace(exp.cast(column.copy(), "INTEGER"))  # which compares with text as the column does
        elif name == "type" and isinstance(holder, (exp.EQ, exp.In)):
            column.replace(exp.DPipe(this=column.copy(), expression=exp.Literal.string("")))


def _quote_transaction(tree: exp.Expr) -> None:
    """`transaction` is a word of SQLite's own grammar."""
    for identifier in tree.find_all(exp.Identifier):
        if identifier.name.lower() == "transaction":
            identifier.set("quoted", True)


__all__ = ["DATES", "MOMENTS", "Dialect", "Translated", "invalid_query", "translate"]
