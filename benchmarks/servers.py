"""Who is measured: each started as it would be deployed, on a database of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from benchmarks.load import run
from esp_mail.tests.postgres import ThrowawayPostgres

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / ".venv/bin/python"  # with what requirements.txt names, and no more
WORKERS = "2"
KNOWN = 10_000
# All that a production has; the limits of what one client may send are set out of the way.
SETTINGS = {
    "DEBUG": "0",
    "HTTPS": "1",
    "SECRET_KEY": "benchmark-" * 5,
    "PRIVACY_KEY": "benchmark",
    "ALLOWED_HOSTS": "127.0.0.1",
    "CORS_ALLOWED_ORIGINS": "https://play.example.com",
    "ESP_BACKEND": "esp.backends.mock.MockBackend",
    "WEB_CONCURRENCY": WORKERS,
}
UVICORN = [sys.executable, "-m", "uvicorn", "--workers", WORKERS, "--no-access-log"]
UVICORN += ["--log-level", "error"]
COMMANDS = {
    # Web and delivery, as the container runs them.
    "project": [str(PROJECT), "supervise.py"],
    # What `pip install uvicorn` runs on, and what the fastest installation does.
    "peer A": [*UVICORN, "--loop", "asyncio", "--http", "h11", "benchmarks.peer_sqlalchemy:app"],
    "peer B": [*UVICORN, "--loop", "uvloop", "--http", "httptools", "benchmarks.peer_asyncpg:app"],
}
SEED = f"""
INSERT INTO games_game (email, play_count, first_played_at, last_played_at, contact_state,
    contact_attempts, contact_due_at, contact_error)
SELECT 'player' || n || '@example.com', 1, now(), now(), 'added', 1, now(), ''
FROM generate_series(0, {KNOWN - 1}) n;
INSERT INTO games_play (game_id, number, played_at, esp_status)
SELECT id, 1, now(), false FROM games_game;
INSERT INTO esp_mockcontact (email, added_at, times_added) SELECT email, now(), 1 FROM games_game;
"""


class Database:
    """PostgreSQL from the wheel, as it is when nobody tunes it; a database for each contender."""

    def __init__(self) -> None:
        self.postgres = ThrowawayPostgres()
        self.host = self.postgres.url.partition("@/")[2].rpartition("/")[0]
        self.binaries = Path(self.postgres.server.bin_path)
        self.pid = int(self.postgres.server.get_pid() or 0)
        self.sql("postgres", "CREATE DATABASE template")
        environment = os.environ | SETTINGS | {"DATABASE_URL": self.url("template")}
        command = [str(PROJECT), "manage.py", "migrate_locked", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        self.sql("template", SEED)

    def url(self, name: str, scheme: str = "postgres") -> str:
        """Return a database's URL for Django; the peers' drivers want the host elsewhere."""
        if scheme == "postgres":
            return f"postgres://postgres@/{self.host}/{name}"
        return f"{scheme}://postgres@/{name}?host={self.host}"

    def create(self, name: str) -> None:
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}"')
        self.sql("postgres", f'CREATE DATABASE "{name}" TEMPLATE template')

    def sql(self, name: str, statement: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(host=self.host, dbname=name, user="postgres")
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class Server:
    """A contender that runs; `cold_start` is how long its first answer took from nothing."""

    def __init__(self, name: str, database: Database, **settings: str) -> None:
        self.name, self.database = name, f"{name} {next(NUMBERS)}"
        database.create(self.database)
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            self.port: int = reserved.getsockname()[1]
        environment = SETTINGS | settings | {"BIND": f"127.0.0.1:{self.port}"}
        environment |= {
            "DATABASE_URL": database.url(self.database.replace(" ", "%20")),
            "SQLALCHEMY_URL": database.url(self.database, "postgresql+psycopg2"),
            "ASYNCPG_URL": database.url(self.database, "postgresql"),
            "PATH": f"{PROJECT.parent}:{os.environ['PATH']}",
        }
        command = COMMANDS[name] + (["--port", str(self.port)] if name != "project" else [])
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
        while not self.answers():
            time.sleep(0.01)
        self.cold_start = time.perf_counter() - begin

    def answers(self) -> bool:
        if self.process.poll() is not None:
            sys.exit(f"{self.name} did not start")
        try:
            first = iter(["player0@example.com"] * 2)
            return run(self.port, first, clients=1, seconds=0.0001).errors == 0
        except OSError:
            return False

    def memory(self) -> float:
        """Return the MB of all its processes, what they share counted once."""
        return sum(process.memory_full_info().pss for process in tree(self.process.pid)) / 2**20

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(40)


NUMBERS = count(1)


@contextmanager
def server(name: str, database: Database, **settings: str) -> Iterator[Server]:
    running = Server(name, database, **settings)
    try:
        yield running
    finally:
        running.stop()


def tree(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def cpu(pid: int) -> dict[int, float]:
    """Return the seconds of CPU, user and system, of a process and its descendants so far."""
    times = {}
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            times[process.pid] = used.user + used.system
    return times


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the seconds of CPU between two calls of `cpu()`."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())
