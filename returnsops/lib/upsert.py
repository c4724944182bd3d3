"""Many rows in one statement: new ones are inserted, known ones overwritten unless they are newer than what we bring.

The rows travel as one JSON text, which PostgreSQL takes apart itself: no limit on parameters, no object per row.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models.expressions import RawSQL

Row = Mapping[str, Any]
Key = tuple[Any, ...]

# The two things JSON may hold and PostgreSQL's text may not: the zero character, and half of a surrogate pair.
ZERO_CHARACTER = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True)
class Written:
    """What became of the rows: primary key by natural key (its values as text), for those that were written."""

    pks: dict[Key, int]
    new: frozenset[int]


def upsert_rows(
    model: type[models.Model], rows: Sequence[Row], *, key: Sequence[str], newer_by: Sequence[str] = ()
) -> Written:
    """Write rows of equal columns. Columns not given have the model's default on a new row, and stay on others.

    key: columns of a unique constraint. newer_by: columns that never go back; of equal ones the row we bring wins.
    The order of locks is that of the keys, so that two who bring the same rows wait for each other once at most.
    """
    if not rows:
        return Written({}, frozenset())
    given = _newest_of_each(rows, key=key, newer_by=newer_by)
    defaults = _defaults_of(model, given=set(given[0]))
    sql = _statement(model, columns=list(given[0]), defaults=list(defaults), key=key, newer_by=newer_by)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*defaults.values(), _as_json(model, given, key=key)])
        written = cursor.fetchall()
    return Written(
        pks={tuple(str(value) for value in row[2:]): row[0] for row in written},
        new=frozenset(row[0] for row in written if row[1]),
    )


def among(pks: Iterable[int]) -> RawSQL:
    """For `pk__in=`: any number of keys as one parameter."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(pks)])


def among_texts(texts: Iterable[str]) -> RawSQL:
    """The same for text: a statement takes no more than 65,535 parameters."""
    return RawSQL("SELECT unnest(%s::text[])", [list(texts)])


def _newest_of_each(rows: Sequence[Row], *, key: Sequence[str], newer_by: Sequence[str]) -> list[Row]:
    """One statement may not touch a row twice; of equal keys the newest counts, and of those the last."""
    kept: dict[Key, Row] = {}
    for row in rows:
        natural = tuple(row[name] for name in key)
        former = kept.get(natural)
        if former is None or _age(row, newer_by) >= _age(former, newer_by):
            kept[natural] = row
    return [kept[natural] for natural in sorted(kept, key=str)]


def _age(row: Row, newer_by: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in newer_by)


def _defaults_of(model: type[models.Model], *, given: set[str]) -> dict[str, Any]:
    """For columns nobody gives: what the model says, as the database takes it."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and field.attname not in given]
    return {field.attname: field.get_db_prep_save(field.get_default(), connection) for field in fields}


def _statement(
    model: type[models.Model], *, columns: list[str], defaults: list[str], key: Sequence[str], newer_by: Sequence[str]
) -> str:
    table = _quote(model._meta.db_table)
    types = {name: _type_of(model, name) for name in [*columns, *defaults]}
    insert = ", ".join(_quote(name) for name in [*columns, *defaults])
    select = ", ".join([*(f"given.{_quote(name)}" for name in columns), *(f"%s::{types[name]}" for name in defaults)])
    shape = ", ".join(f"{_quote(name)} {types[name]}" for name in columns)
    changes = ", ".join(f"{_quote(name)} = EXCLUDED.{_quote(name)}" for name in columns)
    natural = ", ".join(_quote(name) for name in key)
    ours, theirs = (", ".join(f"{owner}.{_quote(name)}" for name in newer_by) for owner in ("EXCLUDED", table))
    condition = f" WHERE ({ours}) >= ({theirs})" if newer_by else ""
    returned = ", ".join(f"{table}.{_quote(name)}" for name in key)
    return (
        f"INSERT INTO {table} ({insert}) SELECT {select} FROM jsonb_to_recordset(%s::jsonb) AS given({shape})"
        f" ON CONFLICT ({natural}) DO UPDATE SET {changes}{condition}"
        f" RETURNING {table}.{_quote(_pk_of(model))}, {table}.xmax = 0, {returned}"
    )


def _pk_of(model: type[models.Model]) -> str:
    assert model._meta.pk is not None
    return str(model._meta.pk.attname)


def _type_of(model: type[models.Model], name: str) -> str:
    kind = model._meta.get_field(name).db_type(connection)
    assert kind is not None, f"{model._meta.label} has no column {name}"
    return str(kind)


def _quote(name: str) -> str:
    return str(connection.ops.quote_name(name))


def _as_json(model: type[models.Model], rows: list[Row], *, key: Sequence[str]) -> str:
    widths = {
        field.attname: field.max_length
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField) and field.max_length and field.attname in rows[0]
    }
    fitting = [dict(row) for row in rows]
    for row in fitting:
        for name in widths.keys() - set(key):
            row[name] = row[name][: widths[name]]  # the whole text stands in the raw JSON
    return storable(json.dumps(fitting, default=_plain, ensure_ascii=False))


def storable(text: str) -> str:
    """JSON text without what PostgreSQL cannot store."""
    if "\\u0000" in text:
        text = ZERO_CHARACTER.sub(r"\1", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a row")
