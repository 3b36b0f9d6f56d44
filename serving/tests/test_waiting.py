"""A thread does not wait for PostgreSQL without end."""

import time

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from serving.postgresql import waiting
from serving.postgresql.base import Statement

SLEEP = Statement("sleep", "SELECT 1 FROM pg_sleep(%(seconds)s)", seconds="float")

pytestmark = [
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server"),
    pytest.mark.django_db(transaction=True),
]


def fails_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(waiting, "ANSWER_SECONDS", 0.1)
        with pytest.raises(OperationalError):
            SLEEP.execute(seconds=30)
    connection.close_if_unusable_or_obsolete()  # as Django does when the next request starts


def test_statement_without_an_answer_fails_and_the_next_one_has_a_new_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fails_in_time(monkeypatch)
    assert SLEEP.execute(seconds=0) == (1,)
    assert not waiting.under_way


def test_slow_answer_within_the_limit_arrives() -> None:
    assert SLEEP.execute(seconds=3 * waiting.INTERVAL) == (1,)


def test_connection_is_not_cut_off_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 0.5)
    SLEEP.execute(seconds=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(2)")


def test_connection_that_is_closed_meanwhile_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that cuts connections off must survive whatever it finds."""
    driver = connections[DEFAULT_DB_ALIAS]
    SLEEP.execute(seconds=0)
    closed = driver.connection
    driver.close()
    limit = 0.0, driver
    for state in (closed, None):
        driver.connection = state
        waiting.under_way.add(limit)
        time.sleep(2 * waiting.INTERVAL)
        waiting.under_way.discard(limit)
    fails_in_time(monkeypatch)
