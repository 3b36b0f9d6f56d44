"""Migrations for a start of several web processes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number, as long as nothing else that uses this database takes the same.
LOCK = 7_733_001


class Command(migrate.Command):
    help = "Like migrate, but of several processes at once one migrates and the others wait for it."

    def handle(self, *args: Any, **options: Any) -> None:
        with one_at_a_time(connections[options["database"]]):
            super().handle(*args, **options)
            call_command("createcachetable", database=options["database"], verbosity=0)


@contextmanager
def one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait for other processes within this block; the lock of one that dies is freed."""
    if connection.vendor != "postgresql":  # SQLite serves one machine, which starts one at a time
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
