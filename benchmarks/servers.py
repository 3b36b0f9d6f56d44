"""The contenders: each runs as it would be deployed, on its own database."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count, repeat
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from benchmarks.load import run
from testing.postgres import ThrowawayPostgres

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / ".venv/bin/python"  # with the packages of requirements.txt
WORKERS = "2"
KNOWN = 10_000
# The settings of a production, without limits on plays.
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
# The web process and delivery, as in the container.
SUPERVISOR = [str(PROJECT), "supervise.py"]
UVICORN = [sys.executable, "-m", "uvicorn", "--workers", WORKERS, "--no-access-log"]
UVICORN += ["--log-level", "error"]
COMMANDS = {
    "project": SUPERVISOR,
    "project, limits": SUPERVISOR,
    # Peer A has the defaults of `pip install uvicorn`, peer B the fastest event loop and parser.
    "peer A": [*UVICORN, "--loop", "asyncio", "--http", "h11", "benchmarks.peer_sqlalchemy:app"],
    "peer B": [*UVICORN, "--loop", "uvloop", "--http", "httptools", "benchmarks.peer_asyncpg:app"],
}
LIMITS = {
    "PLAYS_PER_ADDRESS": "999999/hour",
    "ADDRESSES_PER_CLIENT": "999999/hour",
    "CLIENT_IP_HEADER": "X-Forwarded-For",
}
MAX_WAIT = 25.0  # ms for one client's request; TCP's delayed acknowledgement takes 40
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
    """PostgreSQL with its default settings, and a database for each contender."""

    def __init__(self) -> None:
        self.postgres = ThrowawayPostgres()
        self.postgres.server.psql("ALTER SYSTEM SET max_connections = 400;")
        self.postgres.restart()
        self.host = self.postgres.url.partition("@/")[2].rpartition("/")[0]
        self.binaries = Path(self.postgres.server.bin_path)
        self.pid = int(self.postgres.server.get_pid() or 0)
        self.sql("postgres", "CREATE DATABASE template")
        environment = os.environ | SETTINGS | {"DATABASE_URL": self.url("template")}
        command = [str(PROJECT), "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        self.sql("template", SEED)

    def url(self, name: str, scheme: str = "postgres") -> str:
        """Return the URL of a database in the form of Django, or of a driver's `scheme`."""
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
    """A running contender; `cold_start` is the seconds from its start to its first answer."""

    def __init__(self, name: str, database: Database, **settings: str) -> None:
        self.name, self.database = name, f"{name} {next(NUMBERS)}"
        database.create(self.database)
        self.proxy: subprocess.Popen[str] | None = None
        listener = listening_socket()
        fd, self.port = listener.fileno(), listener.getsockname()[1]
        environment = SETTINGS | settings | {"BIND": f"fd://{fd}"}
        environment |= {
            "DATABASE_URL": database.url(self.database.replace(" ", "%20")),
            "SQLALCHEMY_URL": database.url(self.database, "postgresql+psycopg2"),
            "ASYNCPG_URL": database.url(self.database, "postgresql"),
            "PATH": f"{PROJECT.parent}:{os.environ['PATH']}",
        }
        command = COMMANDS[name] + (["--fd", str(fd)] if name.startswith("peer") else [])
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, pass_fds=[fd]
        )
        listener.close()  # if the contender ends, nobody listens any more
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

    def check_waits_for_nothing(self) -> list[tuple[str, int]]:
        """Return the answers of a single client; exit if its requests wait for the network.

        Such a contender would be handicapped.
        """
        result = run(self.port, repeat("player0@example.com"), clients=1, seconds=1)
        wait = statistics.median(result.latencies) * 1000
        if wait > MAX_WAIT:
            sys.exit(f"{self.name} lets a single client wait for {wait:.0f} ms a request")
        return result.answers

    def start_proxy(self) -> int:
        """Start nginx in front of it; return nginx's port."""
        command = [str(PROJECT), "-m", "benchmarks.proxy", str(self.port)]
        pipe = subprocess.PIPE
        self.proxy = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self.proxy.stdout
        return int(self.proxy.stdout.readline())

    def memory(self) -> float:
        """Return the MB of all its processes; shared memory counts once."""
        return sum(process.memory_full_info().pss for process in tree(self.process.pid)) / 2**20

    def stop(self) -> None:
        if self.proxy:
            self.proxy.communicate()
        self.process.terminate()
        self.process.wait(40)


NUMBERS = count(1)


def listening_socket() -> socket.socket:
    """Return a socket whose connections send small packets at once.

    uvicorn with workers would leave that out for asyncio's loop: the body of each response would
    then wait for the acknowledgement of its head.
    """
    listener = socket.socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    return listener


@contextmanager
def server(name: str, database: Database, **settings: str) -> Iterator[Server]:
    """Run a contender."""
    with ExitStack() as stack:
        if name == "project, limits":
            settings |= LIMITS | {"REDIS_URL": stack.enter_context(redis())}
        running = Server(name, database, **settings)
        stack.callback(running.stop)
        yield running


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis that keeps nothing on disk; yield its URL."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/redis.socket"
        options = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
        process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        try:
            while not Path(path).exists():
                time.sleep(0.01)
            yield f"unix://{path}"
        finally:
            process.terminate()
            process.wait(10)


def tree(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def cpu(pid: int) -> dict[int, float]:
    """Return the seconds of CPU that a process and its descendants have used, by process id."""
    times = {}
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            times[process.pid] = used.user + used.system
    return times


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the seconds of CPU between two calls of `cpu()`."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())
