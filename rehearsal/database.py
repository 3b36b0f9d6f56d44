"""PostgreSQL on a disk of its own, small enough to be filled."""

import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from esp_mail.tests.postgres import ThrowawayPostgres
from games.tests.server import wait_for

SIZE = 320  # MB
GRACE = 10  # seconds, as Docker's


class Database:
    """A PostgreSQL that is ended, and its disk given back, by `stack`.

    `disk` is None where this user may mount none; it then lies in `folder`.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "rehearsal", str(folder)]
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
        if mounted:
            stack.callback(subprocess.run, ["umount", str(folder)], check=True)
        self.disk = folder if mounted else None
        self._postgres = ThrowawayPostgres(folder)
        stack.callback(self._postgres.server.cleanup)
        self.url, self.restart = self._postgres.url, self._postgres.restart

    def connect(self) -> Any:
        return psycopg2.connect(host=self._postgres.socket, dbname="postgres", user="postgres")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        connection = self.connect()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def backends(self) -> list[psutil.Process]:
        """Return the processes that serve a connection."""
        postmaster = self._postmaster()
        children = postmaster.children() if postmaster else []
        return [child for child in children if "[local]" in " ".join(child.cmdline())]

    def mend(self) -> None:
        """Wait until it serves; start it where it has ended, as its container would be.

        Told to stop while its disk is full it may never end (its last checkpoint failed, and is not
        tried again): Docker then kills it.
        """
        try:
            wait_for(self._serves, seconds=GRACE)
        except AssertionError:
            self.restart("immediate")
            wait_for(self._serves)

    def _serves(self) -> bool:
        try:
            return self.sql("SELECT 1") == [(1,)]
        except psycopg2.Error:
            if not self._postmaster():
                with suppress(subprocess.SubprocessError):
                    self.restart()
            return False

    def _postmaster(self) -> psutil.Process | None:
        with suppress(OSError, psutil.NoSuchProcess):
            lock = (self._postgres.folder / "postmaster.pid").read_text()
            return psutil.Process(int(lock.split()[0]))
        return None
