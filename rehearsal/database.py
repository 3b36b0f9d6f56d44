"""PostgreSQL on its own disk, which is small enough to fill."""

import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from testing.postgres import ThrowawayPostgres
from testing.server import wait_for

DISK_MEGABYTES = 320
STOP_SECONDS = 10  # after which Docker kills a container that does not stop


class Database:
    """A running PostgreSQL; `stack` stops it and unmounts its disk.

    If this user may not mount a disk, `disk` is None, and the data is in `folder`.
    """

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "rehearsal", str(folder)]
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
        """Return the server processes, one for each connection."""
        postmaster = self._postmaster()
        children = postmaster.children() if postmaster else []
        return [child for child in children if _serves_a_connection(child)]

    def mend(self) -> None:
        """Return when it serves; start it if it has ended, as Docker would.

        A PostgreSQL that stops while its disk is full may never end: its last checkpoint failed and
        is not repeated. Docker would kill it then, as this does.
        """
        try:
            wait_for(self._serves, seconds=STOP_SECONDS)
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


def _serves_a_connection(process: psutil.Process) -> bool:
    try:
        return "[local]" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended
        return False
