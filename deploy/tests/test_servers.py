"""The program under WSGI servers other than gunicorn, on whichever database the suite runs.

uWSGI needs a compiler, so its tests are skipped where it is not installed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from esp.models import MockContact
from testing.deployment import PRODUCTION
from testing.server import answers, database_url, free_port, send_at_once, wait_for

UWSGI = (
    "uwsgi --processes 2 --threads 16 --http 127.0.0.1:{port} --master --die-on-term"
    " --disable-logging --module "
)
COMMANDS = {
    # Without the timeout it waits forever for a worker that was still starting when it was stopped.
    "granian": "granian --interface wsgi --workers 2 --blocking-threads 16 --port {port}"
    " --workers-kill-timeout 10 esp_mail.wsgi:application",
    "waitress": "waitress-serve --threads 16 --listen 127.0.0.1:{port} esp_mail.wsgi:application",
    "uwsgi": UWSGI + "esp_mail.wsgi",
    # uWSGI answers in the thread that loaded the program, so it inherits what that has opened.
    "uwsgi-warm": UWSGI + "deploy.tests.warm_wsgi",
}


@contextmanager
def running(server: str) -> Iterator[str]:
    """Run the program under this server on the test database; yield its address."""
    port = free_port()
    name, *arguments = COMMANDS[server].format(port=port).split()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which(name, path=path)
    if program is None:
        pytest.skip(f"{name} is not installed")
    environment = PRODUCTION | {"DATABASE_URL": database_url(), "LOG_LEVEL": "ERROR"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)  # uWSGI may have a Python of its own
    process = subprocess.Popen(
        [program, *arguments], cwd=settings.BASE_DIR, env=os.environ | environment
    )
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("server", COMMANDS)
def test_each_of_many_plays_at_once_is_answered_right(transactional_db: None, server: str) -> None:
    players, plays = (16, 10) if connection.vendor == "postgresql" else (4, 5)
    emails = [f"player{number}@test.ru" for number in range(players) for _ in range(plays)]
    with running(server) as address:
        given = send_at_once(address, [[(email, None)] for email in emails])
    for first in range(0, len(emails), plays):
        of_one = sorted(given[first : first + plays], key=lambda answer: answer["games_count"])
        assert [answer["games_count"] for answer in of_one] == list(range(1, plays + 1))
        assert [answer["games_status"] for answer in of_one] == [False] + [True] * (plays - 1)
        assert of_one[0]["esp_status"] in (False, None)  # None: too many ask the ESP at once
        assert all(answer["esp_status"] in (True, None) for answer in of_one[1:])
    assert not MockContact.objects.exclude(times_added=1).exists()
    call_command("check_counts")
