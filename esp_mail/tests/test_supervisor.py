"""The processes of the Procfile under their supervisor, with real signals."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from games.models import Game
from games.tests.factories import GameFactory
from games.tests.server import answers, database_url, free_port, start, wait_for


@pytest.fixture
def site() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def supervisor(transactional_db: None, site: str, tmp_path: Path) -> Iterator[psutil.Process]:
    environment = {
        "DATABASE_URL": database_url(),
        "BIND": site.removeprefix("http://"),
        "ESP_OPTIONS": '{"latency": 1.5}',
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    with (tmp_path / "log").open("wb") as log:
        process = start("supervise", "start", "--no-prefix", environment=environment, output=log)
    wait_for(lambda: answers(f"{site}/healthz"))
    supervisor = psutil.Process(process.pid)
    yield supervisor
    if process.poll() is None:
        for left in [*supervisor.children(recursive=True), supervisor]:
            left.kill()
    process.wait()


def child(supervisor: psutil.Process, word: str) -> psutil.Process:
    found = [p for p in supervisor.children(recursive=True) if word in " ".join(p.cmdline())]
    return min(found, key=lambda process: process.pid)


def test_term_ends_all_in_order_and_finishes_the_contact_in_hand(
    supervisor: psutil.Process, site: str
) -> None:
    processes = [supervisor, *supervisor.children(recursive=True)]
    game = GameFactory(email="cem@test.ru", contact_state="pending", contact_attempts=0)
    wait_for(lambda: _attempts(game) == 1)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(30) == 128 + signal.SIGTERM
    assert not any(process.is_running() for process in processes)
    game.refresh_from_db()
    assert game.contact_state == "added"


@pytest.mark.parametrize("word", ["deliver_contacts", "gunicorn"])
def test_end_of_one_process_ends_the_others_and_is_told(
    supervisor: psutil.Process, word: str
) -> None:
    processes = supervisor.children(recursive=True)
    child(supervisor, word).kill()
    assert supervisor.wait(30) not in {0, None}
    wait_for(lambda: not any(_alive(process) for process in processes))


def _attempts(game: Game) -> int:
    game.refresh_from_db()
    return game.contact_attempts


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
