"""`make backup` and `make restore`: lose the database, restore it, and repeat the erasures.

A shell script replaces docker compose: it runs the commands here instead of in containers.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from testing.postgres import BIN, ThrowawayPostgres

COMPOSE = """#!/bin/sh
case $1 in
    exec) shift 3; exec "$@" ;;
    run) shift 5; exec "$@" ;;
    *) echo "$*" >> "$BACKUPS/compose.log" ;;
esac
"""
SEED = """
from django.core.management import call_command
from games.counting import NewPlay, count_play
for n in range(5):
    for _ in range(n + 1):
        count_play(NewPlay(f"player{n}@test.ru"))
call_command("forget_address", "player0@test.ru", reason="request 7", yes=True)
"""

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's own programs")


class Machine:
    """A PostgreSQL server with a database, and the environment in which `make` uses it."""

    def __init__(self, backups: Path) -> None:
        self.postgres = ThrowawayPostgres()
        self.backups = backups
        self.sql("CREATE ROLE esp_mail SUPERUSER LOGIN", name="postgres")
        self.sql("CREATE DATABASE esp_mail OWNER esp_mail", name="postgres")
        compose = backups / "compose"
        compose.write_text(COMPOSE)
        compose.chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PGHOST": str(self.postgres.socket),
            "DATABASE_URL": f"postgres://esp_mail@/{self.postgres.socket}/esp_mail",
            "COMPOSE": str(compose),
            "BACKUPS": str(backups),
        }

    def sql(self, statement: str, name: str = "esp_mail") -> list[tuple[object, ...]]:
        database = psycopg2.connect(host=self.postgres.socket, dbname=name, user="postgres")
        database.autocommit = True
        try:
            with database.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            database.close()

    def run(self, *command: str, fails: bool = False) -> str:
        process = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (process.returncode != 0) == fails, process.stderr
        return process.stdout

    def manage(self, *arguments: str) -> str:
        return self.run(sys.executable, "manage.py", *arguments)

    def erase(self, email: str) -> None:
        self.manage("forget_address", email, "--reason", "request 7", "--yes")

    def players(self) -> list[tuple[object, ...]]:
        return self.sql("SELECT email, play_count FROM games_game ORDER BY email")

    def restore(self, dump: Path, *, fails: bool = False) -> str:
        return self.run("make", "--silent", "restore", f"BACKUP={dump}", fails=fails)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(tmp_path_factory.mktemp("backups"))
    yield machine
    machine.postgres.server.cleanup()


@pytest.fixture(scope="module")
def dump(machine: Machine) -> Path:
    """Back up five players, the first one erased; erase the second one afterwards."""
    machine.manage("migrate", "-v0")
    machine.manage("shell", "-v0", "-c", SEED)
    dump = Path(machine.run("make", "--silent", "backup").strip())
    assert dump.stat().st_mode & 0o077 == 0
    machine.erase("player1@test.ru")
    return dump


LEFT = [("player2@test.ru", 3), ("player3@test.ru", 4), ("player4@test.ru", 5)]


def test_restore_in_place(machine: Machine, dump: Path) -> None:
    machine.sql("DELETE FROM games_play WHERE number = 2")
    output = machine.restore(dump)
    assert "Erased again: 1." in output
    assert "All counts are right." in output
    assert machine.players() == LEFT
    old = machine.sql("SELECT datname FROM pg_database WHERE datname LIKE 'esp\\_mail\\_2%'")
    assert len(old) == 1
    steps = (machine.backups / "compose.log").read_text().splitlines()
    assert steps == ["up --detach --wait db", "stop web", "up --detach --wait"]


def test_restore_elsewhere(machine: Machine, dump: Path) -> None:
    """Restore on a new machine, from the files only; erasures were saved after the dump."""
    machine.run("deploy/backup.sh", "save_erasures", "later")
    other = Machine(machine.backups)
    try:
        output = other.restore(dump)
        assert "Erased again: 1." in output
        assert "All counts are right." in output
        assert other.players() == LEFT
        assert other.sql("SELECT count(*) FROM games_play") == [(12,)]
        assert other.sql("SELECT count(DISTINCT digest) FROM games_erasure") == [(2,)]
    finally:
        other.postgres.server.cleanup()


def test_broken_or_missing_backup_changes_nothing(machine: Machine, dump: Path) -> None:
    broken = machine.backups / "broken.dump"
    broken.write_bytes(dump.read_bytes()[:20_000])
    before = machine.players()
    machine.restore(broken, fails=True)
    machine.restore(machine.backups / "none.dump", fails=True)
    assert machine.players() == before
