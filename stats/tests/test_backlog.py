"""The backlog of a large or slow database."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from games.contact_state import ContactState
from games.models import Game
from serving.postgresql import waiting
from stats import backlog
from stats.backlog import Backlog, recent_backlog
from testing.campaign import make_game

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_cached() -> Iterator[None]:
    backlog._cache.clear()
    yield
    backlog._cache.clear()


def expire() -> None:
    """Let the time pass for which a process keeps the backlog."""
    _until, known = backlog._cache["backlog"]
    backlog._cache["backlog"] = (0.0, known)


@pytest.fixture
def slow_count(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let PostgreSQL end the count: it takes longer than the limit, which is a millisecond here."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no limit for a statement")
    make_game("cem@test.ru", NOON, state="pending")
    recent_backlog()
    expire()
    plain = Backlog.read

    def read() -> Backlog:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        return plain()

    monkeypatch.setattr(backlog, "STATEMENT_TIMEOUT", "SET LOCAL statement_timeout = '1ms'")
    monkeypatch.setattr(Backlog, "read", read)


def test_slow_count_is_not_a_database_that_is_down(
    client: Client, slow_count: None, caplog: pytest.LogCaptureFixture
) -> None:
    make_game("ann@test.ru", NOON, state="pending")
    text = client.get("/metrics").content.decode()
    assert "esp_mail_database_up 1.0" in text
    assert "esp_mail_contacts_pending 1.0" in text  # as counted last
    assert "the backlog was not counted: OperationalError" in caplog.text
    expire()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["delivery"]["pending"]) == (200, 1)


def test_slow_first_count_leaves_the_figures_out(client: Client, slow_count: None) -> None:
    backlog._cache.clear()
    text = client.get("/metrics").content.decode()
    assert "esp_mail_database_up 1.0" in text
    assert "esp_mail_contacts_pending" not in text
    assert client.get("/readyz").json()["delivery"] is None


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server")
def test_count_by_a_server_process_that_hangs_is_given_up(
    client: Client, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server_process = psutil.Process(cursor.fetchone()[0])
    plain = Backlog.read

    def read() -> Backlog:
        server_process.suspend()  # after /metrics has asked whether the database answers
        return plain()

    monkeypatch.setattr(Backlog, "read", read)
    monkeypatch.setattr(waiting, "ANSWER_SECONDS", 1.0)
    try:
        text = client.get("/metrics").content.decode()
    finally:
        server_process.resume()
    assert "esp_mail_database_up 1.0" in text
    assert "esp_mail_contacts_pending" not in text
    assert not Game.objects.exists()  # by a new connection


def test_sqlite_has_no_limit_for_a_statement(
    monkeypatch: pytest.MonkeyPatch, sqlite: BaseDatabaseWrapper
) -> None:
    monkeypatch.setattr(backlog, "connection", sqlite)
    make_game("cem@test.ru", NOON, state="pending")
    assert getattr(recent_backlog(), "pending", None) == 1


def test_slow_count_is_repeated_seldom(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    clock = iter([0.0, 3.0, 59.0, 63.0, 63.0])  # the count takes three seconds
    monkeypatch.setattr(backlog, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    recent_backlog()
    with django_assert_num_queries(0):
        recent_backlog()
    make_game("cem@test.ru", NOON, state="pending")
    assert getattr(recent_backlog(), "pending", None) == 1


def test_no_more_are_counted_than_there_is_reason_to(
    client: Client, admin_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_game(f"player{number}@test.ru", NOON - timedelta(days=number), state="pending")
    monkeypatch.setattr(backlog, "MOST", 3)
    found = Backlog.read()
    assert (found.pending, found.is_capped) == (3, True)
    assert found.oldest == NOON - timedelta(days=3)
    client.force_login(admin_user)
    assert "≥ 3" in client.get("/admin/").content.decode()


players = st.lists(
    st.tuples(
        st.sampled_from(ContactState.values),
        st.sampled_from([None, 0, 1, 2, 3, 50]),  # days since the first play
        st.sampled_from([None, 0, 1, 2, 3, 50]),  # days since it fails
    ),
    max_size=8,
)


@pytest.mark.django_db
@settings(deadline=None)
@given(players)
def test_backlog_equals_a_count_from_scratch(
    rows: list[tuple[str, int | None, int | None]],
) -> None:
    Game.objects.all().delete()
    now = timezone.now()

    def ago(days: int | None) -> datetime | None:
        return None if days is None else now - timedelta(days=days)

    for number, (state, played, failing) in enumerate(rows):
        times = [moment] if (moment := ago(played)) else []
        make_game(f"p{number}@test.ru", *times, state=state, contact_failing_since=ago(failing))
    settled = [ago(played) for state, played, _ in rows if state in ("found", "added")]
    newest = max((moment for moment in settled if moment), default=None)
    pending = [(ago(p), ago(f)) for state, p, f in rows if state == "pending"]
    alone = [one for one in pending if newest and one[1] and one[1] < newest + timedelta(hours=1)]
    others = [one[0] for one in pending if one not in alone and one[0]]
    found = Backlog.read()
    assert (found.pending, found.failing_alone) == (len(pending), len(alone))
    assert found.oldest == min(others, default=None)
