"""A rehearsal with real processes: ESP, web, delivery and database fail in turn, under load."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from django.conf import settings
from django.db import connection

from esp.tests.fakes.server import KEY
from esp_mail.tests.postgres import ThrowawayPostgres

from .conftest import URL
from .server import answers, free_port, start, wait_for

ADDRESSES = 150
PLAYS_EACH = 4
TOTAL = ADDRESSES * PLAYS_EACH


class Deployment:
    """PostgreSQL, web, two deliveries and an ESP, each a real process that can be killed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.postgres = ThrowawayPostgres()
        self.esp, self.site = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            "DATABASE_URL": self.postgres.url,
            "BIND": self.site.removeprefix("http://"),
            "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
            "ESP_OPTIONS": json.dumps({"api_key": KEY, "list_id": "7", "base_url": self.esp}),
        }

    def start(self) -> None:
        self.manage("migrate", "-v0")
        port = self.esp.rpartition(":")[2]
        self.run("esp", "esp.tests.fakes.brevo", "--port", port)
        self.run_web()
        self.run_delivery("delivery 1")
        self.run_delivery("delivery 2")

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=os.environ | self.environment,
            check=True,
        )

    def run_web(self) -> None:
        self.run("web", "gunicorn")
        wait_for(lambda: answers(f"{self.site}/healthz"))

    def run_delivery(self, name: str) -> None:
        self.run(name, "manage", "deliver_contacts")

    def run(self, name: str, module: str, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self.processes[name] = start(
                module, *arguments, environment=self.environment, output=log
            )

    def kill(self, name: str) -> None:
        """End a process and its children, with no chance to clean up."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(30)

    def esp_mode(self, mode: str) -> None:
        requests.post(f"{self.esp}/_mode", json={"mode": mode}, timeout=5).raise_for_status()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        host, _, name = self.postgres.url.partition("@/")[2].rpartition("/")
        database = psycopg2.connect(host=host, dbname=name, user="postgres")
        try:
            with database, database.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            database.close()

    def pending(self) -> int:
        return int(
            self.sql("SELECT count(*) FROM games_game WHERE contact_state = 'pending'")[0][0]
        )


class Players:
    """Send every play until it is acknowledged, with its own key, as the page does."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.acknowledged: dict[str, Any] = {}
        self.waiting: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.held = threading.Event()
        for turn in range(PLAYS_EACH):
            for number in range(ADDRESSES):
                self.waiting.put((f"canary{number}@test.ru", f"play {turn} of {number}"))
        self.threads = [threading.Thread(target=self._play) for _ in range(6)]

    def _play(self) -> None:
        with requests.Session() as session, suppress(queue.Empty):
            while True:
                email, key = self.waiting.get_nowait()
                while key not in self.acknowledged:
                    self._send(session, email, key)

    def _send(self, session: requests.Session, email: str, key: str) -> None:
        with suppress(requests.RequestException):
            response = session.post(
                self.site + URL, json={"email": email}, headers={"Idempotency-Key": key}, timeout=10
            )
            if response.ok:
                self.acknowledged[key] = email, response.json()
                return
            assert response.status_code == 503, response.text
        time.sleep(0.1)  # a page waits longer; what counts is that it asks again

    def __enter__(self) -> "Players":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self.threads:
            thread.join()

    def wait_until(self, part: float) -> None:
        """Return when this part of all plays is acknowledged."""
        wait_for(lambda: len(self.acknowledged) >= TOTAL * part, seconds=60)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path / "log")
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="rehearsed once, on PostgreSQL")
def test_nothing_is_lost_in_an_outage(deployment: Deployment) -> None:
    with Players(deployment.site) as players:
        players.wait_until(0.1)
        deployment.esp_mode("down")
        players.wait_until(0.3)
        deployment.kill("web")
        deployment.run_web()
        players.wait_until(0.5)
        deployment.postgres.restart()
        players.wait_until(0.7)
        deployment.kill("delivery 1")
        deployment.esp_mode("ok")
        players.wait_until(0.9)
        deployment.kill("web")
        deployment.run_web()
        deployment.run_delivery("delivery 1")
    assert len(players.acknowledged) == TOTAL

    # What the back-off would take longer for, as the admin's "Deliver now" does it.
    deployment.sql(
        "UPDATE games_game SET contact_due_at = now() WHERE contact_state = 'pending'"
        " AND contact_due_at > now() + interval '30 seconds'"
    )
    wait_for(lambda: deployment.pending() == 0, seconds=90)

    plays = deployment.sql(
        "SELECT idempotency_key, email, number FROM games_play JOIN games_game g ON g.id = game_id"
    )
    assert sorted(plays) == sorted(
        (key, email, answer["games_count"]) for key, (email, answer) in players.acknowledged.items()
    )
    counts = deployment.sql("SELECT email, play_count FROM games_game")
    assert sorted(counts) == sorted(
        (f"canary{number}@test.ru", PLAYS_EACH) for number in range(ADDRESSES)
    )
    deployment.manage("check_counts")
    contacts = requests.get(f"{deployment.esp}/_stats", timeout=5).json()["contacts"]
    assert contacts == {f"canary{number}@test.ru": 1 for number in range(ADDRESSES)}

    deployment.stop()
    log = deployment.log.read_text()
    assert "breaker open" in log
    assert "canary" not in log
