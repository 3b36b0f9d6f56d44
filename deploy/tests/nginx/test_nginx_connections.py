"""nginx keeps connections to the web process, and loses no play when one of them breaks."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from testing.nginx import API, NGINX, Proxy, proxy, variables

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)")

KEY = {"Idempotency-Key": "a key"}


class Web(ThreadingHTTPServer):
    """A web process that counts connections; `fails` is how the next requests end."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.connections: list[object] = []  # of each request
        self.fails: list[str] = []
        self.over = threading.Event()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Web

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.connections.append(self.client_address)
        failure = self.server.fails.pop(0) if self.server.fails else ""
        if failure == "silent":
            self.server.over.wait()
        if failure:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def nginx(web: Web, tmp_path: Path) -> Iterator[Proxy]:
    with proxy(tmp_path, web.server_port, ESP_BUDGET="0") as started:
        yield started


PROCESSES = 2  # of nginx; each keeps connections of its own


def ask(nginx: Proxy, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    return requests.request(method, nginx.url + path, headers=headers, timeout=30).status_code


def test_what_may_be_sent_twice_shares_a_connection(nginx: Proxy, web: Web) -> None:
    answers = [ask(nginx, "POST", API, KEY) for _ in range(5)]
    answers += [ask(nginx, "GET", path) for path in ("/", "/admin/", "/api/games/") * 2]
    assert answers == [200] * 11
    assert len(set(web.connections)) <= 2 * PROCESSES  # for reading, and for plays


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", API, {}),
        ("POST", API, {"Idempotency-Key": ""}),
        ("POST", "/accounts/login/", KEY),
        ("POST", "/admin/", {}),
        ("PATCH", "/api/games/1/", KEY),
        ("DELETE", "/api/games/1/", {}),
    ],
)
def test_what_may_not_be_sent_twice_has_a_connection_of_its_own(
    nginx: Proxy, web: Web, method: str, path: str, headers: dict[str, str]
) -> None:
    assert [ask(nginx, "GET", "/") for _ in range(4)] == [200] * 4
    kept = set(web.connections)
    assert [ask(nginx, method, path, headers) for _ in range(4)] == [200] * 4
    assert len(set(web.connections) - kept) == 4


@pytest.mark.parametrize("before", [0, 4])
def test_play_with_a_key_is_sent_again_when_its_connection_breaks(
    nginx: Proxy, web: Web, before: int
) -> None:
    assert [ask(nginx, "POST", API, KEY) for _ in range(before)] == [200] * before
    web.fails = ["broken"]
    assert ask(nginx, "POST", API, KEY) == 200
    assert len(web.connections) == before + 2
    assert web.connections[-1] != web.connections[-2]


def test_play_with_a_key_is_sent_twice_at_most(nginx: Proxy, web: Web) -> None:
    web.fails = ["broken"] * 9
    response = requests.post(nginx.url + API, headers=KEY, timeout=30)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "detail" in response.json()
    assert len(web.connections) == 2


def test_play_without_a_key_is_never_sent_again(nginx: Proxy, web: Web) -> None:
    web.fails = ["broken"]
    assert ask(nginx, "POST", API) == 503
    assert len(web.connections) == 1


def test_play_that_gets_no_answer_in_time_is_503_and_not_sent_again(nginx: Proxy, web: Web) -> None:
    web.fails = ["silent"]
    assert ask(nginx, "POST", API, KEY) == 503
    assert len(web.connections) == 1


@pytest.mark.parametrize(("budget", "seconds"), [("", 7), ("2.9", 7), ("15", 20), ("0.5", 5)])
def test_play_has_time_for_the_database_and_the_esp(budget: str, seconds: int) -> None:
    assert f"PLAY_TIMEOUT={seconds}s" in variables(ESP_BUDGET=budget).stdout.split("\0")


def test_web_process_may_have_several_addresses(web: Web, tmp_path: Path) -> None:
    with Web() as other:
        threading.Thread(target=other.serve_forever, args=(0.05,)).start()
        addresses = f"127.0.0.1:{web.server_port},127.0.0.1:{other.server_port}"
        with proxy(tmp_path, 0, WEB=addresses) as nginx:
            assert [ask(nginx, "POST", API) for _ in range(6)] == [200] * 6
        other.shutdown()
    assert min(len(web.connections), len(other.connections)) > 0
