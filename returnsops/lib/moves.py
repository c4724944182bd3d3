"""Moves of a state by compare-and-set: two workers can both try, one wins and the other is told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import models, transaction


def move_row(
    row: models.Model,
    *,
    field: str,
    target: str,
    moves: Mapping[Any, Collection[Any]],
    beside: Sequence[str] = (),
    **changes: object,
) -> bool:
    """Move `row` to `target` if it is still where we read it. Gives False if somebody was quicker.

    beside: fields that must be as we read them as well, where a row can come back to the state it was in.
    The row in memory follows the database. Raises AssertionError for a move that the table of moves does not have.
    """
    before = getattr(row, field)
    assert target in moves.get(before, ()), f"{row._meta.label} {row.pk}: no move from {before} to {target}"
    seen = {name: getattr(row, name) for name in beside} | {field: before}
    won = type(row)._base_manager.filter(pk=row.pk, **seen).update(**{field: target}, **changes)
    if not won:
        row.refresh_from_db()
        return False
    for name, value in {field: target, **changes}.items():
        setattr(row, name, value)
    return True


@contextmanager
def moved_together(*rows: models.Model) -> Iterator[None]:
    """A transaction in which these rows are moved. If it fails they go back, in memory as in the database, so that who
    has them may try again."""
    before = [dict(vars(row)) for row in rows]
    try:
        with transaction.atomic():
            yield
    except BaseException:
        for row, values in zip(rows, before, strict=True):
            vars(row).update(values)
        raise
