"""A PostgreSQL that handed over to another: it answers, and takes nothing any more.

PostgreSQL's own word for that is of a class with faults of ours (SQLSTATE 25006). For whoever writes it is as far away
as one that fell: wait, connect anew, write then. So it is told as a connection that was lost is.
"""

from collections.abc import Callable
from typing import Any

from django.db import InternalError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import ReadOnlySqlTransaction


def watch_connection(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Receiver of `connection_created`."""
    if tell_as_away not in connection.execute_wrappers:
        connection.execute_wrappers.append(tell_as_away)


def tell_as_away(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    try:
        return execute(sql, params, many, context)
    except InternalError as error:
        if isinstance(error.__cause__, ReadOnlySqlTransaction):
            raise OperationalError(*error.args) from error
        raise
