"""Limits at the door: how often, how many at once, how slow."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests

from esp_mail.tests.proxy import API, Proxy
from games.tests.server import wait_for

# So few a minute that none comes back while a test runs.
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
def test_more_than_the_burst(strict: Proxy, language: str, detail: str) -> None:
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
def test_addresses_of_one_client(strict: Proxy, addresses: list[str]) -> None:
    assert [play(strict, address).status_code for address in addresses] == [200, 200, 429]


def test_addresses_of_many_clients(strict: Proxy) -> None:
    many = ["2001:db8:2:1::1", "2001:db8:2:2::1", "2001:db8:2::1", "::ffff:203.0.113.1"]
    many += ["::ffff:203.0.113.2", "203.0.113.3", "203.0.113.4"]
    for _ in range(2):
        assert [play(strict, address).status_code for address in many] == [200] * len(many)
    assert [play(strict, address).status_code for address in many] == [429] * len(many)


def test_claimed_address_is_no_way_out(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(**FEW)
    answers = [play(nginx, f"192.0.2.{number}").status_code for number in range(3)]
    assert answers == [200, 200, 429]


@pytest.fixture
def unfinished(request: pytest.FixtureRequest) -> Iterator[Callable[[Proxy, bytes], socket.socket]]:
    """Connect and send something; the connections stay open until the test ends."""
    with ExitStack() as stack:

        def send(nginx: Proxy, text: bytes) -> socket.socket:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", nginx.port), 20))
            client.sendall(text)
            return client

        yield send


def test_too_many_at_once(
    start_nginx: Callable[..., Proxy], unfinished: Callable[[Proxy, bytes], socket.socket]
) -> None:
    nginx = start_nginx(PLAY_CONNECTIONS="2", TRUSTED_PROXIES="127.0.0.1", PLAY_RATE="1000r/s")
    head = f"POST {API} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nX-Forwarded-For: 2001:db8::"
    for number in range(2):
        unfinished(nginx, f"{head}{number}\r\n\r\n".encode())
    wait_for(lambda: play(nginx, "2001:db8::9").status_code == 429)
    assert play(nginx, "2001:db8:0:1::9").status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{",
    ],
)
def test_slow_client_is_cut_off(
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


def test_sizes_by_variable(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(REQUEST_SIZE="100", IMPORT_SIZE="200", ADMIN_PATH="/staff/room/")
    for path, size in (("/", 100), (API, 100), ("/admin/", 100), ("/staff/room/", 200)):
        statuses = [
            requests.post(nginx.url + path, b"a" * length, timeout=5).status_code
            for length in (size, size + 1)
        ]
        assert statuses == [200, 413]
