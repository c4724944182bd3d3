"""One migrated database, of which every test process gets a copy: migrating takes seconds, a copy a fraction of one.

It is kept between runs, under a name that follows from the migrations: a new migration makes a new one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

PREFIX = "returnsops_template_"
UNFINISHED = f"{PREFIX}unfinished"
KEY_CHARS = 16
# Beside the migrations, these say what stands in the tables of a new database.
MAKERS = ("Django", "django-q2")
DELETED_BYTES_MAX = 1_000_000
KEPT = ("django_migrations", "django_content_type", "auth_permission")  # the same after every test


def copy_template(name: str, *, turns: Path) -> None:
    """Let Django talk to a fresh copy of this name. turns: a file that processes lock one after the other, since a copy
    can be made only while nobody is connected to what it is made from.
    """
    with _one_after_the_other(turns):
        template = ensure_template()
        _remove(name)
        _order("CREATE DATABASE {} TEMPLATE {}", name, template)
    _talk_to(name)


def remove_copy(name: str) -> None:
    _talk_to("postgres")
    _remove(name)


def empty_tables(_: object = None) -> None:
    """After a test that committed, in the place of Django's flush: only what holds rows is emptied, and what is always
    there stays, so that it need not be made anew.

    Rows are deleted one by one, without triggers: TRUNCATE makes new files for every table and each of its indexes,
    which takes ten times as long. It is for tables that grew, so that no other test finds their dead rows.
    """
    filled = _filled_tables()
    may_skip_triggers = _is_superuser()
    grown = [name for name, size in filled.items() if size > DELETED_BYTES_MAX or not may_skip_triggers]
    with transaction.atomic(), connection.cursor() as cursor:
        if grown:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, grown))))
        small = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in filled if name not in grown]
        if small:
            cursor.execute(sql.SQL("; ").join([sql.SQL("SET LOCAL session_replication_role = replica"), *small]))


def _filled_tables() -> dict[str, int]:
    """With their size in bytes, dead rows included."""
    tables = _tables()
    holds_rows = "SELECT {}, pg_table_size({}) WHERE EXISTS (SELECT FROM {})"
    names = [part for name in tables for part in (sql.Literal(name), sql.Literal(name), sql.Identifier(name))]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ".join([holds_rows] * len(tables))).format(*names))
        return dict(cursor.fetchall())


@cache
def _is_superuser() -> bool:
    """Of the embedded server; of one that was given by DATABASE_URL perhaps not."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return bool(cursor.fetchone()[0] == "on")


@cache
def _tables() -> list[str]:
    return [name for name in connection.introspection.table_names() if name not in KEPT]


def ensure_template() -> str:
    """Its name. Migrated under another one, so that what was interrupted half-way is never taken for whole."""
    name, known = PREFIX + key_of_migrations(), _templates()
    if name in known:
        return name
    for outdated in known:
        _remove(outdated)
    _order("CREATE DATABASE {}", UNFINISHED)
    given = str(connection.settings_dict["NAME"])
    _talk_to(UNFINISHED)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        _talk_to(given)
    _order("ALTER DATABASE {} RENAME TO {}", UNFINISHED, name)
    return name


def key_of_migrations() -> str:
    """Of all apps, by their content."""
    digest = sha256(" ".join(f"{name} {version(name)}" for name in MAKERS).encode())
    for app in apps.get_app_configs():
        for file in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"\n{app.label} {file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:KEY_CHARS]


@contextmanager
def _one_after_the_other(turns: Path) -> Iterator[None]:
    with turns.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _talk_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name


def _templates() -> list[str]:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _remove(name: str) -> None:
    _order("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _order(statement: str, *names: str) -> None:
    """Outside of any database of ours."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
