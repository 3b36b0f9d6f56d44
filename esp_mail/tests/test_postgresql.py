"""The database's connections: kept, looked at before each use, and replaced when they are dead."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from esp_mail.postgresql import prepared
from esp_mail.postgresql.base import DatabaseWrapper
from esp_mail.postgresql.prepared import Statement
from esp_mail.tests.postgres import ThrowawayPostgres

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")


@pytest.fixture(scope="module")
def postgres() -> ThrowawayPostgres:
    return ThrowawayPostgres()


@pytest.fixture
def kept(postgres: ThrowawayPostgres, db: None) -> Iterator[DatabaseWrapper]:
    """Give a connection as a server process keeps it between two requests."""
    host = postgres.url.partition("@/")[2].rpartition("/")[0]
    other: dict[str, Any] = connection.settings_dict | {
        "HOST": host,
        "NAME": "postgres",
        "PORT": "",
    }
    other |= {"USER": "postgres", "PASSWORD": "", "CONN_HEALTH_CHECKS": True}
    kept = DatabaseWrapper(other, "kept")
    kept.inc_thread_sharing()
    assert pid(kept)
    next_request(kept)
    yield kept
    kept.close()


def pid(kept: DatabaseWrapper) -> int:
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def next_request(kept: DatabaseWrapper) -> None:
    kept.close_if_unusable_or_obsolete()


def test_connection_is_kept_without_asking_the_server(kept: DatabaseWrapper) -> None:
    before = kept.connection
    assert pid(kept)
    assert kept.connection is before


def test_restart_of_the_server_is_not_noticed(
    kept: DatabaseWrapper, postgres: ThrowawayPostgres
) -> None:
    before = pid(kept)
    next_request(kept)
    postgres.restart()
    assert pid(kept) != before


def test_session_that_was_ended_is_replaced(
    kept: DatabaseWrapper, postgres: ThrowawayPostgres
) -> None:
    before = pid(kept)
    next_request(kept)
    host = postgres.url.partition("@/")[2].rpartition("/")[0]
    operator = psycopg2.connect(host=host, dbname="postgres", user="postgres")
    with operator, operator.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    operator.close()
    assert pid(kept) != before


def test_connection_that_failed_is_asked(kept: DatabaseWrapper) -> None:
    before = pid(kept)
    with pytest.raises(DatabaseError), kept.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    next_request(kept)
    assert pid(kept) == before


def test_connection_that_broke_is_dropped(kept: DatabaseWrapper) -> None:
    with pytest.raises(OperationalError), kept.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    next_request(kept)
    assert kept.connection is None
    assert pid(kept)


def test_silence_is_noticed_by_the_kernel() -> None:
    assert settings.DATABASES["default"]["OPTIONS"].items() >= {
        "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3
    }.items()  # fmt: skip


@pytest.fixture
def plus_one(db: None) -> Statement:
    """Give a statement that no connection has prepared."""
    return Statement(f"plus_one_{next(numbers)}", "SELECT %(number)s + 1", number="int")


numbers = count()


def texts(statement: Statement, times: int = 3) -> list[str]:
    """Execute the statement some times; return what is sent each time."""
    with CaptureQueriesContext(connection) as queries:
        assert [statement.execute(number=n) for n in range(times)] == [
            (n + 1,) for n in range(times)
        ]
    return [query["sql"] for query in queries.captured_queries]


def test_statement_is_prepared_once_within_its_first_round_trip(plus_one: Statement) -> None:
    assert ["PREPARE" in text for text in texts(plus_one)] == [True, False, False]


def test_statement_is_planned_anew_after_a_while(
    plus_one: Statement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "KEPT_FOR", 0.0)
    sent = texts(plus_one)
    assert ["DEALLOCATE" in text for text in sent] == [False, True, True]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        assert sum(name in sent[0] or name in sent[-1] for (name,) in cursor.fetchall()) == 1


def test_statement_that_failed_as_it_was_prepared_is_none_the_worse(db: None) -> None:
    divide = Statement(f"divide_{next(numbers)}", "SELECT 6 / %(by)s", by="int")
    for _ in range(2):
        with pytest.raises(DatabaseError), transaction.atomic():
            divide.execute(by=0)
        assert divide.execute(by=2) == (3,)


def test_statement_without_rows_has_no_first_row(db: None) -> None:
    statement = Statement("nobody", "DELETE FROM auth_user WHERE id = %(id)s", id="int")
    assert statement.execute(id=0) is None


def test_connection_of_a_pool_prepares_nothing(
    plus_one: Statement, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = DatabaseWrapper(
        connection.settings_dict | {"DISABLE_SERVER_SIDE_CURSORS": True}, "pooled"
    )
    pooled.ensure_connection()
    monkeypatch.setattr(connections["default"], "prepared", pooled.prepared)
    pooled.close()
    assert not any("PREPARE" in text for text in texts(plus_one))


def test_new_connection_has_prepared_nothing(kept: DatabaseWrapper) -> None:
    kept.prepared = {"plus_one": ("plus_one_0", float("inf"))}
    kept.close()
    kept.ensure_connection()
    assert kept.prepared == {}
