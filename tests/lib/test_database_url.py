"""A machine that is cut off is noticed by the other end within half a minute, unless the URL says otherwise."""

import psycopg
import pytest
from django.db import connection

from returnsops.lib.database_url import given_database

URL = "postgres://returnsops:secret@db.example.com:5432/returnsops"


def test_both_ends_ask_whether_the_other_is_there() -> None:
    options = given_database(URL)["OPTIONS"]

    asked = {name: options[name] for name in ("keepalives_idle", "keepalives_interval", "keepalives_count")}
    assert asked == {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
    assert options["tcp_user_timeout"] == 30_000
    assert "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3" in options["options"]


def test_what_the_url_says_holds_and_the_rest_stays() -> None:
    url = f"{URL}?sslmode=require&keepalives_idle=60&options=-c%20tcp_keepalives_idle%3D60%20-c%20work_mem%3D8MB"
    entry = given_database(url)
    options = entry["OPTIONS"]

    assert (entry["HOST"], entry["NAME"], options["sslmode"]) == ("db.example.com", "returnsops", "require")
    assert (options["keepalives_idle"], options["keepalives_count"]) == (60, 3)
    assert options["options"].startswith("-c tcp_keepalives_idle=15 ")
    assert options["options"].endswith(" -c tcp_keepalives_idle=60 -c work_mem=8MB")


@pytest.mark.django_db
def test_postgresql_takes_them_also_by_a_unix_socket_and_of_two_words_the_later() -> None:
    given = given_database(f"{URL}?options=-c%20work_mem%3D8MB%20-c%20work_mem%3D9MB")["OPTIONS"]
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}

    with psycopg.connect(**params, **given, autocommit=True) as there:
        assert there.execute("SHOW work_mem").fetchone() == ("9MB",)
