"""A real web server on the test database, and clients that come all at once."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Any

import requests
from django.conf import settings
from django.db import connection

from games.tests.conftest import URL


def database_url() -> str:
    """Return the URL of the test database, in the forms that DATABASE_URL takes."""
    db = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{db['NAME']}"
    credentials = f"{db['USER']}:{db['PASSWORD']}"
    if str(db["HOST"]).startswith("/"):
        return f"postgres://{credentials}@/{db['HOST']}/{db['NAME']}"
    return f"postgres://{credentials}@{db['HOST']}:{db['PORT'] or 5432}/{db['NAME']}"


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
        return port


@contextmanager
def web_server(workers: int = 2, **environment: str) -> Iterator[str]:
    """Run gunicorn as the container does, on the test database; yield its address."""
    port = free_port()
    environment = {"DATABASE_URL": database_url(), "LOG_LEVEL": "ERROR"} | environment
    environment |= {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": str(workers)}
    process = start("gunicorn", environment=environment)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def start(
    module: str, *arguments: str, environment: dict[str, str], output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a Python module as a process, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        start_new_session=True,
        stdout=output,
        stderr=output,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Return as soon as the condition holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Return whether something answers there, and well."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


Sent = tuple[str, str | None]


def send_at_once(address: str, batches: list[list[Sent]]) -> list[Any]:
    """Send each batch of (address, key) by its own client, all at once; return the answers."""
    if not batches:
        return []
    start = threading.Barrier(len(batches))

    def client(batch: list[Sent]) -> list[Any]:
        with requests.Session() as session:
            start.wait()
            return [_send(session, address, *sent) for sent in batch]

    with ThreadPoolExecutor(len(batches)) as pool:
        return [answer for answers in pool.map(client, batches) for answer in answers]


def _send(session: requests.Session, address: str, email: str, key: str | None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    body = json.dumps({"email": email})
    response = session.post(address + URL, body, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    return response.json()
