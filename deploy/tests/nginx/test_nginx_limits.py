"""nginx's limits: requests a second, connections at once, slow clients, large bodies."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import ThreadingHTTPServer

import pytest
import requests

from testing.nginx import API, Echo, Proxy
from testing.server import wait_for


class Slow(ThreadingHTTPServer):
    """A web process that answers plays only when it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowAnswer)
        self.waiting = 0
        self.go_on = threading.Event()


class SlowAnswer(Echo):
    server: Slow

    def do_POST(self) -> None:  # noqa: N802
        self.server.waiting += 1
        self.server.go_on.wait(30)
        self.do_GET()


# So few a minute that no request becomes free again during a test.
FEW = {"PLAY_RATE": "1r/m", "PLAY_BURST": "1"}


@pytest.fixture(scope="module")
def strict(start_nginx: Callable[..., Proxy]) -> Proxy:
    return start_nginx(TRUSTED_PROXIES="127.0.0.1", **FEW)


def play(nginx: Proxy, client: str, method: str = "POST", **headers: str) -> requests.Response:
    headers |= {"X-Forwarded-For": client}
    return requests.request(method, nginx.url + API, data=b"{}", headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "Too many requests. Try again in a few seconds."),
        ("ru", "Слишком много запросов. Повторите через несколько секунд."),
    ],
)
def test_more_plays_than_the_burst_are_429(strict: Proxy, language: str, detail: str) -> None:
    client = f"192.0.2.{len(language + detail)}"
    assert [play(strict, client).status_code for _ in range(3)] == [200, 200, 429]
    refused = play(
        strict, client, **{"Accept-Language": language, "Origin": "https://promo.example"}
    )
    assert refused.json() == {"detail": detail}
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert refused.raw.headers.getlist("X-Request-ID") != []


def test_only_plays_are_limited(strict: Proxy) -> None:
    assert [play(strict, "192.0.2.100").status_code for _ in range(3)][-1] == 429
    assert [play(strict, "192.0.2.100", "OPTIONS").status_code for _ in range(3)] == [200] * 3
    headers = {"X-Forwarded-For": "192.0.2.100"}
    assert [requests.get(strict.url, headers=headers, timeout=5).status_code for _ in range(3)] == (
        [200] * 3
    )


def test_play_keys_are_limited_like_plays_but_apart(strict: Proxy) -> None:
    headers = {"X-Forwarded-For": "192.0.2.101"}
    url = f"{strict.url}/api/play_keys/"
    assert [play(strict, "192.0.2.101").status_code for _ in range(3)] == [200, 200, 429]
    answers = [requests.request("POST", url, headers=headers, timeout=5) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"detail": "Too many requests. Try again in a few seconds."}
    assert answers[2].headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    "addresses",
    [
        ["2001:db8:1:1::1", "2001:db8:1:1:ffff:ffff:ffff:ffff", "2001:db8:1:1:0:0:0:2"],
        ["2001:db8::1", "2001:db8:0:0:1::", "2001:0DB8::a:0:0:1"],  # the prefix itself has zeros
        ["::1:0:0:1", "0:0:0:0:2::", "::ffff"],
        ["1:2:3:4::", "1:2:3:4:5:6:7:8", "0001:0002:0003:0004::192.0.2.1"],
        [
            "2001:db8:a0a:d0d::1",
            "2001:db8:a0a:d0d::a0a",
            "2001:db8:a0a:d0d::2",
        ],  # newlines as bytes
        ["::ffff:203.0.113.9", "203.0.113.9", "::ffff:cb00:7109"],
    ],
)
def test_addresses_that_count_as_one_client(strict: Proxy, addresses: list[str]) -> None:
    assert [play(strict, address).status_code for address in addresses] == [200, 200, 429]


def test_addresses_that_count_as_many_clients(strict: Proxy) -> None:
    many = ["2001:db8:2:1::1", "2001:db8:2:2::1", "2001:db8:2::1", "::ffff:203.0.113.1"]
    many += ["::ffff:203.0.113.2", "203.0.113.3", "203.0.113.4"]
    for _ in range(2):
        assert [play(strict, address).status_code for address in many] == [200] * len(many)
    assert [play(strict, address).status_code for address in many] == [429] * len(many)


def test_forged_address_does_not_avoid_the_limit(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(**FEW)
    answers = [play(nginx, f"192.0.2.{number}").status_code for number in range(3)]
    assert answers == [200, 200, 429]


@pytest.fixture
def unfinished(request: pytest.FixtureRequest) -> Iterator[Callable[[Proxy, bytes], socket.socket]]:
    """Connect and send the data; the connections stay open until the end of the test."""
    with ExitStack() as stack:

        def send(nginx: Proxy, text: bytes) -> socket.socket:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", nginx.port), 20))
            client.sendall(text)
            return client

        yield send


def unfinished_play(client: str) -> bytes:
    """Return the head of a play whose body nginx waits for."""
    head = f"POST {API} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nX-Forwarded-For: {client}"
    return f"{head}\r\n\r\n".encode()


MANY = {"TRUSTED_PROXIES": "127.0.0.1", "PLAY_RATE": "1000r/s"}


def test_too_many_connections_of_a_client_are_503(
    start_nginx: Callable[..., Proxy], unfinished: Callable[[Proxy, bytes], socket.socket]
) -> None:
    nginx = start_nginx(PLAY_CONNECTIONS="2", **MANY)
    for number in range(2):
        unfinished(nginx, unfinished_play(f"2001:db8::{number}"))
    wait_for(lambda: play(nginx, "2001:db8::9").status_code == 503)
    assert play(nginx, "2001:db8:0:1::9").status_code == 200


def test_clients_who_send_slowly_take_no_places(
    start_nginx: Callable[..., Proxy], unfinished: Callable[[Proxy, bytes], socket.socket]
) -> None:
    nginx = start_nginx(PLAYS_AT_ONCE="1", **MANY)
    for number in range(3):
        unfinished(nginx, unfinished_play(f"192.0.2.{number}"))
    assert play(nginx, "192.0.2.9").status_code == 200


@pytest.fixture
def web() -> Iterator[Slow]:
    with Slow() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server
        server.go_on.set()
        server.shutdown()


@pytest.mark.parametrize("key", ["", "a key"])
def test_plays_that_the_site_cannot_answer_in_time_are_503(
    start_nginx: Callable[..., Proxy], web: Slow, key: str
) -> None:
    nginx = start_nginx(to=web.server_port, PLAYS_AT_ONCE="2", **MANY)
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(play, nginx, "192.0.2.1", **{"Idempotency-Key": key}) for _ in range(2)]
        try:
            wait_for(lambda: web.waiting == 2, seconds=4)
            check_refusal(nginx, key)
        finally:
            web.go_on.set()
        assert [answer.result().status_code for answer in slow] == [200, 200]
    assert play(nginx, "192.0.2.9", **{"Idempotency-Key": key}).status_code == 200


def check_refusal(nginx: Proxy, key: str) -> None:
    refused = play(nginx, "192.0.2.9", **{"Accept-Language": "ru", "Idempotency-Key": key})
    assert refused.status_code == 503
    assert refused.json() == {
        "detail": "Сервис сейчас недоступен. Повторите через несколько секунд."
    }
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    # All else is answered: staff must be able to look.
    assert play(nginx, "192.0.2.9", "OPTIONS").status_code == 200
    assert requests.get(f"{nginx.url}/admin/", timeout=5).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    ],
)
def test_slow_client_is_disconnected(
    start_nginx: Callable[..., Proxy],
    unfinished: Callable[[Proxy, bytes], socket.socket],
    text: bytes,
) -> None:
    client = unfinished(start_nginx(CLIENT_TIMEOUT="1s"), text)
    try:
        left = client.recv(4096)
    except ConnectionResetError:
        left = b""
    assert left == b""


def test_sizes_are_variables(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(REQUEST_SIZE="100", IMPORT_SIZE="200", ADMIN_PATH="/staff/room/")
    for path, size in (("/", 100), (API, 100), ("/admin/", 100), ("/staff/room/", 200)):
        statuses = [
            requests.post(nginx.url + path, b"a" * length, timeout=5).status_code
            for length in (size, size + 1)
        ]
        assert statuses == [200, 413]
