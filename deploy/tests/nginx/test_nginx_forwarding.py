"""Client address, protocol and request id: what nginx believes and passes on."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from testing.nginx import Proxy, variables

CLAIMS = {
    "X-Forwarded-For": "192.0.2.1",
    "X-Real-IP": "192.0.2.1",
    "X_Real_IP": "192.0.2.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example.com",
    "X-Forwarded-Port": "1",
    "Forwarded": "for=192.0.2.1;proto=https",
    "X-Request-ID": "a-name-of-the-client",
}


@pytest.fixture(scope="module")
def behind_balancer(start_nginx: Callable[..., Proxy]) -> Proxy:
    return start_nginx(TRUSTED_PROXIES="127.0.0.0/8, 10.0.0.0/8")


def passed_on(nginx: Proxy, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(nginx.url, headers=headers, timeout=5).json()
    return answer


def test_host_is_passed_on(nginx: Proxy) -> None:
    assert passed_on(nginx, {"Host": "play.example.com:81"})["Host"] == "play.example.com:81"


@pytest.mark.parametrize("claims", [{}, CLAIMS])
def test_headers_of_a_client_are_ignored(nginx: Proxy, claims: dict[str, str]) -> None:
    headers = passed_on(nginx, claims)
    told = {name: value for name, value in headers.items() if name.startswith(("X", "F"))}
    assert len(told.pop("X-Request-ID")) == 32
    assert told == {
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
        "X-Forwarded-Proto": "http",
    }


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        # The last address that is not a balancer; the client may have written those before it.
        ("192.0.2.1, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
        ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
        ("nonsense", "127.0.0.1"),
    ],
)
def test_balancer_names_the_client(behind_balancer: Proxy, header: str, address: str) -> None:
    headers = passed_on(behind_balancer, CLAIMS | {"X-Forwarded-For": header})
    assert headers["X-Real-IP"] == headers["X-Forwarded-For"] == address
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Request-ID"] == "a-name-of-the-client"
    assert "X-Forwarded-Host" not in headers


def test_real_ip_header_names_the_header(start_nginx: Callable[..., Proxy]) -> None:
    nginx = start_nginx(TRUSTED_PROXIES="127.0.0.1", REAL_IP_HEADER="CF-Connecting-IP")
    headers = {"CF-Connecting-IP": "198.51.100.7", "X-Forwarded-For": "192.0.2.1"}
    assert passed_on(nginx, headers)["X-Real-IP"] == "198.51.100.7"


@pytest.mark.parametrize("value", ["ftp", "", "https, http"])
def test_invalid_protocol_is_ignored(behind_balancer: Proxy, value: str) -> None:
    headers = passed_on(behind_balancer, {"X-Forwarded-Proto": value})
    assert headers["X-Forwarded-Proto"] == "http"


@pytest.mark.parametrize("value", ["short", "with space in it", "cem@test.ru.as.an.id", "a" * 65])
def test_invalid_request_id_is_replaced(behind_balancer: Proxy, value: str) -> None:
    assert len(passed_on(behind_balancer, {"X-Request-ID": value})["X-Request-ID"]) == 32


def test_request_id_is_the_same_in_log_web_process_and_answer(nginx: Proxy) -> None:
    before = len(nginx.log())
    response = requests.get(f"{nginx.url}/one-id", timeout=5)
    request_id = response.json()["X-Request-ID"]
    assert response.raw.headers.getlist("X-Request-ID") == [request_id]
    assert [
        line["path"] for line in nginx.logged(before + 1) if line["request_id"] == request_id
    ] == ["/one-id"]


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        ({"TRUSTED_PROXIES": "10.0.0.0/8,balancer"}, "TRUSTED_PROXIES has 'balancer'"),
        ({"TRUSTED_PROXIES": "::/0"}, "TRUSTED_PROXIES has '::/0', which is everybody"),
        ({"ADMIN_NETWORKS": "all"}, "ADMIN_NETWORKS has 'all'"),
        ({"MONITORING_NETWORKS": "1.2.3.4;"}, "MONITORING_NETWORKS has '1.2.3.4;'"),
        ({"REAL_IP_HEADER": "proxy_protocol"}, "REAL_IP_HEADER is 'proxy_protocol'"),
        ({"ADMIN_PATH": "../x"}, "ADMIN_PATH is '../x'"),
        ({"ADMIN_PATH": "/"}, "ADMIN_PATH is ''"),
        ({"LOG_CLIENTS": "yes"}, "LOG_CLIENTS is 'yes'"),
        ({"TLS": "yes"}, "TLS is 'yes'"),
    ],
)
def test_wrong_value_stops_the_container(environment: dict[str, str], error: str) -> None:
    process = variables(**environment)
    assert process.returncode == 1
    assert process.stderr.startswith(f"Not configured: {error}")
