"""Restore to a moment, by the lines of docs/backups.md: a base backup, and the log since."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from testing.postgres import BIN, OWNER, give_to_owner
from testing.replication import Node
from testing.server import wait_for

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's own programs")

BACKUPS = (settings.BASE_DIR / "docs/backups.md").read_text()
SECTION = BACKUPS.partition("## To any point in time")[2]
ARCHIVING, BASE_BACKUP, RESTORE, AFTERWARDS = re.findall(r"```\w+\n(.*?)```", SECTION, re.DOTALL)
PLAY = "from games.counting import NewPlay, count_play; count_play(NewPlay({!r}))"


class Site:
    """A server, and the commands of an operator beside it."""

    def __init__(self, node: Node, folder: Path) -> None:
        self.node = node
        self.environment = os.environ | {
            "PATH": f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{node.port}/postgres",
            "PGDATA": str(node.data),
            "ARCHIVE": str(folder / "archive"),
            "BASE": str(folder / "base"),
            "BACKUPS": str(folder),
        }

    def run(self, lines: str, *, user: str | None = None, **environment: str) -> str:
        process = subprocess.run(
            ["sh", "-ec", lines],
            cwd=settings.BASE_DIR,
            env=self.environment | environment,
            user=user,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    def play(self, *addresses: str) -> None:
        lines = "; ".join(PLAY.format(address) for address in addresses)
        self.run(f'python manage.py shell -v0 -c "{lines}"')

    def players(self) -> list[tuple[object, ...]]:
        return self.node.sql("SELECT email, play_count FROM games_game ORDER BY email")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("", "archive"):
        (tmp_path / name).mkdir(exist_ok=True)
        give_to_owner(tmp_path / name)
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    node = Node(folder / "one")
    node.initialise()
    with (node.data / "postgresql.conf").open("a") as file:
        file.write(ARCHIVING.replace("/archive", str(folder / "archive")))
    node.start()
    yield Site(node, folder)
    node.kill()


def test_moment_before_an_accident_comes_back_without_the_erased(site: Site, folder: Path) -> None:
    site.run("python manage.py migrate -v0")
    site.play("before@test.ru", "erased@test.ru")
    site.run(BASE_BACKUP, user=OWNER)
    site.play("before@test.ru", "between@test.ru")
    moment = str(site.node.sql("SELECT now()")[0][0])
    site.run("python manage.py forget_address erased@test.ru --reason 'request 7' --yes")
    site.run('python manage.py forget_address --tombstones > "$BACKUPS/later.erased"')
    site.node.sql("DELETE FROM games_play WHERE number = 1")  # the accident
    (log,) = site.node.sql("SELECT pg_walfile_name(pg_switch_wal())")[0]
    wait_for((folder / "archive" / log).exists)
    site.node.kill()

    restored = Site(Node(folder / "two", port=site.node.port), folder)
    try:
        restored.run(RESTORE, user=OWNER, MOMENT=moment)
        wait_for(lambda: restored.node.sql("SELECT pg_is_in_recovery()") == [(False,)])
        assert [email for email, _ in restored.players()] == [
            "before@test.ru", "between@test.ru", "erased@test.ru"
        ]  # fmt: skip
        output = restored.run(AFTERWARDS)
        assert "Erased again: 1." in output
        assert "All counts are right." in output
        assert restored.players() == [("before@test.ru", 2), ("between@test.ru", 1)]
    finally:
        restored.node.kill()
