"""Plays and staff pages through a real PgBouncer, which lends connections by transaction."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from games.exporting.resources import GameResource
from games.models import Game
from games.tests.server import Sent, answers, free_port, send_at_once, start, wait_for, web_server

from .postgres import OWNER

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
HOST = str(connection.settings_dict["HOST"])
POOL = 3  # connections, for the 32 threads of two web processes
ROWS = 5_000

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite" or not HOST.startswith("/") or not PGBOUNCER,
        reason="pgbouncer is not installed (apt install pgbouncer), or there is no PostgreSQL",
    ),
    pytest.mark.django_db(transaction=True),
]


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def pooled(transactional_db: None) -> Iterator[dict[str, str]]:
    """Run PgBouncer with our configuration; yield what a web process is told of it."""
    port = free_port()
    database = f"host={HOST} port=5432 dbname={connection.settings_dict['NAME']} user=postgres"
    config = (settings.BASE_DIR / "pgbouncer" / "pgbouncer.ini").read_text()
    with tempfile.TemporaryDirectory(prefix="esp-mail-") as name:
        folder = Path(name)
        for ours, here in {
            "host=db port=5432 dbname=esp_mail": database,
            "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
            "listen_port = 6432": f"listen_port = {port}",
            "default_pool_size = 20": f"default_pool_size = {POOL}",
            "/run/pgbouncer/users": f"{folder}/users",
        }.items():
            assert ours in config
            config = config.replace(ours, here)
        (folder / "pgbouncer.ini").write_text(config)
        (folder / "users").write_text('"esp_mail" "secret"\n')
        if OWNER:
            shutil.chown(folder, OWNER)
        process = subprocess.Popen(
            [str(PGBOUNCER), "--quiet", folder / "pgbouncer.ini"], user=OWNER
        )
        try:
            url = f"postgres://esp_mail:secret@127.0.0.1:{port}/esp_mail"
            wait_for(lambda: listens(port))
            yield {"DATABASE_URL": url, "DATABASE_POOLED": "1"}
        finally:
            process.terminate()  # at once, and its connections with it
            process.wait(10)
            wait_for(lambda: connections_held() == 0)


@pytest.fixture
def site(pooled: dict[str, str]) -> Iterator[str]:
    with web_server(DATABASE_URL=pooled["DATABASE_URL"], DATABASE_POOLED="1") as site:
        wait_for(lambda: answers(f"{site}/admin/login/"))
        yield site


@pytest.fixture
def cookies() -> dict[str, str]:
    """Sign a member of staff in."""
    client = Client()
    client.force_login(User.objects.create_superuser("staff"))
    return {"sessionid": client.cookies["sessionid"].value, "csrftoken": "t" * 32}


def export(site: str, cookies: dict[str, str]) -> list[str]:
    """Return the addresses in an export."""
    headers = {"X-CSRFToken": cookies["csrftoken"]}
    data = {"format": "0", "resource": "0"}
    url = f"{site}/admin/games/game/export/"
    response = requests.post(url, data, headers=headers, cookies=cookies, timeout=30)
    assert response.status_code == 200
    return [line.partition(",")[0] for line in response.text.splitlines()[1:]]


def connections_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def test_more_threads_than_connections_count_exactly(
    site: str, pooled: dict[str, str], cookies: dict[str, str]
) -> None:
    """Race one address, many, and one key, while an export reads, through three connections."""
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
    assert 1 <= connections_held() <= POOL
    assert start("manage", "check_counts", environment=pooled).wait(30) == 0


def test_export_keeps_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the process would hold all rows at once."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    Game.objects.bulk_create(Game(email=f"player{n}@test.ru") for n in range(3))
    rows = GameResource().stream(Game.objects.all())
    next(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE NOT is_holdable")
        assert cursor.fetchone() == (1,)
    assert len(list(rows)) == 2


def test_no_statement_hangs_for_good(pooled: dict[str, str]) -> None:
    server = psycopg2.connect(pooled["DATABASE_URL"])
    try:
        with server.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
            )
            assert cursor.fetchone() == ("15s", "10s")
    finally:
        server.close()
