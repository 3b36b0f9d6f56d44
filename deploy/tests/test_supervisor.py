"""supervise.py with real processes and real signals."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from django.conf import settings

from games.models import Game
from games.tests.conftest import URL
from testing.factories import GameFactory
from testing.server import answers, database_url, free_port, start, wait_for


@pytest.fixture
def site() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def supervisor(transactional_db: None, site: str, log: Path) -> Iterator[psutil.Process]:
    environment = {
        "DEBUG": "0",
        "HTTPS": "0",
        "SECRET_KEY": "key-of-the-test" * 4,
        "PRIVACY_KEY": "key-of-the-test",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": database_url(),
        "BIND": site.removeprefix("http://"),
        "ESP_BACKEND": "esp.backends.mock.MockBackend",
        "ESP_OPTIONS": '{"latency": 1.5}',
    }
    with log.open("wb") as output:
        process = start("supervise", environment=environment, output=output)
    wait_for(lambda: answers(f"{site}/healthz"))
    supervisor = psutil.Process(process.pid)
    yield supervisor
    if process.poll() is None:
        for left in [*supervisor.children(recursive=True), supervisor]:
            left.kill()
    process.wait()


def children(supervisor: psutil.Process, word: str) -> list[psutil.Process]:
    found = [p for p in supervisor.children(recursive=True) if word in _command(p)]
    return sorted(found, key=lambda process: process.pid)


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def test_term_ends_all_in_order_and_finishes_the_contact_in_hand(
    supervisor: psutil.Process, site: str, log: Path
) -> None:
    """All that they say meanwhile are lines of JSON."""
    assert requests.get(f"{site}/robots.txt", timeout=10).ok
    processes = [supervisor, *supervisor.children(recursive=True)]
    game = GameFactory(email="cem@test.ru", contact_state="pending", contact_attempts=0)
    wait_for(lambda: _attempts(game) == 1)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 128 + signal.SIGTERM
    assert not any(process.is_running() for process in processes)
    game.refresh_from_db()
    assert game.contact_state == "added"
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "request" in events
    assert "web ended (code 0)" in events
    assert any(event.startswith("delivery started (pid") for event in events)


@pytest.mark.parametrize("word", ["delivery", "gunicorn: master"])
def test_all_end_with_an_error_when_one_ends(supervisor: psutil.Process, word: str) -> None:
    processes = supervisor.children(recursive=True)
    children(supervisor, word)[0].kill()
    assert supervisor.wait(30) not in {0, None}
    wait_for(lambda: not any(_alive(process) for process in processes))


def test_metrics_are_of_delivery_too_and_outlive_a_worker(
    supervisor: psutil.Process, site: str
) -> None:
    GameFactory(contact_state="pending", contact_attempts=0)

    def counted() -> bool:
        metrics = requests.get(f"{site}/metrics", timeout=10).text
        call = 'backend="MockBackend",operation="add_contact",outcome="ok"} 1.0'
        return call in metrics and 'esp_mail_delivered_total{state="added"} 1.0' in metrics

    wait_for(counted)
    requests.post(f"{site}{URL}", json={"email": "cem@test.ru"}, timeout=10)
    before = {process.pid for process in children(supervisor, "gunicorn: worker")}
    for pid in before:
        psutil.Process(pid).terminate()

    def replaced() -> bool:
        after = {process.pid for process in children(supervisor, "gunicorn: worker")}
        return len(after) == len(before) and not after & before

    wait_for(replaced)
    wait_for(lambda: answers(f"{site}/healthz"))
    metrics = requests.get(f"{site}/metrics", timeout=10).text
    assert 'player="new"} 1.0' in metrics


DEAF = """
import signal, sys, time
import supervise

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    time.sleep(60)

supervise.STOP_SECONDS = 1
supervise.PROCESSES["deaf"] = deaf
sys.exit(supervise.Supervisor().run(["deaf"]))
"""


def test_process_that_ignores_the_signal_is_killed() -> None:
    command = [sys.executable, "-c", DEAF]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE)
    assert process.stdout
    with process.stdout:
        assert process.stdout.readline() == b"deaf\n"
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM


def _attempts(game: Game) -> int:
    game.refresh_from_db()
    return game.contact_attempts


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
