"""Pages that nginx shows to some networks only, and its log without addresses."""

from collections.abc import Callable

import pytest
import requests

from testing.nginx import Proxy


@pytest.fixture(scope="module")
def guarded(start_nginx: Callable[..., Proxy]) -> Proxy:
    return start_nginx(
        TRUSTED_PROXIES="127.0.0.1",
        ADMIN_NETWORKS="192.0.2.0/24, 2001:db8::/32",
        ADMIN_PATH="staff",
        MONITORING_NETWORKS="198.51.100.1",
    )


def status(nginx: Proxy, path: str, client: str = "203.0.113.1") -> int:
    request = requests.Request("GET", nginx.url, headers={"X-Forwarded-For": client}).prepare()
    request.url = nginx.url + path  # unchanged: `requests` would normalise the path
    with requests.Session() as session:
        return session.send(request, timeout=5).status_code


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/metrics/", "/%6detrics", "//metrics", "/x/../metrics", "/readyz", "/readyz/x"],
)
def test_metrics_and_readyz_are_404_outside(nginx: Proxy, guarded: Proxy, path: str) -> None:
    assert status(nginx, path) == status(guarded, path) == 404
    assert status(guarded, path, "198.51.100.1") == 200


def test_healthz_is_public(nginx: Proxy) -> None:
    assert status(nginx, "/healthz") == 200


def test_admin_is_open_without_admin_networks(nginx: Proxy) -> None:
    assert status(nginx, "/admin/login/") == 200


@pytest.mark.parametrize(
    ("client", "expected"),
    [("192.0.2.9", 200), ("2001:db8::9", 200), ("203.0.113.1", 404), ("2001:db9::9", 404)],
)
def test_admin_is_404_outside_admin_networks(guarded: Proxy, client: str, expected: int) -> None:
    for path in ("/staff/", "/staff/login/", "//staff/login/", "/%73taff/"):
        assert status(guarded, path, client) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/admin/?q=canary@test.ru",
        "/canary@test.ru",
        "/canary%40test.ru/x",
        "/canary%2540test.ru",
        "/canary%EF%BC%A0test.ru",
        "/metrics/canary@test.ru",
        "/static/canary@test.ru",
    ],
)
def test_no_address_in_the_log(nginx: Proxy, path: str) -> None:
    before = len(nginx.log())
    headers = {"Referer": "canary@test.ru", "User-Agent": "canary@test.ru"}
    requests.get(nginx.url + path, headers=headers, timeout=5)
    line = nginx.logged(before + 1)[-1]
    assert line["path"] in {"/admin/", "(an address)"}
    for name in ("log", "errors"):
        assert "canary" not in (nginx.folder / name).read_text()


def test_log_line(nginx: Proxy, guarded: Proxy) -> None:
    before = len(guarded.log())
    status(guarded, "/wanted")
    line = guarded.logged(before + 1)[-1]
    del line["timestamp"], line["duration"], line["web_duration"], line["request_id"]
    assert line.pop("bytes") > 0
    assert line == {
        "service": "nginx",
        "client": "",
        "method": "GET",
        "path": "/wanted",
        "status": 200,
        "web_status": "200",
        "rate": "",
        "connections": "",
    }


def test_log_clients_logs_ip_addresses(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(LOG_CLIENTS="1")
    status(nginx, "/")
    assert nginx.logged()[0]["client"] == "127.0.0.1"
