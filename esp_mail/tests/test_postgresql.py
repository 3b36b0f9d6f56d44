"""The database's connections: kept, looked at before each use, and replaced when they are dead."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection

from esp_mail.postgresql.base import DatabaseWrapper
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
