"""The migrations, forward, back and by several processes at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from esp_mail.management.commands import migrate_locked
from testing.server import database_url

TABLES = {
    "games_game",
    "games_play",
    "games_consent",
    "games_consentproof",
    "games_consenttext",
    "games_deliverypause",
    "games_domainday",
    "games_erasedhour",
    "games_erasedkey",
    "games_erasure",
    "games_playhour",
    "esp_callrate",
    "esp_mockcontact",
}


@pytest.fixture
def migrated_afterwards(transactional_db: None) -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


def tables() -> set[str]:
    return {
        name for name in connection.introspection.table_names() if name.startswith(("games", "esp"))
    }


def test_back_to_nothing_and_forward_again(migrated_afterwards: None) -> None:
    for app in ("games", "esp"):
        call_command("migrate", app, "zero", verbosity=0)
    assert tables() == set()
    call_command("migrate", verbosity=0)
    assert tables() == TABLES


def test_sqlite_needs_no_lock(monkeypatch: pytest.MonkeyPatch, sqlite: BaseDatabaseWrapper) -> None:
    monkeypatch.setattr(migrate_locked, "connections", {"default": sqlite})
    out = StringIO()
    call_command("migrate_locked", plan=True, stdout=out)
    assert "No planned migration operations." in out.getvalue()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite serves one machine")
def test_several_processes_migrate_at_once(migrated_afterwards: None) -> None:
    for app in ("games", "esp"):
        call_command("migrate", app, "zero", verbosity=0)
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", "migrate_locked"],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url()},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert tables() == TABLES


def test_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", check=True, verbosity=0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no pages to fill")
@pytest.mark.django_db
def test_returning_plays_have_room_in_the_page_of_their_player() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'games_game'")
        assert cursor.fetchone() == (["fillfactor=85"],)
