"""Two PostgreSQL servers that can take over from each other, of the wheel's programs."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from testing.postgres import OWNER, give_to_owner, run
from testing.server import free_port, wait_for

START = ("-w", "-t", "60")


class Node:
    """A server of its own folder and TCP port, which survives no longer than its pair."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.data, self.port = folder / "data", port or free_port()
        folder.mkdir()
        give_to_owner(folder)
        self.dsn = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def initialise(self) -> None:
        run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-N", user=OWNER)

    def clone(self, primary: "Node") -> None:
        """Copy the primary, and follow it from then on."""
        shutil.rmtree(self.data, ignore_errors=True)
        options = ("-d", primary.dsn, "-R", "-c", "fast", "-X", "stream")
        run("pg_basebackup", "-D", str(self.data), *options, user=OWNER)

    def rewind(self, primary: "Node") -> None:
        """Undo what only this server committed, and follow the primary from then on."""
        options = ("--source-server", primary.dsn, "-R")
        run("pg_rewind", "-D", str(self.data), *options, user=OWNER)

    def configure(self, **settings: str) -> None:
        """Write settings. The last value of a setting counts."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        self.configure(port=str(self.port), unix_socket_directories="")
        log = str(self.data.parent / "log")
        run("pg_ctl", "start", *START, "-D", str(self.data), "-l", log, user=OWNER)

    def reload(self) -> None:
        run("pg_ctl", "reload", "-D", str(self.data), user=OWNER)

    def promote(self) -> None:
        run("pg_ctl", "promote", *START, "-D", str(self.data), user=OWNER)

    def stop(self) -> None:
        run("pg_ctl", "stop", *START, "-m", "fast", "-D", str(self.data), user=OWNER)

    def kill(self) -> None:
        """End all processes at once, as if the machine were gone."""
        with suppress(OSError, psutil.NoSuchProcess):
            lock = (self.data / "postmaster.pid").read_text()
            postmaster = psutil.Process(int(lock.split()[0]))
            if not postmaster.name().startswith("postgres"):
                return  # it ended before, and the number is another process's
            processes = [postmaster, *postmaster.children(recursive=True)]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGKILL)
            psutil.wait_procs(processes, timeout=10)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self.dsn)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class Pair:
    """A primary and a standby. `url` names both, in the order in which they were made."""

    def __init__(self, parent: Path, *, synchronous: bool = True) -> None:
        self.nodes = self.primary, self.standby = Node(parent / "one"), Node(parent / "two")
        self.names = "*" if synchronous else ""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        self.url = f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"
        self.primary.initialise()
        self.primary.configure(wal_log_hints="on", wal_keep_size="1GB")
        self.primary.start()
        self.standby.clone(self.primary)
        self.standby.start()
        self.follow()

    def follow(self) -> None:
        """Have commits wait for the standby from now on, if the pair is synchronous."""
        self.primary.configure(synchronous_standby_names=self.names)
        self.primary.reload()
        wait_for(lambda: self.replication() == [("sync" if self.names else "async",)])

    def replication(self) -> list[tuple[Any, ...]]:
        return self.primary.sql(
            "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'"
        )

    def promote(self) -> None:
        """Make the standby the primary, as Patroni does: alone it waits for nobody."""
        self.primary, self.standby = self.standby, self.primary
        self.primary.configure(synchronous_standby_names="")
        self.primary.promote()

    def rejoin(self) -> None:
        """Bring the old primary back as the standby: the fence."""
        self.standby.rewind(self.primary)
        self.standby.start()
        self.follow()

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()


@contextmanager
def pair(*, synchronous: bool = True) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="esp-mail-") as folder:
        running = Pair(Path(folder), synchronous=synchronous)
        try:
            yield running
        finally:
            running.kill()
