"""A PostgreSQL whose processes are stopped: nobody waits long, and nothing is lost or double."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil
import pytest
import requests
from django.core.management import call_command
from django.db import connection

from games.models import Play
from testing.nginx import API, Proxy
from testing.server import wait_for, web_server

pytestmark = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no server")

THREADS = 2
PLAYS = 3 * THREADS  # some of them wait for a thread meanwhile


def server_processes() -> set[int]:
    """Return the processes of PostgreSQL that serve other connections to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid for (pid,) in cursor.fetchall()}


@contextmanager
def stopped(pids: set[int]) -> Iterator[None]:
    for pid in pids:
        psutil.Process(pid).send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            psutil.Process(pid).send_signal(signal.SIGCONT)


def play(site: str, number: int) -> requests.Response:
    key = {"Idempotency-Key": f"key {number}"}
    return requests.post(site + API, json={"email": "cem@test.ru"}, headers=key, timeout=60)


def test_hanging_database_is_503_and_threads_come_back(
    transactional_db: None, start_nginx: Callable[..., Proxy]
) -> None:
    earlier = server_processes()
    with web_server(workers=1, WEB_THREADS=str(THREADS)) as web, ThreadPoolExecutor(PLAYS) as pool:
        nginx = start_nginx(to=int(web.rpartition(":")[2]))

        def everybody_plays(first: int) -> list[requests.Response]:
            sites = [web, nginx.url] * (PLAYS // 2)
            return list(pool.map(play, sites, range(first, first + PLAYS)))

        def every_thread_has_a_connection() -> bool:
            everybody_plays(0)  # repeated, and so counted once
            return len(server_processes() - earlier) == THREADS

        wait_for(every_thread_has_a_connection)
        hanging = server_processes() - earlier
        with stopped(hanging):
            answers = everybody_plays(PLAYS)
            refused = [answer for answer in answers if answer.status_code != 200]
            assert [answer.status_code for answer in refused] == [503] * len(refused)
            assert len(refused) >= THREADS
            assert {answer.headers["Retry-After"] for answer in refused} == {"5"}
            # The threads have new connections, though the old processes are still stopped.
            again = everybody_plays(PLAYS)
            assert [answer.status_code for answer in again] == [200] * PLAYS
        # Now the stopped processes execute what they were sent: the same plays a second time.
        wait_for(lambda: not server_processes() & hanging)
        last = everybody_plays(PLAYS)
    assert [answer.json() for answer in last] == [answer.json() for answer in again]
    assert Play.objects.count() == 2 * PLAYS
    call_command("check_counts")
