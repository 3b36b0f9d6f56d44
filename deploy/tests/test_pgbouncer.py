"""Plays and staff pages through a real PgBouncer in transaction mode."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from console.exporting.rows import StreamedRows
from games.models import Game
from testing.pgbouncer import PROGRAM, pgbouncer
from testing.server import Sent, answers, send_at_once, start, wait_for, web_server

HOST = str(connection.settings_dict["HOST"])
POOL = 3  # connections, for the 32 threads of two web processes
ROWS = 5_000

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite" or not HOST.startswith("/") or not PROGRAM,
        reason="pgbouncer is not installed (apt install pgbouncer), or there is no PostgreSQL",
    ),
    pytest.mark.django_db(transaction=True),
]


def connections() -> set[int]:
    """Return the process ids of the other connections to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.fixture
def earlier(transactional_db: None) -> set[int]:
    """Return the connections that threads of earlier tests may have left open."""
    return connections()


@pytest.fixture
def pooled(earlier: set[int]) -> Iterator[dict[str, str]]:
    """Run PgBouncer with our configuration; yield the settings of a web process."""
    database = f"host={HOST} port=5432 dbname={connection.settings_dict['NAME']} user=postgres"
    with pgbouncer(database, size=POOL) as running:
        yield running.environment
    wait_for(lambda: connections() <= earlier)


@pytest.fixture
def site(pooled: dict[str, str]) -> Iterator[str]:
    with web_server(DATABASE_URL=pooled["DATABASE_URL"], DATABASE_POOLED="1") as site:
        wait_for(lambda: answers(f"{site}/admin/login/"))
        yield site


@pytest.fixture
def cookies() -> dict[str, str]:
    """Return the cookies of a superuser who is signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    return {"sessionid": client.cookies["sessionid"].value, "csrftoken": "t" * 32}


def export(site: str, cookies: dict[str, str]) -> list[str]:
    """Return the addresses in an export."""
    headers = {"X-CSRFToken": cookies["csrftoken"]}
    data = {"format": "2"}
    url = f"{site}/admin/games/game/export/"
    response = requests.post(url, data, headers=headers, cookies=cookies, timeout=30)
    assert response.status_code == 200
    return [line.partition(",")[0] for line in response.text.splitlines()[1:]]


def test_more_threads_than_connections_count_exactly(
    site: str, earlier: set[int], pooled: dict[str, str], cookies: dict[str, str]
) -> None:
    """Play one address, many addresses and one key at once, during an export."""
    Game.objects.bulk_create(Game(email=f"known{n}@test.ru") for n in range(ROWS))
    hot: list[list[Sent]] = [[("cem@test.ru", None)] * 20] * 12
    spread: list[list[Sent]] = [[(f"new{n}@test.ru", None)] for n in range(12)]
    same: list[list[Sent]] = [[("key@test.ru", "key")]] * 12
    with ThreadPoolExecutor(1) as pool:
        exported = pool.submit(export, site, cookies)
        played = send_at_once(site, hot + spread + same)
        assert len({email for email in exported.result() if "known" in email}) == ROWS
    counts = [answer["games_count"] for answer in played]
    assert sorted(counts[:240]) == list(range(1, 241))
    assert counts[240:] == [1] * 24
    assert Game.objects.get(email="key@test.ru").play_count == 1
    assert 1 <= len(connections() - earlier) <= POOL
    assert start("manage", "check_counts", environment=pooled).wait(30) == 0


def test_export_keeps_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A named cursor, so that the process never has all rows in memory."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    Game.objects.bulk_create(Game(email=f"player{n}@test.ru") for n in range(3))
    rows = iter(StreamedRows(Game.objects.all(), "email"))
    next(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE NOT is_holdable")
        assert cursor.fetchone() == (1,)
    assert len(list(rows)) == 2


def test_statements_have_a_time_limit(pooled: dict[str, str]) -> None:
    server = psycopg2.connect(pooled["DATABASE_URL"])
    try:
        with server.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
            )
            assert cursor.fetchone() == ("15s", "3s")
    finally:
        server.close()
