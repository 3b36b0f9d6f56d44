"""A web process that stops, with real signals: whoever was connected is answered."""

import signal
import socket
from collections.abc import Iterator

import psutil
import pytest

from games.tests.server import answers, free_port, start, wait_for

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def site() -> tuple[str, int]:
    return "127.0.0.1", free_port()


@pytest.fixture
def gunicorn(site: tuple[str, int]) -> Iterator[psutil.Process]:
    environment = {"BIND": f"{site[0]}:{site[1]}", "WEB_CONCURRENCY": "1", "LOG_LEVEL": "ERROR"}
    process = start("gunicorn", environment=environment)
    wait_for(lambda: answers(f"http://{site[0]}:{site[1]}/healthz"))
    yield psutil.Process(process.pid)
    process.terminate()
    process.wait(30)


def listens(process: psutil.Process) -> bool:
    return any(one.status == psutil.CONN_LISTEN for one in process.net_connections())


def answer(client: socket.socket) -> bytes:
    with client, client.makefile("rb") as received:
        return received.readline()


def test_connections_that_wait_when_it_is_told_to_stop_are_answered(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    [worker] = gunicorn.children()
    worker.suspend()  # so that they wait
    clients = [socket.create_connection(site, timeout=30) for _ in range(5)]
    for client in clients:
        client.sendall(REQUEST)
    gunicorn.send_signal(signal.SIGTERM)
    wait_for(lambda: not listens(gunicorn))
    worker.send_signal(signal.SIGTERM)
    worker.resume()
    assert [answer(client) for client in clients] == [b"HTTP/1.1 200 OK\r\n"] * 5


def test_nobody_can_connect_while_it_finishes_a_request(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    [worker] = gunicorn.children()
    with socket.create_connection(site, timeout=30) as slow:
        slow.sendall(REQUEST[:20])
        wait_for(lambda: any(c.status == psutil.CONN_ESTABLISHED for c in worker.net_connections()))
        gunicorn.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(worker))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(site)
        slow.sendall(REQUEST[20:])
        assert slow.recv(12) == b"HTTP/1.1 200"
