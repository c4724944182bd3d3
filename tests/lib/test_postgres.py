"""The embedded PostgreSQL: started, killed, moved, and left as it was found. Runs as root and as anybody."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from returnsops.lib import postgres, postgres_home
from returnsops.lib.errors import PostgresError


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For tests that leave a server behind which can be started again: a new one takes over a second."""
    path = tmp_path_factory.mktemp("shared") / "postgres"
    yield path
    postgres.erase(path)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "it's a place" / "postgres"
    yield path
    postgres.erase(path)


def start(data_dir: Path) -> bool:
    return postgres.ensure_running(data_dir, outlives=postgres.Outlives.STOP)


def query(data_dir: Path, statement: str) -> list[tuple[Any, ...]]:
    settings = postgres.connection_settings(data_dir)
    names = {"host": settings["HOST"], "user": settings["USER"], "dbname": settings["NAME"]}
    with psycopg.connect(**names, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def kill_server(data_dir: Path) -> None:
    process_id = int(lock_files(data_dir)[0].read_text().splitlines()[0])
    os.kill(process_id, signal.SIGKILL)


def lock_files(data_dir: Path) -> list[Path]:
    beside_socket = postgres_home.socket_dir_of(data_dir) / f"{postgres_home.SOCKET_NAME}.lock"
    cluster = Path(beside_socket.read_text().splitlines()[1])
    return [beside_socket, cluster / "postmaster.pid"]


def test_settings_make_and_start_nothing(tmp_path: Path) -> None:
    settings = postgres.connection_settings(tmp_path / "none")

    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert list(tmp_path.iterdir()) == []


def test_second_start_finds_the_first(shared: Path) -> None:
    postgres.stop(shared)

    assert start(shared) is True
    assert start(shared) is False
    assert postgres.is_running(shared)


def test_stop_stops_and_says_whether_it_ran(shared: Path) -> None:
    start(shared)

    assert postgres.stop(shared) is True
    assert not postgres.is_running(shared)
    assert postgres.stop(shared) is False


def test_data_survive_a_stop_and_a_kill(shared: Path) -> None:
    postgres.stop(shared)
    postgres.ensure_running(shared)
    query(shared, "CREATE TABLE seen AS SELECT 'before the stop' AS words")

    postgres.stop(shared)
    postgres.ensure_running(shared)
    query(shared, "INSERT INTO seen VALUES ('before the kill')")
    kill_server(shared)
    assert postgres.ensure_running(shared) is True

    assert query(shared, "SELECT words FROM seen") == [("before the stop",), ("before the kill",)]


@pytest.mark.parametrize("outlives", [postgres.Outlives.POWER_CUT, postgres.Outlives.CRASH])
def test_data_outlive_a_crash(shared: Path, outlives: postgres.Outlives) -> None:
    postgres.stop(shared)
    postgres.ensure_running(shared, outlives=outlives)
    query(shared, "DROP TABLE IF EXISTS lived")
    query(shared, "CREATE TABLE lived AS SELECT 1 AS number")

    assert postgres.stop(shared, crash=True) is True
    assert not postgres.is_running(shared)
    postgres.ensure_running(shared)

    assert query(shared, "SELECT number FROM lived") == [(1,)]


def test_process_id_taken_by_another_program_does_not_hinder(shared: Path) -> None:
    start(shared)
    locks = lock_files(shared)
    old = [lock.read_text().split("\n", 1)[1] for lock in locks]
    kill_server(shared)
    while postgres.is_running(shared):
        pass
    for lock, rest in zip(locks, old, strict=True):
        lock.write_text(f"{os.getpid()}\n{rest}")

    assert start(shared) is True


def test_server_of_a_removed_checkout_is_not_taken_for_ours(data_dir: Path) -> None:
    start(data_dir)
    query(data_dir, "CREATE TABLE leftover (id int)")
    old_base = lock_files(data_dir)[1].parent.parent
    shutil.rmtree(data_dir)

    start(data_dir)

    assert query(data_dir, "SELECT to_regclass('leftover') IS NULL") == [(True,)]
    if old_base != data_dir:
        shutil.rmtree(old_base)


def test_moved_checkout_keeps_its_data(data_dir: Path) -> None:
    start(data_dir)
    query(data_dir, "CREATE TABLE kept (id int)")
    moved = data_dir.with_name("moved")
    data_dir.rename(moved)

    start(moved)

    assert query(moved, "SELECT to_regclass('kept') IS NULL") == [(False,)]
    postgres.erase(moved)


def test_many_starters_make_one_server(data_dir: Path) -> None:
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(start, [data_dir] * 4))

    assert sorted(answers) == [False, False, False, True]


def test_path_too_long_for_a_socket_is_no_hindrance(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)

    start(data_dir)

    assert query(data_dir, "SELECT 1") == [(1,)]
    postgres.erase(data_dir)


def test_only_the_owner_can_reach_the_socket(shared: Path) -> None:
    start(shared)

    assert postgres_home.socket_dir_of(shared).stat().st_mode & 0o077 == 0
    assert query(shared, "SHOW listen_addresses") == [("",)]


def test_erase_leaves_nothing(data_dir: Path) -> None:
    start(data_dir)
    base = lock_files(data_dir)[1].parent.parent

    postgres.erase(data_dir)

    assert not base.exists()
    assert not data_dir.exists()
    assert not postgres_home.socket_dir_of(data_dir).exists()


def test_failed_start_tells_why_and_shows_the_log(data_dir: Path) -> None:
    start(data_dir)
    cluster = lock_files(data_dir)[1].parent
    postgres.stop(data_dir)
    (cluster / "postgresql.conf").write_text("max_connections = many\n")

    with pytest.raises(PostgresError, match="(?s)did not restart.*max_connections"):
        start(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another account to run it as")
def test_root_widens_nothing_and_serves_nobody_else(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    start(private / "postgres")

    cluster = lock_files(private / "postgres")[1].parent
    assert cluster.stat().st_uid != 0
    assert private.stat().st_mode & 0o777 == 0o700
    postgres.erase(private / "postgres")
