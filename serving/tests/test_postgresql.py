"""The database's connections: kept, looked at before each use, and replaced when they are dead."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from serving.postgresql import base
from serving.postgresql.base import DatabaseWrapper, Statement
from testing.postgres import ThrowawayPostgres
from testing.server import database_url

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


def test_connection_that_failed_is_replaced(kept: DatabaseWrapper) -> None:
    """It may lead to a server that has become a standby, or that refuses to write."""
    before = pid(kept)
    with pytest.raises(DatabaseError), kept.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on; COMMIT; CREATE TABLE never ()")
    next_request(kept)
    assert pid(kept) != before


def test_connection_is_kept_after_a_conflict(kept: DatabaseWrapper) -> None:
    """As between two requests with one idempotency key, which is no fault of the server."""
    before = pid(kept)
    with pytest.raises(IntegrityError), kept.cursor() as cursor:
        cursor.execute("DO $$BEGIN RAISE unique_violation; END$$")
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
def nothing_prepared(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    connections["default"].plans.clear()  # type: ignore[attr-defined]  # of our engine


@pytest.fixture
def plus_one(nothing_prepared: None) -> Statement:
    return Statement("plus_one", "SELECT %(number)s + 1", number="int")


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
    monkeypatch.setattr(base, "PLAN_SECONDS", 0.0)
    sent = texts(plus_one)
    assert ["DEALLOCATE plus_one" in text for text in sent] == [False, True, True]
    assert prepared_names() == ["plus_one"]


def test_statement_that_fails_leaves_nothing_behind(nothing_prepared: None) -> None:
    divide = Statement("divide", "SELECT 6 / %(by)s", by="int")
    for _ in range(3):
        with pytest.raises(DatabaseError), transaction.atomic():
            divide.execute(by=0)
        assert prepared_names().count("divide") <= 1
    assert divide.execute(by=2) == (3,)
    assert prepared_names() == ["divide"]


def test_statement_that_is_gone_fails_once(nothing_prepared: None) -> None:
    divide = Statement("divide", "SELECT 6 / %(by)s", by="int")
    divide.execute(by=2)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    with pytest.raises(DatabaseError), transaction.atomic():
        divide.execute(by=2)
    assert divide.execute(by=2) == (3,)


def prepared_names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return [name.rpartition("_")[0] for (name,) in cursor.fetchall()]


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
    monkeypatch.setattr(connections["default"], "plans", pooled.plans)
    pooled.close()
    assert not any("PREPARE" in text for text in texts(plus_one))


def test_new_connection_has_prepared_nothing(kept: DatabaseWrapper) -> None:
    kept.plans = {"plus_one": ("plus_one_0", float("inf"))}
    kept.close()
    kept.ensure_connection()
    assert kept.plans == {}


FORK = """
import os, sys
import esp_mail.wsgi
from django.db import connection, connections

def session():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

def socket():
    try:
        return os.fstat(number).st_ino
    except OSError:
        return None  # closed

before = session()
number = connection.connection.fileno()
inherited = socket()
if os.fork() == 0:
    {first}
    sys.exit("shares the socket" if socket() == inherited else session() == before)
child = os.waitstatus_to_exitcode(os.wait()[1])
sys.exit(child or ("lost its session" if session() != before else 0))
"""


@pytest.mark.parametrize("first", ["session()", "connections.close_all()"])
def test_forked_process_leaves_the_connection_to_its_parent(
    transactional_db: None, first: str
) -> None:
    program = [sys.executable, "-c", FORK.format(first=first)]
    environment = os.environ | {"DATABASE_URL": database_url()}
    result = subprocess.run(
        program, check=False, cwd=settings.BASE_DIR, env=environment, capture_output=True
    )
    assert (result.returncode, result.stderr) == (0, b"")
