"""Queries whose SQL is made once per process: of what is asked for every return, making it costs more than asking."""

from collections import namedtuple  # their columns are known when they are asked, not before
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

Values = Sequence[Any]
Converters = dict[int, tuple[list[Callable[..., Any]], Any]]


@dataclass(frozen=True)
class Slot:
    """Stands in the parameters of the SQL for a value that is known when the query is asked."""

    name: str


def slot(name: str, *, kind: str = "bigint") -> RawSQL:
    """The place of one value, e.g. `filter(loop_return=slot("return_pk"))`. kind: its type in PostgreSQL."""
    return RawSQL(f"%s::{kind}", [Slot(name)])


def slots(name: str, *, kind: str = "bigint") -> RawSQL:
    """The place of any number of values, for `__in=`."""
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [Slot(name)])


def filled(params: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """The parameters of an SQL made once, with today's values in the slots."""
    return [values[one.name] if isinstance(one, Slot) else one for one in params]


@dataclass(frozen=True)
class Made:
    sql: str
    params: Sequence[Any]
    converters: Converters
    row_of: Callable[[Values], Any]
    locks: bool

    def rows(self, found: Iterable[Values]) -> list[Any]:
        return [self.row_of(_converted(row, self.converters)) for row in found]


class FixedQuery:
    """build: gives a queryset, its changing values as slots. Rows are instances, or with `.values(…)` named tuples."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build

    def ask(self, **values: Any) -> list[Any]:
        made = self.made
        if made.locks and not connection.in_atomic_block:  # as `QuerySet` says it, which makes its SQL each time
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        with connection.cursor() as cursor:
            cursor.execute(made.sql, filled(made.params, values))
            return made.rows(cursor.fetchall())

    @cached_property
    def made(self) -> Made:
        query = self._build().query
        compiler = query.get_compiler(using=connection.alias)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, _, _ in compiler.select])
        row_of = _tuples(list(query.selected)) if query.selected else _instances(compiler)
        return Made(sql, params, converters, row_of, bool(query.select_for_update))


def ask_together(queries: Iterable[FixedQuery], **values: Any) -> list[list[Any]]:
    """What each of them finds, by one journey to the database and back. values: for all of them. None of them locks."""
    asked = [query.made for query in queries]
    assert not any(one.locks for one in asked), "what is locked is waited for, and the others would wait with it"
    connection.ensure_connection()
    with connection.wrap_database_errors, ExitStack() as stack, connection.connection.pipeline():
        cursors = [stack.enter_context(connection.cursor()) for _ in asked]
        for one, cursor in zip(asked, cursors, strict=True):
            cursor.execute(one.sql, filled(one.params, values))
        return [one.rows(cursor.fetchall()) for one, cursor in zip(asked, cursors, strict=True)]


class FixedUpdate:
    """The same for an update. build: gives the queryset; to_set: what `update()` would be given, with slots in it."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], **to_set: Any) -> None:
        self._build = build
        self._to_set = to_set

    def run(self, **values: Any) -> int:
        """Gives how many rows were changed."""
        sql, params = self._made
        with connection.cursor() as cursor:
            cursor.execute(sql, filled(params, values))
            return int(cursor.rowcount)

    @cached_property
    def _made(self) -> tuple[str, Sequence[Any]]:
        query = self._build().order_by().query.chain(UpdateQuery)
        assert isinstance(query, UpdateQuery)
        query.add_update_values(self._to_set)
        sql, params = query.get_compiler(using=connection.alias).as_sql()
        return sql, params


def _tuples(names: Sequence[str]) -> Callable[[Values], Any]:
    row_type = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024
    return row_type._make


def _instances(compiler: SQLCompiler) -> Callable[[Values], Any]:
    """As `QuerySet` itself makes them, those of `select_related` in their places."""
    info, select = compiler.klass_info, compiler.select
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[start:end]]
    related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg]
    annotated = dict(compiler.annotation_col_map)

    def instance(values: Values) -> Any:
        row = info["model"].from_db(connection.alias, names, values[start:end])
        for populator in related:
            populator.populate(values, row)
        for name, place in annotated.items():
            setattr(row, name, values[place])
        return row

    return instance


def _converted(row: Values, converters: Converters) -> Values:
    values = list(row)
    for position, (converts, expression) in converters.items():
        for convert in converts:
            values[position] = convert(values[position], expression, connection)
    return values
