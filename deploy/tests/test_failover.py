"""A primary and its standby: what is acknowledged is on both, also when the primary comes back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import connection

from deploy.tests.test_backup import COMPOSE
from testing.nginx import API
from testing.pgbouncer import PROGRAM, pgbouncer
from testing.postgres import BIN
from testing.replication import Node, Pair, pair
from testing.server import answers, wait_for, web_server

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no standby")


def manage(servers: Pair, *arguments: str) -> str:
    """Run a management command on the pair; return all that it wrote."""
    process = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": servers.url},
        check=True,
        capture_output=True,
        text=True,
    )
    return process.stdout + process.stderr


@pytest.fixture(scope="module")
def couple() -> Iterator[Pair]:
    with pair() as servers:
        manage(servers, "migrate", "-v0")
        yield servers


@pytest.fixture
def servers(couple: Pair) -> Iterator[Pair]:
    """Return the pair. Afterwards bring a dead standby back, and delete the plays."""
    yield couple
    if not couple.replication():
        couple.rejoin()
    couple.primary.sql("TRUNCATE games_game CASCADE")


@pytest.fixture
def site(servers: Pair) -> Iterator[str]:
    with web_server(workers=1, DATABASE_URL=servers.url, LOG_LEVEL="CRITICAL") as site:
        yield site


def play(site: str, key: str) -> requests.Response:
    headers = {"Idempotency-Key": key}
    return requests.post(site + API, json={"email": "cem@test.ru"}, headers=headers, timeout=30)


def ready(site: str) -> bool:
    return answers(f"{site}/readyz")


def keys(servers: Pair) -> list[str]:
    rows = servers.primary.sql("SELECT idempotency_key FROM games_play ORDER BY number")
    return [key for (key,) in rows]


def test_standby_takes_over(servers: Pair, site: str) -> None:
    assert play(site, "one").json()["games_count"] == 1
    servers.primary.kill()
    assert not ready(site)
    refused = play(site, "two")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    servers.promote()
    wait_for(lambda: ready(site))
    assert play(site, "one").json()["games_count"] == 1
    assert play(site, "two").json()["games_count"] == 2
    assert keys(servers) == ["one", "two"]
    assert "All counts are right." in manage(servers, "check_counts")


def test_play_that_the_standby_never_got_is_not_acknowledged(servers: Pair, site: str) -> None:
    """A primary that crashed shows what it committed alone; its standby then takes over."""
    play(site, "one")
    servers.standby.kill()
    assert play(site, "two").status_code == 503
    servers.primary.kill()
    servers.primary.start()
    wait_for(lambda: ready(site))
    assert keys(servers) == ["one", "two"]
    assert play(site, "two").status_code == 503
    servers.primary.kill()
    servers.standby.start()
    servers.promote()
    wait_for(lambda: ready(site))
    assert keys(servers) == ["one"]
    assert play(site, "two").json()["games_count"] == 2


def test_backup_and_restore_find_the_new_primary(servers: Pair, tmp_path: Path) -> None:
    """With the variables of compose.external-database.yaml."""
    compose = tmp_path / "compose"
    compose.write_text(COMPOSE)
    compose.chmod(0o755)
    servers.primary.sql("CREATE ROLE esp_mail SUPERUSER LOGIN")
    servers.primary.sql("CREATE DATABASE esp_mail OWNER esp_mail TEMPLATE postgres")
    servers.primary.kill()
    servers.promote()
    servers.rejoin()
    url = servers.url.replace("postgres@", "esp_mail@").replace("/postgres?", "/esp_mail?")
    environment = os.environ | {
        "PATH": f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1,127.0.0.1",
        "PGPORT": ",".join(str(node.port) for node in servers.nodes),
        "PGTARGETSESSIONATTRS": "read-write",
        "DATABASE_URL": url,
        "COMPOSE": str(compose),
        "BACKUPS": str(tmp_path),
    }

    def run(*command: str) -> str:
        output = subprocess.check_output(command, cwd=settings.BASE_DIR, env=environment)
        return output.decode().strip()

    dump = run("make", "--silent", "backup")
    assert "All counts are right." in run("make", "--silent", "restore", f"BACKUP={dump}")


def behind(node: Node) -> str:
    """Return what PgBouncer's configuration says of its server."""
    return f"host=127.0.0.1 port={node.port} dbname=postgres user=postgres"


@pytest.mark.skipif(not PROGRAM, reason="pgbouncer is not installed (apt install pgbouncer)")
def test_pool_is_led_to_the_new_primary(servers: Pair) -> None:
    with (
        pgbouncer(behind(servers.primary), size=3) as pool,
        web_server(workers=1, LOG_LEVEL="CRITICAL", **pool.environment) as site,
    ):
        assert play(site, "one").json()["games_count"] == 1
        pool.configure(behind(servers.standby))
        pool.reload()  # too early: a standby does not write
        wait_for(lambda: play(site, "two").status_code == 503)
        servers.primary.kill()
        servers.promote()
        wait_for(lambda: play(site, "two").ok)
        assert play(site, "two").json()["games_count"] == 2
        assert play(site, "one").json()["games_count"] == 1
    assert keys(servers) == ["one", "two"]


def test_asynchronous_standby_is_warned_of_at_start(servers: Pair) -> None:
    warning = "PostgreSQL: no standby is synchronous: a failover loses the last answered plays."
    assert "esp_mail.W004" not in manage(servers, "migrate", "-v0")
    servers.names = ""
    servers.follow()
    try:
        assert warning in manage(servers, "migrate", "-v0")
    finally:
        servers.names = "*"
    servers.primary.configure(synchronous_standby_names="*", synchronous_commit="local")
    servers.primary.reload()
    said = manage(servers, "check", "--database", "default")
    servers.primary.configure(synchronous_commit="on")
    servers.follow()
    assert warning in said
    assert said.count("esp_mail.W004") == 1
