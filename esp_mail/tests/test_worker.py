"""A web process that stops, with real signals: whoever was connected is answered."""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NoReturn

import psutil
import pytest
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from games.tests.server import answers, free_port, start, wait_for

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="Linux alone has epoll")

KEPT_FOR = 3  # seconds
KEPT = b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
REQUEST = b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture
def site() -> tuple[str, int]:
    return "127.0.0.1", free_port()


def slow(environ: Any, start_response: Any) -> list[bytes]:
    """Answer after as many seconds as the path says: a WSGI application."""
    time.sleep(float(environ["PATH_INFO"].strip("/")))
    start_response("200 OK", [("Content-Length", "0")])
    return []


def quits(_environ: Any, _start_response: Any) -> NoReturn:
    """Serve as a program with a bad fault: a WSGI application."""
    sys.exit("as no program should")


def fails(_environ: Any, _start_response: Any) -> NoReturn:
    """Serve as a program with a fault: a WSGI application."""
    raise ValueError


@contextmanager
def running(site: tuple[str, int], *arguments: str) -> Iterator[psutil.Process]:
    environment = {"BIND": f"{site[0]}:{site[1]}", "WEB_CONCURRENCY": "1", "LOG_LEVEL": "ERROR"}
    environment |= {"WEB_THREADS": "2", "GUNICORN_CMD_ARGS": f"--keep-alive={KEPT_FOR}"}
    process = start("gunicorn", *arguments, environment=environment)
    gunicorn = psutil.Process(process.pid)
    wait_for(lambda: any(listens(worker) for worker in gunicorn.children()))
    yield gunicorn
    process.terminate()
    process.wait(30)


@pytest.fixture
def gunicorn(site: tuple[str, int]) -> Iterator[psutil.Process]:
    with running(site) as gunicorn:
        wait_for(lambda: answers(f"http://{site[0]}:{site[1]}/healthz"))
        yield gunicorn


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


def responses(received: BinaryIO, number: int) -> list[tuple[bytes, bool]]:
    """Return the status of each response, and whether the connection ends with it."""
    return [response(received) for _ in range(number)]


def response(received: BinaryIO) -> tuple[bytes, bool]:
    status, headers = received.readline().strip(), {}
    while line := received.readline().strip():
        name, _, value = line.lower().partition(b": ")
        headers[name] = value
    received.read(int(headers[b"content-length"]))
    return status, headers[b"connection"] == b"close"


OK, ENDS = b"HTTP/1.1 200 OK", True


def test_connections_that_send_nothing_take_no_thread(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    silent = [socket.create_connection(site, timeout=30) for _ in range(5)]  # two threads
    with socket.create_connection(site, timeout=2) as client, client.makefile("rb") as received:
        client.sendall(REQUEST)
        assert response(received) == (OK, ENDS)
    for client in silent:
        client.close()


def test_connection_is_kept_until_it_is_idle_for_long(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    with socket.create_connection(site, timeout=30) as client, client.makefile("rb") as received:
        for sent in (KEPT, KEPT * 3, KEPT):
            client.sendall(sent)
            assert responses(received, sent.count(b"GET")) == [(OK, False)] * sent.count(b"GET")
        assert received.read() == b""  # closed by the server


def test_response_without_a_body_is_sent(gunicorn: psutil.Process, site: tuple[str, int]) -> None:
    with socket.create_connection(site, timeout=30) as client:
        client.sendall(KEPT.replace(b"GET", b"HEAD"))
        assert client.recv(10_000).startswith(OK)


def test_response_is_one_packet(gunicorn: psutil.Process, site: tuple[str, int]) -> None:
    with socket.create_connection(site, timeout=30) as client:
        for _ in range(2):
            client.sendall(KEPT)
            assert client.recv(10_000).endswith(b"Disallow: /api/\n")


def test_broken_request_is_told_so(gunicorn: psutil.Process, site: tuple[str, int]) -> None:
    with socket.create_connection(site, timeout=30) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(10_000).startswith(b"HTTP/1.1 400")


def test_kept_connection_is_answered_once_more_when_it_is_told_to_stop(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    [worker] = gunicorn.children()
    with socket.create_connection(site, timeout=30) as client, client.makefile("rb") as received:
        client.sendall(KEPT)
        assert response(received) == (OK, False)
        gunicorn.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(worker))
        client.sendall(KEPT)
        assert response(received) == (OK, ENDS)
    assert gunicorn.wait(10) == 0


def test_idle_connections_do_not_keep_it_from_stopping(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    with socket.create_connection(site, timeout=30), socket.create_connection(site) as client:
        client.sendall(KEPT[:10])
        client.sendall(KEPT[10:])
        assert client.recv(12) == OK[:12]
        gunicorn.send_signal(signal.SIGTERM)
        assert gunicorn.wait(10) == 0  # before gunicorn's own 15 seconds


def test_connections_wait_where_no_more_can_be_opened(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    [worker] = gunicorn.children()
    limit = worker.rlimit(psutil.RLIMIT_NOFILE)
    with socket.create_connection(site, timeout=30) as open_before:
        open_before.sendall(KEPT)
        assert open_before.recv(12) == OK[:12]
        worker.rlimit(psutil.RLIMIT_NOFILE, (3, limit[1]))  # no number above 2 for what is new
        with socket.create_connection(site, timeout=1) as client:
            client.sendall(REQUEST)
            with pytest.raises(TimeoutError):
                client.recv(12)
            open_before.sendall(KEPT)
            assert open_before.recv(12)
            worker.rlimit(psutil.RLIMIT_NOFILE, limit)
            client.settimeout(30)
            assert client.recv(12) == OK[:12]


def test_fault_costs_no_thread(site: tuple[str, int]) -> None:
    with running(site, f"{__name__}:quits"):
        for _ in range(5):  # two threads
            with socket.create_connection(site, timeout=5) as client:
                client.sendall(KEPT)
                assert client.recv(12) == b""


def test_failure_is_told(site: tuple[str, int]) -> None:
    with (
        running(site, f"{__name__}:fails"),
        socket.create_connection(site, timeout=5) as client,
    ):
        client.sendall(KEPT)
        assert client.recv(12) == b"HTTP/1.1 500"


def get(seconds: float) -> bytes:
    return b"GET /%f HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % seconds


def test_requests_that_wait_for_a_thread_are_answered_when_it_stops(
    site: tuple[str, int],
) -> None:
    with running(site, f"{__name__}:slow") as gunicorn:
        clients = [socket.create_connection(site, timeout=30) for _ in range(4)]  # two threads
        for client in clients:
            client.sendall(get(STOP_KEEPALIVE_LINGER + 0.5))
        [worker] = gunicorn.children()
        wait_for(lambda: len(connections(worker)) == 4)
        gunicorn.send_signal(signal.SIGTERM)
        assert [answer(client) for client in clients] == [b"HTTP/1.1 200 OK\r\n"] * 4


def test_connection_of_a_slow_answer_is_kept_for_a_moment_when_it_stops(
    site: tuple[str, int],
) -> None:
    with (
        running(site, f"{__name__}:slow") as gunicorn,
        socket.create_connection(site, timeout=30) as client,
        client.makefile("rb") as received,
    ):
        client.sendall(get(STOP_KEEPALIVE_LINGER + 0.5))
        [worker] = gunicorn.children()
        wait_for(lambda: len(connections(worker)) == 1)
        gunicorn.send_signal(signal.SIGTERM)
        assert response(received) == (OK, False)
        client.sendall(get(0))
        assert response(received) == (OK, ENDS)


def test_no_more_connections_are_taken_than_allowed(site: tuple[str, int]) -> None:
    with running(site, "--worker-connections=3") as gunicorn:
        [worker] = gunicorn.children()
        silent = [socket.create_connection(site, timeout=30) for _ in range(5)]
        wait_for(lambda: len(connections(worker)) == 3)
        for client in silent[:3]:
            client.close()
        silent[4].sendall(REQUEST)
        assert answer(silent[4]) == OK + b"\r\n"
        silent[3].close()


def connections(worker: psutil.Process) -> list[Any]:
    return [c for c in worker.net_connections("tcp") if c.status != psutil.CONN_LISTEN]


def test_timeout_holds_when_something_is_to_wait_for_it() -> None:
    from esp_mail.worker import Client  # noqa: PLC0415 - it needs epoll

    ours, theirs = socket.socketpair()
    with Client(ours) as client, theirs:
        assert client.gettimeout() is None
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
        with pytest.raises(BlockingIOError):
            client.sendall(bytes(10_000_000))
        client.settimeout(0.01)
        with pytest.raises(TimeoutError):
            client.sendall(b"1")
        client.setblocking(True)
        theirs.sendall(b"1")
        assert (client.recv(1), client.gettimeout()) == (b"1", None)
        assert os.get_blocking(client.fileno())


def test_body_that_nobody_read_is_no_request(
    gunicorn: psutil.Process, site: tuple[str, int]
) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    unread = b"POST /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(site, timeout=30) as client, client.makefile("rb") as received:
        client.sendall(unread % len(smuggled) + smuggled + REQUEST)
        statuses = [line.split()[1] for line in received if line.startswith(b"HTTP/")]
    assert statuses == [b"405", b"200"]
