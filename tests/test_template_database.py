"""A changed migration makes another database to copy from; nothing else does."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from returnsops.people.audit import record_event
from tests import template_database
from tests.builders import make_shop
from tests.template_database import DELETED_BYTES_MAX, PREFIX, empty_tables, ensure_template, key_of_migrations


@pytest.fixture
def migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only one there is."""
    file = tmp_path / "migrations" / "0001_initial.py"
    file.parent.mkdir()
    file.write_text("operations = []")
    apps = SimpleNamespace(get_app_configs=lambda: [SimpleNamespace(label="only", path=tmp_path)])
    monkeypatch.setattr(template_database, "apps", apps)
    return file


def test_key_follows_the_content_of_every_migration(migration: Path) -> None:
    before = key_of_migrations()
    assert key_of_migrations() == before

    migration.write_text("operations = [1]")
    changed = key_of_migrations()
    migration.with_name("0002_more.py").write_text("")

    assert len({before, changed, key_of_migrations()}) == 3


def test_test_database_is_a_copy_of_what_stands_ready(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        (migrations,) = cursor.fetchone()

    assert migrations > 0
    assert ensure_template() == PREFIX + key_of_migrations()
    assert not str(connection.settings_dict["NAME"]).startswith(PREFIX)


@pytest.mark.parametrize("deleted_bytes_max", [DELETED_BYTES_MAX, 0])
def test_nothing_is_left_of_what_a_test_committed_however_large(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, deleted_bytes_max: int
) -> None:
    monkeypatch.setattr(template_database, "DELETED_BYTES_MAX", deleted_bytes_max)
    record_event(None, "seen", make_shop())  # whose row a trigger keeps from being deleted
    assert template_database._filled_tables()

    empty_tables()

    assert template_database._filled_tables() == {}
    assert Permission.objects.exists()
